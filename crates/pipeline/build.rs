//! Gives each stage a fingerprint of the code that computes it, so that an output is reused only by the code that made it.
//!
//! `BAEUM_CODE_TRAIN` and its siblings: BLAKE3 over the sources of the stage, of whom it asks, of core and kernels and of what
//! here calls the stages, over every package in `Cargo.lock` that one of them depends on, and over compiler, target and features.
//! `BAEUM_SOURCES` is the same over all sources, without compiler and features: commands built of the same sources agree in it.
//! Built from a package, the sources of the siblings are absent; published versions never change, so the version of this
//! package and the lock file that came with it stand for them.
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// Digits of `BAEUM_SOURCES`, which people read.
const DIGITS: usize = 12;
const STAGES: [&str; 5] = ["data", "models", "train", "evaluate", "export"];
/// What no output depends on, below `src`: all the rest calls the stages, or lays what they put out into files.
const BESIDE: [&str; 12] = [
    "bin", "cli", "cli.rs", "fetch", "fetch.rs", "rate.rs", "run", "run.rs", "seeds", "seeds.rs", "watch",
    "watch.rs",
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let siblings = here.join("..");
    let from_sources = STAGES.iter().all(|stage| is_package(&siblings.join(stage), stage));
    let lock = if from_sources { siblings.join("../Cargo.lock") } else { here.join("Cargo.lock") };
    let packages = read_lock(&lock)?;
    let glue = names(&here.join("src"))?.into_iter().filter(|name| !BESIDE.contains(&name.as_str()));
    let glue: Vec<PathBuf> = glue.map(|name| here.join("src").join(name)).collect();
    for path in ["build.rs", "src"] {
        watch(Path::new(path));
    }
    for stage in STAGES {
        let mut hash = blake3::Hasher::new();
        for part in [stage, &toolchain()?, &env::var("CARGO_PKG_VERSION")?] {
            bytes(&mut hash, part.as_bytes());
        }
        // Where metrics choose the best epoch, training asks for the scores of its validation rows.
        let asked: &[&str] = if stage == "train" { &["evaluate"] } else { &[] };
        for folder in [stage, "core", "kernels"].iter().chain(asked).filter(|_| from_sources) {
            for path in ["Cargo.toml", "src"].map(|name| siblings.join(folder).join(name)) {
                watch(&path);
                tree(&mut hash, &path)?;
            }
        }
        glue.iter().try_for_each(|path| tree(&mut hash, path))?;
        for package in closure(&packages, &format!("baeum-{stage}")) {
            bytes(&mut hash, package.as_bytes());
        }
        println!("cargo::rustc-env=BAEUM_CODE_{}={}", stage.to_uppercase(), hash.finalize());
    }
    let folders = STAGES.iter().chain(&["core", "kernels"]).filter(|_| from_sources);
    let all: Vec<PathBuf> = folders.map(|folder| siblings.join(folder).join("src")).collect();
    let sources = sources(all.iter().chain([&here.join("src"), &lock]))?;
    println!("cargo::rustc-env=BAEUM_SOURCES={}", &sources.to_hex()[..DIGITS]);
    Ok(())
}

/// Of all these files and folders, as far as they are there.
fn sources<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Result<blake3::Hash, Box<dyn Error>> {
    let mut hash = blake3::Hasher::new();
    bytes(&mut hash, env::var("CARGO_PKG_VERSION")?.as_bytes());
    paths.filter(|path| path.exists()).try_for_each(|path| tree(&mut hash, path))?;
    Ok(hash.finalize())
}

/// Has this run again when a file, or anything in a folder, changes.
fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// Whether the sources of a stage stand in `folder`; elsewhere a folder of that name may be anything.
fn is_package(folder: &Path, stage: &str) -> bool {
    let name = format!("name = \"baeum-{stage}\"");
    fs::read_to_string(folder.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.lines().any(|line| line == name))
}

/// Compiler, target and features: the same sources mean other instructions under others.
fn toolchain() -> Result<String, Box<dyn Error>> {
    let version = process::Command::new(env::var("RUSTC")?).arg("--version").output()?.stdout;
    let features: BTreeSet<String> =
        env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CARGO_FEATURE_")).collect();
    Ok(format!("{} {} {features:?}", String::from_utf8(version)?.trim(), env::var("TARGET")?))
}

/// Adds bytes with their length, so that no two lists of them look alike.
fn bytes(hash: &mut blake3::Hasher, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// Adds a file, or every file below a folder in the order of their names.
fn tree(hash: &mut blake3::Hasher, path: &Path) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        return names(path)?.iter().try_for_each(|name| {
            bytes(hash, name.as_bytes());
            tree(hash, &path.join(name))
        });
    }
    bytes(hash, &fs::read(path)?);
    Ok(())
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry?.file_name().into_string();
        name.map_err(|name| format!("a source file has an odd name: {name:?}").into())
    };
    fs::read_dir(folder)?.map(name).collect()
}

/// A package of the lock file: what identifies it, and whom it depends on (by name, with a version where it takes one).
#[derive(Clone)]
struct Package {
    identity: String,
    dependencies: Vec<String>,
}

/// The packages of a lock file by `name` and by `name version`; none where there is no such file.
fn read_lock(path: &Path) -> Result<BTreeMap<String, Package>, Box<dyn Error>> {
    let mut packages = BTreeMap::new();
    if !path.is_file() {
        return Ok(packages);
    }
    watch(path);
    for block in fs::read_to_string(path)?.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let (name, version) = (value("name"), value("version"));
        let identity = format!("{name} {version} {} {}", value("source"), value("checksum"));
        let listed = block.lines().filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
        let dependencies = listed.map(|line| line.split(" (").next().unwrap_or(line).to_owned()).collect();
        let package = Package { identity, dependencies };
        packages.insert(format!("{name} {version}"), package.clone());
        packages.insert(name, package);
    }
    Ok(packages)
}

/// The packages that `root` depends on, itself included, each once and in a fixed order.
fn closure<'a>(packages: &'a BTreeMap<String, Package>, root: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(name) = waiting.pop() {
        if let Some(package) = packages.get(&name).filter(|package| found.insert(package.identity.as_str())) {
            waiting.extend(package.dependencies.iter().cloned());
        }
    }
    found
}
