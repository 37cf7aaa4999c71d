//! What is read of a revision of a task definition. The values that stand in it are judged and dropped here.

use aws_sdk_ecs::types;
use tap_audit_checks::ec2::{Ports, Traffic};
use tap_audit_checks::ecs::values::{in_command, look};
use tap_audit_checks::ecs::{
    Container, Definition, EfsVolume, Field, Logging, PlainLook, PlainValue, SecretReference, SecretStore,
    TaskDefinition, Volume, named_for_reading,
};
use tap_audit_checks::iam::Role;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Attributes, Existence, Kind, Resource};

use super::{DEFINITION, switch, text};
use crate::collect::call::{Aws, ValueDigest};
use crate::collect::{Collected, Reference, Relation, Walk, efs, existence, iam, secretsmanager};

/// What one answer tells of a revision.
#[derive(Clone, Debug)]
struct Described {
    arn: Option<String>,
    definition: Definition,
    /// Digests of the values that are plain text, which may be the names of secrets.
    literals: Vec<Literal>,
}

/// The digest of a value, and whose it is.
#[derive(Clone, Debug)]
struct Literal {
    container: usize,
    value: usize,
    digest: ValueDigest,
}

/// Collects a revision, named by its ARN. Reaches its roles, the log groups that its containers write to, the secrets
/// that they take and the file systems that they mount; the secrets that its task role names too, because code may
/// fetch those itself.
pub(crate) async fn task_definition(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let mut described = described(walk, id, region).await;
    if let Observed::Present(found) = described.observed().clone() {
        let by_role = secrets_of_role(walk, &found.definition, region).await;
        reach_from(walk, &found.definition, &by_role, id, region);
        let known = names_of_secrets(&found, &by_role, walk, region).await;
        described = described.map(|mut found| {
            for literal in &known {
                found.definition.containers[literal.container].values[literal.value].look = PlainLook::SecretsName;
            }
            found
        });
    }
    let arn = match described.observed() {
        Observed::Present(found) => found.arn.clone(),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let definition = described.map(|found| found.definition);
    Collected {
        existence: existence(&definition),
        arn: Some(arn.unwrap_or_else(|| id.to_owned())),
        region: Some(region.to_owned()),
        resource: Resource::TaskDefinition(Box::new(TaskDefinition { definition })),
    }
}

/// ECS answers for a revision that is not there with an error that many others share; its message tells it apart.
async fn described(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Described> {
    // A family without a revision is known by its name alone.
    let path = id.rsplit('/').next().unwrap_or(id);
    let named = if path.contains(':') { id } else { path };
    walk.aws
        .ask_or(
            &DEFINITION,
            region,
            &[("taskDefinition", named)],
            |clients| clients.ecs().describe_task_definition().task_definition(named).send(),
            |answer| match &answer.task_definition {
                Some(found) => match reduce(walk.aws, found) {
                    Ok(described) => Observed::Present(described),
                    Err(gap) => Observed::Unknown(gap),
                },
                None => Observed::Unknown(DEFINITION.incomplete("taskDefinition")),
            },
            |fault| {
                let gone = fault.code == "ClientException" && fault.says("Unable to describe task definition");
                gone.then(|| {
                    let code = fault.code.clone();
                    Observed::Unknown(Gap::Missing { operation: DEFINITION.operation.into(), code })
                })
            },
        )
        .await
}

fn reduce(aws: &Aws, found: &types::TaskDefinition) -> Result<Described, Gap> {
    let containers = found
        .container_definitions
        .as_ref()
        .ok_or_else(|| DEFINITION.incomplete("taskDefinition.containerDefinitions"))?;
    let mut literals = Vec::new();
    let containers = containers.iter().enumerate().map(|(at, container)| {
        let values = values(container, |value, digested| {
            literals.push(Literal { container: at, value, digest: aws.digest(digested) });
        });
        reduced(container, values)
    });
    let containers = containers.collect::<Result<_, _>>()?;
    let for_what = found.requires_compatibilities().iter().chain(found.compatibilities());
    let mut compatibilities: Vec<String> = for_what.map(|one| one.as_str().to_owned()).collect();
    compatibilities.sort_unstable();
    compatibilities.dedup();
    Ok(Described {
        arn: found.task_definition_arn.clone(),
        definition: Definition {
            family: text(found.family()),
            task_role: text(found.task_role_arn()),
            execution_role: text(found.execution_role_arn()),
            compatibilities,
            containers,
            volumes: found.volumes().iter().map(volume).collect::<Result<_, _>>()?,
        },
        literals,
    })
}

fn reduced(container: &types::ContainerDefinition, values: Vec<PlainValue>) -> Result<Container, Gap> {
    let name = container.name().ok_or_else(|| DEFINITION.incomplete("containerDefinitions.name"))?;
    Ok(Container {
        name: name.to_owned(),
        essential: Observed::of(container.essential().map(Switch::from)),
        logging: Observed::of(container.log_configuration().map(logging)),
        secrets: container.secrets().iter().map(|secret| reference(secret.name(), secret.value_from())).collect(),
        values,
        environment_files: container.environment_files().len(),
        mounts: container.mount_points().iter().filter_map(|mount| mount.source_volume().map(str::to_owned)).collect(),
        ports: container.port_mappings().iter().map(ports).collect::<Result<_, _>>()?,
    })
}

/// A mapping names one port or a range of them.
fn ports(found: &types::PortMapping) -> Result<Traffic, Gap> {
    const RANGE: &str = "containerDefinitions.portMappings.containerPortRange";
    let ports = match (found.container_port_range(), found.container_port()) {
        (Some(range), _) => {
            let ends = range.split_once('-').map(|(first, last)| (first.parse(), last.parse()));
            let Some((Ok(first), Ok(last))) = ends else { return Err(DEFINITION.unknown_token(RANGE, range)) };
            Ports { first, last }
        }
        (None, Some(port)) => {
            let unknown =
                |_| DEFINITION.unknown_token("containerDefinitions.portMappings.containerPort", &port.to_string());
            Ports::one(u16::try_from(port).map_err(unknown)?)
        }
        (None, None) => return Err(DEFINITION.incomplete("containerDefinitions.portMappings.containerPort")),
    };
    match found.protocol().map(types::TransportProtocol::as_str) {
        Some("tcp") | None => Ok(Traffic::Tcp(ports)),
        Some("udp") => Ok(Traffic::Udp(ports)),
        Some(other) => Err(DEFINITION.unknown_token("containerDefinitions.portMappings.protocol", other)),
    }
}

/// FireLens takes its output's options by the names that Fluent Bit gives them, without regard to case.
fn logging(found: &types::LogConfiguration) -> Logging {
    let driver = found.log_driver().as_str().to_owned();
    let option = |name: &str| {
        let options = found.options().into_iter().flatten();
        text(options.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).next())
    };
    let by_firelens = driver == "awsfirelens";
    let creates = if by_firelens { "auto_create_group" } else { "awslogs-create-group" };
    Logging {
        group: option(if by_firelens { "log_group_name" } else { "awslogs-group" }),
        region: option(if by_firelens { "region" } else { "awslogs-region" }),
        creates_group: option(creates)
            .map(|value| Switch::from(["true", "on"].contains(&value.to_ascii_lowercase().as_str()))),
        output: option("Name").map(|name| name.to_ascii_lowercase()),
        driver,
    }
}

/// A secret's ARN may be followed by a key, a stage and a version, each of which may be empty.
fn reference(variable: &str, value_from: &str) -> SecretReference {
    let parts: Vec<&str> = value_from.split(':').collect();
    let is_secret = parts.first() == Some(&"arn") && parts.get(2) == Some(&"secretsmanager");
    let behind = |at: usize| text(parts.get(at).copied().filter(|_| is_secret));
    SecretReference {
        variable: variable.to_owned(),
        named: if is_secret {
            parts.iter().take(7).copied().collect::<Vec<_>>().join(":")
        } else {
            value_from.to_owned()
        },
        store: if is_secret { SecretStore::SecretsManager } else { SecretStore::ParameterStore },
        json_key: behind(7),
        stage: behind(8),
        version: behind(9),
    }
}

/// Judges every value and drops it. `literal` hears of each that is plain text, which may be the name of a secret.
fn values(container: &types::ContainerDefinition, mut literal: impl FnMut(usize, &str)) -> Vec<PlainValue> {
    let mut values: Vec<PlainValue> = Vec::new();
    let mut keep = |field: Field, name: Option<&str>, value: &str, look: PlainLook| {
        if look == PlainLook::Literal {
            literal(values.len(), value);
        }
        values.push(PlainValue { field, name: Observed::of(name.map(str::to_owned)), look });
    };
    for pair in container.environment() {
        let value = pair.value().unwrap_or("");
        keep(Field::Environment, pair.name(), value, look(value));
    }
    let health = container.health_check().map_or(&[][..], |check| check.command());
    for (field, words) in [
        (Field::Command, container.command()),
        (Field::EntryPoint, container.entry_point()),
        (Field::HealthCheck, health),
    ] {
        in_command(words, |name, value, look| keep(field, name, value, look));
    }
    let options = container.log_configuration().and_then(|logging| logging.options());
    for (field, pairs) in [(Field::Label, container.docker_labels()), (Field::LogOption, options)] {
        let mut pairs: Vec<_> = pairs.into_iter().flatten().collect();
        pairs.sort_unstable();
        for (name, value) in pairs {
            keep(field, Some(name), value, look(value));
        }
    }
    values
}

fn volume(found: &types::Volume) -> Result<Volume, Gap> {
    let name = found.name().ok_or_else(|| DEFINITION.incomplete("volumes.name"))?;
    let efs = found.efs_volume_configuration().map(|efs| {
        let authorization = efs.authorization_config();
        EfsVolume {
            file_system: efs.file_system_id().to_owned(),
            transit_encryption: switch(
                &DEFINITION,
                "efsVolumeConfiguration.transitEncryption",
                efs.transit_encryption().map(types::EfsTransitEncryption::as_str),
            ),
            access_point: text(authorization.and_then(|one| one.access_point_id())),
            iam: switch(
                &DEFINITION,
                "efsVolumeConfiguration.authorizationConfig.iam",
                authorization.and_then(|one| one.iam()).map(types::EfsAuthorizationConfigIam::as_str),
            ),
        }
    });
    Ok(Volume { name: name.to_owned(), efs: Observed::of(efs) })
}

/// A role of this account.
fn role(walk: &Walk<'_>, arn: &Observed<String>) -> Option<Reference> {
    match arn {
        Observed::Present(arn) => iam::role_named(walk, arn),
        Observed::Absent | Observed::Unknown(_) => None,
    }
}

/// The secrets that the task role may read by name, but for those that a container takes anyway.
async fn secrets_of_role(walk: &Walk<'_>, definition: &Definition, region: &str) -> Vec<Reference> {
    let Some(reference) = role(walk, &definition.task_role) else { return Vec::new() };
    let collected = iam::role(walk, &reference.id).await;
    let Some(role) = Role::of(&collected.resource) else { return Vec::new() };
    let taken: Vec<&str> = secrets(definition).map(|secret| secret.named.as_str()).collect();
    named_for_reading(role)
        .iter()
        .filter(|named| !taken.iter().any(|taken| taken.starts_with(named.as_str())))
        .filter_map(|named| secretsmanager::secret_reference(walk, named, region))
        .collect()
}

fn secrets(definition: &Definition) -> impl Iterator<Item = &SecretReference> {
    let all = definition.containers.iter().flat_map(|container| &container.secrets);
    all.filter(|secret| secret.store == SecretStore::SecretsManager)
}

fn reach_from(walk: &Walk<'_>, definition: &Definition, by_role: &[Reference], id: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::TaskDefinition, id: id.to_owned() };
    for (what, arn) in [("task role", &definition.task_role), ("execution role", &definition.execution_role)] {
        if let Some(reference) = role(walk, arn) {
            walk.reach(reference, of(what));
        }
    }
    for container in &definition.containers {
        if let Observed::Present(Logging { group: Observed::Present(group), region: named, .. }) = &container.logging
            // Fluent Bit puts such a name together when it runs.
            && !group.contains("$(")
        {
            let region = match named {
                Observed::Present(named) => named.as_str(),
                Observed::Absent | Observed::Unknown(_) => region,
            };
            let reference = Reference { kind: Kind::LogGroup, id: group.clone(), region: region.to_owned() };
            walk.reach(reference, of("log group of a container"));
        }
    }
    for secret in secrets(definition) {
        if let Some(reference) = secretsmanager::secret_reference(walk, &secret.named, region) {
            walk.reach(reference, of("secret of a container"));
        }
    }
    for reference in by_role {
        walk.reach(reference.clone(), of("secret that the task role may read"));
    }
    for volume in &definition.volumes {
        if let Observed::Present(efs) = &volume.efs
            && let Some(reference) = efs::file_system_reference(walk, &efs.file_system, region)
        {
            walk.reach(reference, of("file system of a volume"));
        }
    }
}

/// The literals that are the name of a secret which exists. Only the names of secrets that something else names are
/// tried, and by their digests: to ask AWS for a secret by a value would pass the value on.
async fn names_of_secrets(found: &Described, by_role: &[Reference], walk: &Walk<'_>, region: &str) -> Vec<Literal> {
    let taken =
        secrets(&found.definition).filter_map(|secret| secretsmanager::secret_reference(walk, &secret.named, region));
    let mut known = Vec::new();
    for secret in taken.chain(by_role.iter().cloned()) {
        let digests: Vec<ValueDigest> = names(&secret.id).into_iter().map(|name| walk.aws.digest(name)).collect();
        let meant: Vec<&Literal> = found.literals.iter().filter(|literal| digests.contains(&literal.digest)).collect();
        if meant.is_empty() {
            continue;
        }
        let collected = secretsmanager::secret(walk, &secret.id, &secret.region).await;
        if *collected.existence.observed() == Observed::Present(Existence::Exists) {
            known.extend(meant.into_iter().cloned());
        }
    }
    known
}

/// The names that an ARN may mean: the whole, and the whole without the six characters that Secrets Manager adds.
fn names(arn: &str) -> Vec<&str> {
    let name = arn.split_once(":secret:").map_or(arn, |(_, name)| name);
    let shorter = name.len().checked_sub(7).and_then(|at| name.split_at_checked(at));
    std::iter::once(name).chain(shorter.filter(|(_, end)| end.starts_with('-')).map(|(name, _)| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_and_a_range_of_ports_are_read_with_their_protocol_and_nonsense_is_a_gap() {
        let mapping = types::PortMapping::builder();
        let read = |mapping: types::builders::PortMappingBuilder| ports(&mapping.build());
        assert_eq!(read(mapping.clone().container_port(8443)), Ok(Traffic::tcp(8443)));
        let range = mapping.clone().container_port_range("9000-9010").protocol(types::TransportProtocol::Udp);
        assert_eq!(read(range), Ok(Traffic::Udp(Ports { first: 9000, last: 9010 })));
        assert!(matches!(read(mapping.clone().container_port_range("many")), Err(Gap::Unrecognised { .. })));
        assert!(matches!(read(mapping.clone().container_port(70_000)), Err(Gap::Unrecognised { .. })));
        assert!(matches!(
            read(mapping.clone().container_port(1).protocol("sctp".into())),
            Err(Gap::Unrecognised { .. })
        ));
        assert!(matches!(read(mapping), Err(Gap::Incomplete { .. })));
    }
}
