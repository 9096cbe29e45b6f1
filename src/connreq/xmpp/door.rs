//! Who may ask for a session, and how much may be asked (Annex K).

use std::fmt::Display;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::jid::Jid;
use super::line::RequestVerdict;
use super::login::told;
use super::settings::XmppAskers;
use crate::connreq::access::same;
use crate::connreq::bucket::{Bucket, Rate};
use crate::connreq::counts::SumUp;

/// Answers to those who may not ask, all together; beyond that they get none.
const STRANGERS: Rate = Rate {
    burst: 20,
    interval: Duration::from_secs(3),
};

/// Wrong passwords of one who may ask; beyond that none is looked at.
const GUESSES: Rate = Rate {
    burst: 10,
    interval: Duration::from_secs(10),
};

/// Where everybody may ask: how many are known apart from all others, since they knew the password.
const MAX_KNOWN: usize = 8;

/// The others share so many counts of guesses, those of our own domain and those from elsewhere; who
/// shares with whom is chance. So one who guesses keeps few of them out, and has few more guesses by
/// other names.
const SHARES: usize = 32;

/// Judges requests.
pub(super) struct Door {
    askers: Arc<XmppAskers>,
    /// Our own domain.
    domain: String,
    /// Of each who may ask; where everybody may, of those who share them, and then of each that is
    /// known.
    guesses: Vec<Bucket>,
    chance: RandomState,
    /// Those who knew the password, where everybody may ask: the guesses of others are not theirs.
    known: Vec<String>,
    strangers: Bucket,
    /// Requests that were refused since the last line about them.
    untold: u32,
    sum_up: SumUp,
}

impl Door {
    pub fn new(askers: Arc<XmppAskers>, domain: &str) -> Self {
        Self {
            guesses: buckets(&askers),
            domain: domain.to_owned(),
            chance: RandomState::new(),
            known: Vec::new(),
            askers,
            strangers: Bucket::default(),
            untold: 0,
            sum_up: SumUp::default(),
        }
    }

    /// From now on these may ask.
    pub fn follow(&mut self, askers: Arc<XmppAskers>) {
        if *self.askers != *askers {
            self.guesses = buckets(&askers);
            self.known.clear();
            self.askers = askers;
        }
    }

    /// Whether a stranger gets an answer, now at this time of the connection.
    pub fn answers_stranger(&mut self, now: Duration) -> bool {
        self.strangers.take(STRANGERS, now)
    }

    /// Judges the request of `from`; `None`: it gets no answer.
    pub fn judge(
        &mut self,
        from: Option<&str>,
        username: &str,
        password: &str,
        now: Duration,
    ) -> Option<RequestVerdict> {
        let askers = Arc::clone(&self.askers);
        let asker = from.and_then(Jid::read);
        let is_asker = |allowed: &String| {
            let allowed = Jid::read(allowed.trim());
            asker
                .zip(allowed)
                .is_some_and(|(asker, allowed)| asker.is_within(&allowed))
        };
        let name = from.unwrap_or("the server");
        let is_everybody = askers.allowed.is_empty();
        let place = match is_everybody {
            true => asker.map(|asker| match self.known.iter().position(is_asker) {
                Some(at) => 2 * SHARES + at,
                None => self.share(&asker),
            }),
            false => askers.allowed.iter().position(is_asker),
        };
        let Some(guesses) = place.and_then(|at| self.guesses.get_mut(at)) else {
            self.refused(name, "not in ConnReqAllowedJabberIDs", now);
            let answers = self.answers_stranger(now);
            return answers.then_some(RequestVerdict::ServiceUnavailable);
        };
        if askers.username.is_empty() || askers.password.is_empty() {
            self.refused(name, "no user or no password is set for requests", now);
            return Some(RequestVerdict::NotAuthorized);
        }
        if !guesses.wait(GUESSES, now).is_zero() {
            self.refused(name, "too many wrong passwords", now);
            return Some(RequestVerdict::ServiceUnavailable);
        }
        // Both are compared, whatever comes of the first.
        let is_user = same(username, &askers.username);
        if same(password, askers.password.reveal()) & is_user {
            let is_new = place.is_some_and(|at| at < 2 * SHARES);
            if is_everybody && is_new && self.known.len() < MAX_KNOWN {
                self.known.extend(name.split('/').next().map(str::to_owned));
                self.guesses.push(Bucket::default());
            }
            return Some(RequestVerdict::Accepted);
        }
        guesses.take(GUESSES, now);
        self.refused(name, "wrong user or password", now);
        Some(RequestVerdict::NotAuthorized)
    }

