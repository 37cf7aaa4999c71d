//! Which verdicts about the MediTech stack may stand without an operation, and why.

use super::{Stands, row};

/// Verdicts of the MediTech profile that stand without an operation.
pub(super) const STANDS: &[Stands] = &[
    // The stack's only trail is the audit trail, whatever it does: what it is encrypted with and where it writes, the
    // list of trails and its status tell.
    row("cloudtrail:GetEventSelectors", "cloudtrail-kms-encrypted", &["cloudtrail:DescribeTrails"]),
    row("cloudtrail:GetEventSelectors", "cloudtrail-to-cloudwatch-logs", &["cloudtrail:GetTrailStatus"]),
    row("cloudtrail:GetTrailStatus", "cloudtrail-kms-encrypted", &["cloudtrail:DescribeTrails"]),
    // A group that lets in, or out, what it may exposes nothing, whatever holds it.
    row("ec2:DescribeNetworkInterfaces", "sg-no-open-ingress", &["ec2:DescribeSecurityGroups"]),
    row("ec2:DescribeNetworkInterfaces", "sg-egress-restricted", &["ec2:DescribeSecurityGroups"]),
    row("ec2:DescribeNetworkInterfaces", "sg-app-tier-ingress", &["ec2:DescribeSecurityGroups"]),
    // A running task tells as well as its service that a definition is in use, and the service as well as the task.
    row("ecs:DescribeServices", "ecs-taskdef-logging", &["ecs:DescribeTasks"]),
    row("ecs:DescribeServices", "ecs-efs-shared-mount-encrypted-transit", &["ecs:DescribeTasks"]),
    row("ecs:DescribeServices", "ecs-taskdef-no-plaintext-secrets", &["ecs:DescribeTasks"]),
    row("ecs:ListTasks", "ecs-taskdef-no-plaintext-secrets", &["ecs:DescribeServices"]),
    row("ecs:DescribeTasks", "ecs-taskdef-no-plaintext-secrets", &["ecs:DescribeServices"]),
    row("ecs:ListTasks", "ecs-taskdef-logging", &["ecs:DescribeServices"]),
    row("ecs:ListTasks", "ecs-efs-shared-mount-encrypted-transit", &["ecs:DescribeServices"]),
    row("ecs:DescribeTasks", "ecs-taskdef-logging", &["ecs:DescribeServices"]),
    row("ecs:DescribeTasks", "ecs-efs-shared-mount-encrypted-transit", &["ecs:DescribeServices"]),
    // One container that takes its secret from Secrets Manager, or mounts the files, is enough; others take nothing away.
    row("ecs:ListServices", "ecs-taskdef-secrets-from-secretsmanager", &["ecs:DescribeTaskDefinition"]),
    row("ecs:ListServices", "ecs-efs-shared-mount-encrypted-transit", &["ecs:DescribeTaskDefinition"]),
    // The replication group names the zones of its members by itself.
    row("elasticache:DescribeCacheClusters", "redis-multi-az-failover", &["elasticache:DescribeReplicationGroups"]),
    // What a policy of AWS that the profile accepts by its ARN holds does not matter.
    row("iam:GetPolicy", "iam-role-no-wildcard-actions", &["iam:ListAttachedRolePolicies"]),
    row("iam:GetPolicy", "iam-role-no-wildcard-resources", &["iam:ListAttachedRolePolicies"]),
    row("iam:GetPolicyVersion", "iam-role-no-wildcard-actions", &["iam:ListAttachedRolePolicies"]),
    row("iam:GetPolicyVersion", "iam-role-no-wildcard-resources", &["iam:ListAttachedRolePolicies"]),
    // A backup that was made a few hours ago is enough, under whatever plan.
    row("efs:DescribeBackupPolicy", "efs-automatic-backups", &["backup:ListProtectedResources"]),
    // The storage is the cluster's; its instances only repeat what the cluster answers.
    row("rds:DescribeDBInstances", "rds-storage-encrypted", &["rds:DescribeDBClusters"]),
];
