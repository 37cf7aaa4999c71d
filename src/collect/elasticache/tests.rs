use tap_audit_checks::elasticache::{Access, Authentication, Change, Engine, Failover};
use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::fixture::{scope, walked};
use crate::replay::{Account, Answer};

type Arguments = &'static [(&'static str, &'static str)];

/// A replication group with one of two clusters of the account, in ElastiCache's own answers.
const ANSWERS: [(&str, Arguments, &str); 6] = [
    (
        "DescribeReplicationGroups",
        &[("ReplicationGroupId", "sessions")],
        "<ReplicationGroups><ReplicationGroup><ReplicationGroupId>sessions</ReplicationGroupId>\
         <Status>available</Status><Engine>valkey</Engine><MultiAZ>enabled</MultiAZ>\
         <AutomaticFailover>perhaps</AutomaticFailover><KmsKeyId>k</KmsKeyId>\
         <MemberClusters><ClusterId>sessions-001</ClusterId></MemberClusters>\
         <UserGroupIds><member>users</member></UserGroupIds>\
         <PendingModifiedValues><TransitEncryptionMode>required</TransitEncryptionMode></PendingModifiedValues>\
         <NodeGroups><NodeGroup><NodeGroupId>0001</NodeGroupId>\
         <PrimaryEndpoint><Address>a</Address><Port>6380</Port></PrimaryEndpoint><NodeGroupMembers><NodeGroupMember>\
         <CacheClusterId>sessions-001</CacheClusterId><PreferredAvailabilityZone>us-east-2a</PreferredAvailabilityZone>\
         </NodeGroupMember></NodeGroupMembers></NodeGroup></NodeGroups><LogDeliveryConfigurations>\
         <LogDeliveryConfiguration><LogType>slow-log</LogType><DestinationType>cloudwatch-logs</DestinationType>\
         <DestinationDetails><CloudWatchLogsDetails><LogGroup>/sessions</LogGroup></CloudWatchLogsDetails>\
         </DestinationDetails><Status>active</Status></LogDeliveryConfiguration></LogDeliveryConfigurations>\
         </ReplicationGroup></ReplicationGroups>",
    ),
    (
        "DescribeCacheClusters",
        &[],
        "<CacheClusters><CacheCluster><CacheClusterId>other</CacheClusterId></CacheCluster><CacheCluster>\
         <CacheClusterId>sessions-001</CacheClusterId><ReplicationGroupId>sessions</ReplicationGroupId>\
         <Engine>valkey</Engine><EngineVersion>7.2.6</EngineVersion><CacheSubnetGroupName>subnets</CacheSubnetGroupName>\
         <SecurityGroups><member><SecurityGroupId>sg-1</SecurityGroupId></member></SecurityGroups></CacheCluster>\
         </CacheClusters>",
    ),
    (
        "DescribeCacheClusters",
        &[("CacheClusterId", "sessions-001")],
        "<CacheClusters><CacheCluster><CacheClusterId>sessions-001</CacheClusterId>\
         <ReplicationGroupId>sessions</ReplicationGroupId></CacheCluster></CacheClusters>",
    ),
    (
        "DescribeCacheSubnetGroups",
        &[("CacheSubnetGroupName", "subnets")],
        "<CacheSubnetGroups><CacheSubnetGroup><VpcId>vpc-1</VpcId><Subnets><Subnet>\
         <SubnetIdentifier>subnet-a</SubnetIdentifier></Subnet></Subnets></CacheSubnetGroup></CacheSubnetGroups>",
    ),
    (
        "DescribeUserGroups",
        &[("UserGroupId", "users")],
        "<UserGroups><member><UserGroupId>users</UserGroupId><UserIds><member>default</member></UserIds></member>\
         </UserGroups>",
    ),
    (
        "DescribeUsers",
        &[],
        "<Users><member><UserId>other</UserId></member><member><UserId>default</UserId><Status>active</Status>\
         <AccessString>on ~* +@all</AccessString><Authentication><Type>no-password</Type></Authentication></member>\
         </Users>",
    ),
];

fn answer(operation: &str, body: &str) -> Answer {
    Answer::ok(format!(
        "<{operation}Response xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\"><{operation}Result>{body}\
         </{operation}Result></{operation}Response>"
    ))
}

fn empty() -> Account {
    Account::from_files("elasticache", [("elasticache.toml", "")]).unwrap()
}

fn account() -> Account {
    ANSWERS.iter().fold(empty(), |account, (operation, arguments, body)| {
        account.answer("elasticache", operation, arguments, answer(operation, body)).unwrap()
    })
}

async fn collected(account: Account, id: &str) -> (Collected, Vec<(Reference, Relation)>) {
    let scope = scope();
    let ask = async |walk: &Walk<'_>| (cache(walk, id, "us-east-2").await, walk.take_found());
    walked(account, &scope, ask).await.0
}

fn held(collected: Collected) -> Cache {
    let Resource::Cache(cache) = collected.resource else { panic!("{collected:?}") };
    *cache
}

