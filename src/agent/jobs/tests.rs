use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
const NOW: Duration = Duration::from_secs(100);

fn jobs() -> Jobs<String> {
    Jobs::new(Conditions::default()).unwrap()
}

fn job(kind: JobKind, work: impl FnOnce(&Reporter<String>) + Send + 'static) -> Job<String> {
    Job::new(kind, PATIENCE, |lost| format!("lost: {lost}"), work)
}

/// A job that says `before`, waits for the other end, and says `after`.
fn waiting(kind: JobKind, before: &'static str, after: &'static str) -> (Job<String>, Sender<()>) {
    let (go, told) = channel::<()>();
    let job = job(kind, move |reporter| {
        reporter.say(before.to_owned());
        let _ = told.recv();
        reporter.say(after.to_owned());
    });
    (job, go)
}

fn work(jobs: &mut Jobs<String>, now: Duration) -> Vec<String> {
    jobs.work(now).into_iter().map(|(_, said)| said).collect()
}

/// What comes within a moment, as soon as there are so many.
fn reports(jobs: &mut Jobs<String>, count: usize, now: Duration) -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(10);
    let mut all = Vec::new();
    while all.len() < count && Instant::now() < end {
        all.extend(work(jobs, now));
        thread::sleep(Duration::from_millis(1));
    }
    all
}

/// Waits until every thread is over.
fn settle(jobs: &mut Jobs<String>, now: Duration) -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(10);
    let mut all = Vec::new();
    while !(jobs.running.is_empty() && jobs.given_up.is_empty()) && Instant::now() < end {
        all.extend(work(jobs, now));
        thread::sleep(Duration::from_millis(1));
    }
    all
}

#[test]
fn a_job_that_has_reported_is_not_awaited_though_it_is_about_to_end() {
    let mut jobs = jobs();
    let (job, go) = waiting(JobKind::LuupFetch, "done", "over");
    jobs.start(job, NOW);
    assert!(jobs.is_awaited(JobKind::LuupFetch) && !jobs.is_awaited(JobKind::LuupWrite));
    assert_eq!(reports(&mut jobs, 1, NOW), ["done"]);
    assert!(!jobs.is_awaited(JobKind::LuupFetch));
    assert!(jobs.is_underway(JobKind::LuupFetch));
    drop(go);
    assert_eq!(settle(&mut jobs, NOW), ["over"]);
}

#[test]
fn a_job_reports_and_is_gone() {
    let mut jobs = jobs();
    jobs.start(job(JobKind::Command, |r| r.say("done".to_owned())), NOW);
    assert!(jobs.is_underway(JobKind::Command));
    assert_eq!(settle(&mut jobs, NOW), ["done"]);
    assert!(!jobs.is_underway(JobKind::Command));
    assert_eq!(jobs.deadline(), None);
}

#[test]
fn f01_a_job_that_panics_is_reported_with_its_words() {
    let mut jobs = jobs();
    jobs.start(job(JobKind::LuupFetch, |_| panic!("of {}", "this")), NOW);
    assert_eq!(reports(&mut jobs, 1, NOW), ["lost: it broke down: of this"]);
    // Also after it said something, and while nothing is expected of it.
    jobs.start(
        job(JobKind::Session, |r| {
            r.say("hello".to_owned());
            panic!("later");
        }),
        NOW,
    );
    let expected = ["hello", "lost: it broke down: later"];
    assert_eq!(reports(&mut jobs, 2, NOW), expected);
    assert!(jobs.running.is_empty());
}

#[test]
fn f01_a_job_that_says_nothing_is_reported() {
    let mut jobs = jobs();
    jobs.start(job(JobKind::LuupWrite, |_| {}), NOW);
    let expected = ["lost: it ended without a word"];
    assert_eq!(reports(&mut jobs, 1, NOW), expected);
}

