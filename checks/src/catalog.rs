//! The catalog of requirements, the profiles that select from it and the controls it cites; read and proved before
//! anything is asked of AWS.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::check::{self, Bound, Check, OfMissing};
use crate::requirement::{Basis, Requirement, RequirementFile, Rollup, Severity};
use crate::subject::{Kind, Role};

/// The catalog files that the program carries, as name and text.
pub const FILES: &[(&str, &str)] = &[
    ("requirements/cloudformation.toml", include_str!("../requirements/cloudformation.toml")),
    ("requirements/outputs.toml", include_str!("../requirements/outputs.toml")),
    ("requirements/naming.toml", include_str!("../requirements/naming.toml")),
    ("requirements/tags.toml", include_str!("../requirements/tags.toml")),
    ("requirements/s3.toml", include_str!("../requirements/s3.toml")),
    ("requirements/lambda.toml", include_str!("../requirements/lambda.toml")),
    ("requirements/kms.toml", include_str!("../requirements/kms.toml")),
    ("requirements/logs.toml", include_str!("../requirements/logs.toml")),
    ("requirements/iam.toml", include_str!("../requirements/iam.toml")),
    ("requirements/cloudtrail.toml", include_str!("../requirements/cloudtrail.toml")),
    ("requirements/config.toml", include_str!("../requirements/config.toml")),
    ("requirements/eventbridge.toml", include_str!("../requirements/eventbridge.toml")),
    ("requirements/cloudwatch.toml", include_str!("../requirements/cloudwatch.toml")),
    ("requirements/sns.toml", include_str!("../requirements/sns.toml")),
    ("requirements/network.toml", include_str!("../requirements/network.toml")),
    ("requirements/ecs.toml", include_str!("../requirements/ecs.toml")),
    ("requirements/rds.toml", include_str!("../requirements/rds.toml")),
    ("requirements/efs.toml", include_str!("../requirements/efs.toml")),
    ("requirements/elasticache.toml", include_str!("../requirements/elasticache.toml")),
    ("requirements/apigateway.toml", include_str!("../requirements/apigateway.toml")),
    ("requirements/elbv2.toml", include_str!("../requirements/elbv2.toml")),
    ("requirements/wafv2.toml", include_str!("../requirements/wafv2.toml")),
    ("requirements/secretsmanager.toml", include_str!("../requirements/secretsmanager.toml")),
    ("requirements/ec2.toml", include_str!("../requirements/ec2.toml")),
    ("requirements/run.toml", include_str!("../requirements/run.toml")),
    ("requirements/rollup.toml", include_str!("../requirements/rollup.toml")),
];

/// The profiles that the program carries.
pub const PROFILES: &[(&str, &str)] = &[
    ("profiles/patient-data.toml", include_str!("../profiles/patient-data.toml")),
    ("profiles/monitoring.toml", include_str!("../profiles/monitoring.toml")),
    ("profiles/meditech.toml", include_str!("../profiles/meditech.toml")),
];

/// The paragraphs of the HIPAA Security Rule that requirements cite.
pub const CONTROLS: (&str, &str) =
    ("controls/hipaa-security-rule.toml", include_str!("../controls/hipaa-security-rule.toml"));

