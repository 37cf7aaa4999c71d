//! How the workspace hangs together, read from `cargo metadata`: what depends on what, and what the packages say of
//! themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the harness is shared by several test programs")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{CargoOpt, Dependency, DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// The crates that are published.
const PUBLISHED: [&str; 3] = ["tap-audit", "tap-audit-checks", "tap-audit-reports"];

/// What would make a crate wait for something.
const ASYNC_RUNTIMES: [&str; 6] =
    ["tokio", "async-std", "smol", "async-executor", "futures-executor", "async-global-executor"];

/// The workspace with everything that its features can bring in, on every platform.
fn workspace() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut command = MetadataCommand::new();
    command.manifest_path(manifest).features(CargoOpt::AllFeatures);
    // Tests reach for no registry: whatever was needed to build them is there.
    command.other_options(["--locked".to_owned(), "--offline".to_owned()]);
    command.exec().unwrap_or_else(|error| panic!("cargo metadata: {error}"))
}

fn member<'m>(workspace: &'m Metadata, name: &str) -> &'m Package {
    let members = workspace.workspace_packages();
    members.into_iter().find(|package| package.name == name).unwrap_or_else(|| panic!("no member {name}"))
}

/// Everything that a member is linked with, itself left out: the tree of its normal dependencies.
fn linked<'m>(workspace: &'m Metadata, name: &str) -> BTreeSet<&'m str> {
    let resolve = workspace.resolve.as_ref().expect("a resolved graph");
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let start = &member(workspace, name).id;
    let (mut reached, mut ahead) = (BTreeSet::from([start]), vec![start]);
    while let Some(id) = ahead.pop() {
        for dependency in &nodes[id].deps {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if normal && reached.insert(&dependency.pkg) {
                ahead.push(&dependency.pkg);
            }
        }
    }
    reached.into_iter().filter(|id| *id != start).map(|id| workspace[id].name.as_str()).collect()
}

fn is_of_aws(name: &str) -> bool {
    name.starts_with("aws-")
}

#[test]
fn checks_and_reports_know_neither_the_aws_sdk_nor_an_async_runtime() {
    let workspace = workspace();
    for name in ["tap-audit-checks", "tap-audit-reports"] {
        let linked = linked(&workspace, name);
        assert!(linked.contains("serde"), "the walk reaches what {name} is linked with: {linked:?}");
        let unwanted: Vec<_> = linked.iter().filter(|name| is_of_aws(name) || ASYNC_RUNTIMES.contains(name)).collect();
        assert!(unwanted.is_empty(), "{name} depends on {unwanted:?}");
    }
    // The same walk does see them where they are.
    let program = linked(&workspace, "tap-audit");
    assert!(program.contains("tokio") && program.contains("aws-sdk-s3") && program.contains("aws-smithy-types"));
}

#[test]
fn reports_never_reach_the_program_and_checks_reach_neither() {
    let workspace = workspace();
    let checks = linked(&workspace, "tap-audit-checks");
    assert!(!checks.contains("tap-audit") && !checks.contains("tap-audit-reports"), "{checks:?}");
    assert!(!linked(&workspace, "tap-audit-reports").contains("tap-audit"));
}

#[test]
fn only_the_program_names_crates_of_the_aws_sdk() {
    let workspace = workspace();
    for package in workspace.workspace_packages().into_iter().filter(|package| package.name != "tap-audit") {
        let named: Vec<_> =
            package.dependencies.iter().map(|named| &named.name).filter(|name| is_of_aws(name)).collect();
        assert!(named.is_empty(), "{} names {named:?}", package.name);
    }
}

#[test]
fn the_developers_commands_are_built_without_the_aws_sdk() {
    let workspace = workspace();
    let linked = linked(&workspace, "xtask");
    let of_aws: Vec<_> = linked.iter().filter(|name| is_of_aws(name)).collect();
    assert!(of_aws.is_empty(), "xtask depends on {of_aws:?}");
}

