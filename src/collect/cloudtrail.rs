//! CloudTrail: what is read of the account's trails.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use tap_audit_checks::cloudtrail::{
    AdvancedSelector, ClassicSelector, FieldSelector, ReadWrite, Selectors, Trail, TrailStatus,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::Kind;

use crate::collect::call::Call;
use crate::collect::{Reference, Relation, Walk, iam, logs};

const TRAILS: Call = Call {
    service: "cloudtrail",
    operation: "DescribeTrails",
    permission: "cloudtrail:DescribeTrails",
    absent: &[],
    denied_or: None,
};
const STATUS: Call = Call {
    service: "cloudtrail",
    operation: "GetTrailStatus",
    permission: "cloudtrail:GetTrailStatus",
    absent: &[],
    denied_or: None,
};
const SELECTORS: Call = Call {
    service: "cloudtrail",
    operation: "GetEventSelectors",
    permission: "cloudtrail:GetEventSelectors",
    absent: &[],
    denied_or: None,
};
const STORES: Call = Call {
    service: "cloudtrail",
    operation: "ListEventDataStores",
    permission: "cloudtrail:ListEventDataStores",
    absent: &[],
    denied_or: None,
};

const TAGS: Call = Call {
    service: "cloudtrail",
    operation: "ListTags",
    permission: "cloudtrail:ListTags",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&TRAILS, &STATUS, &SELECTORS, &STORES, &TAGS];

/// Collects every trail that covers the region, shadow and organisation trails included, each with its status and
/// selectors, asked by ARN in its home region.
pub(crate) async fn trails(walk: &Walk<'_>, region: &str) -> Seen<Vec<Trail>> {
    let listed = list(walk, region).await;
    let calls = listed.calls().to_vec();
    let trails = match listed.observed() {
        Observed::Present(trails) => trails.clone(),
        Observed::Absent | Observed::Unknown(_) => return listed,
    };
    let described = trails.into_iter().map(async |mut trail| {
        // A shadow or organisation trail is found by its ARN alone, and answers in the region it was made in.
        let arn = match &trail.arn {
            Observed::Present(arn) => arn.clone(),
            Observed::Absent | Observed::Unknown(_) => {
                let gap = TRAILS.incomplete("TrailARN");
                (trail.status, trail.selectors, trail.tags) =
                    (Seen::gap(gap.clone()), Seen::gap(gap.clone()), Seen::gap(gap));
                return trail;
            }
        };
        let home = match &trail.home_region {
            Observed::Present(home) => home.clone(),
            Observed::Absent | Observed::Unknown(_) => region.to_owned(),
        };
        (trail.status, trail.selectors, trail.tags) =
            tokio::join!(status(walk, &arn, &home), selectors(walk, &arn, &home), tags(walk, &arn, &home));
        reach_parts(walk, &trail, region);
        trail
    });
    Seen::new(Observed::Present(futures_util::future::join_all(described).await), calls)
}

/// Lists the trails without their status and selectors; CloudTrail answers with all of them at once.
pub(crate) async fn list(walk: &Walk<'_>, region: &str) -> Seen<Vec<Trail>> {
    walk.aws
        .ask(
            &TRAILS,
            region,
            &[("includeShadowTrails", "true")],
            |clients| clients.cloudtrail().describe_trails().include_shadow_trails(true).send(),
            |answer| match answer.trail_list {
                Some(trails) => Observed::Present(trails.into_iter().map(listed).collect()),
                None => Observed::Unknown(TRAILS.incomplete("trailList")),
            },
        )
        .await
}

