//! The configuration of the home is fetched again only when it is another one; that is never missed.

use cwmpd::luup::{LuupAccess, LuupError, perform};
use cwmpd_lab::luup::{FakeLuup, Mood};

use crate::fetch::access;
use crate::rows::Rows;

/// A home that was fetched, with rows of its configuration.
struct Followed {
    luup: FakeLuup,
    access: LuupAccess,
    rows: Rows,
}

impl Followed {
    fn new() -> Self {
        let luup = FakeLuup::start();
        let access = access(&luup);
        let mut rows = Rows::of(Err(LuupError::Empty));
        rows.declare_text("device.name");
        let mut followed = Self { luup, access, rows };
        assert!(followed.fetches_user_data());
        assert_eq!(followed.name(20), "Porte d'entrée");
        followed
    }

    /// Fetches once more, and tells whether that took `id=user_data`.
    fn fetches_user_data(&mut self) -> bool {
        self.luup.requests();
        self.rows.fetch(&self.access).unwrap();
        let asked = self.luup.requests();
        assert!(asked[0].starts_with("id=status&"));
        asked.iter().any(|query| query.starts_with("id=user_data&"))
    }

    fn name(&mut self, device: u32) -> String {
        self.rows.get("device.name", &[device]).unwrap()
    }

    fn value(&mut self, device: u32) -> String {
        let found = self.rows.get("HaDevice1/BatteryLevel", &[device]);
        found.unwrap()
    }
}

#[test]
fn b28_what_did_not_change_is_not_fetched_again() {
    let mut home = Followed::new();
    let nodes = home.rows.list("nodes", &[]);
    for battery in ["71", "72", "73", "74", "75"] {
        home.luup.set(20, "HaDevice1", "BatteryLevel", battery);
        assert!(!home.fetches_user_data());
        // All is there all the same, and what changes by itself is new.
        assert_eq!(home.value(20), battery);
        assert_eq!(home.name(20), "Porte d'entrée");
        assert_eq!(
            home.rows.get("device.model", &[24]).unwrap(),
            "V2 & Co <BT>"
        );
        assert_eq!(home.rows.get("device.altid", &[12, 14]).unwrap(), "e3");
        assert_eq!(home.rows.list("nodes", &[]), nodes);
        assert_eq!(home.rows.list("children", &[12]), [13, 14]);
    }
}

#[test]
fn b28_another_version_is_another_configuration_be_it_less_than_before() {
    let mut home = Followed::new();
    home.luup
        .configure(20, |device| device.name = "Porte".to_owned());
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Porte");
    assert!(!home.fetches_user_data());
    // A version that goes back, as after a restore of a backup.
    home.luup
        .configure(20, |device| device.name = "Fenêtre".to_owned());
    home.luup.count_configuration(Some(1));
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Fenêtre");
    assert!(!home.fetches_user_data());
}

#[test]
fn b28_a_restarted_engine_counts_anew() {
    let mut home = Followed::new();
    home.luup.count_configuration(Some(5));
    assert!(home.fetches_user_data());
    home.luup
        .configure(20, |device| device.name = "Porte".to_owned());
    home.luup.reload();
    // The same number by chance.
    home.luup.count_configuration(Some(5));
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Porte");
    assert!(!home.fetches_user_data());
}

#[test]
fn b28_another_engine_is_asked_for_all() {
    let mut home = Followed::new();
    let other = FakeLuup::start();
    other.configure(20, |device| device.name = "Ailleurs".to_owned());
    other.count_configuration(Some(374_829_874));
    let first = std::mem::replace(&mut home.luup, other);
    home.access = access(&home.luup);
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Ailleurs");
    home.access = access(&first);
    home.luup = first;
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Porte d'entrée");
}

