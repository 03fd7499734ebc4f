mod frozen;
mod heads;
mod tied;

use std::collections::BTreeSet;
use std::ops::Index;

use serde::{Deserialize, Serialize};

use crate::{DType, Layer, Param, Shape, ShapeError};

pub use heads::HeadNode;

/// Names a node of one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(usize);

impl NodeId {
    /// Its place in [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// One layer, wired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Unique in its graph; prefixes the names of its parameters.
    pub name: String,
    /// What it does. A layer that stands by its name alone has its usual settings: one that had none when the file was written does
    /// the same since it has some.
    #[serde(deserialize_with = "crate::tagged::one")]
    pub layer: Layer,
    /// What it reads.
    pub inputs: Vec<NodeId>,
    /// What it yields.
    pub shape: Shape,
}

/// Why a node cannot be part of a graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The layer does not fit behind its inputs.
    #[error("node `{node}`: {error}")]
    Shape {
        /// The node that was to be added.
        node: String,
        /// What the layer said. Part of the text, not a cause behind it: it is the refusal itself.
        error: ShapeError,
    },
    /// A setting of the layer is impossible whatever arrives.
    #[error("node `{node}`: `{layer}.{setting}` {rule}")]
    Setting {
        /// The node that was to be added.
        node: String,
        /// Its layer.
        layer: &'static str,
        /// Which setting.
        setting: &'static str,
        /// What it must be, and what it is.
        rule: String,
    },
    /// Two nodes of one name.
    #[error("node `{node}` wants a name of its own, got one that is taken")]
    Taken {
        /// The name.
        node: String,
    },
    /// Ids where numbers are wanted, or the other way round.
    #[error("node `{node}`: {layer} wants {wanted} numbers, got {got} from `{input}`")]
    Type {
        /// The node that was to be added.
        node: String,
        /// Its layer.
        layer: &'static str,
        /// What it takes.
        wanted: DType,
        /// What arrives.
        got: DType,
        /// From where.
        input: String,
    },
    /// A table that is no embedding, or one of other sizes.
    #[error(
        "node `{node}`: unembedding wants `{table}` to be an embedding of {wanted:?} in front of it, got {got}"
    )]
    Table {
        /// The node that was to be added.
        node: String,
        /// What it names.
        table: String,
        /// How many ids it has, and how long their vectors are.
        wanted: [usize; 2],
        /// What has that name.
        got: String,
    },
    /// A tensor is said to be frozen that is not there, or that is not learned.
    #[error("`frozen` wants the names of learned tensors, got `{got}`")]
    Frozen {
        /// The name.
        got: String,
    },
    /// A name that no node has, or a node that stands later.
    #[error("node `{node}` wants inputs that stand before it, got `{input}`")]
    Unknown {
        /// The node that was to be added.
        node: String,
        /// What it asked for.
        input: String,
    },
}

/// A network, described: many inputs, many outputs.
///
/// Invariant: a node's inputs stand before it, so the order of `nodes` is an order to run them in.
/// Invariant: a node exists only if its shape could be inferred and its name is free.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Graph {
    nodes: Vec<Node>,
    outputs: Vec<NodeId>,
    /// The learned tensors that learning leaves as they are, by full name.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    frozen: BTreeSet<String>,
}

/// A graph as it stands in a file; [`Graph`] wires it again, so that a file cannot break the invariants.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    nodes: Vec<Node>,
    outputs: Vec<NodeId>,
    #[serde(default)]
    frozen: BTreeSet<String>,
}

impl Graph {
    /// A place where a batch enters.
    ///
    /// # Errors
    /// [`GraphError::Taken`] if the name is.
    pub fn input(&mut self, name: &str, shape: Shape, dtype: DType) -> Result<NodeId, GraphError> {
        self.refuse_taken(name)?;
        Ok(self.push(Node { name: name.to_owned(), layer: Layer::Input { dtype }, inputs: vec![], shape }))
    }

