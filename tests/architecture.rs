//! The architecture as a program: who may know whom, what the core may not know, and how large a file may grow.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The layers, from the inside out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Ports,
    Domain,
    Outbound,
    Inbound,
    Hosts,
    Tests,
}

impl Layer {
    fn of(folder: &str) -> Self {
        match folder.split('/').collect::<Vec<_>>()[..] {
            ["ports"] => Self::Ports,
            ["domain"] => Self::Domain,
            ["adapters", "outbound", _] => Self::Outbound,
            ["adapters", "inbound", _] => Self::Inbound,
            ["hosts", _] => Self::Hosts,
            ["tests", ..] => Self::Tests,
            _ => panic!("{folder} belongs to no layer: put it where DESIGN knows it, or teach this test"),
        }
    }

    /// Whether a crate of this layer may use a crate of the other.
    fn may_use(self, other: Self) -> bool {
        match self {
            Self::Ports => false,
            Self::Domain | Self::Outbound => other == Self::Ports,
            Self::Inbound => matches!(other, Self::Ports | Self::Domain),
            Self::Hosts | Self::Tests => true,
        }
    }
}

/// Crates that tie a rule to a run time, a database or a transport.
const FOREIGN_TO_THE_CORE: &[&str] =
    &["tokio", "sqlx", "poem", "poem-openapi", "reqwest", "getrandom", "rand", "chrono", "lettre", "tracing"];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("cargo metadata")
}

fn folder(metadata: &Metadata, package: &Package) -> String {
    let folder = package.manifest_path.parent().expect("a folder");
    folder.strip_prefix(&metadata.workspace_root).expect("inside the workspace").to_string()
}

fn layers(metadata: &Metadata) -> BTreeMap<String, Layer> {
    let of = |package: &&Package| (package.name.to_string(), Layer::of(&folder(metadata, package)));
    metadata.workspace_packages().iter().map(of).collect()
}

#[test]
fn every_edge_points_inwards() {
    let metadata = metadata();
    let layers = layers(&metadata);
    assert!(layers.len() >= 9, "the workspace was read");
    for package in metadata.workspace_packages() {
        let from = layers[package.name.as_str()];
        for dependency in &package.dependencies {
            let Some(to) = layers.get(&dependency.name) else { continue };
            // A crate may switch on features of its own for its tests.
            let itself = dependency.kind == DependencyKind::Development && from.may_use(*to);
            assert!(
                from.may_use(*to) || itself,
                "{} ({from:?}) must not use {} ({to:?})",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn the_core_knows_no_run_time_database_or_transport() {
    let metadata = metadata();
    let layers = layers(&metadata);
    for package in metadata.workspace_packages() {
        if !matches!(layers[package.name.as_str()], Layer::Ports | Layer::Domain) {
            continue;
        }
        let foreign = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        let foreign: Vec<_> = foreign.filter(|one| FOREIGN_TO_THE_CORE.contains(&one.name.as_str())).collect();
        assert!(foreign.is_empty(), "{} must not use {:?}", package.name, foreign[0].name);
    }
}

/// The largest file there may be. One idea fits into less.
const LINES: usize = 450;

#[test]
fn no_file_holds_more_than_one_idea() {
    let root: PathBuf = metadata().workspace_root.into();
    let mut files = Vec::new();
    for part in ["ports", "domain", "adapters", "hosts", "tests"] {
        rust_files(&root.join(part), &mut files);
    }
    assert!(files.len() > 80, "the sources were found");
    let too_long: BTreeSet<_> = files
        .iter()
        .map(|path| (fs::read_to_string(path).expect("readable").lines().count(), path))
        .filter(|(lines, _)| *lines > LINES)
        .collect();
    assert!(too_long.is_empty(), "longer than {LINES} lines: {too_long:?}");
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_test_itself_can_fail() {
    assert!(!Layer::Ports.may_use(Layer::Domain));
    assert!(!Layer::Domain.may_use(Layer::Outbound));
    assert!(!Layer::Outbound.may_use(Layer::Domain));
    assert!(!Layer::Inbound.may_use(Layer::Outbound));
    assert!(Layer::Hosts.may_use(Layer::Outbound));
}
