//! What the writer makes, what it refuses, and that the reader gets it back.
use baeum_core::{
    Blueprint, DType, Decode, Filter, Fit, Graph, Kind, Layer, Limits, NodeId, Predictor, Shape, Target,
    Tensor, Transform,
};

use super::*;
use crate::plain::{classifier, field, input, predictor};
use crate::{ExportConfig, ExportError, Format, can, encode};

fn dense(graph: &mut Graph, x: NodeId) -> NodeId {
    graph.add("layer", Layer::Dense { units: 2, bias: true }, &[x]).unwrap()
}

fn written(predictor: &Predictor) -> Model {
    write(&predictor.blueprint(), &predictor.weights, None).unwrap()
}

/// A predictor of one field whose `steps` make the input, and one label of two.
fn of(kind: Kind, shape: &[usize], steps: Vec<Transform>) -> Predictor {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(shape), DType::F32).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[x]).unwrap();
    graph.add("head", Layer::Dense { units: 2, bias: true }, &[rows]).unwrap();
    let labels = vec!["no".to_owned(), "yes".to_owned()];
    let spec = input("x", DType::F32, shape, &[("thing", steps)]);
    predictor(vec![field("thing", kind)], vec![spec], graph, Decode::Label { labels })
}

#[track_caller]
fn refused(parts: &Blueprint, opset: Option<u32>, expect: &str) {
    let plan = ExportConfig { opset, ..ExportConfig::default() }.check().unwrap();
    assert_eq!(can(Format::Onnx, parts, &plan).err().map(|error| error.to_string()).as_deref(), Some(expect));
}

#[test]
fn a_model_is_read_as_it_was_written() {
    let steps = vec![Transform::Resize { height: 3, width: 2, filter: Filter::Bicubic, fit: Fit::Stretch }];
    for predictor in [
        classifier(&[4], dense),
        of(Kind::Image { channels: 1, size: None }, &[1, 3, 2], steps),
        of(Kind::Category, &[1], vec![Transform::Category { labels: vec!["에".to_owned()] }]),
    ] {
        let model = written(&predictor);
        assert_eq!(read(&bytes(&model), &Limits::default()).unwrap(), model);
        assert_eq!(Manifest::of(&model).unwrap().schema, predictor.schema);
    }
}

#[test]
fn a_file_cut_or_changed_anywhere_never_panics() {
    let steps = vec![Transform::Category { labels: vec!["a".to_owned()] }];
    let mut file = bytes(&written(&of(Kind::Category, &[1], steps)));
    let limits = Limits::default();
    let whole = read(&file, &limits).unwrap();
    assert!((0..file.len()).all(|end| read(&file[..end], &limits).map_or(true, |model| model != whole)));
    for at in 0..file.len() {
        file[at] ^= 0x55;
        drop(read(&file, &limits));
        file[at] ^= 0x55;
    }
}

#[test]
fn the_limits_on_nodes_and_nesting_hold() {
    let model = written(&classifier(&[4], dense));
    let nodes = model.graph.nodes.len() as u64;
    let with = |onnx_nodes, onnx_nesting| {
        let limits = Limits { onnx_nodes, onnx_nesting, ..Limits::default() };
        read(&bytes(&model), &limits).err().map(|error| error.to_string())
    };
    // Model, graph, value, type, tensor type, shape, axis.
    assert_eq!(with(nodes, 7), None);
    let over = |what: &str| Some(format!("the ONNX {what} raises the limit"));
    let text = format!("graph wants at most {} nodes, got {nodes}; `run.limits.onnx_nodes`", nodes - 1);
    assert_eq!(with(nodes - 1, 7), over(&text));
    assert_eq!(
        with(nodes, 6),
        over("axis wants at most 6 levels of nesting, got 7; `run.limits.onnx_nesting`")
    );
}

