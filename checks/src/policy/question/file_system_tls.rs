//! Can no client use the file system without TLS?

use serde_json::json;

use crate::policy::counterexample::Correction;
use crate::policy::model::Document;
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{class, everybody, invented};
use crate::policy::question::correct::{Change, correction};
use crate::policy::question::public::regions;
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::search::{Answer, Claim, Fixed, search};

const DOCUMENT: &str = "file system policy";
const SERVICE: &str = "elasticfilesystem";

/// Judges the policy of a file system. An explicit Deny is not asked for: what no statement allows without TLS is not
/// allowed, because a client whose own policies allow it has to sign in, and does that over TLS alone.
pub(crate) fn judge(policy: &str, setting: &Setting) -> Ruling {
    judged(policy, setting, true)
}

fn judged(policy: &str, setting: &Setting, correcting: bool) -> Ruling {
    let Some(arn) = &setting.resource else {
        return Ruling::Undecided { reason: "the question is about one file system: name its ARN".into() };
    };
    let document = match parse(policy, Sort::Resource) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let documents: Vec<&Document> = vec![&document];
    let fixed = [("aws:securetransport", Fixed::Is("false"))];
    let mut asked = class(&documents, setting, everybody(&documents, setting), regions(SERVICE, setting), fixed);
    let mut answer = search(&documents, Claim::NotAllowed, &asked);
    if answer == Answer::Proved {
        for region in &mut asked.regions {
            region.acts = vec![invented(SERVICE)];
        }
        answer = search(&documents, Claim::NotAllowed, &asked);
    }
    match answer {
        Answer::Undecided(reason) => Ruling::Undecided { reason },
        Answer::Proved => {
            Ruling::Pass { proved: "the policy allows nobody anything without TLS".into(), notes: Vec::new() }
        }
        Answer::Refuted(request) => {
            let named = [(DOCUMENT, &document)];
            let shown = Shown { documents: &named, partition: &setting.partition, absent: &[] };
            let counterexample = Box::new(shown.describe(&request, "without TLS"));
            let why = format!("a client is let in without TLS: {}", counterexample.brief());
            let correction = if correcting { correct(policy, arn, setting) } else { None };
            Ruling::Fail { why, counterexample, correction, notes: Vec::new() }
        }
    }
}

fn correct(policy: &str, arn: &str, setting: &Setting) -> Option<Correction> {
    let statement = json!({
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    });
    let instruction = "add this statement to the file system policy and keep the others";
    correction(Some(policy), &Change::Add(vec![statement]), instruction, "file-system-tls", |text| {
        judged(text, setting, false)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::{evidence, failed, passed, undecided};

    const ARN: &str = "arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-0123456789abcdef0";

    fn asked(statements: &str) -> crate::verdict::Judgement {
        let evidence: Evidence = evidence(Vec::new());
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        judge(&text, &Setting::of(&evidence, Some(ARN.into()))).judgement("TLS")
    }

    fn allow(condition: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite"],"Resource":"{ARN}","Condition":{{"Bool":{{"elasticfilesystem:AccessedViaMountTarget":"true"{condition}}}}}}}"#
        )
    }

    fn deny(rest: &str) -> String {
        format!(r#"{{"Effect":"Deny",{rest},"Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}"#)
    }

    const EVERYBODY: &str = r#""Principal":{"AWS":"*"},"Action":"*","Resource":"*""#;

    #[test]
    fn an_unconditional_deny_of_what_comes_without_tls_passes() {
        let text = passed(asked(&format!("{},{}", allow(""), deny(EVERYBODY))));
        assert!(text.starts_with("the policy allows nobody anything without TLS"), "{text}");
    }

    #[test]
    fn an_allow_that_is_tied_to_tls_passes_without_a_deny() {
        passed(asked(&allow(r#","aws:SecureTransport":"true""#)));
    }

    #[test]
    fn an_allow_without_tls_fails_and_the_correction_mends_it() {
        let judgement = asked(&allow(""));
        let Ok(crate::verdict::Verdict::NotSatisfied { grounds, .. }) = &judgement else { panic!("{judgement:?}") };
        let correction = grounds.as_ref().unwrap().correction.as_ref().unwrap();
        assert!(correction.statement.contains("aws:SecureTransport"), "{}", correction.statement);
        assert!(failed(judgement).starts_with("a client is let in without TLS"));
    }

    #[test]
    fn a_deny_of_single_actions_or_principals_leaves_the_rest_open() {
        for rest in [
            r#""Principal":{"AWS":"*"},"Action":"elasticfilesystem:ClientMount","Resource":"*""#,
            r#""Principal":{"AWS":"arn:aws:iam::123456789012:role/app"},"Action":"*","Resource":"*""#,
            r#""Principal":{"AWS":"*"},"Action":"*","Resource":"arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-1""#,
        ] {
            failed(asked(&format!("{},{}", allow(""), deny(rest))));
        }
    }

    #[test]
    fn an_allow_of_one_role_without_tls_fails_too() {
        let role = format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::123456789012:role/app"}},"Action":"elasticfilesystem:*","Resource":"{ARN}"}}"#
        );
        failed(asked(&role));
    }

    #[test]
    fn a_policy_that_is_none_is_undecided() {
        let evidence: Evidence = evidence(Vec::new());
        let ruling = judge("{", &Setting::of(&evidence, Some(ARN.into())));
        assert!(undecided(ruling.judgement("TLS")).starts_with("the file system policy cannot be read as a policy"));
    }
}
