//! A text that grows piece by piece: of every layer the new place alone is computed, and attention keeps the keys and values of
//! the places before it (a key-value cache).

use std::sync::Arc;

use baeum_core::{Batch, Graph, Layer, NetworkError, Node, Rng, Shape, Tensor, Weights};
use baeum_kernels::{Arena, Span};

use super::attention::{Attention, Kept};
use super::op::{Op, item};
use super::plan::{Params, Plan, Purpose, Step};
use super::{CpuRunner, Run};
use crate::network::Pass;
use crate::{ModelError, RunnerConfig};

/// A whole pass takes about as long as this share of its places would, one by one, because each weight is read once for all. A rule of
/// thumb, not measured.
const SHARE: usize = 16;

/// A network on the processor that tells which piece of a text comes next, and remembers what it has seen of the text.
#[derive(Debug)]
pub struct TextRunner {
    runner: CpuRunner,
    /// None where a layer must see the whole text to tell what its last place yields: then all of it is computed each time.
    growing: Option<Growing>,
    /// The pieces whose keys and values are kept.
    seen: Vec<u32>,
}

impl TextRunner {
    /// A network of these layers, with these parameters. `graph`: ids `[batch, T]` to logits `[batch, T, V]`.
    ///
    /// # Errors
    /// [`ModelError::Weights`] if they are not the graph's.
    pub fn new(graph: &Graph, weights: &Weights, config: RunnerConfig) -> Result<TextRunner, ModelError> {
        let runner = CpuRunner::new(graph, weights, config)?;
        let growing = Growing::of(graph, &runner.params, &runner.rng);
        Ok(TextRunner { runner, growing, seen: vec![] })
    }

    /// The network, for answers about whole texts. What is kept is forgotten, for its parameters may move.
    pub fn network(&mut self) -> &mut CpuRunner {
        self.seen.clear();
        &mut self.runner
    }

    /// What comes behind `text`, as logits `[V]`; none behind no text. A text that goes on with the last one costs its new pieces
    /// alone. `padding` fills up what is shorter than T.
    ///
    /// Place by place the same sums are rounded in another order than in [`baeum_core::Network::predict`].
    ///
    /// # Errors
    /// [`NetworkError`] for more pieces than T, and for a piece that the network has none of.
    pub fn next(&mut self, text: &[u32], padding: u32) -> Result<Vec<f32>, NetworkError> {
        if text.len() <= self.seen.len() || !text.starts_with(&self.seen) {
            self.seen.clear();
        }
        let new = &text[self.seen.len()..];
        let Some(last) = text.len().checked_sub(1) else { return Ok(vec![]) };
        match &mut self.growing {
            Some(growing) if text.len() <= growing.time && growing.is_worth(new.len()) => {
                let mut logits = vec![];
                for &piece in new {
                    logits = growing.place(&mut self.runner, piece, self.seen.len())?;
                    self.seen.push(piece);
                }
                Ok(logits)
            }
            Some(_) | None => self.whole(text, padding, last),
        }
    }

    /// Computes all places, and keeps what the next will want.
    fn whole(&mut self, text: &[u32], padding: u32, last: usize) -> Result<Vec<f32>, NetworkError> {
        let TextRunner { runner, growing, seen } = self;
        seen.clear();
        let Some(input) = runner.graph.inputs().next() else { return Ok(vec![]) };
        let time = input.shape.last().unwrap_or(0);
        let mut ids: Vec<i64> = text.iter().map(|piece| i64::from(*piece)).collect();
        ids.resize(time.max(text.len()), i64::from(padding));
        let batch = batch(input, ids)?;
        let mut keep = |run: &Run<'_>, node: &Node, step: &Step| {
            growing.iter_mut().for_each(|growing| growing.keep(run, node, step, text.len()));
        };
        runner.forward(&batch, Pass::Evaluate, &mut keep)?;
        seen.extend(text);
        let places = runner.predict.as_ref().and_then(|plan| plan.outputs.first());
        let logits = places.map(|output| runner.arena.read(&output.value.span(1))).unwrap_or_default();
        Ok(logits.chunks_exact((logits.len() / time.max(1)).max(1)).nth(last).unwrap_or_default().to_vec())
    }
}

/// A batch of one text.
fn batch(input: &Node, ids: Vec<i64>) -> Result<Batch, NetworkError> {
    let ids = Tensor::new([1, ids.len()], ids)?;
    Ok(Batch { rows: 1, inputs: [(input.name.clone(), ids)].into(), targets: vec![] })
}

