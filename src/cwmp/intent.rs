//! What an RPC promised that will be done later.
//!
//! An intent is in the store before the response leaves, and out of it once it is done; each can be
//! done twice without harm. So a power cut at any instant ends in "done" or in "not promised": what
//! is still in the store at the next start is resumed, unless the boot itself was what it takes.

use std::fmt;

use super::record;

/// Something to be done to the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// The services hear that these UCI packages were changed.
    Apply(Vec<String>),
    /// Reboot (A.3.2.9).
    Reboot,
    /// FactoryReset (A.4.1.6), which ends in a reboot.
    FactoryReset,
}

impl Intent {
    /// The word in the record; begins every message about it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Apply(_) => "Apply",
            Self::Reboot => "Reboot",
            Self::FactoryReset => "FactoryReset",
        }
    }

    /// Whether the box goes down for it: then no session is opened any more.
    pub fn ends_the_boot(&self) -> bool {
        !matches!(self, Self::Apply(_))
    }

    fn packages(&self) -> &[String] {
        match self {
            Self::Apply(packages) => packages,
            Self::Reboot | Self::FactoryReset => &[],
        }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.packages() {
            [] => Ok(()),
            packages => write!(f, " ({})", packages.join(", ")),
        }
    }
}

/// An intent, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Promise {
    intent: Intent,
    /// The boot that it was made in.
    boot: String,
    stage: PromiseStage,
}

/// How far a promise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PromiseStage {
    /// The agent was not told to carry it out yet.
    Waiting,
    /// It was.
    Begun,
    /// It was, and something came to it since: once more when that is done, however often.
    BegunAndMore,
}

/// How many promises of a newer version are carried along: it has at most one of each kind, too.
const MAX_FOREIGN: usize = 16;

/// What is still to be done: at most one of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intents {
    known: Vec<Promise>,
    /// Entries of the record that a newer version wrote: it finds them again.
    foreign: Vec<String>,
}

impl Intents {
    /// One more, made in this boot. What was promised already is done once; services that are being
    /// told are told again.
    pub fn add(&mut self, intent: Intent, boot: &str) {
        let same = |promise: &&mut Promise| promise.intent.name() == intent.name();
        let Some(known) = self.known.iter_mut().find(same) else {
            self.known.push(Promise {
                intent,
                boot: boot.to_owned(),
                stage: PromiseStage::Waiting,
            });
            return;
        };
        if let (Intent::Apply(packages), Intent::Apply(more)) = (&mut known.intent, intent) {
            for package in more {
                if !packages.contains(&package) {
                    packages.push(package);
                }
            }
            if known.stage == PromiseStage::Begun {
                known.stage = PromiseStage::BegunAndMore;
            }
        }
    }

    /// What is to be begun now: nothing that is under way. A reboot waits for a factory reset, which
    /// includes it.
    pub fn begin(&mut self) -> Vec<Intent> {
        let resets = self.has(&Intent::FactoryReset);
        let waits = |promise: &&mut Promise| {
            let stands_back = resets && promise.intent == Intent::Reboot;
            promise.stage == PromiseStage::Waiting && !stands_back
        };
        let begun = self.known.iter_mut().filter(waits).map(|promise| {
            promise.stage = PromiseStage::Begun;
            promise.intent.clone()
        });
        begun.collect()
    }

    /// It has been carried out, or never will be. What was added to it since waits to be begun.
    pub fn end(&mut self, intent: &Intent) {
        self.known.retain_mut(|promise| {
            if promise.intent.name() != intent.name() {
                return true;
            }
            let stays = promise.stage != PromiseStage::Begun;
            promise.stage = PromiseStage::Waiting;
            stays
        });
    }

    /// Whether there is one of this kind.
    pub fn has(&self, intent: &Intent) -> bool {
        let kind = intent.name();
        self.known
            .iter()
            .any(|promise| promise.intent.name() == kind)
    }

    /// The box is in this boot now: what a boot does by itself is done, and no more among these. A
    /// reboot is one; and services start with the files of now.
    pub fn settle(&mut self, boot: &str) -> Vec<Intent> {
        let is_done =
            |promise: &Promise| promise.boot != boot && promise.intent != Intent::FactoryReset;
        let (done, rest) = std::mem::take(&mut self.known)
            .into_iter()
            .partition(is_done);
        self.known = rest;
        let done: Vec<Promise> = done;
        done.into_iter().map(|promise| promise.intent).collect()
    }

    /// What is still to be done.
    pub fn iter(&self) -> impl Iterator<Item = &Intent> {
        self.known.iter().map(|promise| &promise.intent)
    }

    /// As one line for the store; empty if there are none.
    pub fn to_record(&self) -> String {
        let entries = self.known.iter().map(|promise| {
            let mut fields = vec![promise.intent.name(), &promise.boot];
            fields.extend(promise.intent.packages().iter().map(String::as_str));
            record::join(&fields)
        });
        let entries = entries.chain(self.foreign.iter().cloned());
        entries.collect::<Vec<_>>().join(record::NEXT)
    }