    /// Wires `layer` behind `inputs`, or says why it does not fit there.
    ///
    /// # Errors
    /// [`GraphError`] names the node, the rule and what arrived.
    pub fn add(&mut self, name: &str, layer: Layer, inputs: &[NodeId]) -> Result<NodeId, GraphError> {
        self.refuse_taken(name)?;
        self.refuse_unknown(name, inputs)?;
        layer.settings().map_err(|(setting, rule)| {
            let (node, layer) = (name.to_owned(), layer.name());
            GraphError::Setting { node, layer, setting, rule }
        })?;
        self.refuse_type(name, &layer, inputs)?;
        self.refuse_table(name, &layer, inputs)?;
        let shape = layer
            .infer(&self.shapes(inputs))
            .map_err(|error| GraphError::Shape { node: name.to_owned(), error })?;
        Ok(self.push(Node { name: name.to_owned(), layer, inputs: inputs.to_vec(), shape }))
    }

    /// Makes what `node` yields an answer of the network.
    pub fn output(&mut self, node: NodeId) {
        self.outputs.push(node);
    }

    /// Every node, in an order to run them in.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes where a batch enters.
    pub fn inputs(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| matches!(node.layer, Layer::Input { .. }))
    }

    /// The nodes that answer.
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// What a loss looks at for each output, and how many answers that is for a row: the output itself, or what the members of an
    /// ensemble say whose mean it is.
    pub fn judged(&self) -> impl Iterator<Item = (NodeId, usize)> {
        let of = move |&output: &NodeId| match (&self[output].layer, &self[output].inputs[..]) {
            (Layer::MemberMean { .. }, [said]) => {
                (*said, self[*said].shape.0.get(1).and_then(|dim| dim.size()).unwrap_or(1))
            }
            _ => (output, 1),
        };
        self.outputs.iter().map(of)
    }

    /// The node of a name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.name == name).map(NodeId)
    }

    /// The shapes that `node` reads.
    pub fn input_shapes(&self, node: &Node) -> Vec<&Shape> {
        self.shapes(&node.inputs)
    }

    /// The tensors of every node, under their full names (`conv1.weight`), in the order of the nodes; a table that is used twice stands
    /// with its embedding.
    pub fn params(&self) -> Vec<(String, Param)> {
        let of = |node: &Node| {
            let name = node.name.clone();
            self.params_of(node).into_iter().map(move |param| (format!("{name}.{}", param.name), param))
        };
        self.nodes.iter().flat_map(of).collect()
    }

    /// The tensors of a node, in the order of its layer.
    pub fn params_of(&self, node: &Node) -> Vec<Param> {
        let mut params = node.layer.params(&self.shapes(&node.inputs));
        self.start_small(node, &mut params);
        self.mark_frozen(node, &mut params);
        params
    }

    fn shapes(&self, ids: &[NodeId]) -> Vec<&Shape> {
        ids.iter().map(|id| &self[*id].shape).collect()
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    fn refuse_taken(&self, name: &str) -> Result<(), GraphError> {
        match self.find(name) {
            None => Ok(()),
            Some(_) => Err(GraphError::Taken { node: name.to_owned() }),
        }
    }

    fn refuse_unknown(&self, name: &str, inputs: &[NodeId]) -> Result<(), GraphError> {
        match inputs.iter().find(|id| id.0 >= self.nodes.len()) {
            None => Ok(()),
            Some(id) => Err(GraphError::Unknown { node: name.to_owned(), input: id.0.to_string() }),
        }
    }

    fn refuse_type(&self, name: &str, layer: &Layer, inputs: &[NodeId]) -> Result<(), GraphError> {
        for (place, id) in inputs.iter().enumerate() {
            let got = self[*id].layer.yields();
            let wanted = layer.takes(place);
            if got != wanted {
                let (node, input) = (name.to_owned(), self[*id].name.clone());
                return Err(GraphError::Type { node, layer: layer.name(), wanted, got, input });
            }
        }
        Ok(())
    }
}