/// Why the catalog cannot be used. Each is a fault of a catalog file and stops the program before any AWS call.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A file is not what a catalog file looks like.
    #[error("cannot read {file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// What is wrong and where.
        reason: String,
    },
    /// Two requirements share an id.
    #[error("{file}: requirement `{id}` is in the catalog already; ids are never reused")]
    Duplicate {
        /// The file of the second one.
        file: String,
        /// The id.
        id: String,
    },
    /// A requirement has no check.
    #[error("requirement `{id}` has no check; write one and register it in the service's `checks()`")]
    WithoutCheck {
        /// The id.
        id: String,
    },
    /// A check has no requirement.
    #[error("check `{id}` has no requirement; add it to checks/requirements")]
    WithoutRequirement {
        /// The id.
        id: String,
    },
    /// Parameters do not fit the check.
    #[error("the parameters of `{id}` do not fit its check ({place}): {reason}")]
    Params {
        /// The requirement.
        id: String,
        /// Where they come from.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A profile names a requirement that does not exist.
    #[error("profile `{profile}` selects `{id}`, which is not in the catalog")]
    UnknownSelection {
        /// The profile.
        profile: String,
        /// The id.
        id: String,
    },
    /// No profile has this name.
    #[error("there is no profile `{name}`; the profiles are {known}")]
    UnknownProfile {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A requirement cites a paragraph that the controls file lacks.
    #[error("requirement `{id}` cites {paragraph}, which controls/hipaa-security-rule.toml does not list")]
    UnknownControl {
        /// The requirement.
        id: String,
        /// The paragraph.
        paragraph: String,
    },
    /// A roll-up sums up what is not there.
    #[error("roll-up `{id}` sums up `{part}`, which is no requirement of the catalog")]
    UnknownPart {
        /// The roll-up.
        id: String,
        /// The part.
        part: String,
    },
    /// A roll-up could pass although nothing does.
    #[error("roll-up `{id}` could pass although nothing does: {reason}")]
    EmptyRollup {
        /// The roll-up.
        id: String,
        /// What is missing.
        reason: String,
    },
    /// A profile shows a roll-up without judging all its parts.
    #[error("profile `{profile}` shows roll-up `{id}` and does not select `{part}`, which it sums up")]
    PartNotSelected {
        /// The profile.
        profile: String,
        /// The roll-up.
        id: String,
        /// The part.
        part: String,
    },
    /// A requirement applies to nobody.
    #[error("requirement `{id}` applies to no role; `applies_to` needs at least one of primary, supporting, external")]
    AppliesToNobody {
        /// The requirement.
        id: String,
    },
}

/// A paragraph of the HIPAA Security Rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// The paragraph, such as `164.312(a)(2)(iv)`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether the rule requires it or lets an entity address it otherwise.
    pub implementation: Implementation,
}

/// How binding a paragraph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Implementation {
    /// A standard, which its implementation specifications spell out.
    Standard,
    /// A required implementation specification.
    Required,
    /// An addressable implementation specification: to be met, or documented why not and how else.
    Addressable,
}

impl Implementation {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Implementation::Standard => "standard",
            Implementation::Required => "required",
            Implementation::Addressable => "addressable",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlFile {
    control: Vec<Control>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    name: String,
    title: String,
    needs: Vec<Kind>,
    signs: BTreeMap<String, u32>,
    requirements: Vec<String>,
    #[serde(default)]
    rollups: Vec<String>,
    #[serde(default)]
    tailor: BTreeMap<String, Tailoring>,
}

/// What a profile changes of a requirement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tailoring {
    severity: Option<Severity>,
    severity_reason: Option<String>,
    basis: Option<Basis>,
    applies_to: Option<Vec<Role>>,
    #[serde(default)]
    params: toml::Table,
}

/// All requirements with their checks, the roll-ups, the profiles and the controls.
#[derive(Debug)]
pub struct Catalog {
    requirements: Vec<Requirement>,
    rollups: Vec<Rollup>,
    checks: BTreeMap<&'static str, Check>,
    profiles: Vec<ProfileFile>,
    /// The paragraphs that requirements cite, in order.
    pub controls: Vec<Control>,
}

/// A profile, ready to judge: its requirements as tailored, each with its check.
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// The kinds of subject without which an audit under this profile is incomplete.
    pub needs: Vec<Kind>,
    /// The requirements in catalog order.
    pub requirements: Vec<Tailored>,
    /// The roll-ups that it shows, in catalog order; it selects every part of each.
    pub rollups: Vec<Rollup>,
}

/// A requirement as a profile tailors it, with its check bound to its parameters.
pub struct Tailored {
    /// The requirement, tailored.
    pub requirement: Requirement,
    /// The kinds of subject that it judges.
    pub kinds: Vec<Kind>,
    /// What the check makes of a subject that does not exist.
    pub of_missing: OfMissing,
    /// The check.
    pub judge: Bound,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Profile {
    /// The parameters of a requirement, where the profile selects it.
    pub fn params(&self, id: &str) -> Option<&toml::Table> {
        self.requirements
            .iter()
            .find(|tailored| tailored.requirement.id == id)
            .map(|tailored| &tailored.requirement.params)
    }
}

impl Catalog {
    /// Reads the catalog that the program carries and proves that it is whole.
    ///
    /// # Errors
    /// When a file is malformed, a requirement lacks a check or a check a requirement, or parameters do not fit.
    pub fn embedded() -> Result<Self, CatalogError> {
        Catalog::load(FILES, PROFILES, CONTROLS, check::all())
    }

