//! How exactly matrices are multiplied.

use crate::amx::Amx;
use crate::isa::Rung;

/// How exactly [`gemm`](crate::gemm()) multiplies, named as in PyTorch's `set_float32_matmul_precision`.
///
/// The lower tiers are for processors with tiles (AMX). Where there are none they are the highest, bit for bit, and so they
/// are for products with few rows, columns or steps. Only [`gemm`](crate::gemm()) goes by it: convolutions, attention and
/// recurrent kernels stay in `f32`, as do norms, losses and optimizer steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// In `f32`.
    #[default]
    Highest,
    /// Each factor is the sum of two `bf16`, of whose four products the smallest is left out; summed in `f32`. Off by some
    /// 5e-6 of the largest number of the result.
    High,
    /// Each factor is rounded to `bf16`; summed in `f32`. Off by some 3e-3 of the largest number of the result.
    Medium,
}

impl Precision {
    /// All, the most exact first.
    pub const ALL: [Precision; 3] = [Precision::Highest, Precision::High, Precision::Medium];

    /// What is computed where this is asked for, on this processor.
    ///
    /// Tiles stand above every rung: whoever limits the rung, to the best one even, leaves them out.
    pub fn computed(self, limit: Option<Rung>) -> Precision {
        if self.tiles(limit).is_some() { self } else { Precision::Highest }
    }

    /// The tiles it is computed with.
    pub(crate) fn tiles(self, limit: Option<Rung>) -> Option<Amx> {
        match self {
            Precision::Highest => None,
            // Only here is the system asked: a process that never wants tiles keeps its small signal frames.
            Precision::High | Precision::Medium => limit.is_none().then(Amx::detect)?.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tiles_every_tier_is_the_highest() {
        for precision in Precision::ALL {
            for rung in Rung::ALL {
                assert_eq!(precision.computed(Some(rung)), Precision::Highest);
            }
            let computed = precision.computed(None);
            assert_eq!(computed, if Amx::detect().is_ok() { precision } else { Precision::Highest });
        }
    }
}
