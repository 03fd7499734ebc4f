//! What a processor can do at most: what kernels are measured against.

use crate::ctx::Ctx;
use crate::isa::{Rung, rungs};

/// Multiplies and adds in registers alone, `rounds` times on each thread of the team; gives the number of operations, a fused
/// product being two.
///
/// Divided by the time that it took this is the peak of `f32` arithmetic. One core keeps as many sums going as the product's
/// micro-kernel holds in registers on the same rung.
pub fn peak_products(ctx: &Ctx, rounds: usize) -> u64 {
    match ctx.isa.rung() {
        Rung::Avx512 => peak_of::<12, 32>(ctx, rounds),
        Rung::Avx2 | Rung::Portable => peak_of::<6, 16>(ctx, rounds),
    }
}

fn peak_of<const ROWS: usize, const COLUMNS: usize>(ctx: &Ctx, rounds: usize) -> u64 {
    let threads = ctx.team.threads();
    ctx.team.run(threads, &|_| {
        std::hint::black_box(products::<ROWS, COLUMNS>(ctx.isa, rounds, std::hint::black_box(0.5)));
    });
    (threads * rounds * ROWS * COLUMNS * 2) as u64
}

rungs! {
    fn products<const ROWS: usize, const COLUMNS: usize>(rounds: usize, start: f32) -> f32 {
        let mut sums = [[start; COLUMNS]; ROWS];
        for _ in 0..rounds {
            for row in &mut sums {
                for sum in row {
                    // It settles at one, far from zero and infinity.
                    *sum = sum.mul_add(0.5, 0.5);
                }
            }
        }
        // The same wall as in the micro-kernel: by it the compiler finds the vectors.
        let stored = sums;
        std::hint::black_box(&stored).iter().flatten().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_counted() {
        assert_eq!(peak_of::<6, 16>(&Ctx::new(2), 10), 2 * 10 * 96 * 2);
        assert_eq!(peak_of::<12, 32>(&Ctx::new(1), 10), 10 * 384 * 2);
        assert_eq!(products::<6, 16>(Ctx::new(1).isa, 100, 3.0), 96.0);
    }
}
