//! What the values of a task definition look like. Collectors judge with these before they drop a value; nothing here
//! keeps one.

use std::net::Ipv4Addr;

use crate::ecs::PlainLook;
use crate::outputs::SecretLook;
use crate::secret;

/// Stands for a variable that a shell fills in.
const FILLED_IN: char = '\u{fffc}';

/// Parts of names under which secrets are passed to programs. Only such names are kept of a command: anything else in it
/// may itself be a secret.
const STEMS: [&str; 6] = ["pass", "pwd", "secret", "token", "key", "cred"];

/// What a value looks like that stands under a name of its own. `${NAME}` in it is filled in by somebody else.
pub fn look(value: &str) -> PlainLook {
    let (removed, replaced) = (filled_in(value, Braces::Needed, ""), filled_in(value, Braces::Needed, "\u{fffc}"));
    shape(&removed).unwrap_or_else(|| by_itself(&replaced))
}

/// Finds in the words of a command what may be a secret: a credential by its shape, or what stands under a name, as in
/// `--password VALUE`, `PASSWORD=VALUE` or `X-Api-Key: VALUE`. Says of each the name, the value and what it looks like;
/// the name only where it is safe to keep.
pub fn in_command(words: &[String], mut found: impl FnMut(Option<&str>, &str, PlainLook)) {
    let mut tokens = Vec::new();
    for word in words {
        let removed = filled_in(&unquoted(word), Braces::Optional, "");
        match shape(&removed) {
            // The name tells more of this one, and is looked for below.
            Some(PlainLook::Credential(SecretLook::Assignment)) | None => {}
            Some(look) => found(None, word, look),
        }
        let replaced = filled_in(&unquoted(word), Braces::Optional, "\u{fffc}");
        let ends = |letter: char| letter.is_whitespace() || ";&|(){},?".contains(letter);
        tokens.extend(replaced.split(ends).filter(|token| !token.is_empty()).map(str::to_owned));
    }
    for (at, token) in tokens.iter().enumerate() {
        let following = tokens.get(at + 1).map(String::as_str).filter(|next| !next.starts_with('-'));
        let (name, value) = match token.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None if token.starts_with('-') => (token.as_str(), following),
            None => match token.strip_suffix(':') {
                Some(name) => (name, following),
                None => continue,
            },
        };
        let name = name.trim_start_matches('-');
        if let Some(value) = value.filter(|_| is_kept(name)) {
            found(Some(name), value, by_itself(value));
        }
    }
}

/// Whether a name is plainly one: a secret that is cut in two must not leave half of itself.
fn is_kept(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    name.len() <= 64 && name.chars().all(plain) && STEMS.iter().any(|stem| lower.contains(stem))
}

fn unquoted(word: &str) -> String {
    word.chars().filter(|letter| !"'\"`".contains(*letter)).collect()
}

/// Whether a variable has to stand in braces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Braces {
    /// Only `${NAME}` is one: in plain text a dollar sign may be part of a password.
    Needed,
    /// `$NAME` and `$(command)` are variables too, as shells have it.
    Optional,
}

/// Puts a text in place of what a shell fills in. A default behind `:-` stands in the definition and stays.
fn filled_in(text: &str, braces: Braces, with: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let opened = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let called = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        let name = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        rest = match (opened, called, braces) {
            (Some((inner, end)), _, _) => {
                out.push_str(inner.split_once(":-").map_or(with, |(_, default)| default));
                end
            }
            (None, Some((_, end)), Braces::Optional) => {
                out.push_str(with);
                end
            }
            (None, None, Braces::Optional) if name > 0 => {
                out.push_str(with);
                &after[name..]
            }
            (None, _, Braces::Needed | Braces::Optional) => {
                out.push('$');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// What a value is by its shape, whatever its name is.
fn shape(value: &str) -> Option<PlainLook> {
    if secret::is_web_token(value) {
        return Some(PlainLook::WebToken);
    }
    secret::look_at(value).map(PlainLook::Credential)
}

/// What a value without the shape of a credential is, when it is looked at alone.
fn by_itself(value: &str) -> PlainLook {
    let value = value.trim();
    let is_empty = value.chars().all(|letter| letter == FILLED_IN || letter == '=');
    if is_empty || secret::is_reference(value) || is_number(value) || is_switch(value) || is_place(value) {
        PlainLook::Harmless
    } else {
        PlainLook::Literal
    }
}

/// A number, or a span of time such as `15m`.
fn is_number(value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let span = ["ms", "s", "m", "h", "d"]
        .iter()
        .any(|unit| unsigned.strip_suffix(unit).is_some_and(|number| digits(number) && number.len() <= 6));
    span || match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

fn is_switch(value: &str) -> bool {
    let known = ["true", "false", "yes", "no", "on", "off", "enabled", "disabled"];
    known.contains(&value.to_ascii_lowercase().as_str())
}

/// A host name, with a port or in a URL without credentials and query. Passwords hold dots too: a name has three parts
/// at least, all in lower case.
fn is_place(value: &str) -> bool {
    let (rest, is_url) = match value.split_once("://") {
        Some((scheme, rest)) => (rest, !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_lowercase())),
        None => (value, true),
    };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty() => host,
        Some(_) => return false,
        None => authority,
    };
    is_url && (is_host(host) || host.parse::<Ipv4Addr>().is_ok()) && path.is_none_or(is_plain_path)
}

fn is_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &&str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let top = labels.last().is_some_and(|last| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()));
    host == "localhost" || (labels.len() >= 3 && top && labels.iter().all(plain))
}

