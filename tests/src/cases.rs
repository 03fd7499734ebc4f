mod windows;

use std::collections::BTreeMap;

use baeum::{
    Anchor, Approximate, ChannelAxis, Counter, DType, DatePart, Decode, Denoise, Distribution, End, Field,
    Filter, Fit, Graph, InputSpec, Kind, Layer, MeanOf, NodeId, Param, ParamKind, Pipeline, Positions,
    Predictor, Returns, Rng, Role, Schema, Shape, Target, Tensor, TextForm, Transform,
};

/// Every layer, each in the smallest graph that uses it in all its ways: input `x`, the layer `y`, and behind it what makes a sequence
/// of lengths of its own a row; [`predictor`] gives it an answer.
///
/// The one list that every reader of graphs is checked against: both runners, every format, the pages under `docs/`.
pub fn cases() -> Vec<(&'static str, Graph)> {
    let (image, sequence): (&[usize], &[usize]) = (&[4, 6, 5], &[5, 6]);
    let attention = |heads, causal, bias, positions| Layer::MultiHeadAttention {
        heads,
        kv_heads: None,
        causal,
        bias,
        positions,
    };
    let shared = |kv_heads, causal, bias, positions| Layer::MultiHeadAttention {
        heads: 4,
        kv_heads: Some(kv_heads),
        causal,
        bias,
        positions,
    };
    let lstm = |bidirectional, returns| Layer::Lstm { units: 4, bidirectional, returns, layers: 1 };
    let gru = |bidirectional, returns| Layer::Gru { units: 4, bidirectional, returns, layers: 1 };
    let side_by_side = vec![
        ("dense", chain(&[5], &[Layer::Dense { units: 3, bias: true }])),
        ("dense without bias", chain(&[5], &[Layer::Dense { units: 3, bias: false }])),
        ("dense over time", chain(&[4, 5], &[Layer::Dense { units: 3, bias: true }])),
        ("grouped_dense", chain(&[5], &[Layer::GroupedDense { groups: vec![2, 1, 2], units: 3 }])),
        ("scale", chain(&[5], &[Layer::Scale { axes: 1, start: 0.5, signs: false, bias: None }])),
        (
            "scale with a bias",
            chain(&[3, 4], &[Layer::Scale { axes: 2, start: 0.5, signs: true, bias: Some(0.5) }]),
        ),
        ("scale of images", chain(image, &[Layer::Scale { axes: 2, start: 0.5, signs: true, bias: None }])),
        ("ensemble", chain(&[5], &[Layer::Ensemble { members: 3 }])),
        ("member_mean", members(MeanOf::Scores)),
        ("member_mean of softmaxes", members(MeanOf::Softmax)),
        ("member_mean of sigmoids", members(MeanOf::Sigmoid)),
    ];
    let others = vec![
        (
            "batch_norm",
            chain(&[5], &[Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }]),
        ),
        (
            "batch_norm over time",
            chain(sequence, &[Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }]),
        ),
        (
            "batch_norm of images",
            chain(image, &[Layer::BatchNorm { eps: 1e-3, momentum: 0.2, axis: ChannelAxis::Second }]),
        ),
        ("batch_norm of channels last", chain(sequence, &[last_axis()])),
        ("batch_norm of images, channels last", chain(image, &[last_axis()])),
        ("layer_norm", chain(&[5], &[Layer::LayerNorm { eps: 1e-5 }])),
        ("layer_norm over time", chain(&[3, 5], &[Layer::LayerNorm { eps: 1e-5 }])),
        ("rms_norm", chain(&[5], &[Layer::RmsNorm { eps: 1e-5 }])),
        ("rms_norm over time", chain(&[3, 5], &[Layer::RmsNorm { eps: 1e-3 }])),
        ("group_norm", chain(&[6], &[Layer::GroupNorm { groups: 3, eps: 1e-5 }])),
        ("group_norm of images", chain(image, &[Layer::GroupNorm { groups: 2, eps: 1e-3 }])),
        ("instance_norm", chain(sequence, &[Layer::InstanceNorm { eps: 1e-5 }])),
        ("instance_norm of images", chain(image, &[Layer::InstanceNorm { eps: 1e-3 }])),
        ("instance_restore", restored()),
        ("relu", chain(&[5], &[Layer::Relu])),
        ("gelu", chain(&[5], &[Layer::Gelu { approximate: Approximate::None }])),
        ("gelu by tanh", chain(&[5], &[Layer::Gelu { approximate: Approximate::Tanh }])),
        ("tanh", chain(&[5], &[Layer::Tanh])),
        ("sigmoid", chain(&[5], &[Layer::Sigmoid])),
        ("silu", chain(&[5], &[Layer::Silu])),
        ("leaky_relu", chain(&[5], &[Layer::LeakyRelu { slope: 0.2 }])),
        ("elu", chain(&[5], &[Layer::Elu { alpha: 1.5 }])),
        ("softplus", chain(&[5], &[Layer::Softplus])),
        ("mish", chain(&[5], &[Layer::Mish])),
        ("hard_tanh", chain(&[5], &[Layer::HardTanh { low: -0.5, high: 0.7 }])),
        ("dropout", chain(&[5], &[Layer::Dropout { p: 0.4 }])),
        ("flatten", chain(image, &[Layer::Flatten { axis: 1 }])),
        ("flatten from the second axis", chain(image, &[Layer::Flatten { axis: 2 }])),
        ("embedding", embedding()),
        ("ngram_embedding", ngrams()),
        ("unembedding", tied()),
        ("position_embedding", chain(sequence, &[Layer::PositionEmbedding { length: 7 }])),
        ("sinusoidal_positions", chain(sequence, &[Layer::SinusoidalPositions])),
        ("multi_head_attention", chain(sequence, &[attention(2, false, true, Positions::None)])),
        ("multi_head_attention causal", chain(image, &[attention(5, true, true, Positions::None)])),
        (
            "multi_head_attention without bias",
            chain(sequence, &[attention(2, false, false, Positions::None)]),
        ),
        ("multi_head_attention with shared keys", chain(&[5, 8], &[shared(2, false, true, Positions::None)])),
        (
            "multi_head_attention rotary with shared keys",
            chain(&[5, 8], &[shared(1, true, false, Positions::Rotary)]),
        ),
        ("multi_head_attention rotary", chain(&[5, 8], &[attention(2, true, true, Positions::Rotary)])),
        ("lstm", chain(sequence, &[lstm(false, Returns::Sequence)])),
        ("lstm of both directions", chain(sequence, &[lstm(true, Returns::Sequence)])),
        ("lstm last", chain(sequence, &[lstm(false, Returns::Last)])),
        ("lstm of both directions, last", chain(sequence, &[lstm(true, Returns::Last)])),
        ("gru", chain(sequence, &[gru(false, Returns::Sequence)])),
        ("gru of both directions", chain(sequence, &[gru(true, Returns::Sequence)])),
        ("gru last", chain(sequence, &[gru(false, Returns::Last)])),
        ("gru of both directions, last", chain(sequence, &[gru(true, Returns::Last)])),
        (
            "lstm stacked",
            chain(
                sequence,
                &[Layer::Lstm { units: 4, bidirectional: true, returns: Returns::Sequence, layers: 2 }],
            ),
        ),
        (
            "gru stacked, last",
            chain(
                sequence,
                &[Layer::Gru { units: 4, bidirectional: false, returns: Returns::Last, layers: 3 }],
            ),
        ),
        ("mean_over_time", chain(sequence, &[Layer::MeanOverTime])),
        ("max_over_time", chain(sequence, &[Layer::MaxOverTime])),
        ("lengths", lengths()),
        ("mean_over_time with lengths", counted(Layer::MeanOverTime)),
        ("max_over_time with lengths", counted(Layer::MaxOverTime)),
        ("multi_head_attention with lengths", counted(attention(2, false, true, Positions::None))),
        ("lstm of both directions, with lengths", counted(lstm(true, Returns::Sequence))),
        ("gru of both directions, last, with lengths", counted(gru(true, Returns::Last))),
        ("transpose", chain(sequence, &[Layer::Transpose])),
        ("patches", chain(sequence, &[Layer::Patches { size: 3, stride: None }])),
        ("patches overlapping", chain(sequence, &[Layer::Patches { size: 2, stride: Some(1) }])),
        ("add", twice(&[5], Layer::Add)),
        ("subtract", twice(&[5], Layer::Subtract)),
        ("multiply", twice(&[5], Layer::Multiply)),
        ("concat", twice(image, Layer::Concat { axis: 1 })),
    ];
    [side_by_side, windows::cases(image, sequence), others].concat()
}

