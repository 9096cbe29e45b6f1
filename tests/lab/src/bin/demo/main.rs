//! Plays the agent's main job on loopback and tells it live: a box with a Z-Wave home, two ACSs.
//!
//! `demo [--stay] PROGRAM`: see `tests/demo.sh`.

mod behind_a_nat;
mod narrator;
mod power_cut;
mod scenes;
mod transfers;
mod world;

use std::io::stdin;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::{Duration, Instant};

use cwmpd_lab::home::Home;

use narrator::{MESSAGES, VALUES, aside, complaint};
use world::World;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let stay = take(&mut arguments, "--stay");
    let [program] = arguments.as_slice() else {
        complaint("usage: demo [--stay] PROGRAM");
        return ExitCode::FAILURE;
    };
    // A surprise is told by `complaint`, in the narrator's words.
    panic::set_hook(Box::new(|_| {}));
    let home = Home::new(program);
    match catch_unwind(AssertUnwindSafe(|| tell(program, &home, stay))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(surprise) => {
            let text = surprise.downcast_ref::<String>().map(String::as_str);
            let text = text.or(surprise.downcast_ref::<&str>().copied());
            complaint(&format!(
                "demo: a surprise: {}",
                text.unwrap_or("of an unknown kind")
            ));
            ExitCode::FAILURE
        }
    }
}

/// The whole story; a surprise panics.
fn tell(program: &str, home: &Home, stay: bool) {
    let start = Instant::now();
    let world = World::new(program, home);
    let scenes = scenes::play(&world);
    if stay {
        linger(&world);
    }
    world.end();
    println!(
        "\ndemo: all {scenes} scenes went as expected: {} messages, {} values, {:.1} s",
        MESSAGES.load(Ordering::Relaxed),
        VALUES.load(Ordering::Relaxed),
        start.elapsed().as_secs_f32()
    );
}

fn take(arguments: &mut Vec<String>, option: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != option);
    arguments.len() < before
}

/// Keeps everything up, and answers the box, until Enter is pressed.
fn linger(world: &World) {
    world.explain();
    let (sender, enter) = channel();
    std::thread::spawn(move || {
        let _ = stdin().read_line(&mut String::new());
        let _ = sender.send(());
    });
    while enter.try_recv() == Err(TryRecvError::Empty) {
        let tick = Duration::from_millis(200);
        world.acs_b.session_within(tick, |s| {
            s.inform();
            s.end();
        });
    }
    aside("that was all");
}
