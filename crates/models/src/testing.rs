//! What the tests of both runners share: the smallest networks that have each layer in them, and batches for them.

mod norms;
mod sequences;
mod side_by_side;
mod windows;

use baeum_core::{
    Adam, Approximate, Batch, Counter, DType, Decayed, Graph, Layer, Loss, LossParts, Method, Network,
    NodeId, ParamKind, Part, Rng, Shape, Size2, Tensor, Update, Weights,
};

use crate::initial;
pub(crate) use sequences::attention;

pub(crate) const ROWS: usize = 4;
pub(crate) const CLASSES: usize = 3;
pub(crate) const ADAM: Update = Update { clip: Some(1.0), ..Update::of(Method::Adam(Adam::USUAL), 0.01) };

/// A step of every method, with decay on weights alone.
pub(crate) fn updates() -> Vec<Update> {
    let sgd = |momentum, nesterov| Method::Sgd { momentum, nesterov };
    let rmsprop = |momentum, centered| Method::RmsProp { alpha: 0.9, eps: 1e-2, momentum, centered };
    let adam = Adam { beta1: 0.9, beta2: 0.99, eps: 1e-3 };
    let lion = Method::Lion { beta1: 0.9, beta2: 0.99 };
    let muon = Method::Muon { momentum: 0.9, nesterov: true, others: adam };
    let methods = [
        sgd(0.0, false),
        sgd(0.9, false),
        sgd(0.9, true),
        Method::Adam(adam),
        Method::AdamW(adam),
        rmsprop(0.0, false),
        rmsprop(0.8, false),
        rmsprop(0.0, true),
        rmsprop(0.8, true),
        lion,
        muon,
    ];
    let decayed = Decayed::Weights;
    let ema = Some(0.5);
    methods.map(|method| Update { weight_decay: 0.1, decayed, ema, ..Update::of(method, 0.01) }).to_vec()
}

/// The smallest networks that have each layer in them, one of them with parameters in front, so that the
/// gradient of what the layer reads is checked as well.
pub(crate) fn cases() -> Vec<(&'static str, Graph)> {
    let dense = || Layer::Dense { units: 4, bias: true };
    let point = || conv(2, [1, 1], [1, 1], [0, 0], 1);
    let behind_dense = |layer: Layer| chain(&[5], DType::F32, vec![dense(), layer]);
    let behind_conv = |layers: Vec<Layer>| chain(&[2, 5, 4], DType::F32, [vec![point()], layers].concat());
    let image = |layer: Layer| behind_conv(vec![layer, Layer::Flatten { axis: 1 }]);
    vec![
        ("dense", behind_dense(Layer::Dense { units: 3, bias: false })),
        ("dense over time", chain(&[3], DType::I64, vec![embedding(), dense(), Layer::Flatten { axis: 1 }])),
        ("conv2d", image(conv(3, [3, 2], [1, 1], [1, 0], 1))),
        ("conv2d strided", image(conv(3, [2, 3], [2, 1], [1, 2], 1))),
        ("conv2d in groups", image(conv(4, [2, 2], [1, 2], [0, 1], 2))),
        ("conv1d", line(conv1d(3, 3, 1, 1, 1))),
        ("conv1d strided and dilated", line(conv1d(3, 2, 2, 3, 1))),
        ("conv1d in groups", line(conv1d(4, 2, 1, 0, 2))),
        ("relu", behind_dense(Layer::Relu)),
        ("gelu", behind_dense(Layer::Gelu { approximate: Approximate::None })),
        ("gelu by tanh", behind_dense(Layer::Gelu { approximate: Approximate::Tanh })),
        ("tanh", behind_dense(Layer::Tanh)),
        ("sigmoid", behind_dense(Layer::Sigmoid)),
        ("silu", behind_dense(Layer::Silu)),
        ("leaky_relu", behind_dense(Layer::LeakyRelu { slope: 0.2 })),
        ("elu", behind_dense(Layer::Elu { alpha: 1.5 })),
        ("softplus", behind_dense(Layer::Softplus)),
        ("mish", behind_dense(Layer::Mish)),
        ("hard_tanh", behind_dense(Layer::HardTanh { low: -0.5, high: 0.7 })),
        ("dropout", behind_dense(Layer::Dropout { p: 0.4 })),
        ("dropout of images", image(Layer::Dropout { p: 0.4 })),
        ("flatten", behind_conv(vec![Layer::Flatten { axis: 1 }])),
        ("embedding", chain(&[3], DType::I64, vec![embedding(), Layer::Flatten { axis: 1 }])),
        ("ngram_embedding", chain(&[3], DType::I64, vec![pairs(), Layer::Flatten { axis: 1 }])),
        ("add", both(Layer::Add)),
        ("subtract", difference()),
        ("multiply", factors()),
        ("concat", both(Layer::Concat { axis: 1 })),
        ("concat of columns", both(Layer::Concat { axis: 3 })),
    ]
    .into_iter()
    .chain(sequences::cases())
    .chain(windows::cases())
    .chain(norms::cases())
    .chain(side_by_side::cases())
    .collect()
}

