use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Adam, Approximate, Batch, Counter, DType, Layer, Loss, LossParts, Network, NodeId, Part};
use baeum_core::{Shape, Size2, State, Tensor, Update};
use candle_core::Var;

use super::*;
use crate::initial;

const ROWS: usize = 4;
const CLASSES: usize = 3;
const ADAM: Update = Update::Adam(Adam {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weight_decay: 0.0,
    clip: Some(1.0),
});

/// The smallest networks that have each layer in them, one of them with parameters in front, so that the
/// gradient of what the layer reads is checked as well.
fn cases() -> Vec<(&'static str, Graph)> {
    let dense = || Layer::Dense { units: 4, bias: true };
    let point = || conv(2, [1, 1], [1, 1], [0, 0], 1);
    let max = |kernel, stride, padding| Layer::MaxPool2d { kernel, stride, padding };
    let mean = |kernel, stride, padding| Layer::AvgPool2d { kernel, stride, padding };
    let sq = Size2::square;
    let behind_dense = |layer: Layer| chain(&[5], DType::F32, vec![dense(), layer]);
    let behind_conv = |layers: Vec<Layer>| chain(&[2, 5, 4], DType::F32, [vec![point()], layers].concat());
    let image = |layer: Layer| behind_conv(vec![layer, Layer::Flatten]);
    vec![
        ("dense", behind_dense(Layer::Dense { units: 3, bias: false })),
        ("dense over time", chain(&[3], DType::I64, vec![embedding(), dense(), Layer::Flatten])),
        ("conv2d", image(conv(3, [3, 2], [1, 1], [1, 0], 1))),
        ("conv2d strided", image(conv(3, [2, 3], [2, 1], [1, 2], 1))),
        ("conv2d in groups", image(conv(4, [2, 2], [1, 2], [0, 1], 2))),
        ("max_pool2d", image(max(sq(2), None, sq(0)))),
        ("max_pool2d overlapping", image(max(sq(3), Some(Size2 { height: 1, width: 2 }), sq(1)))),
        ("avg_pool2d", image(mean(sq(2), None, sq(0)))),
        ("avg_pool2d overlapping", image(mean(sq(3), Some(Size2 { height: 1, width: 2 }), sq(1)))),
        ("global_avg_pool", behind_conv(vec![Layer::GlobalAvgPool])),
        ("batch_norm", behind_dense(Layer::BatchNorm { eps: 1e-5, momentum: 0.1 })),
        ("batch_norm of images", image(Layer::BatchNorm { eps: 1e-3, momentum: 0.3 })),
        ("layer_norm", behind_dense(Layer::LayerNorm { eps: 1e-5 })),
        ("layer_norm of images", image(Layer::LayerNorm { eps: 1e-3 })),
        ("relu", behind_dense(Layer::Relu)),
        ("gelu", behind_dense(Layer::Gelu { approximate: Approximate::None })),
        ("gelu by tanh", behind_dense(Layer::Gelu { approximate: Approximate::Tanh })),
        ("tanh", behind_dense(Layer::Tanh)),
        ("sigmoid", behind_dense(Layer::Sigmoid)),
        ("dropout", behind_dense(Layer::Dropout { p: 0.4 })),
        ("dropout of images", image(Layer::Dropout { p: 0.4 })),
        ("flatten", behind_conv(vec![Layer::Flatten])),
        ("embedding", chain(&[3], DType::I64, vec![embedding(), Layer::Flatten])),
        ("add", both(Layer::Add)),
        ("concat", both(Layer::Concat { axis: 1 })),
        ("concat of columns", both(Layer::Concat { axis: 3 })),
    ]
}

fn conv(filters: usize, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2], groups: usize) -> Layer {
    let [kernel, stride, padding] = [kernel, stride, padding].map(|[height, width]| Size2 { height, width });
    let dilation = Size2 { height: 1, width: if kernel.width == 2 { 2 } else { 1 } };
    Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, bias: true }
}