#[test]
fn what_could_mean_something_else_is_refused() {
    let model = written(&classifier(&[4], dense));
    let refused = |tail: &[u8]| {
        let file = [&bytes(&model), tail].concat();
        read(&file, &Limits::default()).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&[0xca, 0x01, 0]), "ONNX model wants fields that we know, got field 25"); // functions
    let node = [0x3a, 6, 0x0a, 4, 0x2a, 2, 0x32, 0]; // graph { node { attribute { g } } }
    assert_eq!(refused(&node), "ONNX attribute wants fields that we know, got field 6");
    let elsewhere = [0x3a, 4, 0x2a, 2, 0x70, 1]; // graph { initializer { data_location: EXTERNAL } }
    assert_eq!(refused(&elsewhere), "ONNX tensor wants fields that we know, got field 14");
    let huge = [0x3a, 8, 0x2a, 6, 0x08, 0xff, 0xff, 0x03, 0x10, 1]; // dims 65535 of f32, no bytes
    assert_eq!(
        refused(&huge),
        "ONNX tensor `` wants sizes that multiply to its elements, got a tensor of shape [65535] wants 65535 elements, got 0"
    );
}

#[test]
fn the_lowest_operator_set_is_chosen() {
    let opset = |predictor: &Predictor| written(predictor).opsets;
    assert_eq!(opset(&classifier(&[4], dense)), [(String::new(), 13)]);
    let norm = |graph: &mut Graph, x| graph.add("norm", Layer::LayerNorm { eps: 1e-5 }, &[x]).unwrap();
    assert_eq!(opset(&classifier(&[4], norm)), [(String::new(), 17)]);
    let names = of(Kind::Category, &[1], vec![Transform::Category { labels: vec!["a".to_owned()] }]);
    assert_eq!(opset(&names), [(String::new(), 13), ("ai.onnx.ml".to_owned(), 2)]);
    refused(
        &classifier(&[4], norm).blueprint(),
        Some(16),
        "`export.opset` wants 17 or above for `LayerNormalization` of `norm`, got 16; leave it out to get the lowest that fits",
    );
    let steps = vec![Transform::Resize { height: 3, width: 2, filter: Filter::Bilinear, fit: Fit::Stretch }];
    refused(
        &of(Kind::Image { channels: 1, size: None }, &[1, 3, 2], steps).blueprint(),
        Some(17),
        "`export.opset` wants 18 or above for `Resize` of `thing`, got 17; leave it out to get the lowest that fits",
    );
}

#[test]
fn names_from_data_are_kept_apart_and_visible() {
    let mut predictor = classifier(&[4], dense);
    let name = "probabilities";
    predictor.schema.fields[0].name = name.to_owned();
    predictor.inputs[0].columns[0].field = name.to_owned();
    let model = written(&predictor);
    let manifest = Manifest::of(&model).unwrap();
    assert_eq!(manifest.inputs[0].name, "probabilities");
    assert_eq!(manifest.outputs[0].name, "probabilities_2");
    predictor.schema.fields[0].name = "a\nb".to_owned();
    predictor.inputs[0].columns[0].field = "a\nb".to_owned();
    assert_eq!(Manifest::of(&written(&predictor)).unwrap().inputs[0].name, "a\\nb");
}

#[test]
fn several_targets_say_whose_answers_they_are() {
    let mut predictor = classifier(&[4], dense);
    let head = predictor.graph.find("head").unwrap();
    predictor.graph.output(head);
    predictor.targets.push(Target { field: "second".to_owned(), ..predictor.targets[0].clone() });
    let names: Vec<String> = written(&predictor).graph.outputs.into_iter().map(|port| port.name).collect();
    assert_eq!(names, ["target_probabilities", "target_label", "second_probabilities", "second_label"]);
}

