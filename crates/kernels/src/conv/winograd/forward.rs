//! From images to the result, and from its gradient to that of the images, which is the same with the taps turned round.

use std::ops::Range;

use super::cut::{Cut, Run};
use super::product::{Block as Vectors, product};
use super::{APART, PLACES, QUAD, ROWS, transform};
use crate::conv::{Conv2d, TASKS, parts_of};
use crate::ctx::Ctx;
use crate::gemm::{Bias, Block, at_least, floor};
use crate::isa::rungs;
use crate::scratch;
use crate::{Epilogue, Write};

/// Tasks that share what is too little for tasks of their own.
const SHARES: usize = 8;

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
    let blocks = (cut.rows * cut.across * QUAD).div_ceil(2 * W) * 2;
    Work { ctx, cut, blocks, x, weight, epilogue, write, y }.run::<W>();
}

struct Work<'a> {
    ctx: &'a Ctx,
    cut: Cut,
    /// Blocks of tiles that are looked at together, an even number.
    blocks: usize,
    x: &'a [f32],
    weight: &'a [f32],
    epilogue: Epilogue<'a>,
    write: Write,
    y: Block<'a>,
}

impl Work<'_> {
    fn run<const W: usize>(&self) {
        let rows = self.cut.rows;
        let count = self.cut.all_rows().div_ceil(rows);
        let part = |i: usize| i * rows..((i + 1) * rows).min(self.cut.all_rows());
        if count < TASKS {
            return (0..count).for_each(|i| self.shared::<W>(part(i)));
        }
        let Conv2d { channels, filters, .. } = self.cut.conv;
        let (line, room) = (self.line::<W>(), self.room::<W>());
        let parts = parts_of(PLACES * rows * self.cut.across * QUAD * channels * filters);
        self.ctx.team.run(count.div_ceil(parts), &|i| {
            scratch::lend((channels + filters) * line + room, |space| {
                let (v, space) = space.split_at_mut(channels * line);
                let (m, space) = space.split_at_mut(filters * line);
                for part in (i * parts..((i + 1) * parts).min(count)).map(part) {
                    self.see::<W>(&part, 0, v, space);
                    self.products::<W>(&part, 0, v, m);
                    self.tell::<W>(&part, 0, m, space);
                }
            });
        });
    }

    /// Some rows, shared by the threads: first by channels, then by filters.
    fn shared<const W: usize>(&self, rows: Range<usize>) {
        let Conv2d { channels, filters, .. } = self.cut.conv;
        let (line, room, team) = (self.line::<W>(), self.room::<W>(), &self.ctx.team);
        let share = |lines: usize| lines.div_ceil(SHARES).next_multiple_of(ROWS);
        scratch::lend((channels + filters) * line, |space| {
            let (v, m) = space.split_at_mut(channels * line);
            team.parts(v, share(channels) * line, |i, v| {
                scratch::lend(room, |space| self.see::<W>(&rows, i * share(channels), v, space));
            });
            team.parts(m, share(filters) * line, |i, m| {
                let first = i * share(filters);
                self.products::<W>(&rows, first, v, m);
                scratch::lend(room, |space| self.tell::<W>(&rows, first, m, space));
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
        let blocks = (rows.len() * self.cut.across * QUAD).div_ceil(2 * W) * 2;
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

    /// Room to transform one channel or filter.
    fn room<const W: usize>(&self) -> usize {
        let Cut { rows, across, .. } = self.cut;
        let seen = self.row() + 4 * rows * across * PLACES;
        seen.max(self.blocks * 4 * W)
    }

    /// Transforms what some rows see of the channels of `v`, which begin with `first`.
    fn see<const W: usize>(&self, rows: &Range<usize>, first: usize, v: &mut [f32], space: &mut [f32]) {
        let Cut { conv, across, .. } = self.cut;
        let (row, seen) = space.split_at_mut(self.row());
        row.fill(0.0);
        for (channel, v) in (first..).zip(v.chunks_exact_mut(self.line::<W>())) {
            // Four rows of places for each row of tiles.
            for run in self.cut.runs(rows.clone()) {
                let plane = &self.x[(run.image * conv.channels + channel) * conv.height * conv.width..];
                let seen = &mut seen[run.first * 4 * PLACES..];
                see_rows(self.ctx.isa, &conv, run.rows.start, plane, row, run.rows.len() * across, seen);
            }
            let v = v.as_chunks_mut::<W>().0.as_chunks_mut::<PLACES>().0;
            see_blocks::<W>(self.ctx.isa, rows.len() * across, seen.as_chunks().0, v);
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

rungs! {
    /// `d B` of the rows of places that some rows of tiles see, four for each: `[row of tiles, quad, row of places, column, tile]`.
    fn see_rows(
        conv: &Conv2d, first: usize, plane: &[f32], space: &mut [f32], quads: usize, seen: &mut [f32]
    ) -> () {
        let across = (space.len() - 2) / (2 * QUAD);
        let (seen, rows) = (seen.as_chunks_mut::<QUAD>().0.as_chunks_mut::<4>().0, quads / across);
        let [top, left] = conv.padding;
        for row in 0..2 * rows + 2 {
            let h = (2 * first + row).wrapping_sub(top);
            let inside = h < conv.height;
            if inside {
                space[left..left + conv.width].copy_from_slice(&plane[h * conv.width..][..conv.width]);
            }
            for quad in 0..across {
                let mut values = [[0.0; QUAD]; 4];
                if inside && let Some(places) = space[2 * QUAD * quad..].first_chunk() {
                    values = transform::see_row(places);
                }
                // A row of places is seen by two rows of tiles.
                if row / 2 < rows {
                    seen[((row / 2) * across + quad) * 4 + row % 2] = values;
                }
                if row >= 2 {
                    seen[((row / 2 - 1) * across + quad) * 4 + 2 + row % 2] = values;
                }
            }
        }
    }

    /// `B' (d B)` of all tiles of one channel.
    fn see_blocks<const W: usize>(count: usize, seen: &[[f32; QUAD]], v: &mut [Vectors<W>]) -> () {
        let quads = seen.as_chunks::<4>().0.as_chunks::<4>().0; // [quad][row of places][column][tile]
        for (quads, v) in quads[..count].chunks(W / QUAD).zip(v) {
            for column in 0..4 {
                let mut d = [[0.0; W]; 4];
                for (i, quad) in quads.iter().enumerate() {
                    for row in 0..4 {
                        d[row][i * QUAD..][..QUAD].copy_from_slice(&quad[row][column]);
                    }
                }
                let values = transform::see(&d);
                for row in 0..4 {
                    v[4 * row + column] = values[row];
                }
            }
        }
    }

    /// The pixels of all tiles of one filter, quad by quad.
    fn tell_blocks<const W: usize>(m: &[Vectors<W>], told: &mut [[[f32; 2 * QUAD]; 2]]) -> () {
        for (m, told) in m.iter().zip(told.chunks_exact_mut(W / QUAD)) {
            let [top, below] = transform::tell_block(m);
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