fn embedding() -> Layer {
    Layer::Embedding { vocabulary: 6, units: 2 }
}

/// The layers one behind the other, and a head.
fn chain(item: &[usize], dtype: DType, layers: Vec<Layer>) -> Graph {
    let mut graph = Graph::default();
    let mut last = graph.input("x", Shape::batch(item), dtype).unwrap();
    for (i, layer) in layers.into_iter().enumerate() {
        last = graph.add(&format!("l{i}"), layer, &[last]).unwrap();
    }
    with_head(graph, last)
}

/// A layer that reads two others, which read the same.
fn both(layer: Layer) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[2, 3, 2]), DType::F32).unwrap();
    let a = graph.add("a", conv(2, [1, 1], [1, 1], [0, 0], 1), &[x]).unwrap();
    let b = graph.add("b", Layer::Tanh, &[a]).unwrap();
    let both = graph.add("both", layer, &[a, b, x]).unwrap();
    let rows = graph.add("rows", Layer::Flatten, &[both]).unwrap();
    with_head(graph, rows)
}

fn with_head(mut graph: Graph, last: NodeId) -> Graph {
    let head = graph.add("head", Layer::Dense { units: CLASSES, bias: true }, &[last]).unwrap();
    graph.output(head);
    graph
}

/// Some rows for a graph, with class indices as targets.
fn batch(graph: &Graph, rows: usize) -> Batch {
    let input = graph.inputs().next().unwrap();
    let sizes = input.shape.with_batch(rows).unwrap();
    let len = sizes.iter().product();
    let mut x = vec![0.0f32; len];
    Rng::new(3).stream("test", "x").fill_normal(&mut x, Counter::once());
    let x = match input.layer.takes() {
        DType::I64 => Tensor::new(sizes, (0..len as i64).map(|i| (i * 5) % 6).collect::<Vec<i64>>()).unwrap(),
        DType::F32 | DType::F64 | DType::U8 => Tensor::new(sizes, x).unwrap(),
    };
    let classes: Vec<i64> = (0..rows as i64).map(|row| row % CLASSES as i64).collect();
    Batch { rows, inputs: BTreeMap::from([("x".to_owned(), x)]), targets: vec![Tensor::vector(classes)] }
}

/// The same rows, with numbers as targets.
fn with_numbers(batch: Batch) -> Batch {
    let numbers = (0..batch.rows * CLASSES).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<f32>>();
    Batch { targets: vec![Tensor::new([batch.rows, CLASSES], numbers).unwrap()], ..batch }
}

/// Weights off their start: a scale of one and a bias of zero would hide a mistake.
fn weights(graph: &Graph) -> Weights {
    let mut weights = initial(graph, 5);
    for (name, param) in graph.params() {
        if param.kind == ParamKind::Learned {
            let mut numbers = vec![0.0f32; param.sizes.iter().product()];
            Rng::new(5).stream("test", &name).fill_normal(&mut numbers, Counter::once());
            numbers.iter_mut().for_each(|x| *x *= 0.7);
            weights.insert(name, Tensor::new(param.sizes, numbers).unwrap());
        }
    }
    weights
}

fn runner(graph: &Graph, dtype: Float) -> Runner {
    let config = RunnerConfig { seed: 11, dtype, ..RunnerConfig::default() };
    Runner::new(graph, &weights(graph), config).unwrap()
}

