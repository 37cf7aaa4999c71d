//! Where a database of a template takes its master password from.

use serde_json::Value;
use tap_audit_checks::observed::{Gap, Observed};
use tap_audit_checks::rds::Password;

use super::{Filling, intrinsic, is_no_value, scalar};

/// What a database is restored or replicated from; its credentials come with it.
const SOURCES: [&str; 4] =
    ["SnapshotIdentifier", "SourceDBClusterIdentifier", "SourceDbClusterResourceId", "ReplicationSourceIdentifier"];

/// A piece of a text that a template puts together.
enum Piece {
    Text(String),
    /// A parameter, with its value where that is known.
    Parameter(String, Option<String>),
    /// Something of this resource, by logical id.
    Resource(String),
}

impl Filling<'_> {
    /// Says where the master password of a cluster with these properties comes from. A condition or function that cannot
    /// be told leaves it unknown.
    pub(super) fn password(&self, properties: Option<&Value>) -> Observed<Password> {
        match self.source_of_password(properties) {
            Ok(password) => Observed::Present(password),
            Err(what) => Observed::Unknown(Gap::undecided(format!(
                "where the template takes the master password from cannot be told: {what} cannot be resolved"
            ))),
        }
    }

    fn source_of_password(&self, properties: Option<&Value>) -> Result<Password, String> {
        let property = |name: &str| match properties.and_then(|properties| properties.get(name)) {
            Some(value) => self.taken(value),
            None => Ok(None),
        };
        if let Some(value) = property("MasterUserPassword")? {
            return self.named_source(value);
        }
        if let Some(manages) = property("ManageMasterUserPassword")?
            && self.resolve(manages)?.eq_ignore_ascii_case("true")
        {
            return Ok(Password::Managed);
        }
        for name in SOURCES {
            if property(name)?.is_some() {
                return Ok(Password::Restored(name.to_owned()));
            }
        }
        Ok(Password::Unstated)
    }

    /// The value that stands there once conditions are decided; `None` where they take it away.
    fn taken<'v>(&self, value: &'v Value) -> Result<Option<&'v Value>, String> {
        match intrinsic(value) {
            Some(("Fn::If", argument)) => self.taken(self.chosen(argument).ok_or("Fn::If")?),
            Some(_) | None if is_no_value(value) => Ok(None),
            Some(_) | None => Ok(Some(value)),
        }
    }

    fn named_source(&self, value: &Value) -> Result<Password, String> {
        let pieces = self.pieces(value)?;
        // Logical ids are letters and digits alone, so nothing else of the text can be taken for such a mark.
        let mut text = String::new();
        let mut marked: Vec<&str> = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Text(piece) | Piece::Parameter(_, Some(piece)) => text.push_str(piece),
                Piece::Parameter(name, None) => return Ok(Password::Parameter(name.clone())),
                Piece::Resource(id) => {
                    text.push_str(&format!("\u{1}{}\u{1}", marked.len()));
                    marked.push(id);
                }
            }
        }
        if let Some(reference) = text.trim().strip_prefix("{{resolve:").and_then(|rest| rest.strip_suffix("}}"))
            && !reference.contains("}}")
        {
            return self.referred(reference, &marked);
        }
        Ok(match (pieces.as_slice(), marked.first()) {
            (_, Some(id)) => self.of_resource(id),
            ([Piece::Parameter(name, _)], None) => Password::Parameter(name.clone()),
            (_, None) => Password::Literal,
        })
    }

    /// What a dynamic reference, without its braces, refers to.
    fn referred(&self, reference: &str, marked: &[&str]) -> Result<Password, String> {
        match reference.split_once(':') {
            Some(("secretsmanager", rest)) => {
                // An ARN holds six colons itself; behind the name stand the key and the version.
                let length = if rest.starts_with("arn:") { 7 } else { 1 };
                let secret = rest.split(':').take(length).collect::<Vec<_>>().join(":");
                match secret.split('\u{1}').nth(1).map(str::parse::<usize>) {
                    Some(Ok(index)) => marked.get(index).map(|id| self.of_resource(id)).ok_or("the secret".into()),
                    Some(Err(_)) => Err("the secret".into()),
                    None if secret.is_empty() => Err("the secret".into()),
                    None => Ok(Password::Secret(secret)),
                }
            }
            Some(("ssm" | "ssm-secure", _)) => Ok(Password::ParameterStore),
            Some(_) | None => Err("a dynamic reference".into()),
        }
    }

    fn of_resource(&self, id: &str) -> Password {
        let kind = self.source.kind_of(id).unwrap_or("a resource without a type");
        Password::Stack { logical_id: id.to_owned(), kind: kind.to_owned() }
    }

    /// The pieces of a text in order; what cannot be told is an error with its name.
    fn pieces(&self, value: &Value) -> Result<Vec<Piece>, String> {
        let Some((function, argument)) = intrinsic(value) else {
            return match value {
                Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                    Ok(scalar(value).map(Piece::Text).into_iter().collect())
                }
                Value::Null | Value::Array(_) | Value::Object(_) => Err("a value that is no text".into()),
            };
        };
        match (function, argument) {
            ("Ref", Value::String(name)) => Ok(vec![self.piece(name)?]),
            ("Fn::GetAtt", Value::String(path)) => Ok(vec![self.piece(path)?]),
            ("Fn::GetAtt", Value::Array(path)) => match path.first() {
                Some(Value::String(id)) => Ok(vec![self.attribute_of(id)?]),
                Some(_) | None => Err(function.into()),
            },
            ("Fn::Sub", Value::String(text)) => self.substituted(text, None),
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), Value::Object(own)] => self.substituted(text, Some(own)),
                _ => Err(function.into()),
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(delimiter), Value::Array(texts)] => {
                    let mut pieces = Vec::new();
                    for (at, text) in texts.iter().enumerate() {
                        if at > 0 {
                            pieces.push(Piece::Text(delimiter.clone()));
                        }
                        pieces.extend(self.pieces(text)?);
                    }
                    Ok(pieces)
                }
                _ => Err(function.into()),
            },
            ("Fn::If", argument) => self.pieces(self.chosen(argument).ok_or("Fn::If")?),
            // What is left has no resource in it, or cannot be told.
            (_, _) => Ok(vec![Piece::Text(self.resolve(value)?)]),
        }
    }

    fn substituted(&self, text: &str, own: Option<&serde_json::Map<String, Value>>) -> Result<Vec<Piece>, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let (name, following) = after.split_once('}').ok_or("Fn::Sub")?;
            pieces.push(Piece::Text(before.to_owned()));
            match name.strip_prefix('!') {
                Some(literal) => pieces.push(Piece::Text(format!("${{{literal}}}"))),
                None => match own.and_then(|own| own.get(name.trim())) {
                    Some(value) => pieces.extend(self.pieces(value)?),
                    None => pieces.push(self.piece(name.trim())?),
                },
            }
            rest = following;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Ok(pieces)
    }

    /// A parameter, a pseudo parameter, a resource or an attribute of one.
    fn piece(&self, name: &str) -> Result<Piece, String> {
        if name.starts_with("AWS::") {
            return self.value(name).map(Piece::Text).ok_or_else(|| name.to_owned());
        }
        if self.source.has_parameter(name) {
            return Ok(Piece::Parameter(name.to_owned(), self.value(name)));
        }
        self.attribute_of(name.split('.').next().unwrap_or(name))
    }

    /// Something of a resource. What a nested stack puts out may be of its making or not.
    fn attribute_of(&self, id: &str) -> Result<Piece, String> {
        match self.source.kind_of(id) {
            Some("AWS::CloudFormation::Stack") => Err(format!("an output of the nested stack {id}")),
            Some(_) => Ok(Piece::Resource(id.to_owned())),
            None => Err(id.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Values, read};

    const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app/db-AbC123";

    /// The source of the password of a cluster with these properties, beside parameters, conditions and resources.
    fn of(properties: &str) -> Observed<Password> {
        let text = format!(
            r#"{{"Parameters":{{"SecretArn":{{"Type":"String"}},"Password":{{"Type":"String","NoEcho":true}},
                "Indirect":{{"Type":"String"}},"Stage":{{"Type":"String"}}}},
               "Conditions":{{"IsProd":{{"Fn::Equals":[{{"Ref":"Stage"}},"prod"]}},"Odd":{{"Fn::Equals":[{{"Fn::ImportValue":"x"}},"y"]}}}},
               "Resources":{{"Secret":{{"Type":"AWS::SecretsManager::Secret"}},"Inner":{{"Type":"AWS::CloudFormation::Stack"}},
                "Generator":{{"Type":"Custom::Password"}},
                "Db":{{"Type":"AWS::RDS::DBCluster","Properties":{properties}}}}}}}"#
        );
        let values = [
            ("SecretArn", ARN),
            ("Password", "****"),
            ("Indirect", "{{resolve:secretsmanager:app/db:SecretString:password}}"),
            ("Stage", "prod"),
            ("AWS::Region", "eu-central-1"),
            ("AWS::AccountId", "123456789012"),
        ];
        let values = Values::new(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
        read(&text).unwrap().passwords(&values).remove("Db").unwrap()
    }

    fn password(expression: &str) -> Observed<Password> {
        of(&format!(r#"{{"MasterUserPassword":{expression}}}"#))
    }

    fn secret(name: &str) -> Observed<Password> {
        Observed::Present(Password::Secret(name.into()))
    }

    fn stack(id: &str, kind: &str) -> Observed<Password> {
        Observed::Present(Password::Stack { logical_id: id.into(), kind: kind.into() })
    }

    fn why(observed: Observed<Password>) -> String {
        match observed {
            Observed::Unknown(gap) => gap.to_string(),
            other => panic!("expected a gap, found {other:?}"),
        }
    }

    #[test]
    fn a_reference_to_a_secret_is_read_in_whatever_way_it_is_built() {
        assert_eq!(password(r#""{{resolve:secretsmanager:app/db:SecretString:password}}""#), secret("app/db"));
        assert_eq!(password(&format!(r#""{{{{resolve:secretsmanager:{ARN}:SecretString:password}}}}""#)), secret(ARN));
        for built in [
            r#"{"Fn::Sub":"{{resolve:secretsmanager:${SecretArn}:SecretString:password}}"}"#,
            r#"{"Fn::Join":["",["{{resolve:secretsmanager:",{"Ref":"SecretArn"},":SecretString:password}}"]]}"#,
            r#"{"Fn::Sub":["{{resolve:secretsmanager:${S}:SecretString:password:AWSCURRENT}}",{"S":{"Ref":"SecretArn"}}]}"#,
            r#"{"Fn::Sub":"{{resolve:secretsmanager:arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:app/db-AbC123}}"}"#,
            r#"{"Fn::If":["IsProd",{"Fn::Sub":"{{resolve:secretsmanager:${SecretArn}}}"},"hunter2"]}"#,
        ] {
            assert_eq!(password(built), secret(ARN), "{built}");
        }
        assert_eq!(password(r#"{"Ref":"Indirect"}"#), secret("app/db"));
    }

    #[test]
    fn a_reference_to_a_resource_of_the_template_is_the_stacks_own() {
        let own = stack("Secret", "AWS::SecretsManager::Secret");
        for built in [
            r#"{"Fn::Sub":"{{resolve:secretsmanager:${Secret}:SecretString:password}}"}"#,
            r#"{"Fn::Sub":"{{resolve:secretsmanager:${Secret.Id}:SecretString:password}}"}"#,
            r#"{"Fn::Join":["",["{{resolve:secretsmanager:",{"Ref":"Secret"},":SecretString:password}}"]]}"#,
            r#"{"Fn::Join":[":",["{{resolve:secretsmanager",{"Fn::GetAtt":["Secret","Id"]},"SecretString:password}}"]]}"#,
        ] {
            assert_eq!(password(built), own, "{built}");
        }
        assert_eq!(password(r#"{"Fn::GetAtt":["Generator","Password"]}"#), stack("Generator", "Custom::Password"));
        assert!(
            why(password(r#"{"Fn::Sub":"{{resolve:secretsmanager:${Inner.Outputs.Arn}}}"}"#))
                .contains("nested stack Inner")
        );
    }

    #[test]
    fn a_literal_a_parameter_and_the_parameter_store_are_told_apart_and_no_value_is_kept() {
        let literal = Observed::Present(Password::Literal);
        assert_eq!(password(r#""hunter2""#), literal);
        assert_eq!(password(r#"{"Fn::Sub":"x-${AWS::Region}"}"#), literal);
        assert_eq!(password(r#""a{{resolve:secretsmanager:app/db}}b""#), literal);
        assert_eq!(password(r#"{"Ref":"Password"}"#), Observed::Present(Password::Parameter("Password".into())));
        assert_eq!(
            password(r#"{"Fn::Sub":"${SecretArn}"}"#),
            Observed::Present(Password::Parameter("SecretArn".into()))
        );
        assert_eq!(password(r#""{{resolve:ssm-secure:db:1}}""#), Observed::Present(Password::ParameterStore));
        assert!(!format!("{:?}", password(r#""hunter2""#)).contains("hunter2"));
    }

    #[test]
    fn without_a_password_what_makes_one_counts() {
        assert_eq!(of(r#"{"ManageMasterUserPassword":true}"#), Observed::Present(Password::Managed));
        assert_eq!(of(r#"{"ManageMasterUserPassword":"true"}"#), Observed::Present(Password::Managed));
        let restored = Observed::Present(Password::Restored("SnapshotIdentifier".into()));
        assert_eq!(of(r#"{"SnapshotIdentifier":{"Ref":"Stage"}}"#), restored);
        assert_eq!(of(r#"{"ManageMasterUserPassword":false,"SnapshotIdentifier":"s"}"#), restored);
        let replica = of(r#"{"MasterUserPassword":{"Ref":"AWS::NoValue"},"ReplicationSourceIdentifier":"arn"}"#);
        assert_eq!(replica, Observed::Present(Password::Restored("ReplicationSourceIdentifier".into())));
        assert_eq!(of("{}"), Observed::Present(Password::Unstated));
    }

    #[test]
    fn what_cannot_be_resolved_is_unknown_with_its_name() {
        assert!(why(password(r#"{"Fn::ImportValue":"Shared"}"#)).contains("Fn::ImportValue cannot be resolved"));
        assert!(why(password(r#"{"Fn::Sub":"{{resolve:secretsmanager:${Nobody}}}"}"#)).contains("Nobody cannot"));
        assert!(why(password(r#"{"Fn::If":["Odd","a","b"]}"#)).contains("Fn::If cannot be resolved"));
        assert!(why(password(r#""{{resolve:secretsmanager:}}""#)).contains("the secret cannot be resolved"));
    }
}