    /// Reads [`Intents::to_record`]; what cannot be read is left out, and what a newer version
    /// promised is carried along.
    pub fn from_record(line: &str) -> Self {
        let mut intents = Self::default();
        for entry in line.split(record::NEXT) {
            let fields = record::split(entry);
            let [name, boot, packages @ ..] = fields.as_slice() else {
                continue;
            };
            let all = [
                Intent::Apply(packages.to_vec()),
                Intent::Reboot,
                Intent::FactoryReset,
            ];
            match all.into_iter().find(|intent| intent.name() == name) {
                Some(intent) => intents.add(intent, boot),
                None if intents.foreign.len() < MAX_FOREIGN => {
                    intents.foreign.push(entry.to_owned())
                }
                None => {}
            }
        }
        intents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(packages: &[&str]) -> Intent {
        Intent::Apply(packages.iter().map(|one| (*one).to_owned()).collect())
    }

    #[test]
    fn what_is_promised_twice_is_done_once() {
        let mut intents = Intents::default();
        intents.add(Intent::Reboot, "a");
        intents.add(Intent::Reboot, "a");
        intents.add(apply(&["network"]), "a");
        intents.add(apply(&["system", "network"]), "a");
        let both = apply(&["network", "system"]);
        assert_eq!(intents.begin(), [Intent::Reboot, both]);
        assert_eq!(intents.begin(), []);
        intents.end(&Intent::Reboot);
        assert!(!intents.has(&Intent::Reboot));
    }

    #[test]
    fn what_comes_while_services_are_told_is_told_after_it() {
        let mut intents = Intents::default();
        intents.add(apply(&["network"]), "a");
        let first = intents.begin().remove(0);
        intents.add(apply(&["system"]), "a");
        intents.end(&first);
        assert_eq!(intents.begin(), [apply(&["network", "system"])]);
    }

    #[test]
    fn s30_what_comes_again_and_again_meanwhile_is_done_once_more() {
        let mut intents = Intents::default();
        intents.add(apply(&["network"]), "a");
        let first = intents.begin().remove(0);
        for _ in 0..5 {
            intents.add(apply(&["network"]), "a");
            assert_eq!(intents.begin(), [], "one at a time");
        }
        intents.end(&first);
        assert_eq!(intents.begin(), [apply(&["network"])]);
        intents.end(&first);
        assert_eq!(intents, Intents::default());
    }

    #[test]
    fn a_reset_comes_before_a_reboot_which_comes_when_the_reset_cannot_be() {
        let mut intents = Intents::default();
        intents.add(Intent::Reboot, "a");
        intents.add(Intent::FactoryReset, "a");
        assert_eq!(intents.begin(), [Intent::FactoryReset]);
        assert_eq!(intents.begin(), []);
        intents.end(&Intent::FactoryReset);
        assert_eq!(intents.begin(), [Intent::Reboot]);
    }

    #[test]
    fn a_boot_is_a_reboot_and_starts_services_but_resets_nothing() {
        let mut intents = Intents::default();
        intents.add(Intent::Reboot, "a");
        intents.add(apply(&["net-work", "odd, one"]), "a");
        intents.add(Intent::FactoryReset, "a");
        let mut intents = Intents::from_record(&intents.to_record());
        assert_eq!(intents.settle("a"), []);
        let done = intents.settle("b");
        assert_eq!(done, [Intent::Reboot, apply(&["net-work", "odd, one"])]);
        assert_eq!(intents.begin(), [Intent::FactoryReset]);
    }

    #[test]
    fn b12_what_a_newer_version_promised_is_left_to_it() {
        let line = "Transfer:a:http%3A,Reboot:a";
        let mut intents = Intents::from_record(line);
        assert_eq!(intents.begin(), [Intent::Reboot]);
        intents.end(&Intent::Reboot);
        intents.add(Intent::FactoryReset, "a");
        assert_eq!(intents.to_record(), "FactoryReset:a,Transfer:a:http%3A");
        assert_eq!(intents.settle("b"), []);
        assert_eq!(Intents::from_record(&intents.to_record()), intents);
        let many = "X:1,".repeat(MAX_FOREIGN + 1);
        assert_eq!(Intents::from_record(&many).foreign.len(), MAX_FOREIGN);
    }

    #[test]
    fn damaged_records_are_read_as_far_as_they_go() {
        let intents = Intents::from_record(",x:y,Reboot,Reboot:b,%zz:,FactoryReset:");
        let read: Vec<_> = intents.iter().collect();
        assert_eq!(read, [&Intent::Reboot, &Intent::FactoryReset]);
        assert_eq!(Intents::from_record(""), Intents::default());
    }
}
