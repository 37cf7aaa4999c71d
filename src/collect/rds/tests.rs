use tap_audit_checks::rds::SnapshotKind;
use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::Scope;
use crate::collect::fixture::{scope, scope_of, walked};
use crate::replay::{Account, Answer};

const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// An Aurora cluster with one instance, in RDS's own answers.
const ANSWERS: [(&str, &[(&str, &str)], &str); 8] = [
    (
        "DescribeDBClusters",
        &[("DBClusterIdentifier", "tap-db")],
        "<DBClusters><DBCluster><DBClusterIdentifier>tap-db</DBClusterIdentifier>\
         <DBClusterArn>arn:aws:rds:us-east-2:123456789012:cluster:tap-db</DBClusterArn>\
         <DbClusterResourceId>cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0</DbClusterResourceId>\
         <Engine>aurora-postgresql</Engine><EngineVersion>16.4</EngineVersion><EngineMode>provisioned</EngineMode>\
         <Status>available</Status><StorageEncrypted>true</StorageEncrypted>\
         <StorageEncryptionType>sse-kms</StorageEncryptionType>\
         <KmsKeyId>arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab</KmsKeyId>\
         <BackupRetentionPeriod>7</BackupRetentionPeriod>\
         <LatestRestorableTime>2026-11-01T11:57:00Z</LatestRestorableTime><MultiAZ>false</MultiAZ><Port>5432</Port>\
         <DBSubnetGroup>subnets</DBSubnetGroup><DBClusterParameterGroup>parameters</DBClusterParameterGroup>\
         <ServerlessV2ScalingConfiguration><MinCapacity>0.0</MinCapacity></ServerlessV2ScalingConfiguration>\
         <DBClusterMembers><DBClusterMember><DBInstanceIdentifier>tap-db-1</DBInstanceIdentifier>\
         <DBClusterParameterGroupStatus>in-sync</DBClusterParameterGroupStatus></DBClusterMember></DBClusterMembers>\
         <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>\
         </VpcSecurityGroupMembership></VpcSecurityGroups>\
         <EnabledCloudwatchLogsExports><member>postgresql</member></EnabledCloudwatchLogsExports>\
         <PendingModifiedValues><MasterUserPassword>hunter2</MasterUserPassword></PendingModifiedValues>\
         </DBCluster></DBClusters>",
    ),
    (
        "DescribeDBInstances",
        &[("Filters.Filter.1.Name", "db-cluster-id"), ("Filters.Filter.1.Values.Value.1", "tap-db")],
        "<DBInstances><DBInstance><DBInstanceIdentifier>tap-db-1</DBInstanceIdentifier>\
         <DBInstanceStatus>available</DBInstanceStatus><AvailabilityZone>us-east-2a</AvailabilityZone>\
         <PubliclyAccessible>false</PubliclyAccessible><StorageEncrypted>true</StorageEncrypted>\
         <PerformanceInsightsEnabled>true</PerformanceInsightsEnabled></DBInstance></DBInstances>",
    ),
    (
        "DescribeDBSubnetGroups",
        &[("DBSubnetGroupName", "subnets")],
        "<DBSubnetGroups><DBSubnetGroup><DBSubnetGroupName>subnets</DBSubnetGroupName><VpcId>vpc-1</VpcId><Subnets>\
         <Subnet><SubnetIdentifier>subnet-a</SubnetIdentifier></Subnet>\
         <Subnet><SubnetIdentifier>subnet-b</SubnetIdentifier></Subnet></Subnets></DBSubnetGroup></DBSubnetGroups>",
    ),
    (
        "DescribeDBClusterParameters",
        &[("DBClusterParameterGroupName", "parameters")],
        "<Parameters><Parameter><ParameterName>work_mem</ParameterName><ParameterValue>1</ParameterValue></Parameter>\
         </Parameters><Marker>2</Marker>",
    ),
    (
        "DescribeDBClusterParameters",
        &[("DBClusterParameterGroupName", "parameters"), ("Marker", "2")],
        "<Parameters><Parameter><ParameterName>rds.force_ssl</ParameterName><ParameterValue>1</ParameterValue>\
         <ApplyType>dynamic</ApplyType></Parameter><Parameter><ParameterName>log_statement</ParameterName>\
         <ApplyType>sometimes</ApplyType></Parameter></Parameters>",
    ),
    (
        "DescribeDBClusterSnapshots",
        &[("DBClusterIdentifier", "tap-db")],
        "<DBClusterSnapshots><DBClusterSnapshot><DBClusterSnapshotIdentifier>mine</DBClusterSnapshotIdentifier>\
         <SnapshotType>manual</SnapshotType><StorageEncrypted>true</StorageEncrypted></DBClusterSnapshot>\
         <DBClusterSnapshot><DBClusterSnapshotIdentifier>rds:daily</DBClusterSnapshotIdentifier>\
         <SnapshotType>automated</SnapshotType><StorageEncrypted>true</StorageEncrypted></DBClusterSnapshot>\
         <DBClusterSnapshot><DBClusterSnapshotIdentifier>new</DBClusterSnapshotIdentifier>\
         <SnapshotType>quantum</SnapshotType></DBClusterSnapshot></DBClusterSnapshots>",
    ),
    (
        "DescribeDBClusterSnapshotAttributes",
        &[("DBClusterSnapshotIdentifier", "mine")],
        "<DBClusterSnapshotAttributesResult><DBClusterSnapshotIdentifier>mine</DBClusterSnapshotIdentifier>\
         <DBClusterSnapshotAttributes><DBClusterSnapshotAttribute><AttributeName>restore</AttributeName>\
         <AttributeValues><AttributeValue>all</AttributeValue></AttributeValues></DBClusterSnapshotAttribute>\
         </DBClusterSnapshotAttributes></DBClusterSnapshotAttributesResult>",
    ),
    (
        "DescribeDBInstances",
        &[("DBInstanceIdentifier", "tap-db-1")],
        "<DBInstances><DBInstance><DBInstanceIdentifier>tap-db-1</DBInstanceIdentifier>\
         <DBClusterIdentifier>tap-db</DBClusterIdentifier></DBInstance></DBInstances>",
    ),
];