#[test]
fn f01_a_job_that_hangs_is_given_up_at_its_deadline_and_ignored_later() {
    let mut jobs = jobs();
    let (go, told) = channel::<()>();
    let hanging = job(JobKind::LuupFetch, move |reporter| {
        let _ = told.recv();
        assert!(reporter.is_cancelled());
        reporter.say("late".to_owned());
    });
    jobs.start(hanging, NOW);
    assert_eq!(jobs.deadline(), Some(NOW + PATIENCE));
    let before = NOW + PATIENCE - Duration::from_millis(1);
    assert_eq!(work(&mut jobs, before), [""; 0]);
    let given_up = "lost: it was not done after 10 s and was given up";
    assert_eq!(work(&mut jobs, NOW + PATIENCE), [given_up]);
    assert_eq!(jobs.deadline(), None);
    assert!(!jobs.is_underway(JobKind::LuupFetch));
    assert_eq!(jobs.given_up.len(), 1);
    go.send(()).unwrap();
    assert_eq!(settle(&mut jobs, NOW + PATIENCE), [""; 0]);
    assert!(jobs.given_up.is_empty(), "it came back after all");
}

#[test]
fn a_deadline_counts_anew_for_each_report_that_is_expected() {
    let mut jobs = jobs();
    let (job, go) = waiting(JobKind::Session, "one", "two");
    let id = jobs.start(job, NOW);
    assert_eq!(reports(&mut jobs, 1, NOW), ["one"]);
    assert_eq!(jobs.deadline(), None, "nothing is expected");
    let later = NOW + 5 * PATIENCE;
    jobs.expect(id, later);
    assert_eq!(jobs.deadline(), Some(later + PATIENCE));
    go.send(()).unwrap();
    assert_eq!(settle(&mut jobs, later), ["two"]);
}

#[test]
fn jobs_that_exclude_each_other_run_in_the_order_they_were_asked_for() {
    let mut jobs = jobs();
    let (fetch, fetched) = waiting(JobKind::LuupFetch, "fetch", "fetched");
    jobs.start(fetch, NOW);
    jobs.start(job(JobKind::LuupFetch, |r| r.say("again".to_owned())), NOW);
    jobs.start(job(JobKind::LuupFetch, |r| r.say("last".to_owned())), NOW);
    // Others do not wait for them: a write least of all, since a fetch may hang.
    jobs.start(job(JobKind::LuupWrite, |r| r.say("write".to_owned())), NOW);
    let mut first = reports(&mut jobs, 2, NOW);
    first.sort();
    assert_eq!(first, ["fetch", "write"]);
    assert!(jobs.is_underway(JobKind::LuupFetch));
    fetched.send(()).unwrap();
    assert_eq!(settle(&mut jobs, NOW), ["fetched", "again", "last"]);
}

#[test]
fn f01_a_hanging_job_does_not_hold_up_those_behind_it_for_good() {
    let mut jobs = jobs();
    let (hanging, _go) = waiting(JobKind::LuupFetch, "begun", "never");
    let id = jobs.start(hanging, NOW);
    assert_eq!(reports(&mut jobs, 1, NOW), ["begun"]);
    jobs.expect(id, NOW);
    jobs.start(job(JobKind::LuupFetch, |r| r.say("fetch".to_owned())), NOW);
    assert_eq!(jobs.work(NOW + PATIENCE).len(), 1);
    assert_eq!(reports(&mut jobs, 1, NOW + PATIENCE), ["fetch"]);
}

#[test]
fn t32_a_job_that_gets_on_has_its_patience_again_and_none_once_it_does_not() {
    let mut jobs = jobs();
    let (mut moving, _go) = waiting(JobKind::Transfer, "begun", "never");
    let (step, steps) = channel::<()>();
    moving.pulse = Some(Box::new(move || steps.try_recv().is_ok()));
    let id = jobs.start(moving, NOW);
    assert_eq!(reports(&mut jobs, 1, NOW), ["begun"]);
    jobs.expect(id, NOW);
    for times in 1..4 {
        step.send(()).unwrap();
        assert_eq!(work(&mut jobs, NOW + times * PATIENCE), [""; 0]);
        let next = NOW + (times + 1) * PATIENCE;
        assert_eq!(jobs.deadline(), Some(next));
    }
    let given_up = "lost: it was not done after 10 s and was given up";
    assert_eq!(work(&mut jobs, NOW + 4 * PATIENCE), [given_up]);
    assert_eq!(jobs.given_up.len(), 1);
}

