//! Every layer and every transform, through every format, against plain loops.
use baeum_core::{
    Anchor, Anchored, Answer, Approximate, ChannelAxis, DType, Data, Decode, Distribution, Filter, Fit,
    Graph, Interpolation, Kind, Layer, Limits, MeanOf, NodeId, Positions, Predictor, Record, Returns, Shape,
    Size2, Tensor, Transform, Value,
};

use super::*;
use crate::plain::{classifier, field, golden, input, numbers, predictor, rows};
use crate::{ExportConfig, Format, encode};

/// Encodes, opens and compares; what differs, as a text.
fn outcome(format: Format, predictor: &Predictor, golden: &Golden) -> Result<Verified, String> {
    let plan = ExportConfig::default().check().map_err(|error| error.to_string())?;
    let files = encode(format, predictor, &plan).map_err(|error| error.to_string())?;
    assert_eq!(files, encode(format, predictor, &plan).unwrap(), "same predictor, same bytes");
    verify(format, &files, predictor, golden, &Limits::default()).map_err(chain)
}

fn chain(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

#[track_caller]
fn agrees(name: &str, predictor: &Predictor, records: Vec<Record>) {
    let golden = golden(predictor, records);
    for format in Format::ALL {
        let verified =
            outcome(format, predictor, &golden).unwrap_or_else(|error| panic!("{name}, {format}: {error}"));
        assert_eq!(verified.parity.level, format.facts().compared);
        match format {
            Format::Safetensors | Format::Pth => {
                assert_eq!(verified.weights.as_ref(), Some(&predictor.weights), "{name}")
            }
            Format::Onnx => assert_eq!(verified.parity.rows, golden.records.len(), "{name}"),
        }
    }
}

/// A layer alone behind an input of `item`.
#[track_caller]
fn layer(item: &[usize], layer: Layer) {
    let name = layer.name();
    let predictor = classifier(item, |graph, x| graph.add("layer", layer, &[x]).unwrap());
    agrees(name, &predictor, rows(3, item.iter().product()));
}

fn size(height: usize, width: usize) -> Size2 {
    Size2 { height, width }
}

fn conv(filters: usize, groups: usize, bias: bool) -> Layer {
    let (kernel, stride, padding, dilation) = (size(3, 2), size(2, 1), size(1, 2), size(1, 2));
    Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, bias }
}

#[test]
fn dense_agrees() {
    layer(&[4], Layer::Dense { units: 5, bias: true });
    layer(&[4], Layer::Dense { units: 5, bias: false });
    layer(&[6, 4], Layer::Dense { units: 5, bias: true });
    layer(&[6, 4], Layer::Dense { units: 5, bias: false });
}

#[test]
fn convolution_agrees() {
    layer(&[4, 7, 6], conv(6, 1, true));
    layer(&[4, 7, 6], conv(6, 2, false));
    layer(&[4, 7, 6], conv(4, 4, true));
}

#[test]
fn transposed_convolution_agrees() {
    let transposed = |filters, groups, bias| {
        let (kernel, stride, padding, dilation) = (size(3, 2), size(2, 1), size(1, 0), size(1, 2));
        let output_padding = size(1, 0);
        Layer::ConvTranspose2d { filters, kernel, stride, padding, output_padding, dilation, groups, bias }
    };
    layer(&[4, 7, 6], transposed(6, 1, true));
    layer(&[4, 7, 6], transposed(6, 2, false));
    layer(&[4, 7, 6], transposed(4, 4, true));
}

#[test]
fn convolution_over_time_agrees() {
    let conv = |filters, kernel, stride, padding, dilation, groups, bias| Layer::Conv1d {
        filters,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        bias,
    };
    layer(&[4, 9], conv(6, 3, 1, 1, 1, 1, true));
    layer(&[4, 9], conv(6, 3, 2, 2, 2, 2, false));
    layer(&[4, 9], conv(4, 2, 1, 0, 3, 4, true));
    layer(&[4, 9], Layer::BatchNorm { eps: 1e-3, momentum: 0.1, axis: ChannelAxis::Second });
}

