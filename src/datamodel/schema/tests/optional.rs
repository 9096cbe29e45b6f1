//! Rows that are there only while they have a value.

use super::*;

#[test]
fn z08_what_is_always_there_is_not_optional() {
    told(&[
        (
            &[
                "A.;ANY;1;r,optional;;;;;;;;;;;x:a",
                "A.B;UINT;1;r,optional;;;;;;;;;;;x:b",
            ],
            &[],
        ),
        (
            &[
                "A.B;UINT;3;r,optional;;;;;;;;;;;C",
                "A.C;UINT;1;r;;;;;;;;;;;x:b",
            ],
            &[],
        ),
        (
            &["A.B;UINT;1;rw,optional;;;;;;;;;;;x:b"],
            &["what can be set is always there"],
        ),
        (
            &["A.B;UINT;1;r,optional;;;;;;7;;;;;x:b"],
            &["it has a default"],
        ),
        (
            &["A.B;UINT;0;r,optional"],
            &["what the agent keeps is always there"],
        ),
        (
            &["A.;ANY;0;r,optional", "A.B;UINT;1;r;;;;;;;;;;;x:b"],
            &["needs a source that says whether it is there"],
        ),
        (
            &[
                "A.;ANY;1;rw,optional;;;;;;;;;;;x:a",
                "A.{i}.B;UINT;1;r;;;;;;;;;;;x:b",
            ],
            &[
                "a table is there though it is empty",
                "has no instances, and nobody makes any",
            ],
        ),
        (
            &[
                "A.;ANY;1;r,optional;;;;;;;;;;;x:a",
                "A.{i}.B;UINT;1;r;;;;;;;;;;;x:b",
            ],
            &[
                "a table is there though it is empty",
                "has no instances, and nobody makes any",
            ],
        ),
    ]);
}
