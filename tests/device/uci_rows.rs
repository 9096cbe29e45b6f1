//! The rows that are shipped, over the configuration of a box: the model and the source together.

use std::fs;
use std::path::Path;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::model::{Model, ModelError, NewValue, Requester, SetError};
use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::types::TextForm;
use cwmpd::device::sources::uci::UciSource;
use cwmpd_lab::Folder;

use crate::uci_unknown::logged;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/cwmpd");

/// A box: what is in `/etc/config`, and the model.
struct ModelOfBox {
    config: Folder,
    // For as long as the model has its state there.
    _folder: Folder,
    model: Model,
}

impl ModelOfBox {
    /// With these rows, over these packages.
    fn new(csv: &str, packages: &[(&str, &str)]) -> Self {
        let (config, folder) = (Folder::new("rows-config"), Folder::new("rows-model"));
        for (package, text) in packages {
            config.file(package, text);
        }
        folder.file("rows.csv", csv);
        let source = Box::new(UciSource::new(config.path()));
        let model = Model::open(folder.path(), "Device.", vec![("uci", source)]).unwrap();
        Self {
            config,
            _folder: folder,
            model,
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), ModelError> {
        let values = [NewValue {
            name: &format!("Device.{name}"),
            value,
            xsi_type: None,
        }];
        let set = self.model.set_values(Requester::Acs, &values, Some("key"));
        let first = |mut errors: Vec<SetError>| errors.remove(0).error;
        set.map(drop).map_err(first)
    }

    fn get(&mut self, name: &str) -> String {
        let mut found = Vec::new();
        let path = format!("Device.{name}");
        self.model
            .values(&path, &mut |_, _, value| found.push(value.to_owned()))
            .unwrap();
        found.remove(0)
    }

    fn text(&self, package: &str) -> String {
        fs::read_to_string(self.config.join(package)).unwrap_or_default()
    }

    fn names(&mut self) -> Vec<(String, bool)> {
        let mut names = Vec::new();
        let mut each = |path: &str, writable| names.push((path.to_owned(), writable));
        self.model.names("Device.", false, &mut each).unwrap();
        names
    }
}

/// The rows that are shipped and have a `uci:` source, as one file.
fn shipped() -> String {
    let mut csv = String::new();
    for file in fs::read_dir(Path::new(SHIPPED)).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let text = fs::read_to_string(path).unwrap();
            let rows = text.lines().filter(|line| line.contains(";uci:"));
            rows.for_each(|row| csv.push_str(&format!("{row}\n")));
        }
    }
    // Of the alternatives only this source is here.
    csv.lines()
        .map(|row| row.split(" || ").next().unwrap_or(row).to_owned() + "\n")
        .collect()
}

/// A value that is not the default.
fn a_value(row: &Row) -> String {
    let RowKind::Parameter(kind) = &row.kind else {
        unreachable!("{} is an object", row.name);
    };
    let value = match kind.base {
        XsdType::Boolean if row.value.as_deref() == Some("0") => "1",
        XsdType::Boolean => "0",
        XsdType::UnsignedInt | XsdType::Int => "1234",
        XsdType::DateTime => "2026-01-02T03:04:05Z",
        _ if kind.form == Some(TextForm::Url) => "http://acs.example:7547/",
        _ => "CET-1",
    };
    assert_ne!(row.value.as_deref(), Some(value));
    value.to_owned()
}

