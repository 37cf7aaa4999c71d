//! Reads a CloudFormation template, JSON or YAML, and reduces it to what requirements ask about.
//!
//! A template may hold secrets. Its values stay in [`Source`], which can be neither printed nor saved; errors say where
//! a template breaks and never what stands there.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use tap_audit_checks::cloudformation::{
    Attribute, DefaultLook, Template, TemplateFormat, TemplateParameter, TemplateResource, TemplateText, TemplateValue,
    TemplateVariable,
};
use tap_audit_checks::observed::{Gap, Observed};
use tap_audit_checks::rds::Password;
use tap_audit_checks::s3::Switch;
use tap_audit_checks::secret::{self, SecretNames, classify};
/// Twice what CloudFormation takes; what is longer is no template.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// As deep as the strict JSON parser goes; real templates stay below twenty.
const MOST_LEVELS: usize = 128;
/// A column in which no line of a template begins. Block nesting cannot be deeper than twice the indentation, and the
/// YAML parser goes one call deeper for each level.
const MOST_INDENT: usize = 300;

/// Why a template could not be read. Says where, never what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// Neither parser reads it.
    #[error("the template is neither JSON ({json}) nor YAML ({yaml})")]
    Neither {
        /// What the JSON parser says.
        json: Place,
        /// What the YAML parser says.
        yaml: Place,
    },
    /// It is a list or a scalar.
    #[error("the template is {what}, where an object with `Resources` is expected")]
    NotAnObject {
        /// What it is.
        what: &'static str,
    },
    /// It is longer than CloudFormation takes.
    #[error("the template is {bytes} bytes long, more than CloudFormation takes")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Where and how a text breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    what: &'static str,
    line: usize,
    column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at line {} column {}", self.what, self.line, self.column)
    }
}

/// Where the databases of a template take their master passwords from, by logical id.
pub(crate) type Passwords = BTreeMap<String, Observed<Password>>;

/// A template that was read, with all its values. It stays in memory: there is no way to print or save it.
pub(crate) struct Source {
    format: TemplateFormat,
    body: Map<String, Value>,
}

/// The values of a stack's parameters and pseudo parameters, to fill into names. It stays in memory like [`Source`].
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// The values that a stack was deployed with. Masked ones (`****`) are left out: they are not known.
    pub(crate) fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Values(values.into_iter().filter(|(_, value)| !is_masked(value)).collect())
    }
}

