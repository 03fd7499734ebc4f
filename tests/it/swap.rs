//! One stage is replaced and the others are kept: in Rust by a closure or a network of one's own, in any language through the
//! run folder.
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::models::{CandleNetwork, Forward, Pass};
use baeum::{Context, Ended, NoHooks, Plans, Recipe, StageError, Stages, Trained, data, evaluate, train};
use baeum_tests::{Scratch, baeum, root};
use candle_core::{DType, Device, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Linear, Module, VarBuilder, VarMap};

fn place(folder: &str) -> data::Place {
    let limits = baeum::Limits::default();
    data::Place {
        fs: Arc::new(RealFs),
        base: root().join(folder),
        folders: vec![],
        limits,
        seed: 7,
        progress: Default::default(),
        cache: None,
    }
}

fn plans(recipe: &str, sets: &[&str]) -> Plans {
    let text = fs::read_to_string(root().join(recipe)).unwrap();
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Recipe::parse(recipe, &text, &sets).unwrap().check().unwrap()
}

/// A network written by hand with candle-nn: this is all that somebody with an idea has to write.
struct Mine {
    conv: Conv2d,
    hidden: Linear,
    head: Linear,
}

impl Mine {
    fn new(vars: VarBuilder) -> candle_core::Result<Mine> {
        let same = Conv2dConfig { padding: 1, ..Conv2dConfig::default() };
        Ok(Mine {
            conv: candle_nn::conv2d(1, 16, 3, same, vars.pp("conv"))?,
            hidden: candle_nn::linear(16 * 8 * 8, 64, vars.pp("hidden"))?,
            head: candle_nn::linear(64, 10, vars.pp("head"))?,
        })
    }
}

impl Forward for Mine {
    fn forward(
        &mut self,
        inputs: &BTreeMap<String, Tensor>,
        _: Pass,
    ) -> Result<Vec<Tensor>, Box<dyn Error + Send + Sync>> {
        let x = self.conv.forward(&inputs["x"])?.relu()?.flatten_from(1)?; // [B, 16 * 8 * 8]
        let x = self.hidden.forward(&x)?.relu()?; // [B, 64]
        Ok(vec![self.head.forward(&x)?]) // [B, 10]
    }
}

#[test]
fn a_network_written_by_hand_trains_through_our_loop() {
    let (plans, place) =
        (plans("datasets/digits/recipe.toml", &["train.epochs=8"]), place("datasets/digits"));
    let context = Context { plans: &plans, place: &place, hooks: &NoHooks };
    let dataset = (Stages::default().data)(&context, ()).unwrap().dataset;
    let vars = VarMap::new();
    let mine = Mine::new(VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu)).unwrap();
    let mut network = CandleNetwork::of_vars(mine, &vars, Device::Cpu);
    let watch = &mut |_: &train::Event| train::Signal::Go;
    let outside = train::Outside {
        clock: &train::SystemClock::new(),
        keep: &mut |_| Ok(()),
        judge: &mut |_, _, _| Ok(vec![]),
        look: &mut |_, _, _| (),
        watch,
    };
    let fitted = train::fit(&plans.train, 7, &mut network, &dataset, None, outside).unwrap();
    assert_eq!(fitted.history.len(), 8);
    let report = evaluate::score(&plans.evaluate, 7, &mut network, &dataset).unwrap();
    let accuracy = report.metric(evaluate::MetricName::Accuracy).unwrap().value.unwrap();
    assert!(accuracy >= 0.95, "the hand-written network reaches {accuracy}");
}

#[test]
fn one_stage_is_a_closure() {
    let (plans, place) = (
        plans("datasets/function/recipe.toml", &["train.epochs=1", "train.warmup_epochs=0"]),
        place("datasets/function"),
    );
    let context = Context { plans: &plans, place: &place, hooks: &NoHooks };
    let lazy = Stages {
        train: Box::new(|_, (model, data)| {
            let baeum::Dataset { schema, inputs, targets, .. } = data;
            let predictor =
                baeum::Predictor { schema, inputs, graph: model.graph, weights: model.weights, targets };
            Ok(Trained {
                predictor,
                history: vec![],
                best_epoch: 0,
                runners_up: vec![],
                end: Ended::Done,
                class_weights: BTreeMap::new(),
                drawn: BTreeMap::new(),
                rates: None,
            })
        }),
        ..Stages::default()
    };
    let rows = |stages| baeum::run(&context, stages).unwrap().trained.history.len();
    assert_eq!((rows(&lazy), rows(&Stages::default())), (0, 1));
}

#[test]
fn a_swapped_stage_brings_its_own_error() {
    let (plans, place) = (plans("datasets/function/recipe.toml", &[]), place("datasets/function"));
    let broken = Stages {
        data: Box::new(|_, ()| Err(StageError::Custom("the camera is off".into()))),
        ..Stages::default()
    };
    let error =
        baeum::run(&Context { plans: &plans, place: &place, hooks: &NoHooks }, &broken).err().unwrap();
    assert_eq!((error.to_string().as_str(), error.exit_code()), ("the camera is off", 9));
}

/// Another program may write a stage's folder: `--from evaluate` takes what stands there.
#[test]
fn a_folder_written_by_another_program_is_taken() {
    let folder = Scratch::new("from");
    folder.copy("datasets/function/recipe.toml");
    let short = ["pipeline", "recipe.toml", "--set", "train.epochs=3"];
    let first = baeum(folder.path(), &short);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let run = folder.path().join("runs/function-0001");
    // Somebody's own training: all weights zero.
    let path = run.join("3-train/predictor/weights.safetensors");
    let limits = baeum::Limits::default();
    let (mut weights, metadata) = baeum::weights_file::read(&fs::read(&path).unwrap(), &limits).unwrap();
    weights.values_mut().for_each(|tensor| *tensor = baeum::Tensor::zeros(tensor.shape(), tensor.dtype()));
    fs::write(&path, baeum::weights_file::write(&weights, &metadata).unwrap()).unwrap();
    let args = [&short[..], &["--from", "evaluate", "--resume", "function-0001"]].concat();
    let second = baeum(folder.path(), &args);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(run.join("4-evaluate/metrics.json")).unwrap()).unwrap();
    // A function that always says the mean explains nothing.
    let r2 = metrics["metrics"][0]["value"].as_f64().unwrap();
    assert!(r2.abs() < 0.1, "the zeros were not taken: R2 is {r2}");
}
