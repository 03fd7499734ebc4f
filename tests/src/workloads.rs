mod batch;
mod chain;
mod sequences;

use baeum::{Adam, DType, Graph, Layer, Loss, Method, Size2, Update};

use chain::Chain;
use sequences::{encoder, gpt, gru, lstm, patches};

/// A training step that is measured: a network, what it minimises, and how it learns.
///
/// `tests/interop/bench_models.py` has the same networks as PyTorch modules, under the same names.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What it is called on the command line and in the table.
    pub name: &'static str,
    /// The network; its input is `x`, with `lengths` beside it in one of them, its one output `head`.
    pub graph: Graph,
    /// What it minimises.
    pub loss: Loss,
    /// The optimizer's step.
    pub update: Update,
    /// How many examples a step takes.
    pub rows: usize,
    /// How many steps one process measures: a few seconds of work for a small processor.
    pub steps: usize,
}

/// Every workload, in the order of the table.
pub fn workloads() -> Vec<Workload> {
    let of = |name, graph, loss, update, rows, steps| Workload { name, graph, loss, update, rows, steps };
    const CLASSES: Loss = Loss::CROSS_ENTROPY;
    vec![
        of("mlp", mlp(), CLASSES, adamw(), 128, 300),
        of("cnn", cnn(), CLASSES, sgd(0.01, 0.0), 64, 60),
        // Rate and decay of He et al. 2016, section 4.2.
        of("resnet20", resnet20(), CLASSES, sgd(0.1, 1e-4), 64, 20),
        of("gpt", gpt(4, 4, 128, 64), CLASSES, adamw(), 12, 40),
        of("gpt384", gpt(6, 6, 384, 256), CLASSES, adamw(), 8, 3),
        of("encoder", encoder(), CLASSES, adamw(), 32, 8),
        of("lstm", lstm(), CLASSES, adamw(), 64, 40),
        of("gru", gru(), CLASSES, adamw(), 64, 20),
        of("tabular", tabular(), CLASSES, adamw(), 256, 500),
        of("forecaster", forecaster(), Loss::Mse, adamw(), 32, 500),
        of("patches", patches(), Loss::Mse, adamw(), 16, 10),
    ]
}

/// PyTorch's defaults but for the rate, so that both sides say the same by saying nothing: decay on all parameters, too.
fn adamw() -> Update {
    Update { weight_decay: 0.01, ..Update::of(Method::AdamW(Adam::USUAL), 1e-3) }
}

fn sgd(learning_rate: f64, weight_decay: f64) -> Update {
    Update { weight_decay, ..Update::of(Method::Sgd { momentum: 0.9, nesterov: false }, learning_rate) }
}

/// Two hidden layers over the pixels of a digit.
fn mlp() -> Graph {
    let mut chain = Chain::new(&[784], DType::F32); // [B, 784]
    chain.dense("dense1", 512).add("relu1", Layer::Relu); // [B, 512]
    chain.dense("dense2", 512).add("relu2", Layer::Relu); // [B, 512]
    chain.dense("head", 10); // [B, 10]
    chain.graph()
}

/// Two convolutions and a hidden layer over a picture of a digit.
fn cnn() -> Graph {
    let mut chain = Chain::new(&[1, 28, 28], DType::F32); // [B, 1, 28, 28]
    for (i, filters) in [(1, 32), (2, 64)] {
        chain.add(&format!("conv{i}"), conv(filters, 3, 1, true));
        chain.add(&format!("relu{i}"), Layer::Relu);
        let pool = Layer::MaxPool2d {
            kernel: Size2::square(2),
            stride: None,
            padding: Size2::square(0),
            ceil_mode: false,
        };
        chain.add(&format!("pool{i}"), pool); // [B, 32, 14, 14], then [B, 64, 7, 7]
    }
    chain.add("flatten", Layer::Flatten { axis: 1 }); // [B, 3136]
    chain.dense("dense1", 128).add("relu3", Layer::Relu); // [B, 128]
    chain.dense("head", 10); // [B, 10]
    chain.graph()
}

