//! Flow logs: whether the traffic of a VPC is recorded.

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::Context;
use crate::ec2::segments::subnets;
use crate::ec2::{Delivery, FlowLog, FlowLogStatus, LogDestination, RecordedTraffic, Vpc};
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, any, either, every};

/// Parameters of `vpc-flow-logs-enabled`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    traffic_types: Vec<RecordedTraffic>,
}

const DESCRIBE: &str = "DescribeFlowLogs";
/// How long the first delivery may take, in hours.
const FIRST_DELIVERY_HOURS: i64 = 1;

impl Recorded {
    fn expected(&self) -> String {
        let types: Vec<&str> = self.traffic_types.iter().map(|traffic| traffic.name()).collect();
        format!(
            "an active flow log of traffic type {} whose records are delivered, on the VPC or on each of its subnets",
            types.join(" or ")
        )
    }
}

/// One flow log on the VPC is enough, and so is one on each subnet.
pub(super) fn enabled(vpc: &Vpc, params: &Recorded, context: &Context<'_>) -> Judgement {
    let logs = vpc.flow_logs.required(DESCRIBE, "FlowLogs")?;
    let now = context.evidence.run.started_at;
    let of = |resource: &str| {
        let logs: Vec<&FlowLog> = logs.iter().filter(|log| log.resource == resource).collect();
        if logs.is_empty() {
            return Ok(Verdict::not_satisfied(format!("no flow log is on {resource}"), params.expected()));
        }
        any(logs.into_iter().map(|log| records(log, params, now)))
    };
    either(of(&context.subject.id), || {
        // Without any flow log on a subnet there is nothing to say about each of them.
        if !logs.iter().any(|log| log.resource != context.subject.id) {
            subnets(vpc)?;
            return Ok(Verdict::not_satisfied("and none on a subnet", params.expected()));
        }
        let parts = subnets(vpc)?.iter().map(|subnet| of(&subnet.id));
        every(parts, || Ok(Verdict::not_satisfied("and the VPC has no subnet", params.expected())))
    })
}

/// Whether a flow log records what is asked for, and its records arrive.
fn records(log: &FlowLog, params: &Recorded, now: Timestamp) -> Judgement {
    match log.status.required(DESCRIBE, "FlowLog.FlowLogStatus")? {
        FlowLogStatus::Active => {}
    }
    let traffic = log.traffic.required(DESCRIBE, "FlowLog.TrafficType").map(|traffic| {
        let observed = format!("{} on {} records {} traffic", log.id, log.resource, traffic.name());
        if !params.traffic_types.contains(traffic) {
            return Verdict::not_satisfied(observed, params.expected());
        }
        let verdict = Verdict::satisfied(observed);
        match traffic {
            RecordedTraffic::All => verdict,
            RecordedTraffic::Accept => verdict.noting("traffic that was rejected stays unseen"),
            RecordedTraffic::Reject => verdict.noting("traffic that was accepted stays unseen"),
        }
    });
    every([traffic, delivered(log, params, now)], || Err(Gap::undecided("nothing of the flow log was looked at")))
}

