//! Sections are known again, whatever is done to the others.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fingerprint::{Fingerprint, MAX_LINES};
use super::identity::{Identities, nameless};
use super::staged::{self, AlikeRef, SectionRef, Staged};
use crate::device::uci::{Document, Value};

fn document(text: &str) -> Document {
    Document::parse("test", text.as_bytes().to_vec()).unwrap()
}

/// What the model would have of a table: the numbers that it gave, also those of sections that are
/// gone.
#[derive(Default)]
struct Numbers {
    of: Vec<(u32, String)>,
    gone: Vec<(u32, String)>,
    last: u32,
}

impl Numbers {
    fn known(&self) -> Vec<&str> {
        let all = self.of.iter().chain(&self.gone);
        all.map(|(_, identity)| identity.as_str()).collect()
    }

    /// Takes a list; gives the number of each section in order.
    fn take(&mut self, ids: &mut Identities, document: &Document) -> Vec<u32> {
        let listed = ids.list(document, "rule", &self.known());
        let mut numbers = Vec::new();
        let mut now = Vec::new();
        let known = self.of.drain(..).chain(self.gone.drain(..));
        let mut of: BTreeMap<String, u32> = known.map(|(number, of)| (of, number)).collect();
        for instance in listed {
            let was = instance.was.as_deref().unwrap_or(&instance.identity);
            let number = of.remove(was).unwrap_or_else(|| {
                self.last += 1;
                self.last
            });
            numbers.push(number);
            now.push((number, instance.identity.to_string()));
        }
        // The model keeps them by number.
        now.sort_unstable();
        let mut identities: Vec<_> = now.iter().map(|(_, identity)| identity).collect();
        identities.sort_unstable();
        identities.dedup();
        assert_eq!(identities.len(), now.len(), "an identity stands for two");
        self.of = now;
        self.gone = of.into_iter().map(|(of, number)| (number, of)).collect();
        numbers
    }
}

/// The numbers of the sections of one text after the other; each time as after a restart, too.
fn numbered(texts: &[&str]) -> Vec<Vec<u32>> {
    let run = |restarts: bool| {
        let (mut numbers, mut ids) = (Numbers::default(), Identities::default());
        let mut before: Option<Document> = None;
        let mut all = Vec::new();
        for text in texts {
            let document = document(text);
            ids = match restarts {
                true => Identities::default(),
                false => ids.again(before.as_ref(), &document),
            };
            all.push(numbers.take(&mut ids, &document));
            for (at, (_, identity)) in numbers.of.iter().enumerate() {
                let found = ids.find(&document, identity);
                assert!(found.is_some(), "{at}: {identity}");
            }
            before = Some(document);
        }
        all
    };
    let running = run(false);
    assert_eq!(run(true), running, "after a restart");
    running
}

const WEB: &str = "config rule\n\toption name 'web'\n\toption port '80'\n\toption on '1'\n";
const SSH: &str = "config rule\n\toption name 'ssh'\n\toption port '22'\n\toption on '1'\n";
const DNS: &str = "config rule 'dns'\n\toption port '53'\n";

