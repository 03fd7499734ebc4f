//! Sets as short signatures, of which a part is equal when the sets are alike.

use baeum_core::hash64;

/// How many bands a signature has, of 4 bytes each: 64 bytes.
///
/// Of two texts with similarity s, a band is equal with probability s^4, and one of 16 bands with 1 - (1 -
/// s^4)^16: 0.9998 at 0.8, 0.64 at 0.5, 0.03 at 0.2. So hardly a pair is missed, and few are compared in
/// vain.
pub(super) const BANDS: usize = 16;

/// How many minima a band is made of.
const DEPTH: usize = 4;

/// The bands of one text, each folded into 32 bits. Bands that are equal by chance cost a comparison, nothing
/// else.
pub(super) type Signature = [u32; BANDS];

/// The hash functions whose minima make a signature: MinHash (Broder 1997), in bands (Indyk and Motwani
/// 1998).
pub(super) struct Hashes([u64; BANDS * DEPTH]);

impl Hashes {
    /// The same functions in every run.
    pub(super) fn new() -> Hashes {
        Hashes(std::array::from_fn(|place| hash64(&place.to_le_bytes())))
    }

    /// The signature of a set of hashes. Those are well mixed already, so that a product is enough to order
    /// them anew.
    pub(super) fn signature(&self, shingles: &[u64]) -> Signature {
        let mut least = [u64::MAX; BANDS * DEPTH];
        for shingle in shingles {
            for (least, salt) in least.iter_mut().zip(&self.0) {
                *least = (*least).min((shingle ^ salt).wrapping_mul(salt | 1));
            }
        }
        let mut bands = [0; BANDS];
        for (band, least) in bands.iter_mut().zip(least.chunks_exact(DEPTH)) {
            *band = fold(least);
        }
        bands
    }
}

/// The upper half of a product into which every number enters.
fn fold(least: &[u64]) -> u32 {
    let mixed = least
        .iter()
        .fold(0, |mixed: u64, least| (mixed.rotate_left(29) ^ least).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (mixed >> 32) as u32
}
