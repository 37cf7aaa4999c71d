//! How often is asked, how much at once, and how long it takes beside the round trips that cannot be saved.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tap_audit::replay::Replay;

use crate::harness;
use crate::sweep::{self, Recorded};

fn timed(recorded: &Recorded, latency: Duration) -> (Replay, Duration) {
    let replay = Replay::new(recorded.account.clone()).with_latency(latency);
    let settings =
        tap_audit::audit::Audit { call_timeout: Duration::from_secs(20), ..harness::settings(&recorded.outputs) };
    let started = Instant::now();
    let report = sweep::judged(recorded.profile, &replay, &settings).expect("an audit that starts");
    let took = started.elapsed();
    assert_eq!(harness::statuses(&report), harness::statuses(&recorded.clean));
    let mut asked: BTreeMap<&str, u32> = BTreeMap::new();
    for call in &report.calls {
        *asked.entry(&call.id).or_insert(0) += call.attempts;
    }
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
    assert_eq!(replay.counts().values().sum::<u64>(), asked.len() as u64, "more requests than the ledger knows");
    (replay, took)
}

#[test]
fn no_question_is_asked_twice_and_many_at_once() {
    for recorded in Recorded::all_conforming() {
        let (replay, _) = timed(recorded, Duration::from_millis(40));
        // Each recorded exchange that was asked for answers one distinct request.
        let distinct = replay.account().len() - replay.unasked().len();
        assert_eq!(replay.counts().values().sum::<u64>(), distinct as u64);
        assert!(replay.max_in_flight() > 8, "{} at once", replay.max_in_flight());
    }
}

#[test]
fn an_audit_takes_little_longer_than_the_round_trips_that_wait_for_each_other() {
    Recorded::all_conforming().for_each(takes_little_longer);
}

fn takes_little_longer(recorded: &Recorded) {
    let (_, at_once) = timed(recorded, Duration::ZERO);
    // What the work itself takes is the same at both latencies, and falls out of the difference.
    let slow = Duration::from_millis(300);
    let ((_, slowly), (replay, more_slowly)) = (timed(recorded, slow), timed(recorded, 2 * slow));
    let depth = (more_slowly.saturating_sub(slowly).as_secs_f64() / slow.as_secs_f64()).round();
    let (_, took) = timed(recorded, Duration::from_millis(40));
    let calls = replay.counts().values().sum::<u64>();
    println!("{}: {calls} calls, depth {depth}, {at_once:?} without latency, {took:?} at 40 ms", recorded.profile);
    assert!((2.0..=7.0).contains(&depth), "depth {depth}");
    // Not the goal of a release build but what a debug build on a busy machine must keep: that nothing waits in line.
    let bound = depth * 0.040 * 1.15 + 0.015 + at_once.as_secs_f64() + 1.0;
    assert!(took.as_secs_f64() <= bound, "{took:?} for depth {depth}, at most {bound:.3} s");
}