#[test]
fn s04_each_row_that_can_be_written_makes_what_it_needs_on_a_box_that_has_nothing() {
    let csv = shipped();
    let rows = csv.lines().map(|line| Row::parse(line).unwrap());
    // Instances, and what names one, are made otherwise (r47).
    let names_instance = |row: &Row| {
        let definition = row.definition.as_deref();
        definition.is_some_and(|text| text.contains("|row(")) || row.name.contains("{i}")
    };
    let is_own = |row: &Row| matches!(row.kind, RowKind::Parameter(_)) && !names_instance(row);
    let rows: Vec<Row> = rows.filter(|row| row.writable && is_own(row)).collect();
    assert!(rows.len() > 12, "{}", rows.len());
    for row in &rows {
        let mut box_ = ModelOfBox::new(&csv, &[]);
        let (name, value) = (row.name.as_str(), a_value(row));
        let listed = (format!("Device.{name}"), true);
        assert!(box_.names().contains(&listed), "{name}");
        let set = box_.set(name, &value);
        assert!(set.is_ok(), "{name}: {set:?}");
        let path = format!("{name} in {}{}", box_.text("cwmpd"), box_.text("system"));
        let shown = if row.secret { "" } else { value.as_str() };
        assert_eq!(box_.get(name), shown, "{path}");
        assert!(!box_.model.has_change(), "{path}");
        assert_eq!(box_.model.value(name).as_deref(), Some(&*value), "{path}");
    }
    // And all together, each section once.
    let mut box_ = ModelOfBox::new(&csv, &[]);
    for row in &rows {
        let set = box_.set(&row.name, &a_value(row));
        assert!(set.is_ok(), "{}: {set:?}", row.name);
    }
    let text = box_.text("cwmpd") + &box_.text("system");
    assert_eq!(text.matches("config ").count(), 6, "{text}");
}

#[test]
fn s05_the_empty_value_is_refused_where_another_would_show() {
    let csv = "A;STRING;source;rw;immediate;;;;;UTC;;;;;uci:p.s.a\n\
               B;STRING;source;rw;immediate;;;;;;;;;;uci:p.s.b\n\
               C;STRING[];source;rw;immediate;;;;;x,y;;;;;uci:p.s.c\n\
               D;STRING;source;rw;immediate;;;;;;;;;;uci:p.s.d || uci:p.s.a\n\
               E;STRING;source;rw,secret;immediate;;;;;hidden;;;;;uci:p.s.e\n\
               F;STRING;source;rw;immediate;;;;;on;;;;;uci:p.s.f|map(=on, 0=off)\n";
    let text = "config s 's'\n\toption a 'CET'\n\toption b 'x'\n\tlist c 'z'\n\toption f '0'\n";
    let mut box_ = ModelOfBox::new(csv, &[("p", text)]);
    for (name, would_show) in [
        ("A", "\"UTC\""),
        ("C", "\"x,y\""),
        ("D", "\"CET\""),
        ("E", "another"),
    ] {
        let Err(ModelError::InvalidValue(why)) = box_.set(name, "") else {
            unreachable!("{name}");
        };
        assert!(why.contains(would_show), "{why}");
    }
    assert_eq!(box_.text("p"), text);
    // Where the empty value shows as such, it is taken.
    for (name, value) in [("B", ""), ("F", "on"), ("D", "own"), ("A", "UTC")] {
        box_.set(name, value).unwrap();
        assert_eq!(box_.get(name), value, "{name}");
    }
    // The default itself is written like any other value, so that a new default is not for it.
    assert!(box_.text("p").contains("option a 'UTC'"));
}

/// For each form, what nobody can use.
fn unusable(form: Option<TextForm>) -> &'static [&'static str] {
    match form {
        Some(TextForm::Url) => &[
            "acs.example",
            "http://a:0/",
            "http://u@a/",
            "http://a/\n",
            "",
        ],
        Some(TextForm::TimeZone) => &["Europe/Berlin", "UTC\n0"],
        Some(_) => &["a\nb", "a\rb", "a\tb", "\u{1}", "\u{7f}"],
        None => &["", "x", "-1", "\n", "2026-13-01T00:00:00Z", "4294967296"],
    }
}

