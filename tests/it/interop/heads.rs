//! Several heads: PyTorch minimises the same sum of weighted means, whether the batch comes whole or in parts; ONNX Runtime and
//! scikit-learn answer and judge each.
use std::fs;

use baeum::models::{CpuRunner, Runner, RunnerConfig, initial};
use baeum::{
    Batch, Counter, DType, Graph, HeadLoss, Layer, Loss, LossParts, Method, Network, Part, Rng, Shape,
    Tensor, Update, Weights,
};
use baeum_tests::Scratch;
use serde_json::{Map, Value, json};

use super::{python, written};
use crate::heads::{flagged, folder, folder_of_columns, of_columns, recipe, succeed};

const ROWS: usize = 16;
const FEATURES: usize = 5;
const CLASSES: usize = 3;
const TAGS: usize = 2;
const STEPS: usize = 3;
const RATE: f64 = 0.1;
/// How much the head of classes counts, that of numbers, and that of labels.
const WEIGHTS: [f64; 3] = [1.5, 0.25, 0.75];
/// What a row counts by its class.
const OF_CLASSES: [f32; CLASSES] = [0.5, 1.0, 4.0];
/// What it counts that a label fits.
const OF_TAGS: [f32; TAGS] = [3.0, 0.5];

fn graph() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[FEATURES]), DType::F32).unwrap();
    let hidden = graph.add("hidden", Layer::Dense { units: 8, bias: true }, &[x]).unwrap();
    let tanh = graph.add("tanh", Layer::Tanh, &[hidden]).unwrap();
    // One of them reads another layer than the others.
    for (name, units, from) in [("kind", CLASSES, tanh), ("size", 1, hidden), ("tags", TAGS, tanh)] {
        let head = graph.add(name, Layer::Dense { units, bias: true }, &[from]).unwrap();
        graph.output(head);
    }
    graph
}

fn batch() -> Batch {
    let normal = |name: &str, width: usize| {
        let mut numbers = vec![0.0; ROWS * width];
        Rng::new(5).stream("batch", name).fill_normal(&mut numbers, Counter::once());
        Tensor::new([ROWS, width], numbers).unwrap()
    };
    let kinds = Tensor::vector((0..ROWS as i64).map(|row| row * row % CLASSES as i64).collect::<Vec<_>>());
    let inputs = [("x".to_owned(), normal("x", FEATURES))].into();
    let tags = (0..ROWS * TAGS).map(|place| (place * place % 5 / 2 % 2) as f32).collect::<Vec<_>>();
    let tags = Tensor::new([ROWS, TAGS], tags).unwrap();
    Batch { rows: ROWS, inputs, targets: vec![kinds, normal("y", 1), tags] }
}

fn loss(of_classes: &[f32]) -> Loss {
    let [kind, size, tags] = WEIGHTS;
    let classes = Loss::CrossEntropy { weights: of_classes.to_vec(), smoothing: 0.0, gamma: 0.0 };
    Loss::Heads(vec![
        HeadLoss { loss: classes, weight: kind },
        HeadLoss { loss: Loss::Huber { delta: 0.7 }, weight: size },
        HeadLoss { loss: Loss::BinaryCrossEntropy { weights: OF_TAGS.to_vec() }, weight: tags },
    ])
}

fn rows(tensor: &Tensor, from: usize, to: usize) -> Tensor {
    let width = tensor.len() / ROWS;
    let sizes = [&[to - from], &tensor.shape()[1..]].concat();
    match tensor.dtype() {
        DType::I64 => Tensor::new(sizes, tensor.i64s().unwrap()[from * width..to * width].to_vec()).unwrap(),
        DType::F32 | DType::F64 | DType::U8 => {
            Tensor::new(sizes, tensor.f32s().unwrap()[from * width..to * width].to_vec()).unwrap()
        }
    }
}

/// The batch in parts that end at these rows.
fn parts(ends: &[usize]) -> Vec<(Batch, Part)> {
    let (whole, mut from) = (batch(), 0);
    let part = |(index, &to): (usize, &usize)| {
        let inputs = whole.inputs.iter().map(|(name, x)| (name.clone(), rows(x, from, to))).collect();
        let targets = whole.targets.iter().map(|y| rows(y, from, to)).collect();
        let made =
            (Batch { rows: to - from, inputs, targets }, Part { index, count: ends.len(), first_row: from });
        from = to;
        made
    };
    ends.iter().enumerate().map(part).collect()
}