#[test]
fn pooling_agrees() {
    let (kernel, padding) = (size(3, 2), size(1, 1));
    for stride in [None, Some(size(2, 1))] {
        for ceil_mode in [false, true] {
            layer(&[2, 7, 6], Layer::MaxPool2d { kernel, stride, padding, ceil_mode });
            layer(&[2, 7, 6], Layer::AvgPool2d { kernel, stride, padding, ceil_mode });
        }
    }
    layer(&[3, 5, 4], Layer::GlobalAvgPool);
    layer(&[3, 5, 4], Layer::AdaptiveAvgPool2d { size: size(3, 2) });
    layer(&[3, 5, 4], Layer::AdaptiveAvgPool2d { size: size(1, 7) });
    layer(&[3, 5, 4], Layer::AdaptiveMaxPool2d { size: size(3, 2) });
    layer(&[3, 5, 4], Layer::AdaptiveMaxPool2d { size: size(1, 7) });
    for stride in [None, Some(2)] {
        for ceil_mode in [false, true] {
            layer(&[2, 8], Layer::MaxPool1d { kernel: 3, stride, padding: 1, ceil_mode });
            layer(&[2, 8], Layer::AvgPool1d { kernel: 3, stride, padding: 1, ceil_mode });
        }
    }
    for mode in [Interpolation::Nearest, Interpolation::Bilinear] {
        layer(&[2, 3, 4], Layer::Upsample { factor: size(2, 3), mode });
    }
}

#[test]
fn norms_agree() {
    layer(&[3, 5, 4], Layer::BatchNorm { eps: 1e-3, momentum: 0.1, axis: ChannelAxis::Second });
    layer(&[5], Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second });
    let last = || Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Last };
    for item in [&[5][..], &[4, 5], &[3, 4, 5]] {
        layer(item, last());
    }
    layer(&[5], Layer::LayerNorm { eps: 1e-5 });
    layer(&[4, 5], Layer::LayerNorm { eps: 1e-2 });
    layer(&[5], Layer::RmsNorm { eps: 1e-5 });
    layer(&[4, 5], Layer::RmsNorm { eps: 1e-2 });
    layer(&[4, 5], Layer::InstanceNorm { eps: 1e-5 });
    layer(&[4, 5, 3], Layer::InstanceNorm { eps: 1e-2 });
    for item in [&[4][..], &[4, 5], &[4, 5, 3]] {
        layer(item, Layer::GroupNorm { groups: 2, eps: 1e-3 });
        layer(item, Layer::GroupNorm { groups: 1, eps: 1e-5 });
    }
}

#[test]
fn activations_agree() {
    for activation in [
        Layer::Relu,
        Layer::Gelu { approximate: Approximate::None },
        Layer::Gelu { approximate: Approximate::Tanh },
        Layer::Tanh,
        Layer::Sigmoid,
        Layer::Silu,
        Layer::LeakyRelu { slope: 0.1 },
        Layer::Elu { alpha: 2.0 },
        Layer::Softplus,
        Layer::Mish,
        Layer::HardTanh { low: -0.5, high: 0.5 },
        Layer::Dropout { p: 0.5 },
    ] {
        layer(&[6], activation);
    }
    layer(&[2, 3, 4], Layer::Flatten { axis: 1 });
}

#[test]
fn fields_and_members_agree() {
    layer(&[6], Layer::GroupedDense { groups: vec![1, 3, 2], units: 4 });
    layer(&[6], Layer::GroupedDense { groups: vec![6], units: 1 });
    layer(&[6], Layer::Ensemble { members: 3 });
    for of in [MeanOf::Scores, MeanOf::Softmax, MeanOf::Sigmoid] {
        layer(&[4, 6], Layer::MemberMean { of });
    }
    for axes in [1, 2] {
        layer(&[2, 4, 6], Layer::Scale { axes, start: 1.0, signs: false, bias: None });
        layer(&[2, 4, 6], Layer::Scale { axes, start: 1.0, signs: true, bias: Some(0.5) });
    }
}

#[test]
fn sequences_agree() {
    for item in [&[4, 6][..], &[2, 4, 6]] {
        layer(item, Layer::PositionEmbedding { length: 5 });
        layer(item, Layer::SinusoidalPositions);
        for causal in [false, true] {
            for (bias, positions) in
                [(true, Positions::None), (false, Positions::None), (true, Positions::Rotary)]
            {
                for kv_heads in [None, Some(1)] {
                    layer(item, Layer::MultiHeadAttention { heads: 3, kv_heads, causal, bias, positions });
                }
            }
        }
        layer(item, Layer::Patches { size: 3, stride: Some(2) });
        layer(item, Layer::Transpose);
        layer(item, Layer::Dense { units: 3, bias: true });
    }
    layer(&[2, 4, 6], Layer::Flatten { axis: 2 });
    layer(&[4, 6], Layer::MeanOverTime);
    layer(&[4, 6], Layer::MaxOverTime);
}

#[test]
fn recurrent_layers_agree() {
    for (bidirectional, returns) in
        [(false, Returns::Sequence), (false, Returns::Last), (true, Returns::Sequence), (true, Returns::Last)]
    {
        for layers in [1, 3] {
            layer(&[4, 6], Layer::Lstm { units: 3, bidirectional, returns, layers });
            layer(&[4, 6], Layer::Gru { units: 3, bidirectional, returns, layers });
        }
    }
}

