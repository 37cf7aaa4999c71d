use tap_audit_checks::rds::{Password, SnapshotKind};
use tap_audit_checks::subject::{Existence, Role};

use super::*;
use crate::collect::Scope;
use crate::collect::fixture::{scope, walked};
use crate::collect::gather;
use crate::outputs::{Form, RawOutput};
use crate::replay::{Account, Answer};

const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

type Arguments = &'static [(&'static str, &'static str)];

/// An Aurora cluster with one instance, in RDS's own answers.
const ANSWERS: [(&str, Arguments, &str); 8] = [
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
    held(collected(account, "tap-db", &scope()).await.0)
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
    let (found, _) = collected(account(), "tap-db", &scope()).await;
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
async fn an_empty_key_is_no_key_and_leads_nowhere() {
    let without = |body: &str| body.replace(KEY, "");
    let (found, reached) =
        collected(account().edit("rds", "DescribeDBClusters", without).unwrap(), "tap-db", &scope()).await;
    assert_eq!(cluster_of(&held(found)).kms_key, Observed::Absent);
    let keys = reached.iter().filter(|(reference, _)| reference.kind == Kind::Key).count();
    assert_eq!(keys, 0, "{reached:?}");
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
    let (_, found) = collected(account(), "tap-db", &scope()).await;
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

const STACK: &str = "arn:aws:cloudformation:us-east-2:123456789012:stack/Tap/uuid";

/// The account with a stack that holds the cluster and its instance, and takes the password from a secret.
fn with_stack() -> Account {
    let answers = [
        (
            "DescribeStackResources",
            vec![("PhysicalResourceId", "tap-db-1")],
            "<StackResources><member><StackName>Tap</StackName><StackId>STACK</StackId>\
             <LogicalResourceId>Instance</LogicalResourceId><PhysicalResourceId>tap-db-1</PhysicalResourceId>\
             <ResourceType>AWS::RDS::DBInstance</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
             <Timestamp>2026-01-01T00:00:00Z</Timestamp></member></StackResources>",
        ),
        (
            "DescribeStacks",
            vec![("StackName", STACK)],
            "<Stacks><member><StackName>Tap</StackName><StackId>STACK</StackId>\
             <StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>",
        ),
        (
            "ListStackResources",
            vec![("StackName", STACK)],
            "<StackResourceSummaries><member><LogicalResourceId>Instance</LogicalResourceId>\
             <PhysicalResourceId>tap-db-1</PhysicalResourceId><ResourceType>AWS::RDS::DBInstance</ResourceType>\
             <ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>\
             <member><LogicalResourceId>Database</LogicalResourceId>\
             <PhysicalResourceId>tap-db</PhysicalResourceId><ResourceType>AWS::RDS::DBCluster</ResourceType>\
             <ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member></StackResourceSummaries>",
        ),
        (
            "GetTemplate",
            vec![("StackName", STACK), ("TemplateStage", "Processed")],
            "<TemplateBody>{\"Resources\":{\"Database\":{\"Type\":\"AWS::RDS::DBCluster\",\"Properties\":\
             {\"MasterUserPassword\":\"{{resolve:secretsmanager:app/db:SecretString:password}}\"}}}}</TemplateBody>",
        ),
    ];
    answers.into_iter().fold(account(), |account, (operation, arguments, body)| {
        let body = body.replace("STACK", STACK);
        let body = format!(
            "<{operation}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
             <{operation}Result>{body}</{operation}Result></{operation}Response>"
        );
        account.answer("cloudformation", operation, &arguments, Answer::ok(body)).unwrap()
    })
}

/// What a whole audit gathers that starts from the endpoint of an instance.
async fn gathered(account: Account) -> tap_audit_checks::Evidence {
    let caller = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                  <GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/auditor/test</Arn>\
                  <UserId>A:test</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
                  </GetCallerIdentityResponse>";
    let account = account.answer("sts", "GetCallerIdentity", &[], Answer::ok(caller)).unwrap();
    let scope = scope();
    let ask = async |walk: &Walk<'_>| {
        let output = RawOutput {
            key: "DatabaseEndpoint".into(),
            value: "tap-db-1.cabc.us-east-2.rds.amazonaws.com:5432".into(),
            elements: Vec::new(),
            form: Form::Text,
            line: 1,
            stack: None,
        };
        let request = gather::Request {
            outputs: vec![output],
            outputs_file: None,
            outputs_sha256: None,
            region: "us-east-2".into(),
            environment_suffix: None,
            emulated: true,
        };
        gather::gather(walk.aws, walk.scope, request).await.unwrap()
    };
    walked(account, &scope, ask).await.0
}

#[tokio::test]
async fn the_endpoint_of_an_instance_and_the_members_of_the_stack_make_one_database() {
    let evidence = gathered(with_stack()).await;
    let databases: Vec<_> = evidence.of_kind(Kind::Database).collect();
    let [database] = databases.as_slice() else { panic!("{databases:?}") };
    assert_eq!(database.id, "tap-db");
    assert_eq!(database.output_key.as_deref(), Some("DatabaseEndpoint"));
    assert_eq!(database.logical_id.as_deref(), Some("Database"));
    assert!(database.names().contains("tap-db-1"));
    assert_eq!(
        database.reached_by,
        ["output DatabaseEndpoint", "member Database of stack Tap", "target of db:tap-db-1"]
    );
    let Resource::Database(found) = &database.resource else { panic!("{database:?}") };
    assert_eq!(found.password.observed(), &Observed::Present(Password::Secret("app/db".into())));
    let group = evidence.of_kind(Kind::LogGroup).next().unwrap();
    assert_eq!((group.id.as_str(), group.role), ("/aws/rds/cluster/tap-db/postgresql", Role::Supporting));
}

#[tokio::test]
async fn without_a_stack_where_the_password_comes_from_is_unknown() {
    let nowhere = Answer::new(
        400,
        "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
         <Code>ValidationError</Code><Message>Stack for tap-db-1 does not exist</Message></Error></ErrorResponse>",
    );
    let asked = [("PhysicalResourceId", "tap-db-1")];
    let account = account().answer("cloudformation", "DescribeStackResources", &asked, nowhere).unwrap();
    let evidence = gathered(account).await;
    let database = evidence.of_kind(Kind::Database).next().unwrap();
    let Resource::Database(found) = &database.resource else { panic!("{database:?}") };
    let Observed::Unknown(Gap::DependsOn { requirement, .. }) = found.password.observed() else {
        panic!("{:?}", found.password);
    };
    assert_eq!(requirement, "stack-managed-by-cloudformation");
}
