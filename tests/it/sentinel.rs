//! A step that cannot be taken ends the run at once, says where it went wrong, and goes wrong again when it is replayed.
use std::fs;
use std::path::Path;

use baeum::commit::{commit_set, read_set};
use baeum::fs::RealFs;
use baeum_tests::campaign::SUBJECTS;
use baeum_tests::{Outcome, Scratch, baeum};

/// The one bundle of a run.
fn bundle(folder: &Path, run: &str) -> String {
    let name = format!("runs/{run}/replay");
    let mut bundles = fs::read_dir(folder.join(&name)).unwrap().map(|entry| entry.unwrap().file_name());
    let bundle = bundles.next().unwrap().into_string().unwrap();
    assert!(bundles.next().is_none());
    format!("{name}/{bundle}")
}

/// A run that diverges, told at once and with the way to see it again; gives the bundle.
#[track_caller]
fn diverges(folder: &Scratch, args: &[&str], run: &str, said: &[&str]) -> String {
    let outcome = baeum(folder.path(), args);
    assert_eq!(outcome.code, Some(5), "{outcome:?}");
    let bundle = bundle(folder.path(), run);
    let command = format!("`baeum replay {bundle}` runs the step again");
    for said in said.iter().chain(&[command.as_str()]) {
        assert!(outcome.stderr.contains(said), "`{said}` is not in {}", outcome.stderr);
    }
    bundle
}

/// The step goes wrong as it did.
#[track_caller]
fn replays(folder: &Scratch, bundle: &str) -> Outcome {
    let outcome = baeum(folder.path(), &["replay", bundle]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let said = |word| outcome.stdout.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    assert_eq!(said("  then  "), said("  now   "));
    outcome
}

/// Twelve: each network with a step size that throws it away, with a bound on its gradient, and in the middle of its training.
#[test]
fn every_network_stops_within_one_step_and_the_step_goes_wrong_again() {
    for subject in &SUBJECTS {
        let run = format!("{}-0001", subject.name);
        let args = |set| vec!["pipeline", "recipe.toml", "--set", "train.warmup_epochs=0", "--set", set];
        // One step with it is enough; the schedule of one begins low.
        let thrown = args("train.learning_rate=1e38");
        let folder = subject.folder();
        let bundle =
            diverges(&folder, &thrown, &run, &["could not go on in epoch 0, at step", "is not finite"]);
        replays(&folder, &bundle);

        let folder = subject.folder();
        let first = args("train.gradient_limit=1e-6");
        let bundle = diverges(
            &folder,
            &first,
            &run,
            &[
                "could not go on in epoch 0, at step 1: the gradient's length is ",
                "above `train.gradient_limit`, which is 0.000001",
            ],
        );
        assert!(bundle.ends_with("replay/000001"), "{bundle}");
        let outcome = replays(&folder, &bundle);
        assert!(outcome.stdout.contains("epoch 0, step 1, "), "{}", outcome.stdout);
        // Nothing that is kept holds the step: the same command comes to the same end.
        diverges(&folder, &first, &run, &["at step 1"]);
    }
}

const RECIPE: &str = "\
[run]
name = \"sums\"

[data]
source = { csv = { path = \"sums.csv\" } }
target = \"y\"
task = \"regress\"
ids = [\"who\"]
split = { random = { valid = 0.1, test = 0.1 } }

[data.fields.a]
steps = []

[data.fields.b]
steps = []

[models.mlp]
hidden = [4]

[train]
epochs = 2
batch_size = 16
";

/// A row with numbers that 32 bits can just hold: the square of what is computed of them is none.
#[test]
fn the_row_that_is_to_blame_is_named() {
    let folder = Scratch::new("sentinel");
    let number = |i: i32| if i == 23 { "3e38".to_owned() } else { i.to_string() };
    let row = |i: i32| format!("p{i},{},{},{}\n", number(i), number(i), i % 7);
    folder.put("sums.csv", format!("who,a,b,y\n{}", (0..60).map(row).collect::<String>()));
    folder.put("recipe.toml", RECIPE);
    // Hardly any row is not for training.
    let args = &["train", "recipe.toml", "--set", "data.split={ random = { valid = 0.02, test = 0.02 } }"];
    let said = &[
        "where the loss of `head` is not finite, though what it yields is, over rows `p23`; look for values out of range there",
    ];
    let bundle = diverges(&folder, args, "sums-0001", said);
    replays(&folder, &bundle);
}

#[test]
fn a_bundle_that_is_damaged_or_not_of_this_step_is_told() {
    let subject = &SUBJECTS[0];
    let folder = subject.folder();
    let args = &["pipeline", "recipe.toml", "--set", "train.gradient_limit=1e-6"];
    let bundle = diverges(&folder, args, "mlp-0001", &[]);
    let path = folder.path().join(&bundle);
    // Another finding: the step then does not go wrong as it did.
    let mut set = read_set(&RealFs, &path).unwrap();
    let text = String::from_utf8(set.files["step.json"].clone()).unwrap();
    let other =
        text.replace("\"first\": null", "\"first\": {\"node\": \"x\", \"what\": \"input\", \"rows\": []}");
    assert_ne!(other, text);
    set.files.insert("step.json".to_owned(), other.into_bytes());
    let changed = folder.path().join("changed");
    commit_set(&RealFs, &changed, &set.files, &set.fingerprint).unwrap();
    let outcome = baeum(folder.path(), &["replay", "changed"]);
    assert_eq!(outcome.code, Some(8), "{outcome:?}");
    assert!(outcome.stderr.contains("the step does not go wrong as it did"), "{}", outcome.stderr);
    // Damage is told before anything runs.
    fs::write(path.join("state.safetensors"), b"!").unwrap();
    let outcome = baeum(folder.path(), &["replay", &bundle]);
    assert_eq!(outcome.code, Some(8), "{outcome:?}");
    assert!(
        outcome.stderr.contains(&format!("`{bundle}/state.safetensors` is damaged")),
        "{}",
        outcome.stderr
    );
    let outcome = baeum(folder.path(), &["replay", "runs/mlp-0001"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    let expect = "`runs/mlp-0001` wants to be a step that a training has kept, such as `runs/digits-0001/replay/000012`, got no \
                  `set.json` there";
    assert!(outcome.stderr.contains(expect), "{}", outcome.stderr);
}
