//! Who mounts a file system, for the requirements on what the file system has to provide.

use std::collections::BTreeSet;

use crate::ecs::network::networks;
use crate::ecs::running::{TASKS, active, definition, revisions, services_were_listed, short};
use crate::ecs::{Cluster, EfsVolume, Service};
use crate::evidence::Evidence;
use crate::observed::Gap;
use crate::s3::Switch;
use crate::subject::Subject;

/// What mounts a file system, as far as it could be read. A gap says that something else may mount it too.
#[derive(Debug)]
pub(crate) struct Mounts<'a> {
    /// The ACTIVE services whose containers mount it.
    pub(crate) services: Vec<MountingService<'a>>,
    /// Every mount by a revision that services or tasks run.
    pub(crate) mounts: Vec<Mount<'a>>,
    /// Why there may be more.
    pub(crate) gap: Option<Gap>,
}

/// A service that mounts the file system.
#[derive(Debug)]
pub(crate) struct MountingService<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The subnets that its tasks may start in, by id.
    pub(crate) subnets: BTreeSet<&'a str>,
}

/// One mount.
#[derive(Debug)]
pub(crate) struct Mount<'a> {
    /// The revision, by family and number.
    pub(crate) revision: &'a str,
    /// The volume's name.
    pub(crate) volume: &'a str,
    efs: &'a EfsVolume,
}

impl Mount<'_> {
    /// Whether it is made over TLS; not set means in clear.
    pub(crate) fn is_over_tls(&self) -> Result<bool, Gap> {
        Ok(match self.efs.transit_encryption.seen()? {
            Some(Switch::On) => true,
            Some(Switch::Off) | None => false,
        })
    }
}

/// Everything that was seen to mount this file system, whoever owns it.
pub(crate) fn mounts<'a>(file_system: &Subject, evidence: &'a Evidence) -> Mounts<'a> {
    let mut found = Mounts { services: Vec::new(), mounts: Vec::new(), gap: services_were_listed(evidence).err() };
    let mut read = BTreeSet::new();
    let (services, gap) = active(evidence.all::<Service>());
    found.note(gap);
    for (subject, description) in services {
        let (arns, gap) = revisions(description);
        found.note(gap);
        let mut mounts = Vec::new();
        for arn in arns {
            mounts.extend(found.of_revision(arn, file_system, evidence));
            read.insert(arn);
        }
        if mounts.is_empty() {
            continue;
        }
        let mut subnets = BTreeSet::new();
        for (_, network) in networks(description) {
            match network {
                Ok(network) => subnets.extend(network.subnets.iter().map(String::as_str)),
                Err(gap) => found.note(Some(gap)),
            }
        }
        found.services.push(MountingService { name: short(&subject.id), subnets });
        found.mounts.extend(mounts);
    }
    for (_, cluster) in evidence.all::<Cluster>() {
        let tasks = match cluster.tasks.required(TASKS, "tasks") {
            Ok(tasks) => tasks.as_slice(),
            Err(Gap::Missing { .. }) => &[],
            Err(gap) => {
                found.note(Some(gap));
                &[]
            }
        };
        for task in tasks {
            match task.definition.required(TASKS, "tasks.taskDefinitionArn") {
                Ok(arn) if read.insert(arn.as_str()) => {
                    let mounts = found.of_revision(arn, file_system, evidence);
                    found.mounts.extend(mounts);
                }
                Ok(_) => {}
                Err(gap) => found.note(Some(gap)),
            }
        }
    }
    found
}

impl<'a> Mounts<'a> {
    fn note(&mut self, gap: Option<Gap>) {
        self.gap = self.gap.take().or(gap);
    }

    /// The mounts of the file system by containers of a revision.
    fn of_revision(&mut self, arn: &'a str, file_system: &Subject, evidence: &'a Evidence) -> Vec<Mount<'a>> {
        let definition = match definition(arn, evidence) {
            Ok(definition) => definition,
            Err(gap) => {
                self.note(Some(gap));
                return Vec::new();
            }
        };
        let mut mounts = Vec::new();
        for volume in &definition.volumes {
            let efs = match volume.efs.seen() {
                Ok(Some(efs)) => efs,
                Ok(None) => continue,
                Err(gap) => {
                    self.note(Some(gap));
                    continue;
                }
            };
            let is_mounted = definition.containers.iter().any(|container| container.mounts.contains(&volume.name));
            if is_mounted && file_system.names().contains(efs.file_system.as_str()) {
                mounts.push(Mount { revision: short(arn), volume: &volume.name, efs });
            }
        }
        mounts
    }
}
