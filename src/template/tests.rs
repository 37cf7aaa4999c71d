use super::*;
use tap_audit_checks::lambda::{LengthClass, ValueLook};
use tap_audit_checks::outputs::SecretLook;

const JSON: &str = r#"{
  "Description": "Processes patient data",
  "Parameters": {
    "EnvironmentSuffix": {"Type": "String", "Default": "dev"},
    "DbPassword": {"Type": "String", "NoEcho": true, "Default": "hunter2hunter2"},
    "ApiToken": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/token"},
    "OtherSecret": {"Type": "String", "NoEcho": "false", "Default": "{{resolve:secretsmanager:x}}"},
    "EmptySecret": {"Type": "String", "Default": ""}
  },
  "Resources": {
    "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
    "Group": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": {"Fn::FindInMap": ["A", "B", "C"]}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [
      {"PolicyName": "plain"},
      {"PolicyName": {"Fn::Sub": "access-${EnvironmentSuffix}-${AWS::Region}"}},
      {"PolicyName": {"Fn::ImportValue": "elsewhere"}}
    ]}},
    "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {
      "DB_PASSWORD": {"Ref": "DbPassword"},
      "BUCKET": {"Ref": "Bucket"},
      "TOKEN": {"Fn::Sub": "${ApiToken}"},
      "KEY": "AKIAIOSFODNN7EXAMPLE",
      "URL": {"Fn::Sub": "https://${Bucket}"},
      "LEVEL": "info"
    }}}}
  }
}"#;

fn values() -> Values {
    let pairs = [("EnvironmentSuffix", "pr1"), ("AWS::Region", "us-east-2"), ("DbPassword", "****")];
    Values::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

fn template(text: &str) -> Template {
    read(text).unwrap_or_else(|error| panic!("{error}")).reduce(&values())
}

fn fails(text: &str) -> String {
    match read(text) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.to_string(),
    }
}

fn text(text: &str) -> TemplateText {
    TemplateText::Text(text.into())
}

fn unresolved(what: &str) -> TemplateText {
    TemplateText::Unresolved(what.into())
}

#[test]
fn a_json_template_is_reduced_to_what_requirements_ask_about() {
    let template = template(JSON);
    assert_eq!(template.format, TemplateFormat::Json);
    assert_eq!(template.description, Observed::Present(LengthClass::Medium));
    let bucket = &template.resources["Bucket"];
    assert_eq!(bucket.kind, "AWS::S3::Bucket");
    assert_eq!(bucket.deletion_policy, Observed::Present(Attribute::Word("Retain".into())));
    assert_eq!(bucket.update_replace_policy, Observed::Present(Attribute::Word("Retain".into())));
    let group = &template.resources["Group"];
    assert_eq!(group.deletion_policy, Observed::Present(Attribute::NotLiteral("Fn::FindInMap".into())));
    assert_eq!(group.update_replace_policy, Observed::Absent);
}

#[test]
fn defaults_are_judged_and_dropped() {
    let template = template(JSON);
    let looks: Vec<_> =
        template.parameters.iter().map(|(name, parameter)| (name.as_str(), parameter.default.clone())).collect();
    assert_eq!(
        looks,
        [
            ("ApiToken", Observed::Present(DefaultLook::Reference)),
            ("DbPassword", Observed::Present(DefaultLook::Literal)),
            ("EmptySecret", Observed::Present(DefaultLook::Empty)),
            ("EnvironmentSuffix", Observed::Present(DefaultLook::Literal)),
            ("OtherSecret", Observed::Present(DefaultLook::Reference)),
        ]
    );
    assert_eq!(template.parameters["DbPassword"].no_echo, Observed::Present(Switch::On));
    assert_eq!(template.parameters["OtherSecret"].no_echo, Observed::Present(Switch::Off));
    assert_eq!(template.parameters["EmptySecret"].no_echo, Observed::Absent);
    let kept = serde_json::to_string(&template).unwrap() + &format!("{template:?}");
    assert!(!kept.contains("hunter2") && !kept.contains("AKIA"), "{kept}");
}

