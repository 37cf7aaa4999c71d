use super::*;

fn found(name: &str) -> &'static Key {
    named(name).unwrap_or_else(|| panic!("{name} is known"))
}

#[test]
fn the_table_is_sorted_and_names_each_key_once_in_lower_case() {
    for pair in known().windows(2) {
        assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
    }
    for key in known() {
        assert_eq!(key.name, key.name.to_lowercase());
        assert!(key.name.contains(':'), "{}", key.name);
    }
}

#[test]
fn every_row_is_found_by_its_name() {
    for key in known() {
        let name =
            if key.name.ends_with(['/', ':']) { format!("{}some/key:part", key.name) } else { key.name.to_owned() };
        assert_eq!(found(&name), key);
    }
}

#[test]
fn a_family_is_found_by_any_of_its_keys_but_not_by_its_prefix_alone() {
    assert_eq!(found("aws:principaltag/team/unit").name, "aws:principaltag/");
    assert_eq!(found("kms:encryptioncontext:aws:logs:arn").name, "kms:encryptioncontext:");
    assert_eq!(found("kms:encryptioncontext:a/b").name, "kms:encryptioncontext:");
    assert_eq!(named("aws:principaltag/"), None);
    assert_eq!(named("kms:encryptioncontext:"), None);
}

#[test]
fn a_key_that_nobody_lists_is_unknown() {
    assert_eq!(named("acme:colour"), None);
    assert_eq!(named("aws:securetransports"), None);
    assert_eq!(named(""), None);
}

#[test]
fn the_claims_of_identity_providers_are_text_and_amr_holds_several() {
    assert_eq!(found("token.actions.githubusercontent.com:sub").kind, KeyType::String);
    assert_eq!(found("oidc.eks.us-east-1.amazonaws.com/id/0123:sub").arity, Arity::Single);
    assert_eq!(found("cognito-identity.amazonaws.com:amr").arity, Arity::Multi);
}

#[test]
fn string_operators_fit_arns_and_no_other_typed_key() {
    assert!(found("aws:principalarn").takes(KeyType::String));
    assert!(found("aws:principalarn").takes(KeyType::Arn));
    assert!(!found("aws:securetransport").takes(KeyType::String));
    assert!(!found("aws:sourceip").takes(KeyType::String));
    assert!(!found("aws:username").takes(KeyType::Arn));
}

#[test]
fn an_encryption_context_takes_arn_operators_and_epoch_time_numbers() {
    assert!(found("kms:encryptioncontext:aws:logs:arn").takes(KeyType::Arn));
    assert!(found("kms:encryptioncontext:aws:logs:arn").takes(KeyType::String));
    assert!(found("aws:epochtime").takes(KeyType::Numeric));
    assert!(!found("aws:currenttime").takes(KeyType::Numeric));
}

#[test]
fn what_a_stranger_may_choose_is_not_held_for_unforgeable() {
    for name in ["aws:referer", "aws:useragent", "aws:principaltag/team", "sts:externalid", "s3:x-amz-acl"] {
        assert_eq!(found(name).control, Control::Caller, "{name}");
    }
    for name in ["aws:sourceip", "aws:sourcevpce", "aws:sourcearn", "aws:principalorgid", "kms:calleraccount"] {
        assert_eq!(found(name).control, Control::Unforgeable, "{name}");
    }
    assert_ne!(found("aws:userid").control, Control::Unforgeable);
}