/// Reads a template: strict JSON first, because every JSON text is YAML too.
///
/// # Errors
/// When neither parser reads the text, a key stands twice in one object, or the whole is no object.
pub(crate) fn read(text: &str) -> Result<Source, TemplateError> {
    if text.len() > MOST_BYTES {
        return Err(TemplateError::TooLong { bytes: text.len() });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (format, value) = match serde_json::from_str::<Strict>(text) {
        Ok(Strict(value)) => (TemplateFormat::Json, value),
        Err(error) => {
            let json = Place { what: json_fault(&error), line: error.line(), column: error.column() };
            match yaml(text) {
                Ok(value) => (TemplateFormat::Yaml, value),
                Err(yaml) => return Err(TemplateError::Neither { json, yaml }),
            }
        }
    };
    match value {
        Value::Object(body) => Ok(Source { format, body }),
        Value::Array(_) => Err(TemplateError::NotAnObject { what: "a list" }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err(TemplateError::NotAnObject { what: "a single value" })
        }
    }
}

impl Source {
    /// Reduces the template: values are judged and dropped, names are filled in from the stack's parameters.
    pub(crate) fn reduce(&self, values: &Values) -> Template {
        let mut template = Template {
            format: self.format,
            description: match self.body.get("Description") {
                None | Some(Value::Null) => Observed::Absent,
                Some(value) => match scalar(value) {
                    // People write everything into descriptions; whether there is one is all that is asked.
                    Some(text) => Observed::Present(secret::length_class(text.trim())),
                    None => Observed::Unknown(unreadable("Description is no text")),
                },
            },
            parameters: BTreeMap::new(),
            resources: BTreeMap::new(),
            unread_nested: BTreeMap::new(),
        };
        for (name, parameter) in self.section("Parameters") {
            template.parameters.insert(name.clone(), reduce_parameter(name, parameter));
        }
        let filling = Filling { source: self, values };
        for (id, resource) in self.section("Resources") {
            match resource.get("Type").and_then(Value::as_str) {
                Some(kind) => {
                    template.resources.insert(id.clone(), filling.resource(kind, resource));
                }
                // A loop that a transform has yet to unroll, or a fault: what it makes is not known from this text.
                None => {
                    let what = format!("{id} under Resources has no Type of its own");
                    template.unread_nested.insert(id.clone(), unreadable(&what));
                }
            }
        }
        template
    }

    /// Digests of the literal defaults of parameters whose names are secret, for comparison in memory. `digest` turns a
    /// value into something that tells nothing about it.
    pub(crate) fn secret_default_digests<D>(&self, names: &SecretNames, digest: impl Fn(&str) -> D) -> Vec<D> {
        self.section("Parameters")
            .filter(|(name, _)| names.is_secret(name))
            .filter_map(|(_, parameter)| {
                let default = scalar(parameter.get("Default")?)?;
                let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or("String");
                (default_look(kind, &default) == DefaultLook::Literal).then(|| digest(&default))
            })
            .collect()
    }

    /// Where each database cluster of the template takes its master password from, by logical id.
    pub(crate) fn passwords(&self, values: &Values) -> Passwords {
        let clusters = self
            .section("Resources")
            .filter(|(_, resource)| resource.get("Type").and_then(Value::as_str) == Some("AWS::RDS::DBCluster"));
        let filling = Filling { source: self, values };
        clusters.map(|(id, resource)| (id.clone(), filling.password(resource.get("Properties")))).collect()
    }

    fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.body.get(name).and_then(Value::as_object).into_iter().flatten()
    }

    fn has_resource(&self, id: &str) -> bool {
        self.body.get("Resources").and_then(Value::as_object).is_some_and(|resources| resources.contains_key(id))
    }

    /// The type of a resource of the template.
    fn kind_of(&self, id: &str) -> Option<&str> {
        self.body.get("Resources")?.get(id)?.get("Type")?.as_str()
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.body.get("Parameters").and_then(Value::as_object).is_some_and(|parameters| parameters.contains_key(name))
    }
}

/// Says what a parameter's default is, before it is dropped.
pub(crate) fn default_look(kind: &str, default: &str) -> DefaultLook {
    if default.trim().is_empty() {
        DefaultLook::Empty
    } else if is_masked(default) {
        DefaultLook::Masked
    } else if kind.starts_with("AWS::SSM::Parameter::") || is_dynamic_reference(default, &[""]) {
        DefaultLook::Reference
    } else {
        DefaultLook::Literal
    }
}

/// Whether a value is nothing but one dynamic reference to one of these services (`""` stands for any).
pub(crate) fn is_dynamic_reference(value: &str, services: &[&str]) -> bool {
    let Some(inside) = value.trim().strip_prefix("{{resolve:").and_then(|rest| rest.strip_suffix("}}")) else {
        return false;
    };
    !inside.contains("}}")
        && services.iter().any(|service| service.is_empty() || inside.split(':').next() == Some(service))
}

/// Whether this is what CloudFormation shows in place of a value under NoEcho.
pub(crate) fn is_masked(value: &str) -> bool {
    value == "****"
}

fn unreadable(what: &str) -> Gap {
    Gap::Unparsable { operation: "GetTemplate".into(), what: what.to_owned() }
}

fn reduce_parameter(name: &str, parameter: &Value) -> TemplateParameter {
    let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or("String").to_owned();
    let default = match parameter.get("Default") {
        None => Observed::Absent,
        Some(value) => match scalar(value) {
            Some(text) => Observed::Present(default_look(&kind, &text)),
            None => Observed::Unknown(unreadable(&format!("the default of parameter {name} is no single value"))),
        },
    };
    let no_echo = match parameter.get("NoEcho") {
        None => Observed::Absent,
        // YAML 1.1, which CloudFormation reads, has more words for it than the parser knows.
        Some(value) => match scalar(value).as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on") => Observed::Present(Switch::On),
            Some("false" | "no" | "off") => Observed::Present(Switch::Off),
            Some(_) | None => {
                Observed::Unknown(unreadable(&format!("NoEcho of parameter {name} is neither true nor false")))
            }
        },
    };
    TemplateParameter { kind, no_echo, default }
}

