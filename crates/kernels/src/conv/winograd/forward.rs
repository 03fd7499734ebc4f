//! From images to the result, and from its gradient to that of the images, which is the same with the taps turned round.

use std::ops::Range;

use super::cut::{Cut, Run};
use super::product::{Block as Vectors, product};
use super::{APART, PLACES, QUAD, ROWS, transform};
use crate::buffer::as_words_mut;
use crate::conv::field::copy_short;
use crate::conv::{Conv2d, TASKS, parts_of};
use crate::ctx::Ctx;
use crate::gemm::{Bias, Block, at_least, floor};
use crate::isa::rungs;
use crate::scratch;
use crate::{Epilogue, Write};

/// `y = conv(x, weight)`, then the epilogue. `weight` is of [`transform_weight`](super::transform_weight).
pub(in crate::conv) fn convolve<const W: usize>(
    ctx: &Ctx,
    conv: &Conv2d,
    x: &[f32],
    weight: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    write: Write,
) {
    let geometry = conv.geometry();
    let cut = Cut::of(&geometry, QUAD, 2 * W);
    let pixels = geometry.pixels();
    let y = Block::new(y, pixels, conv.batch * conv.filters, pixels);
    let blocks = (cut.rows * cut.across * QUAD).div_ceil(W);
    Work { ctx, cut, blocks, x, weight, epilogue, write, y }.run::<W>();
}

struct Work<'a> {
    ctx: &'a Ctx,
    cut: Cut,
    /// Blocks of tiles that are looked at together.
    blocks: usize,
    x: &'a [f32],
    weight: &'a [f32],
    epilogue: Epilogue<'a>,
    write: Write,
    y: Block<'a>,
}

