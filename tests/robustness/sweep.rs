//! One audit after another, each with its own disturbance, and what they have in common.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tap_audit::audit::{self, Audit, AuditError};
use tap_audit::replay::{Account, Answer, Replay};
use tap_audit_checks::catalog::{Catalog, Profile};
use tap_audit_checks::report::{Finding, Report, Status};

use crate::harness;

mod stands;

/// A finding's name: requirement, kind of subject, subject.
pub type Pair = (String, String, String);

/// The directories of the accounts that meet every requirement of their profiles.
const CONFORMING: &[&str] = &["conforming", "monitoring", "meditech"];

/// A recorded account with its outputs, and what an undisturbed audit finds in it.
pub struct Recorded {
    pub profile: &'static str,
    pub account: Account,
    pub outputs: String,
    pub clean: Report,
    /// The operations that the undisturbed audit calls, without the one that no audit can do without.
    pub operations: Vec<String>,
    /// How long the undisturbed audit took.
    took: Duration,
}

impl Recorded {
    /// The recorded patient-data account that meets every requirement.
    pub fn conforming() -> &'static Recorded {
        Recorded::named("conforming")
    }

    /// The accounts that meet every requirement of their profiles.
    pub fn all_conforming() -> impl Iterator<Item = &'static Recorded> {
        CONFORMING.iter().map(|name| Recorded::named(name))
    }

    /// A recorded account that meets every requirement, by its directory.
    pub fn named(name: &str) -> &'static Recorded {
        static RECORDED: OnceLock<Vec<OnceLock<Recorded>>> = OnceLock::new();
        let at = CONFORMING.iter().position(|known| *known == name).unwrap_or_else(|| panic!("no account {name}"));
        RECORDED.get_or_init(|| CONFORMING.iter().map(|_| OnceLock::new()).collect())[at].get_or_init(|| {
            Recorded::read(harness::profile_of(name), harness::account(name), harness::outputs_text(name))
        })
    }

    /// The accounts of the demonstration, where some requirements fail.
    pub fn demonstrations() -> impl Iterator<Item = Recorded> {
        let (catalog, _) = catalog("patient-data");
        let profiles = catalog.profile_names().map(harness::profile_of);
        profiles.filter_map(|profile| {
            let embedded = tap_audit::replay::embedded::account(profile)?.expect("an account that loads");
            Some(Recorded::read(profile, embedded.account, embedded.outputs))
        })
    }

    fn read(profile: &'static str, account: Account, outputs: String) -> Recorded {
        let account = with_fall_backs(with_holders(account));
        let replay = Replay::new(account.clone());
        // Undisturbed by the machine too: what has no answer in time on a busy one is no finding of the account.
        let settings = Audit { call_timeout: Duration::from_secs(20), ..harness::settings(&outputs) };
        let started = Instant::now();
        let clean = judged(profile, &replay, &settings).expect("an audit that starts");
        let took = started.elapsed();
        assert!(replay.unrecorded().is_empty(), "not recorded: {:?}", replay.unrecorded());
        let operations = replay.counts().into_keys().filter(|name| name != "sts:GetCallerIdentity").collect();
        Recorded { profile, account, outputs, clean, operations, took }
    }

    /// A deadline for calls that only what never answers misses: the work of a whole audit between two answers of a
    /// debug build on a busy machine is no disturbance.
    pub fn deadline(&self) -> Duration {
        (5 * self.took).max(Duration::from_millis(400))
    }

    /// Audits another state of the account with its outputs.
    pub fn judge(&self, replay: &Replay) -> Report {
        let settings = Audit { call_timeout: Duration::from_secs(20), ..harness::settings(&self.outputs) };
        judged(self.profile, replay, &settings).expect("an audit that starts")
    }

    /// Audits the account under these disturbances.
    pub fn under(&self, faults: &[String], call_timeout: Duration) -> Disturbed {
        let replay = faults
            .iter()
            .fold(Replay::new(self.account.clone()), |replay, fault| replay.with_injection(harness::fault(fault)));
        let settings = Audit { call_timeout, ..harness::settings(&self.outputs) };
        let (started, busy_before) = (Instant::now(), busy());
        let report = judged(self.profile, &replay, &settings).expect("an audit that starts");
        let waited = started.elapsed().saturating_sub(busy().saturating_sub(busy_before));
        Disturbed { report, waited, replay }
    }
}

/// The bodies that an account answers to an operation, in its own order.
pub fn bodies(account: &Account, service: &str, operation: &str) -> Vec<String> {
    let bodies = RefCell::new(Vec::new());
    let _edited = account.clone().edit(service, operation, |body| {
        bodies.borrow_mut().push(body.to_owned());
        String::new()
    });
    let bodies = bodies.into_inner();
    assert!(!bodies.is_empty(), "{service}:{operation} is not recorded");
    bodies
}

