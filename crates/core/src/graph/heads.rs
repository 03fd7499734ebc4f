//! What answers: the last learned layer in front of each output, and the layer that it reads.

use super::{Graph, NodeId};

/// The head of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadNode {
    /// The last layer in front of the output that learns something; the output itself if none does.
    pub head: NodeId,
    /// What that layer is told, the rows apart that are laid out for it; the head itself if it reads nothing.
    pub reads: NodeId,
}

impl Graph {
    /// The head of each output, in their order.
    pub fn heads(&self) -> impl Iterator<Item = HeadNode> {
        self.outputs.iter().map(|&output| {
            let learns = |id: &NodeId| !self.params_of(&self[*id]).is_empty();
            let head = self.before(output).find(learns).unwrap_or(output);
            let own = format!("{}_", self[head].name);
            let is_another = |id: &NodeId| *id != head && !self[*id].name.starts_with(&own);
            HeadNode { head, reads: self.before(head).find(is_another).unwrap_or(head) }
        })
    }

    /// A node, its first input, the first input of that, and so on.
    fn before(&self, from: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(from), |id| self[*id].inputs.first().copied())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{DType, Layer, MeanOf, Shape};

    #[test]
    fn a_head_is_what_learned_last() {
        let mut graph = Graph::default();
        let dense = || Layer::Dense { units: 4, bias: true };
        let x = graph.input("x", Shape::batch(&[4]), DType::F32).unwrap();
        let trunk = graph.add("trunk", dense(), &[x]).unwrap();
        let relu = graph.add("relu1", Layer::Relu, &[trunk]).unwrap();
        let kind = graph.add("head_kind", dense(), &[relu]).unwrap();
        let members = graph.add("members", Layer::Ensemble { members: 2 }, &[trunk]).unwrap();
        let row = graph.add("head_size_members", Layer::Flatten { axis: 1 }, &[members]).unwrap();
        let grouped = Layer::GroupedDense { groups: vec![4, 4], units: 1 };
        let size = graph.add("head_size", grouped, &[row]).unwrap();
        let mean = graph.add("head_size_mean", Layer::MemberMean { of: MeanOf::Scores }, &[size]).unwrap();
        for output in [kind, mean, x] {
            graph.output(output);
        }
        let head = |head, reads| HeadNode { head, reads };
        let wanted = [head(kind, relu), head(size, members), head(x, x)];
        assert_eq!(graph.heads().collect::<Vec<_>>(), wanted);
    }
}
