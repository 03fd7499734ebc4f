//! What every kernel is told beside its numbers.

use crate::amx::Amx;
use crate::isa::{Isa, Rung};
use crate::precision::Precision;
use crate::team::Team;

/// Where kernels run: the instructions they may use, the threads that share the work, and how exactly matrices are multiplied.
/// Only the last decides a bit.
#[derive(Debug)]
pub struct Ctx {
    /// The instructions.
    pub isa: Isa,
    /// The threads.
    pub team: Team,
    /// How exactly matrices are multiplied, if there are tiles: see [`Precision::computed`].
    pub precision: Precision,
    /// What [`gemm`](crate::gemm()) multiplies with below the highest precision.
    pub(crate) tiles: Option<Amx>,
}

impl Ctx {
    /// The best instructions of this processor, this many threads, and the highest precision.
    pub fn new(threads: usize) -> Ctx {
        Ctx::with_precision(threads, Precision::default())
    }

    /// The best instructions of this processor, this many threads, and matrices multiplied so.
    pub fn with_precision(threads: usize, precision: Precision) -> Ctx {
        Ctx::limited(None, threads, precision)
    }

    /// The same, with instructions of this rung at most, which leaves out tiles.
    pub fn limited(limit: Option<Rung>, threads: usize, precision: Precision) -> Ctx {
        let isa = limit.map_or_else(Isa::best, Isa::at_most);
        Ctx { isa, team: Team::new(threads), precision, tiles: precision.tiles(limit) }
    }

    /// Whether a large [`gemm`](crate::gemm()) is computed on tiles.
    pub fn has_tiles(&self) -> bool {
        self.tiles.is_some()
    }
}