/// Every step of preprocessing under the name that a recipe has for it, fitted to something.
pub fn steps() -> Vec<(&'static str, Transform)> {
    let standardise = || Transform::Standardise { centre: vec![1.0], spread: vec![2.0] };
    vec![
        ("denoise", Transform::Denoise { by: Denoise::Median { aperture: 3 } }),
        ("crop", Transform::Crop { height: 2, width: 2 }),
        ("resize", Transform::Resize { height: 2, width: 2, filter: Filter::Bilinear, fit: Fit::Stretch }),
        ("scale", Transform::Scale { factor: 2.0, offset: 1.0 }),
        ("standardise", standardise()),
        ("robust", standardise()),
        ("log1p", Transform::Log1p {}),
        ("clip", Transform::Clip { low: vec![0.0], high: vec![1.0] }),
        ("quantile", Transform::Quantile { quantiles: vec![vec![0.0, 1.0]], output: Distribution::Normal }),
        ("impute", Transform::Impute { value: vec![1.0] }),
        ("bins", Transform::Bins { edges: vec![1.0] }),
        ("piecewise_linear", Transform::PiecewiseLinear { edges: vec![0.0, 1.0] }),
        ("category", Transform::Category { labels: NAMES.map(str::to_owned).to_vec() }),
        ("hash", Transform::Hash { buckets: 4 }),
        ("date_parts", Transform::DateParts { parts: vec![DatePart::Month], cyclic: false }),
        ("normalise_text", Transform::NormaliseText { form: TextForm::Nfkc, lower: true }),
        (
            "tokenise",
            Transform::Tokenise {
                tokenizer: String::new(),
                vocabulary: 3,
                padding: 0,
                length: 2,
                keep: End::Start,
                fill: End::End,
            },
        ),
        ("one_hot", Transform::OneHot { size: 2 }),
        ("normalise_window", Transform::NormaliseWindow { channels: 1, by: Anchor::Last }),
        ("difference", Transform::Difference { channels: 1, lag: 1 }),
        ("steps_first", Transform::StepsFirst { channels: 1 }),
    ]
}