#[test]
fn only_literal_defaults_of_secret_parameters_are_digested() {
    let names = SecretNames {
        words: vec!["password".into(), "secret".into(), "token".into()],
        harmless_endings: vec!["arn".into()],
        ignore: vec![],
    };
    let source = read(JSON).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(source.secret_default_digests(&names, str::len), [14]);
    let yaml = "Parameters:\n  DbPassword:\n    Type: String\n    Default: 007\nResources: {}\n";
    let source = read(yaml).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(source.secret_default_digests(&names, str::to_owned), ["007"]);
}

#[test]
fn policy_names_are_filled_in_or_stay_unresolved() {
    assert_eq!(
        template(JSON).resources["Role"].policy_names,
        [text("plain"), text("access-pr1-us-east-2"), unresolved("Fn::ImportValue")]
    );
}

#[test]
fn variables_name_their_parameter_or_are_judged() {
    let template = template(JSON);
    let found: Vec<_> = template.resources["Function"]
        .variables
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.clone()))
        .collect();
    assert_eq!(
        found,
        [
            ("DB_PASSWORD", TemplateValue::Parameter("DbPassword".into())),
            ("BUCKET", TemplateValue::Computed),
            ("TOKEN", TemplateValue::Parameter("ApiToken".into())),
            ("KEY", TemplateValue::Literal(ValueLook::Credential(SecretLook::AccessKey))),
            ("URL", TemplateValue::Computed),
            ("LEVEL", TemplateValue::Literal(ValueLook::Literal)),
        ]
    );
}

const YAML: &str = r#"# made by hand
AWSTemplateFormatVersion: 2010-09-09
Description: Processes patient data
Parameters:
  EnvironmentSuffix: {Type: String}
  Secret:
    Type: String
    NoEcho: yes
    Default: !!str 12345
Mappings:
  Names:
    us-east-2: {policy: mapped}
Conditions:
  InRegion: !Equals [!Ref AWS::Region, us-east-2]
  Other: !And [!Condition InRegion, !Not [!Equals [!Ref EnvironmentSuffix, pr1]]]
  Unknowable: !Equals [!Ref Secret, x]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      Key: !GetAtt Key.Arn
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: !Sub "access-${EnvironmentSuffix}"
        - PolicyName: !Sub ["${A}-${!B}", {A: !Ref EnvironmentSuffix}]
        - PolicyName: !Join ["-", [a, !Ref EnvironmentSuffix, !Select [1, [x, y]]]]
        - PolicyName: !FindInMap [Names, !Ref AWS::Region, policy]
        - PolicyName: !If [InRegion, here, there]
        - !If [Other, {PolicyName: never}, !Ref AWS::NoValue]
        - !If [InRegion, {PolicyName: chosen}, !Ref AWS::NoValue]
        - !If [Unknowable, {PolicyName: perhaps}, !Ref AWS::NoValue]
        - PolicyName: !Sub "${Secret}"
        - PolicyName: !Ref Bucket
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: extra
      Roles: [!Ref Role, !Sub "${Role}", by-name, !ImportValue elsewhere]
  Skipped:
    Type: AWS::IAM::RolePolicy
    Condition: Other
    Properties: {PolicyName: skipped, RoleName: !Ref Role}
"#;