#[test]
fn t33_a_file_moves_beside_a_session_and_commands_and_one_at_a_time() {
    let mut jobs = jobs();
    let mut ends = Vec::new();
    for (kind, said) in [
        (JobKind::Session, "session"),
        (JobKind::Command, "command"),
        (JobKind::Transfer, "transfer"),
        (JobKind::Transfer, "next transfer"),
    ] {
        let (job, go) = waiting(kind, said, "");
        jobs.start(job, NOW);
        ends.push(go);
    }
    let mut begun = reports(&mut jobs, 3, NOW);
    begun.sort();
    assert_eq!(begun, ["command", "session", "transfer"]);
    assert_eq!(jobs.waiting.len(), 1);
    drop(ends);
    assert!(settle(&mut jobs, NOW).contains(&"next transfer".to_owned()));
}

#[test]
fn a_cancelled_job_knows_it_and_reports_nothing() {
    let mut jobs = jobs();
    let (go, told) = channel::<()>();
    let (tell, knows): (Sender<bool>, Receiver<bool>) = channel();
    let first = job(JobKind::Command, move |reporter| {
        let _ = told.recv();
        tell.send(reporter.is_cancelled()).unwrap();
        reporter.say("too late".to_owned());
    });
    let first = jobs.start(first, NOW);
    let second = jobs.start(job(JobKind::Command, |r| r.say("second".to_owned())), NOW);
    jobs.start(job(JobKind::Command, |r| r.say("third".to_owned())), NOW);
    jobs.cancel(second, NOW);
    jobs.cancel(first, NOW);
    assert_eq!(jobs.deadline(), None, "nobody waits for it");
    go.send(()).unwrap();
    assert_eq!(settle(&mut jobs, NOW), ["third"]);
    assert!(knows.recv().unwrap());
}

#[test]
fn f01_threads_that_never_come_back_are_counted_and_the_bound_is_told() {
    let mut jobs = jobs();
    let mut ends = Vec::new();
    for count in 0..=MAX_GIVEN_UP {
        assert!(!jobs.is_stuck(), "{count}");
        let (hanging, go) = waiting(JobKind::Session, "begun", "never");
        ends.push(go);
        let id = jobs.start(hanging, NOW);
        assert_eq!(reports(&mut jobs, 1, NOW), ["begun"]);
        // A cancelled one counts too, though nobody wakes for it.
        match count % 2 {
            0 => jobs.cancel(id, NOW),
            _ => jobs.expect(id, NOW),
        }
        jobs.work(NOW + PATIENCE);
    }
    assert!(jobs.is_stuck());
    drop(ends);
    settle(&mut jobs, NOW);
    assert!(!jobs.is_stuck());
}

#[test]
fn conditions_of_a_test_come_before_the_job() {
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&kinds);
    let conditions = Conditions {
        before: Arc::new(move |kind| {
            seen.lock().unwrap().push(kind);
            assert!(kind != "command", "as told");
        }),
        patience: Some(Duration::from_secs(1)),
    };
    let mut jobs = Jobs::new(conditions).unwrap();
    jobs.start(job(JobKind::Command, |r| r.say("no".to_owned())), NOW);
    assert_eq!(jobs.deadline(), Some(NOW + Duration::from_secs(1)));
    assert_eq!(settle(&mut jobs, NOW), ["lost: it broke down: as told"]);
    assert_eq!(*kinds.lock().unwrap(), ["command"]);
}
