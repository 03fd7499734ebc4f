//! Losses, optimizers and schedules: PyTorch takes the same steps from the same start.
use baeum::models::{CpuRunner, Runner, RunnerConfig, initial};
use baeum::train::{Cooldown, Descent, OneCycle, Plateau, Schedule, StepDown, TrainConfig};
use baeum::{
    Adam, Batch, Counter, DType, Decayed, EpochRecord, Graph, Layer, Loss, Method, Network, Part, Rng, Shape,
    Tensor, Update, Weights,
};
use baeum_tests::{Scratch, said_loss, said_method};
use serde_json::{Map, Value, json};

use super::{python, written};

const ROWS: usize = 16;
const FEATURES: usize = 5;
const OUTPUTS: usize = 3;

/// So many that moments, their corrections and decay have all had a part.
const STEPS: usize = 3;

/// Parameters of one axis and of two, so that decay can tell them apart.
fn graph() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[FEATURES]), DType::F32).unwrap();
    let hidden = graph.add("0", Layer::Dense { units: 8, bias: true }, &[x]).unwrap();
    let tanh = graph.add("1", Layer::Tanh, &[hidden]).unwrap();
    let norm = graph.add("2", Layer::LayerNorm { eps: 1e-5 }, &[tanh]).unwrap();
    let head = graph.add("3", Layer::Dense { units: OUTPUTS, bias: true }, &[norm]).unwrap();
    graph.output(head);
    graph
}

/// Weights with no bias at zero and no scale at one.
fn start(graph: &Graph) -> Weights {
    let mut weights = initial(graph, 3);
    for (name, tensor) in &mut weights {
        let mut numbers = tensor.f32s().unwrap().to_vec();
        let mut noise = vec![0.0; numbers.len()];
        Rng::new(4).stream("start", name).fill_normal(&mut noise, Counter::once());
        numbers.iter_mut().zip(&noise).for_each(|(x, noise)| *x += 0.3 * noise);
        *tensor = Tensor::new(tensor.shape(), numbers).unwrap();
    }
    weights
}

fn batch(loss: &Loss) -> Batch {
    let normal = |name: &str, width: usize| {
        let mut numbers = vec![0.0; ROWS * width];
        Rng::new(5).stream("batch", name).fill_normal(&mut numbers, Counter::once());
        Tensor::new([ROWS, width], numbers).unwrap()
    };
    let target = match loss {
        Loss::CrossEntropy { .. } => {
            Tensor::vector((0..ROWS as i64).map(|row| row * row % OUTPUTS as i64).collect::<Vec<_>>())
        }
        Loss::BinaryCrossEntropy { .. } => {
            let fits: Vec<f32> =
                normal("y", OUTPUTS).f32s().unwrap().iter().map(|x| x.clamp(0.0, 1.0)).collect();
            Tensor::new([ROWS, OUTPUTS], fits).unwrap()
        }
        Loss::Mse | Loss::Mae | Loss::Huber { .. } | Loss::Quantile { .. } | Loss::Heads(_) => {
            normal("y", OUTPUTS)
        }
    };
    let inputs = [("x".to_owned(), normal("x", FEATURES))].into();
    Batch { rows: ROWS, inputs, targets: vec![target] }
}

fn sgd(momentum: f64, nesterov: bool) -> Update {
    Update::of(Method::Sgd { momentum, nesterov }, 0.1)
}

/// Every loss, with plain steps that show its gradient.
fn losses() -> Vec<(&'static str, Loss, Update)> {
    let classes = |weights: &[f32], smoothing, gamma| Loss::CrossEntropy {
        weights: weights.to_vec(),
        smoothing,
        gamma,
    };
    let weights = [0.5, 2.0, 1.25];
    let losses = vec![
        ("cross_entropy", Loss::CROSS_ENTROPY),
        ("weighted and smoothed", classes(&weights, 0.1, 0.0)),
        ("focal", classes(&[], 0.0, 2.0)),
        ("focal and weighted", classes(&weights, 0.0, 0.5)),
        ("binary_cross_entropy", Loss::BINARY_CROSS_ENTROPY),
        ("binary_cross_entropy, weighted", Loss::BinaryCrossEntropy { weights: weights.to_vec() }),
        ("mse", Loss::Mse),
        ("mae", Loss::Mae),
        ("huber", Loss::Huber { delta: 0.7 }),
        ("quantile", Loss::Quantile { levels: vec![0.9] }),
        ("quantiles", Loss::Quantile { levels: vec![0.1, 0.5, 0.9] }),
    ];
    losses.into_iter().map(|(name, loss)| (name, loss, sgd(0.0, false))).collect()
}

/// Every optimizer, with decay on all and on weights alone.
fn optimizers() -> Vec<(&'static str, Loss, Update)> {
    let adam = Adam { beta1: 0.8, beta2: 0.95, eps: 1e-4 };
    let of = |method| Update::of(method, 0.02);
    let rmsprop = |momentum, centered| of(Method::RmsProp { alpha: 0.9, eps: 1e-4, momentum, centered });
    let updates = vec![
        ("sgd with momentum", sgd(0.9, false)),
        ("sgd with nesterov", sgd(0.9, true)),
        ("adam", of(Method::Adam(adam))),
        ("adamw", of(Method::AdamW(adam))),
        ("rmsprop", rmsprop(0.0, false)),
        ("rmsprop with momentum", rmsprop(0.7, false)),
        ("rmsprop centered", rmsprop(0.0, true)),
        ("rmsprop centered with momentum", rmsprop(0.7, true)),
        ("lion", of(Method::Lion { beta1: 0.9, beta2: 0.99 })),
        ("muon", of(Method::Muon { momentum: 0.9, nesterov: false, others: adam })),
        ("muon with nesterov", of(Method::Muon { momentum: 0.95, nesterov: true, others: adam })),
    ];
    let decayed = |(name, update): (&'static str, Update)| {
        let with = |decayed, clip| Update { weight_decay: 0.2, decayed, clip, ema: Some(0.6), ..update };
        [(name, with(Decayed::All, None)), (name, with(Decayed::Weights, Some(0.5)))]
    };
    let updates = updates.into_iter().flat_map(decayed);
    updates.map(|(name, update)| (name, Loss::CROSS_ENTROPY, update)).collect()
}

