//! Panels: some rows of A, or columns of B, side by side for each step of K.

use std::ops::Range;

use super::depths;
use crate::isa::{Isa, rungs};
use crate::team::Team;

/// Something that panels can be taken from.
pub(crate) trait Pack: Sync {
    /// The panel of lines `first..first + W` (rows of A, columns of B; zeros beyond the last) over a block of K: `[depth, W]`.
    /// It is written to `space`, which has room for as many, unless it stands somewhere already.
    fn panel<'s, const W: usize>(
        &'s self,
        first: usize,
        depth: Range<usize>,
        space: &'s mut [f32],
    ) -> &'s [f32];
}

/// A matrix as lines, which run along K: the rows of A or the columns of B.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) data: &'a [f32],
    /// From one line to the next.
    pub(crate) line: usize,
    /// From one step of K to the next.
    pub(crate) deep: usize,
    /// How many lines there are.
    pub(crate) count: usize,
}

impl Pack for Lines<'_> {
    #[inline(always)]
    fn panel<'s, const W: usize>(
        &'s self,
        first: usize,
        depth: Range<usize>,
        space: &'s mut [f32],
    ) -> &'s [f32] {
        let panel = &mut space[..depth.len() * W];
        let width = (self.count - first).min(W);
        if depth.is_empty() {
            return panel;
        }
        let data = &self.data[first * self.line + depth.start * self.deep..];
        let steps = panel.as_chunks_mut::<W>().0;
        if self.line == 1 {
            for (k, step) in steps.iter_mut().enumerate() {
                let source = &data[k * self.deep..][..width];
                if let Ok(source) = <&[f32; W]>::try_from(source) {
                    *step = *source;
                } else {
                    step[..width].copy_from_slice(source);
                    step[width..].fill(0.0);
                }
            }
        } else if self.deep == 1 && width == W {
            let lines: [&[f32]; W] = std::array::from_fn(|i| &data[i * self.line..][..depth.len()]);
            for (k, step) in steps.iter_mut().enumerate() {
                *step = std::array::from_fn(|i| lines[i][k]);
            }
        } else {
            for (k, step) in steps.iter_mut().enumerate() {
                *step =
                    std::array::from_fn(
                        |i| {
                            if i < width { data[i * self.line + k * self.deep] } else { 0.0 }
                        },
                    );
            }
        }
        panel
    }
}

/// Panels that were packed before: for each block of K, panel after panel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed<'a> {
    pub(crate) data: &'a [f32],
    /// The line of the first panel.
    pub(crate) first: usize,
    /// Lines in all panels, filled up.
    pub(crate) count: usize,
}

impl Pack for Packed<'_> {
    #[inline(always)]
    fn panel<'s, const W: usize>(&'s self, first: usize, depth: Range<usize>, _: &'s mut [f32]) -> &'s [f32] {
        &self.data[depth.start * self.count + (first - self.first) * depth.len()..][..depth.len() * W]
    }
}

rungs! {
    /// The panels of some lines over one block of K.
    pub(crate) fn pack_block<const W: usize>(
        source: &impl Pack,
        lines: Range<usize>,
        depth: Range<usize>,
        out: &mut [f32],
    ) -> () {
        for (i, first) in lines.step_by(W).enumerate() {
            source.panel::<W>(first, depth.clone(), &mut out[i * W * depth.len()..]);
        }
    }
}

/// The panels of some lines over all of K, in the order that [`Packed`] reads.
pub(crate) fn pack_all<const W: usize>(
    isa: Isa,
    team: Option<&Team>,
    source: &impl Pack,
    lines: Range<usize>,
    k: usize,
    out: &mut [f32],
) {
    let count = lines.len().next_multiple_of(W);
    let mut rest = out;
    for depth in depths(k) {
        let (out, after) = rest.split_at_mut(count * depth.len());
        rest = after;
        // Tasks of some 32,000 numbers.
        let panels = ((1 << 15) / (W * depth.len()).max(1)).max(1);
        let task = |i: usize, out: &mut [f32]| {
            let first = lines.start + i * panels * W;
            pack_block::<W>(isa, source, first..(first + panels * W).min(lines.end), depth.clone(), out);
        };
        let size = (panels * W * depth.len()).max(1);
        match team {
            Some(team) => team.parts(out, size, task),
            None => out.chunks_mut(size).enumerate().for_each(|(i, out)| task(i, out)),
        }
    }
}