#[test]
fn what_is_restored_agrees() {
    let restored = |graph: &mut Graph, x: NodeId| {
        let normal = graph.add("normal", Layer::InstanceNorm { eps: 1e-3 }, &[x]).unwrap();
        let told = graph.add("told", Layer::Dense { units: 2, bias: true }, &[normal]).unwrap();
        graph.add("y", Layer::InstanceRestore { eps: 1e-3 }, &[told, x]).unwrap()
    };
    agrees("restored", &classifier(&[3, 4], restored), rows(2, 12));
}

#[test]
fn branches_agree() {
    let branches = |graph: &mut Graph, x: NodeId| {
        let a = graph.add("a", Layer::Tanh, &[x]).unwrap();
        let b = graph.add("b", Layer::Sigmoid, &[x]).unwrap();
        let sum = graph.add("sum", Layer::Add, &[a, b, x]).unwrap();
        let sum = graph.add("product", Layer::Multiply, &[sum, b]).unwrap();
        graph.add("both", Layer::Concat { axis: 2 }, &[sum, a]).unwrap()
    };
    agrees("branches", &classifier(&[3, 4], branches), rows(2, 12));
}

fn labels() -> Decode {
    Decode::Label { labels: vec!["no".to_owned(), "yes".to_owned()] }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Numbers with gaps, names as one-hot, two rows in an input of `[1, 2, 4]`.
fn table() -> (Predictor, Vec<Record>) {
    let colour =
        vec![Transform::Category { labels: names(&["blue", "green", "red"]) }, Transform::OneHot { size: 4 }];
    let age = vec![
        Transform::Impute { value: vec![30.0] },
        Transform::Standardise { centre: vec![35.0], spread: vec![12.5] },
    ];
    let pair =
        vec![Transform::Impute { value: vec![1.0, 2.0] }, Transform::Scale { factor: 0.5, offset: -1.0 }];
    let spec = input("x", DType::F32, &[1, 1, 7], &[("age", age), ("colour", colour), ("pair", pair)]);
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[1, 1, 7]), DType::F32).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[x]).unwrap();
    let hidden = graph.add("hidden", Layer::Dense { units: 5, bias: true }, &[rows]).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[hidden]).unwrap();
    let fields = vec![
        field("colour", Kind::Category),
        field("age", Kind::Number),
        field("pair", Kind::Numbers { len: 2 }),
    ];
    let text = |name: &str| Value::Text(name.to_owned());
    let records = vec![
        record([
            ("age", Value::Number(41.0)),
            ("colour", text("red")),
            ("pair", Value::Numbers(vec![1.0, 2.0])),
        ]),
        record([
            ("age", Value::Missing),
            ("colour", text("mauve")),
            ("pair", Value::Numbers(vec![f64::NAN, 4.0])),
        ]),
        record([("age", Value::Number(7.5)), ("colour", Value::Missing), ("pair", Value::Missing)]),
        record([
            ("age", Value::Number(-3.0)),
            ("colour", text("blue")),
            ("pair", Value::Numbers(vec![0.5, -9.0])),
        ]),
    ];
    (predictor(fields, vec![spec], graph, labels()), records)
}

#[test]
fn tables_agree_with_missing_and_unseen_values() {
    let (predictor, records) = table();
    agrees("table", &predictor, records);
}

/// Every step from numbers to numbers, over numbers on and between all of its edges and one that is missing.
#[test]
fn numbers_agree_behind_every_step() {
    let quantiles = |output| Transform::Quantile {
        quantiles: vec![vec![-2.0, -1.0, 0.0, 0.0, 0.0, 1.5, 8.0, 9.0, 9.0]],
        output,
    };
    let edges = || vec![-1.0, 0.0, 1.5, 8.0];
    let known = || Transform::Impute { value: vec![0.5] };
    let ways = vec![
        vec![Transform::Clip { low: vec![-0.5], high: vec![] }, known(), Transform::Log1p {}],
        vec![Transform::Clip { low: vec![-3.0], high: vec![3.0] }, known()],
        vec![known(), quantiles(Distribution::Normal)],
        vec![quantiles(Distribution::Uniform), known()],
        vec![Transform::IsMissing {}],
        vec![Transform::Bins { edges: edges() }],
        vec![Transform::Bins { edges: edges() }, Transform::OneHot { size: 6 }],
        vec![Transform::Bins { edges: vec![] }, Transform::OneHot { size: 2 }],
        vec![known(), Transform::PiecewiseLinear { edges: edges() }],
        vec![known(), Transform::PiecewiseLinear { edges: vec![-1.0, 4.0] }],
    ];
    let wide = 6 + 6 + 2 + 3 + 1;
    let columns: Vec<_> = ways.into_iter().map(|way| ("x", way)).collect();
    let mut graph = Graph::default();
    let x = graph.input("row", Shape::batch(&[wide]), DType::F32).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[x]).unwrap();
    let spec = input("row", DType::F32, &[wide], &columns);
    let predictor = predictor(vec![field("x", Kind::Number)], vec![spec], graph, labels());
    let numbers = [-9.0, -2.0, -1.5, -1.0, -0.25, 0.0, 0.125, 1.5, 2.0, 7.99, 8.0, 8.5, 8.999, 9.0, 44.0];
    let mut records: Vec<Record> = numbers.iter().map(|x| record([("x", Value::Number(*x))])).collect();
    records.push(record([("x", Value::Missing)]));
    agrees("numbers", &predictor, records);
}

