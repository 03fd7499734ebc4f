//! Sums that a convolution writes: it adds what it yields to the other term, where that stands, and nobody adds afterwards.

use baeum_core::Graph;
use baeum_kernels::Write;

use super::{Shared, answers, readers};
use crate::cpu::op::{Folded, Op};

/// Makes each sum of two part of the convolution that yields one of them, where nobody misses the other. For answers alone.
pub(super) fn fuse(graph: &Graph, ops: &mut [Op], shared: &mut Shared) {
    let readers = readers(graph);
    for sum in 0..ops.len() {
        let (Op::Add { relu }, [a, b]) = (&ops[sum], &graph.nodes()[sum].inputs[..]) else { continue };
        let (relu, [a, b]) = (*relu, [a, b].map(|id| shared.home[id.index()]));
        // What works in place behind the convolution would work on the sum.
        let is_for_the_sum_alone = |home: usize| {
            members(shared, home)
                .all(|member| readers[member] == 1 && !answers(graph, member) && !shared.in_place[member])
        };
        let fits = |&(conv, other): &(usize, usize)| {
            conv != other
                && yields_a_term(&ops[conv])
                && is_for_the_sum_alone(conv)
                && is_left_before(graph, shared, other, conv, sum)
        };
        let Some((conv, other)) = [(b, a), (a, b)].into_iter().find(fits) else { continue };
        if let Op::Conv2d { relu: behind, folded, .. } = &mut ops[conv] {
            (*behind, folded.write) = (relu, Write::Add);
            ops[sum] = Op::Same;
            let moved = shared.home.iter_mut().filter(|home| **home == conv || **home == sum);
            moved.for_each(|home| *home = other);
        }
    }
}

/// The nodes whose values lie in one place.
fn members(shared: &Shared, home: usize) -> impl Iterator<Item = usize> {
    shared.home.iter().enumerate().filter(move |(_, own)| **own == home).map(|(member, _)| member)
}

/// Whether it is a convolution that may add what it yields to something.
fn yields_a_term(op: &Op) -> bool {
    matches!(op, Op::Conv2d { relu: false, folded: Folded { write: Write::Set, .. }, .. })
}

/// Whether all that yields or reads `home` is done before the convolution, but for the sum.
fn is_left_before(graph: &Graph, shared: &Shared, home: usize, conv: usize, sum: usize) -> bool {
    let is_in = |i: usize| shared.home[i] == home;
    let touches = |i: usize| is_in(i) || graph.nodes()[i].inputs.iter().any(|id| is_in(id.index()));
    (conv..shared.home.len()).all(|i| i == sum || !touches(i))
        && members(shared, home).all(|member| !answers(graph, member))
}