fn tensors(weights: &Weights) -> Map<String, Value> {
    weights.iter().map(|(name, tensor)| (name.clone(), written(tensor))).collect()
}

fn learned(net: &mut dyn Network, of_classes: &[f32], ends: &[usize]) -> Value {
    let update = Update::of(Method::Sgd { momentum: 0.0, nesterov: false }, RATE);
    let step = |_| {
        let mut total = LossParts::default();
        let (batches, places): (Vec<Batch>, Vec<Part>) = parts(ends).into_iter().unzip();
        let losses = loss(of_classes).in_parts(&batches);
        for ((batch, part), loss) in batches.iter().zip(places).zip(losses) {
            total.add(net.loss_and_grad(batch, &loss, part).unwrap());
        }
        net.update(&update).unwrap();
        total.mean()
    };
    let losses: Vec<f64> = (0..STEPS).map(step).collect();
    json!({ "losses": losses, "after": tensors(&net.state().unwrap().weights) })
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pytorch_minimises_heads_together() {
    let (folder, graph, config) = (Scratch::new("heads"), graph(), RunnerConfig::default());
    let (start, batch) = (initial(&graph, 3), batch());
    let cpu = |of_classes: &[f32], ends: &[usize]| {
        learned(&mut CpuRunner::new(&graph, &start, config).unwrap(), of_classes, ends)
    };
    let candle = |of_classes: &[f32], ends: &[usize]| {
        learned(&mut Runner::new(&graph, &start, config).unwrap(), of_classes, ends)
    };
    let case = json!({
        "start": tensors(&start),
        "x": written(&batch.inputs["x"]),
        "kind": written(&batch.targets[0]),
        "size": written(&batch.targets[1]),
        "tags": written(&batch.targets[2]),
        "weights": WEIGHTS,
        "learning_rate": RATE,
        "steps": STEPS,
        "of_tags": OF_TAGS,
        "cases": [
            { "of_classes": null, "found": {
                "cpu": cpu(&[], &[ROWS]),
                "cpu in parts": cpu(&[], &[5, 6, ROWS]),
                "candle": candle(&[], &[ROWS]),
                "candle in parts": candle(&[], &[9, ROWS]),
            } },
            { "of_classes": OF_CLASSES, "found": {
                "cpu, weighted": cpu(&OF_CLASSES, &[ROWS]),
                "cpu, weighted, in parts": cpu(&OF_CLASSES, &[5, 6, ROWS]),
                "candle, weighted": candle(&OF_CLASSES, &[ROWS]),
                "candle, weighted, in parts": candle(&OF_CLASSES, &[9, ROWS]),
            } },
        ],
    });
    folder.put("heads.json", case.to_string());
    python("BAEUM_PYTHON_TORCH", "heads.py", folder.path());
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_onnx_runtime_answers_each_head() {
    let (together, folder) = (Scratch::new("judged"), folder(&recipe().replace("epochs = 40", "epochs = 3")));
    succeed(&folder, &["pipeline", "recipe.toml"]);
    let run = folder.path().join("runs/trees-0001");
    for file in ["4-evaluate/metrics.json", "4-evaluate/predictions.parquet", "5-export/model.onnx"] {
        together.put(file.rsplit('/').next().unwrap_or(file), fs::read(run.join(file)).unwrap());
    }
    together.put("trees.csv", fs::read(folder.path().join("trees.csv")).unwrap());
    python("BAEUM_PYTHON", "heads_answers.py", together.path());
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_onnx_runtime_answers_a_head_of_several_columns() {
    let together = Scratch::new("judged");
    let folder = folder_of_columns(&of_columns().replace("epochs = 40", "epochs = 3"));
    succeed(&folder, &["pipeline", "recipe.toml"]);
    let run = folder.path().join("runs/trees-0001");
    for file in ["4-evaluate/metrics.json", "4-evaluate/predictions.parquet", "5-export/model.onnx"] {
        together.put(file.rsplit('/').next().unwrap_or(file), fs::read(run.join(file)).unwrap());
    }
    together.put("trees.csv", flagged());
    python("BAEUM_PYTHON", "heads_columns.py", together.path());
}