fn tensors(weights: &Weights) -> Map<String, Value> {
    weights.iter().map(|(name, tensor)| (name.clone(), written(tensor))).collect()
}

/// What a runner makes of the case: the loss before each step, and all parameters after the last.
fn learned(net: &mut dyn Network, batch: &Batch, loss: &Loss, update: &Update) -> Value {
    let losses: Vec<f64> = (0..STEPS)
        .map(|_| {
            let found = net.loss_and_grad(batch, loss, Part::WHOLE).unwrap().mean();
            net.update(update).unwrap();
            found
        })
        .collect();
    let state = net.state().unwrap();
    json!({ "losses": losses, "after": tensors(&state.weights), "averaged": tensors(&state.averaged()) })
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pytorch_takes_the_same_steps() {
    let folder = Scratch::new("learning");
    let (graph, config) = (graph(), RunnerConfig::default());
    let start = start(&graph);
    for (place, (name, loss, update)) in losses().into_iter().chain(optimizers()).enumerate() {
        let batch = batch(&loss);
        let mut cpu = CpuRunner::new(&graph, &start, config).unwrap();
        let mut candle = Runner::new(&graph, &start, config).unwrap();
        let case = json!({
            "name": name,
            "start": tensors(&start),
            "x": written(&batch.inputs["x"]),
            "y": written(&batch.targets[0]),
            "loss": { "name": loss.name(), "numbers": said_loss(&loss) },
            "method": said_method(update.method),
            "learning_rate": update.learning_rate,
            "weight_decay": update.weight_decay,
            "decayed": update.decayed,
            "clip": update.clip,
            "ema": update.ema,
            "steps": STEPS,
            "cpu": learned(&mut cpu, &batch, &loss, &update),
            "candle": learned(&mut candle, &batch, &loss, &update),
        });
        folder.put(&format!("{place:02}.json"), case.to_string());
    }
    python("BAEUM_PYTHON_TORCH", "learning.py", folder.path());
}

const EPOCHS: u32 = 50;
const STEPS_PER_EPOCH: usize = 20;

fn schedules() -> Vec<(Schedule, f64)> {
    let down = |final_factor| Descent { final_factor };
    let plateau = Plateau { factor: 0.5, patience: 2, threshold: 0.01, final_factor: 0.05 };
    vec![
        (Schedule::Constant, 3.0),
        (Schedule::Step(StepDown { every: 7, factor: 0.3 }), 0.0),
        (Schedule::Step(StepDown { every: 7, factor: 0.3 }), 2.5),
        (Schedule::Linear(down(0.1)), 0.0),
        (Schedule::Linear(down(0.0)), 4.0),
        (Schedule::Cosine(down(0.1)), 0.0),
        (Schedule::Cosine(down(0.0)), 1.0),
        (Schedule::OneCycle(OneCycle::default()), 0.0),
        (Schedule::OneCycle(OneCycle { rise: 0.45, start_factor: 0.1, final_factor: 0.01 }), 0.0),
        (Schedule::Plateau(plateau), 0.0),
        (Schedule::Wsd(Cooldown { cooldown: 0.2, final_factor: 0.1 }), 5.0),
    ]
}

/// A loss that falls for a while, then goes up and down.
fn history() -> Vec<EpochRecord> {
    let mut noise = vec![0.0; EPOCHS as usize];
    Rng::new(6).stream("losses", "").fill_uniform(&mut noise, Counter::once());
    let record = |(epoch, noise): (usize, &f32)| EpochRecord {
        epoch: epoch as u32,
        step: (epoch * STEPS_PER_EPOCH) as u64,
        train_loss: 0.0,
        valid_loss: Some(1.0 / (1.0 + epoch as f64).min(9.0) + 0.05 * f64::from(*noise)),
        ..EpochRecord::default()
    };
    noise.iter().enumerate().map(record).collect()
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pytorch_has_the_same_step_sizes() {
    let (folder, history) = (Scratch::new("schedules"), history());
    for (place, (schedule, warmup_epochs)) in schedules().into_iter().enumerate() {
        let said = TrainConfig {
            epochs: EPOCHS,
            learning_rate: 0.3,
            warmup_epochs,
            schedule,
            ..TrainConfig::default()
        };
        let plan = said.check().unwrap();
        let rate = |step: usize| {
            plan.learning_rate(step as u64, STEPS_PER_EPOCH, &history[..step / STEPS_PER_EPOCH])
        };
        let rates: Vec<f64> = (0..EPOCHS as usize * STEPS_PER_EPOCH).map(rate).collect();
        let losses: Vec<f64> = history.iter().filter_map(|record| record.valid_loss).collect();
        let case =
            json!({ "said": said, "steps_per_epoch": STEPS_PER_EPOCH, "losses": losses, "rates": rates });
        folder.put(&format!("{place:02}.json"), case.to_string());
    }
    python("BAEUM_PYTHON_TORCH", "schedules.py", folder.path());
}