/// Each part brought near zero: no answer is sure of itself, so each is moved by each part.
#[test]
fn the_parts_of_a_date_agree() {
    use baeum_core::DatePart::{Day, DayOfYear, Hour, Minute, Month, Weekday, Year};
    let all = vec![Year, Month, Day, Weekday, Hour, Minute, DayOfYear];
    let near_zero = Transform::Standardise {
        centre: vec![1950.0, 6.0, 15.0, 3.0, 12.0, 30.0, 180.0],
        spread: vec![200.0, 4.0, 9.0, 2.0, 7.0, 20.0, 100.0],
    };
    let plain = Transform::DateParts { parts: all.clone(), cyclic: false };
    let circles = Transform::DateParts { parts: all[1..].to_vec(), cyclic: true };
    let known = || Transform::Impute { value: vec![0.25] };
    let columns = [("when", vec![plain, near_zero, known()]), ("when", vec![circles, known()])];
    let mut graph = Graph::default();
    let x = graph.input("row", Shape::batch(&[19]), DType::F32).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[x]).unwrap();
    let spec = input("row", DType::F32, &[19], &columns);
    let predictor = predictor(vec![field("when", Kind::Text)], vec![spec], graph, labels());
    let date = |year: usize, month: usize, day: usize| {
        let (hour, minute) = (year * 5 % 24, year * 13 % 60);
        record([("when", Value::Text(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")))])
    };
    let ends = [(1, 1), (1, 31), (2, 28), (3, 1), (4, 30), (7, 31), (8, 31), (12, 31)];
    let years = [1, 4, 100, 400, 1899, 1900, 1904, 1970, 1999, 2000, 2023, 2024, 2100, 9996, 9999];
    let mut records: Vec<Record> =
        years.iter().flat_map(|&year| ends.map(|(month, day)| date(year, month, day))).collect();
    records.extend([4, 400, 1904, 2000, 2024, 9996].map(|year| date(year, 2, 29)));
    agrees("dates", &predictor, records);
}

#[test]
fn several_numbers_agree_behind_steps_of_their_own() {
    let steps = vec![
        Transform::Clip { low: vec![-1.0, 0.0], high: vec![1.0] },
        Transform::Quantile {
            quantiles: vec![vec![-1.0, 0.0, 1.0], vec![0.0, 0.25, 1.0]],
            output: Distribution::Normal,
        },
        Transform::Impute { value: vec![0.0] },
    ];
    let spec = input("row", DType::F32, &[4], &[("x", steps), ("x", vec![Transform::IsMissing {}])]);
    let mut graph = Graph::default();
    let x = graph.input("row", Shape::batch(&[4]), DType::F32).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[x]).unwrap();
    let fields = vec![field("x", Kind::Numbers { len: 2 })];
    let predictor = predictor(fields, vec![spec], graph, labels());
    let rows = [[-2.0, -2.0], [0.3, 0.3], [f64::NAN, 0.7], [0.9, 4.0]];
    agrees("several", &predictor, rows.map(|row| record([("x", Value::Numbers(row.to_vec()))])).to_vec());
}

/// Two channels of five steps, the second one flat in a row; three steps of both are told, in another order.
#[test]
fn forecasts_agree_however_the_window_is_measured() {
    let standardise = || Transform::Standardise { centre: vec![1.0, 40.0], spread: vec![2.0, 30.0] };
    let window = |by| Transform::NormaliseWindow { channels: 2, by };
    let ways = [
        (vec![standardise()], None, [2, 5]),
        (vec![standardise(), window(Anchor::Last)], Some(Anchor::Last), [2, 5]),
        (vec![window(Anchor::Mean), Transform::StepsFirst { channels: 2 }], Some(Anchor::Mean), [5, 2]),
        (vec![standardise(), Transform::Difference { channels: 2, lag: 2 }], Some(Anchor::Last), [2, 3]),
    ];
    for (steps, anchor, shape) in ways {
        let spec = input("x", DType::F32, &shape, &[("series", steps)]);
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&shape), DType::F32).unwrap();
        let flat = graph.add("flat", Layer::Flatten { axis: 1 }, &[x]).unwrap();
        graph.add("head", Layer::Dense { units: 6, bias: true }, &[flat]).unwrap();
        let anchor =
            anchor.map(|by| Anchored { field: "series".to_owned(), channels: vec![1, 0], steps: 5, by });
        let (scale, offset) = (vec![30.0, 2.0], vec![40.0, 1.0]);
        let decode =
            Decode::Forecast { columns: names(&["b", "a"]), steps: 3, scale, offset, anchor, unit: None };
        let fields = vec![field("series", Kind::Series { channels: 2, steps: 5 })];
        let predictor = predictor(fields, vec![spec], graph, decode);
        let rows = [
            [1.0, 2.0, 4.0, 3.0, 0.5, 10.0, 20.0, 60.0, 80.0, 35.0],
            [-3.0, 0.0, 1.5, 8.0, 2.25, 7.0, 7.0, 7.0, 7.0, 7.0],
        ];
        let records = rows.map(|row| record([("series", Value::Numbers(row.to_vec()))]));
        agrees("forecast", &predictor, records.to_vec());
    }
}