impl Index<NodeId> for Graph {
    type Output = Node;
    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

impl TryFrom<Written> for Graph {
    type Error = GraphError;
    fn try_from(written: Written) -> Result<Graph, GraphError> {
        let mut graph = Graph::default();
        for node in written.nodes {
            if let Layer::Input { dtype } = node.layer {
                graph.input(&node.name, node.shape, dtype)?;
            } else {
                graph.add(&node.name, node.layer, &node.inputs)?;
            }
        }
        graph.refuse_unknown("outputs", &written.outputs)?;
        graph.outputs = written.outputs;
        graph.refuse_frozen(&written.frozen)?;
        graph.frozen = written.frozen;
        Ok(graph)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{ChannelAxis, Interpolation, MeanOf, Padding, Positions, Returns, Size2};

    const MEAN: Layer = Layer::MemberMean { of: MeanOf::Scores };

    /// Wires `layers` one behind the other after an input of `item`; the last shape, or the first refusal.
    #[track_caller]
    fn check(item: &[usize], layers: &[Layer], expect: &str) {
        let mut graph = Graph::default();
        let mut x = graph.input("x", Shape::batch(item), DType::F32).unwrap();
        for (i, layer) in layers.iter().enumerate() {
            match graph.add(&format!("l{i}"), layer.clone(), &[x]) {
                Ok(id) => x = id,
                Err(error) => return assert_eq!(error.to_string(), expect),
            }
        }
        assert_eq!(graph[x].shape.to_string(), expect);
    }

    fn dense(units: usize) -> Layer {
        Layer::Dense { units, bias: true }
    }

    fn attention(heads: usize, causal: bool) -> Layer {
        Layer::MultiHeadAttention { heads, kv_heads: None, causal, bias: true, positions: Positions::None }
    }

    fn pool(kernel: usize) -> Layer {
        Layer::MaxPool2d {
            kernel: Size2::square(kernel),
            stride: None,
            padding: Size2::square(0),
            ceil_mode: false,
        }
    }

    fn conv(kernel: usize, groups: usize) -> Layer {
        let one = Size2::square(1);
        let (kernel, padding) = (Size2::square(kernel), Size2::square(1));
        Layer::Conv2d { filters: 6, kernel, stride: one, padding, dilation: one, groups, bias: true }
    }

    #[test]
    fn dense_sets_the_last_axis() {
        check(&[4], &[dense(8), Layer::Relu], "[batch, 8]");
        check(&[5, 4], &[dense(8)], "[batch, 5, 8]");
        check(&[7, 5, 4], &[dense(8)], "[batch, 7, 5, 8]");
    }

    #[test]
    fn sequences_keep_their_time() {
        let attention = attention(2, true);
        let lstm = |returns| Layer::Lstm { units: 3, bidirectional: true, returns, layers: 2 };
        check(&[5, 4], &[Layer::PositionEmbedding { length: 5 }, attention], "[batch, 5, 4]");
        check(&[5, 4], &[lstm(Returns::Sequence)], "[batch, 5, 6]");
        check(&[5, 4], &[lstm(Returns::Last)], "[batch, 6]");
        check(&[5, 4], &[Layer::MeanOverTime], "[batch, 4]");
        check(&[7, 11], &[Layer::Patches { size: 4, stride: Some(3) }], "[batch, 7, 3, 4]");
        check(&[7, 3, 4], &[Layer::Flatten { axis: 2 }], "[batch, 7, 12]");
    }

    #[test]
    fn a_sequence_must_fit() {
        let refused = |item: &[usize], layer: Layer, expect: &str| check(item, &[layer], expect);
        refused(
            &[6, 4],
            Layer::PositionEmbedding { length: 5 },
            "node `l0`: position_embedding wants a sequence of at most `length` = 5 places, got [batch, 6, 4]; make `length` larger, or cut the sequences",
        );
        refused(
            &[6, 4],
            attention(3, false),
            "node `l0`: multi_head_attention wants a last axis that is a multiple of `heads` = 3, got [batch, 6, 4]",
        );
        let shared = |kv_heads| Layer::MultiHeadAttention {
            heads: 4,
            kv_heads: Some(kv_heads),
            causal: false,
            bias: true,
            positions: Positions::None,
        };
        refused(&[6, 4], shared(2), "[batch, 6, 4]");
        for kv_heads in [0, 3, 8] {
            let text =
                format!("node `l0`: `multi_head_attention.kv_heads` must divide `heads` = 4, got {kv_heads}");
            refused(&[6, 4], shared(kv_heads), &text);
        }
        refused(
            &[6],
            Layer::Gru { units: 3, bidirectional: false, returns: Returns::Last, layers: 1 },
            "node `l0`: gru wants a sequence [batch, time, n], got [batch, 6]",
        );
        refused(
            &[6],
            Layer::Patches { size: 7, stride: None },
            "node `l0`: patches wants a last axis of at least `size` = 7, got [batch, 6]; make `size` smaller",
        );
        let bidirectional = true;
        let units = usize::MAX;
        refused(
            &[6, 4],
            Layer::Lstm { units, bidirectional, returns: Returns::Last, layers: 1 },
            "node `l0`: lstm wants states that can be counted, not twice 18446744073709551615 numbers, got [batch, 6, 4]",
        );
    }

    #[test]
    fn rotary_positions_turn_pairs() {
        let rotary = |heads| Layer::MultiHeadAttention {
            heads,
            kv_heads: None,
            causal: true,
            bias: false,
            positions: Positions::Rotary,
        };
        check(&[6, 12], &[Layer::SinusoidalPositions, rotary(3)], "[batch, 6, 12]");
        check(
            &[6, 12],
            &[rotary(4)],
            "node `l0`: multi_head_attention wants an even number of numbers for each of 4 heads, because rotary positions turn pairs, got [batch, 6, 12]; change `heads`, or the width in front",
        );
        check(
            &[6],
            &[Layer::SinusoidalPositions],
            "node `l0`: sinusoidal_positions wants a sequence [batch, .., time, n], got [batch, 6]",
        );
    }

    #[test]
    fn lengths_are_ids_one_a_row() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[5, 4]), DType::F32).unwrap();
        let lengths = graph.input("lengths", Shape::batch(&[]), DType::I64).unwrap();
        let pairs = graph.input("pairs", Shape::batch(&[2]), DType::I64).unwrap();
        let attention = || attention(2, false);
        assert!(graph.add("y", attention(), &[x, lengths]).is_ok());
        let error = graph.add("z", attention(), &[x, pairs]).unwrap_err().to_string();
        assert_eq!(
            error,
            "node `z`: multi_head_attention wants one sequence, or a sequence and its length [batch], got [batch, 5, 4] and [batch, 2]"
        );
        let ids = graph.input("ids", Shape::batch(&[5]), DType::I64).unwrap();
        let counted = graph.add("counted", Layer::Lengths { padding: 0 }, &[ids]).unwrap();
        assert_eq!(graph[counted].shape.to_string(), "[batch]");
        assert!(graph.add("w", attention(), &[x, counted]).is_ok());
        let error = graph.add("v", Layer::Relu, &[counted]).unwrap_err().to_string();
        assert_eq!(error, "node `v`: relu wants f32 numbers, got i64 from `counted`");
        let error = graph.add("v", Layer::Lengths { padding: 0 }, &[pairs, ids]).unwrap_err().to_string();
        assert!(error.starts_with("node `v`: lengths wants one input"), "{error}");
        let error = graph.add("v", Layer::Lengths { padding: 0 }, &[lengths]).unwrap_err().to_string();
        assert_eq!(error, "node `v`: lengths wants ids [batch, time], got [batch]");
        let error = graph.add("z", attention(), &[x, x]).unwrap_err().to_string();
        assert!(error.starts_with("node `z`: multi_head_attention wants i64"), "{error}");
    }

    fn conv1d(kernel: usize, dilation: usize, groups: usize) -> Layer {
        Layer::Conv1d { filters: 6, kernel, stride: 2, padding: 1, dilation, groups, bias: true }
    }

    #[test]
    fn windows_slide_over_time() {
        check(&[9, 4], &[Layer::Transpose, conv1d(3, 1, 2)], "[batch, 6, 5]");
        check(&[4, 9], &[conv1d(3, 2, 1), Layer::Transpose, Layer::MaxOverTime], "[batch, 6]");
        check(&[2, 4, 9], &[Layer::Transpose], "[batch, 2, 9, 4]");
        check(
            &[4, 9],
            &[conv1d(7, 2, 1)],
            "node `l0`: conv1d wants at least 13 steps with padding 1, got [batch, 4, 9]; make `kernel` smaller, or `padding` larger",
        );
        check(
            &[3, 9],
            &[conv1d(3, 1, 2)],
            "node `l0`: conv1d wants a multiple of 2 channels, one share for each group, got [batch, 3, 9]",
        );
        check(
            &[3, 9],
            &[conv1d(3, 1, 4)],
            "node `l0`: `conv1d.filters` must be a multiple of `groups` = 4, got 6",
        );
        check(
            &[9],
            &[conv1d(3, 1, 1)],
            "node `l0`: conv1d wants channels over time [batch, channels, time], got [batch, 9]",
        );
        check(
            &[9],
            &[Layer::Transpose],
            "node `l0`: transpose wants a sequence [batch, .., time, n], got [batch, 9]",
        );
    }

    #[test]
    fn windows_slide() {
        check(&[3, 9, 7], &[conv(3, 1), pool(2), Layer::Flatten { axis: 1 }], "[batch, 72]");
        check(&[3, 9, 7], &[conv(3, 3), Layer::GlobalAvgPool], "[batch, 6]");
    }

    #[test]
    fn a_window_must_fit() {
        check(
            &[3, 4, 4],
            &[pool(5)],
            "node `l0`: max_pool2d wants an image of at least 5x5 with padding 0x0, got [batch, 3, 4, 4]; make `kernel` smaller, or pool less before it",
        );
    }

    #[test]
    fn groups_must_divide() {
        check(
            &[3, 4, 4],
            &[conv(3, 4)],
            "node `l0`: `conv2d.filters` must be a multiple of `groups` = 4, got 6",
        );
        check(
            &[3, 4, 4],
            &[conv(3, 2)],
            "node `l0`: conv2d wants a multiple of 2 channels, one share for each group, got [batch, 3, 4, 4]",
        );
    }

    #[test]
    fn channels_come_in_groups() {
        let groups = |groups| Layer::GroupNorm { groups, eps: 1e-5 };
        check(&[6], &[groups(3), Layer::Silu], "[batch, 6]");
        check(&[6, 4, 4], &[groups(6), Layer::RmsNorm { eps: 1e-5 }], "[batch, 6, 4, 4]");
        check(
            &[6, 4],
            &[groups(4)],
            "node `l0`: group_norm wants [batch, channels, ..], the channels a multiple of `groups` = 4, got [batch, 6, 4]",
        );
        check(
            &[6],
            &[groups(6)],
            "node `l0`: group_norm wants more than one number in each group, got [batch, 6]; make `groups` smaller",
        );
        let alone = || Layer::InstanceNorm { eps: 1e-5 };
        check(&[6, 4], &[alone()], "[batch, 6, 4]");
        check(
            &[6],
            &[alone()],
            "node `l0`: instance_norm wants [batch, channels, ..], more than one number in each channel, got [batch, 6]",
        );
    }

    #[test]
    fn impossible_settings_are_named() {
        check(&[4], &[dense(0)], "node `l0`: `dense.units` must be above zero, got 0");
        check(&[4], &[Layer::Dropout { p: 1.5 }], "node `l0`: `dropout.p` must be from 0 to 1, got 1.5");
        check(&[4], &[Layer::RmsNorm { eps: 0.0 }], "node `l0`: `rms_norm.eps` must be above zero, got 0");
        check(
            &[4],
            &[Layer::GroupNorm { groups: 0, eps: 1e-5 }],
            "node `l0`: `group_norm.groups` must be above zero, got 0",
        );
        let leaky = Layer::LeakyRelu { slope: -0.1 };
        check(&[4], &[leaky], "node `l0`: `leaky_relu.slope` must be from 0 to 1, got -0.1");
        check(&[4], &[Layer::Elu { alpha: 0.0 }], "node `l0`: `elu.alpha` must be above zero, got 0");
        check(
            &[4],
            &[Layer::HardTanh { low: 1.0, high: 1.0 }],
            "node `l0`: `hard_tanh.high` must be a finite number above `low` = 1, got 1",
        );
    }

    #[test]
    fn groups_and_members_stand_side_by_side() {
        let grouped = |groups: &[usize]| Layer::GroupedDense { groups: groups.to_vec(), units: 4 };
        let scale = |axes| Layer::Scale { axes, start: 1.0, signs: false, bias: None };
        let ensemble = Layer::Ensemble { members: 3 };
        check(&[6], &[grouped(&[1, 2, 3])], "[batch, 3, 4]");
        check(&[5], &[ensemble.clone(), scale(2), dense(2), MEAN], "[batch, 2]");
        check(
            &[6],
            &[grouped(&[1, 2])],
            "node `l0`: grouped_dense wants [batch, 3], the numbers of its 2 `groups`, got [batch, 6]",
        );
        check(
            &[6],
            &[grouped(&[6, 0])],
            "node `l0`: `grouped_dense.groups` must be one or more sizes above zero, got [6, 0]",
        );
        check(
            &[usize::MAX],
            &[grouped(&[usize::MAX, 1])],
            &format!(
                "node `l0`: grouped_dense wants [batch, too many], the numbers of its 2 `groups`, got [batch, {}]",
                usize::MAX
            ),
        );
        check(
            &[3],
            &[scale(2)],
            "node `l0`: scale wants an item whose last 2 axes are known, got [batch, 3]",
        );
        check(
            &[3, 2],
            &[ensemble],
            "node `l0`: ensemble wants rows [batch, n], got [batch, 3, 2]; put `flatten` before it",
        );
        check(
            &[3],
            &[MEAN],
            "node `l0`: member_mean wants what members say, [batch, members, n], got [batch, 3]",
        );
    }

    #[test]
    fn a_loss_judges_members_one_by_one() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
        let said = graph.add("said", Layer::Ensemble { members: 3 }, &[x]).unwrap();
        let mean = graph.add("mean", MEAN, &[said]).unwrap();
        graph.output(mean);
        graph.output(x);
        assert_eq!(graph.judged().collect::<Vec<_>>(), [(said, 3), (x, 1)]);
    }

    /// `member_mean` had no settings at first: it was the mean of the numbers themselves.
    #[test]
    fn a_file_of_an_ensemble_says_the_name_of_its_mean_alone() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
        let said = graph.add("said", Layer::Ensemble { members: 3 }, &[x]).unwrap();
        let mean = graph.add("mean", MEAN, &[said]).unwrap();
        graph.output(mean);
        let text = serde_json::to_string(&graph).unwrap();
        let earlier = text.replace(r#"{"member_mean":{"of":"scores"}}"#, r#""member_mean""#);
        assert_ne!(earlier, text);
        assert_eq!(serde_json::from_str::<Graph>(&earlier).unwrap(), graph);
        let unsaid = text.replace(r#"{"ensemble":{"members":3}}"#, r#""ensemble""#);
        let error = serde_json::from_str::<Graph>(&unsaid).unwrap_err().to_string();
        assert!(error.starts_with("missing field `members`"), "{error}");
    }

    #[test]
    fn add_and_concat_want_company() {
        check(&[4], &[Layer::Add], "node `l0`: add wants two or more equal shapes, got [batch, 4]");
        let mut graph = Graph::default();
        let a = graph.input("a", Shape::batch(&[2, 3, 3]), DType::F32).unwrap();
        let b = graph.input("b", Shape::batch(&[5, 3, 3]), DType::F32).unwrap();
        let both = graph.add("both", Layer::Concat { axis: 1 }, &[a, b]).unwrap();
        assert_eq!(graph[both].shape.to_string(), "[batch, 7, 3, 3]");
        let error = graph.add("wrong", Layer::Concat { axis: 2 }, &[a, b]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "node `wrong`: concat wants two or more shapes that differ in axis 2 alone, got [batch, 2, 3, 3] and [batch, 5, 3, 3]"
        );
    }

    #[test]
    fn images_grow_and_windows_pool_time() {
        let upsample = |height, width| Layer::Upsample {
            factor: Size2 { height, width },
            mode: Interpolation::Bilinear,
        };
        let pool1d =
            |kernel, padding| Layer::MaxPool1d { kernel, stride: Some(2), padding, ceil_mode: false };
        check(&[3, 4, 5], &[upsample(2, 3)], "[batch, 3, 8, 15]");
        check(&[3, 9], &[pool1d(3, 1)], "[batch, 3, 5]");
        let beyond = |kernel, ceil_mode| Layer::AvgPool1d { kernel, stride: Some(2), padding: 0, ceil_mode };
        check(&[3, 8], &[beyond(3, false)], "[batch, 3, 3]");
        check(&[3, 8], &[beyond(3, true)], "[batch, 3, 4]");
        check(&[3, 2], &[beyond(3, true)], "[batch, 3, 1]");
        check(
            &[3, 2],
            &[beyond(4, true)],
            "node `l0`: avg_pool1d wants at least 4 steps with padding 0, got [batch, 3, 2]; make `kernel` smaller, or `padding` larger",
        );
        check(
            &[3, 4],
            &[upsample(2, 2)],
            "node `l0`: upsample wants an image [batch, channels, height, width], got [batch, 3, 4]",
        );
        check(
            &[3, 4, 4],
            &[upsample(2, 0)],
            "node `l0`: `upsample.factor` must be above zero on both sides, got 2x0",
        );
        check(
            &[3, 4, 4],
            &[upsample(1, usize::MAX)],
            "node `l0`: upsample wants an image of at most 1099511627776 numbers when it is 1x18446744073709551615 as large, got [batch, 3, 4, 4]; make `factor` smaller",
        );
        check(
            &[3, 9],
            &[pool1d(3, 2)],
            "node `l0`: `max_pool1d.padding` must be at most half the kernel 3, got 2",
        );
    }

    #[test]
    fn transposed_convolutions_undo_the_sizes_of_convolutions() {
        let size = |height, width| Size2 { height, width };
        let one = Size2::square(1);
        let back = |kernel, stride, [padding, output_padding]: [Size2; 2], groups| {
            let filters = 6;
            Layer::ConvTranspose2d {
                filters,
                kernel,
                stride,
                padding,
                output_padding,
                dilation: one,
                groups,
                bias: true,
            }
        };
        let (none, two) = (Size2::square(0), Size2::square(2));
        check(&[4, 5, 3], &[back(size(3, 2), size(2, 1), [size(1, 0), size(1, 0)], 2)], "[batch, 6, 10, 4]");
        check(&[4, 5, 3], &[back(Size2::square(2), two, [none; 2], 1)], "[batch, 6, 10, 6]");
        check(
            &[4, 5, 3],
            &[back(two, two, [none; 2], 3)],
            "node `l0`: conv_transpose2d wants a multiple of 3 channels, one share for each group, got [batch, 4, 5, 3]",
        );
        check(
            &[4, 5, 3],
            &[back(two, two, [none, size(0, 2)], 1)],
            "node `l0`: `conv_transpose2d.output_padding` must be below `stride`, 2x2, got 0x2",
        );
        check(
            &[4, 5, 3],
            &[back(two, two, [size(2, 0), none], 1)],
            "node `l0`: `conv_transpose2d.padding` must be below what a kernel reaches over, 2x2, got 2x0",
        );
        check(
            &[4, 1, 1],
            &[back(two, two, [one, none], 1)],
            "node `l0`: conv_transpose2d wants an image of 1 to 1099511627776 numbers when windows of 2x2 lie 2x2 apart, less 1x1, got [batch, 4, 1, 1]; make `padding` or `stride` smaller",
        );
    }

    #[test]
    fn adaptive_pools_yield_what_is_said() {
        let pool = |height, width| Layer::AdaptiveAvgPool2d { size: Size2 { height, width } };
        check(&[4, 5, 3], &[pool(2, 7)], "[batch, 4, 2, 7]");
        check(
            &[4, 5, 3],
            &[pool(0, 1)],
            "node `l0`: `adaptive_avg_pool2d.size` must be above zero on both sides, got 0x1",
        );
        check(
            &[4, 5, 3],
            &[pool(1 << 20, 1 << 20)],
            "node `l0`: adaptive_avg_pool2d wants a `size` of at most 1099511627776 numbers, got [batch, 4, 5, 3]; make `size` smaller",
        );
    }

    #[test]
    fn lines_grow_and_lose() {
        let pad = |before, after| Layer::Pad1d { before, after, mode: Padding::Replicate };
        check(&[3, 9], &[pad(2, 1)], "[batch, 3, 12]");
        check(
            &[9],
            &[pad(2, 1)],
            "node `l0`: pad1d wants channels over time [batch, channels, time], got [batch, 9]",
        );
        check(
            &[3, 9],
            &[pad(1, usize::MAX)],
            "node `l0`: pad1d wants at most 1099511627776 numbers when 1 and 18446744073709551615 steps are added, got [batch, 3, 9]; make `before` and `after` smaller",
        );
        check(&[4], &[Layer::Subtract], "node `l0`: subtract wants two equal shapes, got [batch, 4]");
    }

    #[test]
    fn a_product_wants_two() {
        check(&[4], &[Layer::Multiply], "node `l0`: multiply wants two equal shapes, got [batch, 4]");
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[4]), DType::F32).unwrap();
        let y = graph.add("y", Layer::Multiply, &[x, x]).unwrap();
        assert_eq!(graph[y].shape.to_string(), "[batch, 4]");
        assert!(graph.add("z", Layer::Multiply, &[x, x, x]).is_err());
    }

    #[test]
    fn ids_and_numbers_do_not_mix() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[4]), DType::F32).unwrap();
        let error = graph.add("words", Layer::Embedding { vocabulary: 9, units: 2 }, &[x]).unwrap_err();
        assert_eq!(error.to_string(), "node `words`: embedding wants i64 numbers, got f32 from `x`");
    }

    #[test]
    fn a_graph_is_wired_again_when_it_is_read() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[4]), DType::F32).unwrap();
        let y = graph.add("y", dense(3), &[x]).unwrap();
        graph.output(y);
        let text = serde_json::to_string(&graph).unwrap();
        assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
        let broken = text.replace("\"inputs\":[0]", "\"inputs\":[7]");
        let error = serde_json::from_str::<Graph>(&broken).unwrap_err().to_string();
        assert!(error.starts_with("node `y` wants inputs that stand before it, got `7`"), "{error}");
    }

    #[test]
    fn a_stack_carries_pytorch_names() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[5, 4]), DType::F32).unwrap();
        let gru = Layer::Gru { units: 3, bidirectional: true, returns: Returns::Last, layers: 2 };
        let y = graph.add("y", gru, &[x]).unwrap();
        let weights = graph.params().into_iter().filter(|(name, _)| name.starts_with("y.weight_ih"));
        let names: Vec<String> = weights.map(|(name, param)| format!("{name} {:?}", param.sizes)).collect();
        let wanted = [
            "y.weight_ih_l0 [9, 4]",
            "y.weight_ih_l0_reverse [9, 4]",
            "y.weight_ih_l1 [9, 6]",
            "y.weight_ih_l1_reverse [9, 6]",
        ];
        assert_eq!(names, wanted);
        // Five places, two directions, two products for each of 9 rows.
        let work = graph[y].layer.flops(&[&graph[x].shape], &graph[y].shape);
        assert_eq!(work, 5 * 2 * 2 * 9 * ((4 + 3) + (6 + 3)));
    }

    #[test]
    fn parameters_carry_pytorch_names() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[3, 4, 4]), DType::F32).unwrap();
        let conv = graph.add("conv1", conv(3, 3), &[x]).unwrap();
        graph
            .add("bn1", Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }, &[conv])
            .unwrap();
        let names: Vec<String> =
            graph.params().into_iter().map(|(name, param)| format!("{name} {:?}", param.sizes)).collect();
        let wanted = [
            "conv1.weight [6, 1, 3, 3]",
            "conv1.bias [6]",
            "bn1.weight [6]",
            "bn1.bias [6]",
            "bn1.running_mean [6]",
            "bn1.running_var [6]",
        ];
        assert_eq!(names, wanted);
    }
}