/// A case behind which one number answers (`flatten` where it is needed, and `head`), with weights drawn at random; running
/// variances stay above zero.
///
/// # Panics
/// If the graph has no input, which no case has.
pub fn predictor(graph: Graph) -> Predictor {
    let graph = with_head(graph);
    let rng = Rng::new(7);
    let draw = |(name, param): (String, Param)| {
        let mut numbers = vec![0.0; param.sizes.iter().product()];
        rng.stream("init", &name).fill_uniform(&mut numbers, Counter::once());
        let spread = |x: &mut f32| match param.kind {
            ParamKind::Learned | ParamKind::Frozen => *x - 0.5,
            ParamKind::Running => *x + 0.5,
        };
        numbers.iter_mut().for_each(|x| *x = spread(x));
        (name, Tensor::new(param.sizes, numbers).expect("sizes and numbers agree"))
    };
    let weights: BTreeMap<String, Tensor> = graph.params().into_iter().map(draw).collect();
    let input = graph.inputs().next().expect("a case has an input");
    let shape = input.shape.item().expect("a case has known sizes");
    let Layer::Input { dtype } = input.layer else { panic!("`inputs` gives inputs alone") };
    let name = input.name.clone();
    let (mut fields, columns): (Vec<Field>, Vec<Pipeline>) = match dtype {
        DType::I64 => (0..shape[0]).map(|i| named(&format!("x{i}"))).unzip(),
        DType::F32 | DType::F64 | DType::U8 => {
            let numbers = field("x", Kind::Numbers { len: shape.iter().product() }, Role::Input, &[]);
            (vec![numbers], vec![Pipeline { field: "x".to_owned(), steps: vec![] }])
        }
    };
    fields.push(field("y", Kind::Number, Role::Target, &[]));
    let decode = Decode::Number { scale: 1.0, offset: 0.0, unit: None };
    Predictor {
        schema: Schema { fields },
        inputs: vec![InputSpec { name, dtype, shape, columns }],
        weights,
        graph,
        targets: vec![Target { field: "y".to_owned(), decode }],
    }
}

/// The names that become ids from 1; 0 is for a name that is none of them.
pub const NAMES: [&str; 6] = ["ash", "birch", "cedar", "elm", "fir", "oak"];

/// A field of names, and the step that makes an id of each.
fn named(name: &str) -> (Field, Pipeline) {
    let steps = vec![Transform::Category { labels: NAMES.map(str::to_owned).to_vec() }];
    (field(name, Kind::Category, Role::Input, &NAMES), Pipeline { field: name.to_owned(), steps })
}

fn field(name: &str, kind: Kind, role: Role, labels: &[&str]) -> Field {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Field { name: name.to_owned(), kind, role, columns: vec![name.to_owned()], labels, range: None }
}