/// The text of a single value; `None` for objects, lists and null.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The name and argument of an intrinsic function; `None` for anything else.
fn intrinsic(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object()?;
    let (name, argument) = object.iter().next()?;
    (object.len() == 1 && (name == "Ref" || name == "Condition" || name.starts_with("Fn::")))
        .then_some((name.as_str(), argument))
}

/// Fills the stack's values into the template's texts.
struct Filling<'a> {
    source: &'a Source,
    values: &'a Values,
}

impl Filling<'_> {
    fn resource(&self, kind: &str, resource: &Value) -> TemplateResource {
        let properties = resource.get("Properties");
        let property = |name: &str| properties.and_then(|properties| properties.get(name));
        let mut reduced = TemplateResource {
            kind: kind.to_owned(),
            deletion_policy: attribute(resource.get("DeletionPolicy")),
            update_replace_policy: attribute(resource.get("UpdateReplacePolicy")),
            policy_names: Vec::new(),
            policy_roles: Vec::new(),
            variables: Vec::new(),
            in_cluster: Observed::Absent,
        };
        match kind {
            "AWS::IAM::Role" => reduced.policy_names = self.inline_policies(property("Policies")),
            "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" => {
                reduced.policy_names = match self.is_made(resource) {
                    Some(true) => vec![self.text(property("PolicyName"))],
                    Some(false) => Vec::new(),
                    None => vec![TemplateText::Unresolved("Condition".into())],
                };
                let named = property("RoleName").into_iter().map(|role| self.role(role));
                reduced.policy_roles = self.list(property("Roles"), |role| self.role(role));
                reduced.policy_roles.extend(named);
            }
            "AWS::Lambda::Function" => {
                let variables = property("Environment").and_then(|environment| environment.get("Variables"));
                for (name, value) in variables.and_then(Value::as_object).into_iter().flatten() {
                    reduced.variables.push(TemplateVariable { name: name.clone(), value: self.variable(value) });
                }
            }
            "AWS::RDS::DBInstance" => reduced.in_cluster = self.is_set(property("DBClusterIdentifier")),
            _ => {}
        }
        reduced
    }

    /// Whether a property is there once conditions are decided.
    fn is_set(&self, value: Option<&Value>) -> Observed<Switch> {
        let Some(value) = value else { return Observed::Present(Switch::Off) };
        match intrinsic(value) {
            Some(("Fn::If", argument)) => match self.chosen(argument) {
                Some(chosen) => self.is_set(Some(chosen)),
                None => Observed::Unknown(Gap::undecided("a property hangs on a condition that cannot be told")),
            },
            Some(_) | None if is_no_value(value) => Observed::Present(Switch::Off),
            Some(_) | None => Observed::Present(Switch::On),
        }
    }

    fn inline_policies(&self, policies: Option<&Value>) -> Vec<TemplateText> {
        self.list(policies, |policy| match intrinsic(policy) {
            Some((function, _)) => TemplateText::Unresolved(function.to_owned()),
            None => self.text(policy.get("PolicyName")),
        })
    }

    /// The members of a list that may be chosen by conditions; what cannot be told stands as one unresolved text.
    fn list(&self, value: Option<&Value>, member: impl Fn(&Value) -> TemplateText + Copy) -> Vec<TemplateText> {
        let Some(value) = value else { return Vec::new() };
        match (value, intrinsic(value)) {
            (_, Some(("Fn::If", argument))) => match self.chosen(argument) {
                Some(chosen) => self.list(Some(chosen), member),
                None => vec![TemplateText::Unresolved("Fn::If".into())],
            },
            (_, Some(("Ref", Value::String(name)))) if name == "AWS::NoValue" => Vec::new(),
            (Value::Array(members), _) => members
                .iter()
                .flat_map(|value| match intrinsic(value) {
                    Some(("Fn::If", argument)) => match self.chosen(argument) {
                        Some(chosen) if is_no_value(chosen) => Vec::new(),
                        Some(chosen) => vec![member(chosen)],
                        None => vec![TemplateText::Unresolved("Fn::If".into())],
                    },
                    Some(("Ref", Value::String(name))) if name == "AWS::NoValue" => Vec::new(),
                    Some(_) | None => vec![member(value)],
                })
                .collect(),
            (_, Some((function, _))) => vec![TemplateText::Unresolved(function.to_owned())],
            (_, None) => vec![TemplateText::Unresolved("a value that is no list".into())],
        }
    }

    /// A role as a policy names it: the logical id of a role of this template, or a name.
    fn role(&self, value: &Value) -> TemplateText {
        let logical_id = match intrinsic(value) {
            Some(("Ref", Value::String(name))) => Some(name.as_str()),
            Some(("Fn::Sub", Value::String(text))) => text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')),
            Some(_) | None => None,
        };
        match logical_id {
            Some(id) if self.source.has_resource(id) => TemplateText::Text(id.to_owned()),
            Some(_) | None => self.text(Some(value)),
        }
    }

    fn variable(&self, value: &Value) -> TemplateValue {
        let parameter = match intrinsic(value) {
            Some(("Ref", Value::String(name))) => Some(name.as_str()),
            Some(("Fn::Sub", Value::String(text))) => text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')),
            Some(_) | None => None,
        };
        match parameter {
            Some(name) if self.source.has_parameter(name) => TemplateValue::Parameter(name.to_owned()),
            Some(_) => TemplateValue::Computed,
            None => match scalar(value) {
                Some(text) => TemplateValue::Literal(classify(&text)),
                None => TemplateValue::Computed,
            },
        }
    }

    fn text(&self, value: Option<&Value>) -> TemplateText {
        let Some(value) = value else { return TemplateText::Unresolved("a missing name".into()) };
        match self.resolve(value) {
            Ok(text) => TemplateText::Text(text),
            Err(what) => TemplateText::Unresolved(what),
        }
    }

    /// The text that stands there once the stack's values are filled in, or the name of what cannot be told.
    fn resolve(&self, value: &Value) -> Result<String, String> {
        if let Some((function, argument)) = intrinsic(value) {
            let unresolved = || function.to_owned();
            return match (function, argument) {
                ("Ref", Value::String(name)) => self.value(name).ok_or_else(|| format!("Ref {name}")),
                ("Fn::Sub", Value::String(text)) => self.substitute(text, None),
                ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                    [Value::String(text), Value::Object(own)] => self.substitute(text, Some(own)),
                    _ => Err(unresolved()),
                },
                ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                    [Value::String(delimiter), Value::Array(texts)] => {
                        let texts: Result<Vec<_>, _> = texts.iter().map(|text| self.resolve(text)).collect();
                        Ok(texts?.join(delimiter))
                    }
                    _ => Err(unresolved()),
                },
                ("Fn::Select", Value::Array(parts)) => match parts.as_slice() {
                    [index, Value::Array(texts)] => {
                        let text = scalar(index).and_then(|index| match index.parse::<usize>() {
                            Ok(index) => texts.get(index),
                            Err(_) => None,
                        });
                        let text = text.ok_or_else(unresolved)?;
                        self.resolve(text)
                    }
                    _ => Err(unresolved()),
                },
                ("Fn::If", argument) => self.resolve(self.chosen(argument).ok_or_else(unresolved)?),
                ("Fn::FindInMap", Value::Array(keys)) => {
                    let [map, first, second] = keys.as_slice() else { return Err(unresolved()) };
                    let (map, first, second) = (self.resolve(map)?, self.resolve(first)?, self.resolve(second)?);
                    let found =
                        self.source.body.get("Mappings").and_then(|maps| maps.get(&map)?.get(&first)?.get(&second));
                    found.and_then(scalar).ok_or_else(unresolved)
                }
                (_, _) => Err(unresolved()),
            };
        }
        match value {
            Value::Null => Err("null".into()),
            Value::Array(_) => Err("a list".into()),
            Value::Object(_) => Err("an object".into()),
            // Dynamic references are filled in by CloudFormation, outside of everything that is read here.
            Value::String(text) if text.contains("{{resolve:") => Err("a dynamic reference".into()),
            Value::String(_) | Value::Number(_) | Value::Bool(_) => scalar(value).ok_or_else(|| "a value".into()),
        }
    }

    fn substitute(&self, text: &str, own: Option<&Map<String, Value>>) -> Result<String, String> {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, following)) = after.split_once('}') else { return Err("Fn::Sub".into()) };
            filled.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => filled.push_str(&format!("${{{literal}}}")),
                None => match own.and_then(|own| own.get(name.trim())) {
                    Some(value) => filled.push_str(&self.resolve(value)?),
                    None => filled.push_str(&self.value(name.trim()).ok_or_else(|| format!("Fn::Sub of {name}"))?),
                },
            }
            rest = following;
        }
        filled.push_str(rest);
        if filled.contains("{{resolve:") { Err("a dynamic reference".into()) } else { Ok(filled) }
    }

    /// The value of a parameter or pseudo parameter. A resource's own name is not known from the template.
    fn value(&self, name: &str) -> Option<String> {
        (name.starts_with("AWS::") || self.source.has_parameter(name)).then(|| self.values.0.get(name).cloned())?
    }

    /// The branch of `Fn::If` that the stack took.
    fn chosen<'v>(&self, argument: &'v Value) -> Option<&'v Value> {
        let [Value::String(condition), yes, no] = argument.as_array()?.as_slice() else { return None };
        Some(if self.condition(condition, 0)? { yes } else { no })
    }

    fn is_made(&self, resource: &Value) -> Option<bool> {
        match resource.get("Condition") {
            None => Some(true),
            Some(Value::String(condition)) => self.condition(condition, 0),
            Some(_) => None,
        }
    }

    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        let condition = self.source.body.get("Conditions")?.get(name)?;
        (depth < 16).then(|| self.holds(condition, depth + 1))?
    }

    fn holds(&self, condition: &Value, depth: usize) -> Option<bool> {
        let all = |parts: &[Value]| parts.iter().map(|part| self.holds(part, depth)).collect::<Option<Vec<_>>>();
        match intrinsic(condition)? {
            ("Condition", Value::String(name)) => self.condition(name, depth),
            ("Fn::Equals", Value::Array(sides)) => match sides.as_slice() {
                [left, right] => match (self.resolve(left), self.resolve(right)) {
                    (Ok(left), Ok(right)) => Some(left == right),
                    (Err(_), _) | (_, Err(_)) => None,
                },
                _ => None,
            },
            ("Fn::And", Value::Array(parts)) => all(parts).map(|parts| parts.into_iter().all(|part| part)),
            ("Fn::Or", Value::Array(parts)) => all(parts).map(|parts| parts.into_iter().any(|part| part)),
            ("Fn::Not", Value::Array(parts)) => match parts.as_slice() {
                [part] => self.holds(part, depth).map(|holds| !holds),
                _ => None,
            },
            (_, _) => None,
        }
    }
}