#[test]
fn every_aws_client_has_the_two_features_that_it_needs_and_no_default_ones() {
    let workspace = workspace();
    let clients: Vec<&Dependency> = member(&workspace, "tap-audit")
        .dependencies
        .iter()
        .filter(|named| named.name.starts_with("aws-sdk-") && named.kind == DependencyKind::Normal)
        .collect();
    assert!(clients.len() > 10, "{} clients", clients.len());
    for client in clients {
        assert!(!client.uses_default_features, "{} has its default features, an old HTTP stack with them", client.name);
        let features: BTreeSet<&str> = client.features.iter().map(String::as_str).collect();
        assert_eq!(features, BTreeSet::from(["rt-tokio", "default-https-client"]), "{}", client.name);
    }
}

#[test]
fn there_is_one_http_stack_and_it_is_the_new_one() {
    let workspace = workspace();
    let resolve = workspace.resolve.as_ref().expect("a resolved graph");
    let versions = |name: &str| -> BTreeSet<u64> {
        let packages = resolve.nodes.iter().map(|node| &workspace[&node.id]).filter(|package| package.name == name);
        packages
            .map(|package| if package.version.major == 0 { package.version.minor } else { package.version.major })
            .collect()
    };
    assert_eq!(versions("hyper"), BTreeSet::from([1]), "hyper 0.14 is the old stack");
    // 0.23, as the minor number of a version before 1.
    assert_eq!(versions("rustls"), BTreeSet::from([23]), "rustls 0.21 is the old stack");
    for old in ["hyper-tls", "native-tls", "openssl-sys", "openssl"] {
        assert!(versions(old).is_empty(), "{old} is a second TLS stack");
    }
    assert_eq!(versions("hyper-rustls").len(), 1);
}

#[test]
fn every_published_crate_says_what_it_is() {
    let workspace = workspace();
    for name in PUBLISHED {
        let package = member(&workspace, name);
        assert_eq!(package.license.as_deref(), Some("Apache-2.0"), "{name}");
        assert!(package.description.as_ref().is_some_and(|text| text.len() > 30 && !text.ends_with('.')), "{name}");
        assert!(package.repository.as_ref().is_some_and(|url| url.starts_with("https://")), "{name}");
        assert!(package.rust_version.is_some() && !package.authors.is_empty(), "{name}");
        assert!(!package.keywords.is_empty(), "{name}");
        let directory = package.manifest_path.parent().expect("a directory");
        match package.readme() {
            Some(readme) => assert!(readme.exists(), "{readme} of {name} is not there"),
            // The members are parts of the program: what they are for stands at the head of their documentation.
            None => {
                let library = std::fs::read_to_string(directory.join("src/lib.rs")).expect("a library");
                assert!(library.starts_with("//! "), "{name} has neither a readme nor a word on what it is for");
            }
        }
        assert!(directory.join("LICENSE").exists(), "the text of the licence is not packed with {name}");
        assert_ne!(package.publish, Some(Vec::new()), "{name} may not be published");
    }
    let private =
        workspace.workspace_packages().into_iter().filter(|package| !PUBLISHED.contains(&package.name.as_str()));
    for package in private {
        assert_eq!(package.publish, Some(Vec::new()), "{} is for developers only", package.name);
    }
}

#[test]
fn members_share_one_version_and_ask_for_just_that() {
    let workspace = workspace();
    let version = &member(&workspace, "tap-audit").version;
    for name in PUBLISHED {
        let package = member(&workspace, name);
        assert_eq!(&package.version, version, "{name}");
        for named in package.dependencies.iter().filter(|named| PUBLISHED.contains(&named.name.as_str())) {
            assert!(named.req.matches(version), "{name} asks for {} {}", named.name, named.req);
            assert_ne!(named.req.to_string(), "*", "{name} asks for any {}", named.name);
        }
    }
}