#[test]
fn every_layer_has_a_case() {
    let schema = serde_json::to_value(schemars::schema_for!(Layer)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap().iter().flat_map(|variant| {
        let bare = variant["const"]
            .as_str()
            .into_iter()
            .chain(variant["enum"].as_array().into_iter().flatten().filter_map(|v| v.as_str()));
        let full =
            variant["properties"].as_object().into_iter().flat_map(|map| map.keys().map(String::as_str));
        bare.chain(full).map(str::to_owned).collect::<Vec<_>>()
    });
    let all: BTreeSet<String> = variants.collect();
    let graphs = cases();
    let covered = graphs.iter().flat_map(|(_, graph)| graph.nodes()).map(|node| node.layer.name().to_owned());
    assert_eq!(covered.collect::<BTreeSet<String>>(), all);
}

#[test]
fn gradients_agree_with_differences() {
    for (name, graph) in cases() {
        let batch = batch(&graph, ROWS);
        check_gradients(name, &graph, &batch, Loss::CrossEntropy);
        check_gradients(name, &graph, &with_numbers(batch), Loss::Mse);
    }
}

/// The loss of an f64 network changes by the gradient where one parameter changes: central differences with a
/// step of 1e-5 are off by its square, 1e-10 of the third derivative, and by rounding, 1e-16 / 1e-5; 1e-6 of
/// the tensor's largest gradient is far above both.
fn check_gradients(name: &str, graph: &Graph, batch: &Batch, loss: Loss) {
    const STEP: f64 = 1e-5;
    let mut net = runner(graph, Float::F64);
    net.loss_and_grad(batch, &loss, Part::WHOLE).unwrap();
    let gradients = net.gradients().unwrap();
    let mut largest_of_all = 0.0f64;
    for (parameter, gradient) in &gradients {
        let var = net.learned[parameter].var.clone();
        let start = var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let gradient = gradient.to_f64s();
        let largest = gradient.iter().fold(0.0f64, |largest, g| largest.max(g.abs()));
        largest_of_all = largest_of_all.max(largest);
        for (i, &analytic) in gradient.iter().enumerate() {
            let mut loss_at = |value: f64| {
                let mut numbers = start.clone();
                numbers[i] = value;
                place(&var, numbers);
                net.loss_and_grad(batch, &loss, Part::WHOLE).unwrap().mean()
            };
            let difference = (loss_at(start[i] + STEP) - loss_at(start[i] - STEP)) / (2.0 * STEP);
            let error = (difference - analytic).abs();
            // A bias in front of a norm has no gradient at all, so there is an absolute bound too: what
            // rounding of the loss comes to.
            assert!(
                error <= 1e-6 * largest || error <= 1e-9,
                "{name}, {loss:?}: {parameter}[{i}] has {analytic}, differences {difference}"
            );
        }
        place(&var, start);
    }
    assert!(largest_of_all > 1e-3, "{name}: no gradient to speak of");
}

fn place(var: &Var, numbers: Vec<f64>) {
    var.set(&candle_core::Tensor::from_vec(numbers, var.shape(), var.device()).unwrap()).unwrap();
}

#[test]
fn outputs_have_the_inferred_shape() {
    for (name, graph) in cases() {
        let mut net = runner(&graph, Float::F32);
        for rows in [1, 3] {
            let outputs = net.predict(&batch(&graph, rows)).unwrap();
            assert_eq!(outputs[0].shape(), [rows, CLASSES], "{name}");
            assert!(outputs[0].f32s().unwrap().iter().all(|x| x.is_finite()), "{name}");
        }
    }
}

/// An image as an answer comes back in the graph's layout.
#[test]
fn images_leave_with_channels_first() {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[2, 2, 3]), DType::F32).unwrap();
    let y = graph.add("y", Layer::Relu, &[x]).unwrap();
    graph.output(y);
    let mut batch = batch(&graph, 2);
    let numbers: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let x = Tensor::new([2, 2, 2, 3], numbers).unwrap();
    batch.inputs.insert("x".to_owned(), x.clone());
    assert_eq!(runner(&graph, Float::F32).predict(&batch).unwrap(), [x]);
}

