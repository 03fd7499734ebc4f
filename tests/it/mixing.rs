//! Digits learned from examples that are mixed two by two.
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::{Context, NoHooks, Outcome, Recipe, Stages, data, evaluate};
use baeum_tests::root;

fn run(sets: &[&str]) -> Outcome {
    let text = std::fs::read_to_string(root().join("datasets/digits/recipe.toml")).unwrap();
    let sets = sets.iter().chain(&["train.epochs=5", "evaluate.bootstrap=0"]).map(|set| (*set).to_owned());
    let plans = Recipe::parse("recipe.toml", &text, &sets.collect::<Vec<_>>()).unwrap().check().unwrap();
    let (limits, base) = (baeum::Limits::default(), root().join("datasets/digits"));
    let place = data::Place {
        fs: Arc::new(RealFs),
        base,
        folders: vec![],
        limits,
        seed: 7,
        progress: Default::default(),
        cache: None,
    };
    baeum::run(&Context { plans: &plans, place: &place, hooks: &NoHooks }, &Stages::default()).unwrap()
}

/// Measured: accuracy 0.986 and 0.972, training loss 0.48 and 1.17 where it is 0.056 without: what lies between two digits is harder.
#[test]
fn mixed_digits_are_learned_and_threads_change_no_bit() {
    let loss = |outcome: &Outcome| outcome.trained.history.last().unwrap().train_loss;
    let plain = run(&[]);
    for mix in ["mixup", "cutmix"] {
        let set = format!("data.mix=\"{mix}\"");
        let mixed = run(&[&set]);
        let accuracy = mixed.report.metric(evaluate::MetricName::Accuracy).unwrap().value.unwrap();
        assert!(accuracy >= 0.95, "{mix} reaches {accuracy}");
        assert!(loss(&mixed) > 1.2 * loss(&plain), "{mix}: {} of {}", loss(&mixed), loss(&plain));
        let alone = run(&[&set, "run.threads=1"]);
        assert!(alone.trained == mixed.trained, "{mix}: other bits with one thread");
    }
}
