//! Every operation denied, one at a time and all at once.

use std::time::Duration;

use tap_audit::replay::Replay;
use tap_audit_checks::report::{Conclusion, Status};
use tap_audit_checks::subject::Kind;

use crate::harness;
use crate::sweep::{self, Recorded};

const TIMEOUT: Duration = Duration::from_secs(5);

fn sweep_of(recorded: &Recorded) {
    let faults = sweep::in_parallel(&recorded.operations, 2, |operation| {
        let disturbed = recorded.under(&[format!("{operation}=denied")], TIMEOUT);
        let mut faults = sweep::faults_of(recorded, operation, &disturbed.report, true);
        let unrecorded = disturbed.replay.unrecorded();
        faults.extend(unrecorded.iter().map(|key| format!("{operation}: not recorded: {}", key.name())));
        let refused = disturbed.report.calls.iter().filter(|call| call.error.is_some()).count();
        if refused == 0 {
            faults.push(format!("{operation}: the ledger does not show that it was denied"));
        }
        faults.extend(sweep::changed_without_cause(recorded, operation, &disturbed.report));
        faults
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn no_verdict_rests_on_an_operation_that_was_denied() {
    Recorded::all_conforming().for_each(sweep_of);
}

#[test]
fn no_failure_of_the_demonstration_rests_on_an_operation_that_was_denied() {
    Recorded::demonstrations().for_each(|recorded| sweep_of(&recorded));
}

#[test]
fn with_everything_denied_only_the_outputs_file_itself_is_judged() {
    for recorded in Recorded::all_conforming() {
        let operations = recorded.operations.iter().map(String::as_str);
        let more = ["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency", "lambda:ListTags"];
        let more = more.into_iter().filter(|_| recorded.profile == "patient-data");
        let faults: Vec<String> = operations.chain(more).map(|operation| format!("{operation}=denied")).collect();
        let report = recorded.under(&faults, TIMEOUT).report;
        for finding in &report.findings {
            let own = finding.subject.kind == Kind::Outputs && sweep::cited(&report, finding).is_empty();
            let status = finding.outcome.status();
            let by_parameters = status == Status::NotApplicable && sweep::cited(&report, finding).is_empty();
            assert!(own || by_parameters || status == Status::Error, "{}", harness::describe(finding));
        }
        assert_eq!(report.conclusion(), Conclusion::Incomplete);
        assert_eq!(report.exit_code(), 3);
    }
}

#[test]
fn without_knowing_who_asks_the_audit_cannot_start() {
    let recorded = Recorded::conforming();
    for fault in ["denied", "expired-token", "garbage", "server-error", "hang"] {
        let replay = Replay::new(recorded.account.clone())
            .with_injection(harness::fault(&format!("sts:GetCallerIdentity={fault}")));
        let refused = sweep::judged(recorded.profile, &replay, &harness::settings(&recorded.outputs));
        let error = refused.err().unwrap_or_else(|| panic!("{fault}: it started"));
        let text = error.to_string();
        assert!(text.contains("who is asking") || text.contains("refused the credentials"), "{fault}: {text}");
        assert!(text.contains("GetCallerIdentity"), "{fault}: {text}");
    }
}
