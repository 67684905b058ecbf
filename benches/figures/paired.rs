//! Times two ways to do one thing in turns.

use std::time::{Duration, Instant};

/// How many rounds each side runs; their median is returned.
const ROUNDS: usize = 41;
/// How long one round of one side takes at least.
const ROUND: Duration = Duration::from_millis(20);

/// The median time of one call of each side. The sides take turns, so the machine's load affects both alike.
pub(crate) fn medians<const SIDES: usize>(thorough: bool, mut sides: [&mut dyn FnMut(); SIDES]) -> [Duration; SIDES] {
    let rounds = if thorough { ROUNDS } else { 1 };
    let calls = sides.each_mut().map(|side| if thorough { calls_per_round(*side) } else { 1 });
    let mut times: [Vec<Duration>; SIDES] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (side, (calls, times)) in sides.iter_mut().zip(calls.iter().zip(&mut times)) {
            let started = Instant::now();
            (0..*calls).for_each(|_| side());
            times.push(started.elapsed() / *calls);
        }
    }
    times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    })
}

fn calls_per_round(side: &mut dyn FnMut()) -> u32 {
    let (started, mut calls) = (Instant::now(), 0);
    while started.elapsed() < ROUND {
        side();
        calls += 1;
    }
    calls.max(1)
}

/// The first time divided by the second.
pub(crate) fn ratio(ours: Duration, base: Duration) -> f64 {
    ours.as_secs_f64() / base.as_secs_f64()
}
