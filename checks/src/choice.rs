//! Which profile fits a deployment, where nobody says.
//!
//! Every profile lists signs: resource types that its kind of system has, each with a weight. A profile is chosen only
//! where the signs are clear; an audit under the wrong profile would pass what nobody asked for.

use std::collections::BTreeSet;

use crate::catalog::Catalog;

/// A profile that may fit, with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The profile's name.
    pub profile: String,
    /// The types that speak for it, in order.
    pub signs: Vec<String>,
    /// The sum of their weights.
    pub weight: u32,
}

/// What the signs say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One profile fits clearly better than every other.
    Clear(Candidate),
    /// Several fit, the best first; nobody but the user can tell.
    Torn(Vec<Candidate>),
    /// There is no sign of any.
    NoSign,
}

/// How much has to speak for a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clarity {
    /// The types are a part of what was deployed, as outputs are: nothing may speak for another profile.
    OfAPart,
    /// The types are all that was deployed: at least twice as much speaks for the profile as for any other, because one
    /// system may well have a bucket or an alarm of another kind of system.
    OfTheWhole,
}

/// Chooses among the profiles of the catalog by the resource types that were found.
pub fn choose(catalog: &Catalog, types: &BTreeSet<String>, clarity: Clarity) -> Choice {
    let mut candidates: Vec<Candidate> = catalog
        .signs()
        .map(|(profile, signs)| {
            let found: Vec<&str> =
                types.iter().filter(|kind| signs.contains_key(kind.as_str())).map(String::as_str).collect();
            Candidate {
                profile: profile.to_owned(),
                weight: found.iter().filter_map(|kind| signs.get(*kind)).sum(),
                signs: found.into_iter().map(str::to_owned).collect(),
            }
        })
        .filter(|candidate| candidate.weight > 0)
        .collect();
    candidates.sort_by(|one, other| (other.weight, &one.profile).cmp(&(one.weight, &other.profile)));
    let Some(best) = candidates.first() else { return Choice::NoSign };
    let next = candidates.get(1).map_or(0, |candidate| candidate.weight);
    let clear = match clarity {
        Clarity::OfAPart => next == 0 && best.weight >= 2,
        Clarity::OfTheWhole => best.weight >= next.saturating_mul(2),
    };
    if clear { Choice::Clear(best.clone()) } else { Choice::Torn(candidates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(types: &[&str], clarity: Clarity) -> Choice {
        let types = types.iter().map(|kind| (*kind).to_owned()).collect();
        choose(&Catalog::embedded().unwrap(), &types, clarity)
    }

    fn name(choice: &Choice) -> &str {
        match choice {
            Choice::Clear(candidate) => &candidate.profile,
            Choice::Torn(_) => "(torn)",
            Choice::NoSign => "(no sign)",
        }
    }

    #[test]
    fn outputs_that_speak_for_one_profile_alone_choose_it() {
        let choice = chosen(&["AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::KMS::Key"], Clarity::OfAPart);
        assert_eq!(
            choice,
            Choice::Clear(Candidate {
                profile: "patient-data".into(),
                signs: vec!["AWS::Lambda::Function".into(), "AWS::S3::Bucket".into()],
                weight: 4,
            })
        );
    }

    #[test]
    fn what_every_stack_has_is_no_sign() {
        let every = ["AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::IAM::Role"];
        for clarity in [Clarity::OfAPart, Clarity::OfTheWhole] {
            assert_eq!(chosen(&every, clarity), Choice::NoSign);
            assert_eq!(chosen(&[], clarity), Choice::NoSign);
        }
    }

    #[test]
    fn a_topic_among_the_outputs_is_too_little_to_tell_by() {
        assert_eq!(name(&chosen(&["AWS::SNS::Topic"], Clarity::OfAPart)), "(torn)");
        let mixed = ["AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::Lambda::Function"];
        assert_eq!(name(&chosen(&mixed, Clarity::OfAPart)), "(torn)");
    }

    #[test]
    fn an_alarm_and_its_topic_do_not_make_a_data_stack_a_monitoring_stack() {
        let data = ["AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::CloudWatch::Alarm", "AWS::SNS::Topic"];
        assert_eq!(name(&chosen(&data, Clarity::OfTheWhole)), "patient-data");
    }

    #[test]
    fn the_bucket_of_a_trail_does_not_make_a_monitoring_stack_a_data_stack() {
        let monitoring = [
            "AWS::S3::Bucket",
            "AWS::CloudTrail::Trail",
            "AWS::CloudWatch::Alarm",
            "AWS::SNS::Topic",
            "AWS::Logs::MetricFilter",
        ];
        assert_eq!(name(&chosen(&monitoring, Clarity::OfTheWhole)), "monitoring");
    }

    #[test]
    fn a_stack_that_is_half_of_each_is_left_to_the_user() {
        let both = ["AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::CloudTrail::Trail", "AWS::Logs::MetricFilter"];
        let Choice::Torn(candidates) = chosen(&both, Clarity::OfTheWhole) else { panic!("it is not torn") };
        let names: Vec<&str> = candidates.iter().map(|candidate| candidate.profile.as_str()).collect();
        assert_eq!(names, ["monitoring", "patient-data"]);
    }
}