impl Work<'_> {
    /// Tasks are some rows of tiles each. Where these are too few, each is several tasks that share its filters: all transform what
    /// they see for themselves, which takes less time than to read what another core has written.
    fn run<const W: usize>(&self) {
        let Conv2d { channels, filters, .. } = self.cut.conv;
        let rows = self.cut.rows;
        let parts = self.cut.all_rows().div_ceil(rows);
        let part = |i: usize| i * rows..((i + 1) * rows).min(self.cut.all_rows());
        let shares = self.ctx.team.threads().min(TASKS).div_ceil(parts.max(1));
        let share = filters.div_ceil(shares).next_multiple_of(ROWS);
        let shares = filters.div_ceil(share);
        let together = parts_of(PLACES * rows * self.cut.across * QUAD * channels * share);
        let (line, room) = (self.line::<W>(), self.room::<W>());
        let tasks = parts * shares;
        self.ctx.team.run(tasks.div_ceil(together), &|i| {
            scratch::lend((channels + share) * line + room, |space| {
                let (v, space) = space.split_at_mut(channels * line);
                let (m, space) = space.split_at_mut(share * line);
                for task in i * together..((i + 1) * together).min(tasks) {
                    let (rows, first) = (part(task / shares), task % shares * share);
                    let m = &mut m[..share.min(filters - first) * line];
                    self.see::<W>(&rows, v, space);
                    self.products::<W>(&rows, first, v, m);
                    self.tell::<W>(&rows, first, m, space);
                }
            });
        });
    }

    /// Numbers of a channel or filter.
    fn line<const W: usize>(&self) -> usize {
        self.blocks * PLACES * W + APART
    }

    /// For each place the sums over channels, for the filters of `m`, which begin with `first`.
    fn products<const W: usize>(&self, rows: &Range<usize>, first: usize, v: &[f32], m: &mut [f32]) {
        let (line, channels) = (self.line::<W>(), self.cut.conv.channels);
        let blocks = (rows.len() * self.cut.across * QUAD).div_ceil(W);
        let weight = &self.weight[first * PLACES * channels..];
        for place in 0..PLACES {
            let sizes = [m.len() / line, channels, blocks];
            product::<W>(self.ctx.isa, place, sizes, weight, v, line, m);
        }
    }

    /// Numbers in one row of places with its border, so that all quads find ten.
    fn row(&self) -> usize {
        2 * QUAD * self.cut.across + 2
    }

    /// Room to transform one channel or filter: where quads begin, the places of each run with their border, and these transformed
    /// along rows; or pixels.
    fn room<const W: usize>(&self) -> usize {
        let Cut { rows, across, .. } = self.cut;
        let seen = rows * across + 4 * rows * (self.row() + across * PLACES);
        seen.max(self.blocks * 4 * W)
    }

    /// Transforms what some rows see.
    fn see<const W: usize>(&self, rows: &Range<usize>, v: &mut [f32], space: &mut [f32]) {
        let Cut { conv, across, .. } = self.cut;
        let places = 2 * rows.len() + 2 * self.cut.runs(rows.clone()).count();
        let (starts, space) = space.split_at_mut(rows.len() * across);
        let (field, seen) = space.split_at_mut(places * self.row());
        let starts = as_words_mut(starts);
        self.fill(rows, starts);
        field.fill(0.0);
        for (channel, v) in v.chunks_exact_mut(self.line::<W>()).enumerate() {
            let mut field_rows = field.chunks_exact_mut(self.row());
            for run in self.cut.runs(rows.clone()) {
                let plane = &self.x[(run.image * conv.channels + channel) * conv.height * conv.width..];
                lay_rows(&conv, &run, plane, &mut field_rows);
            }
            see_rows(self.ctx.isa, field, self.row(), seen.as_chunks_mut().0.as_chunks_mut().0);
            let v = v.as_chunks_mut::<W>().0.as_chunks_mut::<PLACES>().0;
            see_blocks::<W>(self.ctx.isa, starts, across, seen.as_chunks().0.as_chunks().0, v);
        }
    }

    /// Writes for each quad where the first of the four rows that it sees has it: a run has two rows more than its pixels.
    fn fill(&self, rows: &Range<usize>, starts: &mut [u32]) {
        let across = self.cut.across;
        for (i, run) in self.cut.runs(rows.clone()).enumerate() {
            for row in 0..run.rows.len() {
                let first = run.first + row * across;
                for (quad, start) in starts[first..][..across].iter_mut().enumerate() {
                    *start = (2 * first + 2 * i * across + quad) as u32;
                }
            }
        }
    }

    /// Transforms the pixels of some rows back, for the filters of `m`, which begin with `first`.
    fn tell<const W: usize>(&self, rows: &Range<usize>, first: usize, m: &[f32], space: &mut [f32]) {
        let blocks = (rows.len() * self.cut.across * QUAD).div_ceil(W);
        let told: &mut [[[f32; 2 * QUAD]; 2]] = space[..blocks * 4 * W].as_chunks_mut().0.as_chunks_mut().0;
        for (filter, m) in (first..).zip(m.chunks_exact(self.line::<W>())) {
            let m = m.as_chunks::<W>().0.as_chunks::<PLACES>().0;
            tell_blocks::<W>(self.ctx.isa, &m[..blocks], told);
            for run in self.cut.runs(rows.clone()) {
                self.store(&run, filter, &told[run.first..]);
            }
        }
    }

    /// Stores the pixels of one run and filter.
    fn store(&self, run: &Run, filter: usize, told: &[[[f32; 2 * QUAD]; 2]]) {
        let Cut { conv, output: [high, wide], across, .. } = self.cut;
        let pixels = 2 * run.rows.start * wide..(2 * run.rows.end).min(high) * wide;
        let row = run.image * conv.filters + filter;
        let bias = match self.epilogue.bias {
            Bias::Rows(bias) => bias[filter],
            Bias::None | Bias::Columns(_) => -0.0,
        };
        let floor = floor(self.epilogue.relu);
        // SAFETY: a run is in one task, and different images, filters and rows do not meet.
        let mut y = unsafe { self.y.part(row..row + 1, pixels.clone()) };
        store_rows(self.ctx.isa, told, across, wide, [bias, floor], self.write, y.row(0, 0..pixels.len()));
    }
}

