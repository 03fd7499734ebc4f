use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// What a command left behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said on standard error.
    pub stderr: String,
}

/// Runs the command that users run, in `folder`, and waits for it.
///
/// # Panics
/// If it cannot be started.
pub fn baeum(folder: &Path, args: &[&str]) -> Outcome {
    Outcome::of(&child(folder, args).output().expect("the command starts"))
}

impl Outcome {
    /// What a process that is over left behind.
    pub fn of(output: &Output) -> Outcome {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// The same, not started: for tests that kill it, change its variables or read while it runs.
pub fn child(folder: &Path, args: &[&str]) -> Command {
    of(baeum_path(), folder, args)
}

/// Waits until a command that runs has made this file or folder.
///
/// # Panics
/// If it is not there after half a minute.
pub fn wait_for(path: &Path) {
    wait_until(&path.display().to_string(), || path.exists());
}

/// Waits until a run that trains has come to this checkpoint or a later one: it keeps but the last few.
///
/// # Panics
/// As [`wait_for`].
pub fn wait_for_checkpoint(checkpoints: &Path, number: usize) {
    let number = format!("{number:06}");
    let is_later = |entry: std::fs::DirEntry| entry.file_name().to_str().is_some_and(|name| *name >= *number);
    wait_until(&format!("checkpoint {number} in {}", checkpoints.display()), || {
        std::fs::read_dir(checkpoints).is_ok_and(|entries| entries.flatten().any(is_later))
    });
}

fn wait_until(what: &str, is_there: impl Fn() -> bool) {
    let came = (0..3000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        is_there()
    });
    assert!(came, "{what} never came");
}

/// [`child`] with a binary that is there already.
pub(crate) fn of(binary: &Path, folder: &Path, args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(binary);
    command
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("BAEUM_LOG")
        .env_remove("BAEUM_DATA")
        .env_remove("BAEUM_ISA");
    // Nobody's own cache: what a message names is the same everywhere.
    command.env("XDG_CACHE_HOME", "/cache");
    command
}

/// The binary, built as `cargo xtask` builds it, so that a test never runs an old one.
///
/// # Panics
/// If it does not build.
pub fn baeum_path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let mut cargo = cargo(&["build", "--quiet", "--workspace", "--bin", "baeum"]);
        assert!(cargo.status().expect("cargo starts").success(), "the `baeum` command does not build");
        let test = std::env::current_exe().expect("a test has a path");
        let target = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
        target.join("baeum")
    })
}

/// A refusal and its causes in one line, as the command prints them.
pub fn chain(error: &dyn std::error::Error) -> String {
    let (mut said, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    said
}

/// cargo at the root of the workspace, as a person would start it: without what the cargo that runs the tests told them about
/// themselves, which would make build scripts run again.
pub fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args).current_dir(crate::root());
    for (name, _) in std::env::vars_os() {
        let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if told.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes())) {
            cargo.env_remove(name);
        }
    }
    cargo
}
