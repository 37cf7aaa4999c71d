//! What the members of a stack lead to: subjects of their own, parts of other subjects, and what nothing looks at.

use tap_audit_checks::cloudformation::Member;
use tap_audit_checks::observed::Observed;
use tap_audit_checks::subject::Kind;

use super::NESTED;
use crate::collect::{Reference, Relation, Walk, elasticache, gather};

/// Types of member that are looked at as part of a subject, by that subject's kind, which the profile has to look for.
const PART_OF: &[(Kind, &[&str])] = &[
    (Kind::Bucket, &["AWS::S3::BucketPolicy"]),
    (Kind::Function, &["AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission", "AWS::Lambda::Url"]),
    (Kind::Key, &["AWS::KMS::Alias"]),
    (Kind::LogGroup, &["AWS::Logs::ResourcePolicy"]),
    (Kind::Role, &["AWS::IAM::Policy", "AWS::IAM::RolePolicy"]),
    (
        Kind::Vpc,
        &[
            "AWS::EC2::FlowLog",
            "AWS::EC2::InternetGateway",
            "AWS::EC2::NatGateway",
            "AWS::EC2::Route",
            "AWS::EC2::RouteTable",
            "AWS::EC2::Subnet",
            "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::VPCGatewayAttachment",
        ],
    ),
    (Kind::SecurityGroup, &["AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"]),
    (Kind::LoadBalancer, &["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::TargetGroup"]),
    (Kind::Database, &["AWS::RDS::DBClusterParameterGroup", "AWS::RDS::DBSubnetGroup"]),
    (Kind::Cache, &["AWS::ElastiCache::SubnetGroup", "AWS::ElastiCache::User", "AWS::ElastiCache::UserGroup"]),
    (
        Kind::RestApi,
        &[
            "AWS::ApiGateway::Account",
            "AWS::ApiGateway::Authorizer",
            "AWS::ApiGateway::Deployment",
            "AWS::ApiGateway::DomainName",
            "AWS::ApiGateway::Method",
            "AWS::ApiGateway::Resource",
            "AWS::ApiGateway::Stage",
            "AWS::ApiGateway::UsagePlan",
            "AWS::ApiGateway::VpcLink",
        ],
    ),
    (Kind::WebAcl, &["AWS::WAFv2::LoggingConfiguration", "AWS::WAFv2::WebACLAssociation"]),
    (
        Kind::Secret,
        &[
            "AWS::SecretsManager::ResourcePolicy",
            "AWS::SecretsManager::RotationSchedule",
            "AWS::SecretsManager::SecretTargetAttachment",
        ],
    ),
];

/// Types of member that are looked at as part of the account, with the beginnings of the ids of requirements that look
/// at them, one of which the profile has to select.
const OF_THE_ACCOUNT: &[(&[&str], &[&str])] = &[
    (&["cloudtrail-"], &["AWS::CloudTrail::Trail"]),
    (
        &["cw-"],
        &[
            "AWS::CloudWatch::AnomalyDetector",
            "AWS::CloudWatch::Dashboard",
            "AWS::Logs::LogAnomalyDetector",
            "AWS::Logs::MetricFilter",
        ],
    ),
    (
        &["config-", "compliance-violation-alert-routed"],
        &["AWS::Config::ConfigRule", "AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel"],
    ),
    (&["compliance-violation-alert-routed", "cw-alarms-security-coverage"], &["AWS::Events::Rule"]),
    (&["sns-"], &["AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"]),
];

/// Leads the walk to every member that is a subject of its own, and notes those that nothing looks at.
pub(super) fn members(walk: &Walk<'_>, members: &[Member], region: &str) {
    for member in members.iter().filter(|member| member.is_live() || member.is_changing()) {
        let id = match &member.physical_id {
            Observed::Present(id) => Some(id.as_str()),
            Observed::Absent | Observed::Unknown(_) => None,
        };
        let at_home = |kind, id: &str| Reference { kind, id: id.to_owned(), region: walk.region.clone() };
        let reference = match (kind_of(&member.kind), id) {
            (Some(kind @ (Kind::Bucket | Kind::Role | Kind::ManagedPolicy)), Some(id)) => Some(at_home(kind, id)),
            (Some(kind @ (Kind::Function | Kind::LogGroup)), Some(id)) => {
                Some(Reference { kind, id: id.to_owned(), region: region.to_owned() })
            }
            (Some(Kind::Key), Some(id)) => Some(walk.key_reference(id, region)),
            (
                Some(
                    kind @ (Kind::Topic
                    | Kind::Alarm
                    | Kind::Vpc
                    | Kind::SecurityGroup
                    | Kind::LoadBalancer
                    | Kind::Cluster
                    | Kind::Service
                    | Kind::TaskDefinition
                    | Kind::Database
                    | Kind::FileSystem
                    | Kind::Cache
                    | Kind::RestApi
                    | Kind::WebAcl
                    | Kind::Secret),
                ),
                Some(id),
            ) => gather::other_reference(walk, kind, id, region),
            (None, Some(id)) => part(walk, &member.kind, id, region),
            (Some(Kind::Outputs | Kind::Stack | Kind::Account), _) | (None, None) => None,
            // It is being made and has no id yet, so nothing can be asked about it.
            (Some(_), None) => None,
        };
        match reference.filter(|reference| walk.scope.looks_for(reference.kind)) {
            Some(reference) => {
                let relation = Relation::Member { stack: member.stack.clone(), logical_id: member.logical_id.clone() };
                walk.reach(reference, relation);
            }
            None if is_part(walk, &member.kind, id) => {}
            None => {
                let looked_for = kind_of(&member.kind).is_some_and(|kind| walk.scope.looks_for(kind));
                let reason = if looked_for {
                    "the stack names no physical id for it yet"
                } else {
                    "no requirement of the profile looks at this type"
                };
                walk.not_covered(&member.kind, &member.logical_id, id, reason);
            }
        }
    }
}

