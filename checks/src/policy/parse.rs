//! Reads policy documents, strictly.

mod condition;
mod json;
mod principal;
#[cfg(test)]
mod tests;

use crate::policy::model::{ActionPattern, Actions, Document, Effect, Principals, Resources, Statement, Version};
use crate::policy::parse::json::{Json, Kind, Place, Scan, quoted};
use crate::policy::pattern::Pattern;

/// Why a text is not a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, found {found}")]
pub struct ParseError {
    /// Where in the document, such as `Statement[1].Condition.Bool`.
    pub path: String,
    /// What the policy grammar asks for there.
    pub expected: String,
    /// What stands there, in short and without the values of conditions.
    pub found: String,
}

/// What sort of policy a document is; it decides which members a statement has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// An identity's policy: no principal, a resource.
    Identity,
    /// A resource's policy: a principal and a resource.
    Resource,
    /// A role's trust policy: a principal; the resource may be left out.
    Trust,
}

/// Reads a policy document of this sort.
///
/// # Errors
/// Where the text is not JSON, a member stands twice, is unknown, missing, or of another shape than the grammar's.
pub fn parse(text: &str, sort: Sort) -> Result<Document, ParseError> {
    let place = Place::Document;
    let scan = Scan::of(text)?;
    let (mut version, mut id, mut statements) = (Version::V2008, None, None);
    for (name, value) in json::object(scan.document(), &place, "an object")? {
        match name.as_ref() {
            "Version" => version = self::version(value, &place.member(&name))?,
            "Id" => id = Some(json::string(value, &place.member(&name), "a string")?.into_owned()),
            "Statement" => statements = Some(value),
            _ => return Err(place.refuse("Version, Id or Statement", quoted(&name))),
        }
    }
    // The version may stand behind the statements, and decides how they are read.
    let Some(value) = statements else {
        return Err(place.refuse("a member Statement", "none"));
    };
    let mut index = 0;
    let statements = json::one_or_many(value, &place.member("Statement"), |value, place| {
        let statement = statement(value, place, Reading { index, version, sort })?;
        index += 1;
        Ok(statement)
    })?;
    Ok(Document { version, id, statements })
}

fn version(value: Json<'_>, place: &Place<'_>) -> Result<Version, ParseError> {
    const WORDS: &str = "\"2012-10-17\" or \"2008-10-17\"";
    match json::string(value, place, WORDS)?.as_ref() {
        "2008-10-17" => Ok(Version::V2008),
        "2012-10-17" => Ok(Version::V2012),
        other => Err(place.refuse(WORDS, quoted(other))),
    }
}

/// What a statement has to know of the document around it.
#[derive(Clone, Copy)]
struct Reading {
    index: usize,
    version: Version,
    sort: Sort,
}

/// The members of a statement, by name.
#[derive(Default)]
struct Members<'t> {
    sid: Option<Json<'t>>,
    effect: Option<Json<'t>>,
    principal: Option<Json<'t>>,
    not_principal: Option<Json<'t>>,
    action: Option<Json<'t>>,
    not_action: Option<Json<'t>>,
    resource: Option<Json<'t>>,
    not_resource: Option<Json<'t>>,
    condition: Option<Json<'t>>,
}

fn members<'t>(value: Json<'t>, place: &Place<'_>) -> Result<Members<'t>, ParseError> {
    let mut members = Members::default();
    for (name, value) in json::object(value, place, "a statement, which is an object")? {
        let member = match name.as_ref() {
            "Sid" => &mut members.sid,
            "Effect" => &mut members.effect,
            "Principal" => &mut members.principal,
            "NotPrincipal" => &mut members.not_principal,
            "Action" => &mut members.action,
            "NotAction" => &mut members.not_action,
            "Resource" => &mut members.resource,
            "NotResource" => &mut members.not_resource,
            "Condition" => &mut members.condition,
            _ => return Err(place.refuse("a member that statements have", quoted(&name))),
        };
        *member = Some(value);
    }
    Ok(members)
}

fn statement(value: Json<'_>, place: &Place<'_>, reading: Reading) -> Result<Statement, ParseError> {
    let members = members(value, place)?;
    let sid = match members.sid {
        Some(sid) => Some(json::string(sid, &place.member("Sid"), "a string")?.into_owned()),
        None => None,
    };
    let conditions = match members.condition {
        Some(condition) => condition::tests(condition, reading.version, &place.member("Condition"))?,
        None => Vec::new(),
    };
    Ok(Statement {
        index: reading.index,
        sid,
        effect: effect(&members, place)?,
        principals: principals(&members, place, reading.sort)?,
        actions: actions(&members, place)?,
        resources: resources(&members, place, reading)?,
        conditions,
        source: value.text().to_owned(),
    })
}

