//! Changes under power cuts and disk errors at every call: what is found at the next start is every
//! transaction that was promised, whole, perhaps the one that was under way, and nothing else; and
//! the sources are told what they have not been known to write.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use cwmpd::datamodel::store;
use proptest::prelude::*;

use crate::store_disk::{CutDisk, Medium, Trouble};
use crate::store_world::{FOLDER, Promised, Step, World, batch, found, readable};

/// A life with all that may happen: the first start, changes in one file and in several, some of
/// them taken back, instances that come and go, checkpoints with and without a journal.
fn life() -> Vec<Step> {
    vec![
        Step::Append(batch(&[("A", "1"), ("B", "1")], &[], &[])),
        Step::Append(batch(&[("A", "2")], &[], &["network.lan=é"])),
        Step::CarriedOut,
        Step::Append(batch(&[("T.1.A", "1"), ("T.1.B", "1")], &[], &[])),
        Step::Checkpoint,
        Step::Append(batch(&[("B", "3")], &["T.1."], &["a=1", "b=2"])),
        Step::TakeBack,
        Step::Append(batch(&[("C", "4")], &["A"], &["a=1"])),
        Step::Checkpoint,
        Step::CarriedOut,
        Step::Append(batch(&[("C", "5")], &[], &[])),
        Step::TakeBack,
        Step::Checkpoint,
        Step::Checkpoint,
        Step::Append(batch(&[("T.2.A", "6")], &["T.1."], &["c=3"])),
        Step::TakeBack,
        Step::Append(batch(&[("A", "7"), ("C", "7")], &[], &["d=4"])),
        Step::CarriedOut,
    ]
}

/// What follows a cut.
fn short_life() -> Vec<Step> {
    vec![
        Step::CarriedOut,
        Step::Append(batch(&[("A", "8"), ("D", "8")], &["T."], &["e=5"])),
        Step::CarriedOut,
        Step::Checkpoint,
        Step::Append(batch(&[("A", "9")], &[], &[])),
    ]
}

/// Runs the steps and cuts the power before every single call and at the end; all media left.
fn cut_everywhere(medium: &Medium, steps: &[Step], thorough: bool) -> BTreeSet<Medium> {
    let mut left = BTreeSet::new();
    for call in 0.. {
        let disk = CutDisk::new(medium, Trouble::CutBefore(call));
        // A cut within the load: it is loaded again before anything is done.
        let mut world = World::start(&disk);
        world.now = found(medium);
        world.may_be = vec![world.now.clone()];
        let done = world.run(steps);
        left.extend(world.check_cuts(thorough, &format!("cut before call {call}: {done:?}")));
        if disk.was_spared() {
            done.unwrap();
            return left;
        }
    }
    unreachable!()
}

/// The medium after the steps and a clean stop.
fn after(steps: &[Step]) -> (Medium, Promised) {
    let disk = CutDisk::new(&Medium::new(), Trouble::Never);
    let mut world = World::start(&disk);
    world.run(steps).unwrap();
    (disk.cuts(false).pop_last().unwrap(), world.now)
}

#[test]
fn f02_a_cut_at_any_call_and_any_byte_keeps_what_was_promised() {
    let left = cut_everywhere(&Medium::new(), &life(), true);
    assert!(left.len() > 1000, "only {} ways to be cut", left.len());
}

#[test]
fn f02_two_cuts_in_a_row_keep_what_was_promised() {
    for first in cut_everywhere(&Medium::new(), &life(), false) {
        cut_everywhere(&first, &short_life(), false);
    }
}

#[test]
fn f02_a_call_that_fails_leaves_the_state_before_and_the_store_goes_on() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for call in 0.. {
            let disk = CutDisk::new(&Medium::new(), Trouble::Never);
            let mut world = World::start(&disk);
            disk.trouble(Trouble::FailAt(disk.effort().0 + call, kind));
            for step in life() {
                let _ = world.step(&step);
                world.check_cuts(false, &format!("call {call} fails with {kind}: {step:?}"));
            }
            let spared = disk.was_spared();
            disk.heal();
            world.run(&short_life()).unwrap();
            world.check_cuts(true, &format!("after call {call} failed with {kind}"));
            assert_eq!(world.may_be.len(), 1);
            if spared {
                break;
            }
        }
    }
}

