//! Secrets (f15).

use super::*;

#[test]
fn f15_what_comes_from_a_secret_is_one() {
    let (schema, found) = build(&[
        "Key;STRING;0;rw,secret",
        "Alias;STRING;3;1;;;;;;;;;;;Key",
        "Second;STRING;3;0;;;;;;;;;;;Alias",
        "Part;STRING;3;0;;;;;;;;;;;\"x\" ++ Second",
        "Guess;BOOLEAN;3;0;;;;;;;;;;;Key == \"a\"",
        "Set;BOOLEAN;3;0;;;;;;;;;;;Class(1, Plain:Key) > 0",
        "Option;STRING;1;rw,secret;;;;;;;;;;;x:a.b.key",
        "Other;STRING;1;0;;;;;;;;;;;x:z || x:a.b.key|upper",
        "Hidden;STRING;3;rw,secret;;;;;;;;;;;Shown",
        "Shown;STRING;0;1",
        "Password;STRING;3;1;;;;;;;;;;;Store",
        "Store;STRING;1;1;;;;;;;;;;;x:store",
        "Again;STRING;1;0;;;;;;;;;;;x:store",
        "Plain;STRING;0;1",
        "Count;UINT;3;0;;;;;;;;;;;Class(3, 1:2)",
        "Double;STRING;3;0;;;;;;;;;;;Plain ++ Plain",
    ]);
    assert!(
        found.iter().all(|found| found.starts_with("note")),
        "{found:?}"
    );
    for name in [
        "Key", "Alias", "Second", "Part", "Guess", "Set", "Option", "Other", "Hidden", "Shown",
        "Password", "Store", "Again",
    ] {
        assert!(parameter(&schema, name).unwrap().secret, "{name}");
    }
    for name in ["Plain", "Count", "Double"] {
        assert!(!parameter(&schema, name).unwrap().secret, "{name}");
    }
}

#[test]
fn f15_a_bad_default_of_a_secret_is_not_repeated() {
    let (_, found) = build(&["Key;UINT;0;rw,secret;;;;;;hunter2"]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("0 column 10") && !found[0].contains("hunter2"),
        "{found:?}"
    );
}