/// A network of `width` numbers behind four.
fn answering(width: usize, decode: Decode) -> Predictor {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[4]), DType::F32).unwrap();
    graph.add("head", Layer::Dense { units: width, bias: true }, &[x]).unwrap();
    let spec = input("x", DType::F32, &[4], &[("x", vec![])]);
    predictor(vec![field("x", Kind::Numbers { len: 4 })], vec![spec], graph, decode)
}

#[test]
fn several_labels_agree() {
    let decode =
        Decode::Labels { labels: names(&["toxic", "욕설", "in\nsult"]), thresholds: vec![0.5, 0.25, 0.75] };
    let predictor = answering(3, decode);
    agrees("labels", &predictor, rows(9, 4));
    let mut golden = golden(&predictor, rows(3, 4));
    let Some(Answer::Labels { labels, .. }) = golden.answers[1].first_mut() else { panic!("labels") };
    labels.push("more".to_owned());
    let error = outcome(Format::Onnx, &predictor, &golden).unwrap_err();
    assert!(error.contains("row 1") && error.contains("more`"), "{error}");
}

#[test]
fn several_numbers_agree() {
    let (scale, offset) = (vec![250.0, 0.5], vec![-40.0, 3.0]);
    let decode = Decode::Numbers { columns: names(&["price", "rent"]), scale, offset, unit: None };
    let predictor = answering(2, decode);
    agrees("numbers", &predictor, rows(5, 4));
    let mut golden = golden(&predictor, rows(3, 4));
    let Some(Answer::Numbers { values, .. }) = golden.answers[2].first_mut() else { panic!("numbers") };
    values[0] += 1.0;
    let error = outcome(Format::Onnx, &predictor, &golden).unwrap_err();
    assert!(error.contains("row 2"), "{error}");
}

/// Some rows cross and others do not; all formats answer them sorted.
#[test]
fn quantiles_agree_in_order() {
    for levels in [vec![0.5], vec![0.1, 0.9], (1..=30).map(|level| f64::from(level) / 31.0).collect()] {
        let width = levels.len();
        let decode = Decode::Quantiles { levels, scale: 250.0, offset: -40.0, unit: None };
        let predictor = answering(width, decode);
        let golden = golden(&predictor, rows(9, 4));
        for answer in golden.answers.iter().flatten() {
            let Answer::Numbers { values, .. } = answer else { panic!("{answer:?}") };
            assert!(values.len() == width && values.is_sorted(), "{values:?}");
        }
        agrees("quantiles", &predictor, rows(9, 4));
    }
}

#[test]
fn embedded_names_agree() {
    let words = |list: &[&str]| vec![Transform::Category { labels: names(list) }];
    let spec =
        input("ids", DType::I64, &[2], &[("from", words(&["a", "b"])), ("to", words(&["b", "c", "d"]))]);
    let mut graph = Graph::default();
    let ids = graph.input("ids", Shape::batch(&[2]), DType::I64).unwrap();
    let vectors = graph.add("vectors", Layer::Embedding { vocabulary: 4, units: 3 }, &[ids]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[vectors]).unwrap();
    graph.add("head", Layer::Dense { units: 1, bias: true }, &[rows]).unwrap();
    let decode = Decode::Number { scale: 250.0, offset: -40.0, unit: Some("km".to_owned()) };
    let predictor = predictor(
        vec![field("from", Kind::Category), field("to", Kind::Category)],
        vec![spec],
        graph,
        decode,
    );
    let text = |name: &str| Value::Text(name.to_owned());
    let records = [("a", "d"), ("b", "b"), ("z", "c"), ("", "")];
    agrees(
        "embedding",
        &predictor,
        records.map(|(from, to)| record([("from", text(from)), ("to", text(to))])).to_vec(),
    );
}

