//! Numbers as sums of `bf16`, packed for tiles.

use std::ops::Range;

use super::Lines;
use crate::amx::{SIDE, Step, TILE};
use crate::isa::{Isa, rungs};
use crate::team::Team;

/// Which factor is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factor {
    /// The left one: lines are rows.
    A,
    /// The right one: lines are columns.
    B,
}

/// Packed lines: panel after panel of [`SIDE`] lines, each over all of K, which zeros fill up to whole steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels<'a, const PARTS: usize> {
    steps: &'a [Step<PARTS>],
    /// The line of the first panel.
    first: usize,
    /// Steps of a panel.
    deep: usize,
}

impl<'a, const PARTS: usize> Panels<'a, PARTS> {
    /// How many words the panels of some lines take.
    pub(super) fn words(lines: usize, k: usize) -> usize {
        lines.div_ceil(SIDE) * k.div_ceil(SIDE) * size_of::<Step<PARTS>>() / size_of::<u32>()
    }

    /// Packs some lines over all of K into that many words.
    pub(super) fn pack(
        isa: Isa,
        team: &Team,
        (source, factor): (&Lines<'_>, Factor),
        lines: Range<usize>,
        k: usize,
        words: &'a mut [u32],
    ) -> Panels<'a, PARTS> {
        let (tiles, _) = words.as_chunks_mut::<TILE>().0.as_chunks_mut::<TILE>();
        let (steps, _) = tiles.as_chunks_mut::<2>().0.as_chunks_mut::<PARTS>();
        let (first, deep) = (lines.start, k.div_ceil(SIDE));
        team.parts(steps, deep.max(1), |panel, steps| {
            pack(isa, source, factor, first + panel * SIDE..lines.end, k, steps);
        });
        Panels { steps, first, deep }
    }

    /// The panel that begins at this line, over a block of K that begins with a step.
    pub(super) fn steps(&self, line: usize, depth: &Range<usize>) -> &'a [Step<PARTS>] {
        let panel = (line - self.first) / SIDE * self.deep;
        &self.steps[panel + depth.start / SIDE..panel + depth.end.div_ceil(SIDE)]
    }
}

rungs! {
    /// One panel: the first of some lines over all of K.
    fn pack<const PARTS: usize>(
        source: &Lines<'_>, factor: Factor, lines: Range<usize>, k: usize, steps: &mut [Step<PARTS>]
    ) -> () {
        let width = lines.len().min(SIDE);
        for (i, step) in steps.iter_mut().enumerate() {
            let depth = SIDE.min(k - i * SIDE);
            let data = &source.data[lines.start * source.line + i * SIDE * source.deep..];
            match factor {
                Factor::A => rows_of(&square(data, [source.line, source.deep], [width, depth]), step),
                Factor::B => columns_of(&square(data, [source.deep, source.line], [depth, width]), step),
            }
        }
    }
}

/// Numbers from two directions, filled up with zeros: number j of row i stands at `i * strides[0] + j * strides[1]`.
#[inline(always)]
fn square(data: &[f32], strides: [usize; 2], [rows, columns]: [usize; 2]) -> [[f32; SIDE]; SIDE] {
    let mut square = [[0.0; SIDE]; SIDE];
    match strides {
        [stride, 1] => {
            for (i, row) in square.iter_mut().enumerate().take(rows) {
                let data = &data[i * stride..][..columns];
                match <&[f32; SIDE]>::try_from(data) {
                    Ok(whole) => *row = *whole,
                    Err(_) => row[..columns].copy_from_slice(data),
                }
            }
        }
        [1, stride] => {
            for j in 0..columns {
                let data = &data[j * stride..][..rows];
                for (row, x) in square.iter_mut().zip(data) {
                    row[j] = *x;
                }
            }
        }
        [down, across] => {
            for (i, row) in square.iter_mut().enumerate().take(rows) {
                for (j, x) in row.iter_mut().enumerate().take(columns) {
                    *x = data[i * down + j * across];
                }
            }
        }
    }
    square
}

/// A step of A from its rows: pairs lie side by side.
#[inline(always)]
fn rows_of<const PARTS: usize>(rows: &[[f32; SIDE]; SIDE], step: &mut Step<PARTS>) {
    for i in 0..SIDE {
        let mut pairs = [[0.0; TILE]; 2];
        for j in 0..TILE {
            (pairs[0][j], pairs[1][j]) = (rows[i][2 * j], rows[i][2 * j + 1]);
        }
        for part in step.iter_mut() {
            split(&mut pairs, &mut part[i / TILE][i % TILE]);
        }
    }
}

/// A step of B from its rows: pairs lie one below the other.
#[inline(always)]
fn columns_of<const PARTS: usize>(rows: &[[f32; SIDE]; SIDE], step: &mut Step<PARTS>) {
    for i in 0..TILE {
        for half in 0..2 {
            let mut pairs = [[0.0; TILE]; 2];
            for j in 0..TILE {
                (pairs[0][j], pairs[1][j]) = (rows[2 * i][half * TILE + j], rows[2 * i + 1][half * TILE + j]);
            }
            for part in step.iter_mut() {
                split(&mut pairs, &mut part[half][i]);
            }
        }
    }
}

