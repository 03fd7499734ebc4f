//! Who shares memory with whom.

mod sums;

use baeum_core::Graph;
use baeum_kernels::Activation;

use super::Purpose;
use crate::cpu::op::{Folded, FoldedNorm, Op};

/// The memory of each node's value.
#[derive(Debug)]
pub(super) struct Shared {
    /// The first node whose value lies where this one's does; itself, for most.
    pub(super) home: Vec<usize>,
    /// Whether it writes over what it reads.
    pub(super) in_place: Vec<bool>,
}

/// Reshapes share the memory of what they read; a relu that alone reads a product, a sum or a batch norm becomes part of it, as does, for
/// answers, a batch norm that alone reads a convolution, and a convolution part of a sum; other functions of single numbers work in place where nobody misses what they overwrite.
///
/// Value and gradient share alike. A reshape may share with readers beside it, because it adds nothing on the way back; what works
/// in place must be the only reader, because it changes the gradient that it finds.
pub(super) fn share(graph: &Graph, ops: &mut [Op], purpose: Purpose) -> Shared {
    let readers = readers(graph);
    let mut shared = Shared { home: (0..ops.len()).collect(), in_place: vec![false; ops.len()] };
    for i in 0..ops.len() {
        let [input] = graph.nodes()[i].inputs[..] else { continue };
        let home = shared.home[input.index()];
        if let Op::Same = ops[i] {
            shared.home[i] = home;
            continue;
        }
        let members: Vec<usize> = (home..i).filter(|&member| shared.home[member] == home).collect();
        if members.iter().any(|&member| readers[member] != 1 || answers(graph, member)) {
            continue;
        }
        // What works in place between the two would see norm or relu too early.
        let next = !members.iter().any(|&member| shared.in_place[member]);
        if next && (fuse_relu(ops, i, home) || purpose == Purpose::Predict && fold_norm(ops, i, home)) {
            shared.home[i] = home;
        } else if ops[i].needs().in_place
            && (purpose == Purpose::Predict || !members.iter().any(|&member| ops[member].needs().output))
        {
            shared.home[i] = home;
            shared.in_place[i] = true;
        }
    }
    if purpose == Purpose::Predict {
        sums::fuse(graph, ops, &mut shared);
    }
    shared
}

/// Makes the relu `i` part of the product, the sum or the batch norm `home`, if they are such.
fn fuse_relu(ops: &mut [Op], i: usize, home: usize) -> bool {
    let Op::Activation(Activation::Relu) = ops[i] else { return false };
    let (Op::Dense { relu: relu @ false, .. }
    | Op::Conv2d { relu: relu @ false, .. }
    | Op::BatchNorm { relu: relu @ false, .. }
    | Op::Add { relu: relu @ false }) = &mut ops[home]
    else {
        return false;
    };
    *relu = true;
    ops[i] = Op::Same;
    true
}

/// Makes the batch norm `i` part of the convolution `home`, if it is one with nothing behind it yet: in answers both multiply.
fn fold_norm(ops: &mut [Op], i: usize, home: usize) -> bool {
    let Op::BatchNorm { rows: 1, channels, eps, relu: false, .. } = ops[i] else { return false };
    let Op::Conv2d { conv, relu: false, folded: Folded { norm: norm @ None, .. }, .. } = &mut ops[home]
    else {
        return false;
    };
    if conv.filters != channels {
        return false; // a flatten stands between
    }
    *norm = Some(FoldedNorm { node: i, eps });
    ops[i] = Op::Same;
    true
}

/// Whether the network hands out the value of a node.
fn answers(graph: &Graph, i: usize) -> bool {
    graph.outputs().iter().any(|id| id.index() == i)
}

/// How many times each node is read.
fn readers(graph: &Graph) -> Vec<usize> {
    let mut readers = vec![0; graph.nodes().len()];
    for id in graph.nodes().iter().flat_map(|node| &node.inputs) {
        readers[id.index()] += 1;
    }
    readers
}
