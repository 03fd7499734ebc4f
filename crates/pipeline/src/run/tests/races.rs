use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, thread};

use super::*;

/// Tells a copy of this program which folder to work in.
const FOLDER: &str = "BAEUM_TEST_RUNS";

/// Starts this program anew with one test only, which finds `folder` in its environment.
fn child(test: &str, folder: &Path) -> Command {
    // Not by its path, which another user may not be allowed to walk.
    let program =
        if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { env::current_exe().unwrap() };
    let mut command = Command::new(program);
    let path = module_path!().split_once("::").map_or("", |(_, path)| path);
    command
        .args(["--exact", &format!("{path}::{test}"), "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped());
    command
}

/// Ends a process whatever becomes of the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn runs_that_start_at_once_have_numbers_of_their_own() {
    for _ in 0..5 {
        let scratch = Scratch::new();
        let runs = scratch.runs();
        let open = |epochs| runs.open("toy", RECIPE, identity(epochs)).unwrap().path().to_owned();
        let mut paths: Vec<PathBuf> = thread::scope(|scope| {
            let started: Vec<_> = (0..16).map(|epochs| scope.spawn(move || open(epochs))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 16);
    }
}

#[test]
fn two_writers_of_one_object_both_end_well() {
    for _ in 0..10 {
        let scratch = Scratch::new();
        let runs = scratch.runs();
        thread::scope(|scope| {
            for name in ["a", "b", "c"] {
                let runs = &runs;
                scope.spawn(move || drive(&mut runs.open(name, RECIPE, identity(5)).unwrap()).unwrap());
            }
        });
        assert_nothing_partial(&RealFs, &scratch.0);
        assert_eq!(whole(&runs, &identity(5)).unwrap().1, []);
    }
}

#[test]
fn a_second_process_is_told_who_has_the_run() {
    let scratch = Scratch::new();
    let runs = scratch.runs();
    let run = runs.open("toy", RECIPE, identity(5)).unwrap();
    let start = Instant::now();
    let error = runs.open("toy", RECIPE, identity(5)).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(1));
    let RunError::Locked { owner: Some(owner), .. } = &error else { unreachable!("{error}") };
    let expect = format!(
        "`{}` is locked by process {} on `{}` since 2026-11-22T14:06:00Z; wait until it ends",
        run.path().display(),
        std::process::id(),
        owner.host
    );
    assert_eq!((error.to_string(), error.exit_code()), (expect, 7));
    drop(run);
    runs.open("toy", RECIPE, identity(5)).unwrap();
}

#[test]
fn a_killed_process_leaves_no_lock_behind() {
    let scratch = Scratch::new();
    let runs = scratch.runs();
    for _ in 0..3 {
        let mut other = Killed(child("hold_the_lock_until_killed", &scratch.0).spawn().unwrap());
        let mut line = String::new();
        let mut told = std::io::BufReader::new(other.0.stdout.take().unwrap());
        while !line.contains("locked") {
            assert_ne!(std::io::BufRead::read_line(&mut told, &mut line).unwrap(), 0, "{line}");
        }
        let error = runs.open("toy", RECIPE, identity(5)).unwrap_err();
        assert!(error.to_string().contains(&format!("process {} on", other.0.id())), "{error}");
        drop(other);
        let run = runs.open("toy", RECIPE, identity(5)).unwrap();
        assert_eq!(run.path(), scratch.0.join("runs/toy-0001"));
    }
}

/// The other process of the test above; does nothing otherwise.
#[test]
fn hold_the_lock_until_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let _run =
        runs(Arc::new(RealFs), Path::new(&folder).join("runs")).open("toy", RECIPE, identity(5)).unwrap();
    std::io::Write::write_all(&mut std::io::stdout(), b"locked\n").unwrap();
    loop {
        thread::park();
    }
}

/// Root passes all permission checks, so this needs another user.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_cannot_be_written_is_told_before_any_work() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let scratch = Scratch::new();
    std::fs::set_permissions(&scratch.0, PermissionsExt::from_mode(0o555)).unwrap();
    let mut command = child("be_refused", &scratch.0);
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    std::fs::set_permissions(&scratch.0, PermissionsExt::from_mode(0o755)).unwrap();
}

/// The other process of the test above; does nothing otherwise.
#[test]
fn be_refused() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let root = Path::new(&folder).join("runs");
    let error = runs(Arc::new(RealFs), &root).open("toy", RECIPE, identity(5)).unwrap_err();
    assert_eq!(
        (error.to_string(), error.exit_code()),
        (format!("could not create the folder `{}`", root.display()), 4)
    );
}

#[test]
fn a_file_where_the_folder_belongs_is_told_before_any_work() {
    let scratch = Scratch::new();
    baeum_core::commit::commit_file(&RealFs, &scratch.0.join("runs"), b"").unwrap();
    let error = scratch.runs().open("toy", RECIPE, identity(5)).unwrap_err();
    let expect = format!("could not list `{}`", scratch.0.join("runs").display());
    assert_eq!((error.to_string(), error.exit_code()), (expect, 4));
}
