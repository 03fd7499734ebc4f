//! Sums in a fixed order that vectors of any width can follow.

use std::ops::AddAssign;

/// How many partial sums are kept: element `i` of a run belongs to lane `i % 16`.
pub(crate) const LANES: usize = 16;

/// The lanes as one number: 8 to 8, 4 to 4, 2 to 2, 1 to 1.
#[inline(always)]
pub(crate) fn join<T: Copy + AddAssign>(mut lanes: [T; LANES]) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The sum of `term` over two slices of one length, over lanes.
#[inline(always)]
pub(crate) fn sum(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            lanes[i] += term(a[i], b[i]);
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += term(a, b);
    }
    join(lanes)
}
