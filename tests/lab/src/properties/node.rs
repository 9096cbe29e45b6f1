//! What a node says of itself, in the languages of Luup's variables.

use std::cell::RefCell;
use std::rc::Rc;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::source::{Declaration, Instance, Source};
use cwmpd::datamodel::types::ParamType;
use cwmpd::luup::{Home, LuupSource, Snapshot};
use tinyjson::JsonValue;

/// No `Capabilities`, and no list of neighbours, makes a row of a node panic; a truth is 0 or 1.
pub fn capabilities(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let mut node = Node::of(&[("Capabilities", &text), ("Neighbors", &text)]);
    for key in ["listening", "routing", "frequent_listening", "secure"] {
        let value = node.get(&format!("node.{key}"), &["5"]);
        assert!(
            value.is_none_or(|value| value == "0" || value == "1"),
            "{key}"
        );
    }
    for key in [
        "basic_class",
        "generic_class",
        "specific_class",
        "baud_rate",
        "depth",
    ] {
        let value = node.get(&format!("node.{key}"), &["5"]);
        assert!(
            value.is_none_or(|value| value.parse::<u32>().is_ok()),
            "{key}"
        );
    }
    for key in ["command_classes", "power_source", "status", "children"] {
        node.get(&format!("node.{key}"), &["5"]);
    }
}

/// No `VariablesSet` or `VariablesGet` panics, and each parameter that is listed has its number.
pub fn variables_set(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let mut node = Node::of(&[("VariablesSet", &text), ("VariablesGet", &text)]);
    for parameter in node.parameters() {
        let at = ["5", &*parameter];
        let number = node.get("parameter.number", &at);
        assert!(
            number.is_some_and(|number| number.parse::<u32>().is_ok()),
            "{parameter}"
        );
        for key in ["text", "size", "format", "value", "reported"] {
            node.get(&format!("parameter.{key}"), &at);
        }
    }
}

/// Node 5 of a home, with these variables.
struct Node(LuupSource);

impl Node {
    fn of(variables: &[(&str, &str)]) -> Self {
        let state = |(variable, value): &(&str, &str)| {
            let value = JsonValue::String((*value).to_owned())
                .stringify()
                .unwrap_or_default();
            format!(r#"{{"service":"urn:x:ZWaveDevice1","variable":"{variable}","value":{value}}}"#)
        };
        let states: Vec<String> = variables.iter().map(state).collect();
        let text = format!(
            r#"{{"devices":[{{"id":1,"states":[{{"service":"urn:x:ZWaveNetwork1","variable":"HomeID",
                "value":"House: 1 Node 1 Suc 0"}}]}},
                {{"id":5,"id_parent":1,"altid":"5","states":[{}]}}]}}"#,
            states.join(",")
        );
        let mut home = Home::default();
        let fetch = home.begin_fetch();
        let view = Snapshot::read([Ok(text)]).map(|snapshot| fetch.view(snapshot));
        home.update(fetch, view);
        Self(LuupSource(Rc::new(RefCell::new(home))))
    }

    fn get(&mut self, key: &str, at: &[&str]) -> Option<String> {
        let row = Declaration {
            kind: Some(&ParamType::of(XsdType::String)),
            filtered: false,
            tables: at.len(),
            writable: false,
        };
        let slot = self.0.declare(&row, key).ok()?;
        let value = self.0.get(slot, &instances(at)).into_owned();
        value.value().map(str::to_owned)
    }

    fn parameters(&mut self) -> Vec<String> {
        let table = Declaration {
            kind: None,
            filtered: false,
            tables: 1,
            writable: false,
        };
        let slot = self.0.declare(&table, "parameters");
        let listed = slot
            .ok()
            .and_then(|slot| self.0.list(slot, &instances(&["5"]), &[]));
        let listed = listed.into_iter().flatten();
        listed.map(|listed| listed.identity.into()).collect()
    }
}

fn instances<'a>(at: &[&'a str]) -> Vec<Instance<'a>> {
    let instance = |name: &&'a str| Instance {
        number: 1,
        identity: Some(name),
    };
    at.iter().map(instance).collect()
}
