//! `b12`: rows that the agent kept itself, and that a newer package reads from `/etc/config`.

use std::fs;

use cwmpd::datamodel::model::{Model, NewValue, Requester};
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;

const STORED: &str = "\
ManagementServer.ParameterKey;STRING:32;0;0;0;0;1
A;STRING;stored;rw;immediate;active;;;;default
B;STRING;stored;rw;immediate;active;;;;default
C;STRING;stored;rw;immediate;active;;;;default
D;STRING;stored;rw;immediate;active;;;;default
E;UINT;stored;rw;immediate;active;;;;7
";

const KEPT_IN_UCI: &str = "\
ManagementServer.ParameterKey;STRING:32;0;0;0;0;1
A;STRING;source;rw;immediate;active;;;;default;;;;;uci:p.s.a
B;STRING;source;rw;immediate;active;;;;default;;;;;uci:p.s.b
C;STRING;source;rw;immediate;active;;;;default;;;;;uci:p.s.c
D;LINE:3;source;rw;immediate;active;;;;;;;;;uci:p.s.d
E;UINT;source;r;;active;;;;7;;;;;uci:p.s.e
";

struct Box_ {
    config: Folder,
    folder: Folder,
    model: Option<Model>,
}

impl Box_ {
    fn new() -> Self {
        let new = Self {
            config: Folder::new("upgrade-config"),
            folder: Folder::new("upgrade-model"),
            model: None,
        };
        new.config
            .file("p", "config s 's'\n\toption b 'of the box'\n");
        new
    }

    /// Stops the program, and starts it with these rows; whether it wrote to a package by itself.
    fn to(&mut self, rows: &str) -> bool {
        if let Some(mut model) = self.model.take() {
            model.close().unwrap();
        }
        self.cut_to(rows)
    }

    fn cut_to(&mut self, rows: &str) -> bool {
        self.model = None;
        self.folder.file("rows.csv", rows);
        let source = Box::new(UciSource::new(self.config.path()));
        let mut model = Model::open(self.folder.path(), "Device.", vec![("uci", source)]).unwrap();
        let carried = model.carry_over();
        model.refresh();
        self.model = Some(model);
        carried
    }

    fn set(&mut self, values: &[(&str, &str)]) {
        let values = values.iter().map(|(name, value)| NewValue {
            name,
            value,
            xsi_type: None,
        });
        let values: Vec<NewValue<'_>> = values.collect();
        let model = self.model.as_mut().unwrap();
        model
            .set_values(Requester::Acs, &values, Some("k"))
            .unwrap();
    }

    fn get(&mut self) -> Vec<String> {
        let mut values = Vec::new();
        let model = self.model.as_mut().unwrap();
        for name in ["A", "B", "C", "D", "E"] {
            values.extend(model.value(name));
        }
        values
    }

    fn told(&mut self) -> Vec<String> {
        let model = self.model.as_mut().unwrap();
        let mut told = Vec::new();
        model.changes(&mut |path, _, _| {
            told.push(path.replace("Device.", ""));
            true
        });
        model.changes_delivered();
        model.commit().unwrap();
        told
    }

    fn uci(&self) -> String {
        fs::read_to_string(self.config.join("p")).unwrap()
    }
}

#[test]
fn b12_what_an_acs_chose_moves_with_its_row_unless_the_box_has_something_else() {
    let mut box_ = Box_::new();
    assert!(!box_.to(STORED));
    let chosen = [
        ("Device.A", "mine"),
        ("Device.B", "mine"),
        ("Device.D", "too long"),
        ("Device.E", "8"),
    ];
    box_.set(&chosen);
    let before = box_.uci();
    assert!(box_.cut_to(KEPT_IN_UCI));
    let now = ["mine", "of the box", "default", "", "7"];
    assert_eq!(box_.get(), now);
    assert_eq!(box_.told(), ["B", "D", "E"], "what is another one now");
    assert_eq!(box_.uci(), format!("{before}\toption a 'mine'\n"));
    // Once: what somebody takes away afterwards stays away.
    box_.config.file("p", before);
    assert!(!box_.to(KEPT_IN_UCI));
    assert_eq!(box_.get()[0], "default");
    box_.set(&[("Device.A", "newer")]);
    assert!(!box_.cut_to(KEPT_IN_UCI));
    assert_eq!(box_.get()[0], "newer");
    // And back: as it was before.
    assert!(!box_.to(STORED));
    assert_eq!(box_.get(), ["mine", "mine", "default", "too long", "8"]);
    assert!(box_.uci().contains("newer"), "what is in UCI stays there");
}

#[test]
fn b12_what_cannot_be_written_yet_is_carried_over_later() {
    let mut box_ = Box_::new();
    box_.to(STORED);
    box_.set(&[("Device.A", "mine")]);
    let before = box_.uci();
    // Nobody knows what it says.
    box_.config.file("p", "config s 's'\n\toption 'broken\n");
    assert!(!box_.to(KEPT_IN_UCI));
    assert!(!box_.cut_to(KEPT_IN_UCI));
    box_.config.file("p", before);
    assert!(box_.cut_to(KEPT_IN_UCI));
    assert_eq!(box_.get()[0], "mine");
}
