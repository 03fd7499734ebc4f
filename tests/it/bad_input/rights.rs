//! Folders that nobody may write to.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use baeum_tests::{Outcome, baeum_path, child};

use super::{good, refused};

/// The command without a right to write where the mode forbids it: root passes every such check, so it runs as nobody.
fn unprivileged(folder: &Path, args: &[&str]) -> Command {
    if !is_root() {
        return child(folder, args);
    }
    // The binary may lie below a home that nobody may enter.
    let copy = folder.join("baeum");
    if !copy.exists() {
        fs::copy(baeum_path(), &copy).unwrap();
        mode(&copy, 0o755);
    }
    let mut command = Command::new(copy);
    command.args(args).current_dir(folder).uid(65534).gid(65534);
    command
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn an_unwritable_folder_is_named() {
    let folder = good();
    let mut command = unprivileged(folder.path(), &["pipeline", "recipe.toml"]);
    mode(folder.path(), 0o555);
    let outcome = Outcome::of(&command.output().unwrap());
    mode(folder.path(), 0o755);
    refused("the folder is read-only", &outcome, 4);
    assert!(outcome.stderr.contains("could not") && outcome.stderr.contains("`runs"), "{}", outcome.stderr);
    assert!(!folder.path().join("runs").exists());
}

/// Before the first step, not at the first checkpoint.
#[test]
fn a_read_only_run_folder_is_named() {
    let folder = good();
    mode(folder.path(), 0o777);
    let first = Outcome::of(&unprivileged(folder.path(), &["models", "recipe.toml"]).output().unwrap());
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let run = folder.path().join("runs/recipe-0001");
    mode(&run, 0o555);
    let outcome = Outcome::of(&unprivileged(folder.path(), &["train", "recipe.toml"]).output().unwrap());
    mode(&run, 0o755);
    refused("the run is read-only", &outcome, 4);
    assert!(
        outcome.stderr.contains("could not") && outcome.stderr.contains("`runs/recipe-0001"),
        "{}",
        outcome.stderr
    );
    assert!(!run.join("3-train").exists());
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|itself| std::os::unix::fs::MetadataExt::uid(&itself) == 0)
}
