//! The learned function in plain loops over `f64`, one record at a time: what the tests compare files with.
use std::collections::BTreeMap;

use baeum_core::{
    Approximate, ChannelAxis, DType, Decode, Field, Graph, InputSpec, Kind, Layer, Node, NodeId, Pipeline,
    Predictor, Record, Role, Schema, Shape, Target, Tensor, Transform, Value, Weights,
};

use crate::verify::Golden;

mod norm;
mod prepare;
mod sequence;
mod spread;
mod window;

use prepare::prepare;

/// Sizes and numbers of one item.
type Item = (Vec<usize>, Vec<f64>);

/// Numbers that look like chance and are the same everywhere.
pub(crate) fn numbers(seed: usize, n: usize) -> Vec<f64> {
    (0..n).map(|i| ((i + 1) as f64 * 12.9898 + seed as f64 * 78.233).sin()).collect()
}

/// Weights for a graph, variances above zero.
pub(crate) fn weights(graph: &Graph) -> Weights {
    let tensor = |(place, (name, param)): (usize, (String, baeum_core::Param))| {
        let n = param.sizes.iter().product();
        let spread = |x: f64| if name.ends_with("running_var") { x.abs() + 0.5 } else { x * 0.5 };
        let data: Vec<f32> = numbers(place, n).into_iter().map(|x| spread(x) as f32).collect();
        (name, Tensor::new(param.sizes, data).unwrap())
    };
    graph.params().into_iter().enumerate().map(tensor).collect()
}

/// A field that the network sees.
pub(crate) fn field(name: &str, kind: Kind) -> Field {
    Field { name: name.to_owned(), kind, role: Role::Input, columns: vec![], labels: vec![], range: None }
}

/// One network input of one field.
pub(crate) fn input(
    name: &str,
    dtype: DType,
    shape: &[usize],
    columns: &[(&str, Vec<Transform>)],
) -> InputSpec {
    let columns =
        columns.iter().map(|(field, steps)| Pipeline { field: (*field).to_owned(), steps: steps.clone() });
    InputSpec { name: name.to_owned(), dtype, shape: shape.to_vec(), columns: columns.collect() }
}

/// A predictor over a graph whose last node answers with a number for each of `width` logits, or with one number.
pub(crate) fn predictor(
    fields: Vec<Field>,
    inputs: Vec<InputSpec>,
    mut graph: Graph,
    decode: Decode,
) -> Predictor {
    graph.output(graph.find("head").unwrap());
    let weights = weights(&graph);
    let target = Target { field: "target".to_owned(), decode };
    Predictor { schema: Schema { fields }, inputs, graph, weights, targets: vec![target] }
}

/// A predictor that takes `item` as numbers and answers with one of three labels. `wire` adds layers behind the node it is
/// given and yields the last; a head follows.
pub(crate) fn classifier(item: &[usize], wire: impl FnOnce(&mut Graph, NodeId) -> NodeId) -> Predictor {
    let len = item.iter().product();
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(item), DType::F32).unwrap();
    let mut last = wire(&mut graph, x);
    if graph[last].shape.rank() > 2 {
        last = graph.add("rows", Layer::Flatten { axis: 1 }, &[last]).unwrap();
    }
    graph.add("head", Layer::Dense { units: 3, bias: true }, &[last]).unwrap();
    let labels = ["setosa", "versi\ncolor", "버지니카"].map(str::to_owned).to_vec();
    let spec = input("x", DType::F32, item, &[("x", vec![])]);
    predictor(vec![field("x", Kind::Numbers { len })], vec![spec], graph, Decode::Label { labels })
}

/// Records for [`classifier`].
pub(crate) fn rows(count: usize, len: usize) -> Vec<Record> {
    (0..count).map(|row| Record::from([("x".to_owned(), Value::Numbers(numbers(100 + row, len)))])).collect()
}

/// The records with the answers of the plain loops.
pub(crate) fn golden(predictor: &Predictor, records: Vec<Record>) -> Golden {
    let mut golden = Golden::default();
    let mut yields: Vec<Vec<f32>> = vec![vec![]; predictor.targets.len()];
    for record in &records {
        let given: BTreeMap<&str, Item> = predictor
            .inputs
            .iter()
            .map(|spec| (spec.name.as_str(), prepare(&predictor.schema, spec, record)))
            .collect();
        let outputs = forward(&predictor.graph, &predictor.weights, &given);
        let mut answers = vec![];
        for ((target, output), yields) in predictor.targets.iter().zip(outputs).zip(&mut yields) {
            let row: Vec<f32> = output.1.iter().map(|&x| x as f32).collect();
            answers.push(target.decode.of_record(record).answer(&row));
            yields.extend(row);
        }
        golden.answers.push(answers);
    }
    golden.outputs = yields
        .into_iter()
        .map(|row| Tensor::new([records.len(), row.len() / records.len()], row).unwrap())
        .collect();
    golden.records = records;
    golden
}

