//! `IP.Diagnostics.IPPing.`

use std::thread;
use std::time::{Duration, Instant};

use super::icmp::Answer;
use super::probe::Prober;
use super::task::{DiagnosticOutcome, DiagnosticTask, MAX_TIME, failure};

/// From one request to the next, unless it takes longer: a diagnostic is no flood.
const INTERVAL: Duration = Duration::from_millis(100);

/// Sends as many requests as are wanted, one after the other.
pub(super) fn run(
    task: &DiagnosticTask,
    mut prober: Prober,
    is_cancelled: &dyn Fn() -> bool,
) -> DiagnosticOutcome {
    let target = prober.target();
    let start = Instant::now();
    let mut times: Vec<Duration> = Vec::new();
    let (mut failed, mut no_way) = (0_u32, false);
    for nth in 0..task.tries {
        if is_cancelled() || start.elapsed() >= MAX_TIME {
            break;
        }
        if nth > 0 {
            thread::sleep(INTERVAL);
        }
        match prober.probe(task.size, task.timeout, is_cancelled) {
            Ok(Some(answered)) if answered.answer == Answer::Reply => times.push(answered.time),
            Ok(Some(_)) => (failed, no_way) = (failed + 1, true),
            Ok(None) => failed += 1,
            Err(error) if times.is_empty() && failed == 0 => return failure(&error),
            Err(_) => failed += 1,
        }
    }
    let micros = |time: Duration| time.as_micros();
    let sum: u128 = times.iter().copied().map(micros).sum();
    let average = sum.checked_div(times.len() as u128).unwrap_or_default();
    let least = times.iter().min().copied().map_or(0, micros);
    let most = times.iter().max().copied().map_or(0, micros);
    let is_whole = times.len() as u64 + u64::from(failed) == u64::from(task.tries);
    let (word, why) = match (times.is_empty(), is_whole) {
        (true, _) if no_way => (
            "Error_NoRouteToHost",
            format!("no request reached {target}"),
        ),
        (_, false) => (
            "Error_Other",
            format!("not done after {} s", MAX_TIME.as_secs()),
        ),
        _ => ("Complete", String::new()),
    };
    let mut outcome = DiagnosticOutcome::new(word, why);
    outcome.tell("address", target);
    outcome.tell("success", times.len());
    outcome.tell("failure", failed);
    for (name, micros) in [("average", average), ("minimum", least), ("maximum", most)] {
        outcome.tell(name, (micros + 500) / 1000);
        outcome.tell(&[name, "_us"].concat(), micros);
    }
    outcome
}
