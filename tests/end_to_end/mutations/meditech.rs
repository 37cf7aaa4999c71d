//! The mutations of the requirements about MediTech's patient records.

use super::Mutation;

mod api;
mod cache;
mod containers;
mod database;
mod files;
mod further;
mod identity;
mod keys;
mod network;
mod secrets;
mod stack;

/// The rows by service.
pub(super) const ROWS: &[&[Mutation]] = &[
    stack::MUTATIONS,
    keys::MUTATIONS,
    identity::MUTATIONS,
    containers::MUTATIONS,
    database::MUTATIONS,
    files::MUTATIONS,
    cache::MUTATIONS,
    api::MUTATIONS,
    secrets::MUTATIONS,
    network::MUTATIONS,
];

const CLUSTER: &str = "AWS::ECS::Cluster ecs-cluster-dev";
const SERVICE: &str = "AWS::ECS::Service arn:aws:ecs:eu-central-1:123456789012:service/ecs-cluster-dev/ecs-service-dev";
const TASK_DEFINITION: &str =
    "AWS::ECS::TaskDefinition arn:aws:ecs:eu-central-1:123456789012:task-definition/task-definition-dev:1";
const DATABASE: &str = "AWS::RDS::DBCluster aurora-cluster-dev";
const FILE_SYSTEM: &str = "AWS::EFS::FileSystem fs-a87c4eec0a52af6f4";
const REDIS: &str = "AWS::ElastiCache::ReplicationGroup redis-dev";
const API: &str = "AWS::ApiGateway::RestApi d81d8cfb";
const VPC: &str = "AWS::EC2::VPC vpc-090f21b5309633b56";
const TASK_ROLE: &str = "AWS::IAM::Role task-role-dev";

const DATABASE_KEY: &str = "AWS::KMS::Key 661e7c00-aa27-4058-8218-4f0d95899769";
const FILE_SYSTEM_KEY: &str = "AWS::KMS::Key e2e72ec9-cca1-4cca-9388-d3befc88b1eb";
const REDIS_KEY: &str = "AWS::KMS::Key c512961c-1a22-47a5-b9d7-9070f8157ff9";
const TASK_STORAGE_KEY: &str = "AWS::KMS::Key 0864440c-23ae-4bc7-8d9c-575168ae48d6";

/// The subnet of each kind in the second zone.
const PUBLIC_SUBNET: &str = "subnet-37b53d06cac69aafc";
const DATA_SUBNET: &str = "subnet-02ba358eaacb1a19e";

/// Puts a public subnet of the same zone in the place of a data subnet.
fn in_public_subnet(setup: &mut crate::alter::Setup, service: &str, operation: &str) {
    setup.replace(service, operation, DATA_SUBNET, PUBLIC_SUBNET);
}

/// Switches the rotation of a key off.
fn stop_rotation(setup: &mut crate::alter::Setup, key: &str) {
    let id = key.rsplit(' ').next().expect("an id");
    let off = tap_audit::replay::Answer::ok(r#"{"KeyRotationEnabled": false}"#);
    setup.answer("kms", "GetKeyRotationStatus", &[("KeyId", id)], off);
}
