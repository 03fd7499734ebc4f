//! From the gradient of the result to that of the images.
//!
//! A place sees the windows whose taps hit it. With stride s places fall into s phases per axis, each of which sees every s-th
//! tap or so: each phase is a convolution of dy with stride 1 and a part of the kernel.

use std::ops::Range;

use super::field::{Field, Taps};
use super::filters::{Filters, Way};
use super::gather::Gather;
use super::{Geometry, parts_of, rows_of};
use crate::buffer::as_words_mut;
use crate::ctx::Ctx;
use crate::gemm::{Block, Pack};
use crate::isa::Isa;
use crate::scratch;
use crate::{Epilogue, Write};

/// Taps of the kernel that one phase of places sees.
#[derive(Clone, Copy)]
struct Phase {
    /// What place plus padding leaves when divided by the stride.
    rest: [usize; 2],
    /// Where its taps stand in the tables.
    first: usize,
    k: usize,
    /// Where its weight stands in that of a group.
    packed: usize,
}

struct Plan {
    isa: Isa,
    geometry: Geometry,
    /// Rows of an image in one task.
    rows: usize,
    field: Field,
    /// How far back the last tap reaches, in pixels of dy.
    reach: [usize; 2],
}

impl Plan {
    fn of(isa: Isa, geometry: &Geometry) -> Plan {
        let conv = geometry.conv;
        let reach = [0, 1].map(|axis| (conv.kernel[axis] - 1) * conv.dilation[axis] / conv.stride[axis]);
        let rows = rows_of(conv.height, conv.width);
        let windows = |axis: usize, places: usize| (places - 1).div_ceil(conv.stride[axis]) + 1 + reach[axis];
        let (field_rows, columns) = (windows(0, rows), windows(1, conv.width));
        let field =
            Field { channels: geometry.filters, rows: field_rows, phases: 1, columns, taps: [Taps::ALL; 2] };
        Plan { isa, geometry: *geometry, rows, field, reach }
    }

    /// Taps over all filters of a group.
    fn taps(&self) -> usize {
        self.geometry.filters * self.geometry.taps()
    }

    fn phases(&self) -> impl Iterator<Item = Phase> {
        let Geometry { conv, channels, filters, .. } = self.geometry;
        let seen = move |axis: usize, rest: usize| {
            (0..conv.kernel[axis]).filter(|tap| tap * conv.dilation[axis] % conv.stride[axis] == rest).count()
        };
        let (mut first, mut packed) = (0, 0);
        (0..conv.stride[0] * conv.stride[1]).map(move |i| {
            let rest = [i / conv.stride[1], i % conv.stride[1]];
            let k = filters * seen(0, rest[0]) * seen(1, rest[1]);
            let phase = Phase { rest, first, k, packed };
            (first, packed) = (first + k, packed + self.way(k).weight_len(self.isa, channels, k));
            phase
        })
    }

    /// How the channels of a group, which are its filters here, meet the `k` taps of a phase.
    fn way(&self, k: usize) -> Way {
        Way::of(self.isa, self.geometry.single(), self.geometry.channels, k)
    }

    /// Numbers in the packed weight of a group.
    fn weight_len(&self) -> usize {
        let len = |phase: Phase| self.way(phase.k).weight_len(self.isa, self.geometry.channels, phase.k);
        self.phases().map(len).sum()
    }

    /// Writes for each tap of a phase where it stands in the field, and where in a group's weight.
    fn fill(&self, phase: &Phase, field: &mut [u32], weight: &mut [u32]) {
        let Geometry { conv, channels, filters, .. } = self.geometry;
        let mut out = field.iter_mut().zip(weight);
        for filter in 0..filters {
            for row in 0..conv.kernel[0] {
                for column in 0..conv.kernel[1] {
                    let reach = [row * conv.dilation[0], column * conv.dilation[1]];
                    if [0, 1].iter().any(|&axis| reach[axis] % conv.stride[axis] != phase.rest[axis]) {
                        continue;
                    }
                    let back = [0, 1].map(|axis| self.reach[axis] - reach[axis] / conv.stride[axis]);
                    if let Some((field, weight)) = out.next() {
                        *field =
                            (filter * self.field.plane() + back[0] * self.field.pitch() + back[1]) as u32;
                        let tap = row * conv.kernel[1] + column;
                        *weight = (filter * channels * self.geometry.taps() + tap) as u32;
                    }
                }
            }
        }
    }

