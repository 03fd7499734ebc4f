//! A model as ONNX has it, as data.
use std::collections::BTreeMap;

use baeum_core::Tensor;

/// A whole file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    /// The version of the file format.
    pub(crate) ir_version: i64,
    /// The version of each set of operators; the standard one has no name.
    pub(crate) opsets: Vec<(String, i64)>,
    pub(crate) graph: Graph,
    /// What the writer notes beside the graph.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Nodes and what stands around them. Values are joined by name; each name is given once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    /// Constants by name.
    pub(crate) initializers: BTreeMap<String, Array>,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
}

/// One operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// What it does, as ONNX names it.
    pub(crate) operator: String,
    /// The set of operators it is from; empty for the standard one.
    pub(crate) domain: String,
    /// Values it reads; an empty name stands for an optional one that is left out.
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) attributes: BTreeMap<String, Attribute>,
}

/// A setting of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attribute {
    Int(i64),
    Float(f32),
    Text(String),
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

/// Numbers or texts with sizes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Array {
    Numbers(Tensor),
    Texts { shape: Vec<usize>, texts: Vec<String> },
}

/// A value that enters or leaves a graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Port {
    pub(crate) name: String,
    /// What goes through it; a part cut out of a graph does not say it.
    pub(crate) kind: Option<(Element, Vec<Axis>)>,
}

/// What the elements of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F32,
    F64,
    I64,
    U8,
    Text,
}

/// One axis of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    Size(i64),
    /// Open, under a name.
    Open(String),
}

impl Element {
    /// Every element that we know.
    pub(crate) const ALL: [Element; 5] =
        [Element::F32, Element::F64, Element::I64, Element::U8, Element::Text];

    /// Its number in `TensorProto.DataType`.
    pub(crate) fn code(self) -> i64 {
        match self {
            Element::F32 => 1,
            Element::U8 => 2,
            Element::I64 => 7,
            Element::Text => 8,
            Element::F64 => 11,
        }
    }
}

impl Array {
    /// Its sizes, outermost first.
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Array::Numbers(tensor) => tensor.shape(),
            Array::Texts { shape, .. } => shape,
        }
    }
}