#[test]
fn b28_an_answer_that_was_lost_is_fetched_again() {
    let mut home = Followed::new();
    for mood in [
        Mood::Empty,
        Mood::Truncated,
        Mood::Status(503),
        Mood::Says("Exiting".to_owned()),
    ] {
        let name = format!("{mood:?}");
        home.luup.configure(20, |device| device.name = name.clone());
        home.luup.mood(mood);
        assert!(home.rows.fetch(&home.access).is_err(), "{name}");
        home.luup.mood(Mood::Well);
        assert!(home.fetches_user_data(), "{name}");
        assert_eq!(home.name(20), name);
        assert!(!home.fetches_user_data(), "{name}");
    }
    // Nothing changed, and nothing was lost.
    home.luup.mood(Mood::Empty);
    assert!(home.rows.fetch(&home.access).is_err());
    home.luup.mood(Mood::Well);
    assert!(!home.fetches_user_data());
}

#[test]
fn z04_where_only_the_configuration_is_lost_the_states_are_new() {
    let mut home = Followed::new();
    home.luup
        .configure(20, |device| device.name = "Porte".to_owned());
    home.luup.set(20, "HaDevice1", "BatteryLevel", "71");
    home.luup.mood(Mood::WithoutUserData);
    for _ in 0..2 {
        assert!(home.fetches_user_data());
        assert_eq!(home.value(20), "71");
        assert_eq!(home.name(20), "Porte d'entrée");
    }
    home.luup.mood(Mood::Well);
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Porte");
    assert!(!home.fetches_user_data());
}

#[test]
fn z05_what_the_configuration_said_of_states_is_not_kept() {
    let mut home = Followed::new();
    home.luup.set(20, "HaDevice1", "BatteryLevel", "");
    assert!(!home.fetches_user_data());
    assert_eq!(home.rows.get("HaDevice1/BatteryLevel", &[20]), None);
    home.luup.reload();
    assert!(home.fetches_user_data());
    assert_eq!(home.rows.get("HaDevice1/BatteryLevel", &[20]), None);
}

#[test]
fn b28_an_engine_that_does_not_count_is_asked_each_time() {
    let mut home = Followed::new();
    home.luup.count_configuration(None);
    for name in ["Un", "Deux", "Trois"] {
        home.luup
            .configure(20, |device| device.name = name.to_owned());
        assert!(home.fetches_user_data());
        assert_eq!(home.name(20), name);
    }
}

#[test]
fn b28_devices_that_come_and_go_are_seen() {
    let mut home = Followed::new();
    home.luup.remove(36);
    assert!(home.fetches_user_data());
    assert!(!home.rows.list("nodes", &[]).contains(&36));
    assert!(!home.fetches_user_data());
    // Even where the engine does not count them.
    home.luup.remove(34);
    home.luup.count_configuration(Some(7));
    assert!(home.fetches_user_data());
    home.luup.remove(33);
    home.luup.count_configuration(Some(7));
    assert!(home.fetches_user_data());
    assert!(!home.rows.list("nodes", &[]).contains(&33));
    assert!(!home.fetches_user_data());
}

/// Were the name from before the write shown once it is fetched, the ACS would be told of a change.
#[test]
fn b28_what_was_written_is_fetched_again_though_the_engine_does_not_count_it() {
    let mut home = Followed::new();
    let change = home.rows.change("device.name", &[20], "Porte").unwrap();
    perform(&home.access, &change.order).unwrap();
    home.rows.taken(&change.order);
    home.luup.count_configuration(Some(374_829_874));
    assert_eq!(home.name(20), "Porte");
    assert!(home.fetches_user_data());
    assert_eq!(home.name(20), "Porte");
    assert!(!home.fetches_user_data());
    assert_eq!(home.name(20), "Porte");
}

/// Variables change without another version: where `id=status` does not have them all, it has to be
/// asked for each time.
#[test]
fn b28_a_variable_that_only_user_data_has_is_fetched_each_time() {
    let mut home = Followed::new();
    home.luup.hide_from_status(20, "BatteryLevel");
    home.luup.reload();
    assert!(home.fetches_user_data());
    for battery in ["71", "72", "73"] {
        home.luup.set(20, "HaDevice1", "BatteryLevel", battery);
        assert!(home.fetches_user_data());
        assert_eq!(home.value(20), battery);
    }
}