    /// Lays the weight of a group for each phase.
    fn pack(&self, ctx: &Ctx, weight: &[f32], places: &[u32], packed: &mut [f32]) {
        let Geometry { channels, .. } = self.geometry;
        for phase in self.phases() {
            let deep = &places[phase.first..][..phase.k];
            let lines = Scattered { data: weight, line: self.geometry.taps(), deep, count: channels };
            let way = self.way(phase.k);
            let packed = &mut packed[phase.packed..][..way.weight_len(self.isa, channels, phase.k)];
            way.pack(ctx, &lines, channels, phase.k, packed);
        }
    }

    /// Places of a phase within a range along an axis, counted in strides from the padded edge.
    fn steps(&self, axis: usize, rest: usize, places: &Range<usize>) -> Range<usize> {
        let conv = &self.geometry.conv;
        let step =
            |place: usize| (place + conv.padding[axis]).saturating_sub(rest).div_ceil(conv.stride[axis]);
        step(places.start)..step(places.end)
    }
}

/// Lines of a weight whose steps along K stand anywhere.
struct Scattered<'a> {
    data: &'a [f32],
    line: usize,
    deep: &'a [u32],
    count: usize,
}

impl Pack for Scattered<'_> {
    #[inline(always)]
    fn panel<'s, const W: usize>(
        &'s self,
        first: usize,
        depth: Range<usize>,
        space: &'s mut [f32],
    ) -> &'s [f32] {
        let width = W.min(self.count - first);
        for (out, &k) in space.as_chunks_mut::<W>().0.iter_mut().zip(&self.deep[depth.clone()]) {
            let lines = self.data[k as usize + first * self.line..].iter().step_by(self.line);
            *out = [0.0; W];
            out.iter_mut().zip(lines).take(width).for_each(|(out, x)| *out = *x);
        }
        &space[..depth.len() * W]
    }
}

/// `dx = conv_transposed(dy, weight)`: for each image, group, block of rows and phase what the taps of the phase make of `dy`.
pub(super) fn data_grad(
    ctx: &Ctx,
    geometry: &Geometry,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let plan = Plan::of(ctx.isa, geometry);
    let (taps, channels) = (plan.taps(), geometry.channels);
    scratch::lend(2 * taps + plan.field.rows, |tables| {
        let tables = as_words_mut(tables);
        let (field, rest) = tables.split_at_mut(taps);
        let (places, runs) = rest.split_at_mut(taps);
        for phase in plan.phases() {
            let range = phase.first..phase.first + phase.k;
            plan.fill(&phase, &mut field[range.clone()], &mut places[range]);
        }
        for (i, run) in runs.iter_mut().enumerate() {
            *run = (i * plan.field.pitch()) as u32;
        }
        scratch::lend(geometry.conv.groups * plan.weight_len(), |packed| {
            let groups = weight.chunks_exact(channels * taps).zip(packed.chunks_exact_mut(plan.weight_len()));
            for (weight, packed) in groups {
                plan.pack(ctx, weight, places, packed);
            }
            run(ctx, &plan, [field, runs], dy, packed, dx, write);
        });
    });
}

fn run(
    ctx: &Ctx,
    plan: &Plan,
    tables: [&[u32]; 2],
    dy: &[f32],
    packed: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let Geometry { conv, channels, filters, .. } = plan.geometry;
    let places = plan.geometry.places();
    let blocks = conv.height.div_ceil(plan.rows);
    let count = conv.batch * conv.groups * blocks;
    let dx = Block::new(dx, places, conv.batch * conv.channels, places);
    let part = |i: usize, space: &mut [f32]| {
        let (image, group, first) =
            (i / blocks / conv.groups, i / blocks % conv.groups, i % blocks * plan.rows);
        let rows = first..(first + plan.rows).min(conv.height);
        let top = (image * conv.groups + group) * channels;
        let rows_len = rows.len() * conv.width;
        // SAFETY: parts are numbered once, and different images, groups and rows do not meet.
        let mut c = unsafe { dx.part(top..top + channels, rows.start * conv.width..rows.end * conv.width) };
        let (field, space) = space.split_at_mut(plan.field.len());
        let low = [(rows.start + conv.padding[0]) / conv.stride[0], conv.padding[1] / conv.stride[1]];
        let corner = [0, 1].map(|axis| plan.reach[axis] as isize - low[axis] as isize);
        let planes = &dy[(image * conv.groups + group) * filters * plan.geometry.pixels()..];
        plan.field.lay(planes, plan.geometry.output, corner, field);
        let size = packed.len() / conv.groups;
        let work =
            Work { ctx, plan, tables, packed: &packed[group * size..][..size], field, rows, low, write };
        if write == Write::Set && plan.phases().any(|phase| phase.k == 0) {
            (0..channels).for_each(|channel| c.row(channel, 0..rows_len).fill(0.0));
        }
        for phase in plan.phases().filter(|phase| phase.k > 0) {
            work.phase(&phase, &mut c, space);
        }
    };
    let whole = conv.stride == [1, 1];
    let room = if whole { 0 } else { channels * plan.rows * conv.width };
    let parts = parts_of(channels * plan.taps() / (conv.stride[0] * conv.stride[1]) * plan.rows * conv.width);
    ctx.team.run(count.div_ceil(parts), &|i| {
        scratch::lend(plan.field.len() + room, |space| {
            (i * parts..((i + 1) * parts).min(count)).for_each(|i| part(i, space));
        });
    });
}