fn effect(members: &Members<'_>, place: &Place<'_>) -> Result<Effect, ParseError> {
    const WORDS: &str = "\"Allow\" or \"Deny\"";
    let Some(value) = members.effect else {
        return Err(place.refuse("a member Effect", "none"));
    };
    let place = place.member("Effect");
    match json::string(value, &place, WORDS)?.as_ref() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(place.refuse(WORDS, quoted(other))),
    }
}

fn principals(members: &Members<'_>, place: &Place<'_>, sort: Sort) -> Result<Principals, ParseError> {
    match (members.principal, members.not_principal, sort) {
        (None, None, Sort::Identity) => Ok(Principals::Unstated),
        (Some(_), _, Sort::Identity) => Err(place.refuse("no principal in an identity's policy", "Principal")),
        (None, Some(_), Sort::Identity) => Err(place.refuse("no principal in an identity's policy", "NotPrincipal")),
        (Some(value), None, Sort::Resource | Sort::Trust) => {
            Ok(Principals::Only(principal::principals(value, &place.member("Principal"))?))
        }
        (None, Some(value), Sort::Resource | Sort::Trust) => {
            Ok(Principals::AllBut(principal::principals(value, &place.member("NotPrincipal"))?))
        }
        (Some(_), Some(_), Sort::Resource | Sort::Trust) => Err(place.refuse("Principal or NotPrincipal", "both")),
        (None, None, Sort::Resource | Sort::Trust) => Err(place.refuse("Principal or NotPrincipal", "neither")),
    }
}

fn actions(members: &Members<'_>, place: &Place<'_>) -> Result<Actions, ParseError> {
    match (members.action, members.not_action) {
        (Some(value), None) => Ok(Actions::Only(some(value, &place.member("Action"), "action", action)?)),
        (None, Some(value)) => Ok(Actions::AllBut(some(value, &place.member("NotAction"), "action", action)?)),
        (Some(_), Some(_)) => Err(place.refuse("Action or NotAction", "both")),
        (None, None) => Err(place.refuse("Action or NotAction", "neither")),
    }
}

/// Reads one action. AWS refuses a name without a service, unless it is the star that means all services.
fn action(value: Json<'_>, place: &Place<'_>) -> Result<ActionPattern, ParseError> {
    const SHAPE: &str = "an action such as \"s3:GetObject\", or \"*\"";
    let text = json::string(value, place, SHAPE)?;
    let stars = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    if !stars && !text.contains(':') {
        return Err(place.refuse(SHAPE, quoted(&text)));
    }
    Ok(ActionPattern { lower: text.to_ascii_lowercase(), text: text.into_owned() })
}

fn resources(members: &Members<'_>, place: &Place<'_>, reading: Reading) -> Result<Resources, ParseError> {
    let resource = |value: Json<'_>, place: &Place<'_>| {
        let text = json::string(value, place, "a string")?;
        if text.is_empty() {
            return Err(place.refuse("an ARN or \"*\"", "an empty string"));
        }
        Ok(Pattern::parse(&text, reading.version))
    };
    match (members.resource, members.not_resource, reading.sort) {
        (Some(value), None, _) => Ok(Resources::Only(some(value, &place.member("Resource"), "resource", resource)?)),
        (None, Some(value), _) => {
            Ok(Resources::AllBut(some(value, &place.member("NotResource"), "resource", resource)?))
        }
        (None, None, Sort::Trust) => Ok(Resources::Unstated),
        (Some(_), Some(_), _) => Err(place.refuse("Resource or NotResource", "both")),
        (None, None, Sort::Identity | Sort::Resource) => Err(place.refuse("Resource or NotResource", "neither")),
    }
}

/// Reads a value that may stand alone or be a list of at least one.
fn some<'t, T>(
    value: Json<'t>,
    place: &Place<'_>,
    what: &str,
    read: impl FnMut(Json<'t>, &Place<'_>) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    let values = json::one_or_many(value, place, read)?;
    if values.is_empty() && Kind::of(value) == Kind::List {
        return Err(place.refuse(format!("at least one {what}"), "an empty list"));
    }
    Ok(values)
}
