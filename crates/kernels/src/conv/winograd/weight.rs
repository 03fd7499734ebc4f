//! From images and the gradient of the result to that of the weight: the way back through the products of the transformed tiles.

use std::ops::Range;

use super::cut::{Cut, Run};
use super::product::{Block, add_product};
use super::{APART, PLACES, ROWS, transform};
use crate::conv::field::{Field, Taps};
use crate::conv::weight::{join, slice_of};
use crate::conv::{Geometry, TASKS};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch;
use crate::write::{Write, write_row};

/// The sums of slices of the batch and shares of the filters, `[slice, share, place, filter, channel]`, joined and transformed back.
/// Many filters leave room for few slices; their shares are tasks then, each of which transforms what it sees for itself.
pub(in crate::conv) fn weight_grad<const W: usize>(
    ctx: &Ctx,
    geometry: &Geometry,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    write: Write,
) {
    let Geometry { conv, channels, filters, .. } = *geometry;
    let images = slice_of(geometry, PLACES);
    let slices = conv.batch.div_ceil(images);
    let share = filters.div_ceil(TASKS.div_ceil(slices.max(1))).next_multiple_of(ROWS);
    let (shares, size) = (filters.div_ceil(share), PLACES * share * channels);
    let work = Work { ctx, cut: Cut::of(geometry, 1, 1), images, share, x, dy };
    scratch::lend(slices * shares * size, |partials| {
        ctx.team.parts(partials, size, |task, partials| {
            let first = task % shares * share;
            work.slice::<W>(task / shares, first..(first + share).min(filters), partials);
        });
        let rows = (1 << 15) / (slices * PLACES * channels).max(1) + 1;
        ctx.team.parts(dweight, rows * channels * 9, |i, dweight| {
            scratch::lend(PLACES * channels, |sums| {
                for (filter, dweight) in (i * rows..).zip(dweight.chunks_exact_mut(channels * 9)) {
                    let partials = &partials[filter / share * size..];
                    for (place, sums) in sums.chunks_exact_mut(channels).enumerate() {
                        let own = (place * share + filter % share) * channels;
                        join(ctx.isa, partials.get(own..).unwrap_or_default(), shares * size, slices, sums);
                    }
                    put(sums, channels, dweight.as_chunks_mut().0, write);
                }
            });
        });
    });
}

/// `G' u G` of the pairs of a filter, given as `[place, channel]`.
fn put(sums: &[f32], channels: usize, dweight: &mut [[f32; 9]], write: Write) {
    for (channel, dweight) in dweight.iter_mut().enumerate() {
        let taps = transform::taps(&std::array::from_fn(|place| sums[place * channels + channel]));
        write_row(dweight, &taps, write);
    }
}

struct Work<'a> {
    ctx: &'a Ctx,
    /// In tiles.
    cut: Cut,
    /// Images in a slice of the batch.
    images: usize,
    /// Filters of a task.
    share: usize,
    x: &'a [f32],
    dy: &'a [f32],
}