fn answer(operation: &str, body: &str) -> Answer {
    Answer::ok(format!(
        "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{operation}Result>{body}\
         </{operation}Result></{operation}Response>"
    ))
    .with_header("date", "Sun, 01 Nov 2026 12:00:00 GMT")
}

fn account() -> Account {
    let account = Account::from_files("rds", [("rds.toml", "")]).unwrap();
    ANSWERS.iter().fold(account, |account, (operation, arguments, body)| {
        account.answer("rds", operation, arguments, answer(operation, body)).unwrap()
    })
}

async fn collected(account: Account, id: &str, scope: &Scope) -> (Collected, Vec<(Reference, Relation)>) {
    let ask = async |walk: &Walk<'_>| {
        let collected = database(walk, id, "us-east-2").await;
        (collected, walk.take_found())
    };
    walked(account, scope, ask).await.0
}

async fn read(account: Account) -> Database {
    held(collected(account, "tap-db", &scope_of(&["rds-storage-encrypted"])).await.0)
}

fn held(collected: Collected) -> Database {
    match collected.resource {
        Resource::Database(database) => *database,
        other => panic!("expected a database, found {other:?}"),
    }
}

fn cluster_of(database: &Database) -> &Cluster {
    match database.cluster.observed() {
        Observed::Present(cluster) => cluster,
        other => panic!("expected a cluster, found {other:?}"),
    }
}

#[tokio::test]
async fn a_cluster_is_described_with_what_is_not_set_as_absent() {
    let (found, _) = collected(account(), "tap-db", &scope_of(&["rds-"])).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(found.arn.as_deref(), Some("arn:aws:rds:us-east-2:123456789012:cluster:tap-db"));
    let database = held(found);
    let cluster = cluster_of(&database);
    assert_eq!(cluster.engine, Observed::Present(Engine::AuroraPostgresql));
    assert_eq!(cluster.encryption, Observed::Present(Encryption::SseKms));
    assert_eq!(cluster.may_pause, Observed::Present(Switch::On));
    assert_eq!(cluster.latest_restorable, Observed::Present("2026-11-01T11:57:00Z".parse().unwrap()));
    assert_eq!(cluster.earliest_restorable, Observed::Absent);
    assert_eq!(cluster.log_exports, Observed::Present(vec!["postgresql".into()]));
    assert_eq!(cluster.pending_exports, Observed::Absent);
    assert_eq!(cluster.internet_gateway, Observed::Absent);
    assert_eq!(cluster.security_groups, Observed::Present(vec!["sg-1".into()]));
    let Observed::Present(instances) = database.instances.observed() else { panic!("{:?}", database.instances) };
    assert_eq!(instances[0].zone, Observed::Present("us-east-2a".into()));
    assert_eq!(instances[0].insights, Insights { enabled: Observed::Present(Switch::On), kms_key: Observed::Absent });
    let Observed::Present(group) = database.subnet_group.observed() else { panic!("{:?}", database.subnet_group) };
    assert_eq!(group.subnets, ["subnet-a", "subnet-b"]);
}

#[tokio::test]
async fn a_password_that_waits_to_be_changed_is_never_kept() {
    let database = read(account()).await;
    assert!(!serde_json::to_string(&database).unwrap().contains("hunter2"));
    assert!(!format!("{database:?}").contains("hunter2"));
}

