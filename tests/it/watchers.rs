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

/// Who looks at the network asks it for answers behind each epoch, and has a second one of its weights write.
#[test]
fn looking_inside_changes_no_byte() {
    let folder = iris();
    folder.put("verse.txt", "the rain in spain stays mainly in the plain;\n".repeat(20));
    folder.put(
        "verse.toml",
        "[data]\nsource = { text = { path = \"verse.txt\" } }\naudit = { allow = [\"texts\"] }\n\n\
         [data.fields.text]\nsteps = [{ tokenise = { by = \"character\", vocabulary = 64, length = 9 } }]\n\n[models]\nlayers = [\n\
         { embedding = { vocabulary = 64, units = 8 } }, { dropout = { p = 0.3 } }, { gru = { units = 8 } }]\n\n\
         [train]\nbatch_size = 16\n",
    );
    for recipe in ["recipe", "verse"] {
        let learned = |runs: &str, inside: &str| {
            let file = format!("{recipe}.toml");
            let sets = ["train.epochs=4", "train.ema=0.9", "train.checkpoint.every=2", inside];
            let args = ["train", &file, "--runs", runs]
                .into_iter()
                .chain(sets.iter().flat_map(|set| ["--set", *set]));
            let outcome = baeum(folder.path(), &args.collect::<Vec<_>>());
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let name = if recipe == "recipe" { "iris" } else { recipe };
            let run = folder.path().join(runs).join(format!("{name}-0001"));
            let events = fs::read(run.join("tensorboard/events.out.tfevents.000000.baeum")).unwrap();
            let files =
                ["predictor/weights.safetensors", "history.json", "checkpoints/000002/state.safetensors"];
            (files.map(|file| fs::read(run.join("3-train").join(file)).unwrap()), events)
        };
        let (plain, curves) = learned(&format!("plain-{recipe}"), "run.tensorboard=false");
        let (seen, inside) = learned(&format!("seen-{recipe}"), "run.tensorboard=true");
        assert!(plain == seen, "{recipe}");
        let says = |events: &[u8], word: &str| events.windows(word.len()).any(|part| part == word.as_bytes());
        for word in ["loss/train", "_hparams_/session_start_info", "_output_shapes"] {
            assert!(says(&curves, word) && says(&inside, word), "{word}");
        }
        assert!(says(&inside, "histograms") && !says(&curves, "histograms"));
    }
}
