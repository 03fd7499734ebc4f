//! What a workload learns from.
use baeum::{Batch, Counter, Graph, Layer, Loss, Rng, Shape, Tensor};

use super::Workload;

impl Workload {
    /// Where weights and batch are drawn from; any number would do.
    pub const SEED: u64 = 7;

    /// The batch of every step: noise in, noise to be said. It is the same at every step, because what is measured is the step, not
    /// the reading of data.
    ///
    /// # Panics
    /// If the graph is none of [`workloads`](super::workloads).
    pub fn batch(&self) -> Batch {
        let Workload { graph, loss, rows, .. } = self;
        let output = graph.outputs().first().map(|id| &graph[*id]).expect("a workload has one output");
        let sizes = |shape: &Shape| shape.with_batch(*rows).expect("a workload has known sizes");
        let longest = graph.inputs().next().and_then(|x| x.shape.item()).expect("a workload has an input")[0];
        let inputs = graph.inputs().map(|input| {
            let x = match (input.name.as_str(), vocabulary(graph)) {
                ("lengths", _) => lengths(longest, *rows),
                (_, Some(ids)) => below("input", ids, sizes(&input.shape)),
                (_, None) => normal("input", sizes(&input.shape)),
            };
            (input.name.clone(), x)
        });
        let inputs = inputs.collect();
        let target = match loss {
            Loss::CrossEntropy { .. } => {
                let mut sizes = sizes(&output.shape);
                let classes = sizes.pop().expect("classes stand in the last axis");
                below("target", classes, sizes)
            }
            Loss::BinaryCrossEntropy { .. }
            | Loss::Mse
            | Loss::Mae
            | Loss::Huber { .. }
            | Loss::Quantile { .. }
            | Loss::Heads(_) => normal("target", sizes(&output.shape)),
        };
        Batch { rows: *rows, inputs, targets: vec![target] }
    }
}

/// From a quarter of the longest on.
fn lengths(longest: usize, rows: usize) -> Tensor {
    let shortest = longest / 4;
    let more = below("lengths", longest - shortest + 1, vec![rows]);
    let lengths = more.i64s().expect("ids were drawn").iter().map(|more| more + shortest as i64);
    Tensor::vector(lengths.collect::<Vec<i64>>())
}

/// How many ids there are, if ids come in.
fn vocabulary(graph: &Graph) -> Option<usize> {
    let of = |layer: &Layer| {
        if let Layer::Embedding { vocabulary, .. } = layer { Some(*vocabulary) } else { None }
    };
    graph.nodes().iter().find_map(|node| of(&node.layer))
}

fn normal(what: &str, sizes: Vec<usize>) -> Tensor {
    let mut numbers = vec![0.0; sizes.iter().product::<usize>()];
    Rng::new(Workload::SEED).stream(what, "").fill_normal(&mut numbers, Counter::once());
    Tensor::new(sizes, numbers).expect("as many numbers were drawn as the sizes want")
}

fn below(what: &str, bound: usize, sizes: Vec<usize>) -> Tensor {
    let stream = Rng::new(Workload::SEED).stream(what, "");
    let draw = |i: usize| i64::from(stream.below(bound as u32, Counter::once().at(i as u64)));
    let ids: Vec<i64> = (0..sizes.iter().product::<usize>()).map(draw).collect();
    Tensor::new(sizes, ids).expect("as many ids were drawn as the sizes want")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads;

    #[test]
    fn a_batch_fits_its_network() {
        for workload in workloads() {
            let Batch { inputs, targets, .. } = workload.batch();
            let head = workload.graph.find("head").expect("a workload ends in `head`");
            let sizes = |id| workload.graph[id].shape.with_batch(workload.rows);
            let x = workload.graph.find("x").expect("a workload begins with `x`");
            assert_eq!(sizes(x).as_deref(), Some(inputs["x"].shape()), "{}", workload.name);
            let mut wanted = sizes(head).expect("a workload has known sizes");
            if let Loss::CrossEntropy { .. } = workload.loss {
                wanted.pop();
            }
            assert_eq!(wanted, targets[0].shape(), "{}", workload.name);
        }
    }
}
