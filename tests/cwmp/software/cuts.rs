//! A cut after each step of a ChangeDUState, of the program or of the power: in the end there is
//! exactly one completion, and nothing was done twice.

use cwmpd::cwmp::{Action, DuOutcome};

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    Program,
    Power,
}

/// A box, its ACS, and the step at which it is cut off.
struct Life {
    world: World,
    cut: Cut,
    at: usize,
    step: usize,
    /// Operations that the box carried out.
    done: Vec<u32>,
    /// Codes and CommandKeys of completions that the ACS answered.
    completions: Vec<(Vec<u32>, String)>,
}

impl Life {
    fn is_cut(&mut self) -> bool {
        self.step += 1;
        let is_cut = self.step == self.at;
        if is_cut {
            match self.cut {
                Cut::Program => self.world.program_restart(),
                Cut::Power => self.world.power_cut(HOUR),
            }
        }
        is_cut
    }

    /// The session that is due, until it ends or is cut off.
    fn session(&mut self, requests: &[Message]) {
        let mut talk = self.world.open();
        talk.accept();
        while !talk.post.body.is_empty() {
            let Message::DUStateChangeComplete {
                results,
                command_key,
            } = asks(&talk).body
            else {
                panic!("{}", talk.post.body);
            };
            answers(&mut talk, Message::DUStateChangeCompleteResponse);
            self.completions.push((codes(&results), command_key));
        }
        for request in requests {
            talk.call(request.clone());
        }
        if self.is_cut() {
            return;
        }
        // What the session was at is gone; this one ends.
        if self.world.engine.in_session() {
            let reply = cwmpd::cwmp::Input::Reply {
                status: 204,
                body: String::new(),
            };
            self.world.step(reply);
        }
        self.is_cut();
    }

    /// What the box is told to do, until it is done or cut off.
    fn carry_out(&mut self, action: Action) {
        let (change, operation, outcome) = match action {
            Action::ChangeUnit {
                change, operation, ..
            } => {
                if self.is_cut() {
                    return;
                }
                self.done.push(operation);
                (change, operation, true)
            }
            Action::JudgeUnit {
                change, operation, ..
            } => (change, operation, self.done.contains(&operation)),
            other => panic!("{other:?}"),
        };
        if self.is_cut() {
            return;
        }
        let result = match operation {
            1 => failure(9028),
            _ => result("1"),
        };
        let outcome = match outcome {
            true => DuOutcome::Ended(vec![result]),
            false => DuOutcome::NotDone,
        };
        report(&mut self.world, change, operation, outcome);
        self.is_cut();
    }
}

/// Whether the life was long enough for that cut.
fn lives(cut: Cut, at: usize) -> bool {
    let mut life = Life {
        world: World::known(),
        cut,
        at,
        step: 0,
        done: Vec::new(),
        completions: Vec::new(),
    };
    let operations = [
        install("http://h/a.ipk"),
        update(Some(UUID), None),
        uninstall(UUID),
    ];
    life.world.engine.connection_request(life.world.now);
    life.session(&[change(&operations, "key")]);
    for _ in 0..40 {
        let mut todo = life.world.proceed();
        match todo.pop() {
            Some(action) => life.carry_out(action),
            None if life.world.poll() => life.session(&[]),
            None => {
                let next = life.world.engine.next_wakeup();
                let wait = next.map_or(HOUR, |at| at - life.world.now.uptime);
                life.world.pass(wait.min(HOUR));
            }
        }
    }
    let context = format!("{cut:?} at step {at}");
    assert_eq!(life.done, [0, 1, 2], "{context}");
    let told = (vec![0, 9028, 0], "key".to_owned());
    assert_eq!(life.completions, [told], "{context}");
    assert_eq!(life.world.wait(100 * HOUR), None, "{context}");
    life.step >= at
}

#[test]
fn t43_whenever_it_is_cut_off_there_is_one_completion_and_nothing_is_done_twice() {
    for cut in [Cut::Program, Cut::Power] {
        let steps = (1..).take_while(|at| lives(cut, *at)).count();
        assert!(steps >= 12, "{steps} steps");
    }
}