#[test]
fn f02_a_disk_that_fails_for_a_while_keeps_what_was_promised() {
    for call in 0.. {
        let disk = CutDisk::new(&Medium::new(), Trouble::Never);
        let mut world = World::start(&disk);
        disk.trouble(Trouble::FailFrom(disk.effort().0 + call, ErrorKind::Other));
        for step in life() {
            let _ = world.step(&step);
            world.check_cuts(false, &format!("all fails from call {call} on: {step:?}"));
        }
        let spared = disk.was_spared();
        disk.heal();
        world.run(&short_life()).unwrap();
        world.check_cuts(true, &format!("after all failed from call {call} on"));
        if spared {
            break;
        }
    }
}

/// All that was promised is in the generation before, its journal, and the present one.
#[test]
fn f02_a_damaged_state_file_loses_nothing() {
    let (data, corrupt) = (
        format!("{FOLDER}/{}", store::DATA),
        format!("{FOLDER}/{}", store::CORRUPT),
    );
    let mut tried = 0;
    for steps in 0..=life().len() {
        let (medium, now) = after(&life()[..steps]);
        let Some(whole) = medium.get(data.as_ref() as &std::path::Path) else {
            continue;
        };
        if !medium.keys().any(|path| path.ends_with(store::PREVIOUS)) {
            continue;
        }
        for damage in 0..whole.len() {
            let mut bytes = whole.clone();
            match damage % 3 {
                0 => bytes.truncate(damage),
                1 => bytes[damage..].fill(0),
                _ => bytes[damage] ^= 1,
            }
            let line_end_alone = damage + 1 == whole.len();
            if line_end_alone {
                continue;
            }
            let mut medium = medium.clone();
            medium.insert(data.clone().into(), bytes);
            let disk = CutDisk::new(&medium, Trouble::Never);
            let mut world = World::start(&disk);
            assert_eq!(world.now, now, "after {steps} steps\n{}", readable(&medium));
            world.run(&short_life()).unwrap();
            let left = world.check_cuts(false, "after damage");
            assert!(left[0].contains_key(corrupt.as_ref() as &std::path::Path));
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried}");
}

fn a_step() -> impl Strategy<Value = Step> {
    let name = prop::sample::select(vec!["A", "B", "T.1.A", "T.1.B", "T.10.A", "T.1.U.2.A"]);
    let gone = prop::sample::select(vec!["A", "T.1.", "T.", "T.1.U.", "T.1.A", "X"]);
    let value = "[a-cé;%\n]{1,9}";
    let change = (
        prop::collection::vec((name, value), 0..4),
        prop::collection::vec(gone, 0..2),
        prop::collection::vec("[a-c= \n]{0,5}", 0..2),
    );
    let change = change.prop_map(|(rows, gone, writes)| {
        let rows: Vec<_> = rows.iter().map(|(name, value)| (*name, &**value)).collect();
        let writes: Vec<_> = writes.iter().map(String::as_str).collect();
        Step::Append(batch(&rows, &gone, &writes))
    });
    prop_oneof![
        5 => change,
        2 => Just(Step::CarriedOut),
        1 => Just(Step::TakeBack),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn f02_any_life_with_any_trouble_keeps_what_was_promised(
        steps in prop::collection::vec(a_step(), 1..25),
        call in 0_usize..120,
        kind in 0..3,
        later in prop::collection::vec(a_step(), 1..5),
    ) {
        let trouble = match kind {
            0 => Trouble::CutBefore(call),
            1 => Trouble::FailAt(call, ErrorKind::StorageFull),
            _ => Trouble::FailFrom(call, ErrorKind::Other),
        };
        let disk = CutDisk::new(&Medium::new(), Trouble::Never);
        let mut world = World::start(&disk);
        disk.trouble(trouble);
        for step in &steps {
            if world.step(step).is_err() && kind == 0 {
                break;
            }
        }
        for medium in world.check_cuts(false, "in trouble").into_iter().take(20) {
            let disk = CutDisk::new(&medium, Trouble::Never);
            let mut world = World::start(&disk);
            world.run(&[Step::CarriedOut]).unwrap();
            world.run(&later).unwrap();
            world.check_cuts(false, "after the trouble");
        }
    }
}