mod password;

fn is_no_value(value: &Value) -> bool {
    matches!(intrinsic(value), Some(("Ref", Value::String(name))) if name == "AWS::NoValue")
}

fn attribute(value: Option<&Value>) -> Observed<Attribute> {
    match value {
        None => Observed::Absent,
        Some(Value::String(word)) => Observed::Present(Attribute::Word(word.clone())),
        Some(value) => Observed::Present(Attribute::NotLiteral(match intrinsic(value) {
            Some((function, _)) => function.to_owned(),
            None => "no word".into(),
        })),
    }
}

/// A JSON value in which no object has a key twice: the usual parsers keep the last, and nobody sees the first.
struct Strict(Value);

const DUPLICATE: &str = "duplicate key";

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Strict(member)) = list.next_element()? {
            members.push(member);
        }
        Ok(Value::Array(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let Strict(value) = object.next_value()?;
            if members.insert(key, value).is_some() {
                return Err(serde::de::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::Object(members))
    }
}

fn json_fault(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        // The only fault of the data that this reader knows of.
        serde_json::error::Category::Data => "a key stands twice",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not well-formed",
    }
}

/// Reads YAML and writes its short forms (`!Ref`) as the long ones (`Ref`).
fn yaml(text: &str) -> Result<Value, Place> {
    if let Some((number, line)) = text.lines().enumerate().find(|(_, line)| indentation(line) > MOST_INDENT) {
        return Err(Place { what: "it is indented too far", line: number + 1, column: indentation(line) });
    }
    let documents = MarkedYaml::load_from_str(text).map_err(|error| Place {
        what: match error.info() {
            "duplicated key in mapping" => "a key stands twice",
            info if info.starts_with("alias expansion") => "its aliases unfold into too much",
            _ => "it is not well-formed",
        },
        line: error.marker().line(),
        column: error.marker().col() + 1,
    })?;
    match documents.as_slice() {
        [document] => Yaml { text }.value(document, 0),
        [] => Err(Place { what: "it is empty", line: 1, column: 1 }),
        [_, second, ..] => Err(place(second, "a second document begins")),
    }
}

