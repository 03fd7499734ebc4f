use baeum_core::{
    Batch, Decode, Loss, Method, Network, Pipeline, Positions, Target, Tensor, Update, Weights,
};

use crate::presets::{Gru, Lstm, Pool, Recurrent, TextCnn, Transformer, TransformerEncoder};
use crate::testing::add_parts;
use crate::{CpuRunner, LayerSpec, ModelConfig, ModelError, Runner, RunnerConfig, initial};

use super::*;

const VOCABULARY: usize = 9;

/// A text of so many places, filled up with 3 at one end.
fn text(length: usize, fill: End) -> InputSpec {
    let (tokenizer, keep) = (String::new(), End::Start);
    let step = Transform::Tokenise { tokenizer, vocabulary: VOCABULARY, padding: 3, length, keep, fill };
    let columns = vec![Pipeline { field: "text".to_owned(), steps: vec![step] }];
    InputSpec { name: "x".to_owned(), dtype: DType::I64, shape: vec![length], columns }
}

fn target() -> Target {
    let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
    Target { field: "label".to_owned(), decode: Decode::Label { labels } }
}

fn graph(config: &ModelConfig, input: InputSpec) -> Graph {
    config.check().unwrap().graph(&[input], &[target()]).unwrap()
}

fn layers(layers: Vec<LayerSpec>) -> ModelConfig {
    ModelConfig { layers: Some(layers), ..ModelConfig::default() }
}

fn stacked(list: &[Layer]) -> ModelConfig {
    layers(list.iter().cloned().map(LayerSpec::from).collect())
}

fn embedding() -> Layer {
    Layer::Embedding { vocabulary: VOCABULARY, units: 4 }
}

/// Networks that read texts: the presets, and a mean of vectors.
fn readers() -> Vec<(&'static str, ModelConfig)> {
    let recurrent = |bidirectional, pool| Recurrent {
        embedding: 6,
        units: vec![5, 4],
        bidirectional,
        pool,
        ..Recurrent::default()
    };
    let lstm = |numbers| ModelConfig { lstm: Some(Lstm(numbers)), ..ModelConfig::default() };
    let gru = |numbers| ModelConfig { gru: Some(Gru(numbers)), ..ModelConfig::default() };
    let encoder = TransformerEncoder(Transformer {
        blocks: 2,
        heads: 2,
        units: 8,
        dropout: 0.0,
        ..Transformer::default()
    });
    let windows = TextCnn { embedding: 6, widths: vec![1, 2, 7], filters: 3, dropout: 0.0 };
    vec![
        ("lstm", lstm(recurrent(false, Pool::Last))),
        ("lstm of both directions", lstm(recurrent(true, Pool::Last))),
        ("gru, mean", gru(recurrent(true, Pool::Mean))),
        ("gru", gru(recurrent(false, Pool::Last))),
        ("encoder", ModelConfig { transformer_encoder: Some(encoder), ..ModelConfig::default() }),
        ("text_cnn", ModelConfig { text_cnn: Some(windows), ..ModelConfig::default() }),
        ("mean", stacked(&[embedding(), Layer::MeanOverTime])),
        ("max", stacked(&[embedding(), Layer::MaxOverTime])),
    ]
}

/// Five texts, one of them empty, one with padding in its middle; each of so many places.
fn texts(length: usize) -> Batch {
    let texts: [&[i64]; 5] = [&[1, 2, 4, 5, 8], &[7], &[], &[3, 6], &[6, 1, 0, 1, 6, 2, 4, 8, 8, 7]];
    let place = |text: &[i64], place: usize| text.get(place).copied().unwrap_or(3);
    let ids: Vec<i64> = texts.iter().flat_map(|text| (0..length).map(move |i| place(text, i))).collect();
    let x = Tensor::new([texts.len(), length], ids).unwrap();
    let targets = vec![Tensor::vector(vec![0i64, 1, 2, 0, 1])];
    Batch { rows: texts.len(), inputs: [("x".to_owned(), x)].into(), targets }
}

type Build = fn(&Graph, &Weights) -> Box<dyn Network>;

const BOTH: [Build; 2] = [
    |graph, weights| Box::new(CpuRunner::new(graph, weights, RunnerConfig::default()).unwrap()),
    |graph, weights| Box::new(Runner::new(graph, weights, RunnerConfig::default()).unwrap()),
];

fn answers(net: &mut dyn Network, batch: &Batch) -> Vec<f32> {
    net.predict(batch).unwrap()[0].f32s().unwrap().to_vec()
}

