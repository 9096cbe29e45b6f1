use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A follower, its clock, and an engine that takes some time for each answer.
struct Rig {
    follower: Follower,
    now: Duration,
    asked: Vec<(Duration, FollowStep)>,
}

impl Rig {
    fn new() -> Self {
        Self {
            follower: Follower::default(),
            now: 1000 * SECOND,
            asked: Vec::new(),
        }
    }

    /// Waits for the next question, which is answered after `took`.
    fn hears(
        &mut self,
        took: Duration,
        mut answer: impl FnMut(FollowStep) -> FollowAnswer,
    ) -> FollowStep {
        let step = match self.follower.next(self.now) {
            FollowStep::Wait(until) => {
                assert!(until > self.now);
                self.now = until;
                self.follower.next(self.now)
            }
            step => step,
        };
        assert!(!matches!(step, FollowStep::Wait(_)));
        let asked = self.now;
        self.asked.push((asked, step));
        self.now += took;
        self.follower.heard(answer(step), asked, self.now);
        step
    }

    /// The same of one that is well.
    fn is_told(&mut self, took: Duration, of_poll: FollowAnswer) -> FollowStep {
        self.hears(took, |step| match step {
            FollowStep::Poll => of_poll,
            _ => FollowAnswer::Home(true),
        })
    }
}

#[test]
fn z40_after_the_home_only_changes_are_asked_for_and_at_once() {
    let mut rig = Rig::new();
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    for _ in 0..50 {
        assert_eq!(
            rig.is_told(60 * SECOND, FollowAnswer::Same),
            FollowStep::Poll
        );
    }
    let before = rig.now;
    for _ in 0..5 {
        let change = rig.is_told(Duration::ZERO, FollowAnswer::Changed);
        assert_eq!(change, FollowStep::Poll);
    }
    assert!(rig.now - before <= 5 * BREATH);
}

#[test]
fn z04_what_could_not_be_read_is_asked_for_again_though_nothing_changes() {
    let mut rig = Rig::new();
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    rig.follower.lacks(rig.now);
    assert_eq!(
        rig.is_told(59 * SECOND, FollowAnswer::Same),
        FollowStep::Poll
    );
    assert_eq!(
        rig.is_told(2 * SECOND, FollowAnswer::Same),
        FollowStep::Poll
    );
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    assert_eq!(
        rig.is_told(60 * SECOND, FollowAnswer::Same),
        FollowStep::Poll
    );
    assert_eq!(
        rig.is_told(60 * SECOND, FollowAnswer::Same),
        FollowStep::Poll
    );
}

#[test]
fn z78_an_engine_that_takes_long_to_say_less_than_all_is_asked_for_it_less_often() {
    let mut rig = Rig::new();
    for took in [SECOND, 10 * SECOND] {
        while rig.is_told(took, FollowAnswer::Same) != FollowStep::Read {}
        let read = rig.now;
        rig.follower.lacks(rig.now);
        while rig.is_told(SECOND, FollowAnswer::Same) != FollowStep::Read {}
        let pause = rig.now - read;
        let least = LACKING.max(took * SHARE);
        assert!((least..least + 5 * SECOND).contains(&pause), "{pause:?}");
        rig.follower.lacks(rig.now);
    }
}

#[test]
fn z38_while_there_are_warnings_the_home_is_read_again_sooner() {
    const MINUTE: Duration = Duration::from_secs(60);
    let mut rig = Rig::new();
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    for _ in 0..2 {
        // What changes meanwhile does not put that off.
        rig.follower.warned(rig.now);
        for _ in 0..14 {
            assert_eq!(rig.is_told(MINUTE, FollowAnswer::Changed), FollowStep::Poll);
            rig.follower.warned(rig.now);
        }
        rig.now += MINUTE;
        assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    }
    for _ in 0..60 {
        let step = rig.is_told(MINUTE, FollowAnswer::Same);
        assert_eq!(step, FollowStep::Poll, "there are none any more");
    }
}

#[test]
fn z45_an_engine_that_always_starts_anew_is_not_read_whole_all_the_time() {
    let mut rig = Rig::new();
    let before = rig.now;
    for _ in 0..100 {
        rig.hears(SECOND, |step| match step {
            FollowStep::Poll => FollowAnswer::Outdated,
            _ => FollowAnswer::Home(true),
        });
    }
    let reads = rig
        .asked
        .iter()
        .filter(|(_, step)| *step == FollowStep::Read);
    let share = (rig.now - before) / u32::try_from(reads.count()).unwrap();
    assert!(share >= 10 * SECOND, "a read each {share:?}");
}