/// A graph made to run over one place of a text at a time.
#[derive(Debug)]
struct Growing {
    /// The nodes of the whole graph, with one place each.
    graph: Graph,
    plan: Plan,
    /// How each node is computed.
    ways: Vec<Way>,
    arena: Arena,
    /// Keys and values, and room for scores.
    kept: Arena,
    scores: Span,
    /// How many places a text has at most.
    time: usize,
}

/// How a node is computed at one place.
#[derive(Debug)]
enum Way {
    /// As everywhere.
    Alike,
    /// With its own numbers of a learned table.
    Position,
    /// With its own numbers of this table.
    Sinusoids(Arc<[f32]>),
    /// With all places before it; as the whole graph has it, and where it keeps them.
    Attention(Attention, Kept),
}

impl Growing {
    /// None if a node cannot be computed place by place.
    fn of(graph: &Graph, params: &Params, rng: &Rng) -> Option<Growing> {
        let ([output], mut inputs) = (graph.outputs(), graph.inputs()) else { return None };
        let time = inputs.next()?.shape.last()?;
        let yields_places = item(&graph[*output].shape).len() == 2 && item(&graph[*output].shape)[0] == time;
        if inputs.next().is_some() || !yields_places {
            return None;
        }
        let mut end = 0;
        let ways: Option<Vec<Way>> = graph
            .nodes()
            .iter()
            .map(|node| Way::of(Op::of(graph, node, rng), node.shape.last(), time, &mut end))
            .collect();
        let (ways, graph) = (ways?, one_place(graph)?);
        let plan = Plan::of(&graph, params, rng, Purpose::Predict, 1);
        let room = ways.iter().map(Way::scores).max().unwrap_or(0);
        let scores = end..end + room;
        let (arena, kept) = (Arena::zeros(plan.len), Arena::zeros(scores.end));
        Some(Growing { graph, plan, ways, arena, kept, scores, time })
    }

    /// Whether so many places are computed sooner one by one than all at once.
    fn is_worth(&self, new: usize) -> bool {
        new == 1 || new * SHARE <= self.time
    }

    /// Computes place `at`, and gives what it yields.
    fn place(&mut self, runner: &mut CpuRunner, piece: u32, at: usize) -> Result<Vec<f32>, NetworkError> {
        let Growing { graph, plan, ways, arena, kept, scores, .. } = self;
        let Some(input) = graph.inputs().next() else { return Ok(vec![]) };
        let batch = batch(input, vec![i64::from(piece)])?;
        super::enter::check(graph, &batch)?;
        let CpuRunner { params, ctx, state, ready, .. } = runner;
        ready.make(ctx, plan, params, state);
        let mut run = Run { ctx, arena, state, ready, rows: 1, pass: Pass::Evaluate };
        for (i, (step, node)) in plan.steps.iter().zip(graph.nodes()).enumerate() {
            let width = step.yields.item();
            match &ways[i] {
                Way::Alike => run.forward(i, step, node, &batch)?,
                Way::Position => run.position(step, at * width..(at + 1) * width),
                Way::Sinusoids(table) => run.sinusoids(step, &table[at * width..][..width]),
                Way::Attention(op, place) => run.attention_next(i, step, op, at, (kept, place, scores)),
            }
            plan.poison(i, run.arena, 1);
        }
        let output = plan.outputs.first().map(|output| output.value.span(1)).unwrap_or_default();
        Ok(run.arena.read(&output).to_vec())
    }

    /// Keeps the keys and values of the first `count` places that a whole pass has just computed.
    fn keep(&mut self, run: &Run<'_>, node: &Node, step: &Step, count: usize) {
        let way = self.graph.find(&node.name).map(|id| &self.ways[id.index()]);
        if let Some(Way::Attention(op, place)) = way {
            run.keep_places(step, op, 0..count, (&mut self.kept, place));
        }
    }
}