/// Rows from `from` to `to` of a batch.
fn rows(batch: &Batch, from: usize, to: usize) -> Batch {
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

fn add_parts(net: &mut Runner, batch: &Batch, cuts: &[usize]) -> LossParts {
    let mut parts = LossParts::default();
    for (index, pair) in cuts.windows(2).enumerate() {
        let part = Part { index, count: cuts.len() - 1, first_row: pair[0] };
        parts.add(net.loss_and_grad(&rows(batch, pair[0], pair[1]), &Loss::CrossEntropy, part).unwrap());
    }
    parts
}

#[test]
fn parts_add_up_to_the_batch() {
    for (name, graph) in cases().into_iter().filter(|(name, _)| !name.starts_with("batch_norm")) {
        let batch = batch(&graph, 5);
        let (mut whole, mut parts) = (runner(&graph, Float::F64), runner(&graph, Float::F64));
        // What a part 0 finds there is forgotten.
        parts.loss_and_grad(&batch, &Loss::CrossEntropy, Part::WHOLE).unwrap();
        let losses = [add_parts(&mut whole, &batch, &[0, 5]), add_parts(&mut parts, &batch, &[0, 2, 3, 5])];
        assert!((losses[0].mean() - losses[1].mean()).abs() < 1e-12, "{name}: {losses:?}");
        let (whole, parts) = (whole.gradients().unwrap(), parts.gradients().unwrap());
        for (parameter, gradient) in &whole {
            let pairs = gradient.to_f64s().into_iter().zip(parts[parameter].to_f64s());
            // The same sums in another order.
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "{name}: {parameter}");
        }
    }
}

#[test]
fn running_statistics_are_those_of_the_whole_batch() {
    let graph = chain(&[2], DType::F32, vec![Layer::BatchNorm { eps: 1e-5, momentum: 0.25 }]);
    let mut batch = batch(&graph, 5);
    let x = vec![1.0f32, 10.0, 2.0, 20.0, 3.0, 60.0, 4.0, 40.0, 10.0, 20.0];
    batch.inputs.insert("x".to_owned(), Tensor::new([5, 2], x).unwrap());
    let mut net = runner(&graph, Float::F32);
    let running = |net: &Runner| {
        let weights = net.state().unwrap().weights;
        ["l0.running_mean", "l0.running_var"].map(|name| weights[name].to_f64s())
    };
    add_parts(&mut net, &batch, &[0, 2, 5]);
    assert_eq!(running(&net), [[0.0, 0.0], [1.0, 1.0]], "nothing moves before the update");
    net.update(&ADAM).unwrap();
    // Means 4 and 30; variances over n - 1: 50 / 4 and 1600 / 4.
    assert_eq!(running(&net), [[1.0, 7.5], [0.75 + 3.125, 0.75 + 100.0]]);
}