#[test]
fn z40_an_engine_that_does_not_wait_is_asked_once_a_second() {
    for of_poll in [
        FollowAnswer::Same,
        FollowAnswer::Changed,
        FollowAnswer::Outdated,
    ] {
        let mut rig = Rig::new();
        let before = rig.now;
        for _ in 0..200 {
            rig.is_told(Duration::from_millis(3), of_poll);
        }
        let took = rig.now - before;
        let most = 220 * SECOND;
        assert!((85 * SECOND..most).contains(&took), "{of_poll:?}: {took:?}");
    }
}

#[test]
fn z40_an_engine_that_knows_no_versions_is_read_again_and_again_for_a_part_of_the_time() {
    let mut rig = Rig::new();
    for took in [Duration::from_millis(5), Duration::from_millis(200)] {
        rig.hears(took, |_| FollowAnswer::Home(false));
        let before = rig.now;
        let step = rig.hears(Duration::ZERO, |_| FollowAnswer::Home(false));
        assert_eq!(step, FollowStep::Read);
        assert_eq!(rig.now - before, (took * SHARE).max(PACE));
    }
}

#[test]
fn z65_a_home_that_is_read_too_slowly_once_is_no_question_for_changes() {
    let mut rig = Rig::new();
    rig.is_told(SECOND, FollowAnswer::Same);
    rig.now += REREAD;
    let read = rig.hears(10 * SECOND, |_| FollowAnswer::Failed(true));
    assert_eq!(read, FollowStep::Read);
    let failed = rig.now;
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    assert!(rig.now - failed >= PACE, "not at once");
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Poll);
}

#[test]
fn z73_somebody_at_work_on_the_home_costs_a_minute_of_prompt_news_and_no_more() {
    let mut rig = Rig::new();
    rig.is_told(SECOND, FollowAnswer::Same);
    // Three devices get another name, one after the other.
    for _ in 0..3 {
        rig.is_told(5 * SECOND, FollowAnswer::Outdated);
        rig.is_told(SECOND, FollowAnswer::Same);
    }
    let done = rig.now;
    while rig.is_told(SECOND, FollowAnswer::Same) != FollowStep::Poll {}
    assert!(rig.now - done < 90 * SECOND, "{:?}", rig.now - done);
}

#[test]
fn z44_z45_what_is_outdated_is_read_whole() {
    let mut rig = Rig::new();
    rig.is_told(SECOND, FollowAnswer::Same);
    assert_eq!(
        rig.is_told(SECOND, FollowAnswer::Outdated),
        FollowStep::Poll
    );
    let before = rig.now;
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    assert!(rig.now - before <= 2 * SECOND);
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Poll);
}

#[test]
fn z45_an_engine_that_reloads_is_asked_for_all_of_it_when_it_is_back() {
    let mut rig = Rig::new();
    rig.is_told(SECOND, FollowAnswer::Same);
    rig.hears(SECOND, |_| FollowAnswer::Failed(false));
    let before = rig.now;
    for _ in 0..4 {
        let step = rig.hears(Duration::ZERO, |_| FollowAnswer::Failed(false));
        assert_eq!(step, FollowStep::Read);
    }
    let took = rig.now - before;
    assert!((4 * SECOND..10 * SECOND).contains(&took), "{took:?}");
    for _ in 0..20 {
        rig.hears(Duration::ZERO, |_| FollowAnswer::Failed(true));
    }
    let before = rig.now;
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    assert!(rig.now - before <= 31 * SECOND);
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Poll);
}

#[test]
fn z46_an_engine_that_never_answers_a_question_for_changes_is_read_each_time() {
    let mut rig = Rig::new();
    let of_polls = |heard| {
        move |step| match step {
            FollowStep::Poll => heard,
            _ => FollowAnswer::Home(true),
        }
    };
    rig.hears(SECOND, of_polls(FollowAnswer::Failed(true)));
    assert_eq!(
        rig.hears(65 * SECOND, of_polls(FollowAnswer::Failed(true))),
        FollowStep::Poll
    );
    let before = rig.now;
    while rig.now < before + PLAIN - 2 * SECOND {
        let step = rig.hears(
            Duration::from_millis(20),
            of_polls(FollowAnswer::Failed(true)),
        );
        assert_eq!(step, FollowStep::Read);
    }
    let reads = rig.asked.len();
    assert!((500..700).contains(&reads), "{reads}");
    rig.hears(3 * SECOND, of_polls(FollowAnswer::Same));
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Poll);
    // The same of one that answers them with nonsense, some times.
    let mut rig = Rig::new();
    let mut polls = 0;
    for _ in 0..100 {
        let step = rig.hears(Duration::ZERO, of_polls(FollowAnswer::Failed(false)));
        polls += u32::from(step == FollowStep::Poll);
    }
    assert_eq!(polls, TRIES);
}