impl Way {
    /// `op`: of the whole graph; `width`: the last axis of what it yields; `end`: behind what others keep.
    fn of(op: Op, width: Option<usize>, time: usize, end: &mut usize) -> Option<Way> {
        match op {
            Op::Ids
            | Op::Dense { .. }
            | Op::LayerNorm { .. }
            | Op::RmsNorm { .. }
            | Op::Activation(_)
            | Op::Dropout { .. }
            | Op::Embedding { .. }
            | Op::Lengths { .. }
            | Op::Add { .. }
            | Op::Subtract
            | Op::Multiply => Some(Way::Alike),
            Op::Scale { len, .. } => (width == Some(len)).then_some(Way::Alike),
            Op::Concat { blocks, .. } => (blocks == time).then_some(Way::Alike),
            Op::Position { .. } => Some(Way::Position),
            Op::Sinusoids(table) => Some(Way::Sinusoids(table)),
            Op::Attention(attention) => {
                let kept = attention.kept(end)?;
                Some(Way::Attention(attention, kept))
            }
            Op::Numbers
            | Op::GroupedDense { .. }
            | Op::Repeat { .. }
            | Op::Conv2d { .. }
            | Op::ConvTranspose2d { .. }
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::AdaptiveAvgPool(_)
            | Op::AdaptiveMaxPool(_)
            | Op::GlobalMean { .. }
            | Op::BatchNorm { .. }
            | Op::GroupNorm { .. }
            | Op::InstanceRestore { .. }
            | Op::NgramEmbedding { .. }
            | Op::Recurrent(_)
            | Op::MeanOverTime { .. }
            | Op::MeanOfSoftmax { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::MaxOverTime { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Same => None,
        }
    }

    /// How many scores it has at one place.
    fn scores(&self) -> usize {
        match self {
            Way::Attention(op, _) => op.scores(),
            Way::Alike | Way::Position | Way::Sinusoids(_) => 0,
        }
    }
}

/// The same nodes over texts of one piece. What a place sees counts, so attention is not told lengths.
fn one_place(graph: &Graph) -> Option<Graph> {
    let mut short = Graph::default();
    for node in graph.nodes() {
        let name = &node.name;
        if let Layer::Input { dtype } = node.layer {
            short.input(name, Shape::batch(&[1]), dtype).ok()?;
            continue;
        }
        let read = if let Layer::MultiHeadAttention { .. } = node.layer { 1 } else { node.inputs.len() };
        short.add(name, node.layer.clone(), &node.inputs[..read]).ok()?;
    }
    graph.outputs().iter().for_each(|output| short.output(*output));
    Some(short)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::{DType, Network, Positions, Returns, State};

    use super::*;
    use crate::testing::{attention, weights};

    const TIME: usize = 40;

    /// Ids, vectors, the layers, and five logits at each place; attention is told lengths.
    fn graph(layers: Vec<Layer>) -> Graph {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[TIME]), DType::I64).unwrap();
        let lengths = graph.add("lengths", Layer::Lengths { padding: 0 }, &[x]).unwrap();
        let mut last = graph.add("embedding", Layer::Embedding { vocabulary: 5, units: 6 }, &[x]).unwrap();
        for (i, layer) in layers.into_iter().enumerate() {
            let is_told = matches!(layer, Layer::MultiHeadAttention { .. });
            let reads = if is_told { vec![last, lengths] } else { vec![last] };
            let around = last;
            last = graph.add(&format!("l{i}"), layer, &reads).unwrap();
            last = graph.add(&format!("add{i}"), Layer::Add, &[last, around]).unwrap();
        }
        let head = graph.add("head", Layer::Dense { units: 5, bias: true }, &[last]).unwrap();
        graph.output(head);
        graph
    }

    fn runner(graph: &Graph) -> TextRunner {
        let config = RunnerConfig { threads: 2, ..RunnerConfig::default() };
        TextRunner::new(graph, &weights(graph), config).unwrap()
    }

    /// What the whole network says behind a text.
    fn whole(graph: &Graph, text: &[u32]) -> Vec<f32> {
        let mut ids: Vec<i64> = text.iter().map(|piece| i64::from(*piece)).collect();
        ids.resize(TIME, 0);
        let batch = batch(graph.inputs().next().unwrap(), ids).unwrap();
        let mut network = CpuRunner::new(graph, &weights(graph), RunnerConfig::default()).unwrap();
        network.predict(&batch).unwrap()[0].f32s().unwrap()[5 * (text.len() - 1)..][..5].to_vec()
    }