/// Element `i` goes to place `i * step`.
fn deal_out(source: &[f32], step: usize, out: &mut [f32], write: Write) {
    let put = |(out, x): (&mut f32, &f32)| *out = if write == Write::Add { *out + x } else { *x };
    if step == 2 {
        let (pairs, last) = out.as_chunks_mut::<2>();
        // What stands between is written again, so that the compiler stores whole vectors.
        match write {
            Write::Set => pairs.iter_mut().zip(source).for_each(|(pair, x)| *pair = [*x, pair[1]]),
            Write::Add => pairs.iter_mut().zip(source).for_each(|(pair, x)| *pair = [pair[0] + x, pair[1]]),
        }
        last.iter_mut().zip(source.iter().skip(pairs.len())).for_each(put);
    } else {
        out.iter_mut().step_by(step).zip(source).for_each(put);
    }
}

/// Some rows of one group of an image.
struct Work<'a> {
    ctx: &'a Ctx,
    plan: &'a Plan,
    tables: [&'a [u32]; 2],
    packed: &'a [f32],
    field: &'a [f32],
    rows: Range<usize>,
    /// Step of the first row and column of the field, its reach left out.
    low: [usize; 2],
    write: Write,
}

impl Work<'_> {
    /// The places of one phase: straight to `c` where they are all, else by way of `space`.
    fn phase(&self, phase: &Phase, c: &mut Block<'_>, space: &mut [f32]) {
        let (plan, conv) = (self.plan, self.plan.geometry.conv);
        let [down, across] =
            [plan.steps(0, phase.rest[0], &self.rows), plan.steps(1, phase.rest[1], &(0..conv.width))];
        if down.is_empty() || across.is_empty() {
            return;
        }
        let first = (down.start - self.low[0]) * plan.field.pitch() + across.start - self.low[1];
        let deep = &self.tables[0][phase.first..][..phase.k];
        let (length, count) = (across.len(), down.len() * across.len());
        let b = Gather { data: &self.field[first..], deep, runs: self.tables[1], length, count };
        if conv.stride == [1, 1] {
            return self.filters(phase, self.write).run(0, &b, 1, c);
        }
        let out = &mut space[..c.rows() * count];
        let mut block = Block::new(out, count, c.rows(), count);
        self.filters(phase, Write::Set).run(0, &b, 1, &mut block);
        for (channel, out) in out.chunks_exact(count).enumerate() {
            for (step, out) in down.clone().zip(out.chunks_exact(length)) {
                let row = step * conv.stride[0] + phase.rest[0] - conv.padding[0] - self.rows.start;
                let column = across.start * conv.stride[1] + phase.rest[1] - conv.padding[1];
                let dx = c.row(channel, row * conv.width + column..(row + 1) * conv.width);
                deal_out(out, conv.stride[1], dx, self.write);
            }
        }
    }

    fn filters(&self, phase: &Phase, write: Write) -> Filters<'_> {
        let (isa, way) = (self.ctx.isa, self.plan.way(phase.k));
        let len = way.weight_len(isa, self.plan.geometry.channels, phase.k);
        let weight = &self.packed[phase.packed..][..len];
        Filters { isa, way, weight, write, epilogue: Epilogue::NONE, bias: 0 }
    }
}