fn photo(height: usize, width: usize, channels: usize) -> Value {
    let bytes: Vec<u8> = numbers(height * width, height * width * channels)
        .into_iter()
        .map(|x| (127.5 + 127.5 * x) as u8)
        .collect();
    Value::Image(Tensor::new([height, width, channels], bytes).unwrap())
}

/// Images of any size to `[3, 6, 5]`.
fn photos(filter: Filter) -> Predictor {
    let steps = vec![
        Transform::Resize { height: 6, width: 5, filter, fit: Fit::Stretch },
        Transform::Scale { factor: 1.0 / 255.0, offset: 0.0 },
        Transform::Standardise { centre: vec![0.4, 0.5, 0.6], spread: vec![0.2, 0.25, 0.3] },
    ];
    let spec = input("image", DType::F32, &[3, 6, 5], &[("photo", steps)]);
    let mut graph = Graph::default();
    let x = graph.input("image", Shape::batch(&[3, 6, 5]), DType::F32).unwrap();
    let conv = graph.add("conv", conv(4, 1, true), &[x]).unwrap();
    let rows = graph.add("rows", Layer::GlobalAvgPool, &[conv]).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[rows]).unwrap();
    predictor(vec![field("photo", Kind::Image { channels: 3, size: None })], vec![spec], graph, labels())
}

#[test]
fn images_of_any_size_agree() {
    let records = || {
        [(6, 5), (20, 31), (4, 3), (1, 1), (13, 2)].map(|(h, w)| record([("photo", photo(h, w, 3))])).to_vec()
    };
    for filter in [Filter::Bilinear, Filter::Bicubic] {
        agrees("photos", &photos(filter), records());
    }
}

#[test]
fn images_of_one_size_agree_without_resize() {
    let spec =
        input("image", DType::F32, &[8], &[("photo", vec![Transform::Scale { factor: 0.01, offset: 0.1 }])]);
    let mut graph = Graph::default();
    let x = graph.input("image", Shape::batch(&[8]), DType::F32).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[x]).unwrap();
    let kind = Kind::Image { channels: 2, size: Some((2, 2)) };
    let predictor = predictor(vec![field("photo", kind)], vec![spec], graph, labels());
    agrees("fixed", &predictor, vec![record([("photo", photo(2, 2, 2))])]);
}

#[test]
fn every_operator_set_gives_the_same_answers() {
    let (predictor, records) = table();
    let golden = golden(&predictor, records);
    for opset in 13..=18 {
        let plan = ExportConfig { opset: Some(opset), ..ExportConfig::default() }.check().unwrap();
        let files = encode(Format::Onnx, &predictor, &plan).unwrap();
        verify(Format::Onnx, &files, &predictor, &golden, &Limits::default()).unwrap();
    }
}

/// The refusal after `change` was made to the file of a small predictor, or to what it is compared with.
fn refusal(format: Format, change: impl FnOnce(&mut Predictor, &mut Golden)) -> String {
    let predictor = classifier(&[4], |graph, x| graph.add("layer", Layer::Tanh, &[x]).unwrap());
    let mut golden = golden(&predictor, rows(3, 4));
    let mut changed = predictor.clone();
    change(&mut changed, &mut golden);
    let plan = ExportConfig::default().check().unwrap();
    let files = encode(format, &changed, &plan).unwrap();
    verify(format, &files, &predictor, &golden, &Limits::default()).map_err(chain).err().unwrap_or_default()
}

/// The predictor with one weight a little larger.
fn nudged(predictor: &mut Predictor, by: f32) {
    let mut numbers = predictor.weights["head.bias"].f32s().unwrap().to_vec();
    numbers[1] += by;
    predictor.weights.insert("head.bias".to_owned(), Tensor::vector(numbers));
}