#[tokio::test]
async fn parameters_are_read_to_the_last_page_and_only_those_that_matter_are_kept() {
    let database = read(account()).await;
    let Observed::Present(parameters) = database.parameters.observed() else { panic!("{:?}", database.parameters) };
    let ssl = Parameter { value: Observed::Present("1".into()), applies: Observed::Present(Applies::Dynamic) };
    let strange = GROUP_PARAMETERS.unrecognised("Parameter.ApplyType", "sometimes");
    let statement = Parameter { value: Observed::Absent, applies: strange };
    let expected = [("rds.force_ssl".to_owned(), ssl), ("log_statement".to_owned(), statement)];
    assert_eq!(*parameters, expected.into());
    assert_eq!(database.parameters.calls().len(), 3);
}

#[tokio::test]
async fn only_snapshots_that_can_be_shared_are_asked_who_may_restore_them() {
    let database = read(account()).await;
    let Observed::Present(snapshots) = database.snapshots.observed() else { panic!("{:?}", database.snapshots) };
    let restorers: Vec<_> = snapshots.iter().map(|snapshot| snapshot.restorers.observed()).collect();
    assert_eq!(snapshots[0].kind, Observed::Present(SnapshotKind::Manual));
    assert_eq!(restorers[0], &Observed::Present(vec!["all".into()]));
    assert_eq!(restorers[1], &Observed::Absent);
    assert!(matches!(restorers[2], Observed::Unknown(Gap::Unrecognised { token, .. }) if token == "quantum"));
}

#[tokio::test]
async fn a_snapshot_that_vanished_between_two_calls_is_missing() {
    let gone = Answer::error("rds", 404, "DBClusterSnapshotNotFoundFault");
    let asked = [("DBClusterSnapshotIdentifier", "mine")];
    let account = account().answer("rds", "DescribeDBClusterSnapshotAttributes", &asked, gone).unwrap();
    let database = read(account).await;
    let Observed::Present(snapshots) = database.snapshots.observed() else { panic!("{:?}", database.snapshots) };
    assert!(matches!(snapshots[0].restorers.observed(), Observed::Unknown(Gap::Missing { .. })));
}

#[tokio::test]
async fn the_walk_is_led_to_keys_groups_network_and_log_groups() {
    let (_, found) = collected(account(), "tap-db", &scope_of(&["rds-"])).await;
    let named: Vec<String> = found.iter().map(|(reference, relation)| format!("{} {relation}", reference.id)).collect();
    for expected in [
        "vpc-1 VPC of the subnet group of AWS::RDS::DBCluster tap-db",
        "1234abcd-12ab-34cd-56ef-1234567890ab encryption key of AWS::RDS::DBCluster tap-db",
        "sg-1 security group of AWS::RDS::DBCluster tap-db",
        "/aws/rds/cluster/tap-db/postgresql log export of AWS::RDS::DBCluster tap-db",
    ] {
        assert!(named.iter().any(|one| one == expected), "{expected} in {named:?}");
    }
    let keys = found.iter().filter(|(reference, _)| reference.kind == Kind::Key);
    assert!(keys.into_iter().all(|(_, relation)| matches!(relation, Relation::KeyOf { named, .. } if named == KEY)));
}

#[tokio::test]
async fn a_profile_that_asks_nothing_of_databases_learns_only_that_it_is_there() {
    let (found, reached) = collected(account(), "tap-db", &scope()).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Exists));
    let database = held(found);
    assert!(matches!(database.snapshots.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    assert_eq!(reached, []);
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_missing_and_a_denied_one_unknown() {
    let asked = [("DBClusterIdentifier", "tap-db")];
    let gone = Answer::error("rds", 404, "DBClusterNotFoundFault");
    let (found, _) =
        collected(account().answer("rds", "DescribeDBClusters", &asked, gone).unwrap(), "tap-db", &scope()).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Missing));
    let refused = Answer::error("rds", 403, "AccessDenied");
    let database = read(account().answer("rds", "DescribeDBClusters", &asked, refused).unwrap()).await;
    assert!(matches!(database.cluster.observed(), Observed::Unknown(Gap::Denied { .. })));
    assert!(matches!(database.subnet_group.observed(), Observed::Unknown(Gap::Denied { .. })));
}

