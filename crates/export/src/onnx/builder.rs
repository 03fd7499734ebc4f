use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Tensor, Weights};

use super::model::{Array, Attribute, Axis, Element, Graph, Node, Port};
use crate::error::ExportError;

/// The operators of classical machine learning have a set of their own.
pub(super) const ML: &str = "ai.onnx.ml";
/// The oldest operator set that the writer uses.
const OLDEST: u32 = 13;

/// A graph as it grows. It keeps names apart and knows the lowest operator set that has all its operators.
pub(super) struct Builder<'a> {
    graph: Graph,
    names: BTreeSet<String>,
    /// The values of parameters that several layers may read.
    shared: BTreeMap<String, String>,
    /// None while it is only asked whether the graph can be written.
    weights: Option<&'a Weights>,
    asked: Option<u32>,
    needed: u32,
}

impl<'a> Builder<'a> {
    pub(super) fn new(weights: Option<&'a Weights>, asked: Option<u32>) -> Builder<'a> {
        Builder {
            graph: Graph::default(),
            names: BTreeSet::new(),
            shared: BTreeMap::new(),
            weights,
            asked,
            needed: OLDEST,
        }
    }

    /// The graph, and the operator set it is written in.
    pub(super) fn finish(self) -> (Graph, u32) {
        (self.graph, self.asked.unwrap_or(self.needed))
    }

    /// A name for a value: the wished one, or the first free one that adds a number. Names come from data, so
    /// characters that no one could see are written out.
    pub(super) fn name(&mut self, wish: &str) -> String {
        let visible = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        let wish: String = wish.chars().map(visible).collect();
        // An empty name would stand for an input that is left out.
        let free = |name: &String| !name.is_empty() && !self.names.contains(name);
        let numbered = (2..).map(|n| format!("{wish}_{n}"));
        let name = std::iter::once(wish.clone()).chain(numbered).find(free).unwrap_or_default();
        self.names.insert(name.clone());
        name
    }

    /// Notes that `part` needs an operator that came with the operator set `opset`.
    pub(super) fn need(&mut self, part: &str, operator: &'static str, opset: u32) -> Result<(), ExportError> {
        self.needed = self.needed.max(opset);
        match self.asked {
            Some(got) if got < opset => {
                Err(ExportError::OpsetNeeded { part: part.to_owned(), operator, needed: opset, got })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// An operation with one output, under a name like `wish`.
    pub(super) fn add(
        &mut self,
        wish: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        let output = self.name(wish);
        self.add_as(output, operator, inputs, attributes)
    }

    /// An operation whose output has a name that [`Builder::name`] gave.
    pub(super) fn add_as(
        &mut self,
        output: String,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        self.add_at(0, output, operator, inputs, attributes)
    }

    /// An operation of whose outputs the one at `place` alone is wanted; it has a name that [`Builder::name`] gave.
    pub(super) fn add_at(
        &mut self,
        place: usize,
        output: String,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        // An empty name stands for an output that nobody wants.
        let unwanted = std::iter::repeat_n(String::new(), place);
        self.graph.nodes.push(Node {
            name: output.clone(),
            operator: operator.to_owned(),
            domain: if operator == "LabelEncoder" { ML.to_owned() } else { String::new() },
            inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
            outputs: unwanted.chain([output.clone()]).collect(),
            attributes: attributes.collect::<BTreeMap<_, _>>(),
        });
        output
    }

    /// An operation whose second output nobody wants, though the operator must name it.
    pub(super) fn add_first_of_two(
        &mut self,
        wish: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        let first = self.add(wish, operator, inputs, attributes);
        let second = self.name(&format!("{wish}.unused"));
        self.graph.nodes.last_mut().into_iter().for_each(|node| node.outputs.push(second.clone()));
        first
    }

    /// A constant under a name like `wish`.
    pub(super) fn constant(&mut self, wish: &str, value: Array) -> String {
        let name = self.name(wish);
        self.graph.initializers.insert(name.clone(), value);
        name
    }

    /// Constant numbers, rounded to 32 bits, as sizes that broadcast.
    pub(super) fn numbers(
        &mut self,
        wish: &str,
        shape: Vec<usize>,
        numbers: &[f64],
    ) -> Result<String, ExportError> {
        let rounded: Vec<f32> = numbers.iter().map(|&number| number as f32).collect();
        self.checked(wish, Tensor::new(shape, rounded))
    }

    /// Constant sizes, places or axes.
    pub(super) fn whole(&mut self, wish: &str, numbers: &[usize]) -> String {
        let numbers: Vec<i64> = numbers.iter().map(|&number| number as i64).collect();
        self.constant(wish, Array::Numbers(Tensor::vector(numbers)))
    }

    /// Constant sizes of which one may be -1, for what is left.
    pub(super) fn signed(&mut self, wish: &str, numbers: Vec<i64>) -> String {
        self.constant(wish, Array::Numbers(Tensor::vector(numbers)))
    }

    /// A constant place.
    pub(super) fn scalar(&mut self, wish: &str, number: i64) -> Result<String, ExportError> {
        self.checked(wish, Tensor::new(vec![], vec![number]))
    }

    /// A constant table of places.
    pub(super) fn table(
        &mut self,
        wish: &str,
        sizes: [usize; 2],
        numbers: Vec<i64>,
    ) -> Result<String, ExportError> {
        self.checked(wish, Tensor::new(sizes, numbers))
    }

    /// A parameter of the network, under its own name; `change` may lay it out differently.
    pub(super) fn weight(
        &mut self,
        name: &str,
        change: impl FnOnce(&Tensor) -> Result<Tensor, baeum_core::TensorError>,
    ) -> Result<String, ExportError> {
        match self.weights.and_then(|weights| weights.get(name)) {
            Some(tensor) => {
                let tensor = change(tensor);
                self.checked(name, tensor)
            }
            None => Ok(self.name(name)),
        }
    }

    /// A parameter that several layers may read; it stands in the file once.
    pub(super) fn shared_weight(&mut self, name: &str) -> Result<String, ExportError> {
        if let Some(value) = self.shared.get(name) {
            return Ok(value.clone());
        }
        let value = self.weight(name, |tensor| Ok(tensor.clone()))?;
        self.shared.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    /// A constant made of several parameters of the network, under a name like `wish`.
    pub(super) fn weights(
        &mut self,
        wish: &str,
        names: &[String],
        join: impl FnOnce(&[&Tensor]) -> Result<Tensor, baeum_core::TensorError>,
    ) -> Result<String, ExportError> {
        let found: Option<Vec<&Tensor>> =
            self.weights.and_then(|weights| names.iter().map(|name| weights.get(name)).collect());
        match found {
            Some(tensors) => self.checked(wish, join(&tensors)),
            None => Ok(self.name(wish)),
        }
    }

    fn checked(
        &mut self,
        wish: &str,
        tensor: Result<Tensor, baeum_core::TensorError>,
    ) -> Result<String, ExportError> {
        let refuse = |error: baeum_core::TensorError| ExportError::Predictor {
            wanted: format!("numbers for `{wish}` that fit"),
            got: error.to_string(),
        };
        tensor.map_err(refuse).map(|tensor| self.constant(wish, Array::Numbers(tensor)))
    }

    /// Where values of a name that [`Builder::name`] gave enter the graph.
    pub(super) fn input(&mut self, name: &str, element: Element, axes: Vec<Axis>) {
        self.graph.inputs.push(port(name, element, axes));
    }

    /// Where values of a name that [`Builder::name`] gave leave the graph.
    pub(super) fn output(&mut self, name: &str, element: Element, axes: Vec<Axis>) {
        self.graph.outputs.push(port(name, element, axes));
    }
}

/// The axis that stays open.
pub(super) fn batch() -> Axis {
    Axis::Open("batch".to_owned())
}

/// An axis of known size.
pub(super) fn size(size: usize) -> Axis {
    Axis::Size(size as i64)
}

fn port(name: &str, element: Element, axes: Vec<Axis>) -> Port {
    Port { name: name.to_owned(), kind: Some((element, axes)) }
}
