//! Who may depend on whom: ARCHITECTURE.md's table, as built.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use baeum_tests::{cargo, root};

/// Each crate's folder, and the crates of the workspace that it may know.
const EDGES: &[(&str, &[&str])] = &[
    ("kernels", &[]),
    ("core", &["baeum-kernels"]),
    ("data", &["baeum-core", "baeum-kernels"]),
    ("models", &["baeum-core", "baeum-kernels"]),
    ("train", &["baeum-core", "baeum-kernels"]),
    ("evaluate", &["baeum-core", "baeum-kernels"]),
    ("export", &["baeum-core", "baeum-kernels"]),
];

/// Third-party crates by the start of their names, and the only crate of ours that may name them.
const RESERVED: &[(&str, &str)] = &[
    ("candle", "models"),
    ("polars", "data"),
    ("image", "data"),
    ("tokenizers", "data"),
    ("rten", "export"),
];

/// What must not be in the whole tree of a crate that somebody imports alone.
const LIGHT: &[(&str, &[&str])] = &[
    ("baeum-core", &["candle", "polars", "image", "tokenizers"]),
    ("baeum-data", &["candle"]),
    ("baeum-models", &["polars"]),
    ("baeum-train", &["candle", "polars"]),
    ("baeum-evaluate", &["candle", "polars"]),
    ("baeum-export", &["candle", "polars"]),
];

fn dependencies(folder: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("crates").join(folder).join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let names =
        lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The names of all crates in the normal tree of a package.
fn tree(package: &str) -> BTreeSet<String> {
    let mut cargo =
        cargo(&["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output = cargo.args(["--package", package]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn a_crate_knows_only_those_below_it() {
    for (folder, allowed) in EDGES {
        let ours = dependencies(folder).into_iter().filter(|name| name.starts_with("baeum"));
        let unwanted: Vec<String> = ours.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(unwanted.is_empty(), "{folder} must not know {unwanted:?}");
    }
}

#[test]
fn libraries_that_bear_load_have_one_owner() {
    for folder in EDGES.iter().map(|(folder, _)| *folder).chain(["pipeline"]) {
        for (start, owner) in RESERVED {
            let found = dependencies(folder).into_iter().find(|name| name.starts_with(start));
            assert!(folder == *owner || found.is_none(), "{folder} must not know {start}, only {owner} may");
        }
    }
}

#[test]
fn a_stage_alone_is_light() {
    for (package, unwanted) in LIGHT {
        let tree = tree(package);
        for start in *unwanted {
            let found: Vec<_> = tree.iter().filter(|name| name.starts_with(start)).collect();
            assert!(found.is_empty(), "{package} must not build {found:?}");
        }
    }
}

#[test]
fn no_network_client_but_the_one_door() {
    let tree = tree("baeum");
    for client in ["reqwest", "hyper", "object_store", "hf-hub"] {
        assert!(!tree.contains(client), "{client} is in the tree");
    }
    for (folder, _) in EDGES {
        assert!(
            !dependencies(folder).contains(&"ureq".to_owned()),
            "{folder} must not know ureq, only pipeline may"
        );
    }
}

#[test]
fn xtask_depends_on_nothing() {
    let manifest = fs::read_to_string(root().join("xtask/Cargo.toml")).unwrap();
    assert!(!manifest.contains("dependencies]"), "xtask must start at once");
}

/// One dev profile serves `cargo xtask pipeline` and `cargo test`: no foreign crate is built in two ways.
#[test]
fn running_and_testing_share_one_build() {
    let first = units(&["build", "--workspace", "--bin", "baeum"]);
    let second = units(&["test", "--workspace", "--no-run"]);
    for (package, unit) in &first {
        let both = second.get(package).unwrap_or_else(|| panic!("{package} is built, but not for the tests"));
        assert_eq!(
            unit.files, both.files,
            "{package} is built in two ways; its features differ between running and testing"
        );
    }
    for (package, unit) in &second {
        assert!(unit.fresh, "{package} was built again for the tests");
        // The tests bring a crate of their own only if it stands here.
        assert!(first.contains_key(package), "only the tests need {package}");
    }
}

/// What cargo made of a foreign package.
struct Unit {
    /// The library files.
    files: BTreeSet<String>,
    /// Whether all of it was there already.
    fresh: bool,
}

/// Foreign packages and what a cargo command makes of them.
fn units(args: &[&str]) -> BTreeMap<String, Unit> {
    let output = cargo(args).args(["--locked", "--message-format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut units = BTreeMap::<String, Unit>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let package = message["package_id"].as_str().unwrap_or_default();
        if message["reason"] == "compiler-artifact" && package.starts_with("registry+") {
            let files =
                message["filenames"].as_array().unwrap().iter().map(|file| file.as_str().unwrap().to_owned());
            let unit =
                units.entry(package.to_owned()).or_insert(Unit { files: BTreeSet::new(), fresh: true });
            unit.files.extend(files);
            unit.fresh &= message["fresh"] == true;
        }
    }
    units
}
