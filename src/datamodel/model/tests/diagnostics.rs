use super::*;
use crate::datamodel::model::{ModelError, NONE, REQUESTED};

const CSV: &str = "\
X_Heal.;ANY
X_Heal.State;STRING::None|Requested|Canceled|Complete|Error_Failed;source;rw;immediate;;;;;None;;;;;task:heal
X_Heal.Timeout;UINT;stored;rw;immediate;;;;;60
X_Heal.Result;STRING;stored;r
X_Other.Timeout;UINT;stored;rw;immediate;;;;;60
";

const STATE: &str = "Device.X_Heal.State";
const TIMEOUT: &str = "Device.X_Heal.Timeout";

fn set(model: &mut Model, who: Requester, values: &[(&str, &str)]) -> Result<InForce, ModelError> {
    let values: Vec<NewValue<'_>> = values
        .iter()
        .map(|(name, text)| value(name, text))
        .collect();
    let key = (who == Requester::Acs).then_some("key");
    let set = model.set_values(who, &values, key);
    set.map_err(|mut errors| errors.remove(0).error)
}

fn request(model: &mut Model) {
    let asked = set(model, Requester::Acs, &[(STATE, REQUESTED)]);
    assert_eq!(asked, Ok(InForce::Now));
}

#[test]
fn z34_what_is_requested_is_known_after_a_power_cut_and_ends_in_a_word() {
    let bench = Bench::with(CSV);
    let mut model = bench.open();
    assert_eq!(get(&mut model, STATE), NONE);
    assert_eq!(model.requested(), []);
    request(&mut model);
    drop(model);
    let mut model = bench.open();
    let [requested] = <[_; 1]>::try_from(model.requested()).unwrap();
    assert_eq!((&*requested.path, requested.kind), (STATE, "task"));
    assert_eq!(model.pending_writes(), [], "it is no value that is written");
    model.end_state(STATE, "Complete");
    model.commit().unwrap();
    assert_eq!(model.requested(), []);
    drop(model);
    assert_eq!(get(&mut bench.open(), STATE), "Complete");
}

#[test]
fn z34_a_word_that_the_row_does_not_have_is_none() {
    let bench = Bench::with(CSV);
    let mut model = bench.open();
    request(&mut model);
    model.end_state(STATE, "Error_Unheard");
    assert_eq!(get(&mut model, STATE), NONE);
}

#[test]
fn z34_only_two_words_can_be_set() {
    let bench = Bench::with(CSV);
    let mut model = bench.open();
    for word in [NONE, "Complete", "Error_Failed"] {
        let refused = set(&mut model, Requester::Acs, &[(STATE, word)]);
        assert!(
            matches!(refused, Err(ModelError::InvalidValue(_))),
            "{word}"
        );
    }
    assert_eq!(model.take_set_states(), Vec::<String>::new());
    request(&mut model);
    set(&mut model, Requester::Acs, &[(STATE, "Canceled")]).unwrap();
    assert_eq!(get(&mut model, STATE), NONE);
    assert_eq!(model.take_set_states(), [STATE]);
    assert_eq!(model.take_set_states(), Vec::<String>::new());
}

#[test]
fn z34_what_it_goes_by_is_changed_and_it_is_none() {
    for who in [Requester::Acs, Requester::Local] {
        let bench = Bench::with(CSV);
        let mut model = bench.open();
        request(&mut model);
        model.take_set_states();
        set(&mut model, who, &[("Device.X_Other.Timeout", "5")]).unwrap();
        assert_eq!(
            get(&mut model, STATE),
            REQUESTED,
            "that is another object's"
        );
        set(&mut model, who, &[(TIMEOUT, "5")]).unwrap();
        assert_eq!(get(&mut model, STATE), NONE);
        assert_eq!(model.take_set_states(), [STATE]);
        // Together they begin it with the new value, in whichever order.
        set(&mut model, who, &[(TIMEOUT, "6"), (STATE, REQUESTED)]).unwrap();
        assert_eq!(get(&mut model, STATE), REQUESTED);
        set(&mut model, who, &[(STATE, REQUESTED), (TIMEOUT, "7")]).unwrap();
        assert_eq!(get(&mut model, STATE), REQUESTED);
        model.end_state(STATE, "Complete");
        model.take_set_states();
        set(&mut model, who, &[(TIMEOUT, "8")]).unwrap();
        assert_eq!(
            get(&mut model, STATE),
            NONE,
            "its results are of other values"
        );
    }
}

#[test]
fn z34_the_acs_is_not_told_of_the_state_that_it_made_itself() {
    let bench = Bench::with(&CSV.replace(
        "source;rw;immediate;;;;;None",
        "source;rw;immediate;active;;;;None",
    ));
    let mut model = bench.open();
    request(&mut model);
    set(&mut model, Requester::Acs, &[(TIMEOUT, "5")]).unwrap();
    assert!(!model.has_change());
    request(&mut model);
    model.end_state(STATE, "Complete");
    model.refresh();
    assert_eq!(changes(&mut model), ["Device.X_Heal.State=Complete"]);
}

#[test]
fn z37_what_is_refused_changes_nothing() {
    let bench = Bench::with(CSV);
    let mut model = bench.open();
    bench.put_local("refuse", "luup.maintenance is 0");
    let values = [(TIMEOUT, "9"), (STATE, REQUESTED)];
    let refused = set(&mut model, Requester::Acs, &values);
    let why = ModelError::InvalidValue("luup.maintenance is 0".to_owned());
    assert_eq!(refused, Err(why));
    assert_eq!(get(&mut model, TIMEOUT), "60");
    assert_eq!(model.requested(), []);
}
