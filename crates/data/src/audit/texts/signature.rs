//! Sets as short signatures, of which a part is equal when the sets are alike.

use baeum_core::hash64;

use super::set::KEPT;

/// How many bands a signature has, of 4 bytes each: 64 bytes.
///
/// Of two texts with similarity s, a band is equal with probability s^4, and one of 16 bands with 1 - (1 -
/// s^4)^16: 0.9998 at 0.8, 0.64 at 0.5, 0.03 at 0.2. So hardly a pair is missed, and few are compared in
/// vain.
pub(super) const BANDS: usize = 16;

/// How many minima a band is made of.
const DEPTH: usize = 4;

/// As many bands as a signature has at most: of a long text there are two.
pub(super) const MOST_BANDS: usize = 2 * BANDS;

/// The bands of one text, each folded into 32 bits. Bands that are equal by chance cost a comparison, nothing
/// else.
///
/// A long text is signed by a sample of its shingles: those whose hashes begin with as many zeros as its level says. The next
/// level has half as many. Sets that are alike have about as many shingles, so that their levels are the same, or
/// neighbours; each is signed on its own level and on the next, and both signatures have their places by whether the level is even.
pub(super) type Signature = Box<[u32]>;

/// The hash functions whose minima make a signature: MinHash (Broder 1997), in bands (Indyk and Motwani
/// 1998).
pub(super) struct Hashes([u64; BANDS * DEPTH]);

impl Hashes {
    /// The same functions in every run.
    pub(super) fn new() -> Hashes {
        Hashes(std::array::from_fn(|place| hash64(&place.to_le_bytes())))
    }

    /// The signature of a set of hashes, of which the smallest were kept, sorted.
    pub(super) fn signature(&self, kept: &[u64]) -> Signature {
        let level = level(kept);
        let mut levels = if kept.len() > KEPT / 2 { vec![level, level + 1] } else { vec![level] };
        levels.sort_unstable_by_key(|level| level % 2);
        levels.into_iter().flat_map(|level| self.bands(sample(kept, level), level)).collect()
    }

    /// The bands of some hashes. Those are well mixed already, so that a product is enough to order them anew.
    fn bands(&self, hashes: &[u64], level: u32) -> [u32; BANDS] {
        let mut least = [u64::MAX; BANDS * DEPTH];
        for hash in hashes {
            for (least, salt) in least.iter_mut().zip(&self.0) {
                *least = (*least).min((hash ^ salt).wrapping_mul(salt | 1));
            }
        }
        let mut bands = [0; BANDS];
        for (band, least) in bands.iter_mut().zip(least.chunks_exact(DEPTH)) {
            *band = fold(level, least);
        }
        bands
    }
}

/// How many zeros a hash has at its start, of which no smaller one was left out.
fn level(kept: &[u64]) -> u32 {
    match kept.get(KEPT - 1) {
        Some(largest) => largest.leading_zeros() + 1,
        None => 0,
    }
}

/// The hashes that begin with so many zeros.
fn sample(kept: &[u64], level: u32) -> &[u64] {
    &kept[..kept.partition_point(|hash| hash.leading_zeros() >= level)]
}

/// The upper half of a product into which every number enters.
fn fold(level: u32, least: &[u64]) -> u32 {
    let mixed = least.iter().fold(u64::from(level), |mixed: u64, least| {
        (mixed.rotate_left(29) ^ least).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    (mixed >> 32) as u32
}
