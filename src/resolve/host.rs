//! Host names, web addresses and console links, read into the resource they belong to.

use tap_audit_checks::outputs::Resolved;

use super::{Resolution, is_bucket_name, is_name, is_uuid, named};

/// The domains under which AWS services answer, per partition.
const DOMAINS: [&str; 4] = ["amazonaws.com", "amazonaws.com.cn", "api.aws", "amazonaws.eu"];

/// Whether a text has the form of a region's name, such as `us-gov-west-1`.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    let letters = |part: &&str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    (1..=2).contains(&middle.len())
        && (2..=4).contains(&area.len())
        && letters(area)
        && middle.iter().all(|part| letters(part) && KNOWN_DIRECTIONS.contains(part))
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

const KNOWN_DIRECTIONS: [&str; 16] = [
    "east",
    "west",
    "north",
    "south",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
    "gov",
    "iso",
    "isob",
    "isoe",
    "isof",
    "isog",
    "de",
];

/// The short names of regions that ElastiCache writes into host names.
const SHORT_REGIONS: [(&str, &str); 18] = [
    ("use1", "us-east-1"),
    ("use2", "us-east-2"),
    ("usw1", "us-west-1"),
    ("usw2", "us-west-2"),
    ("cac1", "ca-central-1"),
    ("sae1", "sa-east-1"),
    ("euw1", "eu-west-1"),
    ("euw2", "eu-west-2"),
    ("euw3", "eu-west-3"),
    ("euc1", "eu-central-1"),
    ("eun1", "eu-north-1"),
    ("eus1", "eu-south-1"),
    ("aps1", "ap-south-1"),
    ("apse1", "ap-southeast-1"),
    ("apse2", "ap-southeast-2"),
    ("apne1", "ap-northeast-1"),
    ("apne2", "ap-northeast-2"),
    ("apne3", "ap-northeast-3"),
];

/// A web address, taken apart; a bare host name has neither scheme nor path.
struct Address<'a> {
    scheme: Option<&'a str>,
    host: String,
    path: &'a str,
    fragment: &'a str,
}

fn address(value: &str) -> Option<Address<'_>> {
    let (scheme, rest) = match value.split_once("://") {
        // `jdbc:postgresql`, and `jdbc:mysql:aurora` of drivers that know more.
        Some((scheme, rest)) if scheme.starts_with("jdbc:") => (Some("jdbc"), rest),
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, value),
    };
    if scheme.is_some_and(|scheme| !is_name(scheme, 20, "+.-")) || rest.chars().any(char::is_whitespace) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => host,
    };
    let (before, fragment) = tail.split_once('#').unwrap_or((tail, ""));
    let path = before.split('?').next().unwrap_or(before);
    // An empty label, as in `.rds.amazonaws.com`, would give a resource without a name.
    if !is_name(host, 253, ".-_") || host.split('.').any(str::is_empty) || (scheme.is_none() && !host.contains('.')) {
        return None;
    }
    Some(Address { scheme, host: host.to_ascii_lowercase(), path, fragment })
}

/// Reads a host name or a web address; `None` where the value is neither.
pub(super) fn resolve(value: &str) -> Option<Resolution> {
    if let Some(rest) = value.strip_prefix("s3://") {
        let name = rest.split('/').next().unwrap_or(rest);
        return Some(if is_bucket_name(name) {
            Resolution::Resolved(named("AWS::S3::Bucket", name, "an s3:// address"))
        } else {
            Resolution::not("an s3:// address that names no bucket")
        });
    }
    let address = address(value)?;
    let domain = DOMAINS.iter().find_map(|domain| {
        let labels = address.host.strip_suffix(domain)?;
        labels.strip_suffix('.')
    });
    let found = match domain {
        Some(labels) => service(labels, &address),
        None => other_domain(&address),
    };
    match (found, address.scheme) {
        (Some(resolved), _) => Some(Resolution::Resolved(resolved)),
        (None, Some(_)) if is_console(&address.host) => {
            Some(Resolution::not("a link to the AWS console that names no resource that is known here"))
        }
        (None, Some(_)) => Some(Resolution::not("a web address, which names no AWS resource")),
        (None, None) if domain.is_some() => {
            Some(Resolution::not("a host name of an AWS service that is not known here"))
        }
        (None, None) => None,
    }
}

fn is_console(host: &str) -> bool {
    ["console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com"]
        .iter()
        .any(|console| host == *console || host.strip_suffix(console).is_some_and(|prefix| prefix.ends_with('.')))
}

