//! What looks like a secret: names by their words, values by their shape. Collectors judge with these before they drop
//! a value; nothing here keeps one.

use serde::{Deserialize, Serialize};

use crate::lambda::{LengthClass, ValueLook};
use crate::outputs::SecretLook;

/// The words by which names are told to be secret, as a requirement's parameters hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNames {
    /// Words that make a name look secret, compared without case and separators.
    pub words: Vec<String>,
    /// Endings of names that say that the value describes a secret and is none, compared the same way.
    pub harmless_endings: Vec<String>,
    /// Names that are never secret, compared exactly.
    pub ignore: Vec<String>,
}

impl SecretNames {
    /// Whether a name says that its value is secret: `dbPassword`, `DB-PASSWD` and `api_key` do, `SecretArn` does not.
    /// An external id counts, although names that end in `id` do not otherwise.
    pub fn is_secret(&self, name: &str) -> bool {
        if self.ignore.iter().any(|ignored| ignored == name) {
            return false;
        }
        let name = plain(name);
        if name.ends_with("externalid") && self.words.iter().any(|word| plain(word) == "externalid") {
            return true;
        }
        let harmless = self.harmless_endings.iter().any(|ending| name.ends_with(&plain(ending)));
        !harmless && self.words.iter().any(|word| name.contains(&plain(word)))
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a value has the shape of a credential, whatever its name is.
pub fn look_at(value: &str) -> Option<SecretLook> {
    if has_access_key(value) {
        Some(SecretLook::AccessKey)
    } else if value.contains("-----BEGIN") && value.contains("PRIVATE KEY-----") {
        Some(SecretLook::PrivateKey)
    } else if has_url_password(value) {
        Some(SecretLook::UrlPassword)
    } else if has_assignment(value) {
        Some(SecretLook::Assignment)
    } else {
        None
    }
}

/// Whether a value only names a secret: an ARN, a parameter's path, a `{{resolve:}}` text.
pub fn is_reference(value: &str) -> bool {
    let value = value.trim();
    let is_arn = value.starts_with("arn:") && value.split(':').count() >= 6 && !value.contains(char::is_whitespace);
    let is_dynamic = value.starts_with("{{resolve:") && value.ends_with("}}");
    is_arn || is_dynamic || is_parameter_path(value)
}

/// Whether a text is the path of a parameter, such as `/prod/db/password`. A password may begin with a slash too, so what
/// is a single part, or holds a part that mixes both cases with digits, is taken for one.
fn is_parameter_path(value: &str) -> bool {
    let Some(path) = value.strip_prefix('/') else { return false };
    let is_name = |part: &str| {
        let has = |test: fn(&char) -> bool| part.chars().any(|letter| test(&letter));
        let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
        !part.is_empty()
            && !mixed
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
    };
    path.contains('/') && path.split('/').all(is_name)
}

/// What an environment variable's value is, as far as it can be told by looking at it.
pub fn classify(value: &str) -> ValueLook {
    if value.trim().is_empty() {
        ValueLook::Empty
    } else if let Some(look) = look_at(value) {
        ValueLook::Credential(look)
    } else if is_reference(value) {
        ValueLook::Reference
    } else {
        ValueLook::Literal
    }
}

/// How long a value is, roughly.
pub fn length_class(value: &str) -> LengthClass {
    match value.chars().count() {
        0 => LengthClass::Empty,
        1..=15 => LengthClass::Short,
        16..=63 => LengthClass::Medium,
        _ => LengthClass::Long,
    }
}

/// Whether a text holds a signed JSON web token: three parts in base64, of which the first two begin like `{"`.
pub fn is_web_token(value: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    value.split(|letter| !is_part(letter)).any(|text| {
        let parts: Vec<&str> = text.split('.').collect();
        matches!(parts.as_slice(), [header, claims, signature]
            if header.starts_with("eyJ") && claims.starts_with("eyJ") && signature.len() >= 16)
    })
}

fn has_access_key(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_key_char = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    ["AKIA", "ASIA"].iter().flat_map(|prefix| value.match_indices(prefix)).any(|(start, _)| {
        let bounded = start == 0 || !bytes[start - 1].is_ascii_alphanumeric();
        let ends = bytes.get(start + 20).is_none_or(|next| !next.is_ascii_alphanumeric());
        bounded && ends && bytes.get(start + 4..start + 20).is_some_and(|rest| rest.iter().all(is_key_char))
    })
}

fn has_url_password(value: &str) -> bool {
    value.match_indices("://").any(|(at, _)| {
        let rest = &value[at + 3..];
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or(rest);
        // A password may itself hold an `@`: the last one divides it from the host.
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

fn has_assignment(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["password=", "passwd=", "pwd=", "secret=", "token="].iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| {
            lower[at + word.len()..]
                .chars()
                .next()
                .is_some_and(|next| !next.is_whitespace() && next != '&' && next != ';')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> SecretNames {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect();
        SecretNames {
            words: list(
                "password passwd pwd passphrase secret token apikey accesskey privatekey credential externalid",
            ),
            harmless_endings: list("arn name alias path version length days ttl enabled rotation id"),
            ignore: list("NotASecretPassword"),
        }
    }

    #[test]
    fn names_are_secret_by_their_words_and_not_by_a_bare_key() {
        for name in
            ["DatabasePassword", "DB-PASSWD", "dbPassword", "api_key", "ExternalId", "AuthToken", "ClientSecret"]
        {
            assert!(names().is_secret(name), "{name}");
        }
        for name in [
            "KmsKeyId",
            "KeyAlias",
            "SecretArn",
            "DBSecretName",
            "TokenTtl",
            "DB_HOST",
            "SecretId",
            "NotASecretPassword",
        ] {
            assert!(!names().is_secret(name), "{name}");
        }
    }

    #[test]
    fn values_are_credentials_by_their_shape() {
        assert_eq!(look_at("AKIAIOSFODNN7EXAMPLE"), Some(SecretLook::AccessKey));
        assert_eq!(look_at("key is ASIAIOSFODNN7EXAMPLE, ok"), Some(SecretLook::AccessKey));
        assert_eq!(look_at("xAKIAIOSFODNN7EXAMPLE"), None);
        assert_eq!(look_at("postgres://app:hunter2@db.internal/main"), Some(SecretLook::UrlPassword));
        assert_eq!(look_at("postgres://app:p@ss@db.internal/main"), Some(SecretLook::UrlPassword));
        assert_eq!(look_at("https://example.com/a:b@c"), None);
        assert_eq!(look_at("Server=db;Password=x"), Some(SecretLook::Assignment));
        assert_eq!(look_at("-----BEGIN RSA PRIVATE KEY-----"), Some(SecretLook::PrivateKey));
        assert_eq!(look_at("2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f"), None);
    }

    #[test]
    fn a_signed_web_token_is_told_by_its_parts() {
        let signature = "dBjftJeZ4CVPmB92K27uhbUJU1p1r";
        assert!(is_web_token(&format!("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{signature}")));
        assert!(!is_web_token("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0."));
        assert!(!is_web_token(&format!("a.b.{signature}")));
    }

    #[test]
    fn a_password_that_begins_like_a_reference_is_a_literal() {
        for password in ["/hunter2", "/Zx9k/pQ3r", "/a b/c", "/Ab+c/de=", "arn:hunter2", "{{resolve:hunter2", "//x"] {
            assert_eq!(classify(password), ValueLook::Literal, "{password}");
        }
    }

    #[test]
    fn a_text_that_names_a_secret_is_none() {
        assert_eq!(classify("arn:aws:secretsmanager:us-east-2:123456789012:secret:db-AbCdEf"), ValueLook::Reference);
        assert_eq!(classify("{{resolve:ssm-secure:/db/password:1}}"), ValueLook::Reference);
        assert_eq!(classify("/prod/DB/Password"), ValueLook::Reference);
        assert_eq!(classify("TestPassword"), ValueLook::Literal);
        assert_eq!(classify(" "), ValueLook::Empty);
    }
}