fn forward(graph: &Graph, weights: &Weights, given: &BTreeMap<&str, Item>) -> Vec<Item> {
    let mut values: Vec<Item> = vec![];
    for node in graph.nodes() {
        let read: Vec<&Item> = node.inputs.iter().map(|id| &values[id.index()]).collect();
        let value =
            if read.is_empty() { given[node.name.as_str()].clone() } else { layer(node, &read, weights) };
        values.push(value);
    }
    graph.outputs().iter().map(|id| values[id.index()].clone()).collect()
}

fn layer(node: &Node, read: &[&Item], weights: &Weights) -> Item {
    let (shape, x) = read[0];
    let item = node.shape.item().unwrap();
    let weight = |name: &str| weights.get(&format!("{}.{name}", node.name)).map(Tensor::to_f64s);
    let each = |f: &dyn Fn(f64) -> f64| x.iter().map(|&x| f(x)).collect();
    let last = *shape.last().unwrap();
    let numbers = match &node.layer {
        Layer::Input { .. } | Layer::Dropout { .. } | Layer::Flatten { .. } => x.clone(),
        Layer::PositionEmbedding { .. }
        | Layer::SinusoidalPositions
        | Layer::MultiHeadAttention { .. }
        | Layer::Lstm { .. }
        | Layer::Gru { .. }
        | Layer::MeanOverTime
        | Layer::MemberMean { .. }
        | Layer::MaxOverTime
        | Layer::Transpose
        | Layer::Patches { .. } => {
            let length = read.get(1).map(|lengths| lengths.1[0] as usize);
            sequence::layer(&node.layer, shape, x, length, &weight)
        }
        Layer::Lengths { padding } => {
            let last = x.iter().rposition(|id| *id != f64::from(*padding));
            vec![last.map_or(1.0, |last| last as f64 + 1.0)]
        }
        Layer::Dense { units, .. } => {
            let (w, b) = (weight("weight").unwrap(), weight("bias").unwrap_or(vec![0.0; *units]));
            let dot = |row: &[f64], u: usize| {
                b[u] + row.iter().zip(&w[u * last..]).map(|(x, w)| x * w).sum::<f64>()
            };
            x.chunks(last).flat_map(|row| (0..*units).map(|u| dot(row, u)).collect::<Vec<_>>()).collect()
        }
        Layer::GroupedDense { groups, units } => {
            let (w, mut y) = (weight("weight").unwrap(), weight("bias").unwrap());
            let group = groups.iter().enumerate().flat_map(|(group, &size)| std::iter::repeat_n(group, size));
            for (i, (x, group)) in x.iter().zip(group).enumerate() {
                (0..*units).for_each(|u| y[group * units + u] += x * w[i * units + u]);
            }
            y
        }
        Layer::Scale { .. } => {
            let w = weight("weight").unwrap();
            // A bias that is not there is zero.
            let b = weight("bias").unwrap_or(vec![0.0; w.len()]);
            x.iter().zip(w.iter().zip(&b).cycle()).map(|(x, (w, b))| x * w + b).collect()
        }
        Layer::Ensemble { members } => x.repeat(*members),
        Layer::Conv1d { .. }
        | Layer::Conv2d { .. }
        | Layer::MaxPool1d { .. }
        | Layer::MaxPool2d { .. }
        | Layer::AvgPool1d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::Pad1d { .. }
        | Layer::ConvTranspose2d { .. }
        | Layer::AdaptiveAvgPool2d { .. }
        | Layer::AdaptiveMaxPool2d { .. }
        | Layer::Upsample { .. } => window::layer(&node.layer, shape, &item, x, &weight),
        Layer::GlobalAvgPool => x
            .chunks(shape[1] * shape[2])
            .map(|plane| plane.iter().sum::<f64>() / plane.len() as f64)
            .collect(),
        Layer::BatchNorm { eps, axis, .. } => {
            let [w, b, m, v] =
                ["weight", "bias", "running_mean", "running_var"].map(|name| weight(name).unwrap());
            let channel = |i: usize| match axis {
                ChannelAxis::Second => i / shape[1..].iter().product::<usize>(),
                ChannelAxis::Last => i % last,
            };
            let normal = |(i, x): (usize, &f64)| {
                let c = channel(i);
                (x - m[c]) / (v[c] + eps).sqrt() * w[c] + b[c]
            };
            x.iter().enumerate().map(normal).collect()
        }
        Layer::LayerNorm { eps } => {
            norm::layer(x, [weight("weight").unwrap(), weight("bias").unwrap()], *eps)
        }
        Layer::RmsNorm { eps } => norm::rms(x, &weight("weight").unwrap(), *eps),
        Layer::GroupNorm { groups, eps } => {
            norm::group(shape, x, [weight("weight").unwrap(), weight("bias").unwrap()], *groups, *eps)
        }
        Layer::InstanceNorm { eps } => {
            let channels = shape[0];
            norm::group(shape, x, [vec![1.0; channels], vec![0.0; channels]], channels, *eps)
        }
        Layer::InstanceRestore { eps } => norm::restore(x, &read[1].1, shape[0], *eps),
        Layer::Relu => each(&|x| x.max(0.0)),
        Layer::Gelu { approximate: Approximate::Tanh } => each(&|x| {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
        }),
        Layer::Gelu { approximate: Approximate::None } => each(&|x| 0.5 * x * (1.0 + erf(x / 2f64.sqrt()))),
        Layer::Tanh => each(&f64::tanh),
        Layer::Sigmoid => each(&|x| 1.0 / (1.0 + (-x).exp())),
        Layer::Silu => each(&|x| x / (1.0 + (-x).exp())),
        Layer::LeakyRelu { slope } => each(&|x| if x > 0.0 { x } else { slope * x }),
        Layer::Elu { alpha } => each(&|x| if x > 0.0 { x } else { alpha * x.exp_m1() }),
        Layer::Softplus => each(&|x| x.exp().ln_1p()),
        Layer::Mish => each(&|x| x * x.exp().ln_1p().tanh()),
        Layer::HardTanh { low, high } => each(&|x| x.clamp(*low, *high)),
        Layer::Unembedding { table, .. } => {
            let table = weights[&format!("{table}.weight")].to_f64s();
            let score = |row: &[f64], e: &[f64]| row.iter().zip(e).map(|(x, e)| x * e).sum::<f64>();
            x.chunks(last)
                .flat_map(|row| table.chunks(last).map(|e| score(row, e)).collect::<Vec<_>>())
                .collect()
        }
        Layer::Embedding { units, .. } => {
            let w = weight("weight").unwrap();
            x.iter().flat_map(|&id| w[id as usize * units..][..*units].to_vec()).collect()
        }
        Layer::NgramEmbedding { n, buckets, units } => {
            let w = weight("weight").unwrap();
            let id = |place: usize, back: usize| place.checked_sub(back).map_or(0.0, |place| x[place]);
            let hash = |place| {
                (0..*n).rev().fold(0.0, |hash, back| (hash * 2039.0 + id(place, back)) % *buckets as f64)
            };
            (0..x.len()).flat_map(|place| w[hash(place) as usize * units..][..*units].to_vec()).collect()
        }
        Layer::Add => (0..x.len()).map(|i| read.iter().map(|item| item.1[i]).sum()).collect(),
        Layer::Subtract => (0..x.len()).map(|i| x[i] - read[1].1[i]).collect(),
        Layer::Multiply => (0..x.len()).map(|i| read.iter().map(|item| item.1[i]).product()).collect(),
        Layer::Concat { axis } => concat(read, axis - 1),
    };
    (item, numbers)
}

fn concat(read: &[&Item], axis: usize) -> Vec<f64> {
    let outer: usize = read[0].0[..axis].iter().product();
    let part = |item: &Item, block: usize| {
        let n = item.1.len() / outer;
        item.1[block * n..(block + 1) * n].to_vec()
    };
    (0..outer).flat_map(|block| read.iter().flat_map(|item| part(item, block)).collect::<Vec<_>>()).collect()
}

/// The error function by its series (Abramowitz & Stegun 7.1.5), good to 1e-12 for the small numbers of a test.
fn erf(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..60 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}
