//! Pairs of hashes that differ in few bits, without a look at all pairs.

/// How many pieces a hash is cut into, of 16 bits each.
const PIECES: usize = 4;

/// Hashes by their pieces: multi-index hashing (Norouzi, Punjani and Fleet 2012).
///
/// If two hashes differ in `bits`, then one of their four pieces differs in a quarter of that at most. So
/// what is near to a hash lies in the buckets of the pieces that differ so little from its own. Fast up to 11
/// `bits`, which are 137 buckets for each piece.
pub(crate) struct Near<'a> {
    hashes: &'a [Option<u64>],
    parts: &'a [u8],
    bits: u32,
    /// All the ways in which a piece may differ.
    masks: Vec<u16>,
    pieces: [Buckets; PIECES],
}

/// Row numbers by their piece.
struct Buckets {
    /// Where the bucket of each piece begins in `rows`, and the end.
    starts: Vec<usize>,
    rows: Vec<usize>,
}

impl<'a> Near<'a> {
    /// Sorts the hashes of rows into buckets; each row has a part, and one without a hash is near to none.
    pub(crate) fn new(hashes: &'a [Option<u64>], parts: &'a [u8], bits: u32) -> Near<'a> {
        let few = |mask: &u16| mask.count_ones() <= bits / PIECES as u32;
        let pieces = std::array::from_fn(|which| Buckets::new(hashes, which));
        Near { hashes, parts, bits, masks: (0..=u16::MAX).filter(few).collect(), pieces }
    }

    /// The rows behind this one, of another part, that differ from a hash in no more than `bits`, in ascending order.
    pub(crate) fn to(&self, hash: u64, row: usize) -> Vec<usize> {
        let Some(part) = self.parts.get(row) else { return vec![] };
        let is_near = |other: &usize| {
            let differ = |other: &u64| (hash ^ other).count_ones() <= self.bits;
            self.parts.get(*other).is_some_and(|other| other != part)
                && self.hashes[*other].as_ref().is_some_and(differ)
        };
        let bucket = |(which, mask): (usize, u16)| self.pieces[which].of(piece(hash, which) ^ mask, row);
        let ways = (0..PIECES).flat_map(|which| self.masks.iter().map(move |&mask| (which, mask)));
        let mut near: Vec<usize> = ways.flat_map(bucket).copied().filter(is_near).collect();
        near.sort_unstable();
        near.dedup();
        near
    }

    /// All pairs of rows of different parts, the earlier row first, in ascending order; one at a time, as
    /// there may be very many of them if many rows are the same.
    #[cfg(test)]
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let known = self.hashes.iter().enumerate().filter_map(|(row, hash)| Some((row, (*hash)?)));
        known.flat_map(|(row, hash)| self.to(hash, row).into_iter().map(move |other| (row, other)))
    }
}

impl Buckets {
    fn new(hashes: &[Option<u64>], which: usize) -> Buckets {
        let key = |row: usize| hashes[row].map(|hash| (usize::from(piece(hash, which)), row));
        let mut keyed: Vec<(usize, usize)> = (0..hashes.len()).filter_map(key).collect();
        keyed.sort_unstable();
        let mut starts = vec![0; (1 << 16) + 1];
        keyed.iter().for_each(|(key, _)| starts[key + 1] += 1);
        (0..1 << 16).for_each(|key| starts[key + 1] += starts[key]);
        Buckets { starts, rows: keyed.into_iter().map(|(_, row)| row).collect() }
    }

    /// The rows of a bucket that come after this one.
    fn of(&self, key: u16, row: usize) -> &[usize] {
        let key = usize::from(key);
        let rows = &self.rows[self.starts[key]..self.starts[key + 1]];
        &rows[rows.partition_point(|&other| other <= row)..]
    }
}

/// The 16 bits at one of the four places.
fn piece(hash: u64, which: usize) -> u16 {
    (hash >> (16 * which)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn draw(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Some hashes with others that differ from them in a few bits, and some that are missing.
    fn hashes(count: usize, seed: u64) -> (Vec<Option<u64>>, Vec<u8>) {
        let mut state = seed;
        let mut hashes: Vec<Option<u64>> = vec![];
        for row in 0..count {
            let from = draw(&mut state) as usize % (row + 1);
            let flips = (0..draw(&mut state) % 16).fold(0, |flips, _| flips | 1 << (draw(&mut state) % 64));
            hashes.push(match draw(&mut state) % 4 {
                0 => None,
                1 => Some(draw(&mut state)),
                _ => Some(hashes.get(from).copied().flatten().unwrap_or_default() ^ flips),
            });
        }
        (hashes, (0..count).map(|_| (draw(&mut state) % 3) as u8).collect())
    }

    #[test]
    fn it_finds_what_a_look_at_all_pairs_finds() {
        let (hashes, parts) = hashes(400, 7);
        for bits in [0, 3, 4, 11, 15] {
            let near = |a: usize, b: usize| {
                let (Some(one), Some(other)) = (hashes[a], hashes[b]) else { return false };
                parts[a] != parts[b] && (one ^ other).count_ones() <= bits
            };
            let all = (0..400).flat_map(|a| (a + 1..400).map(move |b| (a, b)));
            let expect: Vec<_> = all.filter(|&(a, b)| near(a, b)).collect();
            assert!(bits == 0 || !expect.is_empty());
            assert_eq!(Near::new(&hashes, &parts, bits).pairs().collect::<Vec<_>>(), expect, "{bits} bits");
        }
    }

    #[test]
    fn no_rows_and_no_hashes_have_no_pairs() {
        assert_eq!(Near::new(&[], &[], 11).pairs().count(), 0);
        assert_eq!(Near::new(&[None, None], &[0, 1], 11).pairs().count(), 0);
        assert_eq!(Near::new(&[Some(1), Some(1)], &[0], 11).pairs().count(), 0); // a row without a part
    }
}