#[test]
fn other_weights_are_found() {
    let bits = |file: &str| format!("`{file}` wants `head.bias` bit for bit, got other numbers");
    assert_eq!(refusal(Format::Pth, |other, _| nudged(other, 1e-6)), bits("model.pth"));
    assert_eq!(refusal(Format::Safetensors, |other, _| nudged(other, 1e-6)), bits("model.safetensors"));
    let error = refusal(Format::Onnx, |other, _| nudged(other, 1e-3));
    assert!(
        error.starts_with("`target` of golden row 0 wants 0.64")
            && error.contains(" within 1.0e-5, got 0.64"),
        "{error}"
    );
}

#[test]
fn answers_that_cannot_be_compared_are_found() {
    let error = refusal(Format::Onnx, |other, _| nudged(other, f32::NAN));
    assert!(
        error.starts_with("`target` of golden row 0 wants finite numbers and 0.64")
            && error.ends_with(", got NaN"),
        "{error}"
    );
    let error = refusal(Format::Onnx, |other, _| {
        other.targets[0].decode = Decode::Label { labels: names(&["a", "b", "c"]) };
    });
    assert_eq!(error, "`target` of golden row 0 wants label `setosa`, got `a`");
    let error = refusal(Format::Onnx, |_, golden| golden.records.clear());
    assert_eq!(error, "the comparison wants at least one golden row, got none");
    let error = refusal(Format::Onnx, |_, golden| golden.answers.truncate(2));
    assert_eq!(error, "2 golden rows want as many answers, got 3");
    let error = refusal(Format::Onnx, |_, golden| {
        golden.records[1].insert("x".to_owned(), Value::Text("four".to_owned()));
    });
    assert_eq!(error, "golden row 1 wants 4 numbers for `x`, got the text `four`");
}

#[test]
fn files_that_are_not_there_or_not_whole_are_found() {
    let predictor = classifier(&[4], |graph, x| graph.add("layer", Layer::Tanh, &[x]).unwrap());
    let golden = golden(&predictor, rows(3, 4));
    let of = |format: Format, files: crate::Files| {
        verify(format, &files, &predictor, &golden, &Limits::default())
            .map_err(chain)
            .err()
            .unwrap_or_default()
    };
    let cut = |format: Format| {
        let mut files = encode(format, &predictor, &ExportConfig::default().check().unwrap()).unwrap();
        files.0.values_mut().for_each(|bytes| bytes.truncate(100));
        of(format, files)
    };
    assert_eq!(of(Format::Onnx, Default::default()), "the export wants `model.onnx`, got no such file");
    assert_eq!(
        cut(Format::Pth),
        "could not read `model.pth` back: zip archive wants an end record, got none"
    );
    let begins = |format, text: &str| assert!(cut(format).starts_with(text), "{}", cut(format));
    begins(Format::Onnx, "could not read `model.onnx` back: ONNX model at byte ");
    begins(Format::Safetensors, "could not read `model.safetensors` back: a weights file wants ");
}

#[test]
fn a_graph_that_nothing_can_run_is_named() {
    let predictor = classifier(&[4], |graph, x| graph.add("layer", Layer::Tanh, &[x]).unwrap());
    let golden = golden(&predictor, rows(1, 4));
    let changed = |change: fn(&mut crate::onnx::Model)| {
        let mut model = crate::onnx::write(&predictor.blueprint(), &predictor.weights, None).unwrap();
        change(&mut model);
        let files = crate::Files::one("model.onnx", crate::onnx::bytes(&model));
        verify(Format::Onnx, &files, &predictor, &golden, &Limits::default())
            .map_err(chain)
            .err()
            .unwrap_or_default()
    };
    let lost = changed(|model| model.graph.nodes[0].inputs[0] = "lost".to_owned());
    assert_eq!(
        lost,
        "node `lost` of the ONNX graph wants to be made by a node before it is read, got none that could run"
    );
    let strange = changed(|model| model.graph.nodes[0].operator = "Strange".to_owned());
    assert!(strange.starts_with("could not run the ONNX graph from node `layer` on: "), "{strange}");
    let dumb = changed(|model| model.metadata.clear());
    assert_eq!(dumb, "could not read `model.onnx` back: ONNX metadata wants `baeum.manifest`, got none");
}

#[test]
fn golden_lines_keep_every_bit() {
    let (predictor, records) = table();
    let golden = golden(&predictor, records);
    let lines = golden.lines();
    let lines: Vec<serde_json::Value> = lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1]["record"], serde_json::json!({"age": null, "colour": "mauve", "pair": [null, 4.0]}));
    let bytes =
        crate::wire::base64::base64(&Data::from(golden.outputs[0].f32s().unwrap()[2..4].to_vec()).to_bytes());
    assert_eq!(lines[1]["outputs"][0], serde_json::json!({"dtype": "f32", "shape": [2], "base64": bytes}));
    assert_eq!(
        lines[1]["answers"][0]["label"]["label"],
        serde_json::to_value(&golden.answers[1][0]).unwrap()["label"]["label"]
    );
}