#[test]
fn short_forms_of_yaml_are_read_as_the_long_ones() {
    let template = template(YAML);
    assert_eq!(template.format, TemplateFormat::Yaml);
    assert_eq!(template.description, Observed::Present(LengthClass::Medium));
    assert_eq!(template.parameters["Secret"].no_echo, Observed::Present(Switch::On));
    assert_eq!(
        template.resources["Role"].policy_names,
        [
            text("access-pr1"),
            text("pr1-${B}"),
            text("a-pr1-y"),
            text("mapped"),
            text("here"),
            text("chosen"),
            unresolved("Fn::If"),
            unresolved("Fn::Sub of Secret"),
            unresolved("Ref Bucket"),
        ]
    );
    let extra = &template.resources["Extra"];
    assert_eq!(extra.policy_names, [text("extra")]);
    assert_eq!(extra.policy_roles, [text("Role"), text("Role"), text("by-name"), unresolved("Fn::ImportValue")]);
    let skipped = &template.resources["Skipped"];
    assert_eq!((skipped.policy_names.as_slice(), skipped.policy_roles.as_slice()), (&[][..], &[text("Role")][..]));
}

#[test]
fn every_short_form_has_its_long_one_in_lists_and_objects() {
    let source = read(
            "Resources: {}\nX:\n- !Ref A\n- !GetAtt A.B.C\n- !GetAtt [A, B]\n- !Base64 {a: !Sub b}\n- !Condition C\n- !If [C, !Ref A, !Split [',', !ImportValue v]]\n",
        )
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        source.body["X"],
        serde_json::json!([
            {"Ref": "A"},
            {"Fn::GetAtt": ["A", "B.C"]},
            {"Fn::GetAtt": ["A", "B"]},
            {"Fn::Base64": {"a": {"Fn::Sub": "b"}}},
            {"Condition": "C"},
            {"Fn::If": ["C", {"Ref": "A"}, {"Fn::Split": [",", {"Fn::ImportValue": "v"}]}]},
        ])
    );
}

#[test]
fn json_that_only_a_yaml_parser_reads_is_yaml() {
    assert_eq!(template("{\"Resources\": {}, }").format, TemplateFormat::Yaml);
    assert_eq!(template("\u{feff}{\"Resources\": {}}").format, TemplateFormat::Json);
}

#[test]
fn a_key_that_stands_twice_is_an_error_in_both_formats() {
    let text = fails("{\n \"Resources\": {\"hidden\": 1,\n \"hidden\": 2}}");
    assert_eq!(
        text,
        "the template is neither JSON (a key stands twice at line 3 column 13) nor YAML (a key stands twice at line 3 column 2)"
    );
    let text = fails("Resources:\n  Bucket: a\n  Bucket: b\n");
    assert!(text.ends_with("YAML (a key stands twice at line 3 column 3)"), "{text}");
    let text = fails("Resources:\n  1: a\n  '1': b\n");
    assert!(text.ends_with("YAML (a key stands twice at line 3 column 3)"), "{text}");
}

#[test]
fn a_template_that_breaks_says_where_and_not_what() {
    let text = fails("{\"Parameters\": {\"DbPassword\": \"hunter2\" \"hunter3\"}}");
    assert!(text.starts_with("the template is neither JSON (it is not well-formed at line 1 column 41)"), "{text}");
    assert!(!text.contains("hunter"), "{text}");
    let text = fails("Resources:\n\t- hunter2: [");
    assert!(text.contains("nor YAML (it is not well-formed at line "), "{text}");
    assert!(!text.contains("hunter"), "{text}");
    assert!(fails("{\"a\": ").starts_with("the template is neither JSON (it ends too early at line 1 column 6)"));
}

#[test]
fn what_is_no_object_is_no_template() {
    assert_eq!(fails("[1]"), "the template is a list, where an object with `Resources` is expected");
    assert_eq!(fails("just words"), "the template is a single value, where an object with `Resources` is expected");
    assert!(fails("").contains("nor YAML (it is empty at line 1 column 1)"));
    assert!(fails("a: 1\n---\nb: 2\n").contains("a second document begins at line 3"));
}

#[test]
fn what_cloudformation_does_not_take_is_an_error() {
    assert!(fails("a: &x {b: 1}\nc:\n  <<: *x\n").contains("a merge key"));
    assert!(fails("a: !other!thing b\n").contains("nor YAML ("));
    assert!(fails("a: !!binary aGk=\n").contains("a value that cannot be read stands at line 1"));
    assert!(fails("? [a, b]\n: c\n").contains("a key is no text"));
}

