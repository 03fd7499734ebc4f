//! Waves that tell the places of a sequence apart, added to its numbers or turning them.

use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::math::{exp, ln, sin_cos};

/// Sine and cosine of place `place` times `10000^(-2 pair / width)`: the wave lengths of Vaswani et al. 2017, section 3.5.
fn wave(place: usize, pair: usize, width: usize) -> (f64, f64) {
    let speed = exp(-2.0 * pair as f64 / width as f64 * ln(10_000.0)); // radians a place
    let turns = place as f64 * speed * (4_294_967_296.0 / std::f64::consts::TAU);
    sin_cos(turns.round() as u64 as u32) // whole circles do not count
}

/// Sinusoidal positions (Vaswani et al. 2017, section 3.5): `[time, n]`, row-major. Even numbers of a place are sines, odd ones
/// cosines of the same wave.
pub fn sinusoids(time: usize, n: usize) -> Vec<f64> {
    let number = |i: usize| {
        let (sin, cos) = wave(i / n, i % n / 2, n);
        if (i % n).is_multiple_of(2) { sin } else { cos }
    };
    (0..time * n).map(number).collect()
}

/// How far rotary positions turn each pair of numbers (Su et al. 2021): `[time, size]`, row-major. The first half of a place are
/// cosines, the second the sines of the same pairs.
pub fn rotations(time: usize, size: usize) -> Vec<f64> {
    let half = (size / 2).max(1);
    let number = |i: usize| {
        let (sin, cos) = wave(i / size, i % size % half, size);
        if i % size < half { cos } else { sin }
    };
    (0..time * size).map(number).collect()
}

/// Which way pairs are turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As the places say.
    Forward,
    /// Back, which is the gradient.
    Back,
}

/// Turns queries and keys by rotary positions, in place. The pairs stand half a head apart, as in GPT-NeoX and Llama.
///
/// `shape` is `[N, T, H, G, D]`; `qkv`: `[N, T, H + 2 * G, D]`, as [`attention`](crate::attention) reads them; `rotations`: `[T,
/// D]`, as [`rotations`](self::rotations) has them.
///
/// # Panics
/// If a slice has another length, or D is odd.
pub fn rotate(ctx: &Ctx, shape: [usize; 5], rotations: &[f32], turn: Turn, qkv: &mut [f32]) {
    let [n, t, h, g, d] = shape;
    assert_eq!(qkv.len(), n * t * (h + 2 * g) * d, "rotary positions want [{n}, {t}, {h} + 2 * {g}, {d}]");
    assert_eq!(rotations.len(), t * d, "rotary positions want turns of [{t}, {d}]");
    assert!(d.is_multiple_of(2), "rotary positions want pairs, got heads of {d} numbers");
    if qkv.is_empty() {
        return;
    }
    let (row, turned) = ((h + 2 * g) * d, (h + g) * d);
    let places = (TASK / row).max(1);
    ctx.team.parts(qkv, places * row, |task, qkv| {
        for (i, qkv) in qkv.chunks_exact_mut(row).enumerate() {
            let (cos, sin) = rotations[(task * places + i) % t * d..][..d].split_at(d / 2);
            match turn {
                Turn::Forward => turn_pairs::<false>(ctx.isa, cos, sin, &mut qkv[..turned]),
                Turn::Back => turn_pairs::<true>(ctx.isa, cos, sin, &mut qkv[..turned]),
            }
        }
    });
}

rungs! {
    /// Each head of one place, its first half against its second.
    fn turn_pairs<const BACK: bool>(cos: &[f32], sin: &[f32], heads: &mut [f32]) {
        let half = cos.len();
        for head in heads.chunks_exact_mut(2 * half) {
            let (first, second) = head.split_at_mut(half);
            for ((a, b), (cos, sin)) in first.iter_mut().zip(second).zip(cos.iter().zip(sin)) {
                let sin = if BACK { -sin } else { *sin };
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal, wide};

    #[test]
    fn waves_are_those_of_the_paper() {
        for (time, n) in [(0, 4), (1, 1), (9, 6), (3, 5), (4000, 8)] {
            let table = sinusoids(time, n);
            assert_eq!(table.len(), time * n);
            for (i, found) in table.into_iter().enumerate() {
                let (place, k) = (i / n, i % n);
                let angle = place as f64 * 10_000f64.powf(-((k - k % 2) as f64) / n as f64);
                let wanted = if k % 2 == 0 { angle.sin() } else { angle.cos() };
                // A circle has 2^32 steps: half a step is 7e-10; a place far out moves by what rounding left of its speed.
                assert!((found - wanted).abs() < 1e-9, "{place} {k}: {found}, not {wanted}");
            }
        }
    }

    #[test]
    fn queries_and_keys_are_turned_and_values_are_not() {
        for shape in [[0, 2, 1, 1, 4], [1, 1, 1, 1, 2], [3, 5, 2, 2, 6], [2, 70, 3, 3, 64], [2, 9, 6, 2, 4]] {
            let [n, t, h, g, d] = shape;
            let x = normal(1, n * t * (h + 2 * g) * d);
            let table: Vec<f32> = rotations(t, d).into_iter().map(|x| x as f32).collect();
            let [turned, back] = everywhere(|ctx| {
                let mut turned = x.clone();
                rotate(ctx, shape, &table, Turn::Forward, &mut turned);
                let mut back = turned.clone();
                rotate(ctx, shape, &table, Turn::Back, &mut back);
                [turned, back]
            });
            let wanted = (0..x.len()).map(|i| {
                let (k, place, is_value) = (i % d, i / ((h + 2 * g) * d) % t, i / d % (h + 2 * g) >= h + g);
                let angle = place as f64 * 10_000f64.powf(-2.0 * (k % (d / 2)) as f64 / d as f64);
                let other = if k < d / 2 { -f64::from(x[i + d / 2]) } else { f64::from(x[i - d / 2]) };
                let turned = f64::from(x[i]) * angle.cos() + other * angle.sin();
                if is_value { f64::from(x[i]) } else { turned }
            });
            // Two products and a sum of numbers below five.
            assert_close(&turned, &wanted.collect::<Vec<_>>(), 1e-6, "turned");
            assert_close(&back, &wide(&x), 1e-6, "turned back");
        }
    }

    #[test]
    #[should_panic(expected = "rotary positions want pairs, got heads of 3 numbers")]
    fn heads_are_pairs() {
        rotate(&Ctx::new(1), [1, 1, 1, 1, 3], &[0.0; 3], Turn::Forward, &mut [0.0; 9]);
    }
}
