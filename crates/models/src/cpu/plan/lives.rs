//! How long everything lives. Time counts steps: node `i` runs forward at `i`, the loss at `n`, and node `i` backward at `2n - i`.

use baeum_core::{Graph, Layer, NodeId, ParamKind};

use super::Purpose;
use super::share::Shared;
use crate::cpu::op::Op;

/// From the first write to the last read, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Life {
    pub(crate) fn meets(self, other: Life) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    fn with(self, time: usize) -> Life {
        Life { from: self.from.min(time), to: self.to.max(time) }
    }
}

/// The lives of all that lies in memory, by node; values and gradients by the home of the node.
#[derive(Debug)]
pub(super) struct Lives {
    pub(super) values: Vec<Option<Life>>,
    pub(super) gradients: Vec<Option<Life>>,
    pub(super) kept: Vec<Life>,
    /// Of what the way back alone works with.
    pub(super) work: Vec<Option<Life>>,
}

/// Whose gradient is asked for: there is something learned at the node or in front of it, and an answer behind it.
pub(super) fn asked(graph: &Graph, ends: &[NodeId], purpose: Purpose) -> Vec<bool> {
    let nodes = graph.nodes();
    let mut learns = vec![false; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        let own = graph.params_of(graph.table_of(node).unwrap_or(node));
        learns[i] = own.iter().any(|param| param.kind == ParamKind::Learned)
            || node.inputs.iter().any(|id| learns[id.index()]);
    }
    let mut reached = vec![false; nodes.len()];
    for id in ends {
        reached[id.index()] = true;
    }
    for (i, node) in nodes.iter().enumerate().rev().filter(|_| purpose == Purpose::Train) {
        if reached[i] {
            node.inputs.iter().for_each(|id| reached[id.index()] = true);
        }
    }
    let mut asked: Vec<bool> =
        (0..nodes.len()).map(|i| purpose == Purpose::Train && learns[i] && reached[i]).collect();
    // A norm finds its own gradients on the way to that of what it reads, asked for or not.
    for (i, node) in nodes.iter().enumerate() {
        if asked[i] && is_norm(&node.layer) {
            node.inputs.iter().for_each(|id| asked[id.index()] = true);
        }
    }
    asked
}

fn is_norm(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::BatchNorm { .. } | Layer::LayerNorm { .. } | Layer::RmsNorm { .. } | Layer::GroupNorm { .. }
    )
}

impl Lives {
    pub(super) fn of(graph: &Graph, ends: &[NodeId], ops: &[Op], shared: &Shared, asked: &[bool]) -> Lives {
        let n = ops.len();
        let back = |i: usize| 2 * n - i;
        let mut lives = Lives { values: vec![None; n], gradients: vec![None; n], kept: vec![], work: vec![] };
        let touch = |life: &mut Option<Life>, time: usize| {
            *life = Some(life.map_or(Life { from: time, to: time }, |life| life.with(time)));
        };
        for (i, op) in ops.iter().enumerate() {
            let (home, needs) = (shared.home[i], op.needs());
            touch(&mut lives.values[home], i);
            if asked[i] {
                touch(&mut lives.gradients[home], back(i));
                if needs.output {
                    touch(&mut lives.values[home], back(i));
                }
            }
            for id in &graph.nodes()[i].inputs {
                let read = shared.home[id.index()];
                touch(&mut lives.values[read], i);
                if asked[i] && needs.input {
                    touch(&mut lives.values[read], back(i));
                }
                if asked[i] && asked[id.index()] {
                    touch(&mut lives.gradients[read], back(i));
                }
            }
            lives.kept.push(Life { from: i, to: if asked[i] { back(i) } else { i } });
            lives.work.push(asked[i].then(|| Life { from: back(i), to: back(i) }));
        }
        for id in ends {
            let home = shared.home[id.index()];
            touch(&mut lives.values[home], n);
            if asked[id.index()] {
                touch(&mut lives.gradients[home], n);
            }
        }
        lives
    }
}