    /// Reads a catalog from these files and proves that it is whole.
    ///
    /// # Errors
    /// As [`Catalog::embedded`].
    pub fn load(
        files: &[(&str, &str)],
        profiles: &[(&str, &str)],
        controls: (&str, &str),
        checks: Vec<Check>,
    ) -> Result<Self, CatalogError> {
        let controls = parse::<ControlFile>(controls.0, controls.1)?.control;
        let (mut requirements, mut rollups) = (Vec::new(), Vec::new());
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for (file, text) in files {
            let entries = parse::<RequirementFile>(file, text)?;
            let named = entries.requirement.iter().map(|requirement| &requirement.id);
            for id in named.chain(entries.rollup.iter().map(|rollup| &rollup.id)) {
                if !ids.insert(id.clone()) {
                    return Err(CatalogError::Duplicate { file: (*file).into(), id: id.clone() });
                }
            }
            requirements.extend(entries.requirement);
            rollups.extend(entries.rollup);
        }
        let checks: BTreeMap<&'static str, Check> = checks.into_iter().map(|check| (check.id, check)).collect();
        let profiles = profiles.iter().map(|(file, text)| parse(file, text)).collect::<Result<Vec<_>, _>>()?;
        let catalog = Catalog { requirements, rollups, checks, profiles, controls };
        catalog.prove()?;
        Ok(catalog)
    }

    fn prove(&self) -> Result<(), CatalogError> {
        let known: BTreeSet<&str> = self.controls.iter().map(|control| control.id.as_str()).collect();
        for requirement in &self.requirements {
            let id = || requirement.id.clone();
            let check =
                self.checks.get(requirement.id.as_str()).ok_or_else(|| CatalogError::WithoutCheck { id: id() })?;
            let _bound = bind(check, requirement, "catalog")?;
            if requirement.applies_to.is_empty() {
                return Err(CatalogError::AppliesToNobody { id: id() });
            }
            if let Some(paragraph) = requirement.citations.hipaa.iter().find(|cited| !known.contains(cited.as_str())) {
                return Err(CatalogError::UnknownControl { id: id(), paragraph: paragraph.clone() });
            }
        }
        if let Some(id) = self.checks.keys().find(|id| self.requirement(id).is_none()) {
            return Err(CatalogError::WithoutRequirement { id: (*id).into() });
        }
        for rollup in &self.rollups {
            self.prove_rollup(rollup, &known)?;
        }
        for profile in &self.profiles {
            let _ready = self.tailor(profile)?;
        }
        Ok(())
    }

    fn prove_rollup(&self, rollup: &Rollup, controls: &BTreeSet<&str>) -> Result<(), CatalogError> {
        let id = || rollup.id.clone();
        let unknown = |part: &String| CatalogError::UnknownPart { id: id(), part: part.clone() };
        let empty = |reason: &str| Err(CatalogError::EmptyRollup { id: id(), reason: reason.into() });
        if let Some(part) = rollup.parts.iter().find(|part| self.requirement(part).is_none()) {
            return Err(unknown(part));
        }
        if let Some(part) = rollup.one_has_to_pass.iter().flatten().find(|part| !rollup.parts.contains(part)) {
            return Err(unknown(part));
        }
        if rollup.one_has_to_pass.is_empty() {
            return empty("`one_has_to_pass` names no group of parts");
        }
        if rollup.one_has_to_pass.iter().any(Vec::is_empty) {
            return empty("a group of `one_has_to_pass` names no part");
        }
        match rollup.citations.hipaa.iter().find(|cited| !controls.contains(cited.as_str())) {
            Some(paragraph) => Err(CatalogError::UnknownControl { id: id(), paragraph: paragraph.clone() }),
            None => Ok(()),
        }
    }

    /// Every requirement, in catalog order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The requirement of this id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// Every roll-up, in catalog order.
    pub fn rollups(&self) -> &[Rollup] {
        &self.rollups
    }

    /// The roll-up of this id.
    pub fn rollup(&self, id: &str) -> Option<&Rollup> {
        self.rollups.iter().find(|rollup| rollup.id == id)
    }

