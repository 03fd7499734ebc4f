//! From a graph to a fixed order of steps over fixed places in memory.
//!
//! Each pass is a function of its own: what every node becomes, who shares memory with whom, who needs a gradient, how long
//! everything lives, and where it therefore lies.

mod lives;
mod place;
mod share;

use baeum_core::{Graph, NodeId, ParamKind, Rng};
use baeum_kernels::{Lying, Span, Write};

use super::op::{Op, Room, count, item};
use crate::role::Role;
pub(super) use place::Place;

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Answers: values are forgotten as soon as the last reader has read them.
    Predict,
    /// Gradients: what the way back reads is kept until then.
    Train,
}

/// A graph, ready to run with up to `capacity` items at a time.
#[derive(Debug)]
pub(super) struct Plan {
    /// In running order, one a node.
    pub(super) steps: Vec<Step>,
    /// What the network answers, or what a loss looks at, in the order of the graph's outputs.
    pub(super) outputs: Vec<Output>,
    /// Where the gradient of an output goes that nothing learned stands in front of, and one that is added to another's.
    pub(super) spare: Place,
    /// Everything that lies in memory.
    residents: Vec<place::Resident>,
    /// The largest batch.
    pub(super) capacity: usize,
    /// How many numbers there are in all.
    pub(super) len: usize,
}

/// A node, ready to run.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) op: Op,
    /// What it reads.
    pub(super) reads: Vec<Place>,
    /// What it yields.
    pub(super) yields: Place,
    /// Whether it writes where it reads.
    pub(super) in_place: bool,
    /// What it keeps for the way back.
    pub(super) kept: [Place; 3],
    /// What the way back alone works with.
    pub(super) work: [Place; 2],
    /// The gradient of what it yields; none if nobody asks for it.
    pub(super) gradient: Option<Place>,
    /// Where the gradients of what it reads go, if anybody asks, and whether others wrote there before.
    pub(super) gradients: Vec<Option<(Place, Write)>>,
    /// Its learned tensors in the order of the layer: weight, bias.
    pub(super) learned: Vec<Span>,
    /// Whether a step that goes back before it has left its part of their gradients there: a table that is used twice.
    pub(super) shares: bool,
    /// Its running statistics: mean, variance.
    pub(super) running: Vec<Span>,
}

/// An answer of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) value: Place,
    /// None in a plan for answers, or if nothing in front of it learns.
    pub(super) gradient: Option<Place>,
    /// Whether an answer before it has its gradient in the same place: the same node twice, or a reshape of it.
    pub(super) write: Write,
}

/// Where the tensors of a network lie in its two flat buffers; the list is in the order of [`Graph::params`].
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) tensors: Vec<Tensor>,
    /// The learned tensors that an optimizer treats alike, one stretch after the other.
    pub(super) groups: Vec<Group>,
    /// How many numbers an optimizer moves; they stand first.
    pub(super) moved: usize,
    /// How many are learned, with those that are frozen.
    pub(super) learned: usize,
    pub(super) running: usize,
}

/// A stretch of learned tensors of one role.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) role: Role,
    pub(super) span: Span,
    /// Its tensors as rows and columns; places count from where the group begins.
    pub(super) matrices: Vec<Lying>,
}

/// A named tensor in a flat buffer.
#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) node: usize,
    pub(super) name: String,
    pub(super) sizes: Vec<usize>,
    pub(super) kind: ParamKind,
    pub(super) role: Role,
    pub(super) span: Span,
}

impl Tensor {
    pub(super) fn is_learned(&self) -> bool {
        self.kind == ParamKind::Learned
    }
}

impl Group {
    /// Whether a tensor stands in it.
    pub(super) fn holds(&self, tensor: &Tensor) -> bool {
        tensor.is_learned() && tensor.role == self.role
    }

    /// Where a tensor of it lies, counted from where the group begins.
    pub(super) fn place(&self, tensor: &Tensor) -> Span {
        tensor.span.start - self.span.start..tensor.span.end - self.span.start
    }
}

/// Numbers in a cache line: where every tensor and value starts.
const LINE: usize = baeum_kernels::Buffer::LINE;

impl Params {
    pub(super) fn of(graph: &Graph) -> Params {
        let mut params = Params::default();
        for (i, node) in graph.nodes().iter().enumerate() {
            for param in graph.params_of(node) {
                let span = 0..param.sizes.iter().product();
                let name = format!("{}.{}", node.name, param.name);
                let role = Role::of(graph, i, &param);
                params.tensors.push(Tensor {
                    node: i,
                    name,
                    sizes: param.sizes,
                    kind: param.kind,
                    role,
                    span,
                });
            }
        }
        for role in Role::ALL {
            let start = params.moved;
            params.moved = params.lay(start, |tensor| tensor.is_learned() && tensor.role == role);
            let mut group = Group { role, span: start..params.moved, matrices: vec![] };
            let own = params.tensors.iter().filter(|tensor| group.holds(tensor));
            group.matrices = own.map(|tensor| Lying::of(group.place(tensor), &tensor.sizes)).collect();
            params.groups.push(group);
        }
        params.learned = params.lay(params.moved, |tensor| tensor.kind == ParamKind::Frozen);
        params.running = params.lay(0, |tensor| tensor.kind == ParamKind::Running);
        params
    }

