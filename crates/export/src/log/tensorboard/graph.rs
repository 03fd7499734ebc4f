use baeum_core::{Dim, Graph, Node, Shape};

use super::{field as event, messages, tensor};
use crate::wire::protobuf::Message;
use crate::wire::tfrecord;

/// The record of a network: its nodes, what they are made of, what they read, and the sizes of what they yield.
pub fn graph(wall_time: f64, graph: &Graph) -> Vec<u8> {
    let nodes: Vec<Message> = graph.nodes().iter().map(|node| written(graph, node)).collect();
    let graph = messages(Message::default(), field::NODE, &nodes);
    let event = Message::default().double(event::WALL_TIME, wall_time).message(event::GRAPH, &graph);
    tfrecord::record(&event.finish())
}

fn written(graph: &Graph, node: &Node) -> Message {
    // A layer is data, so it can be written.
    let layer = serde_json::to_string(&node.layer).unwrap_or_default();
    let layer = Message::default().bytes(field::TEXT, layer);
    let shapes = Message::default().message(field::LIST_SHAPE, &sizes(&node.shape));
    let shapes = Message::default().message(field::LIST, &shapes);
    let attributes = [attribute("layer", &layer), attribute("_output_shapes", &shapes)];
    let node = Message::default().bytes(field::NAME, &node.name).bytes(field::OP, node.layer.name()).each(
        field::INPUT,
        &node.inputs,
        |message, field, input| message.bytes(field, &graph[*input].name),
    );
    messages(node, field::ATTRIBUTE, &attributes)
}

/// An axis is -1 where its length depends on the batch.
fn sizes(shape: &Shape) -> Message {
    tensor::shape(shape.0.iter().map(|dim| match dim {
        Dim::Size(size) => *size as i64,
        Dim::Batch | Dim::Time => -1,
    }))
}

fn attribute(key: &str, value: &Message) -> Message {
    Message::default().bytes(field::KEY, key).message(field::ENTRY, value)
}

/// Field numbers of `graph.proto`, `node_def.proto` and `attr_value.proto`.
mod field {
    pub(super) const NODE: u32 = 1;
    pub(super) const NAME: u32 = 1;
    pub(super) const OP: u32 = 2;
    pub(super) const INPUT: u32 = 3;
    pub(super) const ATTRIBUTE: u32 = 5;
    pub(super) const KEY: u32 = 1;
    pub(super) const ENTRY: u32 = 2;
    pub(super) const TEXT: u32 = 2;
    pub(super) const LIST: u32 = 1;
    pub(super) const LIST_SHAPE: u32 = 7;
}