impl Work<'_> {
    /// The products over the tiles of a slice for some filters, some rows at a time.
    fn slice<const W: usize>(&self, slice: usize, filters: Range<usize>, partials: &mut [f32]) {
        let Cut { conv, down, across, rows, .. } = self.cut;
        let images = slice * self.images..((slice + 1) * self.images).min(conv.batch);
        let all = images.start * down..images.end * down;
        let lines = [line(filters.len(), W), line(conv.channels, 2 * W)];
        let fields =
            [self.field(filters.len(), 0), self.field(conv.channels, 2)].map(|field| field(rows).len());
        let tiles = rows * across;
        scratch::lend(fields[0].max(fields[1]) + tiles * (lines[0] + lines[1]), |space| {
            let (d, space) = space.split_at_mut(tiles * lines[0]);
            let (v, field) = space.split_at_mut(tiles * lines[1]);
            let mut write = Write::Set;
            for first in all.clone().step_by(rows) {
                let rows = first..(first + rows).min(all.end);
                for run in self.cut.runs(rows.clone()) {
                    self.spread::<W>(&run, &filters, field, d, lines[0]);
                    self.see::<W>(&run, field, v, lines[1]);
                }
                let sizes = [filters.len(), conv.channels, rows.len() * across];
                let partials = partials.chunks_exact_mut(self.share * conv.channels);
                for (place, partials) in partials.enumerate() {
                    add_product::<W>(self.ctx.isa, place, sizes, d, v, lines, write, partials);
                }
                write = Write::Add;
            }
        });
    }

    /// What some rows of tiles see of an image with its pixels side by side, with so many places more than they have pixels.
    fn field(&self, channels: usize, more: usize) -> impl Fn(usize) -> Field {
        let columns = 2 * self.cut.across + more;
        move |rows| Field { channels, rows: 2 * rows + more, phases: 1, columns, taps: [Taps::ALL; 2] }
    }

    /// Transforms what a run sees of the images.
    fn see<const W: usize>(&self, run: &Run, space: &mut [f32], v: &mut [f32], line: usize) {
        let conv = self.cut.conv;
        let field = self.field(conv.channels, 2)(run.rows.len());
        let planes = &self.x[run.image * conv.channels * conv.height * conv.width..];
        let corner = [conv.padding[0] as isize - 2 * run.rows.start as isize, conv.padding[1] as isize];
        field.lay_places(planes, [conv.height, conv.width], corner, space);
        see_tiles::<W>(self.ctx.isa, &field, self.cut.across, space, &mut v[run.first * line..], line);
    }

    /// Transforms the pixels of a run, of some filters.
    fn spread<const W: usize>(
        &self,
        run: &Run,
        filters: &Range<usize>,
        space: &mut [f32],
        d: &mut [f32],
        line: usize,
    ) {
        let Cut { conv, output, across, .. } = self.cut;
        let field = self.field(filters.len(), 0)(run.rows.len());
        let planes = &self.dy[(run.image * conv.filters + filters.start) * output[0] * output[1]..];
        field.lay_places(planes, output, [-2 * run.rows.start as isize, 0], space);
        spread_tiles::<W>(self.ctx.isa, &field, across, space, &mut d[run.first * line..], line);
    }
}

/// Numbers of a transformed tile, in whole vectors of so many channels.
fn line(channels: usize, wide: usize) -> usize {
    channels.next_multiple_of(wide) * PLACES + APART
}

rungs! {
    /// `B' d B` of the tiles of a field, `[tile, vector of channels, place, W]`.
    fn see_tiles<const W: usize>(field: &Field, across: usize, d: &[f32], v: &mut [f32], line: usize) -> () {
        let (channels, pitch) = (field.channels, field.columns * field.channels);
        let tiles = (field.rows / 2 - 1) * across;
        for (tile, v) in v.chunks_exact_mut(line).enumerate().take(tiles) {
            let d = &d[tile / across * 2 * pitch + tile % across * 2 * channels..];
            let blocks: &mut [Block<W>] = v.as_chunks_mut().0.as_chunks_mut().0;
            for (channel, block) in (0..channels).step_by(W).zip(blocks) {
                *block = transform::see_block(&d[channel..], [pitch, channels]);
            }
        }
    }

    /// `A dy A'` of the tiles of a field, likewise.
    fn spread_tiles<const W: usize>(field: &Field, across: usize, dy: &[f32], d: &mut [f32], line: usize) -> () {
        let (filters, pitch) = (field.channels, field.columns * field.channels);
        for (tile, d) in d.chunks_exact_mut(line).enumerate().take(field.rows / 2 * across) {
            let dy = &dy[tile / across * 2 * pitch + tile % across * 2 * filters..];
            let blocks: &mut [Block<W>] = d.as_chunks_mut().0.as_chunks_mut().0;
            for (filter, block) in (0..filters).step_by(W).zip(blocks) {
                *block = transform::spread_block(&dy[filter..], [pitch, filters]);
            }
        }
    }
}