#[test]
fn s07_what_cannot_be_used_is_refused_when_it_is_set_whoever_sets_it() {
    let csv = shipped();
    let mut box_ = ModelOfBox::new(&csv, &[]);
    for line in csv.lines() {
        let row = Row::parse(line).unwrap();
        let RowKind::Parameter(kind) = &row.kind else {
            continue;
        };
        // There is no instance to be set.
        if row.name.contains("{i}") {
            continue;
        }
        let is_signed = kind.base == XsdType::Int;
        let unusable = unusable(kind.form).iter();
        for value in unusable.filter(|value| !is_signed || **value != "-1") {
            for who in [Requester::Acs, Requester::Local] {
                let name = format!("Device.{}", row.name);
                let values = [NewValue {
                    name: &name,
                    value,
                    xsi_type: None,
                }];
                let errors = box_.model.set_values(who, &values, None).unwrap_err();
                let error = &errors[0].error;
                match (row.writable, kind.form) {
                    (false, _) => assert_eq!(*error, ModelError::NotWritable, "{name}"),
                    (true, Some(_)) => {
                        assert!(
                            matches!(error, ModelError::InvalidValue(_)),
                            "{name}: {error:?}"
                        );
                    }
                    // What is no number at all is 9006.
                    (true, None) => assert!(
                        matches!(
                            error,
                            ModelError::InvalidValue(_) | ModelError::InvalidType(_)
                        ),
                        "{name}: {value:?}: {error:?}"
                    ),
                }
                let repeats = error.to_string().contains('"');
                assert!(!row.secret || !repeats, "{error}");
            }
        }
    }
    assert_eq!(box_.text("cwmpd") + &box_.text("system"), "");
}

#[test]
fn s07_what_cannot_be_used_of_a_file_is_not_used_but_said() {
    logged();
    let text = "config acs 'acs'\n\toption url 'acs.example'\n\toption userid 'a\nb'\n\
                \toption passwd 'sesame\n'\n\toption periodic_inform_interval '0'\n\
                \toption retry_interval_multiplier '999'\n\
                \toption periodic_inform_time 'noon'\n\n\
                config cpe 'cpe'\n\toption manufacturer_oui 'acme'\n\toption userid 'good'\n";
    let mut box_ = ModelOfBox::new(&shipped(), &[("cwmpd", text)]);
    for (name, value) in [
        ("ManagementServer.URL", ""),
        ("ManagementServer.Username", ""),
        ("ManagementServer.Password", ""),
        ("ManagementServer.PeriodicInformInterval", "86400"),
        ("ManagementServer.CWMPRetryIntervalMultiplier", "2000"),
        (
            "ManagementServer.PeriodicInformTime",
            "0001-01-01T00:00:00Z",
        ),
        ("DeviceInfo.ManufacturerOUI", ""),
        ("ManagementServer.ConnectionRequestUsername", "good"),
    ] {
        assert_eq!(box_.model.value(name).as_deref(), Some(value), "{name}");
        let said = logged().join("\n");
        let names = said.contains(&format!("Device.{name}: "));
        assert_eq!(names, value != "good", "{name}: {said}");
        assert!(!said.contains("sesame"), "{said}");
    }
}

#[test]
fn s07_a_row_of_another_file_is_held_to_what_the_agent_can_use() {
    let csv = "ManagementServer.URL;STRING:256;stored;rw;immediate\n\
               ManagementServer.Password;STRING;source;rw;immediate;;;;;;;;;;uci:cwmpd.acs.passwd\n\
               ManagementServer.Username;LINE;stored;rw;immediate;;;;;a%0Ab\n\
               X_Other.URL;STRING;stored;rw;immediate\n";
    let mut box_ = ModelOfBox::new(csv, &[]);
    let names: Vec<String> = box_.names().into_iter().map(|(name, _)| name).collect();
    assert!(
        !names.contains(&"Device.ManagementServer.Username".to_owned()),
        "its default"
    );
    for (name, bad) in [
        ("ManagementServer.URL", "acs"),
        ("ManagementServer.URL", ""),
        ("ManagementServer.Password", "a\nb"),
    ] {
        let refused = box_.set(name, bad);
        assert!(
            matches!(refused, Err(ModelError::InvalidValue(_))),
            "{name}"
        );
    }
    box_.set("X_Other.URL", "acs").unwrap();
}
