//! What a run writes down for programs that show runs; whether these read it is a matter of tests/it/interop.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use baeum_tests::{Scratch, baeum, child, wait_for_checkpoint};
use serde_json::Value;

const ARGS: &[&str] =
    &["pipeline", "recipe.toml", "--set", "run.mlflow=true", "--set", "train.best=accuracy"];

fn iris() -> Scratch {
    let folder = Scratch::new("watchers");
    folder.copy("datasets/iris/recipe.toml");
    folder.copy("datasets/iris/iris.csv");
    folder
}

/// The only folder below, and what else lies there.
fn only_folder(path: &Path) -> PathBuf {
    let folders: Vec<PathBuf> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    let [only] = &folders[..] else { panic!("{folders:?}") };
    only.clone()
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_run_is_one_run_of_mlflow_whatever_interrupts_it() {
    let folder = iris();
    let args = [ARGS, &["--set", "train.epochs=80", "--set", "train.checkpoint={every=5}"]].concat();
    let mut process = child(folder.path(), &args).stdout(Stdio::null()).spawn().unwrap();
    wait_for_checkpoint(&folder.path().join("runs/iris-0001/3-train/checkpoints"), 5);
    process.kill().unwrap();
    process.wait().unwrap();
    let run = || only_folder(&only_folder(&folder.path().join("runs/mlruns")));
    let killed = run();
    assert!(read(&killed, "meta.yaml").contains("status: 1\n"), "{}", read(&killed, "meta.yaml"));
    let outcome = baeum(folder.path(), &args);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(run(), killed);
    assert!(read(&killed, "meta.yaml").contains("status: 3\n"), "{}", read(&killed, "meta.yaml"));
    assert_eq!(read(&killed, "tags/mlflow.runName"), "iris-0001");
    assert_eq!(read(&killed, "params/train.epochs"), "80");
    let history = read(&folder.path().join("runs/iris-0001"), "3-train/history.json");
    let history: Value = serde_json::from_str(&history).unwrap();
    let said = |name: &str| -> Vec<(f64, u64)> {
        let lines = read(&killed, &format!("metrics/{name}"));
        let of = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            (words[1].parse().unwrap(), words[2].parse().unwrap())
        };
        lines.lines().map(of).collect()
    };
    for name in ["train_loss", "valid_loss", "learning_rate"] {
        let epochs = history["epochs"].as_array().unwrap().iter();
        let wanted: Vec<(f64, u64)> =
            epochs.map(|epoch| (epoch[name].as_f64().unwrap(), epoch["step"].as_u64().unwrap())).collect();
        assert_eq!(said(name), wanted, "{name}");
    }
    assert_eq!(said("valid_accuracy").len(), 80);
}

#[test]
fn a_training_that_goes_wrong_has_failed() {
    let folder = iris();
    let outcome = baeum(folder.path(), &[ARGS, &["--set", "train.learning_rate=1e30"]].concat());
    assert_eq!(outcome.code, Some(5), "{}", outcome.stderr);
    let run = only_folder(&only_folder(&folder.path().join("runs/mlruns")));
    assert!(read(&run, "meta.yaml").contains("status: 4\n"), "{}", read(&run, "meta.yaml"));
    let quiet =
        baeum(folder.path(), &["pipeline", "recipe.toml", "--set", "train.epochs=3", "--runs", "other"]);
    assert_eq!(quiet.code, Some(0), "{}", quiet.stderr);
    assert!(!folder.path().join("other/mlruns").exists(), "nobody asked for it");
}