#[track_caller]
fn near(name: &str, a: &[f32], b: &[f32]) {
    let far = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(a.len() == b.len() && far < 1e-6, "{name}: {far}"); // sums of few numbers near 1
}

#[test]
fn more_padding_changes_no_answer() {
    for build in BOTH {
        for (name, config) in readers() {
            let [short, long] = [32, 64].map(|length| {
                let graph = graph(&config, text(length, End::End));
                answers(&mut *build(&graph, &initial(&graph, 5)), &texts(length))
            });
            near(name, &short, &long);
        }
    }
}

/// What windows see of a text that is filled up is what they see of it where nothing fills it up.
#[test]
fn a_text_alone_has_the_answer_that_it_has_with_padding() {
    for build in BOTH {
        for (name, config) in readers() {
            let answer = |length: usize| {
                let graph = graph(&config, text(length, End::End));
                let x =
                    Tensor::new([1, length], texts(length).inputs["x"].i64s().unwrap()[..length].to_vec());
                let inputs = [("x".to_owned(), x.unwrap())].into();
                let batch = Batch { rows: 1, inputs, targets: vec![Tensor::vector(vec![0i64])] };
                answers(&mut *build(&graph, &initial(&graph, 5)), &batch)
            };
            near(name, &answer(5), &answer(12)); // the first text has five pieces
        }
    }
}

/// Without being told, the same networks do see padding: the test above can fail.
#[test]
fn padding_in_front_counts() {
    for (name, config) in readers() {
        let graph = graph(&config, text(32, End::Start));
        assert!(graph.find("x_lengths").is_none(), "{name}");
    }
    let [short, long] = [32, 64].map(|length| {
        let mean = stacked(&[embedding(), Layer::MeanOverTime]);
        let graph = graph(&mean, text(length, End::Start));
        answers(&mut *BOTH[0](&graph, &initial(&graph, 5)), &texts(length))
    });
    assert!(short.iter().zip(&long).any(|(a, b)| (a - b).abs() > 1e-3));
}

#[test]
fn the_order_of_texts_changes_no_answer() {
    for (name, config) in readers() {
        let graph = graph(&config, text(12, End::End));
        let mut net = BOTH[0](&graph, &initial(&graph, 5));
        let batch = texts(12);
        let mut turned = batch.clone();
        let rows: Vec<i64> = batch.inputs["x"].i64s().unwrap().chunks(12).rev().flatten().copied().collect();
        turned.inputs.insert("x".to_owned(), Tensor::new([5, 12], rows).unwrap());
        let (before, after) = (answers(&mut *net, &batch), answers(&mut *net, &turned));
        let back: Vec<f32> = after.chunks(3).rev().flatten().copied().collect();
        near(name, &before, &back);
    }
}

#[test]
fn parts_of_ragged_texts_add_up() {
    for build in BOTH {
        for (name, config) in readers() {
            let graph = graph(&config, text(12, End::End));
            let learned = |cuts: &[usize]| {
                let mut net = build(&graph, &initial(&graph, 5));
                add_parts(&mut *net, &texts(12), &Loss::CROSS_ENTROPY, cuts);
                net.update(&Update::of(Method::Sgd { momentum: 0.0, nesterov: false }, 0.1)).unwrap();
                net.state().unwrap().weights
            };
            let (whole, parts) = (learned(&[0, 5]), learned(&[0, 1, 3, 5]));
            for (param, tensor) in &whole {
                near(&format!("{name}, {param}"), tensor.f32s().unwrap(), parts[param].f32s().unwrap());
            }
        }
    }
}

/// An empty text is one piece of padding.
#[test]
fn an_empty_text_has_an_answer() {
    for (name, config) in readers() {
        let graph = graph(&config, text(12, End::End));
        let mut net = BOTH[0](&graph, &initial(&graph, 5));
        let mut batch = texts(12);
        let all = answers(&mut *net, &batch);
        let mut ids = batch.inputs["x"].i64s().unwrap().to_vec();
        ids[2 * 12..3 * 12].fill(3);
        batch.inputs.insert("x".to_owned(), Tensor::new([5, 12], ids).unwrap());
        assert_eq!(all, answers(&mut *net, &batch), "{name}");
        assert!(all.iter().all(|x| x.is_finite()), "{name}");
    }
}

