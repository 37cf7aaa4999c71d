use super::*;

fn entries(text: &str) -> Vec<(String, String)> {
    read(text.as_bytes(), "f.json").unwrap().entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn error(text: &[u8]) -> OutputsError {
    read(text, "f.json").unwrap_err()
}

#[test]
fn a_flat_map_keeps_order_lines_and_exact_values() {
    let file = read(b"{\n  \"B\": \" x \",\n  \"A\": 1.50,\n  \"C\": true, \"D\": null\n}", "f.json").unwrap();
    let seen: Vec<(&str, &str, Form, usize)> =
        file.entries.iter().map(|e| (e.key.as_str(), e.value.as_str(), e.form, e.line)).collect();
    assert_eq!(
        seen,
        [
            ("B", " x ", Form::Text, 2),
            ("A", "1.50", Form::Number, 3),
            ("C", "true", Form::Boolean, 4),
            ("D", "null", Form::Null, 4)
        ]
    );
    assert_eq!(file.stacks, []);
    assert_eq!(file.sha256.len(), 64);
}

#[test]
fn every_shape_of_file_gives_the_same_output() {
    let value = "arn:aws:s3:::b-pr1";
    for (text, key, stack) in [
        (format!(r#"{{"S3BucketArn":"{value}"}}"#), "S3BucketArn", None),
        (format!(r#"{{"TapStackpr1":{{"S3BucketArn":"{value}"}}}}"#), "TapStackpr1.S3BucketArn", Some("TapStackpr1")),
        (
            format!(
                r#"{{"Stacks":[{{"StackName":"TapStackpr1","Outputs":[{{"OutputKey":"S3BucketArn","OutputValue":"{value}"}}]}}]}}"#
            ),
            "S3BucketArn",
            Some("TapStackpr1"),
        ),
        (
            format!(r#"{{"TapStackpr1":[{{"OutputKey":"S3BucketArn","OutputValue":"{value}","Description":"d"}}]}}"#),
            "S3BucketArn",
            Some("TapStackpr1"),
        ),
        (
            format!(
                r#"{{"Outputs":[{{"OutputValue":"{value}","OutputKey":"S3BucketArn"}}],"StackName":"TapStackpr1","StackStatus":"CREATE_COMPLETE"}}"#
            ),
            "S3BucketArn",
            Some("TapStackpr1"),
        ),
        (format!(r#"[{{"OutputKey":"S3BucketArn","OutputValue":"{value}"}}]"#), "S3BucketArn", None),
        (format!("\u{FEFF}{{\"S3BucketArn\":\"{value}\"}}"), "S3BucketArn", None),
    ] {
        let file = read(text.as_bytes(), "f.json").unwrap();
        assert_eq!(file.entries.len(), 1, "{text}");
        let entry = &file.entries[0];
        assert_eq!((entry.key.as_str(), entry.value.as_str(), entry.stack.as_deref()), (key, value, stack), "{text}");
        assert_eq!(file.stacks.first().map(|hint| hint.name.as_str()), stack, "{text}");
    }
}

#[test]
fn outputs_of_several_stacks_say_whose_they_are() {
    let text = r#"{"Stacks":[
            {"Outputs":[{"OutputKey":"Arn","OutputValue":"x"}],"StackName":"A","StackId":"arn:aws:cloudformation:us-east-2:123456789012:stack/A/1"},
            {"StackName":"B","Outputs":[{"OutputKey":"Arn","OutputValue":"y"}]},
            {"StackName":"C"}]}"#;
    assert_eq!(entries(text), pairs(&[("A.Arn", "x"), ("B.Arn", "y")]));
    let file = read(text.as_bytes(), "f.json").unwrap();
    assert_eq!(file.stacks.len(), 3);
    assert_eq!(file.stacks[0].id.as_deref(), Some("arn:aws:cloudformation:us-east-2:123456789012:stack/A/1"));
    let maps = r#"{"A":[{"OutputKey":"Arn","OutputValue":"x"}],"B":[{"OutputKey":"Arn","OutputValue":"y"}]}"#;
    assert_eq!(entries(maps), pairs(&[("A.Arn", "x"), ("B.Arn", "y")]));
}

#[test]
fn json_inside_a_string_is_taken_apart_and_other_texts_are_not() {
    assert_eq!(
        entries(r#"{"Net":"{\"Vpc\":\"vpc-1\",\"Subnets\":[\"a\",\"b\"]}","Brace":"{not json}","Num":"12"}"#),
        pairs(&[("Net.Vpc", "vpc-1"), ("Net.Subnets", "a,b"), ("Brace", "{not json}"), ("Num", "12")])
    );
    let twice = r#"{"A":"{\"x\":1,\"x\":2}"}"#;
    assert_eq!(entries(twice), pairs(&[("A", r#"{"x":1,"x":2}"#)]));
    let file = read(b"{\n\n\"A\":\"{\\\"x\\\":1}\"}", "f.json").unwrap();
    assert_eq!((file.entries[0].key.as_str(), file.entries[0].line), ("A.x", 3));
}

#[test]
fn lists_are_one_entry_whose_elements_resolve_separately() {
    let file = read(
            br#"{"Ids":["subnet-0123456789abcdef0","subnet-0123456789abcdef1"],"Joined":"sg-0123456789abcdef0, sg-0123456789abcdef1","Text":"one, two","None":[]}"#,
            "f.json",
        )
        .unwrap();
    let parts: Vec<(String, String)> = file.entries.iter().flat_map(RawOutput::parts).collect();
    assert_eq!(
        parts,
        pairs(&[
            ("Ids[0]", "subnet-0123456789abcdef0"),
            ("Ids[1]", "subnet-0123456789abcdef1"),
            ("Joined[0]", "sg-0123456789abcdef0"),
            ("Joined[1]", "sg-0123456789abcdef1"),
            ("Text", "one, two"),
            ("None", ""),
        ])
    );
    assert_eq!(entries(r#"{"A":[{"x":1},"b",[2]]}"#), pairs(&[("A[0].x", "1"), ("A[1]", "b"), ("A[2]", "2")]));
}

#[test]
fn a_file_without_outputs_says_how_such_files_come_about() {
    for (text, message) in [
        ("{}", "f.json holds no outputs: it is an empty object"),
        (" \n", "f.json holds no outputs: the file is empty"),
        ("", "f.json holds no outputs: the file is empty"),
        ("[]", "f.json holds no outputs: it is an empty list"),
        (r#"{"Stacks":[]}"#, "f.json holds no outputs: it lists stacks, and none of them has an output"),
        (
            r#"{"Stacks":[{"StackName":"A","Outputs":[]}]}"#,
            "f.json holds no outputs: it lists stacks, and none of them has an output",
        ),
        (
            r#"{"Stacks":[{"StackName":"A","Outputs":null}]}"#,
            "f.json holds no outputs: it lists stacks, and none of them has an output",
        ),
    ] {
        let error = error(text.as_bytes());
        assert_eq!(error.to_string(), message);
        for cause in ["failed or was skipped", "jq", "region"] {
            assert!(error.help().contains(cause), "{cause}");
        }
    }
}

#[test]
fn what_is_not_json_is_told_with_line_and_column() {
    assert_eq!(
        error(b"{\n  \"A\": \"b\",\n}").to_string(),
        "cannot read f.json: it is not JSON: key must be a string at line 3, column 1"
    );
    assert_eq!(
        error(b"{\"A\": \"b\"").to_string(),
        "cannot read f.json: it is not JSON: EOF while parsing an object at line 1, column 9"
    );
    assert_eq!(
        error(b"{} {}").to_string(),
        "cannot read f.json: it is not JSON: trailing characters at line 1, column 4"
    );
    assert!(matches!(error(br#"{"A":"\ud800"}"#), OutputsError::NotJson { line: 1, column: 6, .. }));
    assert!(matches!(error(b"Stacks:\n- a"), OutputsError::NotJson { line: 1, .. }));
}

#[test]
fn a_wrong_encoding_is_named() {
    let wide: Vec<u8> = "\u{FEFF}{\"A\":\"b\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(error(&wide), OutputsError::Utf16 { .. }));
    assert!(matches!(error(&wide[2..]), OutputsError::Utf16 { .. }));
    assert!(error(&wide).help().contains("PowerShell"));
    assert_eq!(error(b"{\n\"A\":\"\xff\"}").to_string(), "cannot read f.json: it is not UTF-8 at line 2, column 6");
}

#[test]
fn a_repeated_key_is_an_error_that_names_both_lines() {
    for (text, key, first, second) in [
        ("{\"A\":1,\n\"B\":2,\n\"A\":1}", "A", 1, 3),
        ("{\"S\":{\"A\":1,\n\"A\":2}}", "A", 1, 2),
        ("{\"S.A\":1,\n\"S\":{\n\"A\":2}}", "S.A", 1, 3),
        ("{\"a\":1,\n\"\\u0061\":2}", "a", 1, 2),
        ("[{\"OutputKey\":\"A\",\"OutputValue\":\"x\"},\n{\"OutputKey\":\"A\",\"OutputValue\":\"x\"}]", "A", 1, 2),
    ] {
        let error = error(text.as_bytes());
        let message = format!("cannot read f.json: the key `{key}` stands there twice, at lines {first} and {second}");
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn json_that_is_not_of_outputs_is_refused_with_what_was_expected() {
    for (text, message) in [
        ("42", "expected an object of outputs at line 1, found a number"),
        ("\"x\"", "expected an object of outputs at line 1, found a string"),
        ("null", "expected an object of outputs at line 1, found null"),
        ("[1]", "expected an object with OutputKey and OutputValue at line 1, found a number"),
        (r#"{"Stacks":["A"]}"#, "expected a stack with its Outputs at line 1, found a string"),
        (
            "{\"Stacks\":[{\n\"Outputs\":{}}]}",
            "expected a list of OutputKey and OutputValue at line 2, found an object",
        ),
    ] {
        assert_eq!(error(text.as_bytes()).to_string(), format!("cannot read f.json: {message}"));
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let lists = |count: usize| format!("{{\"A\":{}{}}}", "[".repeat(count), "]".repeat(count));
    assert!(matches!(error(lists(100_000).as_bytes()), OutputsError::TooDeep { line: 1, .. }));
    assert_eq!(entries(&lists(DEEPEST - 1)).len(), 1);
    assert!(matches!(error(lists(DEEPEST).as_bytes()), OutputsError::TooDeep { .. }));
    let mut text = "{\"x\":1}".to_owned();
    for _ in 0..8 {
        text = format!("{{\"x\":{}}}", serde_json::to_string(&text).unwrap());
    }
    assert_eq!(entries(&text), pairs(&[("x.x.x.x.x.x.x.x.x", "1")]));
}

#[test]
fn fifty_megabytes_are_read_and_what_is_beyond_the_limits_is_refused() {
    let mut text = String::from("{");
    for at in 0..50 {
        text.push_str(&format!("\"Key{at}\":\"{}\",\n", "x".repeat(1 << 20)));
    }
    text.push_str("\"Last\":\"vpc-0123456789abcdef0\"}");
    let started = std::time::Instant::now();
    assert_eq!(entries(&text).len(), 51);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert!(matches!(error(&vec![b' '; 64 * 1024 * 1024 + 1]), OutputsError::TooLarge { .. }));
    let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
    assert_eq!(
        error(many.as_bytes()).to_string(),
        "cannot read f.json: it holds more than 1000000 values, which no stack's outputs do"
    );
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.json").display().to_string();
    let error = read_file(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {path}: there is no such file"));
    assert!(error.help().contains("--stack-name"));
    let error = read_file(&folder.path().display().to_string()).unwrap_err();
    assert!(matches!(error, OutputsError::Io { .. }));
    std::fs::write(folder.path().join("none.json"), r#"{"A":"b"}"#).unwrap();
    assert_eq!(read_file(&path).unwrap().entries.len(), 1);
}

#[test]
fn neither_debug_text_nor_an_error_shows_a_value() {
    let marked = "MARKED-hunter2";
    let file = read(format!(r#"{{"A":"{marked}","B":["{marked}"]}}"#).as_bytes(), "f.json").unwrap();
    assert!(!format!("{file:?}").contains("hunter2"));
    for text in [
        format!(r#"{{"A":"{marked}","A":"{marked}"}}"#),
        format!(r#"{{"A":"{marked}",}}"#),
        format!(r#"{{"A":"{marked}\ud800"}}"#),
        format!(r#"["{marked}"]"#),
        format!(r#""{marked}""#),
        format!(r#"{{"A":{marked}}}"#),
    ] {
        let error = error(text.as_bytes());
        assert!(!format!("{error} {error:?} {}", error.help()).contains("hunter2"), "{error}");
    }
}

#[test]
fn the_digest_is_of_the_file_as_it_is() {
    let plain = read(br#"{"A":"b"}"#, "f.json").unwrap().sha256;
    let marked = read("\u{FEFF}{\"A\":\"b\"}".as_bytes(), "f.json").unwrap().sha256;
    assert_eq!(plain, "f4a131b668d76324b66dfd3b14a742096b135f96852fb76ccdbead78c444c988");
    assert_ne!(plain, marked);
}