    /// One tensor after the other from `start` on; says where they end.
    fn lay(&mut self, start: usize, is_meant: impl Fn(&Tensor) -> bool) -> usize {
        self.tensors.iter_mut().filter(|tensor| is_meant(tensor)).fold(start, |start, tensor| {
            tensor.span = start..start + tensor.span.len();
            tensor.span.end.next_multiple_of(LINE)
        })
    }

    /// The learned tensors of a node, with those that are frozen, in the order of its layer.
    pub(super) fn learned_of(&self, node: usize) -> Vec<Span> {
        self.of_node(node, |kind| kind != ParamKind::Running)
    }

    /// The running statistics of a node, in the order of its layer.
    pub(super) fn running_of(&self, node: usize) -> Vec<Span> {
        self.of_node(node, |kind| kind == ParamKind::Running)
    }

    fn of_node(&self, node: usize, is_meant: impl Fn(ParamKind) -> bool) -> Vec<Span> {
        let own = self.tensors.iter().filter(|tensor| tensor.node == node && is_meant(tensor.kind));
        own.map(|tensor| tensor.span.clone()).collect()
    }
}

impl Plan {
    /// The steps of a graph, for batches of up to `capacity` items.
    pub(super) fn of(graph: &Graph, params: &Params, rng: &Rng, purpose: Purpose, capacity: usize) -> Plan {
        let mut ops: Vec<Op> = graph.nodes().iter().map(|node| Op::of(graph, node, rng)).collect();
        let ends = ends(graph, purpose);
        let shared = share::share(graph, &mut ops, purpose);
        let asked = lives::asked(graph, &ends, purpose);
        let rooms: Vec<Room> =
            graph.nodes().iter().map(|node| Room::item(count(&item(&node.shape)))).collect();
        let lives = lives::Lives::of(graph, &ends, &ops, &shared, &asked);
        let answers = ends.iter().map(|id| rooms[id.index()].item);
        let spare = Room::item(answers.max().filter(|_| purpose == Purpose::Train).unwrap_or(0));
        let layout = place::Layout::of(&ops, &rooms, &shared, &lives, spare, capacity);
        let steps = (0..ops.len())
            .map(|i| layout.step(i, (graph, &ends), &ops[i], &shared, &asked, params))
            .collect();
        let output = |(k, id): (usize, &NodeId)| {
            let home = shared.home[id.index()];
            let twice = ends[..k].iter().any(|before| shared.home[before.index()] == home);
            Output {
                value: layout.values[id.index()],
                gradient: layout.gradients[home].filter(|_| asked[id.index()]),
                write: if twice { Write::Add } else { Write::Set },
            }
        };
        let outputs = ends.iter().enumerate().map(output);
        let (outputs, spare, len) = (outputs.collect(), layout.spare, layout.len);
        Plan { steps, outputs, spare, capacity, len, residents: layout.residents }
    }
}

/// The nodes whose values are handed out: the answers, or what a loss looks at.
fn ends(graph: &Graph, purpose: Purpose) -> Vec<NodeId> {
    match purpose {
        Purpose::Predict => graph.outputs().to_vec(),
        Purpose::Train => graph.judged().map(|(id, _)| id).collect(),
    }
}

impl Plan {
    /// In the tests of this crate, fills with NaN what nobody reads after `time`: a reader that comes too late is found.
    pub(super) fn poison(&self, time: usize, arena: &mut baeum_kernels::Arena, rows: usize) {
        if cfg!(test) {
            for resident in self.residents.iter().filter(|resident| resident.life.to == time) {
                arena.write(&resident.place.span(rows)).fill(f32::NAN);
            }
        }
    }
}

#[cfg(test)]
impl Plan {
    /// Replays the lives of everything, pair by pair, by another way than the placing.
    pub(super) fn check_places(&self) {
        for (i, a) in self.residents.iter().enumerate() {
            let span = a.place.span(self.capacity);
            assert!(span.end <= self.len, "{a:?} reaches beyond {}", self.len);
            for b in &self.residents[i + 1..] {
                let other = b.place.span(self.capacity);
                let together =
                    (a.life.from..=a.life.to).any(|time| (b.life.from..=b.life.to).contains(&time));
                let apart =
                    span.end <= other.start || other.end <= span.start || span.is_empty() || other.is_empty();
                assert!(!together || apart, "{a:?} and {b:?} lie in one place");
            }
        }
    }
}
