use baeum_core::DType;

use super::field::{attribute, graph, kind, model, node, opset, port, property, tensor};
use super::model::{Array, Attribute, Axis, Element, Graph, Model, Node, Port};
use crate::wire::protobuf::Message;

/// The bytes of a model. Numbers are repeated unpacked, because rten refuses packed ones.
pub(crate) fn bytes(model: &Model) -> Vec<u8> {
    let message = Message::default()
        .int(model::IR_VERSION, model.ir_version)
        .bytes(model::PRODUCER_NAME, "baeum")
        .bytes(model::PRODUCER_VERSION, env!("CARGO_PKG_VERSION"))
        .message(model::GRAPH, &graph(&model.graph));
    let message = model.opsets.iter().fold(message, |message, (domain, version)| {
        let entry = Message::default().bytes(opset::DOMAIN, domain).int(opset::VERSION, *version);
        message.message(model::OPSET_IMPORT, &entry)
    });
    let message = model.metadata.iter().fold(message, |message, (key, value)| {
        let entry = Message::default().bytes(property::KEY, key).bytes(property::VALUE, value);
        message.message(model::METADATA_PROPS, &entry)
    });
    message.finish()
}

fn graph(graph: &Graph) -> Message {
    let message =
        graph.nodes.iter().fold(Message::default(), |message, one| message.message(graph::NODE, &node(one)));
    let message = message.bytes(graph::NAME, "baeum");
    let message = graph
        .initializers
        .iter()
        .fold(message, |message, (name, array)| message.message(graph::INITIALIZER, &constant(name, array)));
    let message = graph.inputs.iter().fold(message, |message, one| message.message(graph::INPUT, &port(one)));
    graph.outputs.iter().fold(message, |message, one| message.message(graph::OUTPUT, &port(one)))
}

fn node(node: &Node) -> Message {
    let message = Message::default()
        .each(node::INPUT, &node.inputs, Message::bytes)
        .each(node::OUTPUT, &node.outputs, Message::bytes)
        .bytes(node::NAME, &node.name)
        .bytes(node::OP_TYPE, &node.operator);
    let message = node
        .attributes
        .iter()
        .fold(message, |message, (name, value)| message.message(node::ATTRIBUTE, &setting(name, value)));
    match node.domain.is_empty() {
        true => message,
        false => message.bytes(node::DOMAIN, &node.domain),
    }
}

fn setting(name: &str, value: &Attribute) -> Message {
    let message = Message::default().bytes(attribute::NAME, name);
    let (message, kind) = match value {
        Attribute::Float(number) => (message.float(attribute::F, *number), kind::FLOAT),
        Attribute::Int(number) => (message.int(attribute::I, *number), kind::INT),
        Attribute::Text(text) => (message.bytes(attribute::S, text), kind::STRING),
        Attribute::Ints(numbers) => {
            (message.each(attribute::INTS, numbers.iter().copied(), Message::int), kind::INTS)
        }
        Attribute::Texts(texts) => (message.each(attribute::STRINGS, texts, Message::bytes), kind::STRINGS),
    };
    message.int(attribute::TYPE, kind)
}

fn constant(name: &str, array: &Array) -> Message {
    let sizes = array.shape().iter().map(|&size| size as i64);
    let message = Message::default().each(tensor::DIMS, sizes, Message::int);
    let message = message.int(tensor::DATA_TYPE, array.element().code());
    match array {
        Array::Numbers(numbers) => {
            message.bytes(tensor::NAME, name).bytes(tensor::RAW_DATA, numbers.data().to_bytes())
        }
        Array::Texts { texts, .. } => {
            message.each(tensor::STRING_DATA, texts, Message::bytes).bytes(tensor::NAME, name)
        }
    }
}

fn port(port: &Port) -> Message {
    let message = Message::default().bytes(port::NAME, &port.name);
    let Some((element, axes)) = &port.kind else { return message };
    let shape = axes.iter().fold(Message::default(), |shape, axis| {
        let axis = match axis {
            Axis::Size(size) => Message::default().int(port::DIM_VALUE, *size),
            Axis::Open(name) => Message::default().bytes(port::DIM_PARAM, name),
        };
        shape.message(port::DIM, &axis)
    });
    let tensor = Message::default().int(port::ELEM_TYPE, element.code()).message(port::SHAPE, &shape);
    message.message(port::TYPE, &Message::default().message(port::TENSOR_TYPE, &tensor))
}

impl Array {
    /// What its elements are.
    pub(crate) fn element(&self) -> Element {
        match self {
            Array::Texts { .. } => Element::Text,
            Array::Numbers(tensor) => match tensor.dtype() {
                DType::F32 => Element::F32,
                DType::F64 => Element::F64,
                DType::I64 => Element::I64,
                DType::U8 => Element::U8,
            },
        }
    }
}