/// The layers that are told, by name.
fn told(config: &ModelConfig, decode: Option<Decode>) -> Vec<String> {
    let target = decode.map_or_else(target, |decode| Target { field: "next".to_owned(), decode });
    let graph = config.check().unwrap().graph(&[text(8, End::End)], &[target]).unwrap();
    let counted = graph.find("x_lengths");
    let reads = |node: &&baeum_core::Node| node.inputs.iter().any(|id| Some(*id) == counted);
    graph.nodes().iter().filter(reads).map(|node| node.name.clone()).collect()
}

#[test]
fn each_layer_is_told_that_reads_the_places_of_the_text() {
    let gru = |returns| Layer::Gru { units: 4, bidirectional: false, returns, layers: 1 };
    let conv = |kernel, padding| Layer::Conv1d {
        filters: 5,
        kernel,
        stride: 1,
        padding,
        dilation: 1,
        groups: 1,
        bias: true,
    };
    let all = [
        embedding(),
        Layer::SinusoidalPositions,
        gru(Returns::Sequence),
        Layer::Dropout { p: 0.1 },
        Layer::Dense { units: 3, bias: true },
        Layer::MaxOverTime,
    ];
    assert_eq!(told(&stacked(&all), None), ["gru1", "max_over_time1"]);
    let windows = |kernel, padding| {
        [
            embedding(),
            Layer::Transpose,
            conv(kernel, padding),
            Layer::Relu,
            Layer::Transpose,
            Layer::MaxOverTime,
        ]
    };
    assert_eq!(told(&stacked(&windows(3, 1)), None), ["max_over_time1"]);
    assert_eq!(told(&stacked(&windows(3, 2)), None), ["max_over_time1"]);
    assert_eq!(told(&stacked(&windows(3, 0)), None), [""; 0], "its places are others");
    let turned = [embedding(), Layer::Transpose, Layer::MeanOverTime];
    assert_eq!(told(&stacked(&turned), None), [""; 0], "what is read over time are numbers of a place");
}

#[test]
fn what_a_recipe_says_itself_stays() {
    let spec = |name: &str, layer: Layer, from: &[&str]| LayerSpec {
        name: Some(name.to_owned()),
        layer,
        from: from.iter().map(|name| (*name).to_owned()).collect(),
    };
    let list = vec![
        spec("mine", Layer::Lengths { padding: 8 }, &["x"]),
        spec("vectors", embedding(), &["x"]),
        spec("mean", Layer::MeanOverTime, &["vectors", "mine"]),
    ];
    assert_eq!(told(&layers(list), None), [""; 0]);
    let error = layers(vec![spec("x_lengths", embedding(), &[])]).check().unwrap_err();
    assert!(matches!(error, ModelError::Name { .. }), "{error}");
}

#[test]
fn a_text_that_is_gone_on_with_needs_no_end() {
    let causal = Layer::MultiHeadAttention {
        heads: 2,
        kv_heads: None,
        causal: true,
        bias: true,
        positions: Positions::None,
    };
    let next = Decode::Next { length: 8, vocabulary: VOCABULARY, padding: 3, end: None };
    assert_eq!(told(&stacked(&[embedding(), causal]), Some(next)), [""; 0]);
}

/// Each of two texts is counted by itself, and what reads one is told of that one.
#[test]
fn two_texts_are_counted_each_by_itself() {
    let spec = |name: &str, layer: Layer, from: &[&str]| LayerSpec {
        name: Some(name.to_owned()),
        layer,
        from: from.iter().map(|name| (*name).to_owned()).collect(),
    };
    let config = layers(vec![
        spec("of_title", embedding(), &["title"]),
        spec("title_mean", Layer::MeanOverTime, &[]),
        spec("of_body", embedding(), &["body"]),
        spec("body_mean", Layer::MeanOverTime, &[]),
        spec("both", Layer::Concat { axis: 1 }, &["title_mean", "body_mean"]),
    ]);
    let named = |name: &str, length| InputSpec { name: name.to_owned(), ..text(length, End::End) };
    let plan = config.check_for(&["body", "title"], &[]).unwrap();
    let graph = plan.graph(&[named("body", 7), named("title", 4)], &[target()]).unwrap();
    for (mean, vectors, counts) in
        [("title_mean", "of_title", "title_lengths"), ("body_mean", "of_body", "body_lengths")]
    {
        let node = &graph[graph.find(mean).unwrap()];
        let read: Vec<&str> = node.inputs.iter().map(|id| graph[*id].name.as_str()).collect();
        assert_eq!(read, [vectors, counts]);
    }
}
