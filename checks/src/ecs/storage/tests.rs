use super::*;
use crate::ecs::ClusterDescription;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::kms::Key;
use crate::kms::fixture::{KEY, rotating_key};
use crate::subject::{Kind, Resource};

const ID: &str = "ecs-ephemeral-storage-kms";

fn keyed(alter: impl FnOnce(&mut Running)) -> Evidence {
    with_key(rotating_key(), alter)
}

fn with_key(key: Key, alter: impl FnOnce(&mut Running)) -> Evidence {
    running(|running| {
        running.cluster.description = running
            .cluster
            .description
            .clone()
            .map(|description| ClusterDescription { ephemeral_key: Observed::Present(KEY.into()), ..description });
        running.service.deployments[0].ephemeral_key = Observed::Present(KEY.into());
        running.others.push(subject(Kind::Key, "1234abcd", Resource::Key(Box::new(key))));
        alter(running);
    })
}

#[test]
fn a_rotating_key_on_the_cluster_and_on_each_newest_deployment_passes() {
    let text = passed(judge(ID, &keyed(|_| ())));
    assert!(text.starts_with(&format!("the customer manages the key `{KEY}`; it is Enabled; it rotates")), "{text}");
    assert!(text.contains("the newest deployment of each service has a key"), "{text}");
}

#[test]
fn a_cluster_without_a_key_fails_and_is_never_called_unencrypted() {
    assert_eq!(
        failed(judge(ID, &running(|_| ()))),
        "the disks of Fargate tasks are encrypted with an AWS-owned key, not a KMS key of yours"
    );
    assert_eq!(
        not_applicable(judge_with(ID, "accept_aws_owned = true", &running(|_| ()))),
        "accept_aws_owned lets a key that AWS owns do"
    );
}

#[test]
fn a_key_that_was_set_after_the_newest_deployment_began_fails() {
    let late = keyed(|running| running.service.deployments[0].ephemeral_key = Observed::Absent);
    assert_eq!(
        failed(judge(ID, &late)),
        "the newest deployment of service api began before the key was set and has none | tasks keep the key they \
         started with: force a new deployment"
    );
    let set = keyed(|running| {
        running.service.deployments.clear();
        running.service.task_sets = vec![task_set("ts-1")];
    });
    assert!(failed(judge(ID, &set)).starts_with("the newest deployment of service api began before"));
}

#[test]
fn an_older_deployment_without_a_key_goes_with_its_tasks() {
    let older = keyed(|running| {
        running
            .service
            .deployments
            .push(crate::ecs::Deployment { status: Observed::Present(DeploymentStatus::Active), ..deployment() });
    });
    passed(judge(ID, &older));
}

#[test]
fn a_key_that_does_not_rotate_fails_and_one_that_was_not_seen_is_undecided() {
    let still = Key { rotation: seen(crate::kms::Rotation::Unsupported), ..rotating_key() };
    assert_eq!(failed(judge(ID, &with_key(still, |_| ()))), format!("the key `{KEY}` cannot rotate automatically"));
    let unseen = without(keyed(|_| ()), Kind::Key);
    assert!(undecided(judge(ID, &unseen)).starts_with("nothing was seen of the key"));
}

#[test]
fn services_or_a_cluster_that_could_not_be_read_leave_it_undecided() {
    assert_eq!(judge(ID, &keyed(|running| running.cluster.services = denied())), Err(denial()));
    assert_eq!(judge(ID, &keyed(|running| running.cluster.description = denied())), Err(denial()));
    let unknown = keyed(|running| running.service.deployments[0].status = Observed::Unknown(denial()));
    assert_eq!(judge(ID, &unknown), Err(denial()));
}
