//! Products of blocks that lie in the first two caches. The left side is read where it stands; the right side comes in panels.
//!
//! A panel is 16 columns of a matrix, its rows one after the other. Where a block is used once or twice, packing the left side
//! as `gemm` does would cost about as much as the product.

use crate::isa::{Isa, Rung, rungs};
use crate::write::Write;

/// Columns of a panel.
pub(crate) const PANEL: usize = 16;

/// A row of a panel.
pub(crate) type Row = [f32; PANEL];

/// Rows of a panel that are used at a time: 16 KiB, half a first cache.
const DEPTH: usize = 256;

/// The left side of a product: its rows lie in one piece each, this far from each other.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a>(pub(crate) &'a [f32], pub(crate) usize);

/// `c = a b` or `c += a b`, for `a: [m, k]`, `c: [m, n]` with rows `step` apart, and `b: [k, n]` in panels that are `rows`
/// rows long, of which the first `k` count. `size` is `[m, n, k]`; `n` is a multiple of 16.
///
/// An element is a chain of fused products along each 256 of `k`; the chains are added in order.
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub(crate) fn product(
    isa: Isa,
    size: [usize; 3],
    a: Left<'_>,
    b: &[Row],
    rows: usize,
    c: &mut [f32],
    step: usize,
    write: Write,
) {
    // Sums of a tile fill 12 of the 16 registers of AVX2, or 16 of the 32 of AVX-512.
    match isa.rung() {
        Rung::Avx512 => tiled::<8, 2>(isa, size, a, b, rows, c, step, write),
        Rung::Avx2 | Rung::Portable => tiled::<6, 1>(isa, size, a, b, rows, c, step, write),
    }
}

rungs! {
    /// [`product`] by tiles of up to `R` rows and `N` panels.
    fn tiled<const R: usize, const N: usize>(
        size: [usize; 3], a: Left<'_>, b: &[Row], rows: usize, c: &mut [f32], step: usize, write: Write
    ) {
        let [m, n, k] = size;
        let (mut panel, panels) = (0, n / PANEL);
        if m == 1 && k <= DEPTH {
            while panel + SIDE <= panels {
                row(&a.0[..k], &b[panel * rows..], rows, &mut c[panel * PANEL..], write == Write::Add);
                panel += SIDE;
            }
        }
        while panel < panels {
            let (b, c) = (&b[panel * rows..], &mut c[panel * PANEL..]);
            panel += if panel + N <= panels {
                stripe::<R, N>(m, k, a, b, rows, c, step, write)
            } else {
                stripe::<R, 1>(m, k, a, b, rows, c, step, write)
            };
        }
    }
}

/// Panels that meet a row alone at the same time: a chain of sums waits for each product, and eight chains hide it.
const SIDE: usize = 4;

/// The part of the result of several panels and one row.
#[inline(always)]
fn row(a: &[f32], b: &[Row], rows: usize, c: &mut [f32], add: bool) {
    let k = a.len();
    let mut panels = [&b[..0]; SIDE];
    for (panel, place) in panels.iter_mut().enumerate() {
        *place = &b[panel * rows..][..k];
    }
    let mut sums = [[0.0f32; PANEL]; SIDE];
    for p in 0..k {
        let a = a[p];
        for panel in 0..SIDE {
            for lane in 0..PANEL {
                sums[panel][lane] = a.mul_add(panels[panel][p][lane], sums[panel][lane]);
            }
        }
    }
    let mut stored = sums;
    let sums = std::hint::black_box(&mut stored);
    for (sums, out) in sums.iter().zip(c.as_chunks_mut::<PANEL>().0) {
        for lane in 0..PANEL {
            out[lane] = if add { out[lane] + sums[lane] } else { sums[lane] };
        }
    }
}

