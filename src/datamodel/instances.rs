//! The instances of one table: numbers, what the source that owns the table calls them, and which
//! numbers were used before.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::Listed;

/// How many instances one table may have, whoever makes them.
pub const MAX_INSTANCES: usize = 4096;

/// How many instances that are gone from their source keep their number and attributes, should they
/// come back: an engine that reloads may lose a device for a moment.
pub const MAX_GONE: usize = 64;

/// The instances of one table. No number is given twice (TR-069 A.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instances {
    /// The highest number ever given out.
    last: u32,
    /// The numbers there are; with the identity where a source owns the table.
    living: BTreeMap<u32, Option<Box<str>>>,
    /// Instances that the source does not list any more, the longest gone first.
    gone: VecDeque<(u32, Box<str>)>,
    /// Instances of the description that somebody removed: they do not come back with it.
    removed: BTreeSet<u32>,
    /// Those that are there because the description has them, and for no other reason: they go with
    /// it.
    described: BTreeSet<u32>,
}

/// What a new list of the source changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Numbers that came, went, or have another identity now.
    pub touched: BTreeSet<u32>,
    /// Numbers that nobody will ask for again: what is kept below them may go.
    pub forgotten: Vec<u32>,
}

impl Instances {
    /// The numbers there are, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.living.keys().copied()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.living.len()
    }

    /// Whether there is an instance of this number.
    pub fn contains(&self, number: u32) -> bool {
        self.living.contains_key(&number)
    }

    /// What the source calls an instance, be it there or gone for a while.
    pub fn identity(&self, number: u32) -> Option<&str> {
        match self.living.get(&number) {
            Some(identity) => identity.as_deref(),
            None => self.gone_identity(number),
        }
    }

    /// What the source called an instance that is gone for a while.
    pub fn gone_identity(&self, number: u32) -> Option<&str> {
        let gone = self.gone.iter().find(|(gone, _)| *gone == number);
        gone.map(|(_, identity)| &**identity)
    }

    /// The identities of all that the source may still know, by their numbers.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        let living = self.living.values().filter_map(Option::as_deref);
        living.chain(self.gone.iter().map(|(_, identity)| &**identity))
    }

    /// Numbers of instances that are gone, or that somebody removed from the description's.
    pub fn departed(&self) -> impl Iterator<Item = u32> + '_ {
        let gone = self.gone.iter().map(|(number, _)| *number);
        gone.chain(self.removed.iter().copied())
    }

    /// The highest number ever given out.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// No number up to this one is given out any more.
    pub fn use_up(&mut self, number: u32) {
        self.last = self.last.max(number);
    }

    /// The number of the next instance; `None` where there is no room, or no number left.
    pub fn next(&self) -> Option<u32> {
        let room = self.living.len() < MAX_INSTANCES;
        room.then(|| self.last.checked_add(1)).flatten()
    }

    /// An instance comes.
    pub fn add(&mut self, number: u32, identity: Option<Box<str>>) {
        self.use_up(number);
        self.gone.retain(|(gone, _)| *gone != number);
        self.described.remove(&number);
        self.living.insert(number, identity);
    }

    /// The description has an instance; it comes if it is not there.
    pub fn describe(&mut self, number: u32) {
        if !self.contains(number) {
            self.add(number, None);
            self.described.insert(number);
        }
    }

    /// Whether an instance is there only because the description has it.
    pub fn is_described(&self, number: u32) -> bool {
        self.described.contains(&number)
    }

    /// An instance goes, for good.
    pub fn remove(&mut self, number: u32) {
        self.living.remove(&number);
        self.described.remove(&number);
        self.gone.retain(|(gone, _)| *gone != number);
    }

    /// An instance goes whose source may bring it back.
    pub fn leave(&mut self, number: u32, identity: Box<str>) {
        self.use_up(number);
        self.living.remove(&number);
        self.gone.retain(|(gone, _)| *gone != number);
        self.gone.push_back((number, identity));
    }

    /// Whether an instance of the description was removed by somebody.
    pub fn is_removed(&self, number: u32) -> bool {
        self.removed.contains(&number)
    }

    /// Remembers that an instance of the description was removed.
    pub fn set_removed(&mut self, number: u32) {
        self.use_up(number);
        self.remove(number);
        self.removed.insert(number);
    }

    /// Brings the instances in line with what their source lists now.
    pub fn follow(&mut self, listed: Vec<Listed>) -> Followed {
        let mut followed = Followed::default();
        if self.is_as_listed(&listed) {
            return followed;
        }
        let mut numbers: BTreeMap<Box<str>, u32> = BTreeMap::new();
        for (number, identity) in &self.gone {
            numbers.insert(identity.clone(), *number);
        }
        for (number, identity) in &self.living {
            numbers.extend(identity.clone().map(|identity| (identity, *number)));
        }
        let taken: BTreeSet<u32> = numbers.values().copied().collect();
        let mut present: BTreeMap<u32, Option<Box<str>>> = BTreeMap::new();
        let mut unnumbered = Vec::new();
        for item in listed.into_iter().take(MAX_INSTANCES) {
            let known = numbers.get(&item.identity);
            let known = known.or_else(|| item.was.as_ref().and_then(|was| numbers.get(was)));
            let is_free = |n: &u32| *n != 0 && !taken.contains(n) && !present.contains_key(n);
            match known.copied().or(item.number.filter(is_free)) {
                None => unnumbered.push(item.identity),
                // One that is listed twice is there once.
                Some(number) if present.contains_key(&number) => {}
                Some(number) => {
                    self.last = self.last.max(number);
                    numbers.insert(item.identity.clone(), number);
                    present.insert(number, Some(item.identity));
                }
            }
        }
        // Not before all numbers are known that the source itself gives.
        for identity in unnumbered {
            let next = self.last.checked_add(1);
            // Without a number left, or listed twice, it cannot be shown.
            if let Some(number) = next.filter(|_| !numbers.contains_key(&identity)) {
                self.last = number;
                numbers.insert(identity.clone(), number);
                present.insert(number, Some(identity));
            }
        }
        let before = std::mem::replace(&mut self.living, present);
        let numbers = before.keys().chain(self.living.keys()).copied();
        let differs = |number: &u32| before.get(number) != self.living.get(number);
        followed.touched = numbers.filter(differs).collect();
        let living = &self.living;
        self.gone.retain(|(number, _)| !living.contains_key(number));
        for (number, identity) in before {
            if !living.contains_key(&number) {
                self.gone.push_back((number, identity.unwrap_or_default()));
            }
        }
        while self.gone.len() > MAX_GONE {
            followed
                .forgotten
                .extend(self.gone.pop_front().map(|(number, _)| number));
        }
        followed
    }

    /// Whether the living are listed, and no others, in the order of their numbers: mostly nothing is
    /// new.
    fn is_as_listed(&self, listed: &[Listed]) -> bool {
        let living = self.living.values().map(Option::as_deref);
        living.eq(listed.iter().map(|item| Some(&*item.identity)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(identities: &[&str]) -> Vec<Listed> {
        identities.iter().map(|i| Listed::new(*i)).collect()
    }

    fn shown(instances: &Instances) -> Vec<(u32, &str)> {
        let numbers = instances.numbers();
        numbers
            .map(|n| (n, instances.identity(n).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_section_keeps_its_number_whatever_comes_and_goes_around_it() {
        let mut table = Instances::default();
        let first = table.follow(listed(&["lan", "wan"]));
        assert_eq!(first.touched, BTreeSet::from([1, 2]));
        assert_eq!(table.follow(listed(&["lan", "wan"])), Followed::default());
        table.follow(listed(&["wan", "guest"]));
        assert_eq!(shown(&table), [(2, "wan"), (3, "guest")]);
        let back = table.follow(listed(&["lan", "wan", "guest"]));
        assert_eq!(back.touched, BTreeSet::from([1]));
        assert_eq!(shown(&table), [(1, "lan"), (2, "wan"), (3, "guest")]);
    }

    #[test]
    fn a_renamed_thing_stays_the_same_instance() {
        let mut table = Instances::default();
        table.follow(listed(&["a", "b"]));
        let mut renamed = listed(&["c", "b"]);
        if let Some(first) = renamed.first_mut() {
            first.was = Some("a".into());
        }
        assert_eq!(table.follow(renamed).touched, BTreeSet::from([1]));
        assert_eq!(shown(&table), [(1, "c"), (2, "b")]);
    }

    #[test]
    fn a_number_of_the_sources_own_is_kept_unless_it_is_taken() {
        let with = |identity: &str, number| Listed {
            number: Some(number),
            ..Listed::new(identity)
        };
        let mut table = Instances::default();
        table.follow(vec![with("20", 20), with("3", 3)]);
        assert_eq!(shown(&table), [(3, "3"), (20, "20")]);
        table.follow(vec![with("other", 20), with("20", 20)]);
        assert_eq!(shown(&table), [(20, "20"), (21, "other")]);
    }

    #[test]
    fn f27_things_with_one_number_are_all_there_at_once_and_take_no_others_number() {
        let with = |identity: &str, number| Listed {
            number: Some(number),
            ..Listed::new(identity)
        };
        let mut table = Instances::default();
        table.follow(vec![with("5", 5), with("5.2", 5), with("6", 6)]);
        assert_eq!(shown(&table), [(5, "5"), (6, "6"), (7, "5.2")]);
        table.follow(vec![Listed::new("x"), with("5", 5), with("8", 8)]);
        assert_eq!(shown(&table), [(5, "5"), (8, "8"), (9, "x")]);
    }

    #[test]
    fn f21_what_comes_and_goes_for_ever_leaves_nothing_behind() {
        let mut table = Instances::default();
        let mut forgotten = 0;
        for round in 0..100_u32 {
            let fresh = (0..50).map(|n| Listed::new(format!("{round}-{n}")));
            forgotten += table.follow(fresh.collect()).forgotten.len();
        }
        assert_eq!(table.departed().count(), MAX_GONE);
        assert_eq!(forgotten, 99 * 50 - MAX_GONE);
        assert_eq!(table.last(), 5000, "and no number twice");
    }

    #[test]
    fn a_list_beyond_the_bound_or_with_repetitions_is_cut() {
        let mut table = Instances::default();
        let many = (0..MAX_INSTANCES + 5).map(|n| Listed::new(n.to_string()));
        table.follow(many.collect());
        assert_eq!(table.count(), MAX_INSTANCES);
        assert_eq!(table.next(), None);
        table.follow(listed(&["x", "x"]));
        assert_eq!(table.count(), 1);
    }
}
