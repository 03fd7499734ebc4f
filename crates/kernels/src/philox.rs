//! Random numbers by counter: a draw is a function of what it is for, never of who drew before.
//!
//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") turns a key and a
//! counter into four words. Element `i` of a filled slice takes word `i % 4` of the block whose first counter
//! word is `i / 4`; the other three words say what the draw is for. So any part of a slice can be filled
//! alone, in any order, by any thread.

use crate::math::{ln, sin_cos};
use rayon::prelude::*;

/// Positions stay below this: the first counter word holds a quarter of them.
pub(crate) const ELEMENTS: u64 = 1 << 34;

/// Elements that one thread fills at a time; a multiple of four, so that no block is cut.
const CHUNK: usize = 1 << 14;

/// Multipliers of the two halves of a round (Salmon et al., table 2).
const MULTIPLIER: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];

/// What the key grows by from round to round: the golden ratio and sqrt(3) - 1, as fractions of 2^32.
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// Four random words from a key and a counter: Philox4x32 with ten rounds.
pub fn philox_block(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let [mut k0, mut k1] = key;
    let [mut a, mut b, mut c, mut d] = counter;
    for _ in 0..10 {
        let left = u64::from(MULTIPLIER[0]) * u64::from(a);
        let right = u64::from(MULTIPLIER[1]) * u64::from(c);
        (a, b, c, d) =
            ((right >> 32) as u32 ^ b ^ k0, right as u32, (left >> 32) as u32 ^ d ^ k1, left as u32);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [a, b, c, d]
}

/// Words that [`philox_words`] draws at the same time.
pub(crate) const WORDS: usize = 128;

/// The words of some blocks whose first counter words follow each other, in the order of elements.
///
/// The bits are those of [`philox_block`]. Words stand in pairs, as vectors multiply them: `a` below `b`, `c` below `d`. A product
/// whose halves change places then holds both words of the other pair's next round, but for what is added to the lower one.
#[inline(always)]
pub(crate) fn philox_words(key: [u32; 2], [first, epoch, low, high]: [u32; 4]) -> [u32; WORDS] {
    let pair = |below: u32, above: u32| u64::from(below) | u64::from(above) << 32;
    let mut pairs = [0; WORDS / 2];
    for (i, two) in pairs.chunks_exact_mut(2).enumerate() {
        let (mut ab, mut cd) = (pair(first.wrapping_add(i as u32), epoch), pair(low, high));
        for round in 0..10 {
            let left = (ab & 0xffff_ffff) * u64::from(MULTIPLIER[0]);
            let right = (cd & 0xffff_ffff) * u64::from(MULTIPLIER[1]);
            let [k0, k1] = [0, 1].map(|i| u64::from(key[i].wrapping_add(WEYL[i].wrapping_mul(round))));
            ab = right.rotate_left(32) ^ (ab >> 32) ^ k0;
            cd = left.rotate_left(32) ^ (cd >> 32) ^ k1;
        }
        two[0] = ab;
        two[1] = cd;
    }
    let mut words = [0; WORDS];
    for (two, pair) in words.chunks_exact_mut(2).zip(pairs) {
        two[0] = pair as u32;
        two[1] = (pair >> 32) as u32;
    }
    words
}

/// A number from 0 up to, but not reaching, 1: the upper 24 bits of a word, all that an `f32` can hold.
pub fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Two independent numbers of the standard normal distribution from two words (Box and Muller 1958).
///
/// The radius comes from the first word, the angle from the second; both use all 32 bits, so values reach
/// 6.66.
pub fn normal_pair(words: [u32; 2]) -> [f32; 2] {
    let above_zero = (f64::from(words[0]) + 1.0) * (1.0 / 4_294_967_296.0);
    let radius = (-2.0 * ln(above_zero)).sqrt();
    let (sin, cos) = sin_cos(words[1]);
    [(radius * cos) as f32, (radius * sin) as f32]
}

/// An integer from 0 up to, but not reaching, `bound`, each equally likely (Lemire 2019); 0 if `bound` is 0.
///
/// `word(r)` gives the random word of try `r`. Another try is needed in fewer than `bound` of 2^32 cases; by
/// convention try `r` adds `r` to the last counter word.
pub fn bounded(bound: u32, mut word: impl FnMut(u32) -> u32) -> u32 {
    let mut retry = 0;
    loop {
        let product = u64::from(word(retry)) * u64::from(bound);
        // The first test spares most draws the division, for the threshold is below `bound`; it also ends a
        // bound of 0.
        if product as u32 >= bound || product as u32 >= bound.wrapping_neg() % bound {
            return (product >> 32) as u32;
        }
        retry = retry.wrapping_add(1);
    }
}

/// Fills a slice with random words; `first` is the position of its first element, `purpose` the last three
/// counter words.
///
/// # Panics
/// If an element's position reaches 2^34. The same holds for [`fill_uniform`] and [`fill_normal`].
pub fn fill_words(key: [u32; 2], purpose: [u32; 3], first: u64, out: &mut [u32]) {
    fill(key, purpose, first, out, |words| words);
}

/// Fills a slice with [`uniform`] numbers; the arguments are those of [`fill_words`].
pub fn fill_uniform(key: [u32; 2], purpose: [u32; 3], first: u64, out: &mut [f32]) {
    fill(key, purpose, first, out, |words| words.map(uniform));
}

/// Fills a slice with standard normal numbers, two from each [`normal_pair`]; the arguments are those of
/// [`fill_words`].
pub fn fill_normal(key: [u32; 2], purpose: [u32; 3], first: u64, out: &mut [f32]) {
    fill(key, purpose, first, out, |[a, b, c, d]| {
        let ([a, b], [c, d]) = (normal_pair([a, b]), normal_pair([c, d]));
        [a, b, c, d]
    });
}

/// Fills `out` with what `draw` makes of the blocks that its elements lie in.
fn fill<T: Copy + Send>(
    key: [u32; 2],
    [epoch, low, high]: [u32; 3],
    first: u64,
    out: &mut [T],
    draw: impl Fn([u32; 4]) -> [T; 4] + Sync,
) {
    assert!(first.saturating_add(out.len() as u64) <= ELEMENTS, "a random draw lies beyond element 2^34");
    let block = |number: u64| draw(philox_block(key, [number as u32, epoch, low, high]));
    // The first block may be entered in the middle; all later ones start on a multiple of four.
    let lane = (first % 4) as usize;
    let (head, body) = out.split_at_mut(out.len().min((4 - lane) % 4));
    if !head.is_empty() {
        head.copy_from_slice(&block(first / 4)[lane..lane + head.len()]);
    }
    let start = first.div_ceil(4);
    let fill_chunk = |(number, chunk): (usize, &mut [T])| {
        for (i, four) in chunk.chunks_mut(4).enumerate() {
            four.copy_from_slice(&block(start + (number * CHUNK / 4 + i) as u64)[..four.len()]);
        }
    };
    if body.len() <= CHUNK {
        fill_chunk((0, body));
    } else {
        body.par_chunks_mut(CHUNK).enumerate().for_each(fill_chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u32; 2] = [0xa409_3822, 0x299f_31d0];

    #[test]
    fn known_answers() {
        // The three answers published with Random123, the authors' own library.
        assert_eq!(philox_block([0; 2], [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox_block([u32::MAX; 2], [u32::MAX; 4]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox_block(KEY, pi), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn many_blocks_are_those_drawn_alone() {
        for first in [0, 77, u32::MAX - 3] {
            let words = philox_words(KEY, [first, 5, 6, u32::MAX]);
            for (i, four) in words.chunks(4).enumerate() {
                assert_eq!(four, philox_block(KEY, [first.wrapping_add(i as u32), 5, 6, u32::MAX]));
            }
        }
    }

    #[test]
    fn uniform_stays_below_one() {
        assert_eq!(uniform(0), 0.0);
        assert_eq!(uniform(0x8000_00ff), 0.5);
        assert_eq!(uniform(u32::MAX), 1.0 - 1.0 / 16_777_216.0);
    }

    #[test]
    fn normal_pairs_match_the_formula() {
        // The words are the third known answer; computed with 40 digits and rounded to `f32`.
        assert_eq!(normal_pair([0xd16c_fe09, 0x94fd_cceb]), [-0.551_467_9, -0.312_249_12]);
        assert_eq!(normal_pair([0x5001_e420, 0x2412_6ea1]), [0.965_467_15, 1.180_673_6]);
        assert_eq!(normal_pair([u32::MAX, 7]), [0.0, 0.0]);
        assert!(normal_pair([0, 0])[0] > 6.6);
    }

    #[test]
    fn normals_have_the_moments_of_a_normal_distribution() {
        let mut values = vec![0.0; 1 << 20];
        fill_normal(KEY, [0; 3], 0, &mut values);
        let n = values.len() as f64;
        let moment = |power| values.iter().map(|&z| f64::from(z).powi(power)).sum::<f64>() / n;
        // Five standard errors: the k-th moment's variance is E z^2k - (E z^k)^2, divided by n.
        for (power, wanted, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let bound = 5.0 * f64::sqrt(variance / n);
            assert!((moment(power) - wanted).abs() < bound, "moment {power} is {}", moment(power));
        }
    }

    #[test]
    fn an_element_depends_on_its_position_alone() {
        let mut whole = vec![0.0; 3 * CHUNK + 7];
        fill_uniform(KEY, [1, 2, 3], 0, &mut whole);
        for (i, &value) in whole.iter().enumerate() {
            let block = philox_block(KEY, [(i / 4) as u32, 1, 2, 3]);
            assert_eq!(value, uniform(block[i % 4]), "element {i}");
        }
        for (first, len) in [(0, 0), (1, 1), (1, 2), (2, 9), (3, 1), (5, CHUNK + 2), (CHUNK - 1, 2 * CHUNK)] {
            let mut part = vec![0.0; len];
            fill_uniform(KEY, [1, 2, 3], first as u64, &mut part);
            assert_eq!(part, whole[first..first + len], "{len} from {first}");
        }
    }

    #[test]
    fn normals_can_be_filled_from_any_element_on() {
        let (mut whole, mut part) = ([0.0; 64], [0.0; 50]);
        fill_normal(KEY, [0, 9, 0], 0, &mut whole);
        fill_normal(KEY, [0, 9, 0], 7, &mut part);
        assert_eq!(part, whole[7..57]);
    }

    #[test]
    #[should_panic(expected = "a random draw lies beyond element 2^34")]
    fn the_last_element_is_two_to_the_34() {
        fill_words(KEY, [0; 3], ELEMENTS - 3, &mut [0; 4]);
    }

    #[test]
    fn bounded_rejects_the_words_that_would_bias() {
        // 2^32 mod 3 = 1, so of the words only 0 leaves a remainder below 1 and is refused.
        let mut tries = Vec::new();
        let drawn = bounded(3, |retry| {
            tries.push(retry);
            [0, 0, 0xffff_ffff][retry as usize]
        });
        assert_eq!((drawn, tries), (2, vec![0, 1, 2]));
        assert_eq!(bounded(1, |_| 12345), 0);
        assert_eq!(bounded(0, |_| 12345), 0);
        assert_eq!(bounded(u32::MAX, |_| u32::MAX), u32::MAX - 1);
    }

    #[test]
    fn bounded_is_even() {
        let mut counts = [0u32; 6];
        for element in 0..60_000 {
            let drawn = bounded(6, |retry| philox_block(KEY, [element, 0, 0, retry])[0]);
            counts[drawn as usize] += 1;
        }
        // Five standard deviations of a binomial count: sqrt(60,000 * 1/6 * 5/6) = 91.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 457), "{counts:?}");
    }
}
