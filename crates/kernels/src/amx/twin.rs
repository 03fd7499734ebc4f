//! What the instructions do, in plain Rust.

use super::{SIDE, Step, Sums, TILE, Tile, Tiles};
use crate::isa::{Isa, rungs};

/// Tiles that no processor has to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twin(Isa);

impl Tiles for Twin {
    type Token = Isa;

    fn load(isa: Isa) -> Twin {
        Twin(isa)
    }

    fn multiply<const PARTS: usize>(&mut self, a: &[Step<PARTS>], b: &[Step<PARTS>], sums: &mut Sums) {
        assert_eq!(a.len(), b.len(), "panels are equally deep");
        let order: &[_] = if PARTS == 1 { &[(0, 0)] } else { &[(1, 0), (0, 0), (0, 1)] };
        *sums = Sums::ZERO;
        for (a, b) in a.iter().zip(b) {
            for &(of_a, of_b) in order {
                for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    tdpbf16ps(self.0, &a[of_a][i], &b[of_b][j], &mut sums.0, [i * TILE, j * TILE]);
                }
            }
        }
    }
}

rungs! {
    /// TDPBF16PS for the tile of C that begins at this row and column, as in Intel's Software Developer's Manual, volume 2.
    ///
    /// Of each element the products of even and of odd steps of K are two chains of fused products, begun at zero; the chains are
    /// added to each other, and then to C. (The Intrinsics Guide has one chain, even before odd, begun at C.) Every operation
    /// rounds to the nearest, ties to even; numbers below the normal ones are zero before and after.
    fn tdpbf16ps(a: &Tile, b: &Tile, c: &mut [[f32; SIDE]; SIDE], at: [usize; 2]) -> () {
        for (a, c) in a.iter().zip(&mut c[at[0]..]) {
            let mut chains = [[0.0f32; TILE]; 2];
            for (a, b) in a.iter().zip(b) {
                for (half, chain) in chains.iter_mut().enumerate() {
                    let a = number(*a, half);
                    for (sum, b) in chain.iter_mut().zip(b) {
                        *sum = flushed(a.mul_add(number(*b, half), *sum));
                    }
                }
            }
            for (i, c) in c[at[1]..at[1] + TILE].iter_mut().enumerate() {
                *c = flushed(flushed(*c) + flushed(chains[0][i] + chains[1][i]));
            }
        }
    }
}

/// The `bf16` in the lower (0) or upper (1) half of a word.
#[inline(always)]
fn number(word: u32, half: usize) -> f32 {
    flushed(f32::from_bits(if half == 0 { word << 16 } else { word & 0xffff_0000 }))
}

/// Zero for what is below the normal numbers; the sign stays.
#[inline(always)]
fn flushed(x: f32) -> f32 {
    let (bits, sign) = (x.to_bits(), x.to_bits() & 1 << 31);
    f32::from_bits(if bits & 0x7f80_0000 == 0 { sign } else { bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word of two numbers that `bf16` has.
    fn word(even: f32, odd: f32) -> u32 {
        even.to_bits() >> 16 | odd.to_bits()
    }

    /// One element: a row of A and a column of B in their first pairs.
    fn one(a: &[u32], b: &[u32], before: f32) -> f32 {
        let (mut tile_a, mut tile_b, mut c) = ([[0; TILE]; TILE], [[0; TILE]; TILE], Sums::ZERO.0);
        tile_a[0][..a.len()].copy_from_slice(a);
        tile_b.iter_mut().zip(b).for_each(|(row, b)| row[0] = *b);
        c[0][0] = before;
        tdpbf16ps(Isa::best(), &tile_a, &tile_b, &mut c, [0, 0]);
        c[0][0]
    }

    #[test]
    fn even_and_odd_steps_are_chains_of_their_own() {
        let (big, small) = (f32::powi(2.0, 24), 1.0);
        // Each chain alone keeps what the other would lose.
        let a = [word(big, small), word(-big, small)];
        assert_eq!(one(&a, &[word(1.0, 1.0); 2], 0.0), 2.0);
        // In one chain the big ones swallow the small one: 2^24 + 1 is even, 2^24.
        assert_eq!(one(&[word(big, 0.0), word(small, 0.0), word(-big, 0.0)], &[word(1.0, 0.0); 3], 0.0), 0.0);
        assert_eq!(one(&[word(3.0, 5.0)], &[word(7.0, 11.0)], 0.5), 3.0 * 7.0 + 5.0 * 11.0 + 0.5);
    }

    #[test]
    fn numbers_below_the_normal_ones_are_zero() {
        let least = f32::MIN_POSITIVE;
        let below = least / 2.0;
        assert_eq!(one(&[word(below, 0.0)], &[word(2.0, 0.0)], 0.0), 0.0);
        assert_eq!(one(&[word(least, 0.0)], &[word(0.5, 0.0)], 0.0), 0.0);
        assert_eq!(one(&[word(least, 0.0)], &[word(1.0, 0.0)], 0.0), least);
        assert_eq!(one(&[], &[], below), 0.0);
        assert_eq!(flushed(-below).to_bits(), (-0.0f32).to_bits());
    }

    #[test]
    fn nan_and_infinity_pass() {
        assert!(one(&[word(0.0, f32::NAN)], &[word(1.0, 0.0)], 0.0).is_nan());
        assert!(one(&[word(f32::INFINITY, 0.0)], &[word(0.0, 0.0)], 0.0).is_nan());
        assert_eq!(one(&[word(f32::INFINITY, 0.0)], &[word(-2.0, 0.0)], 0.0), f32::NEG_INFINITY);
    }
}