#[test]
fn z44_the_whole_home_is_read_now_and_then_however_quiet_it_is() {
    let mut rig = Rig::new();
    let before = rig.now;
    while rig.now - before < 2 * REREAD {
        rig.is_told(60 * SECOND, FollowAnswer::Same);
    }
    let reads = rig
        .asked
        .iter()
        .filter(|(_, step)| *step == FollowStep::Read);
    assert_eq!(reads.count(), 2);
}

#[test]
fn z46_who_hangs_up_while_it_waits_is_asked_with_less_patience_for_a_while() {
    let mut rig = Rig::new();
    let wish = 60 * SECOND;
    assert_eq!(rig.is_told(SECOND, FollowAnswer::Same), FollowStep::Read);
    assert_eq!(rig.follower.wait(wish), wish);
    let hung_up = rig.is_told(40 * SECOND, FollowAnswer::HungUp);
    assert_eq!(hung_up, FollowStep::Poll);
    for _ in 0..=SHORT_POLLS {
        assert_eq!(rig.follower.wait(wish), 30 * SECOND);
        assert_eq!(rig.follower.wait(SECOND), SECOND);
        // What is known stays.
        let step = rig.is_told(30 * SECOND, FollowAnswer::Same);
        assert_eq!(step, FollowStep::Poll);
    }
    assert_eq!(rig.follower.wait(wish), wish);
}

#[test]
fn z46_who_hears_nothing_of_the_engine_is_not_taken_for_impatient_again_and_again() {
    let wish = 60 * SECOND;
    assert!(lacked_patience(30 * SECOND, wish) && lacked_patience(61 * SECOND, wish));
    assert!(!lacked_patience(3 * SECOND, wish), "nobody waited");
    assert!(
        !lacked_patience(70 * SECOND, wish),
        "the engine had its time"
    );
    // He always holds on for as long as he may to be taken for impatient.
    let mut rig = Rig::new();
    rig.is_told(SECOND, FollowAnswer::Same);
    let mut times = 0;
    loop {
        let wait = rig.follower.wait(wish);
        let waited = wait + wait / 8;
        if !lacked_patience(waited, wait) {
            break;
        }
        rig.is_told(waited, FollowAnswer::HungUp);
        times += 1;
    }
    assert!(times <= 20, "{times}");
}

fn any_answer() -> impl Strategy<Value = (u64, FollowAnswer)> {
    let heard = prop_oneof![
        any::<bool>().prop_map(FollowAnswer::Home),
        Just(FollowAnswer::Changed),
        Just(FollowAnswer::Same),
        Just(FollowAnswer::Outdated),
        Just(FollowAnswer::HungUp),
        any::<bool>().prop_map(FollowAnswer::Failed),
    ];
    (prop_oneof![Just(0_u64), 0..50_u64, 0..100_000_u64], heard)
}

proptest! {
    #[test]
    fn z40_whatever_comes_it_is_neither_asked_without_end_nor_forgotten(
        answers in proptest::collection::vec(any_answer(), 1..200),
    ) {
        let mut rig = Rig::new();
        let mut is_known = false;
        for (took, heard) in answers {
            let before = rig.now;
            let took = Duration::from_millis(took);
            let mut real = heard;
            let step = rig.hears(took, |step| {
                // What a whole home is answered with, and what a question for changes.
                real = match (step, heard) {
                    (FollowStep::Read, FollowAnswer::Failed(_) | FollowAnswer::Home(_)) => heard,
                    (FollowStep::Read, _) => FollowAnswer::Home(true),
                    (_, FollowAnswer::Home(_)) => FollowAnswer::Same,
                    _ => heard,
                };
                real
            });
            prop_assert!(is_known || step == FollowStep::Read);
            is_known = match real {
                FollowAnswer::Home(_) => true,
                FollowAnswer::Outdated | FollowAnswer::Failed(_) => false,
                FollowAnswer::Changed | FollowAnswer::Same | FollowAnswer::HungUp => is_known,
            };
            let waited = rig.now - before - took;
            let longest = rig.asked.iter().map(|_| 100 * SECOND * SHARE).max();
            prop_assert!(Some(waited) <= longest.max(Some(30 * SECOND)));
        }
        // In ten seconds: the burst, one a second, and a read that each of them may ask for.
        for (first, _) in &rig.asked {
            let within = rig.asked.iter().filter(|(at, _)| *at >= *first && *at < *first + 10 * SECOND);
            prop_assert!(within.count() <= 2 * (BURST as usize + 11), "{:?}", rig.asked);
        }
    }
}
