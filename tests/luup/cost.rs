//! What a home of 231 nodes costs, counted.

use cwmpd::luup::{FetchScope, fetch};
use cwmpd_lab::CountingAllocator;
use cwmpd_lab::luup::{FakeLuup, real_home};

use crate::fetch::access;
use crate::lab::{ask, json, number};

/// Nodes of a home as large as Z-Wave allows, but for its controller.
const NODES: u32 = 231;

#[test]
fn z59_a_whole_read_takes_two_requests_and_little_memory() {
    /// Twice what is seen: some four for each value.
    const MOST_ALLOCATIONS: u64 = 300_000;
    /// Three times what is seen.
    const MOST_BYTES: usize = 4 << 20;
    let luup = FakeLuup::with(real_home(NODES));
    let access = access(&luup);
    let bytes = ask(&luup, "status").len() + ask(&luup, "user_data").len();
    assert!(bytes > 2 << 20, "as much as a real one: {bytes}");
    luup.requests();
    let (mut home, mut peak) = (None, 0);
    let mut read = || home = Some(fetch(&access, FetchScope::All(None)).unwrap());
    let taken = CountingAllocator::count(|| peak = CountingAllocator::peak(&mut read));
    println!("231 nodes, {bytes} bytes: {taken} allocations, {peak} bytes at once");
    assert_eq!(luup.requests().len(), 2);
    assert!(taken < MOST_ALLOCATIONS, "{taken} allocations");
    assert!(peak < MOST_BYTES, "{peak} bytes at once");
    // The configuration is the same: no more than the state is asked for.
    fetch(&access, FetchScope::All(home.as_ref())).unwrap();
    assert_eq!(luup.requests().len(), 1);
}

#[test]
fn z59_a_change_of_one_value_is_little_to_hear() {
    let luup = FakeLuup::with(real_home(NODES));
    let version = number(&json(&ask(&luup, "status")), "DataVersion");
    luup.set(1000, "HaDevice1", "CommFailure", "1");
    let change = ask(&luup, &format!("status&DataVersion={version}&Timeout=60"));
    assert!(change.len() < 1000, "{change}");
}