#[tokio::test]
async fn an_answer_without_what_rds_always_sends_is_a_gap() {
    let asked = [("DBClusterIdentifier", "tap-db")];
    let bare = answer("DescribeDBClusters", "<DBClusters><DBCluster><Engine>orchid</Engine></DBCluster></DBClusters>");
    let database = read(account().answer("rds", "DescribeDBClusters", &asked, bare).unwrap()).await;
    let cluster = cluster_of(&database);
    assert_eq!(cluster.engine, CLUSTERS.unrecognised("DBCluster.Engine", "orchid"));
    assert_eq!(cluster.members, Observed::Unknown(CLUSTERS.incomplete("DBCluster.DBClusterMembers")));
    assert_eq!(database.subnet_group.observed(), &Observed::Absent);
}

#[tokio::test]
async fn the_date_of_an_answer_stands_in_the_ledger() {
    let scope = scope();
    let ask = async |walk: &Walk<'_>| {
        database(walk, "tap-db", "us-east-2").await;
        walk.aws.ledger()
    };
    let (ledger, _) = walked(account(), &scope, ask).await;
    assert_eq!(ledger[0].date, Some("2026-11-01T12:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn an_instance_leads_to_its_cluster() {
    let (found, reached) = collected(account(), "db:tap-db-1", &scope()).await;
    assert_eq!(found.arn.as_deref(), Some("arn:aws:rds:us-east-2:123456789012:cluster:tap-db"));
    let cluster = Reference { kind: Kind::Database, id: "tap-db".into(), region: "us-east-2".into() };
    assert_eq!(reached, [(cluster, Relation::NamedBy { name: "db:tap-db-1".into() })]);
    assert!(held(found).named_by.contains("tap-db-1"));
}

#[tokio::test]
async fn an_instance_that_belongs_to_no_cluster_stays_by_itself() {
    let alone = "<DBInstances><DBInstance><DBInstanceIdentifier>alone</DBInstanceIdentifier>\
                 <DBInstanceArn>arn:aws:rds:us-east-2:123456789012:db:alone</DBInstanceArn></DBInstance></DBInstances>";
    let asked = [("DBInstanceIdentifier", "alone")];
    let account = account().answer("rds", "DescribeDBInstances", &asked, answer("DescribeDBInstances", alone)).unwrap();
    let (found, reached) = collected(account, "db:alone", &scope()).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(found.arn.as_deref(), Some("arn:aws:rds:us-east-2:123456789012:db:alone"));
    assert_eq!(reached, []);
    assert_eq!(held(found).cluster.observed(), &Observed::Absent);
}

#[tokio::test]
async fn a_custom_endpoint_and_a_resource_id_lead_to_the_cluster_that_has_them() {
    let listed = "<DBClusters><DBCluster><DBClusterIdentifier>other</DBClusterIdentifier></DBCluster><DBCluster>\
                  <DBClusterIdentifier>tap-db</DBClusterIdentifier>\
                  <DbClusterResourceId>cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0</DbClusterResourceId><CustomEndpoints>\
                  <member>reports.cluster-custom-cabc.us-east-2.rds.amazonaws.com</member></CustomEndpoints>\
                  </DBCluster></DBClusters>";
    for part in ["cluster-endpoint:reports", "cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0"] {
        let account = account().answer("rds", "DescribeDBClusters", &[], answer("DescribeDBClusters", listed)).unwrap();
        let (_, reached) = collected(account, part, &scope()).await;
        let [(reference, relation)] = reached.as_slice() else { panic!("{reached:?}") };
        assert_eq!(reference.id, "tap-db");
        assert_eq!(relation, &Relation::NamedBy { name: part.into() });
    }
    let account = account().answer("rds", "DescribeDBClusters", &[], answer("DescribeDBClusters", listed)).unwrap();
    let (found, _) = collected(account, "cluster-endpoint:nobody", &scope()).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Missing));
}

#[tokio::test]
async fn every_form_of_a_name_gives_one_reference() {
    let scope = scope();
    let ask = async |walk: &Walk<'_>| {
        [
            "tap-db",
            "Tap-DB",
            "arn:aws:rds:eu-west-1:123456789012:cluster:tap-db",
            "arn:aws:rds:eu-west-1:123456789012:db:tap-db-1",
            "db:tap-db-1",
            "arn:aws:rds:eu-west-1:999999999999:cluster:theirs",
            "cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0",
        ]
        .map(|named| database_reference(walk, named, "us-east-2").map(|found| (found.id, found.region)))
    };
    let (found, _) = walked(account(), &scope, ask).await;
    let expected = [
        ("tap-db", "us-east-2"),
        ("tap-db", "us-east-2"),
        ("tap-db", "eu-west-1"),
        ("db:tap-db-1", "eu-west-1"),
        ("db:tap-db-1", "us-east-2"),
        ("arn:aws:rds:eu-west-1:999999999999:cluster:theirs", "eu-west-1"),
        ("cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0", "us-east-2"),
    ];
    assert_eq!(found, expected.map(|(id, region)| Some((id.to_owned(), region.to_owned()))));
}
