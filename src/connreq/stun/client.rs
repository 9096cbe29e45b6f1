//! The client: when what is sent, and whereto. It has no socket and no clock; its owner gives it what
//! came in and the time, and sends what it wants to be sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::doubts::Doubts;
use super::life::{Life, Upkeep};
use super::request::{Manner, Purpose};
use super::transaction::{self, Repetition, Transaction};
use super::{Outgoing, StunBinding, StunServer, StunSettings, StunSocket};
use crate::base::backoff::Backoff;

/// So many addresses of the server are tried.
const MAX_SERVERS: usize = 8;

/// So many requests tell the server of a change: it never says whether it took notice.
const ANNOUNCEMENTS: u32 = 3;

/// The pause between them.
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(2);

/// The pause between two series of them: a binding that changes with each request makes no storm.
const ANNOUNCE_NEXT: Duration = Duration::from_secs(60);

/// The pause behind a round in which no address of the server answered.
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(300);

/// The client of one primary socket.
#[derive(Debug)]
pub struct StunClient {
    pub(super) settings: Option<StunSettings>,
    pub(super) binding: Option<StunBinding>,
    pub(super) life: Life,
    pub(super) manner: Manner,
    pub(super) exchange: Option<Exchange>,
    pub(super) probe: Option<Probe>,
    /// The transaction that ended last: its other answers are no news, and no attack.
    pub(super) ended: [u8; 16],
    /// Which of the servers is asked.
    server: usize,
    /// How many of them failed one after the other.
    failed: usize,
    pub(super) trouble: Option<Outage>,
    retry: Backoff,
    wants_lookup: bool,
    next: Next,
    /// When the last request went out on the primary socket.
    sent_at: Duration,
    /// When the last datagram went over the primary binding, either way.
    pub(super) touched_at: Duration,
    /// The server answered since it is asked under these settings.
    pub(super) is_kept: bool,
    /// How long the binding was idle when it seemed to be dead; certain once the server answers.
    pub(super) seems_dead: Option<Duration>,
    /// Something came over the binding that may have refreshed it.
    is_spoiled: bool,
    /// How many requests are still to tell of a change.
    announcements: u32,
    announce_from: Duration,
    outgoing: VecDeque<Outgoing>,
    pub(super) doubts: Doubts,
}

/// A request on the primary socket.
#[derive(Debug)]
pub(super) struct Exchange {
    pub transaction: Transaction,
    pub is_change: bool,
    /// How long the binding was idle before.
    pub idle: Duration,
}

/// A request on the secondary socket.
#[derive(Debug)]
pub(super) struct Probe {
    pub transaction: Transaction,
    pub idle: Duration,
    pub to: SocketAddr,
}

/// What comes next while nothing is on its way.
#[derive(Clone, Copy, Debug)]
enum Next {
    Nothing,
    Refresh(Duration),
    Probe(Duration),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub since: Duration,
    /// The number of the error; none where nobody answers.
    pub code: Option<u16>,
    is_told: bool,
}

impl Default for StunClient {
    fn default() -> Self {
        Self::new()
    }
}

impl StunClient {
    /// One that does nothing.
    pub fn new() -> Self {
        Self {
            settings: None,
            binding: None,
            life: Life::new(Duration::ZERO, None),
            manner: Manner::new(),
            exchange: None,
            probe: None,
            ended: [0; 16],
            server: 0,
            failed: 0,
            trouble: None,
            retry: Backoff::new(FIRST_RETRY, LONGEST_RETRY),
            wants_lookup: false,
            next: Next::Nothing,
            sent_at: Duration::ZERO,
            touched_at: Duration::ZERO,
            is_kept: false,
            seems_dead: None,
            is_spoiled: false,
            announcements: 0,
            announce_from: Duration::ZERO,
            outgoing: VecDeque::new(),
            doubts: Doubts::default(),
        }
    }

    /// Goes on with the same settings, and takes up others at once. The last known binding stays told
    /// until the server answers again.
    pub fn start(&mut self, mut settings: StunSettings, now: Duration) {
        settings.servers.truncate(MAX_SERVERS);
        if self.settings.as_ref() == Some(&settings) {
            return;
        }
        let server = self.server().copied();
        let bounds = |s: &StunSettings| (s.min_keep_alive, s.max_keep_alive);
        let (min, max) = bounds(&settings);
        let old = self.settings.replace(settings);
        let new = self.settings.as_ref();
        let (Some(old), Some(new), Some(server)) = (old, new, server) else {
            return self.begin(now);
        };
        let is_same_user = (&old.username, &old.password) == (&new.username, &new.password);
        let at = new.servers.iter().position(|s| *s == server);
        let (Some(at), true) = (at, is_same_user) else {
            return self.begin(now);
        };
        let are_other_servers = old.servers != new.servers;
        self.server = at;
        if bounds(&old) != (min, max) {
            self.life.rebound(min, max);
            self.probe = None;
        }
        if self.trouble.is_some() && are_other_servers {
            // One of them may answer at last.
            (self.exchange, self.server, self.failed) = (None, 0, 0);
            self.next = Next::Refresh(now);
        } else if self.trouble.is_none() && self.exchange.is_none() {
            self.plan(now);
        }
    }