/// A path whose parts are words, with a version number at most; web hooks carry their secret in it.
fn is_plain_path(path: &str) -> bool {
    path.split('/').all(|part| {
        let word = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_';
        part.len() <= 24 && part.len() - word.len() <= 2 && word.bytes().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Vec<(Option<String>, PlainLook)> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut all = Vec::new();
        in_command(&words, |name, _, look| all.push((name.map(str::to_owned), look)));
        all
    }

    fn named(name: &str, look: PlainLook) -> Vec<(Option<String>, PlainLook)> {
        vec![(Some(name.to_owned()), look)]
    }

    #[test]
    fn arns_paths_hosts_numbers_switches_and_nothing_are_harmless() {
        for value in [
            "",
            " ",
            "arn:aws:secretsmanager:us-east-2:123456789012:secret:db-AbCdEf",
            "/run/secrets/db",
            "db.cluster-x1.us-east-2.rds.amazonaws.com",
            "db.internal.example:5432",
            "https://auth.example.com/oauth2/v1/token",
            "localhost:8200",
            "10.0.0.7",
            "3600",
            "-1",
            "0.5",
            "15m",
            "true",
            "Disabled",
            "${DB_PASSWORD}",
        ] {
            assert_eq!(look(value), PlainLook::Harmless, "{value}");
        }
    }

    #[test]
    fn a_password_that_looks_a_little_like_something_harmless_is_a_literal() {
        for value in [
            "hunter2",
            "/hunter2",
            "hunter.two",
            "P4ss.word.Tr0ub4dor",
            "1e5",
            "12345678m",
            "$ecret1",
            "https://hooks.example.com/services/T000/B000/Zx9kQ3r",
            "https://hooks.example.com/x?y",
            "prod/db",
            "pre${X}",
        ] {
            assert_eq!(look(value), PlainLook::Literal, "{value}");
        }
    }

    #[test]
    fn a_credential_is_one_by_its_shape() {
        let is = |value: &str, expected| assert_eq!(look(value), PlainLook::Credential(expected), "{value}");
        is("AKIAIOSFODNN7EXAMPLE", SecretLook::AccessKey);
        is("postgres://app:hunter2@db/main", SecretLook::UrlPassword);
        is("-----BEGIN RSA PRIVATE KEY-----\nMII", SecretLook::PrivateKey);
        is("Server=db;Password=x", SecretLook::Assignment);
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r";
        assert_eq!(look(token), PlainLook::WebToken);
        assert_eq!(look("postgres://app:${PW}@db.example/main"), PlainLook::Literal);
        assert_eq!(look("--password=${PW}"), PlainLook::Literal);
    }

    #[test]
    fn a_command_shows_what_stands_under_secret_names() {
        let literal = |name| named(name, PlainLook::Literal);
        assert_eq!(command(&["app", "--db-password", "hunter2"]), literal("db-password"));
        assert_eq!(command(&["app", "--db-password=hunter2"]), literal("db-password"));
        assert_eq!(command(&["sh", "-c", "export DB_PASSWORD='hunter2'; app"]), literal("DB_PASSWORD"));
        assert_eq!(command(&["CMD-SHELL", "curl -H \"X-Api-Key: hunter2\" localhost"]), literal("X-Api-Key"));
        assert_eq!(command(&["sh", "-c", "app ${DB_PASSWORD:-hunter2} --token ${T:-hunter2}"]), literal("token"));
    }

    #[test]
    fn what_a_shell_fills_in_is_no_secret_of_the_definition() {
        for words in [
            ["sh", "-c", "mysql -u app --password $PW main"],
            ["sh", "-c", "app --password=\"${PW}\""],
            ["sh", "-c", "PASSWORD=$(fetch) app"],
        ] {
            let all = command(&words);
            assert!(all.iter().all(|(_, look)| *look == PlainLook::Harmless), "{words:?} {all:?}");
        }
        assert_eq!(command(&["sh", "-c", "app postgres://app:$PW@db/main"]), []);
    }

    #[test]
    fn a_command_shows_credentials_without_a_name() {
        let url = (None, PlainLook::Credential(SecretLook::UrlPassword));
        assert_eq!(command(&["app", "postgres://app:hunter2@db/main"]), [url]);
        let key = (None, PlainLook::Credential(SecretLook::AccessKey));
        assert_eq!(command(&["app", "AKIAIOSFODNN7EXAMPLE"]), [key]);
    }

    #[test]
    fn a_secret_that_holds_an_equals_sign_leaves_no_half_of_itself() {
        for secret in ["aGVsbG8gd29ybGQ=", "aGVsbG8gd29ybA==", "hunter=2", "-phunter2", "c2VjcmV0a2V5OnRva2Vu=="] {
            for (name, look) in command(&["app", secret]) {
                assert_eq!(look, PlainLook::Harmless, "{secret} {name:?}");
            }
        }
        assert_eq!(command(&["app", "--verbose", "x"]), []);
    }
}
