//! Tables that are used twice: to make vectors of ids, and to score every id by a vector.

use super::{Graph, GraphError, Node};
use crate::{Init, Layer, Param};

/// What GPT-2's tables start with: deviations of 1 would make scores of a table that also answers as far apart as its vectors are
/// long.
const GPT2: f64 = 0.02;

impl Graph {
    /// The embedding whose table a node scores by, if it is an `unembedding`.
    pub fn table_of(&self, node: &Node) -> Option<&Node> {
        let Layer::Unembedding { table, .. } = &node.layer else { return None };
        self.find(table).map(|id| &self[id])
    }

    /// The tensors that PyTorch names twice, each with its name in the weights of this graph: `unembedding1.weight`,
    /// `embedding1.weight`.
    pub fn tied(&self) -> impl Iterator<Item = (String, String)> {
        let names = |(node, table): (&Node, &Node)| {
            (format!("{}.weight", node.name), format!("{}.weight", table.name))
        };
        self.nodes.iter().filter_map(|node| Some((node, self.table_of(node)?))).map(names)
    }

    /// Refuses a table that is none, or whose sizes are not those of the scores.
    pub(super) fn refuse_table(
        &self,
        name: &str,
        layer: &Layer,
        inputs: &[super::NodeId],
    ) -> Result<(), GraphError> {
        let Layer::Unembedding { table, vocabulary } = layer else { return Ok(()) };
        let units = inputs.first().and_then(|id| self[*id].shape.last()).unwrap_or(0);
        let found = self.find(table).map(|id| &self[id].layer);
        let got = match found {
            Some(Layer::Embedding { vocabulary: rows, units: n }) if (rows, *n) == (vocabulary, units) => {
                return Ok(());
            }
            Some(Layer::Embedding { vocabulary: rows, units: n }) => format!("one of [{rows}, {n}]"),
            Some(other) => format!("`{}`", other.name()),
            None => "none".to_owned(),
        };
        let wanted = [*vocabulary, units];
        Err(GraphError::Table { node: name.to_owned(), table: table.clone(), wanted, got })
    }

    /// Where a table that is tied starts, and one of places that is added to its vectors.
    pub(super) fn start_small(&self, node: &Node, params: &mut [Param]) {
        let are_places = matches!(node.layer, Layer::PositionEmbedding { .. });
        let tables = if are_places { node.inputs.iter().map(|id| &self[*id]).collect() } else { vec![node] };
        if tables.into_iter().any(|table| self.is_tied(table)) {
            params.iter_mut().for_each(|param| param.init = Init::Normal(GPT2));
        }
    }

    fn is_tied(&self, node: &Node) -> bool {
        let names =
            |other: &Node| matches!(&other.layer, Layer::Unembedding { table, .. } if *table == node.name);
        matches!(node.layer, Layer::Embedding { .. }) && self.nodes.iter().any(names)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{DType, NodeId, Shape};

    /// Ids as vectors of two numbers, places, and scores by the table named `table`.
    fn graph(table: &str, vocabulary: usize) -> Result<(Graph, NodeId), GraphError> {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[3]), DType::I64).unwrap();
        let vectors = graph.add("vectors", Layer::Embedding { vocabulary: 7, units: 2 }, &[x]).unwrap();
        let places = graph.add("places", Layer::PositionEmbedding { length: 3 }, &[vectors]).unwrap();
        let layer = Layer::Unembedding { table: table.to_owned(), vocabulary };
        let scores = graph.add("scores", layer, &[places])?;
        Ok((graph, scores))
    }

    #[test]
    fn a_table_is_used_both_ways_and_counted_once() {
        let (graph, scores) = graph("vectors", 7).unwrap();
        assert_eq!(graph[scores].shape.to_string(), "[batch, 3, 7]");
        assert_eq!(
            graph.tied().collect::<Vec<_>>(),
            [("scores.weight".to_owned(), "vectors.weight".to_owned())]
        );
        let params: Vec<_> = graph.params().into_iter().map(|(name, param)| (name, param.init)).collect();
        let small = Init::Normal(0.02);
        assert_eq!(params, [("vectors.weight".to_owned(), small), ("places.weight".to_owned(), small)]);
        let text = serde_json::to_string(&graph).unwrap();
        assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
    }

    #[test]
    fn a_table_is_an_embedding_in_front_of_it() {
        let refused = |table, vocabulary| graph(table, vocabulary).unwrap_err().to_string();
        assert_eq!(
            refused("places", 7),
            "node `scores`: unembedding wants `places` to be an embedding of [7, 2] in front of it, got `position_embedding`"
        );
        assert_eq!(
            refused("vectors", 8),
            "node `scores`: unembedding wants `vectors` to be an embedding of [8, 2] in front of it, got one of [7, 2]"
        );
        assert_eq!(
            refused("vector", 7),
            "node `scores`: unembedding wants `vector` to be an embedding of [7, 2] in front of it, got none"
        );
    }
}