/// Hosts outside AWS's service domains.
fn other_domain(address: &Address<'_>) -> Option<Resolved> {
    let host = address.host.as_str();
    if is_console(host) {
        return console(address);
    }
    if let Some(labels) = host.strip_suffix(".on.aws")
        && let Some((id, region)) = labels.split_once(".lambda-url.")
    {
        return Some(within(named("AWS::Lambda::Url", id, "the host name of a function URL"), region));
    }
    if let Some(id) = host.strip_suffix(".cloudfront.net")
        && !id.is_empty()
    {
        return Some(named("AWS::CloudFront::Distribution", host, "the host name of a distribution"));
    }
    if let Some(labels) = host.strip_suffix(".amazoncognito.com")
        && let Some((name, region)) = labels.split_once(".auth.")
    {
        return Some(within(named("AWS::Cognito::UserPoolDomain", name, "the host name of a user pool"), region));
    }
    None
}

/// Hosts of AWS services: `labels` is what stands before the service domain.
fn service(labels: &str, address: &Address<'_>) -> Option<Resolved> {
    let parts: Vec<&str> = labels.split('.').collect();
    if let Some(resolved) = bucket(labels, address) {
        return Some(resolved);
    }
    match parts.as_slice() {
        [id, "global", "rds"] | [id, _, "global", "rds"] => {
            Some(named("AWS::RDS::GlobalCluster", id, "the host name of a global database"))
        }
        [id, hash, region, "rds"] | [id, hash, "rds", region] if is_region(region) => {
            Some(within(database(id, hash), region))
        }
        [.., region, "rds"] if is_region(region) => None,
        [.., "cache"] => cache(&parts),
        [id, "execute-api", region] => {
            // An API behind a private endpoint carries the endpoint's id too.
            let id = id.split_once("-vpce-").map_or(*id, |(id, _)| id);
            Some(within(named("AWS::ApiGateway::RestApi", id, "the host name of an API"), region))
        }
        [name, region, "elb"] if is_region(region) => Some(within(balancer(name), region)),
        [name, "elb", region] if is_region(region) => Some(within(balancer(name), region)),
        [.., id, "efs", region] if id.starts_with("fs-") => {
            Some(within(named("AWS::EFS::FileSystem", id, "the host name of a file system"), region))
        }
        ["sqs", region] => queue(address, region),
        [region, "queue"] if is_region(region) => queue(address, region),
        [account, "dkr", "ecr", region] => {
            let name = address.path.trim_start_matches('/').split(['@', ':']).next().filter(|name| !name.is_empty())?;
            let mut resolved = within(named("AWS::ECR::Repository", name, "the address of an image"), region);
            resolved.account = Some((*account).to_owned());
            Some(resolved)
        }
        ["cognito-idp", region] => {
            let id = address.path.trim_start_matches('/').split('/').next().filter(|id| !id.is_empty())?;
            Some(within(named("AWS::Cognito::UserPool", id, "the address of a user pool"), region))
        }
        [domain, region, "es"] if is_region(region) => {
            let name = domain.trim_start_matches("search-").trim_start_matches("vpc-");
            let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
            Some(within(named("AWS::OpenSearchService::Domain", name, "the host name of a domain"), region))
        }
        [id, "appsync-api", region] => {
            Some(within(named("AWS::AppSync::GraphQLApi", id, "the host name of an API"), region))
        }
        _ => None,
    }
}

/// Every way in which S3 writes a bucket into a host name or path.
fn bucket(labels: &str, address: &Address<'_>) -> Option<Resolved> {
    // Bucket names may hold dots, so the service's own labels are looked for from the right.
    let (name, service) = match labels.rfind(".s3") {
        Some(at) => (Some(&labels[..at]), &labels[at + 1..]),
        None if labels.starts_with("s3") => (None, labels),
        None => return None,
    };
    let rest = service.strip_prefix("s3")?;
    let rest = ["-accelerate", "-website", "-fips", ".dualstack", ""]
        .iter()
        .find_map(|variant| rest.strip_prefix(variant))
        .map(|rest| rest.trim_start_matches(".dualstack"))?;
    let region = rest.trim_start_matches(['.', '-']);
    let known = region.is_empty() || is_region(region);
    if !known {
        return None;
    }
    let (name, by) = match name {
        Some(name) => (name, "the host name of a bucket"),
        None => (
            address.path.trim_start_matches('/').split('/').next().filter(|name| !name.is_empty())?,
            "the address of a bucket",
        ),
    };
    if !is_bucket_name(name) {
        return None;
    }
    let resolved = named("AWS::S3::Bucket", name, by);
    Some(if region.is_empty() { resolved } else { within(resolved, region) })
}

fn database(id: &str, hash: &str) -> Resolved {
    if hash.starts_with("cluster-custom-") {
        // CloudFormation has no type for it; the name follows those that it has.
        named("AWS::RDS::DBClusterEndpoint", id, "the host name of a custom endpoint of a database cluster")
    } else if hash.starts_with("shardgrp-") {
        named("AWS::RDS::DBShardGroup", id, "the host name of a database's shard group")
    } else if hash.starts_with("cluster-") {
        named("AWS::RDS::DBCluster", id, "the host name of a database cluster")
    } else if hash.starts_with("proxy-") {
        named("AWS::RDS::DBProxy", id, "the host name of a database proxy")
    } else {
        named("AWS::RDS::DBInstance", id, "the host name of a database instance")
    }
}