#[tokio::test]
async fn a_replication_group_is_read_with_its_clusters_subnets_and_users() {
    let (found, reached) = collected(account(), "sessions").await;
    assert_eq!(found.arn.as_deref(), Some("arn:aws:elasticache:us-east-2:123456789012:replicationgroup:sessions"));
    let reached: Vec<(Kind, &str)> = reached.iter().map(|(found, _)| (found.kind, found.id.as_str())).collect();
    let expected =
        [(Kind::Vpc, "vpc-1"), (Kind::LogGroup, "/sessions"), (Kind::Key, "k"), (Kind::SecurityGroup, "sg-1")];
    assert_eq!(reached, expected);
    let cache = held(found);
    let Observed::Present(Description::Group(group)) = cache.description.observed() else { panic!("{cache:?}") };
    assert_eq!(group.engine, Observed::Present(Engine::Valkey));
    assert_eq!(group.port, Observed::Present(6380));
    assert_eq!(group.transit, Observed::Absent);
    assert_eq!(group.pending, Observed::Present([Change::Transit].into()));
    let gap: &Observed<Failover> = &group.failover;
    assert!(matches!(gap, Observed::Unknown(Gap::Unrecognised { token, .. }) if token == "perhaps"), "{gap:?}");
    let Observed::Present(members) = cache.members.observed() else { panic!("{cache:?}") };
    assert_eq!(members.iter().map(|member| member.id.as_str()).collect::<Vec<_>>(), ["sessions-001"]);
    let Observed::Present(users) = cache.users.observed() else { panic!("{cache:?}") };
    let [user] = users.as_slice() else { panic!("{users:?}") };
    assert_eq!(user.access, Observed::Present(Access::Something));
    assert_eq!(user.authentication, Observed::Present(Authentication::NoPassword));
}

#[tokio::test]
async fn a_cluster_leads_to_its_replication_group_and_stands_alone_without_one() {
    let (_, reached) = collected(account(), "cluster:sessions-001").await;
    let [(reference, relation)] = reached.as_slice() else { panic!("{reached:?}") };
    assert_eq!(reference.id, "sessions");
    assert_eq!(relation, &Relation::NamedBy { name: "cluster:sessions-001".into() });
    let alone = "<CacheClusters><CacheCluster><CacheClusterId>one</CacheClusterId><Engine>memcached</Engine>\
                 </CacheCluster></CacheClusters>";
    let asked = [("CacheClusterId", "one")];
    let alone = answer("DescribeCacheClusters", alone);
    let account = empty().answer("elasticache", "DescribeCacheClusters", &asked, alone).unwrap();
    let (found, reached) = collected(account, "cluster:one").await;
    assert_eq!(reached, []);
    assert!(is_alone(&held(found)));
}

#[tokio::test]
async fn a_serverless_cache_is_read_by_its_name() {
    let body = "<ServerlessCaches><member><ServerlessCacheName>s</ServerlessCacheName><Status>AVAILABLE</Status>\
                <Engine>redis</Engine><SecurityGroupIds><SecurityGroupId>sg-1</SecurityGroupId></SecurityGroupIds>\
                <Endpoint><Port>6379</Port></Endpoint></member></ServerlessCaches>";
    let asked = [("ServerlessCacheName", "s")];
    let body = answer("DescribeServerlessCaches", body);
    let account = empty().answer("elasticache", "DescribeServerlessCaches", &asked, body).unwrap();
    let (found, _) = collected(account, "serverlesscache:s").await;
    assert_eq!(found.arn.as_deref(), Some("arn:aws:elasticache:us-east-2:123456789012:serverlesscache:s"));
    let cache = held(found);
    assert!(cache.named_by.contains("s"));
    let Observed::Present(Description::Serverless(found)) = cache.description.observed() else { panic!("{cache:?}") };
    assert_eq!((&found.subnets, &found.ports), (&Observed::Absent, &vec![6379]));
    assert_eq!(cache.users.observed(), &Observed::Absent);
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    for (id, operation, argument, code) in [
        ("gone", "DescribeReplicationGroups", "ReplicationGroupId", "ReplicationGroupNotFoundFault"),
        ("serverlesscache:gone", "DescribeServerlessCaches", "ServerlessCacheName", "ServerlessCacheNotFoundFault"),
        ("cluster:gone", "DescribeCacheClusters", "CacheClusterId", "CacheClusterNotFound"),
    ] {
        let error = Answer::error("elasticache", 404, code);
        let account = empty().answer("elasticache", operation, &[(argument, "gone")], error).unwrap();
        let none = answer("DescribeCacheClusters", "<CacheClusters></CacheClusters>");
        let account = account.answer("elasticache", "DescribeCacheClusters", &[], none).unwrap();
        let (found, _) = collected(account, id).await;
        assert_eq!(found.existence.observed(), &Observed::Present(Existence::Missing), "{id}");
    }
}

#[tokio::test]
async fn every_form_of_a_name_gives_one_reference() {
    let scope = scope();
    let ask = async |walk: &Walk<'_>| {
        [
            "Sessions",
            "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:sessions",
            "arn:aws:elasticache:eu-west-1:123456789012:serverlesscache:s",
            "arn:aws:elasticache:eu-west-1:123456789012:cluster:c",
            "serverlesscache:s",
            "arn:aws:elasticache:eu-west-1:123456789012:user:u",
            "arn:aws:rds:eu-west-1:123456789012:db:d",
        ]
        .map(|named| cache_reference(walk, named, "us-east-2").map(|found| (found.id, found.region)))
    };
    let (found, _) = walked(account(), &scope, ask).await;
    let some = |id: &str, region: &str| Some((id.to_owned(), region.to_owned()));
    let expected = [
        some("sessions", "us-east-2"),
        some("sessions", "eu-west-1"),
        some("serverlesscache:s", "eu-west-1"),
        some("cluster:c", "eu-west-1"),
        some("serverlesscache:s", "us-east-2"),
        None,
        None,
    ];
    assert_eq!(found, expected);
}
