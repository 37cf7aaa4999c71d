//! The data stores and the secrets.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::super::{Fail, Mutation, Pass};
use super::super::containers::of_container;
use super::super::database::{in_cluster, parameter, shared_snapshot};
use super::super::secrets::DATABASE_SECRET;
use super::super::{DATABASE, FILE_SYSTEM, REDIS};
use crate::alter::Setup;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "rds-not-publicly-accessible",
        // An endpoint on the internet that no group or subnet guards.
        change: |setup| {
            in_cluster(
                setup,
                "<HttpEndpointEnabled>",
                "<InternetAccessGatewayEnabled>true</InternetAccessGatewayEnabled><HttpEndpointEnabled>",
            );
        },
        flips: &[("rds-not-publicly-accessible", DATABASE, Fail)],
        says: "internet access gateway",
    },
    Mutation {
        requirement: "rds-private-subnets",
        change: |setup| {
            in_cluster(
                setup,
                "<HttpEndpointEnabled>",
                "<VPCNetworkingEnabled>false</VPCNetworkingEnabled><HttpEndpointEnabled>",
            );
        },
        flips: &[("rds-private-subnets", DATABASE, Fail)],
        says: "stands outside of the VPC",
    },
    Mutation {
        requirement: "rds-tls-required",
        // The parameter is set, and not yet in force on the second member.
        change: |setup| {
            setup.edit("rds", "DescribeDBClusterParameters", |body| {
                let (before, own) = body.split_once("rds.force_ssl").expect("the parameter");
                format!("{before}rds.force_ssl{}", own.replacen("<ApplyType>dynamic<", "<ApplyType>static<", 1))
            });
            setup.edit("rds", "DescribeDBClusters", |body| {
                let (before, second) = body.split_once("aurora-instance-dev-b").expect("the second member");
                format!("{before}aurora-instance-dev-b{}", second.replacen(">in-sync<", ">pending-reboot<", 1))
            });
        },
        flips: &[("rds-tls-required", DATABASE, Fail)],
        says: "aurora-instance-dev-b",
    },
    Mutation {
        requirement: "rds-audit-logs-exported",
        // Writes and definitions are logged, and who read what is not.
        change: |setup| parameter(setup, "pgaudit.log", "read,write,ddl,role", "write,ddl,role"),
        flips: &[("rds-audit-logs-exported", DATABASE, Fail)],
        says: "pgaudit.log",
    },
    Mutation {
        requirement: "rds-audit-logs-exported",
        // Settings of a library that is not loaded.
        change: |setup| {
            parameter(setup, "shared_preload_libraries", "pg_stat_statements,pgaudit", "pg_stat_statements");
        },
        flips: &[("rds-audit-logs-exported", DATABASE, Fail)],
        says: "pgaudit",
    },
    Mutation {
        requirement: "rds-snapshots-private-encrypted",
        change: |setup| shared_snapshot(setup, "999988887777"),
        flips: &[("rds-snapshots-private-encrypted", DATABASE, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "efs-policy-tls-and-not-public",
        // Without a policy whoever reaches a mount target mounts, with or without TLS.
        change: |setup| {
            let asked = [("Path", "file-systems/fs-a87c4eec0a52af6f4/policy")];
            setup.refuse("efs", "DescribeFileSystemPolicy", &asked, 404, "PolicyNotFound");
        },
        flips: &[("efs-policy-tls-and-not-public", FILE_SYSTEM, Fail)],
        says: "no policy",
    },
    Mutation {
        requirement: "efs-policy-tls-and-not-public",
        // The Deny names one action and leaves the others open.
        change: |setup| {
            setup.statements("efs", "DescribeFileSystemPolicy", |statements| {
                statements[0]["Action"] = json!("elasticfilesystem:ClientMount");
                let mut mount = via_mount_target();
                mount["Action"] = json!(["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]);
                statements.push(mount);
            });
        },
        flips: &[("efs-policy-tls-and-not-public", FILE_SYSTEM, Fail)],
        says: "elasticfilesystem:ClientWrite",
    },
    Mutation {
        requirement: "efs-policy-tls-and-not-public",
        // A Deny for one role, beside an Allow for everybody.
        change: |setup| {
            setup.statements("efs", "DescribeFileSystemPolicy", |statements| {
                statements[0]["Principal"] = json!({"AWS": "arn:aws:iam::123456789012:role/task-role-dev"});
                statements.push(via_mount_target());
            });
        },
        flips: &[("efs-policy-tls-and-not-public", FILE_SYSTEM, Fail)],
        says: "TLS",
    },
    Mutation {
        requirement: "efs-policy-tls-and-not-public",
        change: |setup| {
            setup.statements("efs", "DescribeFileSystemPolicy", |statements| {
                let mut partner = via_mount_target();
                partner["Principal"] = json!({"AWS": "arn:aws:iam::999988887777:root"});
                statements.push(partner);
            });
        },
        flips: &[("efs-policy-tls-and-not-public", FILE_SYSTEM, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "efs-policy-tls-and-not-public",
        // Whoever signs, from wherever.
        change: |setup| {
            setup.statements("efs", "DescribeFileSystemPolicy", |statements| {
                let mut open = via_mount_target();
                open.as_object_mut().expect("a statement").remove("Condition");
                open["Action"] = json!("elasticfilesystem:*");
                statements.push(open);
            });
        },
        flips: &[("efs-policy-tls-and-not-public", FILE_SYSTEM, Fail)],
        says: "elasticfilesystem:",
    },
    Mutation {
        requirement: "redis-transit-encryption",
        change: |setup| {
            setup.edit("elasticache", "DescribeReplicationGroups", |body| {
                body.replace("<TransitEncryptionEnabled>true<", "<TransitEncryptionEnabled>false<")
                    .replace("<TransitEncryptionMode>required</TransitEncryptionMode>", "")
            });
        },
        flips: &[("redis-transit-encryption", REDIS, Fail)],
        says: "encryption in transit is off",
    },
    Mutation {
        requirement: "redis-auth-required",
        // A group of users that holds the one that is built in, which needs no password.
        change: |setup| {
            setup.edit("elasticache", "DescribeReplicationGroups", |body| {
                body.replace("<AuthTokenEnabled>true<", "<AuthTokenEnabled>false<")
                    .replace("<UserGroupIds></UserGroupIds>", "<UserGroupIds><member>users-dev</member></UserGroupIds>")
            });
            users(setup);
        },
        flips: &[("redis-auth-required", REDIS, Fail)],
        says: "default",
    },
    Mutation {
        requirement: "secret-rotation-enabled",
        // A version that is named is never replaced by a newer one.
        change: |setup| {
            of_container(setup, |container| {
                let from = container["secrets"][1]["valueFrom"].as_str().expect("a secret");
                let pinned = format!("{}:15582633-5a00-4d96-8b70-48436aee24c2", from.trim_end_matches(':'));
                container["secrets"][1]["valueFrom"] = json!(pinned.replace(":password:", ":password::"));
            });
        },
        flips: &[("secret-rotation-enabled", DATABASE_SECRET, Fail)],
        says: "15582633-5a00-4d96-8b70-48436aee24c2",
    },
    Mutation {
        requirement: "secret-rotation-enabled",
        // Switched on, and it has not happened for two weeks.
        change: |setup| {
            setup.json_about("secretsmanager", "DescribeSecret", "database-dev", |answer| {
                answer["LastRotatedDate"] = json!(1_791_000_000);
                answer["NextRotationDate"] = json!(1_792_300_000);
            });
        },
        flips: &[("secret-rotation-enabled", DATABASE_SECRET, Fail)],
        says: "the rotation that was due by 2026-10-18T05:06:40Z was not made",
    },
    Mutation {
        requirement: "rds-snapshots-private-encrypted",
        change: |setup| {
            shared_snapshot(setup, "123456789012");
            let (from, to) = ("<StorageEncrypted>true<", "<StorageEncrypted>false<");
            setup.replace("rds", "DescribeDBClusterSnapshots", from, to);
        },
        flips: &[("rds-snapshots-private-encrypted", DATABASE, Fail)],
        says: "before-migration",
    },
    Mutation {
        requirement: "rds-audit-logs-exported",
        // A class with a minus is taken away from all.
        change: |setup| parameter(setup, "pgaudit.log", "read,write,ddl,role", "all,-read"),
        flips: &[("rds-audit-logs-exported", DATABASE, Fail)],
        says: "pgaudit.log",
    },
    Mutation {
        requirement: "efs-mount-targets-private-multi-az",
        // A file system in one zone can have mount targets in two subnets, and loses its data with the zone.
        change: |setup| {
            setup.json("efs", "DescribeFileSystems", |answer| {
                answer["FileSystems"][0]["AvailabilityZoneName"] = json!("eu-central-1a");
                answer["FileSystems"][0]["AvailabilityZoneId"] = json!("euc1-az1");
            });
        },
        flips: &[("efs-mount-targets-private-multi-az", FILE_SYSTEM, Fail)],
        says: "eu-central-1a",
    },
    Mutation {
        requirement: "efs-mount-targets-private-multi-az",
        // Tasks of the second zone find no mount target there.
        change: |setup| {
            setup.json_about("efs", "DescribeMountTargets", "fsmt-33ea13cfb2ca31834", |answer| {
                for target in answer["MountTargets"].as_array_mut().expect("mount targets") {
                    if target["MountTargetId"] == "fsmt-d3c69d04fe1bb3450" {
                        target["AvailabilityZoneId"] = json!("euc1-az3");
                        target["AvailabilityZoneName"] = json!("eu-central-1c");
                    }
                }
            });
        },
        flips: &[("efs-mount-targets-private-multi-az", FILE_SYSTEM, Fail)],
        says: "euc1-az2",
    },
    Mutation {
        requirement: "efs-automatic-backups",
        // What was once backed up is listed for ever.
        change: |setup| {
            setup.json("efs", "DescribeBackupPolicy", |answer| answer["BackupPolicy"]["Status"] = json!("DISABLED"));
            let listed = json!({"Results": [{
                "ResourceArn":
                    "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-a87c4eec0a52af6f4",
                "ResourceType": "EFS", "LastBackupTime": 1_793_350_000,
            }]});
            setup.answer("backup", "ListProtectedResources", &[("Path", "resources")], Answer::ok(listed.to_string()));
        },
        flips: &[("efs-automatic-backups", FILE_SYSTEM, Fail)],
        says: "automatic backups are off",
    },
    Mutation {
        requirement: "efs-recovery-point-exists",
        // Complete, and two days old.
        change: |setup| {
            setup.json("backup", "ListRecoveryPointsByResource", |answer| {
                for point in answer["RecoveryPoints"].as_array_mut().expect("recovery points") {
                    point["CreationDate"] = json!(1_793_350_800);
                }
            });
        },
        flips: &[("efs-recovery-point-exists", FILE_SYSTEM, Fail)],
        says: "2026-10-30T09:00:00Z",
    },
    Mutation {
        requirement: "redis-multi-az-failover",
        // Both settings are on, and both nodes stand in one zone.
        change: |setup| {
            for operation in ["DescribeReplicationGroups", "DescribeCacheClusters"] {
                let (from, to) =
                    ("eu-central-1b</PreferredAvailabilityZone>", "eu-central-1a</PreferredAvailabilityZone>");
                setup.replace("elasticache", operation, from, to);
            }
        },
        flips: &[("redis-multi-az-failover", REDIS, Fail)],
        says: "eu-central-1a",
    },
    Mutation {
        requirement: "redis-log-delivery",
        change: |setup| {
            setup.replace(
                "elasticache",
                "DescribeReplicationGroups",
                "<DestinationType>cloudwatch-logs<",
                "<DestinationType>kinesis-firehose<",
            );
        },
        flips: &[("redis-log-delivery", REDIS, Fail)],
        says: "slow-log goes to Kinesis Data Firehose",
    },
    Mutation {
        requirement: "rds-credentials-from-existing-secret",
        // A parameter that is not shown is a parameter all the same.
        change: |setup| {
            setup.template_text(
                "MasterUserPassword: !Sub '{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:password}}'",
                "MasterUserPassword: !Ref DatabasePassword",
            );
            super::super::stack::database_password(setup, "****", "NoEcho: true\n    Type: String");
        },
        flips: &[
            ("rds-credentials-from-existing-secret", DATABASE, Fail),
            // There is a parameter with a secret name now, and it is not shown.
            ("stack-params-secret-noecho", super::super::super::STACK, Pass),
        ],
        says: "DatabasePassword",
    },
];

/// The statement that the console writes for clients that come through a mount target.
fn via_mount_target() -> serde_json::Value {
    json!({
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount",
        "Resource": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-a87c4eec0a52af6f4",
        "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    })
}

/// The users of the group users-dev.
fn users(setup: &mut Setup) {
    let group = "<DescribeUserGroupsResponse><DescribeUserGroupsResult><UserGroups><member>\
        <UserGroupId>users-dev</UserGroupId><Status>active</Status><UserIds><member>default</member></UserIds>\
        </member></UserGroups></DescribeUserGroupsResult></DescribeUserGroupsResponse>";
    setup.answer("elasticache", "DescribeUserGroups", &[("UserGroupId", "users-dev")], Answer::ok(group));
    let user = "<DescribeUsersResponse><DescribeUsersResult><Users><member><UserId>default</UserId>\
        <UserName>default</UserName><Status>active</Status><AccessString>on ~* +@all</AccessString>\
        <Authentication><Type>no-password</Type></Authentication></member></Users></DescribeUsersResult>\
        </DescribeUsersResponse>";
    setup.answer("elasticache", "DescribeUsers", &[], Answer::ok(user));
}
