//! A run that is killed at any moment goes on and ends with the same bytes; a disk that fails loses nothing.
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use baeum_tests::campaign::{Cell, Kills, kill, resume, table};
use baeum_tests::{Outcome, Scratch, baeum, baeum_path, child, wait_for, wait_for_checkpoint};

/// Digits, cut short; everything else is the bundled recipe.
const ARGS: &[&str] = &[
    "pipeline",
    "recipe.toml",
    "--set",
    "train.epochs=4",
    "--set",
    "train.checkpoint={ every = 1, every_steps = 7 }",
    "--set",
    "train.ema=0.9",
    "--set",
    "evaluate.bootstrap=50",
];

const KILLS: usize = 30;

fn digits() -> Scratch {
    let folder = Scratch::new("crash");
    folder.copy("datasets/digits/recipe.toml");
    folder.copy("datasets/digits/digits.csv");
    folder
}

/// What the run ends in: the weights, and all that follows from them.
fn results(folder: &Path) -> Vec<Vec<u8>> {
    // A run killed before it had a record is none; the next one then has the next number.
    let names = fs::read_dir(folder.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let run = folder.join("runs").join(names.filter(|name| name.starts_with("digits-")).max().unwrap());
    let names = [
        "1-data/splits.parquet",
        "1-data/transforms.json",
        "2-models/init.safetensors",
        "3-train/predictor/weights.safetensors",
        "3-train/history.json",
        "4-evaluate/metrics.json",
        "5-export/model.onnx",
        "5-export/model.pth",
        "5-export/model.safetensors",
    ];
    names
        .iter()
        .map(|name| fs::read(run.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
        .collect()
}

#[track_caller]
fn good(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
}

/// The campaign in small: `cargo xtask campaign kill` has a thousand.
#[test]
fn a_killed_run_ends_in_the_same_bytes() {
    let kills = Kills { count: KILLS, seed: 7, only: None, first: 0 };
    let tallies = kill(&kills, baeum_path(), |_| ());
    assert!(tallies.iter().all(|tally| tally.failures.is_empty()), "{}", table(&tallies, kills.seed));
    assert_eq!(tallies.iter().map(|tally| tally.kills).sum::<usize>(), KILLS);
    assert!(tallies.iter().any(|tally| tally.while_training > 0), "{}", table(&tallies, kills.seed));
}

/// The matrix in small: `cargo xtask campaign resume` has all 432 cells.
#[test]
fn a_training_that_goes_on_ends_in_the_same_bytes_wherever_it_was() {
    let wrong: Vec<String> = resume(&Cell::pairwise(), |_| ()).iter().map(Cell::to_string).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_signal_leaves_a_checkpoint_and_its_own_exit_code() {
    // Long enough that no signal comes too late.
    let args = &[ARGS, &["--set", "train.epochs=20"]].concat();
    let undisturbed = digits();
    good(&baeum(undisturbed.path(), args));
    for (name, code) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129)] {
        let folder = digits();
        let process =
            child(folder.path(), args).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        // Training has begun once the first checkpoint or the log is there.
        wait_for(&folder.path().join("runs/digits-0001/events.jsonl"));
        signal(process.id(), name);
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("the same command goes on from the last checkpoint"), "{said}");
        good(&baeum(folder.path(), args));
        assert!(
            results(folder.path()) == results(undisturbed.path()),
            "stopped by {name}, the results differ"
        );
    }
}

/// The campaign of flips and cuts is `crates/pipeline/src/run/tests/damage.rs`; here is what a person sees of it.
#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_serves() {
    let args = &[ARGS, &["--set", "train.epochs=20", "--to", "train"]].concat();
    let undisturbed = digits();
    good(&baeum(undisturbed.path(), args));
    for file in ["state.safetensors", "progress.json", "best.safetensors", "set.json"] {
        let folder = digits();
        let checkpoints = folder.path().join("runs/digits-0001/3-train/checkpoints");
        let mut process =
            child(folder.path(), args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The second epoch is over, so the newest two have a best choice.
        wait_for_checkpoint(&checkpoints, 15);
        signal(process.id(), "-TERM");
        process.wait().unwrap();
        let newest = fs::read_dir(&checkpoints).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
        let path = newest.join(file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let outcome = baeum(folder.path(), args);
        good(&outcome);
        let number = newest.file_name().unwrap().to_str().unwrap();
        let named = format!("3-train/checkpoints/{number}/{file}` is damaged: ");
        assert!(outcome.stderr.contains("warning: `runs/digits-0001/"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&named), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("; going on from an older checkpoint"), "{}", outcome.stderr);
        let learned = |folder: &Scratch| {
            fs::read(folder.path().join("runs/digits-0001/3-train/predictor/weights.safetensors")).unwrap()
        };
        assert!(learned(&folder) == learned(&undisturbed), "{file} was damaged, the weights differ");
    }
}

fn signal(process: u32, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &process.to_string()]).status().unwrap();
    assert!(sent.success(), "{name} did not reach process {process}");
}

#[test]
fn neither_threads_nor_instructions_change_a_byte() {
    let of = |threads: &str, isa: Option<&str>| {
        let folder = digits();
        let set = format!("run.threads={threads}");
        let mut args = ARGS.to_vec();
        args.extend(["--set", &set, "--set", "train.epochs=2"]);
        let mut command = child(folder.path(), &args);
        command.env("RAYON_NUM_THREADS", threads);
        isa.map(|isa| command.env("BAEUM_ISA", isa));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        results(folder.path())
    };
    let one = of("1", None);
    assert!(of("2", None) == one, "two threads give other bytes than one");
    assert!(of("4", None) == one, "four threads give other bytes than one");
    assert!(of("2", Some("portable")) == one, "other instructions give other bytes");
}

#[test]
fn instructions_that_are_none_are_named() {
    let folder = digits();
    let output = child(folder.path(), ARGS).env("BAEUM_ISA", "avx3").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`BAEUM_ISA` wants one of `portable`, `avx2`, `avx512`, got `avx3`"), "{said}");
}

#[test]
fn a_second_run_on_a_locked_folder_is_told_who_has_it() {
    let folder = digits();
    let mut first = child(folder.path(), ARGS).stdout(Stdio::null()).spawn().unwrap();
    // Its record is what the second would go on with; before there is one the second takes the next number.
    wait_for(&folder.path().join("runs/digits-0001/run.json"));
    // Held still, or a slow start of the second finds it finished.
    signal(first.id(), "-STOP");
    let since = Instant::now();
    let second = baeum(folder.path(), ARGS);
    assert!(since.elapsed() < Duration::from_secs(2), "it took {:?} to say so", since.elapsed());
    assert_eq!(second.code, Some(7), "{}", second.stderr);
    assert!(second.stderr.contains(&format!("is locked by process {}", first.id())), "{}", second.stderr);
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock died with its owner.
    good(&baeum(folder.path(), ARGS));
}