/// Lets the account answer the lookup of every resource of the stack as it answers the recorded one: AWS lists the same
/// stack, whichever of its resources is named.
fn with_holders(account: Account) -> Account {
    bodies(&account, "cloudformation", "DescribeStackResources").iter().fold(account, |account, body| {
        let ids = body
            .split("<PhysicalResourceId>")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("</PhysicalResourceId>")?.0));
        ids.fold(account, |account, id| {
            let (arguments, answer) = ([("PhysicalResourceId", id)], Answer::ok(body.as_str()));
            match account.clone().answer("cloudformation", "DescribeStackResources", &arguments, answer) {
                Ok(account) => account,
                Err(_) => account,
            }
        })
    })
}

/// Lets the account answer in parts what it answers to GetFunction: the configuration, the concurrency and the tags.
fn with_fall_backs(account: Account) -> Account {
    if !account.to_files().contains_key("lambda.toml") {
        return account;
    }
    let body = bodies(&account, "lambda", "GetFunction").remove(0);
    let whole: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    let text = |pointer: &str| whole.pointer(pointer).and_then(|value| value.as_str()).expect(pointer).to_owned();
    let (name, arn) = (text("/Configuration/FunctionName"), text("/Configuration/FunctionArn"));
    let concurrency = whole.get("Concurrency").map_or_else(|| "{}".to_owned(), ToString::to_string);
    let tags = serde_json::json!({ "Tags": whole.get("Tags") }).to_string();
    let named: &[(&str, &str)] = &[("FunctionName", &name)];
    let parts = [
        ("GetFunctionConfiguration", named, whole["Configuration"].to_string()),
        ("GetFunctionConcurrency", named, concurrency),
        ("ListTags", &[("Resource", &arn)], tags),
    ];
    parts.into_iter().fold(account, |account, (operation, arguments, body)| {
        account.answer("lambda", operation, arguments, Answer::ok(body)).expect("another answer than before")
    })
}

/// An audit that ended in spite of a disturbance.
pub struct Disturbed {
    pub report: Report,
    /// How long it did nothing but wait for answers; the time that it worked, or wanted to on a busy machine, is off.
    pub waited: Duration,
    pub replay: Replay,
}

/// How long this thread has worked or wanted to. Only Linux tells; elsewhere nothing is taken off.
fn busy() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_else(|_| String::new());
    let nanoseconds = told.split_whitespace().take(2).filter_map(|number| number.parse::<u64>().ok());
    Duration::from_nanos(nanoseconds.sum())
}

fn catalog(profile: &str) -> &'static (Catalog, Profile) {
    static CATALOGS: OnceLock<BTreeMap<&str, (Catalog, Profile)>> = OnceLock::new();
    let catalogs = CATALOGS.get_or_init(|| {
        let (catalog, _) = harness::patient_data();
        let names = catalog.profile_names().map(harness::profile_of);
        names.map(|name| (name, harness::profile(name))).collect()
    });
    catalogs.get(profile).unwrap_or_else(|| panic!("no profile {profile}"))
}

/// As `harness::audit`, with the catalog read once.
pub fn judged(profile: &str, replay: &Replay, settings: &Audit) -> Result<Report, AuditError> {
    let (catalog, profile) = catalog(profile);
    let evidence = harness::evidence(replay, profile, settings)?;
    Ok(audit::judge(catalog, profile, &evidence, settings))
}