/// A layer over four channels of seven steps, with parameters in front.
fn line(layer: Layer) -> Graph {
    chain(&[3, 7], DType::F32, vec![conv1d(4, 1, 1, 0, 1), layer, Layer::Flatten { axis: 1 }])
}

pub(crate) fn conv1d(filters: usize, kernel: usize, stride: usize, padding: usize, groups: usize) -> Layer {
    let dilation = if kernel == 2 { 2 } else { 1 };
    Layer::Conv1d { filters, kernel, stride, padding, dilation, groups, bias: groups == 1 }
}

pub(crate) fn conv(
    filters: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    groups: usize,
) -> Layer {
    let [kernel, stride, padding] = [kernel, stride, padding].map(|[height, width]| Size2 { height, width });
    let dilation = Size2 { height: 1, width: if kernel.width == 2 { 2 } else { 1 } };
    Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, bias: true }
}

/// Of six ids; some pairs share a vector.
fn pairs() -> Layer {
    Layer::NgramEmbedding { n: 2, buckets: 11, units: 2 }
}

pub(crate) fn embedding() -> Layer {
    Layer::Embedding { vocabulary: 6, units: 2 }
}

/// The layers one behind the other, and a head.
pub(crate) fn chain(item: &[usize], dtype: DType, layers: Vec<Layer>) -> Graph {
    let mut graph = Graph::default();
    let mut last = graph.input("x", Shape::batch(item), dtype).unwrap();
    for (i, layer) in layers.into_iter().enumerate() {
        last = graph.add(&format!("l{i}"), layer, &[last]).unwrap();
    }
    with_head(graph, last)
}

/// What the mean of a node leaves of it, and of one with itself.
fn difference() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
    let a = graph.add("a", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let b = graph.add("b", Layer::Tanh, &[a]).unwrap();
    let rest = graph.add("rest", Layer::Subtract, &[a, b]).unwrap();
    let turned = graph.add("turned", Layer::Subtract, &[b, rest]).unwrap();
    with_head(graph, turned)
}

/// The product of two nodes, and of one with itself.
fn factors() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
    let a = graph.add("a", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let b = graph.add("b", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let gate = graph.add("gate", Layer::Silu, &[a]).unwrap();
    let product = graph.add("product", Layer::Multiply, &[gate, b]).unwrap();
    let square = graph.add("square", Layer::Multiply, &[product, product]).unwrap();
    with_head(graph, square)
}

/// A layer that reads two others, which read the same.
pub(crate) fn both(layer: Layer) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[2, 3, 2]), DType::F32).unwrap();
    let a = graph.add("a", conv(2, [1, 1], [1, 1], [0, 0], 1), &[x]).unwrap();
    let b = graph.add("b", Layer::Tanh, &[a]).unwrap();
    let both = graph.add("both", layer, &[a, b, x]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[both]).unwrap();
    with_head(graph, rows)
}

pub(crate) fn with_head(mut graph: Graph, last: NodeId) -> Graph {
    let head = graph.add("head", Layer::Dense { units: CLASSES, bias: true }, &[last]).unwrap();
    graph.output(head);
    graph
}

/// Some rows for a graph, with class indices as targets.
pub(crate) fn batch(graph: &Graph, rows: usize) -> Batch {
    let inputs = graph.inputs().map(|input| {
        let sizes = input.shape.with_batch(rows).unwrap();
        let len = sizes.iter().product();
        let mut x = vec![0.0f32; len];
        Rng::new(3).stream("test", "x").fill_normal(&mut x, Counter::once());
        // Of the lengths, one is the whole sequence.
        let ids = |i: usize| if sizes.len() == 1 { (i * 3 % 5) as i64 + 1 } else { (i * 5 % 6) as i64 };
        let x = match input.layer.takes(0) {
            DType::I64 => Tensor::new(sizes.clone(), (0..len).map(ids).collect::<Vec<i64>>()).unwrap(),
            DType::F32 | DType::F64 | DType::U8 => Tensor::new(sizes.clone(), x).unwrap(),
        };
        (input.name.clone(), x)
    });
    let inputs = inputs.collect();
    let classes: Vec<i64> = (0..rows as i64).map(|row| row % CLASSES as i64).collect();
    Batch { rows, inputs, targets: vec![Tensor::vector(classes)] }
}