    /// The kinds of subject that the check of this requirement judges.
    pub fn kinds(&self, id: &str) -> &[Kind] {
        self.checks.get(id).map_or(&[], |check| &check.kinds)
    }

    /// The names of the profiles.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|profile| profile.name.as_str())
    }

    /// What tells that a deployment is one for this profile: resource types with their weight, by profile.
    pub fn signs(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, u32>)> {
        self.profiles.iter().map(|profile| (profile.name.as_str(), &profile.signs))
    }

    /// The names of the profiles that select this requirement or show this roll-up.
    pub fn profiles_with(&self, id: &str) -> Vec<&str> {
        let selects =
            |profile: &&ProfileFile| profile.requirements.iter().chain(&profile.rollups).any(|named| named == id);
        self.profiles.iter().filter(selects).map(|profile| profile.name.as_str()).collect()
    }

    /// Makes the profile of this name ready to judge.
    ///
    /// # Errors
    /// When there is no such profile.
    pub fn profile(&self, name: &str) -> Result<Profile, CatalogError> {
        let profile =
            self.profiles.iter().find(|profile| profile.name == name).ok_or_else(|| CatalogError::UnknownProfile {
                name: name.into(),
                known: self.profile_names().collect::<Vec<_>>().join(", "),
            })?;
        self.tailor(profile)
    }

    fn tailor(&self, profile: &ProfileFile) -> Result<Profile, CatalogError> {
        let unknown = |id: &String| CatalogError::UnknownSelection { profile: profile.name.clone(), id: id.clone() };
        if let Some(id) = profile.requirements.iter().find(|id| self.requirement(id).is_none()) {
            return Err(unknown(id));
        }
        if let Some(id) = profile.tailor.keys().find(|id| !profile.requirements.contains(id)) {
            return Err(unknown(id));
        }
        let mut tailored = Vec::new();
        for requirement in self.requirements.iter().filter(|known| profile.requirements.contains(&known.id)) {
            let mut requirement = requirement.clone();
            if let Some(change) = profile.tailor.get(&requirement.id).cloned() {
                requirement.severity = change.severity.unwrap_or(requirement.severity);
                requirement.severity_reason = change.severity_reason.unwrap_or(requirement.severity_reason);
                requirement.basis = change.basis.unwrap_or(requirement.basis);
                requirement.applies_to = change.applies_to.unwrap_or(requirement.applies_to);
                requirement.params.extend(change.params);
            }
            let id = requirement.id.clone();
            let check = self.checks.get(id.as_str()).ok_or(CatalogError::WithoutCheck { id })?;
            let judge = bind(check, &requirement, &profile.name)?;
            let (kinds, of_missing) = (check.kinds.clone(), check.of_missing);
            tailored.push(Tailored { kinds, of_missing, requirement, judge });
        }
        Ok(Profile {
            name: profile.name.clone(),
            title: profile.title.clone(),
            needs: profile.needs.clone(),
            requirements: tailored,
            rollups: self.shown(profile)?,
        })
    }

    /// The roll-ups of a profile, each with all its parts selected: what is not judged can be no part of a headline.
    fn shown(&self, profile: &ProfileFile) -> Result<Vec<Rollup>, CatalogError> {
        let of = || profile.name.clone();
        if let Some(id) = profile.rollups.iter().find(|id| self.rollup(id).is_none()) {
            return Err(CatalogError::UnknownSelection { profile: of(), id: id.clone() });
        }
        let shown: Vec<&Rollup> = self.rollups.iter().filter(|known| profile.rollups.contains(&known.id)).collect();
        for rollup in &shown {
            if let Some(part) = rollup.parts.iter().find(|part| !profile.requirements.contains(part)) {
                return Err(CatalogError::PartNotSelected { profile: of(), id: rollup.id.clone(), part: part.clone() });
            }
        }
        Ok(shown.into_iter().cloned().collect())
    }
}

fn bind(check: &Check, requirement: &Requirement, place: &str) -> Result<Bound, CatalogError> {
    check.bind(&requirement.params).map_err(|error| CatalogError::Params {
        id: requirement.id.clone(),
        place: place.into(),
        reason: error.to_string().trim().replace('\n', " "),
    })
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, CatalogError> {
    toml::from_str(text).map_err(|error| CatalogError::File { file: file.into(), reason: error.to_string() })
}
