//! The expressions of composite alarms, as far as it matters which alarms they name.

/// The names of the alarms that an expression such as `ALARM("a") OR NOT OK(b)` names, by name or by ARN; of an ARN the
/// name is given.
pub fn names_in(rule: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = rule;
    while let Some((before, inside)) = rest.split_once('(') {
        let asks = ["ALARM", "OK", "INSUFFICIENT_DATA"].iter().any(|state| ends_with_word(before, state));
        rest = if asks {
            let (name, after) = argument(inside);
            names.push(named(name));
            after
        } else {
            inside
        };
    }
    names
}

/// Whether a text ends with this word, and not only with a word that ends so.
fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(before) = text.trim_end().strip_suffix(word) else { return false };
    before.chars().next_back().is_none_or(|last| !(last.is_alphanumeric() || last == '_'))
}

/// What stands up to the closing parenthesis, without its quotes, and what follows it.
fn argument(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    for quote in ['"', '\''] {
        if let Some((name, rest)) = text.strip_prefix(quote).and_then(|inner| inner.split_once(quote)) {
            return (name, rest.split_once(')').map_or("", |(_, rest)| rest));
        }
    }
    let (name, rest) = text.split_once(')').unwrap_or((text, ""));
    (name.trim_end(), rest)
}

fn named(alarm: &str) -> String {
    match alarm.split_once(":alarm:") {
        Some((arn, name)) if arn.starts_with("arn:") => name.to_owned(),
        Some(_) | None => alarm.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_named_with_and_without_quotes_and_by_arn() {
        let rule = r#"ALARM("with (odd) name") OR (NOT OK(plain) AND INSUFFICIENT_DATA('single')) OR ALARM(arn:aws:cloudwatch:us-east-2:123456789012:alarm:by-arn)"#;
        assert_eq!(names_in(rule), ["with (odd) name", "plain", "single", "by-arn"]);
        assert_eq!(names_in("ALARM ( a ) AND NOT (FALSE)"), ["a"]);
        assert!(names_in("MYALARM(a) OR TRUE").is_empty());
    }

    #[test]
    fn an_expression_that_is_cut_off_is_read_as_far_as_it_goes() {
        assert_eq!(names_in("ALARM(a) OR ALARM("), ["a", ""]);
        assert_eq!(names_in("ALARM(\"a"), ["\"a"]);
        assert!(names_in("((((").is_empty());
    }
}
