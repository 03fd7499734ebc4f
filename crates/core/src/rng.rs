//! Randomness by counter: what a draw is for decides its value, so workers, threads and restarts cannot
//! change it.
//!
//! [`Rng`] holds the seed. [`Rng::stream`] names the purpose, [`Counter`] the place within it. No generator
//! has a state, hence a checkpoint needs none. The values are frozen by tests; another value would be another
//! format version.

use baeum_kernels::{bounded, fill_normal, fill_uniform, fill_words, normal_pair, philox_block, uniform};

/// The source of all randomness of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rng {
    seed: u64,
}

impl Rng {
    /// The randomness of one seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The draws of one purpose, such as `init`, `shuffle` or `dropout`, for one layer (empty if no layer is
    /// concerned).
    pub fn stream(&self, stream: &str, layer: &str) -> Stream {
        let mut bytes = self.seed.to_le_bytes().to_vec();
        bytes.extend_from_slice(stream.as_bytes());
        bytes.push(0xff); // never part of UTF-8, so no two pairs of names give the same bytes
        bytes.extend_from_slice(layer.as_bytes());
        let key = hash64(&bytes);
        Stream { key: [key as u32, (key >> 32) as u32] }
    }
}

/// The draws of one purpose, addressed by [`Counter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
}

/// The place of a draw within its stream.
///
/// `element` is a position in the row-major tensor of the whole batch: the second half of a batch starts
/// where the first one ended, and so draws what the whole batch would. It stays below 2^34.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counter {
    /// Position within a tensor or a list.
    pub element: u64,
    /// The epoch, for draws that differ from epoch to epoch.
    pub epoch: u32,
    /// The step or the sample id, for draws that belong to one.
    pub index: u64,
}

impl Counter {
    /// The first draw that is made once in a run: initial weights, a split.
    pub fn once() -> Self {
        Self::default()
    }

    /// The first draw of an epoch: its order.
    pub fn epoch(epoch: u32) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// The first draw of a step: dropout, noise.
    pub fn step(step: u64) -> Self {
        Self { index: step, ..Self::default() }
    }

    /// The first draw for a sample in an epoch: augmentation.
    pub fn sample(epoch: u32, sample_id: u64) -> Self {
        Self { epoch, index: sample_id, ..Self::default() }
    }

    /// The same purpose at another element.
    pub fn at(self, element: u64) -> Self {
        Self { element, ..self }
    }

    /// The last three words of the Philox counter: what `baeum_kernels` calls the purpose.
    pub fn purpose(self) -> [u32; 3] {
        [self.epoch, self.index as u32, (self.index >> 32) as u32]
    }
}

impl Stream {
    /// The key of the Philox generator, for kernels that draw by themselves.
    pub fn key(&self) -> [u32; 2] {
        self.key
    }

    /// A number from 0 up to, but not reaching, 1.
    pub fn uniform(&self, counter: Counter) -> f32 {
        uniform(self.word(counter, 0))
    }

    /// A number of the standard normal distribution.
    pub fn normal(&self, counter: Counter) -> f32 {
        let pair = counter.at(counter.element & !1);
        normal_pair([self.word(pair, 0), self.word(pair.at(pair.element + 1), 0)])
            [(counter.element % 2) as usize]
    }

    /// An integer from 0 up to, but not reaching, `bound`, each equally likely; 0 if `bound` is 0.
    pub fn below(&self, bound: u32, counter: Counter) -> u32 {
        bounded(bound, |retry| self.word(counter, retry))
    }

    /// Fills a slice with random words; element `i` is the draw at `from.element + i`.
    ///
    /// # Panics
    /// If an element reaches 2^34. The same holds for the other two.
    pub fn fill_words(&self, out: &mut [u32], from: Counter) {
        fill_words(self.key, from.purpose(), from.element, out);
    }

    /// Fills a slice with what [`uniform`](Self::uniform) gives, element by element.
    pub fn fill_uniform(&self, out: &mut [f32], from: Counter) {
        fill_uniform(self.key, from.purpose(), from.element, out);
    }

    /// Fills a slice with what [`normal`](Self::normal) gives, element by element.
    pub fn fill_normal(&self, out: &mut [f32], from: Counter) {
        fill_normal(self.key, from.purpose(), from.element, out);
    }

    /// Puts a list into the random order of an epoch (Fisher and Yates, from the end).
    ///
    /// # Panics
    /// If the list is longer than 2^32 - 1, which the default limit on rows rules out.
    pub fn shuffle<T>(&self, list: &mut [T], epoch: u32) {
        assert!(u32::try_from(list.len()).is_ok(), "a list is too long to be shuffled");
        for last in (1..list.len()).rev() {
            let chosen = self.below(last as u32 + 1, Counter::epoch(epoch).at(last as u64));
            list.swap(last, chosen as usize);
        }
    }