/// The part of the result of `N` panels, tile after tile; returns `N`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "as above")]
fn stripe<const R: usize, const N: usize>(
    m: usize,
    k: usize,
    a: Left<'_>,
    b: &[Row],
    rows: usize,
    c: &mut [f32],
    step: usize,
    write: Write,
) -> usize {
    let mut first = 0;
    while first < k || (first == 0 && write == Write::Set) {
        let depth = DEPTH.min(k - first);
        let mut panels = [&b[..0]; N];
        for (i, panel) in panels.iter_mut().enumerate() {
            *panel = &b[i * rows + first..][..depth];
        }
        let add = first > 0 || write == Write::Add;
        let mut i = 0;
        while i < m {
            let left = m - i;
            let high = left.div_ceil(left.div_ceil(R)); // with 6 rows at most 8 are 4 + 4, not 6 + 2
            let (a, c) = (Left(&a.0[i * a.1 + first..], a.1), &mut c[i * step..]);
            match high {
                1 => tile::<1, N>(a, panels, c, step, add),
                2 => tile::<2, N>(a, panels, c, step, add),
                3 => tile::<3, N>(a, panels, c, step, add),
                4 => tile::<4, N>(a, panels, c, step, add),
                5 => tile::<5, N>(a, panels, c, step, add),
                6 => tile::<6, N>(a, panels, c, step, add),
                7 => tile::<7, N>(a, panels, c, step, add),
                _ => tile::<8, N>(a, panels, c, step, add),
            }
            i += high;
        }
        first += depth.max(1);
    }
    N
}

#[inline(always)]
fn tile<const M: usize, const N: usize>(a: Left<'_>, b: [&[Row]; N], c: &mut [f32], step: usize, add: bool) {
    let mut sums = [[[0.0f32; PANEL]; N]; M];
    let Left(a, apart) = a;
    let depth = b[0].len();
    let mut rows = [&a[..0]; M];
    for (r, row) in rows.iter_mut().enumerate() {
        *row = &a[r * apart..][..depth];
    }
    let b = b.map(|panel| &panel[..depth]);
    for p in 0..depth {
        for r in 0..M {
            let a = rows[r][p];
            for panel in 0..N {
                for lane in 0..PANEL {
                    sums[r][panel][lane] = a.mul_add(b[panel][p][lane], sums[r][panel][lane]);
                }
            }
        }
    }
    // A wall between the sums and their use: all are stored side by side, and by that the compiler finds the vectors.
    let mut stored = sums;
    let sums = std::hint::black_box(&mut stored);
    for (r, sums) in sums.iter().enumerate() {
        for (out, sums) in c[r * step..].as_chunks_mut::<PANEL>().0.iter_mut().zip(sums) {
            for lane in 0..PANEL {
                out[lane] = if add { out[lane] + sums[lane] } else { sums[lane] };
            }
        }
    }
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
    use crate::testing::normal;

    #[test]
    fn the_plain_product_agrees() {
        for (m, n, k) in [(1, 16, 0), (1, 16, 1), (6, 32, 5), (7, 16, 17), (13, 48, 256), (29, 16, 600)] {
            let (a, b, before) = (normal(1, m * k), normal(2, k * n), normal(3, m * n));
            let mut panels = vec![[f32::NAN; PANEL]; n / PANEL * (k + 2)];
            pack_rows(k, n, |p| &b[p * n..], k + 2, &mut panels);
            for write in [Write::Set, Write::Add] {
                let mut c = before.clone();
                product(Isa::best(), [m, n, k], Left(&a, k), &panels, k + 2, &mut c, n, write);
                for (place, (&got, &before)) in c.iter().zip(&before).enumerate() {
                    let term = |p: usize| f64::from(a[place / n * k + p]) * f64::from(b[p * n + place % n]);
                    let mut wanted = if write == Write::Add { f64::from(before) } else { 0.0 };
                    // Half a unit, 6e-8, of what each fused product and each addition of a chain gives.
                    let mut bound = 0.0;
                    for first in (0..k).step_by(DEPTH) {
                        let mut chain = 0.0;
                        for p in first..k.min(first + DEPTH) {
                            chain += term(p);
                            bound += 6e-8 * f64::abs(chain);
                        }
                        wanted += chain;
                        bound += 6e-8 * f64::abs(wanted);
                    }
                    assert!((f64::from(got) - wanted).abs() <= bound, "{m} {n} {k}: {got} is not {wanted}");
                }
            }
        }
    }

    #[test]
    fn columns_and_rows_are_packed_alike() {
        let (k, n) = (5, 19);
        let matrix = normal(1, k * n);
        let transposed: Vec<f32> = (0..k * n).map(|i| matrix[i % k * n + i / k]).collect();
        let mut panels = [[[f32::NAN; PANEL]; 10]; 2];
        let [rows, columns] = &mut panels;
        pack_rows(k, n, |p| &matrix[p * n..], k, rows);
        pack_columns(n, k, |j| &transposed[j * k..], k, columns);
        assert_eq!(rows, columns);
        assert_eq!(rows[k + 1][..4], [matrix[n + 16], matrix[n + 17], matrix[n + 18], 0.0]);
    }
}
