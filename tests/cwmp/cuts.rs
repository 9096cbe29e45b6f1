//! The life of a transfer, ended after each of its steps: the program is killed, or the power is cut,
//! and what comes up again has only its records. In the end there is one completion, with the code of
//! what really happened.

use std::time::Duration;

use cwmpd::cwmp::{Action, FileType, Installed};
use cwmpd::soap::{Download, Message};

use crate::files::{download, schedule, upload};
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// More steps than a life has, the cut included.
const MAX_STEPS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    Program,
    Power,
}

/// What the box is, whatever becomes of the program.
#[derive(Default)]
struct Truth {
    /// The new firmware runs, or the new configuration is in force.
    is_new: bool,
    /// How often the program that flashes was started.
    flashes: u32,
}

struct Life {
    world: World,
    truth: Truth,
    cuts: Vec<(usize, Cut)>,
    step: usize,
    /// The codes of the completions that the ACS has answered.
    told: Vec<u32>,
}

impl Life {
    /// A step is done. Whether it was the last before a cut.
    fn cut(&mut self) -> bool {
        self.step += 1;
        let cut = self.cuts.iter().find(|(at, _)| *at == self.step);
        match cut.map(|(_, cut)| *cut) {
            None => return false,
            Some(Cut::Program) => self.world.program_restart(),
            Some(Cut::Power) => self.world.power_cut(10 * SECOND),
        }
        true
    }

    /// The agent does what it is told; nothing that is still to be done when the cut comes.
    fn work(&mut self) {
        let actions = self.world.proceed();
        if actions.is_empty() || self.cut() {
            return;
        }
        for action in actions {
            match action {
                Action::Move(order) => self.moved(order.number),
                Action::Install(order) if order.file_type == FileType::Firmware => {
                    self.truth.flashes += 1;
                    self.installed(order.number, Ok(Installed::GoingDown));
                    if self.cut() {
                        return;
                    }
                    self.truth.is_new = true;
                    self.world.power_cut(60 * SECOND);
                }
                Action::Install(order) => {
                    let is_tried = matches!(order.file_type, FileType::VendorConfiguration(_));
                    self.truth.is_new = true;
                    if self.cut() {
                        return;
                    }
                    self.installed(
                        order.number,
                        Ok(match is_tried {
                            true => Installed::OnTrial(600 * SECOND),
                            false => Installed::Done,
                        }),
                    );
                }
                Action::Judge(order) => {
                    let is_firmware = order.file_type == FileType::Firmware;
                    // A configuration is rolled back.
                    self.truth.is_new &= is_firmware;
                    let outcome = match self.truth.is_new {
                        true => Ok(Installed::Done),
                        false => Err(9010),
                    };
                    self.installed(order.number, outcome);
                }
                _ => continue,
            }
            if self.cut() {
                return;
            }
        }
    }

    fn moved(&mut self, number: u32) {
        let done = Ok(cwmpd::cwmp::Moved { bytes: 1 });
        let (model, now) = (&mut self.world.model, self.world.now);
        self.world.engine.moved(number, done, model, now);
    }

    fn installed(&mut self, number: u32, outcome: Result<Installed, u32>) {
        let outcome = outcome.map_err(|code| cwmpd::soap::TransferFault {
            code,
            string: String::new(),
        });
        let (model, now) = (&mut self.world.model, self.world.now);
        self.world.engine.installed(number, outcome, model, now);
    }

    /// The session that is due, with this call at its end.
    fn session(&mut self, call: Option<&Message>) {
        let mut talk = self.world.open();
        talk.accept();
        self.step += 1;
        let is_cut = |step: usize, cuts: &[(usize, Cut)]| cuts.iter().any(|(at, _)| *at == step);
        let mut broken = is_cut(self.step, &self.cuts);
        while !broken && !talk.post.body.is_empty() {
            let complete = talk.hears(Message::TransferCompleteResponse);
            self.told.push(complete.fault.code);
            self.step += 1;
            broken = is_cut(self.step, &self.cuts);
        }
        if let (Some(call), false) = (call, broken) {
            assert!(talk.call(call.clone()).name().ends_with("Response"));
            self.step += 1;
            broken = is_cut(self.step, &self.cuts);
        }
        if !broken {
            talk.end();
            return;
        }
        self.step -= 1;
        self.cut();
    }

    /// From the call to the day on which nothing is left to be done.
    fn run(call: &Message, cuts: &[(usize, Cut)]) -> Self {
        let mut world = World::known();
        world.engine.connection_request(world.now);
        let mut life = Self {
            world,
            truth: Truth::default(),
            cuts: cuts.to_vec(),
            step: 0,
            told: Vec::new(),
        };
        life.session(Some(call));
        for _ in 0..MAX_STEPS {
            life.work();
            if !life.world.todo.is_empty() {
                continue;
            }
            if life.world.poll() {
                life.session(None);
                continue;
            }
            if !life.world.todo.is_empty() {
                continue;
            }
            let Some(next) = life.world.engine.next_wakeup() else {
                return life;
            };
            let wait = next.saturating_sub(life.world.now.uptime);
            assert!(wait < 2 * HOUR, "a wait of {wait:?}");
            life.world.pass(wait);
        }
        panic!(
            "the transfer never ends: {:?}",
            life.world.engine.transfers(life.world.now)
        );
    }
}

/// Each life with one cut, and with two.
#[track_caller]
fn every_cut(call: &Message, check: impl Fn(&Life)) {
    let steps = Life::run(call, &[]).step;
    assert!((4..MAX_STEPS).contains(&steps), "{steps}");
    // Before the second step the ACS has not called.
    for first in 2..=steps {
        for cut in [Cut::Program, Cut::Power] {
            for second in [None, Some(first + 1), Some(first + 3)] {
                let cuts = [Some(first), second].into_iter().flatten();
                let cuts: Vec<_> = cuts.map(|at| (at, cut)).collect();
                let life = Life::run(call, &cuts);
                assert_eq!(life.told.len(), 1, "{cuts:?}: {:?}", life.told);
                assert_eq!(life.world.engine.transfers(life.world.now), [], "{cuts:?}");
                assert_eq!(life.world.model.record("cwmp.transfer.0"), None);
                check(&life);
            }
        }
    }
}

#[test]
fn t09_firmware_is_flashed_at_most_once_and_its_completion_says_what_runs() {
    every_cut(&Message::Download(download("key")), |life| {
        let code = if life.truth.is_new { 0 } else { 9010 };
        assert_eq!(life.told, [code], "{:?}", life.cuts);
        assert!(life.truth.flashes <= 1, "{:?}", life.cuts);
    });
}

#[test]
fn t09_a_configuration_is_in_force_or_told_as_failed() {
    let call = Message::Download(Download {
        file_type: "3 Vendor Configuration File".to_owned(),
        ..download("key")
    });
    every_cut(&call, |life| {
        let code = if life.truth.is_new { 0 } else { 9010 };
        assert_eq!(life.told, [code], "{:?}", life.cuts);
    });
}

#[test]
fn t09_a_scheduled_download_is_done_whatever_comes_between() {
    let windows = [(10, 5000, "2 Immediately", 0)];
    let call = Message::ScheduleDownload(schedule("key", &windows));
    every_cut(&call, |life| assert_eq!(life.told, [0], "{:?}", life.cuts));
}

#[test]
fn t09_an_upload_with_a_delay_is_done_whatever_comes_between() {
    let mut call = upload("key");
    call.delay_seconds = 10;
    every_cut(&Message::Upload(call), |life| {
        assert_eq!(life.told, [0], "{:?}", life.cuts)
    });
}