/// Runs one job for each item on a few threads; what they return comes back in the order of the items.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], threads: usize, job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, R>> = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    let result = job(item);
                    done.lock().unwrap().insert(at, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

/// The name of a finding.
pub fn pair(finding: &Finding) -> Pair {
    (finding.requirement.clone(), finding.subject.kind.to_string(), finding.subject.id.clone())
}

/// Services that the recordings name otherwise than the actions of IAM do, and so the ledger: in the first place as the
/// recordings do.
const PREFIXES: &[(&str, &str)] = &[
    ("s3control", "s3"),
    ("configservice", "config"),
    ("eventbridge", "events"),
    ("applicationautoscaling", "application-autoscaling"),
    ("efs", "elasticfilesystem"),
    ("elasticloadbalancingv2", "elasticloadbalancing"),
];

/// The operations that a finding cites, by the names that the recordings give the services.
pub fn cited(report: &Report, finding: &Finding) -> BTreeSet<String> {
    let name = |id: &String| {
        let call =
            report.calls.iter().find(|call| call.id == *id).unwrap_or_else(|| panic!("{id} is not in the ledger"));
        let recorded = match call.service.as_str() {
            // S3 Control has its actions under the prefix of S3.
            "s3" if call.parameters.contains_key("AccountId") => "s3control",
            prefix => {
                PREFIXES.iter().skip(1).find(|(_, other)| *other == prefix).map_or(prefix, |(recorded, _)| recorded)
            }
        };
        format!("{recorded}:{}", call.operation)
    };
    finding.evidence.iter().map(name).collect()
}

/// Says what is wrong with a report of an audit in which one operation gave no answer. `denied` demands that errors name
/// the permission; only a denial leads to the calls that give the same in parts.
pub fn faults_of(recorded: &Recorded, operation: &str, disturbed: &Report, denied: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |finding: &Finding, what: &str| {
        let cites = cited(disturbed, finding);
        faults.push(format!("{operation}: {what}: {} [cites {cites:?}]", harness::describe(finding)));
    };
    let clean: BTreeMap<Pair, &Finding> = recorded.clean.findings.iter().map(|found| (pair(found), found)).collect();
    for finding in &disturbed.findings {
        let cites = cited(disturbed, finding);
        let status = finding.outcome.status();
        let stands = stands::without(operation, &finding.requirement, &cites);
        let at = pair(finding);
        let before = clean.get(&at);
        if status == Status::Error {
            if before.is_none_or(|before| before.outcome.status() != Status::Error) {
                let reason = finding.reason().unwrap_or_else(String::new);
                let (service, name) = operation.split_once(':').expect("service:Operation");
                let prefix = PREFIXES.iter().find(|(recorded, _)| *recorded == service).map_or(service, |(_, it)| it);
                let names_both = reason.contains(name) && (!denied || reason.contains(&format!("needs {prefix}:")));
                if !names_both && !reason.contains("depends on") && !reason.contains("no AWS::") {
                    fault(finding, "the reason names neither operation and permission nor what it depends on");
                }
            }
            continue;
        }
        if cites.len() == 1 && cites.contains(operation) {
            fault(finding, "a verdict rests on nothing but the call that gave no answer");
        }
        // What the parameters alone decide needs no call.
        let by_parameters = status == Status::NotApplicable
            && cites.is_empty()
            && recorded.clean.findings.iter().any(|before| before.outcome == finding.outcome);
        match before {
            None if by_parameters => {}
            // What does not apply to a subject does not apply for the same reason, whatever part it plays.
            None if status == Status::NotApplicable
                && recorded.clean.findings.iter().any(|before| {
                    (before.subject.kind, &before.subject.id) == (finding.subject.kind, &finding.subject.id)
                        && before.outcome == finding.outcome
                }) => {}
            // A requirement that is met is met, whatever part the subject plays.
            None if status == Status::Pass && clean.keys().any(|(_, kind, id)| *kind == at.1 && *id == at.2) => {}
            None => fault(finding, "a verdict on a subject that the undisturbed audit does not have"),
            Some(before) => {
                let before_cites = cited(&recorded.clean, before);
                if status != Status::Fail && before_cites.contains(operation) && !stands {
                    fault(finding, "it stands without the call that it rested on");
                }
                if before.outcome.status() != status {
                    fault(finding, "the verdict is another one");
                }
            }
        }
    }
    let now: BTreeMap<Pair, Status> =
        disturbed.findings.iter().map(|found| (pair(found), found.outcome.status())).collect();
    for (name, before) in &clean {
        if now.contains_key(name) {
            continue;
        }
        let stands_in = disturbed
            .findings
            .iter()
            .any(|found| found.requirement == name.0 && found.outcome.status() == Status::Error);
        let by_parameters = disturbed
            .findings
            .iter()
            .any(|found| found.requirement == name.0 && found.outcome == before.outcome && found.evidence.is_empty());
        if !stands_in && !by_parameters && !stands::led_to(operation, &name.0, &disturbed.findings) {
            faults.push(format!("{operation}: planned before and without an error now: {}", harness::describe(before)));
        }
    }
    faults
}

/// Findings that came out otherwise although they never rested on the operation.
pub fn changed_without_cause(recorded: &Recorded, operation: &str, disturbed: &Report) -> Vec<String> {
    let clean: BTreeMap<Pair, &Finding> = recorded.clean.findings.iter().map(|found| (pair(found), found)).collect();
    let changed = disturbed.findings.iter().filter_map(|finding| {
        let before = clean.get(&pair(finding))?;
        let same = before.outcome.status() == finding.outcome.status();
        let reason = finding.reason().unwrap_or_else(String::new);
        let (_, name) = operation.split_once(':')?;
        let caused = cited(&recorded.clean, before).contains(operation)
            || reason.contains(name)
            || reason.contains("depends on");
        (!same && !caused).then(|| format!("{operation}: {}", harness::describe(finding)))
    });
    changed.collect()
}