/// How far in the first word of a line stands, markers of nested lists and keys included.
fn indentation(line: &str) -> usize {
    let word = line.find(|letter: char| !matches!(letter, ' ' | '\t' | '-' | '?' | ':'));
    word.unwrap_or(if line.trim().is_empty() { 0 } else { line.len() })
}

fn place(node: &MarkedYaml<'_>, what: &'static str) -> Place {
    Place { what, line: node.span.start.line(), column: node.span.start.col() + 1 }
}

struct Yaml<'a> {
    text: &'a str,
}

impl Yaml<'_> {
    fn value(&self, node: &MarkedYaml<'_>, depth: usize) -> Result<Value, Place> {
        if depth > MOST_LEVELS {
            return Err(place(node, "it is nested too deep"));
        }
        match &node.data {
            YamlData::Value(scalar) => Ok(self.scalar(node, scalar)),
            YamlData::Sequence(members) => {
                let members: Result<Vec<_>, _> = members.iter().map(|member| self.value(member, depth + 1)).collect();
                Ok(Value::Array(members?))
            }
            YamlData::Mapping(members) => {
                let mut object = Map::new();
                for (key, value) in members {
                    let name = match &key.data {
                        YamlData::Value(scalar) => match self.scalar(key, scalar) {
                            Value::String(name) => name,
                            other => other.to_string(),
                        },
                        _ => return Err(place(key, "a key is no text")),
                    };
                    if name == "<<" {
                        return Err(place(key, "a merge key, which CloudFormation does not take, stands"));
                    }
                    // `1` and `"1"` are two keys to YAML and one to CloudFormation.
                    if object.insert(name, self.value(value, depth + 1)?).is_some() {
                        return Err(place(key, "a key stands twice"));
                    }
                }
                Ok(Value::Object(object))
            }
            YamlData::Tagged(tag, inner) => {
                if tag.handle != "!" || tag.suffix.is_empty() {
                    return Err(place(node, "a tag that CloudFormation does not know stands"));
                }
                let argument = self.value(inner, depth + 1).map_err(|fault| located(fault, node))?;
                Ok(long_form(&tag.suffix, argument))
            }
            YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => {
                Err(place(node, "a value that cannot be read stands"))
            }
        }
    }

    /// Numbers keep the form in which they are written: `007` is a text to whom it is given.
    fn scalar(&self, node: &MarkedYaml<'_>, scalar: &Scalar<'_>) -> Value {
        let written = |number: String| {
            let (start, end) = (node.span.start.index(), node.span.end.index());
            let source: String = self.text.chars().skip(start).take(end.saturating_sub(start)).collect();
            let source = source.trim();
            let is_number =
                source.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'));
            Value::String(if is_number { source.to_owned() } else { number })
        };
        match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(truth) => Value::Bool(*truth),
            Scalar::Integer(number) => written(number.to_string()),
            Scalar::FloatingPoint(number) => written(number.to_string()),
            Scalar::String(text) => Value::String(text.clone().into_owned()),
        }
    }
}

/// The inner node of a tagged scalar has no place of its own.
fn located(fault: Place, node: &MarkedYaml<'_>) -> Place {
    if fault.line == 0 { place(node, fault.what) } else { fault }
}

fn long_form(tag: &str, argument: Value) -> Value {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            let parts = [resource, attribute].map(|part| Value::String(part.to_owned()));
            ("Fn::GetAtt".to_owned(), Value::Array(parts.to_vec()))
        }
        (tag, argument) => (format!("Fn::{tag}"), argument),
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

#[cfg(test)]
mod tests;
