//! Products of blocks that lie in the first two caches. The left side is read where it stands; the right side comes in panels.
//!
//! A panel is 16 columns of a matrix, its rows one after the other. Where a block is used once or twice, packing the left side
//! as `gemm` does would cost about as much as the product.

use crate::isa::rungs;
use crate::write::Write;

/// Columns of a panel.
pub(crate) const PANEL: usize = 16;

/// A row of a panel.
pub(crate) type Row = [f32; PANEL];

/// Rows that one tile of the result has at most: 6 x 16 numbers fill 12 of the 16 registers of AVX2.
const TILE: usize = 6;

/// Rows of a panel that are used at a time: 16 KiB, half a first cache.
const DEPTH: usize = 256;

/// The left side of a product.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// Its rows lie in one piece each, this far from each other.
    Rows(&'a [f32], usize),
    /// Its columns do.
    Columns(&'a [f32], usize),
}

rungs! {
    /// `c = a b` or `c += a b`, for `a: [m, k]`, `c: [m, n]` with rows `step` apart, and `b: [k, n]` in panels that are `rows`
    /// rows long, of which the first `k` count. `size` is `[m, n, k]`; `n` is a multiple of 16.
    ///
    /// An element is a chain of fused products along each 256 of `k`; the chains are added in order.
    pub(crate) fn product(size: [usize; 3], a: Left<'_>, b: &[Row], rows: usize, c: &mut [f32], step: usize, write: Write) {
        let [m, n, k] = size;
        for panel in 0..n / PANEL {
            let b = &b[panel * rows..][..k];
            let c = &mut c[panel * PANEL..];
            let mut first = 0;
            while first < k || (first == 0 && write == Write::Set) {
                let depth = DEPTH.min(k - first);
                let add = first > 0 || write == Write::Add;
                stripe(m, a, first, &b[first..first + depth], c, step, add);
                first += depth.max(1);
            }
        }
    }
}

/// One panel's part of the result, tile after tile.
#[inline(always)]
fn stripe(m: usize, a: Left<'_>, first: usize, b: &[Row], c: &mut [f32], step: usize, add: bool) {
    let mut i = 0;
    while i < m {
        let left = m - i;
        let rows = left.div_ceil(left.div_ceil(TILE)); // 8 is 4 + 4, not 6 + 2
        let c = &mut c[i * step..];
        match rows {
            1 => tile::<1>(i, a, first, b, c, step, add),
            2 => tile::<2>(i, a, first, b, c, step, add),
            3 => tile::<3>(i, a, first, b, c, step, add),
            4 => tile::<4>(i, a, first, b, c, step, add),
            5 => tile::<5>(i, a, first, b, c, step, add),
            _ => tile::<6>(i, a, first, b, c, step, add),
        }
        i += rows;
    }
}

#[inline(always)]
fn tile<const M: usize>(
    i: usize,
    a: Left<'_>,
    first: usize,
    b: &[Row],
    c: &mut [f32],
    step: usize,
    add: bool,
) {
    let mut sums = [[0.0f32; PANEL]; M];
    match a {
        Left::Rows(a, apart) => {
            let rows: [&[f32]; M] = std::array::from_fn(|r| &a[(i + r) * apart + first..][..b.len()]);
            for (p, b) in b.iter().enumerate() {
                let a: [f32; M] = std::array::from_fn(|r| rows[r][p]);
                for r in 0..M {
                    for lane in 0..PANEL {
                        sums[r][lane] = a[r].mul_add(b[lane], sums[r][lane]);
                    }
                }
            }
        }
        Left::Columns(a, apart) => {
            for (b, column) in b.iter().zip(a[first * apart + i..].chunks(apart)) {
                let Some(a) = column.first_chunk::<M>() else { break };
                for r in 0..M {
                    for lane in 0..PANEL {
                        sums[r][lane] = a[r].mul_add(b[lane], sums[r][lane]);
                    }
                }
            }
        }
    }
    // A wall between the sums and their use: all are stored side by side, and by that the compiler finds the vectors.
    let mut stored = sums;
    let sums = std::hint::black_box(&mut stored);
    for (r, sums) in sums.iter().enumerate() {
        let Some(out) = c[r * step..].first_chunk_mut::<PANEL>() else { break };
        for lane in 0..PANEL {
            out[lane] = if add { out[lane] + sums[lane] } else { sums[lane] };
        }
    }
}

/// Numbers that panels of a `[k, n]` matrix take.
pub(crate) const fn panels_len(k: usize, n: usize) -> usize {
    n.div_ceil(PANEL) * PANEL * k
}

/// Packs rows of `n` numbers, given by `row(p)`, into panels that are `rows` rows long; what is left of the last panel is zero.
#[inline(always)]
pub(crate) fn pack_rows<'a>(
    count: usize,
    n: usize,
    row: impl Fn(usize) -> &'a [f32],
    rows: usize,
    panels: &mut [Row],
) {
    for p in 0..count {
        let source = row(p);
        for (j, piece) in source[..n].chunks(PANEL).enumerate() {
            panels[j * rows + p] = padded(piece);
        }
    }
}

/// Packs columns of `k` numbers, given by `column(j)` for `j` below `n`, into panels; what is left of the last panel is zero.
#[inline(always)]
pub(crate) fn pack_columns<'a>(
    n: usize,
    k: usize,
    column: impl Fn(usize) -> &'a [f32],
    rows: usize,
    panels: &mut [Row],
) {
    for first in (0..n).step_by(PANEL) {
        let panel = &mut panels[first / PANEL * rows..][..k];
        if n - first < PANEL {
            panel.fill([0.0; PANEL]);
        }
        for lane in 0..PANEL.min(n - first) {
            for (row, &x) in panel.iter_mut().zip(&column(first + lane)[..k]) {
                row[lane] = x;
            }
        }
    }
}

/// Up to 16 numbers, and zeros behind them.
#[inline(always)]
pub(crate) fn padded(piece: &[f32]) -> Row {
    match piece.first_chunk() {
        Some(whole) => *whole,
        None => std::array::from_fn(|lane| piece.get(lane).copied().unwrap_or(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    #[test]
    #[ignore = "measures"]
    fn speed() {
        let isa = Isa::best();
        for (m, n, k) in
            [(64, 64, 32), (64, 32, 64), (64, 64, 64), (16, 512, 160), (16, 160, 512), (8, 512, 160)]
        {
            let a = vec![0.5; m * k];
            let b = vec![[0.5; 16]; n / 16 * k];
            let mut c = vec![0.0; m * n];
            for (name, left) in [("rows", Left::Rows(&a, k)), ("columns", Left::Columns(&a, m))] {
                let mut best = f64::INFINITY;
                for _ in 0..300 {
                    let started = std::time::Instant::now();
                    for _ in 0..10 {
                        product(isa, [m, n, k], left, &b, k, &mut c, n, Write::Add);
                    }
                    best = best.min(started.elapsed().as_secs_f64() / 10.0);
                }
                eprintln!("{m} {n} {k} {name}: {:.1} GFLOP/s", (2 * m * n * k) as f64 / best / 1e9);
            }
        }
    }
}