/// The same rows, with numbers as targets.
pub(crate) fn with_numbers(batch: Batch) -> Batch {
    let numbers = (0..batch.rows * CLASSES).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<f32>>();
    Batch { targets: vec![Tensor::new([batch.rows, CLASSES], numbers).unwrap()], ..batch }
}

/// The same rows, with probabilities of classes as targets.
pub(crate) fn with_shares(batch: Batch) -> Batch {
    let mut shares = vec![0.0f32; batch.rows * CLASSES];
    for (row, shares) in shares.chunks_exact_mut(CLASSES).enumerate() {
        shares[row % CLASSES] += 0.75;
        shares[row * 5 % CLASSES] += 0.25;
    }
    Batch { targets: vec![Tensor::new([batch.rows, CLASSES], shares).unwrap()], ..batch }
}

/// Weights off their start: a scale of one and a bias of zero would hide a mistake.
pub(crate) fn weights(graph: &Graph) -> Weights {
    let mut weights = initial(graph, 5);
    for (name, param) in graph.params() {
        if param.kind != ParamKind::Running {
            let mut numbers = vec![0.0f32; param.sizes.iter().product()];
            Rng::new(5).stream("test", &name).fill_normal(&mut numbers, Counter::once());
            numbers.iter_mut().for_each(|x| *x *= 0.7);
            weights.insert(name, Tensor::new(param.sizes, numbers).unwrap());
        }
    }
    weights
}

/// Rows from `from` to `to` of a batch.
pub(crate) fn rows(batch: &Batch, from: usize, to: usize) -> Batch {
    let cut = |tensor: &Tensor| {
        let width = tensor.len() / batch.rows;
        let shape = [&[to - from], &tensor.shape()[1..]].concat();
        match tensor.dtype() {
            DType::I64 => {
                Tensor::new(shape, tensor.i64s().unwrap()[from * width..to * width].to_vec()).unwrap()
            }
            DType::F32 | DType::F64 | DType::U8 => {
                Tensor::new(shape, tensor.f32s().unwrap()[from * width..to * width].to_vec()).unwrap()
            }
        }
    };
    let inputs = batch.inputs.iter().map(|(name, tensor)| (name.clone(), cut(tensor))).collect();
    Batch { rows: to - from, inputs, targets: batch.targets.iter().map(cut).collect() }
}

/// The same batch with how much each label fits, for losses that take labels one by one: 0, 1, and something between.
pub(crate) fn with_fits(batch: Batch) -> Batch {
    let mut batch = with_numbers(batch);
    for target in &mut batch.targets {
        let fits: Vec<f32> = target.f32s().unwrap().iter().map(|x| x.clamp(0.0, 1.0)).collect();
        *target = Tensor::new(target.shape().to_vec(), fits).unwrap();
    }
    batch
}

/// Cross-entropy with weights, with smoothing, and with both.
pub(crate) fn weighted() -> [Loss; 3] {
    let of =
        |weights: &[f32], smoothing| Loss::CrossEntropy { weights: weights.to_vec(), smoothing, gamma: 0.0 };
    [of(&[0.5, 4.0, 1.25], 0.0), of(&[], 0.1), of(&[2.0, 0.25, 0.0], 0.3)]
}

pub(crate) fn add_parts(net: &mut dyn Network, batch: &Batch, loss: &Loss, cuts: &[usize]) -> LossParts {
    let batches: Vec<Batch> = cuts.windows(2).map(|pair| rows(batch, pair[0], pair[1])).collect();
    let mut parts = LossParts::default();
    for (index, (batch, loss)) in batches.iter().zip(loss.in_parts(&batches)).enumerate() {
        let part = Part { index, count: batches.len(), first_row: cuts[index] };
        parts.add(net.loss_and_grad(batch, &loss, part).unwrap());
    }
    parts
}

/// An error and its causes.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
