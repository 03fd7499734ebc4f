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

    /// The same panel where it stands, if `W` columns are there in two halves for every step.
    #[inline(always)]
    fn standing<const W: usize>(&self, _first: usize, _depth: Range<usize>) -> Option<Standing<'_>> {
        None
    }
}

/// A panel that is read where it stands: step k begins at `deep[k]` in both halves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) halves: [&'a [f32]; 2],
    pub(crate) deep: &'a [u32],
}

impl<'a> Standing<'a> {
    /// Step after step.
    #[inline(always)]
    pub(crate) fn steps<const W: usize>(self) -> impl Iterator<Item = [f32; W]> + Clone + use<'a, W> {
        let [low, high] = self.halves;
        self.deep.iter().map(move |&k| {
            let (k, mut step) = (k as usize, [0.0; W]);
            step[..W / 2].copy_from_slice(&low[k..k + W / 2]);
            step[W / 2..].copy_from_slice(&high[k..k + W / 2]);
            step
        })
    }
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
        if self.line == 1 {
            copy_steps::<W>(data, self.deep, width, panel);
        } else if self.deep == 1 {
            turn_panel::<W>(data, self.line, width, panel);
        } else {
            for (k, step) in panel.as_chunks_mut::<W>().0.iter_mut().enumerate() {
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

/// Steps whose lines stand side by side.
#[inline(always)]
fn copy_steps<const W: usize>(data: &[f32], deep: usize, width: usize, panel: &mut [f32]) {
    for (k, step) in panel.as_chunks_mut::<W>().0.iter_mut().enumerate() {
        let source = &data[k * deep..][..width];
        if let Ok(source) = <&[f32; W]>::try_from(source) {
            *step = *source;
        } else {
            step[..width].copy_from_slice(source);
            step[width..].fill(0.0);
        }
    }
}

/// Lines that run along memory, turned into steps; as many at a time as there are registers for their places.
#[inline(always)]
fn turn_panel<const W: usize>(data: &[f32], line: usize, width: usize, panel: &mut [f32]) {
    let steps = panel.as_chunks_mut::<W>().0;
    if width < W {
        steps.fill([0.0; W]);
    }
    let mut first = 0;
    while first < width {
        let data = &data[first * line..];
        first += match width - first {
            6 | 12 => turn::<W, 6>(data, line, first, steps),
            8.. => turn::<W, 8>(data, line, first, steps),
            4.. => turn::<W, 4>(data, line, first, steps),
            _ => turn::<W, 1>(data, line, first, steps),
        };
    }
}

/// Writes `L` lines to the numbers from `first` on of each step; returns how many lines that are.
#[inline(always)]
fn turn<const W: usize, const L: usize>(
    data: &[f32],
    line: usize,
    first: usize,
    steps: &mut [[f32; W]],
) -> usize {
    const BLOCK: usize = 8;
    if first + L > W {
        return L; // never; the compiler then knows that all below is in range
    }
    let mut lines = [&[][..]; L];
    for (i, to) in lines.iter_mut().enumerate() {
        *to = &data[i * line..][..steps.len()];
    }
    let whole = steps.len() / BLOCK * BLOCK;
    let (blocks, rest) = steps.as_chunks_mut::<BLOCK>();
    for (block, steps) in blocks.iter_mut().enumerate() {
        for (j, line) in lines.iter().enumerate() {
            let Some(line) = line[block * BLOCK..].first_chunk::<BLOCK>() else { break };
            for (step, x) in steps.iter_mut().zip(line) {
                step[first + j] = *x;
            }
        }
    }
    for (i, step) in rest.iter_mut().enumerate() {
        for (j, line) in lines.iter().enumerate() {
            step[first + j] = line[whole + i];
        }
    }
    L
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

impl Packed<'_> {
    /// The panel of lines `first..first + W` over a block of K.
    #[inline(always)]
    pub(super) fn at<const W: usize>(&self, first: usize, depth: &Range<usize>) -> &[f32] {
        &self.data[depth.start * self.count + (first - self.first) * depth.len()..][..depth.len() * W]
    }
}

impl Pack for Packed<'_> {
    #[inline(always)]
    fn panel<'s, const W: usize>(&'s self, first: usize, depth: Range<usize>, _: &'s mut [f32]) -> &'s [f32] {
        self.at::<W>(first, &depth)
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
