//! A recipe with a list of seeds: each is the run that its seed alone would be, whatever interrupts them.
use std::fs;
use std::process::Stdio;

use baeum_tests::{Outcome, Scratch, baeum, child, wait_for_checkpoint};
use serde_json::Value;

const LIST: &[&str] = &["run.seed=[3, 1]", "train.best=accuracy", "evaluate.bootstrap=50"];

fn iris() -> Scratch {
    let folder = Scratch::new("seeds");
    folder.copy("datasets/iris/recipe.toml");
    folder.copy("datasets/iris/iris.csv");
    folder
}

/// `baeum pipeline` with these settings.
fn args<'a>(sets: &[&'a str], epochs: &'a str) -> Vec<&'a str> {
    let sets = sets.iter().chain([&epochs]).flat_map(|set| ["--set", set]);
    ["pipeline", "recipe.toml"].into_iter().chain(sets).collect()
}

#[track_caller]
fn good(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
}

/// What the run of this number has learned, and what it scores.
fn learned(folder: &Scratch, number: u32) -> [Vec<u8>; 2] {
    ["3-train/predictor/weights.safetensors", "4-evaluate/metrics.json"].map(|file| {
        let path = folder.path().join(format!("runs/iris-{number:04}")).join(file);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

#[test]
fn each_seed_is_a_run_and_the_spread_is_told() {
    let epochs = "train.epochs=5";
    let folder = iris();
    let outcome = baeum(folder.path(), &args(LIST, epochs));
    good(&outcome);
    let alone = iris();
    for (number, seed) in [(1, "run.seed=3"), (2, "run.seed=1")] {
        good(&baeum(alone.path(), &args(&[seed, LIST[1], LIST[2]], epochs)));
        assert!(learned(&folder, number) == learned(&alone, number), "{seed} alone gives other bytes");
    }
    let runs = folder.path().join("runs");
    let exported: Vec<bool> =
        [1, 2].map(|number| runs.join(format!("iris-{number:04}/5-export")).exists()).to_vec();
    let best = exported.iter().position(|exported| *exported).unwrap();
    assert_eq!(exported.iter().filter(|exported| **exported).count(), 1, "{exported:?}");
    let best_run = runs.join(format!("iris-{:04}", best + 1));
    let told: Value = serde_json::from_slice(&fs::read(best_run.join("seeds.json")).unwrap()).unwrap();
    assert_eq!((&told["best"], &told["same_parts"]), (&best.into(), &false.into()));
    let values: Vec<f64> =
        [0, 1].map(|run| told["runs"][run]["metrics"][0]["value"].as_f64().unwrap()).to_vec();
    assert_eq!(told["spread"][0]["mean"].as_f64().unwrap(), (values[0] + values[1]) / 2.0);
    let said = format!("seed {} does best on its validation rows: validation accuracy ", [3, 1][best]);
    for part in ["2 seeds\n", "deviation", &said, "each seed drew its own parts", "seeds.html"] {
        assert!(outcome.stdout.contains(part), "{part} in {}", outcome.stdout);
    }
    assert!(fs::read_to_string(best_run.join("seeds.html")).unwrap().contains("Seed by seed"));
    let listed = baeum(folder.path(), &["runs"]).stdout;
    let state = |number: usize| {
        let line = listed.lines().find(|line| line.contains(&format!("iris-{number:04}"))).unwrap();
        [line.contains("finished"), line.contains("set aside")]
    };
    assert_eq!([state(best + 1), state(2 - best)], [[true, false], [false, true]], "{listed}");
    let answers = |run: &str| {
        let outcome = baeum(folder.path(), &["predict", run, "iris.csv", "--json"]);
        good(&outcome);
        outcome.stdout
    };
    let [name, chosen, other] =
        ["iris".to_owned(), format!("iris-{:04}", best + 1), format!("iris-{:04}", 2 - best)]
            .map(|run| answers(&run));
    assert!(name == chosen && name != other, "the run of the list that was exported answers");
}

#[test]
fn a_list_that_is_killed_in_its_middle_goes_on() {
    let sets = [LIST, &["train.checkpoint.every=1"]].concat();
    let args = args(&sets, "train.epochs=150");
    let undisturbed = iris();
    good(&baeum(undisturbed.path(), &args));
    let folder = iris();
    let mut process = child(folder.path(), &args).stdout(Stdio::null()).spawn().unwrap();
    wait_for_checkpoint(&folder.path().join("runs/iris-0002/3-train/checkpoints"), 1);
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(!folder.path().join("runs/iris-0002/4-evaluate/metrics.json").exists(), "the kill came too late");
    good(&baeum(folder.path(), &args));
    for number in [1, 2] {
        assert!(learned(&folder, number) == learned(&undisturbed, number), "run {number} differs");
    }
    assert!(!folder.path().join("runs/iris-0003").exists(), "the runs that were there are gone on with");
}
