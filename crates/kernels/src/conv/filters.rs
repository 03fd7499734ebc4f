//! The filters of a group, and the three ways to put them over what windows see. All give the same bits.

use super::depthwise::stencils;
use super::direct::Lanes;
use super::gather::{Gather, Multiply, panel_room};
use crate::Write;
use crate::ctx::Ctx;
use crate::gemm::{Block, Epilogue, Pack, pack_all};
use crate::isa::{Isa, Rung};
use crate::lanes::LANES;
use crate::scratch;

/// How filters meet windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Each alone, a row of pixels after the other: [`stencils`].
    Alone,
    /// As a product of matrices, with pixels in the lanes of vectors: [`Multiply`].
    Product,
    /// With filters in the lanes: [`Lanes`].
    Lanes,
}

impl Way {
    /// For so many filters over `k` taps, which share what they see unless they are `alone`.
    ///
    /// Lanes want to be full, and to turn what leaves them takes as long as some tens of taps; and it takes the many registers of
    /// AVX-512 to read weights no more often than a product does.
    pub(super) fn of(isa: Isa, alone: bool, filters: usize, k: usize) -> Way {
        if alone {
            return Way::Alone;
        }
        match isa.rung() {
            Rung::Avx512 if filters > LANES && k >= 3 * LANES => Way::Lanes,
            Rung::Avx512 | Rung::Avx2 | Rung::Portable => Way::Product,
        }
    }

    /// Filters in a panel of the packed weight.
    pub(super) fn high(self, isa: Isa) -> usize {
        match (self, isa.rung()) {
            (Way::Alone, _) => 1,
            (Way::Lanes, _) => LANES,
            (Way::Product, Rung::Avx512) => 12,
            (Way::Product, Rung::Avx2 | Rung::Portable) => 6,
        }
    }

    /// Numbers in a packed weight.
    pub(super) fn weight_len(self, isa: Isa, filters: usize, k: usize) -> usize {
        filters.next_multiple_of(self.high(isa)) * k
    }

    /// Lays filters, the lines of `weight`, in panels.
    pub(super) fn pack(self, ctx: &Ctx, weight: &impl Pack, filters: usize, k: usize, packed: &mut [f32]) {
        let (isa, team, lines) = (ctx.isa, Some(&ctx.team), 0..filters);
        match (self, isa.rung()) {
            (Way::Alone, _) => pack_all::<1>(isa, None, weight, lines, k, packed),
            (Way::Lanes, _) => pack_all::<LANES>(isa, team, weight, lines, k, packed),
            (Way::Product, Rung::Avx512) => pack_all::<12>(isa, team, weight, lines, k, packed),
            (Way::Product, Rung::Avx2 | Rung::Portable) => {
                pack_all::<6>(isa, team, weight, lines, k, packed);
            }
        }
    }
}

/// The filters of a group.
pub(super) struct Filters<'a> {
    pub(super) isa: Isa,
    pub(super) way: Way,
    /// Of [`Way::pack`].
    pub(super) weight: &'a [f32],
    /// Whether sums are added to what stands in their place.
    pub(super) write: Write,
    pub(super) epilogue: Epilogue<'a>,
    /// The bias of the first filter.
    pub(super) bias: usize,
}

impl Filters<'_> {
    /// Row `i` of `c` is filter `first + i` over all columns of `b`, neighbours `step` apart; `first` begins a panel.
    ///
    /// `step` is 1 unless filters are in lanes.
    pub(super) fn run(&self, first: usize, b: &Gather<'_>, step: usize, c: &mut Block<'_>) {
        let Filters { isa, weight, write, epilogue, bias, .. } = *self;
        let (k, row) = (b.deep.len(), bias + first);
        match self.way {
            Way::Alone => {
                let weight = &weight[first * k..][..c.rows() * k];
                stencils(isa, b, weight, c, write, epilogue, row);
            }
            Way::Lanes => Lanes { isa, weight, top: first, write, epilogue, row }.run(b, step, c),
            Way::Product => {
                let product = Multiply { isa, a: weight, top: first, k, write, epilogue, row };
                scratch::lend(panel_room(2 * LANES, k), |space| match isa.rung() {
                    Rung::Avx512 => product.run::<12, { 2 * LANES }>(b, c, space),
                    Rung::Avx2 | Rung::Portable => product.run::<6, LANES>(b, c, space),
                });
            }
        }
    }
}
