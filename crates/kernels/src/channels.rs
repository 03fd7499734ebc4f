//! Sums for each channel of `[N, C, S]`, cut into tasks by the shape alone.

use crate::lanes::LANES;
use crate::team::Team;

/// Elements of a task: 128 KiB of `f32`, which stays in the second cache and is worth handing over.
pub(crate) const TASK: usize = 1 << 15;

/// Elements of one item in a task: enough to read them in one go, and so few that a task has many items, beside which what is
/// kept for each channel is little.
const RUN: usize = 1 << 10;

/// How `[N, C, S]` is cut: into groups of items, and each group into blocks of channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    sizes: [usize; 3],
    /// Items of a task.
    items: usize,
    /// Channels of a task.
    channels: usize,
    /// Groups of items.
    groups: usize,
    /// Blocks of channels.
    blocks: usize,
}

/// One task: where its numbers lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// Place of its first number.
    pub(crate) first: usize,
    /// From an item to the next.
    pub(crate) stride: usize,
    pub(crate) first_channel: usize,
    pub(crate) items: usize,
    pub(crate) channels: usize,
    /// Numbers of a channel of an item.
    pub(crate) size: usize,
}

impl Piece {
    /// The numbers of one channel of one item.
    #[inline(always)]
    pub(crate) fn plane<'a>(&self, x: &'a [f32], item: usize, channel: usize) -> &'a [f32] {
        let first = self.first + item * self.stride + channel * self.size;
        &x[first..first + self.size]
    }

    /// All channels of one item, where a channel is one number.
    #[inline(always)]
    pub(crate) fn row<'a>(&self, x: &'a [f32], item: usize) -> &'a [f32] {
        let first = self.first + item * self.stride;
        &x[first..first + self.channels]
    }
}

impl Cut {
    /// None of the sizes is zero.
    pub(crate) fn new([n, c, s]: [usize; 3]) -> Cut {
        let channels = c.min((RUN / s).max(4));
        let items = n.min((TASK / (channels * s)).max(1));
        Cut { sizes: [n, c, s], items, channels, groups: n.div_ceil(items), blocks: c.div_ceil(channels) }
    }

    /// How long the slots of all tasks are, with `k` numbers for each channel.
    pub(crate) fn slots(&self, k: usize) -> usize {
        self.groups * self.blocks * self.channels * k
    }

    /// Calls `task` with every piece and its slots `[k, channels]`.
    pub(crate) fn run(
        &self,
        team: &Team,
        k: usize,
        slots: &mut [f32],
        task: impl Fn(Piece, &mut [f32]) + Sync,
    ) {
        team.parts(slots, self.channels * k, |i, slots| task(self.piece(i), slots));
    }

    fn piece(&self, i: usize) -> Piece {
        let [n, c, s] = self.sizes;
        let (first_item, first_channel) = (i / self.blocks * self.items, i % self.blocks * self.channels);
        Piece {
            first: (first_item * c + first_channel) * s,
            stride: c * s,
            first_channel,
            items: self.items.min(n - first_item),
            channels: self.channels.min(c - first_channel),
            size: s,
        }
    }

    /// Calls `work` with every strip of up to 16 channels.
    #[inline(always)]
    pub(crate) fn strips(&self, mut work: impl FnMut(Strip)) {
        for block in 0..self.blocks {
            let Piece { first_channel, channels, .. } = self.piece(block);
            for start in (0..channels).step_by(LANES) {
                work(Strip {
                    block,
                    start,
                    width: LANES.min(channels - start),
                    first_channel: first_channel + start,
                });
            }
        }
    }

    /// For each channel of a strip the sum of `term` over all groups, from the first items to the last.
    ///
    /// `term` is told how many numbers of a channel a group has and the reciprocal, which channel of the strip it is, and its
    /// `K` slots.
    #[inline(always)]
    pub(crate) fn join<const K: usize>(
        &self,
        slots: &[f32],
        strip: Strip,
        term: impl Fn([f64; 2], usize, [f64; K]) -> f64,
    ) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for group in 0..self.groups {
            let i = group * self.blocks + strip.block;
            let slots = &slots[i * K * self.channels..(i + 1) * K * self.channels];
            let rows: [&[f32]; K] =
                std::array::from_fn(|k| &slots[k * self.channels + strip.start..][..strip.width]);
            let piece = self.piece(i);
            let count = (piece.items * piece.size) as f64;
            let count = [count, 1.0 / count];
            for (lane, sum) in sums[..strip.width].iter_mut().enumerate() {
                *sum += term(count, lane, rows.map(|row| f64::from(row[lane])));
            }
        }
        sums
    }
}

/// Neighbouring channels whose slots are joined together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strip {
    block: usize,
    start: usize,
    pub(crate) width: usize,
    pub(crate) first_channel: usize,
}

/// A slice as `K` rows of one length.
#[inline(always)]
pub(crate) fn rows_of<const K: usize>(slice: &mut [f32]) -> [&mut [f32]; K] {
    let len = slice.len() / K;
    let mut rest = slice;
    std::array::from_fn(|_| {
        let (row, after) = std::mem::take(&mut rest).split_at_mut(len);
        rest = after;
        row
    })
}
