//! The same recipe on another device learns the same: the losses of its first hundred steps are compared with the CPU runner's.
use std::fs;
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::models::{Device, Runner, RunnerConfig, network};
use baeum::{Context, Dataset, Model, Network, NoHooks, Recipe, Stages, State, data, train};
use baeum_tests::root;

const STEPS: usize = 100;

/// A recipe of `datasets/`, ready to be trained with a tenth of its step size: with all of it the roundings of two runners, which differ
/// by some 1e-7, grow to thousandths of the loss within fifty steps, on one processor.
struct Lesson {
    plan: train::TrainPlan,
    dataset: Dataset,
    model: Model,
}

impl Lesson {
    const SEED: u64 = 7;

    fn of(name: &str) -> Lesson {
        let folder = root().join("datasets").join(name);
        let text = fs::read_to_string(folder.join("recipe.toml")).unwrap();
        let slower = ["train.learning_rate=0.0002".to_owned()];
        let plans = Recipe::parse("recipe.toml", &text, &slower).unwrap().check().unwrap();
        let place = data::Place {
            fs: Arc::new(RealFs),
            base: folder,
            folders: vec![],
            limits: baeum::Limits::default(),
            seed: Lesson::SEED,
            progress: Default::default(),
            cache: None,
        };
        let context = Context { plans: &plans, place: &place, hooks: &NoHooks };
        let dataset = (Stages::default().data)(&context, ()).unwrap().dataset;
        let model = (Stages::default().models)(&context, dataset.clone()).unwrap();
        Lesson { plan: plans.train, dataset, model }
    }

    /// On candle's runner.
    fn candle(&self, device: Device) -> Box<dyn Network> {
        let config = RunnerConfig { seed: Lesson::SEED, device, ..RunnerConfig::default() };
        Box::new(Runner::new(&self.model.graph, &self.model.weights, config).unwrap())
    }

    /// On the runner that a recipe gets.
    fn usual(&self, device: Device) -> Box<dyn Network> {
        let config = RunnerConfig { seed: Lesson::SEED, device, ..RunnerConfig::default() };
        network(&self.model.graph, &self.model.weights, config).unwrap()
    }

    /// The loss of each of the first steps.
    fn losses(&self, mut net: Box<dyn Network>) -> Vec<f64> {
        let mut losses = vec![];
        let watch = &mut |event: &train::Event| {
            if let train::Event::Step { loss, .. } = event {
                losses.push(*loss);
            }
            if losses.len() < STEPS { train::Signal::Go } else { train::Signal::Stop }
        };
        let outside = train::Outside {
            clock: &train::SystemClock::new(),
            keep: &mut |_| Ok(()),
            judge: &mut |_, _, _| Ok(vec![]),
            look: &mut |_: &mut dyn Network, _: &Dataset, _: &State| (),
            watch,
        };
        train::fit(&self.plan, Lesson::SEED, &mut *net, &self.dataset, None, outside).unwrap();
        losses
    }
}

/// Rounding differs between runners, and each step carries on what differed before it.
#[track_caller]
fn same(name: &str, one: &[f64], other: &[f64]) {
    assert_eq!((one.len(), other.len()), (STEPS, STEPS), "{name}");
    for (step, (one, other)) in one.iter().zip(other).enumerate() {
        assert!((one - other).abs() <= 1e-3, "{name}, step {step}: {one} and {other}");
    }
}

/// Convolutions, batch norm, a pool and dropout; an embedding and a recurrence.
const LESSONS: [&str; 2] = ["digits", "languages"];

/// The runner of other devices, on the processor: all that a device changes is who adds and multiplies.
#[test]
fn the_runner_of_other_devices_learns_the_same() {
    for name in LESSONS {
        let lesson = Lesson::of(name);
        let usual = lesson.losses(lesson.usual(Device::Cpu));
        assert!(usual[STEPS - 1] < usual[0], "{name} learns: {usual:?}");
        same(name, &usual, &lesson.losses(lesson.candle(Device::Cpu)));
    }
}

#[test]
#[ignore = "needs an NVIDIA card: cargo test -p baeum-tests --features baeum/cuda --test it devices -- --ignored"]
fn a_graphics_card_learns_the_same() {
    for name in LESSONS {
        let lesson = Lesson::of(name);
        same(name, &lesson.losses(lesson.usual(Device::Cpu)), &lesson.losses(lesson.usual(Device::Cuda)));
    }
}
