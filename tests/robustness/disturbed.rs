//! Answers that are cut, nonsense, late or never there.

use std::collections::BTreeSet;
use std::time::Duration;

use tap_audit_checks::report::Status;

use crate::harness;
use crate::sweep::{self, Recorded};

/// Whether an audit waited for longer than its deadline, by nearly as much again: a call waited out its own after another.
fn waited_in_line(waited: Duration, deadline: Duration) -> bool {
    waited > deadline.mul_f64(1.9)
}

/// The sweep for one fault, every operation once.
fn every_operation(fault: &str, threads: usize) {
    for recorded in Recorded::all_conforming() {
        every_operation_of(recorded, fault, threads);
    }
}

fn every_operation_of(recorded: &Recorded, fault: &str, threads: usize) {
    let faults = sweep::in_parallel(&recorded.operations, threads, |operation| {
        let deadline = recorded.deadline();
        let disturbed = recorded.under(&[format!("{operation}={fault}")], deadline);
        let mut faults = sweep::faults_of(recorded, operation, &disturbed.report, false);
        faults.extend(sweep::changed_without_cause(recorded, operation, &disturbed.report));
        if waited_in_line(disturbed.waited, deadline) {
            faults.push(format!("{operation}: waited {:?} of {deadline:?}", disturbed.waited));
        }
        faults
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{fault}: {} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_cut_answer_gives_no_verdict() {
    every_operation("truncated", 2);
}

#[test]
fn a_nonsense_answer_gives_no_verdict() {
    every_operation("garbage", 2);
}

#[test]
fn a_call_that_hangs_is_an_error_and_the_audit_ends_with_its_deadline() {
    every_operation("hang", 6);
}

#[test]
fn a_service_that_fails_resets_or_throttles_for_ever_gives_no_verdict() {
    Recorded::all_conforming().for_each(every_service_of);
}

fn every_service_of(recorded: &Recorded) {
    let services: BTreeSet<&str> = recorded.operations.iter().filter_map(|name| name.split(':').next()).collect();
    let mut jobs = Vec::new();
    for service in services {
        jobs.extend(["server-error", "reset", "throttled"].map(|fault| (service, fault)));
    }
    let faults = sweep::in_parallel(&jobs, 4, |(service, fault)| {
        let deadline = recorded.deadline();
        let disturbed = recorded.under(&[format!("{service}:*={fault}")], deadline);
        let mut faults = Vec::new();
        for finding in &disturbed.report.findings {
            let cites = sweep::cited(&disturbed.report, finding);
            let only = !cites.is_empty() && cites.iter().all(|name| name.split(':').next() == Some(*service));
            let verdict = matches!(finding.outcome.status(), Status::Pass | Status::Fail);
            if finding.outcome.status() == Status::Fail || (only && verdict) {
                faults.push(format!("{service} {fault}: {}", harness::describe(finding)));
            }
        }
        if waited_in_line(disturbed.waited, deadline) {
            faults.push(format!("{service} {fault}: waited {:?} of {deadline:?}", disturbed.waited));
        }
        faults
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn throttling_that_ends_changes_no_finding_and_shows_in_the_ledger() {
    for recorded in Recorded::all_conforming() {
        for fault in ["throttled", "server-error"] {
            let report = recorded.under(&[format!("*={fault},times=2")], Duration::from_secs(20)).report;
            assert_eq!(harness::statuses(&report), harness::statuses(&recorded.clean), "{fault}");
            for call in &report.calls {
                assert_eq!(call.attempts, 3, "{fault}: {}", call.id);
            }
        }
    }
}
