//! What a processor can do at most: what kernels are measured against.

use crate::ctx::Ctx;
use crate::isa::rungs;

/// Accumulators that one core keeps busy: 96 numbers, which is what the product's micro-kernel holds in registers.
const ROWS: usize = 6;
const COLUMNS: usize = 16;

/// Multiplies and adds in registers alone, `rounds` times on each thread of the team; gives the number of operations, a fused
/// product being two.
///
/// Divided by the time that it took this is the peak of `f32` arithmetic.
pub fn peak_products(ctx: &Ctx, rounds: usize) -> u64 {
    let threads = ctx.team.threads();
    ctx.team.run(threads, &|_| {
        std::hint::black_box(products(ctx.isa, rounds, std::hint::black_box(0.5)));
    });
    (threads * rounds * ROWS * COLUMNS * 2) as u64
}

rungs! {
    fn products(rounds: usize, start: f32) -> f32 {
        let mut sums = [[start; COLUMNS]; ROWS];
        for _ in 0..rounds {
            for row in &mut sums {
                for sum in row {
                    // It settles at one, far from zero and infinity.
                    *sum = sum.mul_add(0.5, 0.5);
                }
            }
        }
        sums.iter().flatten().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_counted() {
        assert_eq!(peak_products(&Ctx::new(2), 10), 2 * 10 * 96 * 2);
        assert_eq!(products(Ctx::new(1).isa, 100, 3.0), 96.0);
    }
}