#[test]
fn others_may_come_and_go_before_a_section() {
    let texts = [
        format!("{WEB}{SSH}"),
        SSH.to_owned(),
        format!("{DNS}{SSH}"),
        format!("config rule\n\toption name 'x'\n{SSH}{DNS}"),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let numbers = [vec![1, 2], vec![2], vec![3, 2], vec![4, 2, 3]];
    assert_eq!(numbered(&texts), numbers);
}

#[test]
fn a_section_stays_itself_while_its_lines_change_and_move() {
    let texts = [
        format!("{WEB}{SSH}"),
        format!("{}{SSH}", WEB.replace("80", "8080")),
        format!("{SSH}{}", WEB.replace("80", "8080")),
        format!("{SSH}{}", WEB.replace("80", "8080").replace("web", "proxy")),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(numbered(&texts), [[1, 2], [1, 2], [2, 1], [2, 1]]);
}

#[test]
fn of_two_that_are_alike_the_edited_one_stays_the_edited_one() {
    let edited = WEB.replace("80", "81");
    for (texts, numbers) in [
        ([WEB, WEB], [1, 2]),
        ([&edited, WEB], [1, 2]),
        ([WEB, &edited], [1, 2]),
    ] {
        let now = texts.concat();
        let before = [WEB, WEB].concat();
        assert_eq!(numbered(&[&before, &now])[1], numbers);
        // Between others, too.
        let (before, now) = (format!("{SSH}{before}{DNS}"), format!("{SSH}{now}{DNS}"));
        assert_eq!(numbered(&[&before, &now])[1], [1, 2, 3, 4]);
    }
}

#[test]
fn a_section_that_becomes_the_same_as_another_is_not_taken_for_it() {
    let (before, now) = ([WEB, SSH].concat(), [SSH, SSH].concat());
    assert_eq!(
        numbered(&[&before, &now, &before]),
        [[1, 2], [1, 2], [1, 2]]
    );
    let (before, now) = ([SSH, WEB].concat(), [SSH, SSH].concat());
    assert_eq!(
        numbered(&[&before, &now, &before]),
        [[1, 2], [1, 2], [1, 2]]
    );
}

#[test]
fn a_section_that_is_wholly_different_in_its_place_is_taken_for_the_same() {
    let one = |text: &str| format!("config rule\n\toption only '{text}'\n");
    let texts = [
        format!("{WEB}{}{SSH}", one("a")),
        format!("{WEB}{}{SSH}", one("b")),
        format!("{}{SSH}{}", one("c"), one("d")),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // Two that are new where others were are new.
    assert_eq!(numbered(&texts), [[1, 2, 3], [1, 2, 3], [4, 3, 5]]);
}

#[test]
fn a_section_that_was_gone_comes_back_as_itself_and_no_other_in_its_place() {
    let (near, far) = (SSH.replace("22", "23"), "config rule\n\toption x '1'\n");
    let texts = [
        format!("{WEB}{SSH}{DNS}"),
        format!("{WEB}{DNS}"),
        format!("{WEB}{DNS}{far}"),
        format!("{WEB}{near}{DNS}"),
        format!("{WEB}{SSH}{DNS}{near}"),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut ids = Identities::default();
    let (mut numbers, mut before) = (Numbers::default(), None);
    let mut found = Vec::new();
    for text in texts {
        let document = document(text);
        ids = ids.again(before.as_ref(), &document);
        found.push(numbers.take(&mut ids, &document));
        before = Some(document);
    }
    // A start does not know which are gone, but that there are more of them than sections.
    let late = format!("{SSH}{DNS}{near}config rule\n\toption y '1'\n");
    found.push(numbers.take(&mut Identities::default(), &document(&late)));
    let expected = [
        vec![1, 2, 3],
        vec![1, 3],
        vec![1, 3, 4],
        vec![1, 5, 3],
        vec![1, 2, 3, 5],
        vec![2, 3, 5, 6],
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_section_that_gets_a_name_keeps_its_number() {
    let named = WEB.replace("config rule", "config rule 'web'");
    let texts = [format!("{WEB}{SSH}"), format!("{named}{SSH}")];
    assert_eq!(numbered(&[&texts[0], &texts[1]]), [[1, 2], [1, 2]]);
}

#[test]
fn an_identity_is_short_and_comes_back() {
    let mut text = "config rule\n".to_owned();
    (0..100).for_each(|n| text.push_str(&format!("\tlist l '{n}'\n")));
    let document = document(&text);
    let print = Fingerprint::of(&document.sections()[0]);
    let identity = Identities::default().name(0, &document).unwrap();
    assert_eq!(&*identity, format!("@rule[~{print}]"));
    assert_eq!(identity.len(), "@rule[~]".len() + 5 * MAX_LINES - 1);
    assert_eq!(nameless(&identity), Some(("rule", print.clone())));
    let edited = text.replace("'7'", "'new'");
    let edited = Fingerprint::of(&self::document(&edited).sections()[0]);
    let lines = u32::try_from(MAX_LINES).unwrap();
    assert!(edited.likeness(&print) >= 100 * (lines - 1) / lines);
    // How it is written does not count.
    let other = "config rule\n option on 1\n option port 80\n option name web\n";
    let [web, other] =
        [WEB, other].map(|text| Fingerprint::of(&self::document(text).sections()[0]));
    assert_eq!(web, other);
    let empty = self::document("config rule\nconfig rule\n");
    let mut ids = Identities::default();
    let listed = ids.list(&empty, "rule", &[]);
    let listed: Vec<_> = listed.iter().map(|listed| &*listed.identity).collect();
    assert_eq!(listed, ["@rule[~]", "@rule[~:2]"]);
    for bad in [
        "rule",
        "@rule[0]",
        "@rule[~x]",
        "@rule[~1234",
        "@rule[~-234]",
        "",
    ] {
        assert_eq!(nameless(bad), None, "{bad}");
    }
}

#[test]
fn a_strange_file_takes_no_longer_than_it_should() {
    let many = "c rule\n".repeat(8000);
    let fewer = "c rule\n".repeat(7999);
    let start = std::time::Instant::now();
    let numbers = numbered(&[&many, &fewer]);
    assert_eq!(numbers[1].len(), 7999);
    assert_eq!(numbers[0][..7999], numbers[1]);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

/// What is done to a table of sections.
#[derive(Clone, Debug)]
enum Deed {
    Edit(prop::sample::Index, u8),
    Delete(prop::sample::Index),
    Insert(prop::sample::Index),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, n)| Deed::Edit(at, n)),
        any::<prop::sample::Index>().prop_map(Deed::Delete),
        any::<prop::sample::Index>().prop_map(Deed::Insert),
    ];
    prop::collection::vec(deed, 1..12)
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::One),
        prop::collection::vec(any::<String>(), 0..4).prop_map(Value::List),
    ]
}

fn changes() -> impl Strategy<Value = Staged> {
    let named = any::<String>().prop_map(|name| SectionRef::named(&name));
    let print = "([0-9a-f]{4}(\\.[0-9a-f]{4}){0,3})?";
    let nameless =
        ("[a-z~ ]{1,9}", print, any::<[usize; 2]>()).prop_map(|(kind, print, [nth, of])| {
            SectionRef {
                identity: format!("@{kind}[~{print}]").into(),
                alike: Some(AlikeRef {
                    kind: kind.into(),
                    print: Fingerprint::parse(&print).unwrap(),
                    nth,
                    of,
                }),
            }
        });
    let target = prop_oneof![named, nameless];
    let old = prop::option::of(values());
    prop_oneof![
        any::<[String; 2]>().prop_map(|[kind, name]| Staged::Add { kind, name }),
        target
            .clone()
            .prop_map(|section| Staged::Remove { section }),
        (target, any::<String>(), old, values()).prop_map(|(section, option, old, new)| {
            Staged::Set {
                section,
                option,
                old,
                new,
            }
        }),
    ]
}

proptest! {
    #[test]
    fn a_line_comes_back_as_the_changes_it_tells(changes in prop::collection::vec(changes(), 0..5)) {
        let line = staged::format("p-1", &changes);
        prop_assert!(!line.contains(char::is_control), "{line:?}");
        let (package, again) = staged::parse(&line).unwrap();
        prop_assert_eq!(package, "p-1");
        // What an empty list was before, or is to be, is an option that is not set.
        let is_empty = |value: &Value| matches!(value, Value::List(items) if items.is_empty());
        let mut changes = changes;
        for change in &mut changes {
            if let Staged::Set { old, .. } = change {
                *old = old.take().filter(|old| !is_empty(old));
            }
        }
        prop_assert_eq!(again, changes);
    }

    #[test]
    fn any_line_is_read_or_refused(line in "(set|add|remove|[-=+ %a1/]){0,20}|.*") {
        let _ = staged::parse(&line);
    }

    /// One deed at a time, as the agent sees them while it runs, or finds them when it starts: every
    /// section keeps its number. When it starts, the only order it knows is that of the numbers, and
    /// which sections are gone it does not: then new ones come last, none are the same, and of those
    /// that are gone nobody knows.
    #[test]
    fn numbers_stay_whatever_is_done(
        lines in prop::collection::vec(prop::collection::btree_set(0..6_u32, 0..6), 1..8),
        deeds in deeds(),
        restarts in any::<bool>(),
    ) {
        // Lines of few kinds, so that sections are alike, and some are the same.
        let section = |lines: &[u32]| {
            let mut text = "config rule\n".to_owned();
            lines.iter().for_each(|line| text.push_str(&format!("\tlist l '{line}'\n")));
            text
        };
        let sections = lines.into_iter().map(|lines| lines.into_iter().collect());
        let mut sections: Vec<Vec<u32>> = sections.collect();
        if restarts {
            sections.sort();
            sections.dedup();
        }
        let (mut numbers, mut ids) = (Numbers::default(), Identities::default());
        let text = |sections: &[Vec<u32>]| {
            sections.iter().map(|lines| section(lines)).collect::<String>()
        };
        let mut before = document(&text(&sections));
        let mut now = numbers.take(&mut ids, &before);
        let mut fresh = 1000;
        for deed in deeds {
            let mut expected = now.clone();
            // Which of those went that were the same, nobody can tell.
            let mut same = Vec::new();
            match deed {
                Deed::Edit(at, n) if !sections.is_empty() => {
                    let section = &mut sections[at.index(expected.len())];
                    fresh += 1;
                    match usize::from(n) % (section.len() + 1) {
                        line if line < section.len() => section[line] = fresh,
                        _ => section.push(fresh),
                    }
                }
                Deed::Delete(at) if !sections.is_empty() => {
                    let at = at.index(sections.len());
                    let gone = sections.remove(at);
                    let went = expected.remove(at);
                    let alike = expected.iter().zip(&sections).filter(|(_, lines)| **lines == gone);
                    same = alike.map(|(number, _)| *number).collect();
                    same.push(went);
                }
                Deed::Insert(at) => {
                    let at = match restarts {
                        true => sections.len(),
                        false => at.index(sections.len() + 1),
                    };
                    fresh += 2;
                    // Some like what is there, some unlike all.
                    let like = sections.first().filter(|_| !restarts && fresh % 4 < 2);
                    let new = [like.cloned().unwrap_or_default(), vec![fresh, fresh - 1]].concat();
                    sections.insert(at, new);
                    expected.insert(at, numbers.last + 1);
                }
                Deed::Edit(..) | Deed::Delete(_) => {}
            }
            let document = document(&text(&sections));
            ids = match restarts {
                true => Identities::default(),
                false => ids.again(Some(&before), &document),
            };
            if restarts {
                numbers.gone.clear();
            }
            now = numbers.take(&mut ids, &document);
            prop_assert_eq!(now.len(), expected.len());
            for (now, expected) in now.iter().zip(&expected) {
                let either = same.contains(now) && same.contains(expected);
                prop_assert!(either || now == expected, "{now} for {expected}: {}", text(&sections));
            }
            before = document;
        }
    }
}