fn with_head(mut graph: Graph) -> Graph {
    let last = graph.nodes().last().and_then(|node| graph.find(&node.name)).expect("a case has nodes");
    let flat = if graph[last].shape.rank() > 2 {
        add(&mut graph, "flat", Layer::Flatten { axis: 1 }, &[last])
    } else {
        last
    };
    let head = add(&mut graph, "head", Layer::Dense { units: 1, bias: true }, &[flat]);
    graph.output(head);
    graph
}

/// `layers` one behind the other; the last one is called `y`.
fn chain(item: &[usize], layers: &[Layer]) -> Graph {
    let mut graph = Graph::default();
    let mut x = graph.input("x", Shape::batch(item), DType::F32).expect("the first name is free");
    for (i, layer) in layers.iter().enumerate() {
        let name = if i + 1 == layers.len() { "y".to_owned() } else { format!("l{i}") };
        x = add(&mut graph, &name, layer.clone(), &[x]);
    }
    graph
}

/// A layer of two inputs, fed with the same values once as they are and once through `tanh`.
fn twice(item: &[usize], layer: Layer) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(item), DType::F32).expect("the first name is free");
    let bent = add(&mut graph, "bent", Layer::Tanh, &[x]);
    add(&mut graph, "y", layer, &[x, bent]);
    graph
}

fn last_axis() -> Layer {
    Layer::BatchNorm { eps: 1e-3, momentum: 0.2, axis: ChannelAxis::Last }
}

/// What is told of normalised channels, turned back by what they were.
fn restored() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[3, 6]), DType::F32).expect("the first name is free");
    let normal = add(&mut graph, "normal", Layer::InstanceNorm { eps: 1e-5 }, &[x]);
    let told = add(&mut graph, "told", Layer::Dense { units: 4, bias: true }, &[normal]);
    add(&mut graph, "y", Layer::InstanceRestore { eps: 1e-5 }, &[told, x]);
    graph
}

/// How many places of a text count, and a layer that is told.
fn lengths() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::I64).expect("the first name is free");
    let lengths = add(&mut graph, "y", Layer::Lengths { padding: 0 }, &[x]);
    let vectors =
        add(&mut graph, "vectors", Layer::Embedding { vocabulary: NAMES.len() + 1, units: 4 }, &[x]);
    add(&mut graph, "mean", Layer::MeanOverTime, &[vectors, lengths]);
    graph
}

/// A layer that reads a text and how many of its places count; a mean over them follows, if the layer yields a sequence.
fn counted(layer: Layer) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::I64).expect("the first name is free");
    let vectors =
        add(&mut graph, "vectors", Layer::Embedding { vocabulary: NAMES.len() + 1, units: 6 }, &[x]);
    let lengths = add(&mut graph, "lengths", Layer::Lengths { padding: 0 }, &[x]);
    let y = add(&mut graph, "y", layer, &[vectors, lengths]);
    if graph[y].shape.rank() > 2 {
        add(&mut graph, "mean", Layer::MeanOverTime, &[y, lengths]);
    }
    graph
}

fn embedding() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[3]), DType::I64).expect("the first name is free");
    add(&mut graph, "y", Layer::Embedding { vocabulary: NAMES.len() + 1, units: 4 }, &[x]);
    graph
}

/// Runs of one, two and three ids as vectors; some share one.
fn ngrams() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::I64).expect("the first name is free");
    let runs = [(1, "ids"), (2, "y"), (3, "triples")]
        .map(|(n, name)| add(&mut graph, name, Layer::NgramEmbedding { n, buckets: 7, units: 4 }, &[x]));
    add(&mut graph, "sum", Layer::Add, &runs);
    graph
}

/// Ids as vectors of a table, which scores ids in turn.
fn tied() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[3]), DType::I64).expect("the first name is free");
    let vocabulary = NAMES.len() + 1;
    let vectors = add(&mut graph, "vectors", Layer::Embedding { vocabulary, units: 4 }, &[x]);
    add(&mut graph, "y", Layer::Unembedding { table: "vectors".to_owned(), vocabulary }, &[vectors]);
    graph
}

fn add(graph: &mut Graph, name: &str, layer: Layer, inputs: &[NodeId]) -> NodeId {
    graph.add(name, layer, inputs).expect("a case is well shaped")
}

/// Members of an ensemble that say different numbers, and what they say together.
fn members(of: MeanOf) -> Graph {
    let signs = Layer::Scale { axes: 2, start: 1.0, signs: true, bias: None };
    chain(&[5], &[Layer::Ensemble { members: 3 }, signs, Layer::MemberMean { of }])
}
