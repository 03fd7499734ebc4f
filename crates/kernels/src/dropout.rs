//! Dropout (Srivastava et al. 2014). No mask is kept: its bits are drawn again on the way back.

use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::map::{CHUNK, part};
use crate::philox::{ELEMENTS, WORDS, philox_words};
use crate::write::{Write, by_write, put};

/// One draw of a dropout mask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// How likely an element is dropped, from 0 to 1.
    pub probability: f64,
    /// The key of the generator, as in [`fill_words`](crate::fill_words).
    pub key: [u32; 2],
    /// The last three words of its counter.
    pub purpose: [u32; 3],
    /// The position of the first element.
    pub first: u64,
}

/// Drops elements and scales what is kept: `y = x * mask`, where the mask is 0 or `1 / (1 - probability)`.
///
/// An element is kept if its word is at least `probability * 2^32`, rounded. The gradient takes the same way: `dx = dy * mask` is
/// this function with the same draw. As in PyTorch it is a product, so NaN and infinity that are dropped become NaN.
///
/// # Panics
/// If lengths differ, the probability is none or a position reaches 2^34, as for [`dropout_in_place`].
pub fn dropout(ctx: &Ctx, draw: &Dropout, x: &[f32], y: &mut [f32], write: Write) {
    assert_eq!(x.len(), y.len(), "dropout wants input and output of one length");
    let mask = Mask::of(draw, y.len());
    ctx.team.parts(y, CHUNK, |i, y| {
        let x = part(x, i, y.len());
        by_write!(write, drop(ctx.isa, mask.from(i * CHUNK), x, y));
    });
}

/// As [`dropout`], where input and output are one slice.
pub fn dropout_in_place(ctx: &Ctx, draw: &Dropout, x: &mut [f32]) {
    let mask = Mask::of(draw, x.len());
    ctx.team.parts(x, CHUNK, |i, x| drop_in_place(ctx.isa, mask.from(i * CHUNK), x));
}

/// What is computed once for a draw.
#[derive(Clone, Copy)]
struct Mask {
    key: [u32; 2],
    purpose: [u32; 3],
    first: u64,
    threshold: u32,
    scale: f32,
}

impl Mask {
    fn of(draw: &Dropout, len: usize) -> Mask {
        let probability = draw.probability;
        assert!((0.0..=1.0).contains(&probability), "dropout wants a probability, got {probability}");
        assert!(draw.first.saturating_add(len as u64) <= ELEMENTS, "a random draw lies beyond element 2^34");
        let threshold = (probability * 4_294_967_296.0).round() as u64;
        // No word reaches 2^32: then all are dropped, the largest word's element too.
        let scale = if threshold >> 32 == 0 { (1.0 / (1.0 - probability)) as f32 } else { 0.0 };
        Mask {
            key: draw.key,
            purpose: draw.purpose,
            first: draw.first,
            threshold: threshold.min(u64::from(u32::MAX)) as u32,
            scale,
        }
    }

    /// The same from a later element on.
    fn from(self, place: usize) -> Mask {
        Mask { first: self.first + place as u64, ..self }
    }

    /// What the next elements, `skip` of which lie before the first, are multiplied by.
    #[inline(always)]
    fn factors(&self, block: u32) -> [f32; WORDS] {
        let [epoch, low, high] = self.purpose;
        philox_words(self.key, [block, epoch, low, high])
            .map(|word| if word >= self.threshold { self.scale } else { 0.0 })
    }

    /// Calls `at` with each stretch of elements and the factors that belong to it.
    #[inline(always)]
    fn stretches(&self, len: usize, mut at: impl FnMut(usize, &[f32])) {
        let (mut block, skip) = ((self.first / 4) as u32, (self.first % 4) as usize);
        let mut place = 0;
        if skip > 0 && len > 0 {
            place = (WORDS - skip).min(len);
            at(0, &self.factors(block)[skip..skip + place]);
            block = block.wrapping_add(WORDS as u32 / 4);
        }
        while place < len {
            let taken = (len - place).min(WORDS);
            at(place, &self.factors(block)[..taken]);
            (place, block) = (place + taken, block.wrapping_add(WORDS as u32 / 4));
        }
    }
}

rungs! {
    fn drop<const ADD: bool>(mask: Mask, x: &[f32], y: &mut [f32]) {
        mask.stretches(y.len(), |place, factors| {
            let y = &mut y[place..][..factors.len()];
            for ((y, &x), factor) in y.iter_mut().zip(&x[place..]).zip(factors) {
                put::<ADD>(y, x * factor);
            }
        });
    }

    fn drop_in_place(mask: Mask, x: &mut [f32]) {
        mask.stretches(x.len(), |place, factors| {
            for (x, factor) in x[place..].iter_mut().zip(factors) {
                *x *= factor;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill_words;
    use crate::testing::{everywhere, normal};

    const DRAW: Dropout = Dropout { probability: 0.3, key: [5, 6], purpose: [0, 7, 8], first: 0 };

    #[test]
    fn elements_are_kept_by_their_words() {
        for (len, first) in
            [(0, 0), (1, 3), (31, 0), (33, 2), (100, 1), (2 * CHUNK + 7, 12_345), (9, ELEMENTS - 9)]
        {
            let draw = Dropout { first, ..DRAW };
            let (x, mut words) = (normal(1, len), vec![0; len]);
            fill_words(draw.key, draw.purpose, first, &mut words);
            let got = everywhere(|ctx| {
                let (mut y, mut added, mut in_place) = (vec![f32::NAN; len], vec![1.0; len], x.clone());
                dropout(ctx, &draw, &x, &mut y, Write::Set);
                dropout(ctx, &draw, &x, &mut added, Write::Add);
                dropout_in_place(ctx, &draw, &mut in_place);
                [y, in_place, added].concat()
            });
            for i in 0..len {
                let kept = f64::from(words[i]) >= (0.3 * 4_294_967_296f64).round();
                let wanted = if kept { x[i] * (1.0 / 0.7) as f32 } else { 0.0 };
                assert_eq!(
                    [got[i], got[len + i], got[2 * len + i]],
                    [wanted, wanted, 1.0 + wanted],
                    "{len} {i}"
                );
            }
        }
    }

    #[test]
    fn nothing_or_everything_is_dropped() {
        let mut x = normal(1, 1000);
        let before = x.clone();
        dropout_in_place(&Ctx::new(1), &Dropout { probability: 0.0, ..DRAW }, &mut x);
        assert_eq!(x, before);
        x[3] = f32::NAN;
        dropout_in_place(&Ctx::new(1), &Dropout { probability: 1.0, ..DRAW }, &mut x);
        assert!(x[3].is_nan() && x.iter().enumerate().all(|(i, &x)| i == 3 || x == 0.0));
    }

    #[test]
    #[should_panic(expected = "dropout wants a probability, got 1.5")]
    fn the_probability_is_one() {
        dropout_in_place(&Ctx::new(1), &Dropout { probability: 1.5, ..DRAW }, &mut []);
    }
}