    #[track_caller]
    fn near(got: &[f32], wanted: &[f32]) {
        assert_eq!(got.len(), wanted.len());
        let size = wanted.iter().fold(0.1, |size: f32, x| size.max(x.abs()));
        // As the two runners: some hundred roundings in another order.
        assert!(got.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= 5e-5 * size), "{got:?} {wanted:?}");
    }

    fn halved(tensor: &Tensor) -> Tensor {
        let half = tensor.f32s().unwrap().iter().map(|x| x / 2.0).collect::<Vec<f32>>();
        Tensor::new(tensor.shape(), half).unwrap()
    }

    fn text(len: usize) -> Vec<u32> {
        (0..len as u32).map(|i| 1 + (i * i + i / 3) % 4).collect()
    }

    fn rotary(kv_heads: Option<usize>) -> Layer {
        let positions = Positions::Rotary;
        Layer::MultiHeadAttention { heads: 3, kv_heads, causal: true, bias: false, positions }
    }

    /// Each kind of positions, two layers of attention, and the layers of blocks.
    fn cases() -> [Vec<Layer>; 3] {
        let norm = || Layer::LayerNorm { eps: 1e-5 };
        [
            vec![
                Layer::PositionEmbedding { length: TIME + 2 },
                norm(),
                attention(2, true),
                attention(3, true),
            ],
            vec![Layer::RmsNorm { eps: 1e-5 }, rotary(None), Layer::Silu, rotary(Some(1))],
            vec![Layer::SinusoidalPositions, Layer::Dropout { p: 0.5 }, attention(1, true), Layer::Tanh],
        ]
    }

    #[test]
    fn every_new_piece_sees_what_the_whole_network_sees() {
        for layers in cases() {
            let graph = graph(layers);
            let (mut runner, all) = (runner(&graph), text(TIME));
            assert!(runner.growing.is_some());
            for len in 1..=TIME {
                near(&runner.next(&all[..len], 0).unwrap(), &whole(&graph, &all[..len]));
                assert_eq!(runner.seen, all[..len]);
            }
        }
    }

    /// A long beginning goes through all at once, and is kept.
    #[test]
    fn what_is_seen_at_once_is_gone_on_with() {
        for layers in cases() {
            let graph = graph(layers);
            let (mut runner, all) = (runner(&graph), text(TIME));
            for len in [17, 18, 20, 35, 36, TIME] {
                near(&runner.next(&all[..len], 0).unwrap(), &whole(&graph, &all[..len]));
            }
        }
    }

    #[test]
    fn another_text_is_not_taken_for_the_last_one() {
        let graph = graph(cases()[0].clone());
        let (mut runner, all) = (runner(&graph), text(TIME));
        runner.next(&all[..9], 0).unwrap();
        for other in [&all[..9], &all[..3], &all[1..10], &[4, 4, 4]] {
            near(&runner.next(other, 0).unwrap(), &whole(&graph, other));
        }
        assert_eq!(runner.next(&[], 0).unwrap(), Vec::<f32>::new());
        let long = runner.next(&text(TIME + 1), 0).unwrap_err();
        assert!(
            crate::testing::chain_of(&long).contains("input `x` wants shape [batch, 40], got [1, 41]"),
            "{long:?}"
        );
        let strange = runner.next(&[1, 5], 0).unwrap_err();
        assert!(crate::testing::chain_of(&strange).contains('5'), "{strange:?}");
        near(&runner.next(&all[..2], 0).unwrap(), &whole(&graph, &all[..2]));
    }

    #[test]
    fn a_layer_that_must_see_all_of_it_sees_all_of_it() {
        let gru = Layer::Gru { units: 6, bidirectional: false, returns: Returns::Sequence, layers: 1 };
        for layer in [gru, attention(2, false)] {
            let graph = graph(vec![layer]);
            let (mut runner, all) = (runner(&graph), text(TIME));
            assert!(runner.growing.is_none());
            for len in [1, 2, 30] {
                near(&runner.next(&all[..len], 0).unwrap(), &whole(&graph, &all[..len]));
            }
        }
    }

    #[test]
    fn it_answers_as_the_network_it_is() {
        let graph = graph(cases()[1].clone());
        let (mut runner, all) = (runner(&graph), text(TIME));
        let ids = all.iter().map(|piece| i64::from(*piece)).collect();
        let batch = batch(graph.inputs().next().unwrap(), ids).unwrap();
        runner.next(&all[..5], 0).unwrap();
        let moved = Weights::from_iter(weights(&graph).into_iter().map(|(name, x)| (name, halved(&x))));
        let state = |weights| State { weights, ..State::default() };
        runner.network().load(&state(moved)).unwrap();
        assert_ne!(runner.next(&all[..6], 0).unwrap(), whole(&graph, &all[..6]));
        runner.network().load(&state(weights(&graph))).unwrap();
        near(&runner.next(&all[..7], 0).unwrap(), &whole(&graph, &all[..7]));
        let answers = runner.network().predict(&batch).unwrap()[0].f32s().unwrap().to_vec();
        near(&answers[5 * (TIME - 1)..], &whole(&graph, &all));
        near(&runner.next(&all[..6], 0).unwrap(), &whole(&graph, &all[..6]));
    }
}