#[test]
fn a_manifest_notices_when_it_was_changed() {
    let (predictor, records) = table();
    let golden = golden(&predictor, records);
    let hash = |bytes: &[u8]| format!("{:08x}", crate::wire::crc32::crc32(bytes));
    let plan = ExportConfig::default().check().unwrap();
    let entry = |&format: &Format| {
        let files = encode(format, &predictor, &plan).unwrap();
        let verified = verify(format, &files, &predictor, &golden, &Limits::default()).unwrap();
        Entry::new(format, &predictor, &files, verified.parity, hash)
    };
    let manifest = Manifest {
        version: Manifest::VERSION,
        baeum: "0.1.0".to_owned(),
        from: Default::default(),
        schema: predictor.schema.clone(),
        targets: predictor.targets.clone(),
        formats: plan.formats().iter().map(entry).collect(),
        checksum: String::new(),
    };
    let bytes = manifest.seal(hash).unwrap();
    assert!(Manifest::is_sound(&bytes, hash));
    let read: Manifest = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(read.checksum, hash(manifest_without_checksum(&bytes).as_bytes()));
    let onnx = &read.formats[2];
    assert_eq!((onnx.parity.level.to_string().as_str(), onnx.parity.rows), ("ran", 4));
    assert_eq!(onnx.parity.targets[0].labels_agree, Some(4));
    assert_eq!(read.formats[0].notices.len(), 1);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(!Manifest::is_sound(&changed, hash), "{at}");
    }
}

fn manifest_without_checksum(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let checksum = serde_json::from_str::<Manifest>(&text).unwrap().checksum;
    text.replace(&checksum, "")
}

/// A text of names, of which the unknown ones fill up: in front of `layer` stand their vectors, beside it how many count.
#[track_caller]
fn layer_of_texts(layer: Layer) {
    layers_of_texts(&[], layer);
}

/// The same with others between the vectors and the layer.
#[track_caller]
fn layers_of_texts(between: &[Layer], layer: Layer) {
    let names = names(&["a", "b", "c"]);
    let places: Vec<String> = (0..4).map(|place| format!("x{place}")).collect();
    let columns: Vec<(&str, Vec<Transform>)> = places
        .iter()
        .map(|place| (place.as_str(), vec![Transform::Category { labels: names.clone() }]))
        .collect();
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[4]), DType::I64).unwrap();
    let lengths = graph.add("lengths", Layer::Lengths { padding: 0 }, &[x]).unwrap();
    let mut vectors = graph.add("vectors", Layer::Embedding { vocabulary: 4, units: 6 }, &[x]).unwrap();
    for (place, layer) in between.iter().enumerate() {
        vectors = graph.add(&format!("between{place}"), layer.clone(), &[vectors]).unwrap();
    }
    let name = layer.name();
    let layer = graph.add("layer", layer, &[vectors, lengths]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[layer]).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[rows]).unwrap();
    let fields = places.iter().map(|place| field(place, Kind::Category)).collect();
    let spec = input("x", DType::I64, &[4], &columns);
    let text = |text: [&str; 4]| -> Record {
        places.iter().cloned().zip(text.map(|name| Value::Text(name.to_owned()))).collect()
    };
    let records =
        [["a", "b", "c", "a"], ["b", "", "c", ""], ["c", "", "", ""], ["", "", "", ""], ["a", "c", "", ""]];
    agrees(name, &predictor(fields, vec![spec], graph, labels()), records.map(text).to_vec());
}

#[test]
fn what_does_not_count_is_seen_by_nobody() {
    layer_of_texts(Layer::MeanOverTime);
    layer_of_texts(Layer::MaxOverTime);
    let conv =
        Layer::Conv1d { filters: 5, kernel: 3, stride: 1, padding: 2, dilation: 1, groups: 1, bias: true };
    layers_of_texts(&[Layer::Transpose, conv, Layer::Transpose], Layer::MaxOverTime); // windows that end in the text
    for (causal, positions) in [(false, Positions::None), (true, Positions::None), (false, Positions::Rotary)]
    {
        layer_of_texts(Layer::MultiHeadAttention { heads: 3, kv_heads: None, causal, bias: true, positions });
    }
    for (bidirectional, returns) in
        [(false, Returns::Sequence), (false, Returns::Last), (true, Returns::Sequence), (true, Returns::Last)]
    {
        for layers in [1, 2] {
            layer_of_texts(Layer::Lstm { units: 3, bidirectional, returns, layers });
            layer_of_texts(Layer::Gru { units: 3, bidirectional, returns, layers });
        }
    }
}
