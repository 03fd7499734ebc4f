//! Where everything lies. What does not live at the same time may lie in the same place.

use baeum_core::{Graph, NodeId};
use baeum_kernels::{Span, Write};

use super::lives::{Life, Lives};
use super::share::Shared;
use super::{LINE, Params, Step};
use crate::cpu::op::{Op, Room};

/// A place in the arena; the batch is the outermost axis of all that grows with it, so a short batch takes its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    offset: usize,
    room: Room,
}

impl Place {
    /// What a batch of `rows` takes of it.
    pub(crate) fn span(&self, rows: usize) -> Span {
        self.offset..self.offset + self.room.len(rows)
    }

    /// How many numbers an item has.
    pub(crate) fn item(&self) -> usize {
        self.room.item
    }
}

/// Something that lies in memory for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    pub(crate) place: Place,
    pub(crate) life: Life,
}

/// All places.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) values: Vec<Place>,
    /// By home.
    pub(super) gradients: Vec<Option<Place>>,
    kept: Vec<[Place; 3]>,
    work: Vec<[Place; 2]>,
    pub(super) spare: Place,
    pub(super) residents: Vec<Resident>,
    pub(super) len: usize,
}

impl Layout {
    pub(super) fn of(
        ops: &[Op],
        rooms: &[Room],
        shared: &Shared,
        lives: &Lives,
        spare: Room,
        capacity: usize,
    ) -> Layout {
        let mut layout = Layout::default();
        let mut places = Places { capacity, ..Places::default() };
        // A value and its gradient are as large as the widest of those that share them, which all are equally large.
        let values: Vec<Option<usize>> =
            lives.values.iter().zip(rooms).map(|(life, room)| Some(places.want(*room, (*life)?))).collect();
        let gradients: Vec<Option<usize>> = lives
            .gradients
            .iter()
            .zip(rooms)
            .map(|(life, room)| Some(places.want(*room, (*life)?)))
            .collect();
        let kept: Vec<[usize; 3]> = ops
            .iter()
            .zip(&lives.kept)
            .map(|(op, life)| op.needs().keeps.map(|room| places.want(room, *life)))
            .collect();
        let mut works_with = |(op, life): (&Op, &Option<Life>)| {
            let life = (*life)?;
            Some(op.needs().works_with.map(|room| places.want(room, life)))
        };
        let work: Vec<Option<[usize; 2]>> = ops.iter().zip(&lives.work).map(&mut works_with).collect();
        let spare = places.want(spare, Life { from: ops.len(), to: ops.len() });
        places.settle();
        let place = |wanted: usize| places.residents[wanted].place;
        for home in &shared.home {
            layout.values.push(values[*home].map(place).unwrap_or_default());
        }
        layout.gradients = gradients.into_iter().map(|wanted| wanted.map(place)).collect();
        layout.kept = kept.into_iter().map(|wanted| wanted.map(place)).collect();
        layout.work =
            work.into_iter().map(|wanted| wanted.map(|both| both.map(place)).unwrap_or_default()).collect();
        layout.spare = place(spare);
        (layout.residents, layout.len) = (places.residents, places.len);
        layout
    }

    /// The step of node `i`.
    pub(super) fn step(
        &self,
        i: usize,
        (graph, ends): (&Graph, &[NodeId]),
        op: &Op,
        shared: &Shared,
        asked: &[bool],
        params: &Params,
    ) -> Step {
        let inputs = &graph.nodes()[i].inputs;
        let gradient = |(place, id): (usize, &NodeId)| {
            let read = shared.home[id.index()];
            let wanted = asked[i] && asked[id.index()] && read != shared.home[i];
            let write = match first_writer((graph, ends), shared, asked, i, place, read) {
                true => Write::Set,
                false => Write::Add,
            };
            self.gradients[read].filter(|_| wanted).map(|place| (place, write))
        };
        Step {
            op: op.clone(),
            reads: inputs.iter().map(|id| self.values[id.index()]).collect(),
            yields: self.values[i],
            in_place: shared.in_place[i],
            kept: self.kept[i],
            work: self.work[i],
            gradient: self.gradients[shared.home[i]].filter(|_| asked[i]),
            gradients: inputs.iter().enumerate().map(gradient).collect(),
            learned: params.learned_of(table(graph, i)),
            shares: (i + 1..graph.nodes().len()).any(|later| table(graph, later) == table(graph, i)),
            running: params.running_of(i),
        }
    }
}

/// The node whose tensors a node uses: another's where it is tied to a table.
fn table(graph: &Graph, i: usize) -> usize {
    let table = graph.table_of(&graph.nodes()[i]).and_then(|table| graph.find(&table.name));
    table.map_or(i, |id| id.index())
}

/// Whether nobody has written to the gradient of `home` before input `place` of node `i` does, on the way back.
fn first_writer(
    (graph, ends): (&Graph, &[NodeId]),
    shared: &Shared,
    asked: &[bool],
    i: usize,
    place: usize,
    home: usize,
) -> bool {
    let answers = ends.iter().any(|id| shared.home[id.index()] == home);
    let later = (i + 1..asked.len()).filter(|&j| asked[j] && shared.home[j] != home);
    let written_later =
        later.flat_map(|j| &graph.nodes()[j].inputs).any(|id| shared.home[id.index()] == home);
    let before = graph.nodes()[i].inputs.iter().take(place);
    let written_here = before.into_iter().any(|id| shared.home[id.index()] == home);
    !(answers || written_later || written_here)
}

/// Things that want a place.
#[derive(Debug, Default)]
struct Places {
    residents: Vec<Resident>,
    capacity: usize,
    len: usize,
}

impl Places {
    fn want(&mut self, room: Room, life: Life) -> usize {
        self.residents.push(Resident { place: Place { offset: 0, room }, life });
        self.residents.len() - 1
    }

    /// The largest first, each at the lowest place where nothing lies that lives at the same time.
    fn settle(&mut self) {
        // Ends are counted up to the largest number: a plan that has it never comes to be.
        let len =
            |resident: &Resident| resident.place.room.len(self.capacity).div_ceil(LINE).saturating_mul(LINE);
        let mut order: Vec<usize> = (0..self.residents.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(len(&self.residents[i])));
        let mut settled: Vec<usize> = vec![];
        for i in order {
            let own = len(&self.residents[i]);
            let mut taken: Vec<Span> = settled
                .iter()
                .map(|&other| &self.residents[other])
                .filter(|other| other.life.meets(self.residents[i].life))
                .map(|other| other.place.offset..other.place.offset.saturating_add(len(other)))
                .collect();
            taken.sort_by_key(|span| span.start);
            let mut offset = 0;
            for span in taken {
                if span.start >= own.saturating_add(offset) {
                    break;
                }
                offset = offset.max(span.end);
            }
            self.residents[i].place.offset = offset;
            self.len = self.len.max(own.saturating_add(offset));
            settled.push(i);
        }
    }
}
