//! Runs of ids.

/// How [`super::Layer::NgramEmbedding`] numbers runs of ids: polynomials, taken modulo the number of buckets at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ngrams {
    /// How many ids make a run.
    pub n: usize,
    /// Each hash is below it.
    pub buckets: usize,
}

impl Ngrams {
    /// What a hash is multiplied by before the next id is added: the largest prime with which no sum passes 2^31, which engines
    /// that know 32 bits alone could not tell.
    pub const FACTOR: u32 = 2039;

    /// The most buckets.
    pub const BUCKETS: usize = 1 << 20;

    /// Ids are below it.
    pub const IDS: usize = 1 << 23;

    /// The hash of the run that ends at each place of a sequence of `time` ids; in front of the first one stand zeros. `ids` and
    /// `hashes`: `[rows, time]`.
    pub fn hash(self, time: usize, ids: &[u32], hashes: &mut [u32]) {
        for (ids, hashes) in ids.chunks(time.max(1)).zip(hashes.chunks_mut(time.max(1))) {
            self.hash_row(ids, hashes);
        }
    }

    fn hash_row(self, ids: &[u32], hashes: &mut [u32]) {
        for (place, hash) in hashes.iter_mut().enumerate() {
            let first = (place + 1).saturating_sub(self.n);
            *hash = ids.iter().take(place + 1).skip(first).fold(0, |hash, id| self.next(hash, *id));
        }
    }

    fn next(self, hash: u32, id: u32) -> u32 {
        let sum = u64::from(hash) * u64::from(Ngrams::FACTOR) + u64::from(id);
        (sum % (self.buckets as u64).max(1)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_numbered_by_its_ids_and_zeros_stand_in_front() {
        let hash = |n, buckets, ids: &[u32]| {
            let mut hashes = vec![9; ids.len()];
            Ngrams { n, buckets }.hash(ids.len(), ids, &mut hashes);
            hashes
        };
        assert_eq!(hash(1, 100, &[3, 104, 0]), [3, 4, 0]);
        assert_eq!(hash(2, Ngrams::BUCKETS, &[3, 5, 1]), [3, 3 * 2039 + 5, 5 * 2039 + 1]);
        assert_eq!(hash(3, 1000, &[0, 0, 7, 8]), [0, 0, 7, (7 * 2039 + 8) % 1000]);
        assert_eq!(hash(5, 1, &[1, 2]), [0, 0]);
        assert!(hash(2, 7, &[]).is_empty());
    }

    #[test]
    fn no_run_reaches_into_another_row() {
        let mut hashes = [0; 4];
        Ngrams { n: 2, buckets: Ngrams::BUCKETS }.hash(2, &[3, 5, 1, 2], &mut hashes);
        assert_eq!(hashes, [3, 3 * 2039 + 5, 1, 2039 + 2]);
    }

    #[test]
    fn no_sum_passes_31_bits() {
        let largest = (Ngrams::BUCKETS as u64 - 1) * u64::from(Ngrams::FACTOR) + Ngrams::IDS as u64 - 1;
        assert!(largest < 1 << 31, "{largest}");
    }
}