    /// The numbers below `len` in the random order of an epoch.
    pub fn permutation(&self, len: usize, epoch: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        self.shuffle(&mut order, epoch);
        order
    }

    /// The random word at a place; try `retry` adds to the last counter word.
    fn word(&self, counter: Counter, retry: u32) -> u32 {
        let [epoch, low, high] = counter.purpose();
        let block =
            philox_block(self.key, [(counter.element / 4) as u32, epoch, low, high.wrapping_add(retry)]);
        block[(counter.element % 4) as usize]
    }
}

/// A 64-bit hash of some bytes: FNV-1a, then SplitMix64's finaliser, which spreads the last bytes over all
/// bits.
///
/// For keys of random streams, not against an attacker.
pub fn hash64(bytes: &[u8]) -> u64 {
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Rng::new(7).stream("init", "conv1")
    }

    // The values of the next three tests are frozen: an earlier run must be repeatable by a later version.
    // They were computed by another program, written from the definition alone.
    #[test]
    fn hashes_are_frozen() {
        assert_eq!(hash64(b""), 0xf52a_15e9_a9b5_e89b);
        assert_eq!(hash64(b"baeum"), 0xafac_3f43_e7aa_c05c);
        assert_eq!(stream().key, [0x06c4_657e, 0xf401_efcf]);
    }

    #[test]
    fn draws_are_frozen() {
        let (mut words, mut uniforms, mut normals) = ([0; 6], [0.0; 3], [0.0; 3]);
        stream().fill_words(&mut words, Counter::sample(3, 0x0123_4567_89ab_cdef).at(2));
        stream().fill_uniform(&mut uniforms, Counter::step(5));
        stream().fill_normal(&mut normals, Counter::once());
        assert_eq!(words, [0x738f_7cb5, 0xe19a_44c1, 0x9b47_04b3, 0x8cd0_eddb, 0xe329_01ef, 0xf204_bf54]);
        assert_eq!(uniforms, [0.947_725_7, 0.670_340_2, 0.982_719_2]);
        assert_eq!(normals, [0.081_962_17, 0.034_724_828, -0.469_190_15]);
    }

    #[test]
    fn orders_are_frozen() {
        let shuffle = Rng::new(7).stream("shuffle", "");
        assert_eq!(shuffle.permutation(10, 0), [9, 7, 2, 1, 8, 4, 0, 5, 6, 3]);
        assert_eq!(shuffle.permutation(10, 1), [9, 6, 3, 2, 5, 1, 4, 0, 8, 7]);
    }

    #[test]
    fn the_counter_is_laid_out_as_documented() {
        let counter = Counter { element: 4 * 11 + 2, epoch: 3, index: 0x0000_0005_0000_0009 };
        assert_eq!(stream().word(counter, 0), philox_block(stream().key, [11, 3, 9, 5])[2]);
        assert_eq!(stream().word(counter, 4), philox_block(stream().key, [11, 3, 9, 9])[2]);
    }

    #[test]
    fn one_draw_is_the_filled_one() {
        let from = Counter::sample(2, 77);
        let (mut uniforms, mut normals) = ([0.0; 11], [0.0; 11]);
        stream().fill_uniform(&mut uniforms, from);
        stream().fill_normal(&mut normals, from);
        for i in 0..11 {
            assert_eq!(stream().uniform(from.at(i as u64)), uniforms[i], "uniform {i}");
            assert_eq!(stream().normal(from.at(i as u64)), normals[i], "normal {i}");
        }
    }

    #[test]
    fn every_part_of_the_purpose_matters() {
        let rng = Rng::new(7);
        let keys = [
            rng.stream("init", "conv1"),
            rng.stream("init", "conv2"),
            rng.stream("dropout", "conv1"),
            rng.stream("initconv1", ""),
            rng.stream("", "initconv1"),
            Rng::new(8).stream("init", "conv1"),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{i}");
        }
    }

    #[test]
    fn a_shuffle_keeps_every_element() {
        for len in [0, 1, 2, 1000] {
            let mut order = stream().permutation(len, 3);
            assert!(len < 1000 || order != (0..len).collect::<Vec<_>>());
            assert!(len < 1000 || order != stream().permutation(len, 4));
            order.sort_unstable();
            assert_eq!(order, (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn all_orders_of_three_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..60_000 {
            *counts.entry(stream().permutation(3, epoch)).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Five standard deviations of a binomial count: sqrt(60,000 * 1/6 * 5/6) = 91.
        assert!(counts.values().all(|&count| count.abs_diff(10_000) < 457), "{counts:?}");
    }
}