    /// Which count is that of one who is not known. A domain has as many names as it likes, our own but
    /// those that its server gave.
    fn share(&self, asker: &Jid<'_>) -> usize {
        let name = asker.folded();
        let (local, domain) = name.split_once('@').unwrap_or(("", &name));
        let (shares, of) = match asker.is_of(&self.domain) {
            true => (0, local),
            false => (SHARES, domain),
        };
        let chance = self.chance.hash_one(of) % (SHARES as u64);
        shares + usize::try_from(chance).unwrap_or_default()
    }

    fn refused(&mut self, from: &str, why: impl Display, now: Duration) {
        if !self.sum_up.begins(now) {
            self.untold = self.untold.saturating_add(1);
            return;
        }
        log::warn!(
            "connection request of {} by XMPP refused: {why}",
            told(from)
        );
    }

    /// When [`Door::sum_up`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.sum_up.deadline()
    }

    /// Tells what was refused since the last line, if that is due.
    pub fn sum_up(&mut self, now: Duration) {
        if !self.sum_up.is_due(now) {
            return;
        }
        let untold = std::mem::take(&mut self.untold);
        if untold > 0 {
            log::warn!("{untold} more connection requests by XMPP refused in the last minute");
        }
    }
}

/// The guesses of who may ask, none made.
fn buckets(askers: &XmppAskers) -> Vec<Bucket> {
    let places = match askers.allowed.len() {
        0 => 2 * SHARES,
        places => places,
    };
    vec![Bucket::default(); places]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connreq::counts::SUM_UP;

    const NOW: Duration = Duration::from_secs(5);

    fn door(allowed: &[&str]) -> Door {
        let askers = Arc::new(XmppAskers {
            allowed: allowed.iter().map(|jid| (*jid).to_owned()).collect(),
            username: "acs".into(),
            password: "secret".into(),
        });
        Door::new(askers, "a")
    }

    #[test]
    fn r43_only_who_may_and_knows_is_let_in() {
        use RequestVerdict::{Accepted, NotAuthorized, ServiceUnavailable};
        let mut door = door(&["acs@example.com", "other@example.com/one"]);
        let cases = [
            (Some("acs@example.com/1"), "acs", "secret", Accepted),
            (Some("ACS@example.com"), "acs", "secret", Accepted),
            (Some("other@example.com/one"), "acs", "secret", Accepted),
            (
                Some("other@example.com/two"),
                "acs",
                "secret",
                ServiceUnavailable,
            ),
            (
                Some("other@example.com"),
                "acs",
                "secret",
                ServiceUnavailable,
            ),
            (
                Some("acs@example.org/1"),
                "acs",
                "secret",
                ServiceUnavailable,
            ),
            (Some(""), "acs", "secret", ServiceUnavailable),
            (None, "acs", "secret", ServiceUnavailable),
            (Some("acs@example.com/1"), "acs", "Secret", NotAuthorized),
            (Some("acs@example.com/1"), "acs", "", NotAuthorized),
            (Some("acs@example.com/1"), "", "secret", NotAuthorized),
            (Some("acs@example.com/1"), "ACS", "secret", NotAuthorized),
        ];
        for (from, username, password, verdict) in cases {
            let given = door.judge(from, username, password, NOW);
            assert_eq!(given, Some(verdict), "{from:?} {username} {password}");
        }
    }

    #[test]
    fn r43_where_everybody_may_ask_guesses_keep_nobody_out_who_was_in() {
        let mut door = door(&[]);
        let mut ask = |from: &str, password| door.judge(Some(from), "acs", password, NOW);
        assert_eq!(ask("acs@a/1", "secret"), Some(RequestVerdict::Accepted));
        assert_eq!(ask("acs@a/1", "other"), Some(RequestVerdict::NotAuthorized));
        for guesser in 0..2000 {
            ask(&format!("x{guesser}@a/1"), "guess");
        }
        assert_eq!(
            ask("late@a/1", "secret"),
            Some(RequestVerdict::ServiceUnavailable),
            "not looked at"
        );
        assert_eq!(ask("acs@a/2", "secret"), Some(RequestVerdict::Accepted));
        // Who has no name is nobody.
        assert_eq!(ask("", "secret"), Some(RequestVerdict::ServiceUnavailable));
        for n in 0..100 {
            let later = NOW + GUESSES.interval * (n + 1);
            let from = format!("y{n}@b/1");
            door.judge(Some(&from), "acs", "secret", later);
        }
        assert_eq!(
            (door.known.len(), door.guesses.len()),
            (MAX_KNOWN, 2 * SHARES + MAX_KNOWN)
        );
    }

    #[test]
    fn r43_who_guesses_under_many_names_keeps_few_out_who_were_never_in() {
        let is_out = |door: &mut Door, name: &str| {
            door.judge(Some(name), "acs", "secret", NOW) == Some(RequestVerdict::ServiceUnavailable)
        };
        // Of one account, and of all accounts of a domain that is not ours.
        let of_account = |n: u32| format!("Guest@a/{n}");
        let of_domain = |n: u32| format!("x{n}@b.example/{n}");
        for guesser in [of_account, of_domain] {
            let mut rounds_out = [0; 3];
            for _ in 0..200 {
                let mut door = door(&[]);
                let guesses = (0..200).filter(|n| {
                    let verdict = door.judge(Some(&guesser(*n)), "acs", "guess", NOW);
                    verdict == Some(RequestVerdict::NotAuthorized)
                });
                assert_eq!(guesses.count(), GUESSES.burst as usize);
                for (name, out) in ["acs@a/1", "acs@c.example", "acs@b.example"]
                    .iter()
                    .zip(&mut rounds_out)
                {
                    *out += u32::from(is_out(&mut door, name));
                }
            }
            let [own, foreign, neighbour] = rounds_out;
            assert!(own < 30 && foreign < 30, "{rounds_out:?} of 200");
            assert_eq!(neighbour == 200, guesser(1).contains("b.example"));
        }
    }

    #[test]
    fn r43_nobody_may_ask_where_something_is_empty() {
        let ask = |door: &mut Door, password| door.judge(Some("acs@a/1"), "", password, NOW);
        assert_eq!(ask(&mut door(&[]), ""), Some(RequestVerdict::NotAuthorized));
        assert_eq!(
            ask(&mut door(&["", " "]), "secret"),
            Some(RequestVerdict::ServiceUnavailable)
        );
        for (username, password) in [("", "secret"), ("acs", ""), ("", "")] {
            let askers = XmppAskers {
                allowed: vec!["acs@a".into()],
                username: username.into(),
                password: password.into(),
            };
            let mut door = Door::new(Arc::new(askers), "a");
            let verdict = door.judge(Some("acs@a/1"), username, password, NOW);
            assert_eq!(
                verdict,
                Some(RequestVerdict::NotAuthorized),
                "{username} {password}"
            );
        }
    }

    #[test]
    fn r43_guesses_and_strangers_are_few_and_keep_nobody_else_out() {
        let mut door = door(&["acs@a", "guest@a"]);
        for n in 0..200 {
            let verdict = door.judge(Some("guest@a/1"), "acs", &n.to_string(), NOW);
            let few = n < GUESSES.burst;
            assert_eq!(verdict == Some(RequestVerdict::NotAuthorized), few, "{n}");
            let answered = door.judge(Some("x@y/z"), "acs", "secret", NOW).is_some();
            assert_eq!(answered, n < STRANGERS.burst, "{n}");
        }
        let right = door.judge(Some("guest@a/1"), "acs", "secret", NOW);
        assert_eq!(
            right,
            Some(RequestVerdict::ServiceUnavailable),
            "not looked at"
        );
        let acs = door.judge(Some("acs@a/1"), "acs", "secret", NOW);
        assert_eq!(acs, Some(RequestVerdict::Accepted));
        let later = NOW + GUESSES.interval;
        let right = door.judge(Some("guest@a/1"), "acs", "secret", later);
        assert_eq!(right, Some(RequestVerdict::Accepted));
        assert_eq!(
            (door.untold, door.deadline()),
            (400 - 1 + 1, Some(NOW + SUM_UP))
        );
        door.sum_up(NOW + SUM_UP);
        assert_eq!((door.untold, door.deadline()), (0, None));
    }

    #[test]
    fn r51_other_askers_are_followed_at_once_and_begin_without_guesses() {
        let mut door = door(&["guest@a"]);
        for _ in 0..=GUESSES.burst {
            door.judge(Some("guest@a/1"), "acs", "guess", NOW);
        }
        let askers = XmppAskers {
            allowed: vec!["acs@a".into(), "guest@a/1".into()],
            username: "new".into(),
            password: "other".into(),
        };
        door.follow(Arc::new(askers));
        for from in ["acs@a/1", "guest@a/1"] {
            let old = door.judge(Some(from), "acs", "secret", NOW);
            assert_eq!(old, Some(RequestVerdict::NotAuthorized));
            let new = door.judge(Some(from), "new", "other", NOW);
            assert_eq!(new, Some(RequestVerdict::Accepted));
        }
    }
}