fn delivered(log: &FlowLog, params: &Recorded, now: Timestamp) -> Judgement {
    match log.delivery.seen()? {
        Some(Delivery::Succeeded) => Ok(Verdict::satisfied(match &log.destination {
            Observed::Present(LogDestination::Logs) => "its records arrive in a log group",
            Observed::Present(LogDestination::Bucket) => "its records arrive in a bucket",
            Observed::Present(LogDestination::Firehose) => "its records arrive in a Firehose stream",
            Observed::Absent | Observed::Unknown(_) => "its records arrive",
        })),
        Some(Delivery::Failed(reason)) => {
            let reason = match reason {
                Observed::Present(reason) => format!(": {reason}"),
                Observed::Absent | Observed::Unknown(_) => String::new(),
            };
            Ok(Verdict::not_satisfied(format!("the delivery of {} failed{reason}", log.id), params.expected()))
        }
        None => {
            let created = log.created_at.required(DESCRIBE, "FlowLog.CreationTime")?;
            let age = now.duration_since(*created);
            Err(Gap::undecided(if age.as_secs() < FIRST_DELIVERY_HOURS * 60 * 60 {
                format!("{} was made at {created} and has delivered nothing yet; run again", log.id)
            } else {
                format!(
                    "EC2 does not show whether {}, made at {created}, delivers its records; look into its destination",
                    log.id
                )
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ec2::fixture::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};

    const ID: &str = "vpc-flow-logs-enabled";
    const SUBNETS: [&str; 4] = ["subnet-pub-a", "subnet-pub-b", "subnet-priv-a", "subnet-priv-b"];

    fn with_logs(logs: Vec<FlowLog>) -> Evidence {
        let mut vpc = conforming([SUBNETS[0], SUBNETS[1]], [SUBNETS[2], SUBNETS[3]]);
        vpc.flow_logs = seen(logs);
        evidence(vec![vpc_subject(vpc)])
    }

    fn with_log(change: impl FnOnce(&mut FlowLog)) -> Evidence {
        let mut log = flow_log("fl-0a", VPC, RecordedTraffic::All);
        change(&mut log);
        with_logs(vec![log])
    }

    #[test]
    fn an_active_log_of_all_traffic_that_delivers_is_enough_wherever_it_delivers_to() {
        assert_eq!(
            passed(judge(ID, &with_log(|_| ()))),
            "fl-0a on vpc-0a records ALL traffic; its records arrive in a log group"
        );
        let bucket = with_log(|log| log.destination = Present(LogDestination::Bucket));
        assert!(passed(judge(ID, &bucket)).ends_with("its records arrive in a bucket"));
    }

    #[test]
    fn rejected_traffic_alone_passes_with_a_note_and_accepted_traffic_alone_fails() {
        let reject = with_log(|log| log.traffic = Present(RecordedTraffic::Reject));
        assert!(passed(judge(ID, &reject)).ends_with("| traffic that was accepted stays unseen"));
        let accept = with_log(|log| log.traffic = Present(RecordedTraffic::Accept));
        assert!(failed(judge(ID, &accept)).starts_with("fl-0a on vpc-0a records ACCEPT traffic"));
        passed(judge_with(ID, "traffic_types = [\"ACCEPT\"]", &accept));
    }

    #[test]
    fn no_log_fails_and_so_does_one_that_cannot_deliver() {
        assert_eq!(failed(judge(ID, &with_logs(Vec::new()))), "no flow log is on vpc-0a; and none on a subnet");
        let broken = with_log(|log| log.delivery = Present(Delivery::Failed(Present("Access error".into()))));
        assert!(failed(judge(ID, &broken)).starts_with("the delivery of fl-0a failed: Access error"));
    }

    #[test]
    fn a_log_that_shows_no_delivery_is_an_error_that_tells_by_its_age_what_to_do() {
        let at = |time: &str| {
            with_log(|log| {
                log.delivery = Absent;
                log.created_at = Present(time.parse().unwrap());
            })
        };
        assert!(undecided(judge(ID, &at("2026-11-01T11:00:01Z"))).ends_with("has delivered nothing yet; run again"));
        assert!(undecided(judge(ID, &at("2026-11-01T11:00:00Z"))).ends_with("look into its destination"));
    }

    #[test]
    fn a_log_on_each_subnet_is_as_good_as_one_on_the_vpc() {
        let all = SUBNETS.map(|id| flow_log(&format!("fl-{id}"), id, RecordedTraffic::All));
        assert!(passed(judge(ID, &with_logs(all.to_vec()))).ends_with("| no flow log is on vpc-0a"));
        let but_one = failed(judge(ID, &with_logs(all[1..].to_vec())));
        assert_eq!(but_one, "no flow log is on vpc-0a; no flow log is on subnet-pub-a");
    }

    #[test]
    fn what_could_not_be_read_is_an_error() {
        let mut vpc = conforming([SUBNETS[0], SUBNETS[1]], [SUBNETS[2], SUBNETS[3]]);
        vpc.flow_logs = denied();
        assert_eq!(undecided(judge(ID, &evidence(vec![vpc_subject(vpc.clone())]))), denial().to_string());
        // Those of the subnets may be what is missing.
        vpc.flow_logs = seen(Vec::new());
        vpc.subnets = denied();
        assert_eq!(undecided(judge(ID, &evidence(vec![vpc_subject(vpc)]))), denial().to_string());
        assert_eq!(undecided(judge(ID, &with_log(|log| log.traffic = Unknown(denial())))), denial().to_string());
        assert_eq!(undecided(judge(ID, &with_log(|log| log.status = Unknown(denial())))), denial().to_string());
    }
}