/// Lays the rows of places that a run sees into rows with a border of zeros.
fn lay_rows<'a>(conv: &Conv2d, run: &Run, plane: &[f32], rows: &mut impl Iterator<Item = &'a mut [f32]>) {
    let [top, left] = conv.padding;
    for (h, row) in (2 * run.rows.start..2 * run.rows.end + 2).zip(rows) {
        let row = &mut row[left..left + conv.width];
        match h.checked_sub(top).filter(|h| *h < conv.height) {
            Some(h) => copy_short(&plane[h * conv.width..][..conv.width], row),
            None => row.fill(0.0),
        }
    }
}

/// Tiles that are transformed together: what is put together of more quads is read again before it is whole in the first cache.
const TOGETHER: usize = 2 * QUAD;

/// A quad's places in a row, `B'` times: `[column, tile]`.
type Seen = [[f32; QUAD]; 4];

rungs! {
    /// `d B` of rows of places of this length, quad by quad.
    fn see_rows(field: &[f32], row: usize, seen: &mut [Seen]) -> () {
        let across = (row - 2) / (2 * QUAD);
        for (places, seen) in field.chunks_exact(row).zip(seen.chunks_exact_mut(across)) {
            for (quad, seen) in seen.iter_mut().enumerate() {
                let Some(places) = places[2 * QUAD * quad..].first_chunk() else { break };
                *seen = transform::see_row(places);
            }
        }
    }

    /// `B' (d B)` of all tiles of one channel: quads begin at `starts` and have rows `across` apart.
    fn see_blocks<const W: usize>(starts: &[u32], across: usize, seen: &[Seen], v: &mut [Vectors<W>]) -> () {
        for (i, starts) in starts.chunks(TOGETHER / QUAD).enumerate() {
            let (block, lane) = (&mut v[i * TOGETHER / W], i * TOGETHER % W);
            for column in 0..4 {
                let mut d = [[0.0; TOGETHER]; 4];
                for (i, start) in starts.iter().enumerate() {
                    for (row, d) in d.iter_mut().enumerate() {
                        d[i * QUAD..][..QUAD].copy_from_slice(&seen[*start as usize + row * across][column]);
                    }
                }
                for (row, values) in transform::see(&d).iter().enumerate() {
                    block[4 * row + column][lane..][..TOGETHER].copy_from_slice(values);
                }
            }
        }
    }

    /// The pixels of all tiles of one filter, quad by quad.
    fn tell_blocks<const W: usize>(m: &[Vectors<W>], told: &mut [[[f32; 2 * QUAD]; 2]]) -> () {
        for (m, told) in m.iter().zip(told.chunks_exact_mut(W / QUAD)) {
            let (mut top, mut below) = ([[0.0; 2]; W], [[0.0; 2]; W]);
            transform::tell_block(m, [&mut top, &mut below]);
            let (top, below) = (top.as_flattened(), below.as_flattened());
            for (i, told) in told.iter_mut().enumerate() {
                told[0].copy_from_slice(&top[i * 2 * QUAD..][..2 * QUAD]);
                told[1].copy_from_slice(&below[i * 2 * QUAD..][..2 * QUAD]);
            }
        }
    }

    /// Adds bias and relu to the pixels of some rows of tiles, and stores as many as there are.
    fn store_rows(
        told: &[[[f32; 2 * QUAD]; 2]], across: usize, wide: usize, finish: [f32; 2], write: Write, y: &mut [f32]
    ) -> () {
        for (row, y) in y.chunks_exact_mut(wide).enumerate() {
            let told = &told[row / 2 * across..][..across];
            for (told, y) in told.iter().zip(y.chunks_mut(2 * QUAD)) {
                let told = &told[row % 2];
                match y.first_chunk_mut::<{ 2 * QUAD }>() {
                    Some(y) => store(told, finish, write, y),
                    None => {
                        for (y, told) in y.iter_mut().zip(told) {
                            let mut pixel = [*y];
                            store(&[*told], finish, write, &mut pixel);
                            *y = pixel[0];
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn store<const N: usize>(told: &[f32; N], [bias, floor]: [f32; 2], write: Write, y: &mut [f32; N]) {
    let mut all = if write == Write::Add { *y } else { [-0.0; N] };
    for (all, told) in all.iter_mut().zip(told) {
        *all = at_least(floor, *all + told + bias);
    }
    *y = all;
}