    /// Forgets all.
    pub fn stop(&mut self) {
        let doubts = std::mem::take(&mut self.doubts);
        *self = Self::new();
        self.doubts = doubts;
    }

    /// What is known of the way in; the last that was known where the server is silent now.
    pub fn binding(&self) -> Option<&StunBinding> {
        self.binding.as_ref()
    }

    /// When [`StunClient::due`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        let exchange = self.exchange.as_ref().map(|e| e.transaction.deadline());
        let probe = self.probe.as_ref().map(|p| p.transaction.deadline());
        let next = match self.next {
            Next::Refresh(at) | Next::Probe(at) => Some(at),
            Next::Nothing => None,
        };
        exchange.or(probe).or(next)
    }

    /// What is to be sent next, until there is nothing.
    pub fn next_outgoing(&mut self) -> Option<Outgoing> {
        self.outgoing.pop_front()
    }

    /// Whether the secondary socket is to be open. It may be closed in between, and have another port
    /// each time.
    pub fn wants_secondary(&self) -> bool {
        self.probe.is_some()
    }

    /// Whether no address of the server answered, so that its name is to be looked up again: true
    /// once for each round.
    pub fn needs_lookup(&mut self) -> bool {
        std::mem::take(&mut self.wants_lookup)
    }

    /// Something else came in on the primary socket. It may have kept the binding alive, which is not
    /// to be taken for its life then.
    pub fn disturbed(&mut self) {
        self.is_spoiled = true;
    }

    /// Does what is due. May be called at any time.
    pub fn due(&mut self, now: Duration) {
        if let Some(exchange) = &mut self.exchange {
            match exchange.transaction.step(now) {
                Repetition::Send => self.send_exchange(now),
                Repetition::GiveUp => self.fails(None, now),
                Repetition::Wait => {}
            }
        } else if let Some(probe) = &mut self.probe {
            match probe.transaction.step(now) {
                Repetition::Send => self.send_probe(),
                Repetition::GiveUp => {
                    let (idle, is_first) = (probe.idle, probe.idle.is_zero());
                    self.probe = None;
                    self.seems_dead = Some(idle);
                    let refresh_at = match is_first {
                        true => self.sent_at.saturating_add(self.life.safe()),
                        false => now,
                    };
                    self.next = Next::Refresh(refresh_at);
                }
                Repetition::Wait => {}
            }
        } else {
            match self.next {
                Next::Refresh(at) if at <= now => self.begin_exchange(now),
                Next::Probe(at) if at <= now => self.begin_probe(now),
                _ => {}
            }
        }
    }

    /// Begins anew, under new settings.
    fn begin(&mut self, now: Duration) {
        self.restart_life();
        self.manner = Manner::new();
        (self.exchange, self.probe, self.seems_dead) = (None, None, None);
        (self.server, self.failed, self.is_kept) = (0, 0, false);
        (self.trouble, self.wants_lookup) = (None, false);
        self.retry.reset();
        self.outgoing.clear();
        self.next = match self.server() {
            Some(_) => Next::Refresh(now),
            None => Next::Nothing,
        };
    }

    /// The server that is asked.
    pub(super) fn server(&self) -> Option<&StunServer> {
        self.settings.as_ref()?.servers.get(self.server)
    }

    fn begin_exchange(&mut self, now: Duration) {
        let is_change = self.announcements > 0;
        let Some(transaction) = self.transaction(Purpose::Refresh { is_change }, now) else {
            self.next = Next::Refresh(now.saturating_add(FIRST_RETRY));
            return;
        };
        if self.announcements == ANNOUNCEMENTS {
            self.announce_from = now.saturating_add(ANNOUNCE_NEXT);
        }
        let idle = now.saturating_sub(self.touched_at);
        self.exchange = Some(Exchange {
            transaction,
            is_change,
            idle,
        });
        self.is_spoiled = false;
        self.due(now);
    }

    /// The request is another one now, for the same purpose.
    pub(super) fn ask_again(&mut self, now: Duration) {
        let Some(Exchange {
            is_change, idle, ..
        }) = self.exchange.take()
        else {
            return;
        };
        if let Some(transaction) = self.transaction(Purpose::Refresh { is_change }, now) {
            self.exchange = Some(Exchange {
                transaction,
                is_change,
                idle,
            });
            self.due(now);
        }
    }

    fn begin_probe(&mut self, now: Duration) {
        let Some(to) = self.binding.map(|binding| binding.mapped) else {
            self.next = Next::Refresh(now);
            return;
        };
        let idle = match self.life.is_known() {
            true => now.saturating_sub(self.touched_at),
            false => Duration::ZERO,
        };
        self.probe_again(to, idle, now);
    }

    /// Sends a probe of this binding, maybe in another manner than before.
    pub(super) fn probe_again(&mut self, to: SocketAddr, idle: Duration, now: Duration) {
        let transaction = self.transaction(Purpose::Probe(to), now);
        self.probe = transaction.map(|transaction| Probe {
            transaction,
            idle,
            to,
        });
        match self.probe {
            Some(_) => self.due(now),
            None => self.next = Next::Refresh(now.saturating_add(FIRST_RETRY)),
        }
    }

    fn transaction(&self, purpose: Purpose, now: Duration) -> Option<Transaction> {
        let settings = self.settings.as_ref()?;
        match transaction::new_id() {
            Ok(id) => {
                let bytes = self.manner.request(&id, purpose, settings);
                Some(Transaction::new(id, bytes, now))
            }
            Err(e) => {
                log::error!("no STUN request, for want of random numbers: {e}");
                None
            }
        }
    }

    fn send_exchange(&mut self, now: Duration) {
        (self.sent_at, self.touched_at) = (now, now);
        let bytes = self.exchange.as_ref().map(|e| e.transaction.bytes.clone());
        self.send(StunSocket::Primary, bytes);
    }

    fn send_probe(&mut self) {
        let bytes = self.probe.as_ref().map(|p| p.transaction.bytes.clone());
        self.send(StunSocket::Secondary, bytes);
    }

    fn send(&mut self, via: StunSocket, bytes: Option<Vec<u8>>) {
        let server = self.server().map(|server| server.address);
        if let (Some(to), Some(bytes)) = (server, bytes) {
            // What nobody fetched in the meantime is the same, or older.
            self.outgoing.retain(|waiting| waiting.via != via);
            self.outgoing.push_back(Outgoing { via, to, bytes });
        }
    }

    /// This address of the server does not answer, or not as it should.
    pub(super) fn fails(&mut self, code: Option<u16>, now: Duration) {
        (self.exchange, self.seems_dead) = (None, None);
        let trouble = self.trouble.get_or_insert(Outage {
            since: now,
            code,
            is_told: false,
        });
        trouble.code = code;
        let servers = self.settings.as_ref().map_or(0, |s| s.servers.len());
        self.failed += 1;
        self.server = (self.server + 1) % servers.max(1);
        if self.failed < servers {
            self.next = Next::Refresh(now);
            return;
        }
        if !std::mem::replace(&mut trouble.is_told, true) {
            match code {
                Some(code) => log::warn!("the STUN server refuses: error {code}"),
                None => log::warn!("no address of the STUN server answers"),
            }
        }
        (self.failed, self.wants_lookup) = (0, true);
        let pause = self.retry.pause();
        // What never worked is found, not kept alive, and the minimum is not for that.
        let pause = match self.is_kept {
            true => self.life.bounded(pause),
            false => pause,
        };
        self.next = Next::Refresh(now.saturating_add(pause));
    }

    /// The binding is one towards another server, of which nothing is known.
    pub(super) fn restart_life(&mut self) {
        let settings = self.settings.as_ref();
        let (min, max) = settings.map_or((Duration::ZERO, None), |s| {
            (s.min_keep_alive, s.max_keep_alive)
        });
        self.life = Life::new(min, max);
    }

    /// The server answered a request on the primary socket.
    pub(super) fn works(&mut self, now: Duration) {
        if self.trouble.take().is_some_and(|trouble| trouble.is_told) {
            log::info!("the STUN server answers again");
        }
        (self.failed, self.is_kept, self.touched_at) = (0, true, now);
        self.retry.reset();
        self.manner.pleases();
    }

    /// The binding is to be told to the server as another one.
    pub(super) fn announce(&mut self) {
        self.announcements = ANNOUNCEMENTS;
    }

    /// One request that tells of it was answered.
    pub(super) fn announced(&mut self) {
        self.announcements = self.announcements.saturating_sub(1);
    }

    /// A probe was answered on the primary socket: the binding lives.
    pub(super) fn lives(&mut self, idle: Duration, now: Duration) {
        let was_known = self.life.is_known();
        if !std::mem::take(&mut self.is_spoiled) || !was_known {
            self.life.lived(idle, now);
        }
        self.touched_at = now;
        // The answer may have refreshed the binding: only a request surely does.
        match was_known {
            true => self.next = Next::Refresh(now),
            false => self.plan(now),
        }
    }

    /// Decides what comes next, behind an answer.
    pub(super) fn plan(&mut self, now: Duration) {
        let since_sent = |pause| self.sent_at.saturating_add(pause);
        if self.announcements > 0 {
            let at = match self.announcements {
                ANNOUNCEMENTS => self.announce_from.max(now),
                _ => now.saturating_add(ANNOUNCE_AGAIN),
            };
            self.next = Next::Refresh(at.min(since_sent(self.life.held())));
            return;
        }
        self.next = match self.life.pace(now) {
            Upkeep::Keep(period) => Next::Refresh(since_sent(period)),
            // How the server helps shows only behind a refresh.
            Upkeep::Probe(Duration::ZERO) if now > self.touched_at => {
                Next::Refresh(since_sent(self.life.bounded(Duration::ZERO)))
            }
            Upkeep::Probe(idle) => {
                let in_time = self.life.longest().saturating_sub(transaction::WHOLE);
                let at = self.touched_at.saturating_add(idle);
                Next::Probe(at.min(since_sent(in_time)))
            }
        };
    }
}
