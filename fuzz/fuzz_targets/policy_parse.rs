//! No text is too odd for the parser of policies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tap_audit_checks::policy::parse::{Sort, parse};

fuzz_target!(|text: &str| {
    for sort in [Sort::Identity, Sort::Resource, Sort::Trust] {
        if let Err(error) = parse(text, sort) {
            // A message is one line, and short, whatever the document holds.
            assert!(!error.to_string().contains('\n'));
        }
    }
});