/// The `bf16` nearest to a row of pairs; the pairs become what these leave of them.
#[inline(always)]
fn split(pairs: &mut [[f32; TILE]; 2], words: &mut [u32; TILE]) {
    let [evens, odds] = pairs;
    for j in 0..TILE {
        let (even, odd) = (nearest(evens[j]), nearest(odds[j]));
        words[j] = even >> 16 | odd;
        (evens[j], odds[j]) = (left(evens[j], even), left(odds[j], odd));
    }
}

/// The bits of the nearest `bf16` in their place in a `f32`, of two the even one.
///
/// NaN stays NaN; beyond 3.39e38 the nearest is infinity.
#[inline(always)]
fn nearest(x: f32) -> u32 {
    let bits = x.to_bits();
    let quiet = bits | 0x0040_0000;
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    (if x.is_nan() { quiet } else { rounded }) & 0xffff_0000
}

/// What a part leaves of a number, which is exact. Nothing of NaN and infinity: the difference would make NaN of both.
#[inline(always)]
fn left(x: f32, part: u32) -> f32 {
    if part & 0x7f80_0000 == 0x7f80_0000 { 0.0 } else { x - f32::from_bits(part) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::normal;

    #[test]
    fn the_nearest_bf16_is_found() {
        let round = |x: f32| f32::from_bits(nearest(x));
        assert_eq!(round(1.0), 1.0);
        assert_eq!(round(257.0), 256.0); // half way: the even one
        assert_eq!(round(259.0), 260.0);
        assert_eq!(round(257.0001), 258.0);
        assert_eq!(round(-0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(round(f32::MAX), f32::INFINITY);
        assert_eq!(round(f32::NEG_INFINITY), f32::NEG_INFINITY);
        for bits in [0x7f80_0001, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff] {
            assert!(round(f32::from_bits(bits)).is_nan(), "{bits:x}");
        }
    }

    fn halves(mut pairs: [[f32; TILE]; 2]) -> [[u32; TILE]; 2] {
        let mut halves = [[0; TILE]; 2];
        halves.iter_mut().for_each(|words| split(&mut pairs, words));
        halves
    }

    #[test]
    fn two_parts_are_a_number_but_for_16_bits() {
        let numbers = normal(5, 2 * TILE * 100);
        for pairs in numbers.as_chunks::<TILE>().0.as_chunks::<2>().0 {
            let [high, low] = halves(*pairs);
            for j in 0..TILE {
                for (half, x) in [pairs[0][j], pairs[1][j]].into_iter().enumerate() {
                    let part =
                        |word: u32| f32::from_bits(if half == 0 { word << 16 } else { word & 0xffff_0000 });
                    let sum = f64::from(part(high[j])) + f64::from(part(low[j]));
                    assert!(
                        (sum - f64::from(x)).abs() <= f64::from(x.abs()) / f64::from(1 << 17),
                        "{x} {sum}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_has_nothing_low() {
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            assert_eq!(halves([[x; TILE], [-x; TILE]])[1], [0; TILE]);
        }
    }

    #[test]
    fn a_step_stands_as_the_tiles_want_it() {
        let lines = Lines { data: &normal(6, 40 * 50), line: 50, deep: 1, count: 40 };
        let turned: Vec<f32> = (0..50 * 40).map(|i| lines.data[i % 40 * 50 + i / 40]).collect();
        let turned = Lines { data: &turned, line: 1, deep: 40, count: 40 };
        let spread: Vec<f32> = (0..40 * 100).map(|i| lines.data[i / 2]).collect();
        let spread = Lines { data: &spread, line: 100, deep: 2, count: 40 };
        for source in [&lines, &turned, &spread] {
            for factor in [Factor::A, Factor::B] {
                let mut words = vec![u32::MAX; Panels::<1>::words(40, 50)];
                assert_eq!(words.len(), 2 * 2 * 512);
                let team = Team::new(2);
                let panels = Panels::<1>::pack(Isa::best(), &team, (source, factor), 0..40, 50, &mut words);
                for (line, k) in (0..64).flat_map(|line| (0..64).map(move |k| (line, k))) {
                    let depth = k / SIDE * SIDE..(k / SIDE + 1) * SIDE;
                    let [tiles] = panels.steps(line / SIDE * SIDE, &depth)[0];
                    let (i, j) = (line % SIDE, k % SIDE / 2);
                    let word = match factor {
                        Factor::A => tiles[i / TILE][i % TILE][j],
                        Factor::B => tiles[i / TILE][j][i % TILE],
                    };
                    let wanted =
                        if line < 40 && k < 50 { nearest(lines.data[line * 50 + k]) >> 16 } else { 0 };
                    assert_eq!(word >> (k % 2 * 16) & 0xffff, wanted, "{factor:?} {line} {k}");
                }
            }
        }
    }
}
