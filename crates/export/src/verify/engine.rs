//! Runs a graph: what rten knows in parts as long as possible, the rest node by node.
use std::collections::{BTreeMap, BTreeSet};

use super::reference::{evaluate, knows};
use super::rten::Part;
use crate::error::VerifyError;
use crate::onnx::{Array, Graph, Model, Node, Port};

/// Values by name.
pub(super) type Values = BTreeMap<String, Array>;

/// A graph, ready to run.
pub(super) struct Engine {
    steps: Vec<Step>,
    constants: Values,
    outputs: Vec<String>,
}

enum Step {
    /// A run of nodes that rten knows.
    Part(Box<Part>),
    /// A node that it does not.
    Own(Node),
}

impl Engine {
    /// Cuts the graph and loads its parts.
    pub(super) fn load(model: Model) -> Result<Engine, VerifyError> {
        let opset =
            model.opsets.iter().find(|(domain, _)| domain.is_empty()).map_or(0, |(_, version)| *version);
        let graph = model.graph;
        let runs = cut(&graph)?;
        let mut steps = vec![];
        for (place, run) in runs.iter().enumerate() {
            match run {
                Run::Own(node) => steps.push(Step::Own((*node).clone())),
                Run::Rten(nodes) => steps
                    .push(Step::Part(Box::new(Part::load(part(&graph, nodes, &runs[place + 1..]), opset)?))),
            }
        }
        let outputs = graph.outputs.into_iter().map(|port| port.name).collect();
        Ok(Engine { steps, constants: graph.initializers, outputs })
    }

    /// The outputs of the graph for values of all its inputs.
    pub(super) fn run(&self, inputs: Values) -> Result<Values, VerifyError> {
        let mut values = inputs;
        for step in &self.steps {
            let found = match step {
                Step::Part(part) => part.run(|name| self.value(&values, name))?,
                Step::Own(node) => vec![(output(node), self.own(node, &values)?)],
            };
            values.extend(found);
        }
        self.outputs.iter().map(|name| Ok((name.clone(), self.value(&values, name)?.clone()))).collect()
    }

    fn own(&self, node: &Node, values: &Values) -> Result<Array, VerifyError> {
        let input =
            |name: &String| if name.is_empty() { Ok(None) } else { self.value(values, name).map(Some) };
        evaluate(node, &node.inputs.iter().map(input).collect::<Result<Vec<_>, _>>()?)
    }

    fn value<'a>(&'a self, values: &'a Values, name: &str) -> Result<&'a Array, VerifyError> {
        values.get(name).or_else(|| self.constants.get(name)).ok_or_else(|| absent(name))
    }
}

/// Nodes that run together.
enum Run<'a> {
    Own(&'a Node),
    Rten(Vec<&'a Node>),
}

/// The nodes in an order to run them in, the parts for rten as long as they can be.
fn cut(graph: &Graph) -> Result<Vec<Run<'_>>, VerifyError> {
    let mut known: BTreeSet<&str> = graph.initializers.keys().map(String::as_str).collect();
    known.extend(graph.inputs.iter().map(|port| port.name.as_str()));
    let mut left: Vec<&Node> = graph.nodes.iter().collect();
    let mut runs = vec![];
    while !left.is_empty() {
        let before = left.len();
        runs.extend(take_ready(&mut left, &mut known, |node| knows(graph, node)).into_iter().map(Run::Own));
        let nodes = take_ready(&mut left, &mut known, |node| !knows(graph, node));
        if !nodes.is_empty() {
            runs.push(Run::Rten(nodes));
        }
        if left.len() == before {
            let missing = left[0].inputs.iter().find(|name| !known.contains(name.as_str()));
            return Err(absent(missing.map_or("", String::as_str)));
        }
    }
    Ok(runs)
}

/// Takes the nodes of one kind whose inputs are known, those made known by the taken ones included.
fn take_ready<'a>(
    left: &mut Vec<&'a Node>,
    known: &mut BTreeSet<&'a str>,
    kind: impl Fn(&Node) -> bool,
) -> Vec<&'a Node> {
    let mut taken = vec![];
    // A writer lists nodes in an order to run them in, so one pass finds them all; a second finds none.
    left.retain(|&node| {
        let ready =
            kind(node) && node.inputs.iter().all(|name| name.is_empty() || known.contains(name.as_str()));
        if ready {
            known.extend(node.outputs.iter().map(String::as_str));
            taken.push(node);
        }
        !ready
    });
    taken
}

/// Some nodes as a graph of their own: what they read from elsewhere comes in, what others or the graph read goes out.
fn part(graph: &Graph, nodes: &[&Node], later: &[Run<'_>]) -> Graph {
    let made: BTreeSet<&String> = nodes.iter().flat_map(|node| &node.outputs).collect();
    let read: BTreeSet<&String> =
        nodes.iter().flat_map(|node| &node.inputs).filter(|name| !name.is_empty()).collect();
    let behind = later.iter().flat_map(|run| match run {
        Run::Own(node) => vec![*node],
        Run::Rten(nodes) => nodes.clone(),
    });
    let asked: BTreeSet<&String> =
        behind.flat_map(|node| &node.inputs).chain(graph.outputs.iter().map(|port| &port.name)).collect();
    let constant = |name: &&&String| graph.initializers.contains_key(**name);
    let port = |name: &&String| Port { name: (*name).clone(), kind: None };
    Graph {
        nodes: nodes.iter().map(|node| (*node).clone()).collect(),
        initializers: read
            .iter()
            .filter(constant)
            .filter_map(|name| Some(((*name).clone(), graph.initializers.get(*name)?.clone())))
            .collect(),
        inputs: read.iter().filter(|name| !constant(name) && !made.contains(**name)).map(port).collect(),
        outputs: made.iter().filter(|name| asked.contains(**name)).map(port).collect(),
    }
}

fn output(node: &Node) -> String {
    node.outputs.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
}

fn absent(name: &str) -> VerifyError {
    VerifyError::Node {
        node: name.to_owned(),
        wanted: "to be made by a node before it is read".to_owned(),
        got: "none that could run".to_owned(),
    }
}