#[test]
fn aliases_that_unfold_without_end_are_an_error() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", inner.trim_end_matches(", ")));
    }
    assert!(fails(&bomb).contains("its aliases unfold into too much at line"));
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(50_000), "? ".repeat(100_000)] {
        assert!(fails(&deep).contains("nor YAML ("));
    }
    let steps: String = (0..400).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(fails(&steps).contains("it is indented too far at line 302"));
    let steps: String = (0..200).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(fails(&steps).contains("it is nested too deep at line"));
    assert!(fails(&" ".repeat(MOST_BYTES + 1)).contains("more than CloudFormation takes"));
}

#[test]
fn a_resource_without_a_type_is_kept_as_unread() {
    let template = template("{\"Resources\": {\"Fn::ForEach::Topics\": [\"x\", [], {}]}}");
    assert_eq!(
        template.unread_nested["Fn::ForEach::Topics"].to_string(),
        "the answer of GetTemplate could not be read: Fn::ForEach::Topics under Resources has no Type of its own"
    );
}

#[test]
fn a_description_or_a_switch_of_the_wrong_shape_is_a_gap() {
    let template = template(
        "{\"Description\": [], \"Parameters\": {\"P\": {\"Type\": \"String\", \"NoEcho\": \"perhaps\", \"Default\": {}}}, \"Resources\": {}}",
    );
    assert!(matches!(template.description, Observed::Unknown(_)));
    assert!(matches!(template.parameters["P"].no_echo, Observed::Unknown(_)));
    assert!(matches!(template.parameters["P"].default, Observed::Unknown(_)));
    let template = super::tests::template("{\"Resources\": {}}");
    assert_eq!(template.description, Observed::Absent);
}

#[test]
fn only_a_whole_dynamic_reference_is_one() {
    assert!(is_dynamic_reference("{{resolve:ssm-secure:/a:1}}", &["secretsmanager", "ssm-secure"]));
    assert!(!is_dynamic_reference("{{resolve:ssm:/a:1}}", &["secretsmanager", "ssm-secure"]));
    assert!(!is_dynamic_reference("{{resolve:ssm:/a}}hunter2{{resolve:ssm:/b}}", &[""]));
    assert_eq!(default_look("String", "x{{resolve:ssm:/a}}"), DefaultLook::Literal);
    assert_eq!(default_look("String", "****"), DefaultLook::Masked);
}

#[test]
fn an_instance_is_in_a_cluster_where_it_names_one_once_conditions_are_decided() {
    let instance = |identifier: &str| {
        let template = template(&format!(
            r#"{{"Parameters": {{"Clustered": {{"Type": "String", "Default": "no"}}}},
                "Conditions": {{"Never": {{"Fn::Equals": ["a", "b"]}}}},
                "Resources": {{"Db": {{"Type": "AWS::RDS::DBInstance", "Properties": {{{identifier}}}}}}}}}"#
        ));
        template.resources["Db"].in_cluster.clone()
    };
    assert_eq!(instance(""), Observed::Present(Switch::Off));
    assert_eq!(instance(r#""DBClusterIdentifier": {"Ref": "Cluster"}"#), Observed::Present(Switch::On));
    assert_eq!(instance(r#""DBClusterIdentifier": {"Ref": "AWS::NoValue"}"#), Observed::Present(Switch::Off));
    let either = r#""DBClusterIdentifier": {"Fn::If": ["Never", "c", {"Ref": "AWS::NoValue"}]}"#;
    assert_eq!(instance(either), Observed::Present(Switch::Off));
    let unknown = r#""DBClusterIdentifier": {"Fn::If": ["Nowhere", "c", "d"]}"#;
    assert!(matches!(instance(unknown), Observed::Unknown(_)));
}
