//! Sorting short lists, by one sort for all types: std compiles its own anew for each type that is
//! sorted, 3 to 7 kB of program a type. Lists as long as all that a home tells are sorted by std, in
//! place.

use std::cmp::Ordering;

/// Ascending; equal ones stay in their order.
pub fn sort<T: Ord>(list: &mut [T]) {
    sort_by(list, T::cmp);
}

/// Ascending by `key`; those with equal ones stay in their order.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |a, b| key(a).cmp(&key(b)));
}

/// Ascending by `order`; what is equal by it stays in its order.
pub fn sort_by<T>(list: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let mut from = ranked(list.len(), &|a, b| match (list.get(a), list.get(b)) {
        (Some(a), Some(b)) => order(a, b),
        _ => Ordering::Equal,
    });
    rearrange(&mut from, &mut |a, b| list.swap(a, b));
}

/// Where what comes to each place stands now.
fn ranked(length: usize, order: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_unstable_by(|a, b| order(*a, *b).then(a.cmp(b)));
    places
}

/// Brings to each place what `from` says, ring by ring: what was swapped away waits at the place that
/// is filled next.
fn rearrange(from: &mut [usize], swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..from.len() {
        let mut at = start;
        while let Some(place) = from.get_mut(at) {
            let next = std::mem::replace(place, at);
            if next == start || next == at {
                break;
            }
            swap(at, next);
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_ones_stay_in_their_order() {
        let mut list = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        sort_by_key(&mut list, |(key, _)| *key);
        assert_eq!(list, [(0, 'e'), (1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }

    #[test]
    fn nothing_and_one_are_sorted() {
        sort::<u8>(&mut []);
        let mut one = ["one"];
        sort(&mut one);
        assert_eq!(one, ["one"]);
    }

    proptest! {
        #[test]
        fn sorts_as_std_does(list: Vec<(u8, u16)>) {
            let (mut ours, mut theirs) = (list.clone(), list);
            sort_by_key(&mut ours, |(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(ours, theirs);
        }
    }
}