/// ElastiCache writes the parts of a host name in another order with TLS than without.
fn cache(parts: &[&str]) -> Option<Resolved> {
    let group = "AWS::ElastiCache::ReplicationGroup";
    let (kind, id, short) = match parts {
        ["master" | "replica" | "clustercfg", name, _, short, "cache"] => (group, *name, *short),
        [name, _, "ng", _, short, "cache"] => (group, name.trim_end_matches("-ro"), *short),
        [name, _, "clustercfg", short, "cache"] => (group, *name, *short),
        [name, "serverless", short, "cache"] => {
            let name = name.rsplit_once('-').map_or(*name, |(name, _)| name);
            ("AWS::ElastiCache::ServerlessCache", name, *short)
        }
        [name, _, "cfg", short, "cache"] => ("AWS::ElastiCache::CacheCluster", *name, *short),
        [_, name, _, short, "cache"] if !name.is_empty() && parts[0].starts_with(name) => (group, *name, *short),
        [name, _, _, short, "cache"] => ("AWS::ElastiCache::CacheCluster", *name, *short),
        _ => return None,
    };
    let mut resolved = named(kind, id, "the host name of a cache");
    resolved.region = SHORT_REGIONS.iter().find(|(name, _)| *name == short).map(|(_, region)| (*region).to_owned());
    Some(resolved)
}

fn balancer(label: &str) -> Resolved {
    let name = label.trim_start_matches("dualstack.");
    let name = name.strip_prefix("internal-").unwrap_or(name);
    let name = match name.rsplit_once('-') {
        Some((name, tail)) if tail.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        Some(_) | None => name,
    };
    named("AWS::ElasticLoadBalancingV2::LoadBalancer", name, "the host name of a load balancer")
}

fn queue(address: &Address<'_>, region: &str) -> Option<Resolved> {
    let mut parts = address.path.trim_start_matches('/').split('/');
    let (account, name) = (parts.next()?, parts.next().filter(|name| !name.is_empty())?);
    let mut resolved = within(named("AWS::SQS::Queue", name, "the URL of a queue"), region);
    resolved.account = Some(account.to_owned());
    Some(resolved)
}

/// Links into the console carry what they show in the path or behind the `#`.
fn console(address: &Address<'_>) -> Option<Resolved> {
    let region = address.host.split('.').next().filter(|label| is_region(label));
    let by = "a link to the console";
    let after = |marker: &str| {
        let text = address.fragment.split_once(marker).or_else(|| address.path.split_once(marker))?.1;
        let text = text.split(['?', '&', ';', '|']).next().unwrap_or(text);
        (!text.is_empty()).then(|| decoded(text))
    };
    let first = |text: String| text.split('/').next().map_or_else(String::new, str::to_owned);
    let found = if let Some(name) = after("s3/buckets/") {
        Some(("AWS::S3::Bucket", first(name)))
    } else if let Some(name) = after("functions/") {
        Some(("AWS::Lambda::Function", first(name)))
    } else if let Some(name) = after("log-groups/log-group/").or_else(|| after("logStream:group=")) {
        // The console encodes twice and writes `$` for `%`.
        Some(("AWS::Logs::LogGroup", decoded(&name.replace('$', "%")).split("/log-events").next()?.to_owned()))
    } else if let Some(id) = after("kms/keys/").map(first).filter(|id| is_uuid(id) || id.starts_with("mrk-")) {
        Some(("AWS::KMS::Key", id))
    } else if let Some(name) = after("roles/details/").or_else(|| after("roles/")) {
        Some(("AWS::IAM::Role", first(name)))
    } else {
        let name = after("dashboards:name=").or_else(|| after("dashboards/dashboard/"));
        name.map(|name| ("AWS::CloudWatch::Dashboard", first(name)))
    };
    let (kind, id) = found.filter(|(_, id)| is_name(id, 512, "/_.-#+=,@"))?;
    let resolved = named(kind, &id, by);
    Some(match region {
        Some(region) => within(resolved, region),
        None => resolved,
    })
}

/// Resolves percent escapes, twice where they are escaped themselves; broken ones stay.
fn decoded(text: &str) -> String {
    let once = |text: &str| {
        let bytes = text.as_bytes();
        let mut plain = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let code = text.get(at + 1..at + 3).map(|digits| u8::from_str_radix(digits, 16));
            match (byte, code) {
                (b'%', Some(Ok(code))) => {
                    plain.push(code);
                    at += 3;
                }
                (byte, _) => {
                    plain.push(*byte);
                    at += 1;
                }
            }
        }
        String::from_utf8_lossy(&plain).into_owned()
    };
    once(&once(text))
}

fn within(mut resolved: Resolved, region: &str) -> Resolved {
    if is_region(region) {
        resolved.region = Some(region.to_owned());
    }
    resolved
}
