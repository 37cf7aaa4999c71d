//! Checks: the functions that judge, tied to requirements by id.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::evidence::Evidence;
use crate::observed::Gap;
use crate::subject::{Attributes, Kind, Resource, Subject};
use crate::verdict::Judgement;

/// What a check may look at beside the evidence of its subject.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The subject with its name, role and region.
    pub subject: &'a Subject,
    /// All that was seen in the run.
    pub evidence: &'a Evidence,
}

/// A check with its parameters filled in.
pub type Bound = Box<dyn Fn(&Context<'_>) -> Judgement + Send + Sync>;

type Bind = Box<dyn Fn(&toml::Table) -> Result<Bound, toml::de::Error> + Send + Sync>;

/// The parameters of a requirement that has none.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// What a check makes of a subject that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfMissing {
    /// Nothing: that it is not there is the failure of another requirement.
    DependsOnAnother,
    /// That it is not there is what this one is about.
    Judges,
}

/// A function that judges one requirement, with the kinds of subject that it judges.
pub struct Check {
    /// The requirement's id.
    pub id: &'static str,
    /// The kinds of subject that it judges.
    pub kinds: Vec<Kind>,
    /// What it makes of a subject that does not exist.
    pub of_missing: OfMissing,
    bind: Bind,
    when_none: Option<fn(&Evidence) -> Judgement>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("id", &self.id).field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl Check {
    /// A check that needs nothing but the evidence of its subject.
    pub fn new<T: Attributes + 'static, P: DeserializeOwned + Send + Sync + 'static>(
        id: &'static str,
        judge: fn(&T, &P) -> Judgement,
    ) -> Self {
        Check::bound(id, vec![T::KIND], move |params: P| Box::new(move |context| judge(of::<T>(context)?, &params)))
    }

    /// A check that looks at other subjects too.
    pub fn across<T: Attributes + 'static, P: DeserializeOwned + Send + Sync + 'static>(
        id: &'static str,
        judge: fn(&T, &P, &Context<'_>) -> Judgement,
    ) -> Self {
        Check::bound(id, vec![T::KIND], move |params: P| {
            Box::new(move |context| judge(of::<T>(context)?, &params, context))
        })
    }

    /// A check that treats several kinds of subject alike.
    pub fn each<P: DeserializeOwned + Send + Sync + 'static>(
        id: &'static str,
        kinds: &[Kind],
        judge: fn(&P, &Context<'_>) -> Judgement,
    ) -> Self {
        Check::bound(id, kinds.to_vec(), move |params: P| Box::new(move |context| judge(&params, context)))
    }

    /// Says what it means that there is no subject at all, where that is a verdict rather than an error. The judgement
    /// sees the evidence, because a listing that was not read proves no absence.
    #[must_use]
    pub fn when_none(mut self, judge: fn(&Evidence) -> Judgement) -> Self {
        self.when_none = Some(judge);
        self
    }

    /// Has the check judge subjects that do not exist, too.
    #[must_use]
    pub fn judging_absence(mut self) -> Self {
        self.of_missing = OfMissing::Judges;
        self
    }

    fn bound<P: DeserializeOwned + 'static>(
        id: &'static str,
        kinds: Vec<Kind>,
        bind: impl Fn(P) -> Bound + Send + Sync + 'static,
    ) -> Self {
        Check {
            id,
            kinds,
            of_missing: OfMissing::DependsOnAnother,
            bind: Box::new(move |table| Ok(bind(P::deserialize(table.clone())?))),
            when_none: None,
        }
    }

    /// Fills in the parameters.
    ///
    /// # Errors
    /// When a parameter is missing, unknown or of the wrong type.
    pub fn bind(&self, params: &toml::Table) -> Result<Bound, toml::de::Error> {
        let judge = (self.bind)(params)?;
        let when_none = self.when_none;
        Ok(Box::new(move |context| {
            if let Resource::Nothing(kind) = &context.subject.resource {
                return match when_none {
                    Some(judge) => judge(context.evidence),
                    None => Err(Gap::NothingToAudit { kind: kind.name().into() }),
                };
            }
            judge(context)
        }))
    }
}

fn of<'a, T: Attributes>(context: &Context<'a>) -> Result<&'a T, Gap> {
    T::of(&context.subject.resource).ok_or_else(|| Gap::NothingToAudit { kind: T::KIND.name().into() })
}

/// Every check, service by service, in the order of the catalog files.
pub fn all() -> Vec<Check> {
    [
        crate::cloudformation::checks(),
        crate::outputs::checks(),
        crate::naming::checks(),
        crate::tags::checks(),
        crate::s3::checks(),
        crate::lambda::checks(),
        crate::kms::checks(),
        crate::logs::checks(),
        crate::iam::checks(),
        crate::cloudtrail::checks(),
        crate::config::checks(),
        crate::eventbridge::checks(),
        crate::cloudwatch::checks(),
        crate::sns::checks(),
        crate::network::checks(),
        crate::ecs::checks(),
        crate::rds::checks(),
        crate::efs::checks(),
        crate::elasticache::checks(),
        crate::apigateway::checks(),
        crate::elbv2::checks(),
        crate::wafv2::checks(),
        crate::secretsmanager::checks(),
        crate::ec2::checks(),
        crate::run::checks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