/// Whether a requirement of the profile looks at a member of this type as part of something else.
fn is_part(walk: &Walk<'_>, kind: &str, id: Option<&str>) -> bool {
    let in_subject = PART_OF.iter().any(|(subject, kinds)| kinds.contains(&kind) && walk.scope.looks_for(*subject));
    let in_account =
        OF_THE_ACCOUNT.iter().any(|(asked_by, kinds)| kinds.contains(&kind) && walk.scope.selects(asked_by));
    kind == NESTED || in_subject || in_account || scales_a_service(walk, kind, id)
}

/// Whether a member is the scaling of an ECS service; that of other services is looked at by nothing.
fn scales_a_service(walk: &Walk<'_>, kind: &str, id: Option<&str>) -> bool {
    let of_ecs = |id: &str| match kind {
        "AWS::ApplicationAutoScaling::ScalableTarget" => id.starts_with("service/") && id.ends_with("|ecs"),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => id.contains(":resource/ecs/service/"),
        _ => false,
    };
    walk.scope.looks_for(Kind::Service) && id.is_some_and(of_ecs)
}

/// The kind of subject that a member of this type is.
fn kind_of(member: &str) -> Option<Kind> {
    match member {
        "AWS::CloudWatch::CompositeAlarm" => Some(Kind::Alarm),
        other => Kind::named(other),
    }
}

/// The reference of a member that leads to a database, file system or cache under a type of its own.
fn part(walk: &Walk<'_>, kind: &str, id: &str, region: &str) -> Option<Reference> {
    match kind {
        "AWS::RDS::DBInstance" => gather::other_reference(walk, Kind::Database, &format!("db:{id}"), region),
        "AWS::ElastiCache::ServerlessCache" | "AWS::ElastiCache::CacheCluster" => {
            let named = elasticache::part_named(kind, id)?;
            gather::other_reference(walk, Kind::Cache, &named, region)
        }
        "AWS::EFS::AccessPoint" | "AWS::EFS::MountTarget" => {
            gather::other_reference(walk, Kind::FileSystem, id, region)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Scope;
    use crate::collect::fixture::{scope_of, walked};
    use crate::replay::Account;

    fn member(kind: &str, id: &str) -> Member {
        Member {
            stack: "T".into(),
            logical_id: "One".into(),
            physical_id: Observed::Present(id.into()),
            kind: kind.into(),
            status: "CREATE_COMPLETE".into(),
            drift: Observed::Absent,
        }
    }

    /// Whether a member of this type is listed as one that nothing looks at.
    async fn is_left(scope: &Scope, kind: &str, id: &str) -> bool {
        let account = Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
        let left = walked(account, scope, async |walk| {
            members(walk, &[member(kind, id)], "us-east-2");
            !walk.not_covered.borrow().is_empty()
        });
        left.await.0
    }

    #[tokio::test]
    async fn a_part_of_a_subject_is_left_where_the_profile_does_not_look_for_the_subject() {
        let looks_for = |kind| Scope { kinds: Some([kind].into()), ..scope_of(&[]) };
        for (kind, part) in [
            (Kind::RestApi, "AWS::ApiGateway::Stage"),
            (Kind::LoadBalancer, "AWS::ElasticLoadBalancingV2::Listener"),
            (Kind::WebAcl, "AWS::WAFv2::WebACLAssociation"),
            (Kind::Database, "AWS::RDS::DBSubnetGroup"),
        ] {
            assert!(!is_left(&looks_for(kind), part, "one").await, "{part}");
            assert!(is_left(&looks_for(Kind::Bucket), part, "one").await, "{part}");
        }
    }

    #[tokio::test]
    async fn a_part_of_the_account_is_left_where_the_profile_selects_no_requirement_that_looks_at_it() {
        let nothing = |requirements: &[&str]| Scope { kinds: Some([].into()), ..scope_of(requirements) };
        assert!(!is_left(&nothing(&["cloudtrail-logging-enabled"]), "AWS::CloudTrail::Trail", "trail").await);
        assert!(is_left(&nothing(&["sns-topic-encrypted"]), "AWS::CloudTrail::Trail", "trail").await);
    }

    #[tokio::test]
    async fn only_the_scaling_of_services_is_looked_at() {
        let services = Scope { kinds: Some([Kind::Service].into()), ..scope_of(&[]) };
        let target = "AWS::ApplicationAutoScaling::ScalableTarget";
        assert!(!is_left(&services, target, "service/c/s|ecs:service:DesiredCount|ecs").await);
        assert!(is_left(&services, target, "table/t|dynamodb:table:ReadCapacityUnits|dynamodb").await);
        let policy =
            |of: &str| format!("arn:aws:autoscaling:us-east-2:123456789012:scalingPolicy:1:resource/{of}:policyName/p");
        let kind = "AWS::ApplicationAutoScaling::ScalingPolicy";
        assert!(!is_left(&services, kind, &policy("ecs/service/c/s")).await);
        assert!(is_left(&services, kind, &policy("rds/cluster:c")).await);
    }
}
