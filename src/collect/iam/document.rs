//! Policy documents as IAM answers them: JSON, percent-encoded.

use tap_audit_checks::observed::{Gap, Observed};
use tap_audit_checks::policy::model::PolicyText;

use crate::collect::call::Call;

/// Reads the document in this field. One that cannot be decoded is a gap: what is left out of it could be a Deny.
pub(super) fn read(call: &'static Call, field: &'static str, document: Option<&str>) -> Observed<PolicyText> {
    let Some(document) = document.filter(|document| !document.is_empty()) else {
        return Observed::Unknown(call.incomplete(field));
    };
    match decoded(document) {
        Ok(text) => Observed::Present(PolicyText(text)),
        Err(why) => Observed::Unknown(Gap::Unparsable {
            operation: call.operation.into(),
            what: format!("{field} cannot be decoded, because {why}"),
        }),
    }
}

/// Decodes as RFC 3986 says, where `+` stands for itself. What is wrong is told by its place, never by its text.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, following) = match (first, tail) {
            (b'%', [high, low, following @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, following),
                (Some(_) | None, Some(_) | None) => return Err(broken(text, rest)),
            },
            (b'%', _) => return Err(broken(text, rest)),
            (byte, following) => (*byte, following),
        };
        bytes.push(byte);
        rest = following;
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("its bytes are not UTF-8 from byte {} of the decoded text on", error.utf8_error().valid_up_to())
    })
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

fn broken(text: &str, rest: &[u8]) -> String {
    format!("the percent sign at byte {} is not followed by two hexadecimal digits", text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call =
        Call { service: "iam", operation: "GetRole", permission: "iam:GetRole", absent: &[], denied_or: None };

    #[test]
    fn a_document_is_decoded_and_a_plus_stays_a_plus() {
        assert_eq!(decoded("%7B%22Sid%22%3A%22a+b%20c%22%7d"), Ok("{\"Sid\":\"a+b c\"}".into()));
        assert_eq!(decoded("%C3%A9%2B%25"), Ok("é+%".into()));
        assert_eq!(decoded("{\"Version\": \"2012-10-17\"}"), Ok("{\"Version\": \"2012-10-17\"}".into()));
    }

    #[test]
    fn a_percent_sign_without_two_digits_is_a_gap_that_names_the_place_and_not_the_text() {
        for (text, at) in [("secret%", 6), ("secret%4", 6), ("secret%zz", 6), ("%41%+1secret", 3), ("%é", 0)] {
            let gap = Gap::Unparsable {
                operation: "GetRole".into(),
                what: format!(
                    "Document cannot be decoded, because the percent sign at byte {at} is not followed by two \
                     hexadecimal digits"
                ),
            };
            assert_eq!(read(&CALL, "Document", Some(text)), Observed::Unknown(gap));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_a_gap() {
        let why = "its bytes are not UTF-8 from byte 1 of the decoded text on";
        assert_eq!(decoded("a%FF"), Err(why.into()));
    }

    #[test]
    fn a_document_that_is_missing_or_empty_is_a_gap() {
        for document in [None, Some("")] {
            assert_eq!(read(&CALL, "Document", document), Observed::Unknown(CALL.incomplete("Document")));
        }
    }
}
