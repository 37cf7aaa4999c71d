use super::super::fixture::*;
use super::*;
use crate::ecs::fixture::{cluster_subject, defined, definition_subject, described, service_subject};
use crate::ecs::{self, EfsVolume, Volume};
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed;
use crate::observed::Observed::{Absent, Present};
use crate::observed::Seen;
use crate::policy::model::PolicyText;
use crate::s3::Switch;

const ID: &str = "efs-policy-tls-and-not-public";

fn judged(policy: Seen<PolicyText>) -> Judgement {
    judge(ID, &of(FileSystem { policy, ..file_system() }))
}

fn written(statements: &str) -> Seen<PolicyText> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    seen(PolicyText(text.replace("ARN", &arn())))
}

const DENY: &str = r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*","Resource":"ARN","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;

fn allow(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"elasticfilesystem:ClientMount","Resource":"ARN"{condition}}}"#
    )
}

#[test]
fn a_policy_that_demands_tls_and_lets_clients_in_by_mount_targets_passes() {
    let text = passed(judged(seen(PolicyText(text()))));
    assert!(
        text.starts_with("the policy allows nobody anything without TLS; no stranger is allowed any action"),
        "{text}"
    );
}

#[test]
fn no_policy_is_the_default_that_demands_nothing() {
    assert!(failed(judged(not_set())).starts_with("the file system has no policy, so every client"));
}

#[test]
fn an_access_point_an_account_or_an_organisation_binds_everybody() {
    for condition in [
        r#","Condition":{"StringEquals":{"elasticfilesystem:AccessPointArn":"arn:aws:elasticfilesystem:us-east-2:123456789012:access-point/fsap-1"}}"#,
        r#","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}"#,
        r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1234567890"}}"#,
        r#","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-0123456789abcdef0"}}"#,
    ] {
        passed(judged(written(&format!("{},{DENY}", allow("*", condition)))));
    }
}

#[test]
fn everybody_without_a_condition_fails_over_tls_too() {
    let text = failed(judged(written(&format!("{},{DENY}", allow("*", "")))));
    assert!(text.starts_with("a stranger is let in"), "{text}");
}

#[test]
fn clients_without_tls_fail() {
    let condition = r#","Condition":{"Bool":{"elasticfilesystem:AccessedViaMountTarget":"true"}}"#;
    let text = failed(judged(written(&allow("*", condition))));
    assert!(text.starts_with("a client is let in without TLS"), "{text}");
}

#[test]
fn another_account_fails_unless_it_is_trusted() {
    let policy = || written(&format!("{},{DENY}", allow("999999999999", "")));
    assert!(failed(judged(policy())).contains("cross-account"));
    let evidence = of(FileSystem { policy: policy(), ..file_system() });
    passed(judge_with(ID, "trusted_accounts = [\"999999999999\"]", &evidence));
}

#[test]
fn another_account_fails_behind_a_mount_target_too() {
    const VIA: &str = r#""Bool":{"elasticfilesystem:AccessedViaMountTarget":"true"}"#;
    let by_condition = format!(r#","Condition":{{{VIA},"StringEquals":{{"aws:PrincipalAccount":"999999999999"}}}}"#);
    for statement in [allow("999999999999", &format!(r#","Condition":{{{VIA}}}"#)), allow("*", &by_condition)] {
        let policy = || written(&format!("{statement},{DENY}"));
        assert!(failed(judged(policy())).contains("cross-account"));
        let evidence = of(FileSystem { policy: policy(), ..file_system() });
        passed(judge_with(ID, "trusted_accounts = [\"999999999999\"]", &evidence));
    }
    // Everybody behind a mount target is AWS's own default, also where an account is mentioned elsewhere.
    let spared = r#"{"Effect":"Deny","Principal":{"AWS":"999999999999"},"Action":"*","Resource":"ARN"}"#;
    passed(judged(written(&format!("{},{spared},{DENY}", allow("*", &format!(r#","Condition":{{{VIA}}}"#))))));
}

#[test]
fn a_policy_that_could_not_be_read_is_undecided() {
    assert_eq!(judged(denied()), Err(denial()));
    assert!(undecided(judged(seen(PolicyText("{".into())))).contains("cannot be read as a policy"));
}

const TASK_SIDE: &str = "accept_task_side_only = true";

/// The file system without a policy, beside a service that mounts it so.
fn mounted(transit_encryption: Observed<Switch>) -> Evidence {
    let mut definition = defined();
    let efs = EfsVolume {
        file_system: super::super::fixture::ID.into(),
        transit_encryption,
        access_point: Absent,
        iam: Absent,
    };
    definition.volumes = vec![Volume { name: "shared".into(), efs: Present(efs) }];
    definition.containers[0].mounts = vec!["shared".into()];
    let service =
        ecs::Service { description: seen(described()), scaling: not_set(), scaling_policies: seen(Vec::new()) };
    let mut evidence = of(FileSystem { policy: not_set(), ..file_system() });
    evidence.subjects.extend([
        cluster_subject(crate::ecs::fixture::cluster()),
        service_subject(service),
        definition_subject(crate::ecs::fixture::REVISION, definition),
    ]);
    evidence
}

#[test]
fn tls_on_every_mount_will_do_where_that_is_accepted() {
    let text = passed(judge_with(ID, TASK_SIDE, &mounted(Present(Switch::On))));
    assert!(text.starts_with("volume shared of api:7 is mounted over TLS | the file system has no policy"), "{text}");
    failed(judge(ID, &mounted(Present(Switch::On))));
    for clear in [Present(Switch::Off), Absent] {
        assert!(
            failed(judge_with(ID, TASK_SIDE, &mounted(clear))).contains("volume shared of api:7 is mounted in clear")
        );
    }
    assert_eq!(judge_with(ID, TASK_SIDE, &mounted(Observed::Unknown(denial()))), Err(denial()));
    let nobody = of(FileSystem { policy: not_set(), ..file_system() });
    assert!(failed(judge_with(ID, TASK_SIDE, &nobody)).contains("no task was seen to mount it over TLS"));
}