fn listed(trail: aws_sdk_cloudtrail::types::Trail) -> Trail {
    let not_yet = Gap::NotCollected { what: "it is asked for after the trails are listed".into() };
    Trail {
        name: Observed::of(trail.name),
        arn: Observed::of(trail.trail_arn),
        home_region: Observed::of(trail.home_region),
        multi_region: Observed::of(trail.is_multi_region_trail).map(Switch::from),
        global_services: Observed::of(trail.include_global_service_events).map(Switch::from),
        organization: Observed::of(trail.is_organization_trail).map(Switch::from),
        validation: Observed::of(trail.log_file_validation_enabled).map(Switch::from),
        kms_key: Observed::name(trail.kms_key_id),
        bucket: Observed::of(trail.s3_bucket_name),
        log_group: Observed::of(trail.cloud_watch_logs_log_group_arn),
        log_role: Observed::of(trail.cloud_watch_logs_role_arn),
        tags: Seen::gap(not_yet.clone()),
        topic: Observed::of(trail.sns_topic_arn),
        status: Seen::gap(not_yet.clone()),
        selectors: Seen::gap(not_yet),
    }
}

async fn status(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<TrailStatus> {
    walk.aws
        .ask(
            &STATUS,
            region,
            &[("Name", arn)],
            |clients| clients.cloudtrail().get_trail_status().name(arn).send(),
            |answer| {
                Observed::Present(TrailStatus {
                    logging: Observed::of(answer.is_logging).map(Switch::from),
                    delivery_error: Observed::of(answer.latest_delivery_error),
                    delivered_at: STATUS.time("LatestDeliveryTime", answer.latest_delivery_time.as_ref()),
                    digest_error: Observed::of(answer.latest_digest_delivery_error),
                    digest_delivered_at: STATUS
                        .time("LatestDigestDeliveryTime", answer.latest_digest_delivery_time.as_ref()),
                    logs_error: Observed::of(answer.latest_cloud_watch_logs_delivery_error),
                    logs_delivered_at: STATUS.time(
                        "LatestCloudWatchLogsDeliveryTime",
                        answer.latest_cloud_watch_logs_delivery_time.as_ref(),
                    ),
                    started_at: STATUS.time("StartLoggingTime", answer.start_logging_time.as_ref()),
                })
            },
        )
        .await
}

/// Leads the walk to what a trail rests on, each where the profile asks for it: its bucket, its key, the log group that it
/// feeds and the role by which it does. A log group of another account or region is nobody's of the stack, and nothing of it
/// could be judged from here.
fn reach_parts(walk: &Walk<'_>, trail: &Trail, region: &str) {
    let name = match (&trail.name, &trail.arn) {
        (Observed::Present(name), _) | (Observed::Absent | Observed::Unknown(_), Observed::Present(name)) => name,
        (Observed::Absent | Observed::Unknown(_), Observed::Absent | Observed::Unknown(_)) => return,
    };
    let of = |what| Relation::OfTrail { what, trail: name.clone() };
    if let Observed::Present(bucket) = &trail.bucket
        && walk.scope.selects(&["cloudtrail-bucket-protected", "logs-tamper-resistant"])
    {
        let reference = Reference { kind: Kind::Bucket, id: bucket.clone(), region: walk.region.clone() };
        walk.reach(reference, of("bucket"));
    }
    if let Observed::Present(key) = &trail.kms_key
        && walk.scope.selects(&["cloudtrail-kms-encrypted"])
        && is_of(key, &walk.account)
    {
        walk.reach(walk.key_reference(key, region), of("key"));
    }
    if !walk.scope.selects(&["cloudtrail-to-cloudwatch-logs"]) {
        return;
    }
    if let Observed::Present(arn) = &trail.log_group
        && let Some(reference) = logs::group_named(walk, arn).filter(|group| group.region == walk.region)
    {
        walk.reach(reference, of("log group"));
    }
    if let Observed::Present(arn) = &trail.log_role
        && let Some(reference) = iam::role_named(walk, arn)
    {
        walk.reach(reference, of("log role"));
    }
}

/// Whether something belongs to this account; a name that is no ARN does.
fn is_of(named: &str, account: &str) -> bool {
    named.split(':').nth(4).is_none_or(|owner| owner == account)
}

/// Collects the tags of a trail, in its home region; only where the profile asks for tags of trails.
async fn tags(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<BTreeMap<String, String>> {
    if !walk.scope.selects(&["tag-compliance-tracking"]) {
        return Seen::gap(Gap::NotCollected {
            what: "no requirement of the profile asks for the tags of trails".into(),
        });
    }
    walk.aws
        .ask_all(
            &TAGS,
            region,
            &[("ResourceIdList", arn)],
            |clients, token| clients.cloudtrail().list_tags().resource_id_list(arn).set_next_token(token).send(),
            |answer| answer.next_token.clone(),
            |answer| {
                let lists = answer.resource_tag_list.ok_or_else(|| TAGS.incomplete("ResourceTagList"))?;
                let tags = lists.into_iter().flat_map(|list| list.tags_list.into_iter().flatten());
                // A tag may have no value.
                Ok(tags.map(|tag| (tag.key, tag.value.into_iter().collect())).collect())
            },
        )
        .await
        .map(|tags: Vec<(String, String)>| tags.into_iter().collect())
}

async fn selectors(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Selectors> {
    walk.aws
        .ask(
            &SELECTORS,
            region,
            &[("TrailName", arn)],
            |clients| clients.cloudtrail().get_event_selectors().trail_name(arn).send(),
            |answer| match chosen(answer) {
                Ok(selectors) => Observed::Present(selectors),
                Err(gap) => Observed::Unknown(gap),
            },
        )
        .await
}

/// A trail has selectors of one sort, and CloudTrail names at least that one.
fn chosen(answer: GetEventSelectorsOutput) -> Result<Selectors, Gap> {
    if answer.event_selectors.is_none() && answer.advanced_event_selectors.is_none() {
        return Err(SELECTORS.incomplete("EventSelectors"));
    }
    let classic = answer.event_selectors.into_iter().flatten().map(classic).collect::<Result<_, _>>()?;
    let advanced = answer.advanced_event_selectors.into_iter().flatten().map(advanced).collect();
    Ok(Selectors { classic, advanced })
}

fn classic(selector: aws_sdk_cloudtrail::types::EventSelector) -> Result<ClassicSelector, Gap> {
    let data = selector.data_resources.into_iter().flatten().map(|data| match data.r#type {
        Some(kind) => Ok((kind, data.values.into_iter().flatten().collect())),
        None => Err(SELECTORS.incomplete("DataResources.Type")),
    });
    Ok(ClassicSelector {
        read_write: match selector.read_write_type.as_ref().map(|which| which.as_str()) {
            Some("All") => Observed::Present(ReadWrite::All),
            Some("ReadOnly") => Observed::Present(ReadWrite::ReadOnly),
            Some("WriteOnly") => Observed::Present(ReadWrite::WriteOnly),
            Some(other) => SELECTORS.unrecognised("ReadWriteType", other),
            None => Observed::Absent,
        },
        management: Observed::of(selector.include_management_events).map(Switch::from),
        excluded_sources: selector.exclude_management_event_sources.into_iter().flatten().collect(),
        data: data.collect::<Result<_, _>>()?,
    })
}

/// A field whose operators this SDK does not know comes without any, which the checks take for a gap.
fn advanced(selector: aws_sdk_cloudtrail::types::AdvancedEventSelector) -> AdvancedSelector {
    let all = |values: Option<Vec<String>>| values.into_iter().flatten().collect::<Vec<_>>();
    AdvancedSelector {
        // A name is for people; most selectors have none.
        name: selector.name.into_iter().collect(),
        fields: selector
            .field_selectors
            .into_iter()
            .map(|field| FieldSelector {
                field: field.field,
                equals: all(field.equals),
                starts_with: all(field.starts_with),
                ends_with: all(field.ends_with),
                not_equals: all(field.not_equals),
                not_starts_with: all(field.not_starts_with),
                not_ends_with: all(field.not_ends_with),
            })
            .collect(),
    }
}

/// Collects the ids of event data stores; only where the scope asks for them.
pub(crate) async fn event_data_stores(walk: &Walk<'_>, region: &str) -> Seen<Vec<String>> {
    if !walk.scope.event_data_stores {
        let what = "event data stores are not asked for; set accept_event_data_store";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    }
    walk.aws
        .ask_all(
            &STORES,
            region,
            &[],
            |clients, token| clients.cloudtrail().list_event_data_stores().set_next_token(token).send(),
            |answer| answer.next_token.clone(),
            |answer| {
                let stores = answer.event_data_stores.ok_or_else(|| STORES.incomplete("EventDataStores"))?;
                let ids = stores.into_iter().map(|store| store.event_data_store_arn);
                ids.map(|id| id.ok_or_else(|| STORES.incomplete("EventDataStoreArn"))).collect()
            },
        )
        .await
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudtrail::types as sdk;

    use super::*;
    use crate::collect::fixture::{scope_of, walked};
    use crate::replay::{Account, Answer};

    const ARN: &str = "arn:aws:cloudtrail:us-east-2:123456789012:trail/audit";

    fn account(log_group: &str) -> Account {
        let trail = format!(
            r#"{{"trailList":[{{"Name":"audit","TrailARN":"{ARN}","HomeRegion":"us-east-2","S3BucketName":"trail-logs",
                "KmsKeyId":"arn:aws:kms:us-east-2:123456789012:key/1111-2222","CloudWatchLogsLogGroupArn":"{log_group}",
                "CloudWatchLogsRoleArn":"arn:aws:iam::123456789012:role/service/trail-log"}}]}}"#
        );
        let account = Account::from_files("trails", [("cloudtrail.toml", "")]).unwrap();
        let account = account
            .answer("cloudtrail", "DescribeTrails", &[("includeShadowTrails", "true")], Answer::ok(&trail))
            .unwrap();
        let status = r#"{"IsLogging":true,"LatestDigestDeliveryTime":1793533500,"StartLoggingTime":1793347200}"#;
        let selectors = r#"{"EventSelectors":[{"ReadWriteType":"All"}]}"#;
        let account = account.answer("cloudtrail", "GetTrailStatus", &[("Name", ARN)], Answer::ok(status)).unwrap();
        account.answer("cloudtrail", "GetEventSelectors", &[("TrailName", ARN)], Answer::ok(selectors)).unwrap()
    }

    const OWN_GROUP: &str = "arn:aws:logs:us-east-2:123456789012:log-group:/healthcare/audit:*";

    /// What the walk is led to, as `kind id` with the way it is reached.
    async fn reached(log_group: &str, requirements: &[&str]) -> Vec<String> {
        let ask = async |walk: &Walk<'_>| {
            trails(walk, "us-east-2").await;
            walk.take_found()
        };
        let (found, _) = walked(account(log_group), &scope_of(requirements), ask).await;
        found
            .into_iter()
            .map(|(reference, relation)| format!("{} {}: {relation}", reference.kind, reference.id))
            .collect()
    }

    #[tokio::test]
    async fn each_part_of_a_trail_is_reached_where_the_profile_asks_for_it() {
        let of = async |requirement| reached(OWN_GROUP, &[requirement]).await;
        assert!(of("cloudtrail-logging-enabled").await.is_empty());
        let bucket = ["AWS::S3::Bucket trail-logs: bucket of trail audit"];
        assert_eq!(of("cloudtrail-bucket-protected").await, bucket);
        assert_eq!(of("logs-tamper-resistant").await, bucket);
        assert_eq!(of("cloudtrail-kms-encrypted").await, ["AWS::KMS::Key 1111-2222: key of trail audit"]);
        assert_eq!(
            of("cloudtrail-to-cloudwatch-logs").await,
            [
                "AWS::Logs::LogGroup /healthcare/audit: log group of trail audit",
                "AWS::IAM::Role trail-log: log role of trail audit"
            ]
        );
    }

    #[tokio::test]
    async fn a_log_group_of_another_account_or_region_is_left_alone() {
        for foreign in [
            "arn:aws:logs:us-east-2:999999999999:log-group:/healthcare/audit:*",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/healthcare/audit:*",
        ] {
            let found = reached(foreign, &["cloudtrail-to-cloudwatch-logs"]).await;
            assert_eq!(found, ["AWS::IAM::Role trail-log: log role of trail audit"], "{foreign}");
        }
    }

    #[tokio::test]
    async fn tags_are_read_to_the_last_page_and_only_where_they_are_asked_for() {
        let page = |tag: &str, next: &str| {
            Answer::ok(format!(
                r#"{{"ResourceTagList":[{{"ResourceId":"{ARN}","TagsList":[{{"Key":"{tag}","Value":"x"}}]}}]{next}}}"#
            ))
        };
        let ids = format!(r#"["{ARN}"]"#);
        let account = || {
            let first = [("ResourceIdList", ids.as_str())];
            let second = [first[0], ("NextToken", "2")];
            let account = account(OWN_GROUP);
            let account =
                account.answer("cloudtrail", "ListTags", &first, page("Environment", r#","NextToken":"2""#)).unwrap();
            account.answer("cloudtrail", "ListTags", &second, page("Owner", "")).unwrap()
        };
        let read = async |requirements: &[&str]| {
            let (trails, _) =
                walked(account(), &scope_of(requirements), async |walk| trails(walk, "us-east-2").await).await;
            match trails.observed() {
                Observed::Present(trails) => trails[0].tags.observed().clone(),
                other => panic!("{other:?}"),
            }
        };
        let Observed::Present(tags) = read(&["tag-compliance-tracking"]).await else { panic!("tags") };
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["Environment", "Owner"]);
        assert!(matches!(read(&["cloudtrail-logging-enabled"]).await, Observed::Unknown(Gap::NotCollected { .. })));
    }

    #[test]
    fn an_answer_without_any_list_of_selectors_is_a_gap() {
        let gap = chosen(GetEventSelectorsOutput::builder().build()).unwrap_err();
        assert_eq!(gap, SELECTORS.incomplete("EventSelectors"));
    }

    #[test]
    fn classic_selectors_keep_what_is_absent_and_what_is_not_known() {
        let data = sdk::DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3").build();
        let selector = sdk::EventSelector::builder().read_write_type("Neither".into()).data_resources(data).build();
        let answer = GetEventSelectorsOutput::builder().event_selectors(selector).build();
        let selectors = chosen(answer).unwrap();
        let [selector] = selectors.classic.as_slice() else { panic!("one selector") };
        assert_eq!(selector.read_write, SELECTORS.unrecognised("ReadWriteType", "Neither"));
        assert_eq!(selector.management, Observed::Absent);
        assert_eq!(selector.data, [("AWS::S3::Object".to_owned(), vec!["arn:aws:s3".to_owned()])]);
        let untyped = sdk::EventSelector::builder().data_resources(sdk::DataResource::builder().build()).build();
        let answer = GetEventSelectorsOutput::builder().event_selectors(untyped).build();
        assert_eq!(chosen(answer).unwrap_err(), SELECTORS.incomplete("DataResources.Type"));
    }

    #[test]
    fn advanced_selectors_keep_every_operator() {
        let field = sdk::AdvancedFieldSelector::builder()
            .field("resources.ARN")
            .starts_with("a")
            .not_ends_with("b")
            .build()
            .unwrap();
        let selector = sdk::AdvancedEventSelector::builder().field_selectors(field).build().unwrap();
        let answer = GetEventSelectorsOutput::builder().advanced_event_selectors(selector).build();
        let selectors = chosen(answer).unwrap();
        let field = &selectors.advanced[0].fields[0];
        assert_eq!(field.field, "resources.ARN");
        assert_eq!(
            (field.starts_with.as_slice(), field.not_ends_with.as_slice()),
            (&["a".into()][..], &["b".into()][..])
        );
        assert!(field.equals.is_empty() && field.not_equals.is_empty());
    }
}