/// He et al. 2016, section 4.2, with 20 layers; where the size changes, the way around is a 1x1 convolution (their option B).
fn resnet20() -> Graph {
    let mut chain = Chain::new(&[3, 32, 32], DType::F32); // [B, 3, 32, 32]
    chain.conv_norm("conv1", "norm1", conv(16, 3, 1, false)).add("relu1", Layer::Relu);
    for (group, filters) in [(1, 16), (2, 32), (3, 64)] {
        for block in 1..=3 {
            let shrinks = group > 1 && block == 1;
            residual(&mut chain, &format!("group{group}.block{block}"), filters, shrinks);
        } // [B, 16, 32, 32], [B, 32, 16, 16], [B, 64, 8, 8]
    }
    chain.add("pool", Layer::GlobalAvgPool); // [B, 64]
    chain.dense("head", 10); // [B, 10]
    chain.graph()
}

/// Two convolutions and a way around them; the names below `name` are those of the PyTorch module's parts.
fn residual(chain: &mut Chain, name: &str, filters: usize, shrinks: bool) {
    let of = |part: &str| format!("{name}.{part}");
    let stride = if shrinks { 2 } else { 1 };
    let start = chain.last;
    chain
        .conv_norm(&of("conv1"), &of("norm1"), conv(filters, 3, stride, false))
        .add(&of("relu1"), Layer::Relu);
    let through = chain.conv_norm(&of("conv2"), &of("norm2"), conv(filters, 3, 1, false)).last;
    let around = if shrinks {
        chain.last = start;
        chain.conv_norm(&of("shortcut"), &of("shortcut_norm"), conv(filters, 1, stride, false)).last
    } else {
        start
    };
    chain.join(&of("add"), &[through, around]).add(&of("relu2"), Layer::Relu);
}

/// Eight columns of categories, as ids of one vocabulary, each made a vector of 16 numbers.
fn tabular() -> Graph {
    let mut chain = Chain::new(&[8], DType::I64); // [B, 8]
    chain.add("embedding", Layer::Embedding { vocabulary: 1000, units: 16 }); // [B, 8, 16]
    chain.add("flatten", Layer::Flatten { axis: 1 }); // [B, 128]
    chain.dense("dense1", 256).add("relu1", Layer::Relu); // [B, 256]
    chain.dense("dense2", 128).add("relu2", Layer::Relu); // [B, 128]
    chain.dense("head", 2); // [B, 2]
    chain.graph()
}

/// From 336 steps of the past to 96 of the future, each of seven channels alike (Zeng et al. 2023, `Linear`).
fn forecaster() -> Graph {
    let mut chain = Chain::new(&[7, 336], DType::F32); // [B, 7, 336]
    chain.dense("head", 96); // [B, 7, 96]
    chain.graph()
}

/// A convolution that keeps the size of a picture, or divides it by `stride`.
fn conv(filters: usize, kernel: usize, stride: usize, bias: bool) -> Layer {
    let square = Size2::square;
    Layer::Conv2d {
        filters,
        kernel: square(kernel),
        stride: square(stride),
        padding: square(kernel / 2),
        dilation: square(1),
        groups: 1,
        bias,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counted by hand, and what `sum(p.numel() for p in model.parameters())` says of the modules in `bench_models.py`.
    #[test]
    fn the_networks_have_the_known_numbers_of_parameters() {
        let learned = |workload: &Workload| {
            let params = workload.graph.params().into_iter();
            let learned = params.filter(|(_, param)| param.kind == baeum::ParamKind::Learned);
            learned.map(|(_, param)| param.sizes.iter().product::<usize>()).sum::<usize>()
        };
        let counts: Vec<(&str, usize)> =
            workloads().iter().map(|workload| (workload.name, learned(workload))).collect();
        let expected = [
            ("mlp", 669_706),
            ("cnn", 421_642),
            ("resnet20", 272_474),
            ("gpt", 818_176),
            ("gpt384", 10_795_776),
            ("encoder", 1_834_244),
            ("lstm", 83_589),
            ("gru", 125_701),
            ("tabular", 82_178),
            ("forecaster", 32_352),
            ("patches", 909_024),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn a_workload_reads_x_and_answers_with_its_head() {
        for Workload { name, graph, .. } in workloads() {
            let inputs: Vec<&str> = graph.inputs().map(|node| node.name.as_str()).collect();
            let outputs: Vec<&str> = graph.outputs().iter().map(|id| graph[*id].name.as_str()).collect();
            let wanted = if name == "gru" { vec!["x", "lengths"] } else { vec!["x"] };
            assert_eq!((inputs, outputs), (wanted, vec!["head"]), "{name}");
        }
    }
}
