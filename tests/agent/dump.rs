//! `cwmpd dump --csv` is what GenieACS's simulator loads.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use cwmpd_lab::home::Home;
use cwmpd_lab::shared;

/// What the simulator makes of a file: each path, an object's with its dot, and what it knows of it.
type Simulated = BTreeMap<String, Vec<String>>;

const HEADER: [&str; 5] = ["Parameter", "Object", "Writable", "Value", "Value type"];

/// A row of every kind whose value is hard on a csv file.
const ROWS: &str = "\
X_LAB_Text.;ANY;stored;rw;immediate
X_LAB_Text.{i}.Value;STRING;stored;rw;immediate
X_LAB_Text.{i}.Secret;STRING;stored;rw,secret;immediate
";

/// What people write.
const VALUES: [&str; 8] = [
    "plain",
    "a, b",
    "\"quoted\" and \"\"",
    "two\nlines\r\nand \"a third\",\n",
    " blanks ",
    "ä ☃, 😀",
    ",",
    "\"",
];

/// The rules of the simulator's reader (`csv-parser.js`), as strict as it is: RFC 4180, a quote only
/// where a field begins or ends, all else taken as it is.
fn read(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = csv.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        let field = row.last_mut().unwrap();
        match c {
            '"' if !quoted => {
                assert!(field.is_empty(), "a quote within {field:?}");
                quoted = true;
            }
            '"' if chars.peek() == Some(&'"') => field.push(chars.next().unwrap()),
            '"' => {
                let next = chars.peek();
                assert!(matches!(next, None | Some(',' | '\r' | '\n')), "{field:?}");
                quoted = false;
            }
            ',' if !quoted => row.push(String::new()),
            '\r' | '\n' if !quoted => {
                while chars.next_if(|c| ['\r', '\n'].contains(c)).is_some() {}
                rows.push(vec![String::new()]);
            }
            _ => field.push(c),
        }
    }
    assert!(!quoted, "a quote is not closed");
    rows
}

/// What its main program makes of the rows, by the names in the header.
fn load(rows: &[Vec<String>]) -> Simulated {
    let (header, rows) = rows.split_first().unwrap();
    let column = |name: &str| header.iter().position(|known| known == name).unwrap();
    let [path, object, writable, value, kind] = HEADER.map(column);
    let entry = |row: &Vec<String>| {
        let writable = (row[writable] == "true").to_string();
        match row[object] == "true" {
            true => (format!("{}.", row[path]), vec![writable]),
            false => {
                let all = vec![writable, row[value].clone(), row[kind].clone()];
                (row[path].clone(), all)
            }
        }
    };
    rows.iter().map(entry).collect()
}

/// The same by the simulator itself, where it and node are at hand.
fn load_by_simulator(home: &Home, csv: &str) -> Option<Simulated> {
    const LOAD: &str = r#"
        const [parser, file] = process.argv.slice(1);
        const { parseCsv, reduce } = require(parser);
        for (const row of reduce(parseCsv(require("fs").readFileSync(file).toString()))) {
            const isObject = row["Object"] === "true";
            const all = [row["Parameter"] + (isObject ? "." : ""), row["Writable"] === "true"];
            if (!isObject) all.push(row["Value"], row["Value type"]);
            process.stdout.write(all.join("\x1f") + "\x1e");
        }"#;
    let parser = shared::find("genieacs-sim/csv-parser.js")?;
    let file = home.model_dir().join("dump");
    fs::write(&file, csv).unwrap();
    let node = Command::new("node")
        .args(["-e", LOAD])
        .arg(parser)
        .arg(file)
        .output();
    let Ok(output) = node else {
        shared::skip("node is absent");
        return None;
    };
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let entry = |record: &str| {
        let mut fields = record.split('\x1f').map(str::to_owned);
        (fields.next().unwrap(), fields.collect())
    };
    Some(out.split_terminator('\x1e').map(entry).collect())
}

#[test]
fn s18_a_dump_loads_in_the_simulator_of_genieacs() {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_uci("acs", "passwd", "hidden");
    fs::write(home.model_dir().join("lab.csv"), ROWS).unwrap();
    let agent = home.start();
    for (number, value) in (1..).zip(VALUES) {
        let added = home.run(&["add", "X_LAB_Text."]);
        assert_eq!(added.code, 0, "{}", added.err);
        agent.set(&format!("X_LAB_Text.{number}.Value"), value);
        agent.set(&format!("X_LAB_Text.{number}.Secret"), "hidden");
    }
    let dump = home.run(&["dump", "--csv"]);
    assert_eq!(dump.code, 0, "{}", dump.err);
    let rows = read(&dump.out);
    assert_eq!(rows[0], HEADER);
    for row in &rows[1..] {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(!row[0].ends_with('.'), "{row:?}");
        assert!(
            row[1..3]
                .iter()
                .all(|word| ["true", "false"].contains(&&**word)),
            "{row:?}"
        );
        assert_eq!(row[1] == "false", row[4].starts_with("xsd:"), "{row:?}");
    }
    let simulated = load(&rows);
    assert_eq!(simulated.len(), rows.len() - 1, "a path twice");
    assert_eq!(simulated["Device."], ["false"]);
    assert_eq!(simulated["Device.X_LAB_Text."], ["true"]);
    let serial = "Device.DeviceInfo.SerialNumber";
    assert_eq!(simulated[serial], ["false", "0123456789", "xsd:string"]);
    let interval = "Device.ManagementServer.PeriodicInformInterval";
    assert_eq!(simulated[interval], ["true", "86400", "xsd:unsignedInt"]);
    for (number, value) in (1..).zip(VALUES) {
        let path = format!("Device.X_LAB_Text.{number}.");
        assert_eq!(simulated[&path], ["true"]);
        assert_eq!(
            simulated[&format!("{path}Value")],
            ["true", value, "xsd:string"]
        );
        assert_eq!(
            simulated[&format!("{path}Secret")],
            ["true", "", "xsd:string"]
        );
    }
    assert!(!dump.out.contains("hidden"));
    if let Some(by_simulator) = load_by_simulator(&home, &dump.out) {
        assert_eq!(by_simulator, simulated);
    }
}