#[test]
fn fields_that_onnx_cannot_say_are_refused_before_training() {
    let field = |wanted: &str, got: &str| format!("field `thing`: `onnx` wants {wanted}, got {got}");
    let check = |kind, shape: &[usize], steps, expect: &str| {
        refused(&of(kind, shape, steps).blueprint(), None, expect)
    };
    let any = Kind::Image { channels: 3, size: None };
    check(
        Kind::Text,
        &[1],
        vec![],
        &field("numbers, names, images, dates, and a text that `tokenise` cuts", "a text"),
    );
    check(any, &[3, 2, 2], vec![], &field("images of one size, or `resize`", "images of any size"));
    check(Kind::Category, &[1], vec![], &field("`category` before it can be a number", "names"));
    let empty = vec![Transform::Category { labels: vec![String::new()] }];
    check(Kind::Category, &[1], empty, &field("names that are not empty", "an empty one among its labels"));
    let hot = vec![Transform::OneHot { size: 3 }];
    check(Kind::Number, &[3], hot, &field("`category` or `bins` before `one_hot`", "1 numbers"));
    let impute = vec![Transform::Impute { value: vec![1.0, 2.0] }];
    check(
        Kind::Numbers { len: 3 },
        &[3],
        impute,
        &field("one number, or one for each of its own", "2 for 3 numbers"),
    );
    let mut ids = of(Kind::Number, &[1], vec![]).blueprint();
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[1]), DType::I64).unwrap();
    let vectors = graph.add("vectors", Layer::Embedding { vocabulary: 3, units: 2 }, &[x]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[vectors]).unwrap();
    graph.output(rows);
    (ids.graph, ids.inputs[0].dtype) = (graph, DType::I64);
    refused(&ids, None, &field("places for an input of i64", "1 numbers"));
    let resize = vec![Transform::Resize { height: 1, width: 1, filter: Filter::Bilinear, fit: Fit::Stretch }];
    check(Kind::Number, &[1], resize, &field("an image before `resize`", "1 numbers"));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let parts = classifier(&[4], dense).blueprint();
    let mut other = parts.clone();
    other.inputs[0].name = "y".to_owned();
    refused(&other, None, "the predictor wants fields for input `x` that make [batch, 4] of f32, got none");
    let mut other = parts.clone();
    other.inputs.push(input("y", DType::F32, &[4], &[("x", vec![])]));
    refused(&other, None, "the predictor wants an input node for input `y`, got none");
    let mut other = parts.clone();
    other.inputs[0].shape = vec![2, 2];
    refused(
        &other,
        None,
        "the predictor wants fields for input `x` that make [batch, 4] of f32, got [batch, 2, 2] of f32",
    );
    let mut other = parts.clone();
    other.schema.fields[0].kind = Kind::Numbers { len: 5 };
    refused(&other, None, "the predictor wants fields for input `x` that make [4], got 5 numbers");
    let mut other = parts.clone();
    other.inputs[0].columns[0].field = "y".to_owned();
    refused(&other, None, "the predictor wants field `y` in its schema, got none of that name");
    let mut other = parts.clone();
    other.targets.clear();
    refused(&other, None, "the predictor wants one target for each of its 1 outputs, got 0");
    let mut other = parts;
    other.targets[0].decode = Decode::Number { scale: 1.0, offset: 0.0, unit: None };
    refused(&other, None, "the predictor wants node `head` to yield [batch, 1] for `target`, got [batch, 3]");
}

#[test]
fn weights_that_are_not_the_graph_s_are_refused() {
    let mut predictor = classifier(&[4], dense);
    predictor.weights.insert("more".to_owned(), Tensor::scalar(1.0));
    let plan = ExportConfig::default().check().unwrap();
    for format in Format::ALL {
        let error = encode(format, &predictor, &plan).unwrap_err();
        assert_eq!(error.to_string(), "could not write the weights");
        let ExportError::Weights(source) = error else { unreachable!("{error:?}") };
        assert_eq!(source.to_string(), "weight `more` belongs to no layer of the graph");
    }
}
