//! What optimizers tell apart: the parameters of a graph by what they do there.

use baeum_core::{Graph, Layer, Param};

/// What a learned tensor is to an optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Maps numbers inside the network to others: of a dense layer, a convolution, attention, recurrence.
    Matrix,
    /// Has two axes or more, but stands at an end of the network: a table of embeddings, or the layer that answers.
    End,
    /// Has one axis: a bias, the scale of a norm.
    Vector,
}

impl Role {
    pub(crate) const ALL: [Role; 3] = [Role::Matrix, Role::End, Role::Vector];

    /// The role of a tensor in the node of this place.
    pub(crate) fn of(graph: &Graph, node: usize, param: &Param) -> Role {
        let answers = graph.judged().any(|(id, _)| id.index() == node);
        let layer = graph.nodes().get(node).map(|node| &node.layer);
        match layer {
            _ if param.name.ends_with("bias") => Role::Vector,
            Some(Layer::Scale { .. }) => Role::Vector,
            Some(
                Layer::Embedding { .. }
                | Layer::NgramEmbedding { .. }
                | Layer::PositionEmbedding { .. }
                | Layer::GroupedDense { .. },
            ) => Role::End,
            Some(_) | None if answers => Role::by_axes(param.sizes.len()).at_the_end(),
            Some(_) | None => Role::by_axes(param.sizes.len()),
        }
    }

    fn at_the_end(self) -> Role {
        if self == Role::Matrix { Role::End } else { self }
    }

    /// The role of a tensor of which no more is known, as in a network written by hand.
    pub(crate) fn by_axes(axes: usize) -> Role {
        if axes >= 2 { Role::Matrix } else { Role::Vector }
    }

    /// How many axes a tensor of this role has at least.
    pub(crate) fn axes(self) -> usize {
        match self {
            Role::Matrix | Role::End => 2,
            Role::Vector => 0,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::testing::{cases, chain, conv, embedding};
    use baeum_core::DType;
    use baeum_kernels::Lying;

    #[test]
    fn tables_and_the_head_stand_at_the_ends() {
        let dense = || Layer::Dense { units: 4, bias: true };
        let flat = Layer::Flatten { axis: 1 };
        let graph =
            chain(&[3], DType::I64, vec![embedding(), Layer::PositionEmbedding { length: 3 }, flat, dense()]);
        let role = |name: &str| role(&graph, name);
        assert_eq!([role("l0.weight"), role("l1.weight")], [Role::End; 2]);
        assert_eq!([role("l3.weight"), role("l3.bias")], [Role::Matrix, Role::Vector]);
        assert_eq!([role("head.weight"), role("head.bias")], [Role::End, Role::Vector]);
    }

    fn role(graph: &Graph, name: &str) -> Role {
        let (node, _) = name.split_once('.').unwrap();
        let (_, param) = graph.params().into_iter().find(|(full, _)| full == name).unwrap();
        Role::of(graph, graph.find(node).unwrap().index(), &param)
    }

    #[test]
    fn factors_and_biases_are_vectors_however_many_members_have_them() {
        let (_, graph) = cases().into_iter().find(|(name, _)| *name == "member_mean").unwrap();
        let role = |name: &str| role(&graph, name);
        assert_eq!([role("a.weight"), role("scale.weight")], [Role::Matrix, Role::Vector]);
        assert_eq!([role("head.weight"), role("head.bias")], [Role::End, Role::Vector]);
    }

    #[test]
    fn a_kernel_is_a_row_for_each_filter() {
        let graph = chain(&[2, 5, 4], DType::F32, vec![conv(3, [3, 2], [1, 1], [1, 0], 1)]);
        let (_, weight) = graph.params().into_iter().next().unwrap();
        assert_eq!(Lying::of(8..44, &weight.sizes).sizes, [3, 12]);
        assert_eq!(Lying::of(0..0, &[0, 5]).sizes, [0, 0]);
    }
}