#[test]
fn a_value_alone_has_no_variance() {
    let graph = chain(&[2], DType::F32, vec![Layer::BatchNorm { eps: 1e-5, momentum: 0.1 }]);
    let mut net = runner(&graph, Float::F32);
    let error = net.loss_and_grad(&batch(&graph, 1), &Loss::CrossEntropy, Part::WHOLE).unwrap_err();
    assert_eq!(
        chain_of(&error),
        "could not compute the forward pass: node `l0`: batch_norm wants two or more values of each channel while training, got 1; make the batch larger"
    );
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn dropout_keeps_the_mean_and_differs_from_step_to_step() {
    let graph = {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[40_000]), DType::F32).unwrap();
        let dropped = graph.add("dropped", Layer::Dropout { p: 0.25 }, &[x]).unwrap();
        graph.output(dropped);
        graph
    };
    let inputs = BTreeMap::from([(
        "x".to_owned(),
        candle_core::Tensor::ones((1, 40_000), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap(),
    )]);
    let mut net = runner(&graph, Float::F32);
    let mut run = |pass| {
        let outputs = crate::Forward::forward(&mut net.forward, &inputs, pass).unwrap();
        outputs[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let train = |step| crate::Pass::Train { step, part: Part::WHOLE };
    let first = run(train(0));
    assert_eq!(first, run(train(0)));
    assert_ne!(first, run(train(1)));
    assert_eq!(run(crate::Pass::Evaluate), vec![1.0; 40_000]);
    let kept = first.iter().filter(|&&x| x != 0.0).count();
    // Five standard deviations of a binomial count: sqrt(40,000 * 3/4 * 1/4) = 87.
    assert!(kept.abs_diff(30_000) < 435, "{kept}");
    assert!(first.iter().all(|&x| x == 0.0 || x == 4.0 / 3.0));
}

#[test]
fn a_batch_without_words_enough_is_refused() {
    let graph = chain(&[2], DType::F32, vec![Layer::Dropout { p: 0.5 }]);
    let part = Part { index: 1, count: 2, first_row: (1 << 33) - 1 };
    let error =
        runner(&graph, Float::F32).loss_and_grad(&batch(&graph, 2), &Loss::CrossEntropy, part).unwrap_err();
    assert_eq!(
        chain_of(&error),
        "could not compute the forward pass: node `l0`: dropout wants at most 17179869184 values in a batch, got 17179869186; make the batch smaller"
    );
}

#[test]
fn dropping_everything_leaves_zeros() {
    let graph = chain(&[2], DType::F32, vec![Layer::Dropout { p: 1.0 }]);
    let mut net = runner(&graph, Float::F32);
    net.loss_and_grad(&batch(&graph, 3), &Loss::CrossEntropy, Part::WHOLE).unwrap();
    assert_eq!(net.gradients().unwrap()["head.weight"].to_f64s(), vec![0.0; 6]);
}

/// Three updates.
fn train(net: &mut Runner, batch: &Batch) -> State {
    for _ in 0..3 {
        net.loss_and_grad(batch, &Loss::CrossEntropy, Part::WHOLE).unwrap();
        net.update(&ADAM).unwrap();
    }
    net.state().unwrap()
}

#[test]
fn a_state_goes_on_bit_for_bit() {
    for (name, graph) in cases() {
        let batch = batch(&graph, ROWS);
        let mut net = runner(&graph, Float::F32);
        let middle = train(&mut net, &batch);
        let end = train(&mut net, &batch);
        let mut other =
            Runner::new(&graph, &initial(&graph, 99), RunnerConfig { seed: 11, ..RunnerConfig::default() })
                .unwrap();
        other.load(&middle).unwrap();
        assert_eq!(other.state().unwrap(), middle, "{name}");
        assert_eq!(train(&mut other, &batch), end, "{name}");
        assert_eq!(end.step, 6);
    }
}

#[test]
fn another_networks_state_is_refused_and_changes_nothing() {
    let graph = chain(&[2], DType::F32, vec![]);
    let mut net = runner(&graph, Float::F32);
    let before = train(&mut net, &batch(&graph, ROWS));
    let mut check = |change: &dyn Fn(&mut State), expect: &str| {
        let mut state = before.clone();
        state.step = 77;
        change(&mut state);
        assert_eq!(chain_of(&net.load(&state).unwrap_err()), expect);
        assert_eq!(net.state().unwrap(), before);
    };
    let small = || Tensor::vector(vec![1.0f32]);
    check(
        &|state| drop(state.weights.remove("head.bias")),
        "the network wants `head.bias` of shape [3], got None",
    );
    check(
        &|state| drop(state.weights.insert("head.bias".to_owned(), small())),
        "the network wants `head.bias` of shape [3], got Some([1])",
    );
    check(
        &|state| drop(state.weights.insert("tail.bias".to_owned(), small())),
        "could not compute the state: the state has `tail.bias`, which the network does not",
    );
    check(
        &|state| drop(state.moments.insert("head.bias.exp_avg".to_owned(), small())),
        "the network wants `head.bias.exp_avg` of shape [3], got Some([1])",
    );
    check(
        &|state| drop(state.moments.insert("head.bias.velocity".to_owned(), small())),
        "could not compute the state: the state has `head.bias.velocity`, which the network does not",
    );
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    let graph = chain(&[2], DType::F32, vec![Layer::BatchNorm { eps: 1e-5, momentum: 0.1 }]);
    let mut net = runner(&graph, Float::F32);
    let good = batch(&graph, ROWS);
    let before = train(&mut net, &good);
    let mut bad = good;
    let mut x = bad.inputs["x"].f32s().unwrap().to_vec();
    x[0] = f32::NAN;
    bad.inputs.insert("x".to_owned(), Tensor::new([ROWS, 2], x).unwrap());
    assert!(net.loss_and_grad(&bad, &Loss::CrossEntropy, Part::WHOLE).unwrap().sum.is_nan());
    assert!(net.update(&ADAM).unwrap().skipped());
    assert_eq!(net.state().unwrap(), before);
    let error = net.update(&ADAM).unwrap_err();
    assert_eq!(
        chain_of(&error),
        "could not compute the update: an update wants a gradient, got none since the last one"
    );
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let graph = chain(&[3], DType::I64, vec![embedding(), Layer::Flatten]);
    let mut net = runner(&graph, Float::F32);
    let mut check = |change: &dyn Fn(&mut Batch), expect: &str| {
        let mut batch = batch(&graph, 2);
        change(&mut batch);
        let error =
            net.loss_and_grad(&batch, &Loss::CrossEntropy, Part { index: 0, count: 1, first_row: 10 });
        assert_eq!(chain_of(&error.unwrap_err()), expect);
    };
    let ids = |ids: Vec<i64>| Tensor::new([2, ids.len() / 2], ids).unwrap();
    check(&|batch| batch.inputs.clear(), "the network wants input `x`, got a batch without it");
    check(
        &|batch| drop(batch.inputs.insert("x".to_owned(), ids(vec![0, 1, 2, 3]))),
        "could not compute the forward pass: input `x` wants shape [batch, 3], got [2, 2]",
    );
    check(
        &|batch| drop(batch.inputs.insert("x".to_owned(), ids(vec![0, 1, 2, 3, 6, 5]))),
        "node `l0` wants ids below 6, got 6",
    );
    check(
        &|batch| batch.targets = vec![Tensor::vector(vec![0i64, 3])],
        "row 11 of the batch wants a class below 3, got 3",
    );
    check(
        &|batch| batch.targets = vec![Tensor::vector(vec![-1i64, 0])],
        "row 10 of the batch wants a class below 3, got -1",
    );
    check(&|batch| batch.targets.clear(), "the network wants 1 targets, got 0");
    check(
        &|batch| batch.targets = vec![Tensor::vector(vec![1.0f32, 0.0])],
        "the network wants tensors that fit: the tensor wants to be i64, got f32",
    );
}

#[test]
fn weights_of_another_graph_are_refused() {
    let graph = chain(&[2], DType::F32, vec![]);
    let other = chain(&[3], DType::F32, vec![]);
    let error = Runner::new(&graph, &weights(&other), RunnerConfig::default()).err().unwrap();
    assert_eq!(
        chain_of(&error),
        "could not use the weights: weight `head.weight` wants shape [3, 2] of f32, got [3, 3] of f32"
    );
}

#[test]
fn a_device_that_is_not_built_in_is_named() {
    let graph = chain(&[2], DType::F32, vec![]);
    for (device, name, built) in
        [(Device::Cuda, "cuda", cfg!(feature = "cuda")), (Device::Metal, "metal", cfg!(feature = "metal"))]
    {
        let config = RunnerConfig { device, ..RunnerConfig::default() };
        let error = Runner::new(&graph, &weights(&graph), config).err();
        if !built {
            let expect = format!(
                "`run.device` = `{name}` wants a build with `--features {name}`, got one without; `cpu` always works"
            );
            assert_eq!(error.unwrap().to_string(), expect);
        }
    }
}

#[test]
fn a_network_for_checks_does_not_train() {
    let graph = chain(&[2], DType::F32, vec![]);
    let mut net = runner(&graph, Float::F64);
    net.loss_and_grad(&batch(&graph, 2), &Loss::CrossEntropy, Part::WHOLE).unwrap();
    let error = net.update(&ADAM).unwrap_err();
    assert_eq!(
        chain_of(&error),
        "could not compute the update: an update wants a network in f32, got one in f64"
    );
}
