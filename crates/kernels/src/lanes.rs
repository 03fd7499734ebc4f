//! Sums in a fixed order that vectors of any width can follow.

/// How many partial sums are kept: element `i` of a run belongs to lane `i % 16`.
pub(crate) const LANES: usize = 16;

/// The lanes as one number: 8 to 8, 4 to 4, 2 to 2, 1 to 1.
#[inline(always)]
pub(crate) fn join(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The sum of `term(i)` for every `i` below `len`, over lanes.
#[inline(always)]
pub(crate) fn sum(len: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let whole = len / LANES * LANES;
    let mut first = 0;
    while first < whole {
        for (lane, total) in lanes.iter_mut().enumerate() {
            *total += term(first + lane);
        }
        first += LANES;
    }
    for (lane, total) in lanes.iter_mut().enumerate().take(len - whole) {
        *total += term(whole + lane);
    }
    join(lanes)
}
