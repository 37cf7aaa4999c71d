//! Whether the internet has a path to the database.

use super::{CLUSTERS, Cluster, Database, INSTANCES};
use super::{members, settled};
use crate::check::{Context, NoParams};
use crate::ec2::{self, Reach};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

const PRIVATE: &str = "a subnet group whose subnets have no route to an internet gateway";

/// Every subnet of the group counts, in use or not, because RDS may move there. A cluster without a group stands outside
/// of the VPC only where RDS says so; otherwise the group is missing from the answer.
pub(super) fn private_subnets(database: &Database, _: &NoParams, context: &Context<'_>) -> Judgement {
    let cluster = settled(database)?;
    if let Some(Switch::Off) = cluster.vpc_networking.seen()? {
        return Ok(Verdict::not_satisfied(
            "the cluster stands outside of the VPC (VPCNetworkingEnabled is false)",
            PRIVATE,
        ));
    }
    cluster.subnet_group.required(CLUSTERS, "DBCluster.DBSubnetGroup")?;
    let group = database.subnet_group.required("DescribeDBSubnetGroups", "DBSubnetGroups")?;
    let parts = group.subnets.iter().map(|subnet| {
        Ok(match ec2::reach(context.evidence, subnet)? {
            Reach::Private => Verdict::satisfied(format!("{subnet} is private")),
            Reach::Public { route } => Verdict::not_satisfied(
                format!("{subnet} of the subnet group {} is public: {route}", group.name),
                PRIVATE,
            ),
        })
    });
    every(parts, || Err(Gap::undecided(format!("RDS answered no subnet of the subnet group {}", group.name))))
}

const NOT_PUBLIC: &str = "no instance with a public address, and no internet access gateway";

/// The instances tell; the cluster's own flag is set for clusters that are not Aurora alone. An internet access gateway is
/// an endpoint of its own that neither subnets nor security groups guard.
pub(super) fn not_public(database: &Database, _: &NoParams, context: &Context<'_>) -> Judgement {
    let cluster = settled(database)?;
    let gateway = cluster.internet_gateway.seen().map(|gateway| match gateway {
        Some(Switch::On) => Verdict::not_satisfied(
            "the cluster has an internet access gateway, an endpoint on the internet that no subnet or security group \
             guards",
            NOT_PUBLIC,
        ),
        Some(Switch::Off) | None => Verdict::not_applicable("it has no internet access gateway"),
    });
    let none = Ok(Verdict::not_applicable("the cluster has no member; see rds-cluster-aurora-available"));
    let addresses = addresses(database, cluster, context);
    let verdict = every([gateway].into_iter().chain(addresses), || none.clone())?;
    let verdict = if members(cluster)?.is_empty() && matches!(verdict, Verdict::NotApplicable { .. }) {
        return none;
    } else {
        verdict
    };
    Ok(match &cluster.data_api {
        Observed::Present(Switch::On) => verdict.noting("the RDS Data API is on; IAM alone guards it"),
        Observed::Present(Switch::Off) | Observed::Absent | Observed::Unknown(_) => verdict,
    })
}

fn addresses(database: &Database, cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
    let members = match members(cluster) {
        Ok([]) => return Vec::new(),
        Ok(members) => members,
        Err(gap) => return vec![Err(gap)],
    };
    let instances = match database.instances.required(INSTANCES, "DBInstances") {
        Ok(instances) => instances,
        Err(gap) => return vec![Err(gap)],
    };
    let unanswered = members.iter().filter(|member| !instances.iter().any(|one| one.id == member.instance));
    let unanswered = unanswered.map(|member| {
        Err(Gap::undecided(format!("DescribeDBInstances did not answer for the member {}", member.instance)))
    });
    let answered = instances.iter().map(|instance| {
        Ok(match instance.public.required(INSTANCES, "DBInstance.PubliclyAccessible")? {
            Switch::Off => Verdict::satisfied(format!("{} has no public address", instance.id)),
            Switch::On => Verdict::not_satisfied(format!("{} has a public address", instance.id), NOT_PUBLIC)
                .noting(path(database, context)),
        })
    });
    answered.chain(unanswered).collect()
}

/// What stands between a public address and the internet today, for the reader: the flag fails all the same.
fn path(database: &Database, context: &Context<'_>) -> String {
    let Observed::Present(group) = database.subnet_group.observed() else {
        return "whether a route leads there could not be told".into();
    };
    let reaches: Vec<_> = group.subnets.iter().map(|subnet| (subnet, ec2::reach(context.evidence, subnet))).collect();
    let public = reaches.iter().find_map(|(subnet, reach)| match reach {
        Ok(Reach::Public { route }) => {
            Some(format!("a route leads there ({subnet}: {route}), so security groups alone stand in between"))
        }
        Ok(Reach::Private) | Err(_) => None,
    });
    match public {
        Some(route) => route,
        None if reaches.iter().all(|(_, reach)| matches!(reach, Ok(Reach::Private))) => {
            "no route leads there today, because its subnets are private".into()
        }
        None => "whether a route leads there could not be told".into(),
    }
}

#[cfg(test)]
mod tests;
