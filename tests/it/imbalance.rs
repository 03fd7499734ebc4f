//! Labels that are far from equally frequent: what weights do for the rare one.
use std::fmt::Write;
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::{Context, NoHooks, Outcome, Recipe, Stages, data, evaluate};
use baeum_tests::{Scratch, root};

/// The digit that becomes rare, and how many of its rows teach.
const RARE: (&str, usize) = ("8", 8);

/// The digits, two thirds for training; there the rare one is nearly missing, and in the test rows it is not.
fn table() -> String {
    let digits = std::fs::read_to_string(root().join("datasets/digits/digits.csv")).unwrap();
    let mut lines = digits.lines();
    let mut table = format!("{},part\n", lines.next().unwrap());
    let mut rare = 0;
    for (i, line) in lines.enumerate() {
        let is_rare = line.rsplit(',').next() == Some(RARE.0);
        rare += usize::from(is_rare);
        let part = match (is_rare && rare <= RARE.1, is_rare || i % 3 == 0) {
            (true, _) | (false, false) => "train",
            (false, true) => "test",
        };
        writeln!(table, "{line},{part}").unwrap();
    }
    table
}

const RECIPE: &str = r#"
[data]
source = { csv = { path = "digits.csv" } }
target = "digit"
task = "classify"
vectors = { pixels = "pixel_*" }
split = { column = { name = "part" } }
audit = { allow = ["rows"] }
fields = { pixels = { steps = [{ scale = { factor = 0.0625 } }] } }
[models]
layers = []
[train]
epochs = 10
learning_rate = 0.01
[evaluate]
bootstrap = 0
"#;

fn run(folder: &Scratch, seed: u64, sets: &[&str]) -> Outcome {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let plans = Recipe::parse("recipe.toml", RECIPE, &sets).unwrap().check().unwrap();
    let limits = baeum::Limits::default();
    let base = folder.path().to_owned();
    let place = data::Place {
        fs: Arc::new(RealFs),
        base,
        folders: vec![],
        limits,
        seed,
        progress: Default::default(),
        cache: None,
    };
    baeum::run(&Context { plans: &plans, place: &place, hooks: &NoHooks }, &Stages::default()).unwrap()
}

/// The share of the rows of the rare digit that are found, and the share of all rows that are answered right.
fn recall(outcome: &Outcome) -> [f64; 2] {
    let Some(evaluate::Predictions::Labels(found)) = &outcome.report.predictions else { panic!("no labels") };
    let baeum::Decode::Label { labels } = &outcome.trained.predictor.targets[0].decode else { panic!() };
    let rare = labels.iter().position(|label| label == RARE.0).unwrap();
    let pairs = || found.truth().iter().zip(found.answers());
    let right = pairs().filter(|(truth, answer)| truth == answer).count() as f64;
    let of_rare = pairs().filter(|(truth, _)| **truth == rare).count() as f64;
    let found = pairs().filter(|(truth, answer)| **truth == rare && truth == answer).count() as f64;
    [found / of_rare, right / pairs().count() as f64]
}

/// Not by luck: with each of five seeds. Measured: 0 to 2 of 100 rare rows are found without weights, 22 to 27 with roots,
/// 46 to 54 when balanced; of all rows 73, 79 and 84 of 100 are answered right.
#[test]
fn class_weights_find_the_rare_label() {
    let folder = Scratch::new("imbalance");
    std::fs::write(folder.path().join("digits.csv"), table()).unwrap();
    for seed in 1..=5 {
        let plain = run(&folder, seed, &[]);
        assert!(plain.trained.class_weights.is_empty());
        let balanced = run(&folder, seed, &["train.class_weights=balanced"]);
        let weights = &balanced.trained.class_weights;
        assert!(weights[RARE.0] > 10.0 && weights["1"] < 1.0, "{weights:?}");
        let root = run(&folder, seed, &["train.class_weights=square_root"]);
        let [plain, balanced, root] = [plain, balanced, root].map(|outcome| recall(&outcome));
        let all = format!("{seed}: {plain:?} {root:?} {balanced:?}");
        assert!(plain[0] < 0.1 && (0.15..0.35).contains(&root[0]) && balanced[0] > 0.4, "{all}");
        assert!(plain[1] + 0.03 < root[1] && root[1] + 0.03 < balanced[1], "{all}");
    }
}
