//! `IP.Diagnostics.TraceRoute.`

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::icmp::Answer;
use super::probe::Prober;
use super::source::Hop;
use super::task::{DiagnosticOutcome, DiagnosticTask, MAX_TIME, failure};

/// Asks the routers on the way, nearest first, until the host itself answers.
pub(super) fn run(
    task: &DiagnosticTask,
    mut prober: Prober,
    is_cancelled: &dyn Fn() -> bool,
) -> DiagnosticOutcome {
    let target = prober.target();
    let start = Instant::now();
    let mut hops = Vec::new();
    let mut end = None;
    for number in 1..=task.max_hops {
        if let Err(error) = prober.set_hops(number) {
            return failure(&error);
        }
        let mut hop = Hop::default();
        let mut times = Vec::new();
        for _ in 0..task.tries {
            if is_cancelled() || start.elapsed() >= MAX_TIME {
                let why = format!("not done after {} s", MAX_TIME.as_secs());
                return told(target, "Error_Other", why, hops, 0);
            }
            let answered = match prober.probe(task.size, task.timeout, is_cancelled) {
                Ok(answered) => answered,
                Err(error) => return failure(&error),
            };
            let Some(answered) = answered else {
                times.push(0);
                continue;
            };
            times.push(millis(answered.time));
            hop.host = answered.from.to_string();
            match answered.answer {
                Answer::Exceeded => {}
                Answer::Reply => end = Some(("Complete", String::new(), millis(answered.time))),
                Answer::Unreachable(code) => {
                    hop.error = code;
                    let why = format!("{} knows no way on", answered.from);
                    end = end.or(Some(("Error_NoRouteToHost", why, 0)));
                }
            }
        }
        let times = times.iter().map(ToString::to_string);
        hop.times = times.collect::<Vec<_>>().join(",");
        hops.push(hop);
        if let Some((word, why, time)) = end {
            return told(target, word, why, hops, time);
        }
    }
    let why = format!("{target} is further away");
    told(target, "Error_MaxHopCountExceeded", why, hops, 0)
}

fn told(
    target: IpAddr,
    word: &'static str,
    why: String,
    hops: Vec<Hop>,
    time: u64,
) -> DiagnosticOutcome {
    let mut outcome = DiagnosticOutcome::new(word, why);
    outcome.tell("address", target);
    outcome.tell("time", time);
    outcome.hops = hops;
    outcome
}

/// Rounded, but not to the 0 that means nothing came.
fn millis(time: Duration) -> u64 {
    let rounded = (time.as_micros() + 500) / 1000;
    u64::try_from(rounded).unwrap_or(u64::MAX).max(1)
}
