//! The mutations of requirements about the shared file system.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::{Fail, Mutation, NotApplicable};
use super::{FILE_SYSTEM, FILE_SYSTEM_KEY, in_public_subnet, stop_rotation};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "efs-encrypted",
        change: |setup| {
            setup.json("efs", "DescribeFileSystems", |answer| {
                let files = answer["FileSystems"][0].as_object_mut().expect("a file system");
                files.remove("KmsKeyId");
                files.insert("Encrypted".into(), json!(false));
            });
        },
        flips: &[
            ("efs-encrypted", FILE_SYSTEM, Fail),
            // What is not encrypted has no key.
            ("efs-kms-key-rotating", FILE_SYSTEM, NotApplicable),
        ],
        says: "not encrypted",
    },
    Mutation {
        requirement: "efs-kms-key-rotating",
        change: |setup| stop_rotation(setup, FILE_SYSTEM_KEY),
        flips: &[
            ("efs-kms-key-rotating", FILE_SYSTEM, Fail),
            // The key is of this stack.
            ("kms-rotation-enabled", FILE_SYSTEM_KEY, Fail),
        ],
        says: "e2e72ec9-cca1-4cca-9388-d3befc88b1eb` is off",
    },
    Mutation {
        requirement: "efs-automatic-backups",
        // No other backup plan holds the file system.
        change: |setup| {
            setup.json("efs", "DescribeBackupPolicy", |answer| answer["BackupPolicy"]["Status"] = json!("DISABLED"));
            let none = Answer::ok(r#"{"Results": []}"#);
            setup.answer("backup", "ListProtectedResources", &[("Path", "resources")], none);
        },
        flips: &[("efs-automatic-backups", FILE_SYSTEM, Fail)],
        says: "automatic backups are off",
    },
    Mutation {
        requirement: "efs-recovery-point-exists",
        change: |setup| {
            setup.json("backup", "ListRecoveryPointsByResource", |answer| {
                for point in answer["RecoveryPoints"].as_array_mut().expect("recovery points") {
                    point["Status"] = json!("PARTIAL");
                }
            });
        },
        flips: &[("efs-recovery-point-exists", FILE_SYSTEM, Fail)],
        says: "no recovery point is complete: PARTIAL",
    },
    Mutation {
        requirement: "efs-mount-targets-private-multi-az",
        change: |setup| in_public_subnet(setup, "efs", "DescribeMountTargets"),
        flips: &[("efs-mount-targets-private-multi-az", FILE_SYSTEM, Fail)],
        says: "subnet-37b53d06cac69aafc",
    },
    Mutation {
        requirement: "efs-policy-tls-and-not-public",
        // The statement that the console writes, without the one that asks for TLS.
        change: |setup| {
            setup.statements("efs", "DescribeFileSystemPolicy", |statements| {
                statements.retain(|statement| statement["Sid"] != "NothingWithoutTls");
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "*"},
                    "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                    "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
                    "Resource": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-a87c4eec0a52af6f4",
                }));
            });
        },
        flips: &[("efs-policy-tls-and-not-public", FILE_SYSTEM, Fail)],
        says: "TLS",
    },
];
