//! From rows that are far from each other to panels, and back.

use crate::isa::rungs;
use crate::panels::{PANEL, Row};
use crate::write::Write;

/// Rows of `d` numbers, `apart` from each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) apart: usize,
    pub(super) count: usize,
    pub(super) d: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn row(&self, i: usize) -> &'a [f32] {
        &self.numbers[i * self.apart..][..self.d]
    }
}

rungs! {
    /// Rows as panels `[d / L, tall, L]`; what is left of rows and panels is zero.
    pub(super) fn pack<const L: usize>(rows: Rows<'_>, tall: usize, panels: &mut [[f32; L]]) -> () {
        for (piece, panel) in panels.chunks_exact_mut(tall).take(rows.d.div_ceil(L)).enumerate() {
            for (i, to) in panel[..rows.count].iter_mut().enumerate() {
                let from = &rows.row(i)[piece * L..];
                if let Some(from) = from.first_chunk() {
                    *to = *from;
                } else {
                    *to = [0.0; L];
                    to[..from.len()].copy_from_slice(from);
                }
            }
            panel[rows.count..].fill([0.0; L]);
        }
    }

    /// 16 rows of each panel, from row `first` on, as columns of `[d, 16]`, times `scale`.
    pub(super) fn turn<const L: usize>(
        panels: &[[f32; L]], tall: usize, first: usize, scale: f32, turned: &mut [Row],
    ) -> () {
        for (panel, turned) in panels.chunks_exact(tall).zip(turned.as_chunks_mut::<L>().0) {
            let Some(rows) = panel[first..].first_chunk::<PANEL>() else { return };
            for e in 0..L {
                for lane in 0..PANEL {
                    turned[e][lane] = rows[lane][e] * scale;
                }
            }
        }
    }

    /// The sum of products of each column of 16.
    pub(super) fn dots(a: &[Row], b: &[Row], dots: &mut [f32]) -> () {
        let mut sums = [0.0; PANEL];
        for (a, b) in a.iter().zip(b) {
            for lane in 0..PANEL {
                sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
            }
        }
        dots.copy_from_slice(&sums);
    }
}

/// Row `i` of panels, to where it belongs.
#[inline(always)]
pub(super) fn unpack<const L: usize>(
    panels: &[[f32; L]],
    tall: usize,
    i: usize,
    out: &mut [f32],
    write: Write,
) {
    for (piece, out) in out.chunks_mut(L).enumerate() {
        let from = &panels[piece * tall + i];
        match (out.first_chunk_mut::<L>(), write) {
            (Some(out), Write::Set) => *out = *from,
            (Some(out), Write::Add) => out.iter_mut().zip(from).for_each(|(out, x)| *out += x),
            (None, _) => crate::write::write_row(out, from, write),
        }
    }
}
