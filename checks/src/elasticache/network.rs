//! Whether the internet has a path to the cache.

use super::{Cache, Connection, Form, Serverless, settled};
use crate::check::{Context, NoParams};
use crate::ec2::{self, Reach};
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

const EXPECTED: &str = "subnets without a route to an internet gateway";

/// Every subnet of the group counts, in use or not, because ElastiCache may put nodes there.
pub(super) fn private_subnets(cache: &Cache, _: &NoParams, context: &Context<'_>) -> Judgement {
    match settled(cache)? {
        Form::Group(_) => {
            let group = cache.subnet_group.required("DescribeCacheSubnetGroups", "CacheSubnetGroups")?;
            let of = format!("the subnet group {}", group.name);
            every(judged(&group.subnets, &of, context), || {
                Err(Gap::undecided(format!("ElastiCache answered no subnet of {of}")))
            })
        }
        Form::Serverless(serverless) => of_serverless(serverless, context),
    }
}

/// A public serverless cache has an address on the internet whatever its subnets.
fn of_serverless(cache: &Serverless, context: &Context<'_>) -> Judgement {
    let connection = cache.connection.seen().map(|connection| match connection {
        Some(Connection::Public) => Verdict::not_satisfied(
            "it is a public serverless cache (ConnectionType public), which the internet reaches whatever its subnets",
            EXPECTED,
        ),
        Some(Connection::Vpc) | None => Verdict::satisfied("it is reached through the VPC"),
    });
    let parts = match subnets(cache) {
        Ok(subnets) => judged(subnets, "the serverless cache", context),
        Err(gap) => vec![Err(gap)],
    };
    every([connection].into_iter().chain(parts), crate::verdict::nothing_to_judge)
}

/// The subnets of a serverless cache. Without any it stands in default subnets that it does not tell.
pub(super) fn subnets(cache: &Serverless) -> Result<&[String], Gap> {
    match cache.subnets.seen()? {
        Some(subnets) if !subnets.is_empty() => Ok(subnets),
        Some(_) | None => Err(Gap::undecided(
            "the serverless cache names no subnets, so it stands in the default ones, which it does not tell; name \
             SubnetIds",
        )),
    }
}

fn judged(subnets: &[String], of: &str, context: &Context<'_>) -> Vec<Judgement> {
    let judge = |subnet: &String| {
        Ok(match ec2::reach(context.evidence, subnet)? {
            Reach::Private => Verdict::satisfied(format!("{subnet} is private")),
            Reach::Public { route } => Verdict::not_satisfied(format!("{subnet} of {of} is public: {route}"), EXPECTED),
        })
    };
    subnets.iter().map(judge).collect()
}

#[cfg(test)]
mod tests;
