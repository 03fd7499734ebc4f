//! Which piece comes next, once the network has said how probable each is.

use std::cmp::Ordering;

use baeum_core::probabilities;

use super::Generation;

/// One of the pieces that `may` come; `lot` is drawn from 0 to 1. 0 if none may.
pub(super) fn drawn(logits: &[f32], may: impl Fn(usize) -> bool, how: &Generation, lot: f32) -> usize {
    let allowed = (0..logits.len()).filter(|&place| may(place));
    if how.temperature == 0.0 {
        let better = |best, place| if logits[place] > logits[best] { place } else { best };
        return allowed.reduce(better).unwrap_or(0);
    }
    let mut places = most_probable(allowed.collect(), logits, how);
    let shares = cooled(&places, logits, how.temperature);
    if let Some(share) = how.top_p {
        places.truncate(enough(&shares, share));
    }
    let mut left = lot * shares[..places.len()].iter().sum::<f32>();
    let here = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    let here = here.filter(|here| *here < places.len()).unwrap_or(0); // rounding left a rest
    places.get(here).copied().unwrap_or(0)
}

/// The `top_k` most probable of some pieces; in order, if that counts.
fn most_probable(mut places: Vec<usize>, logits: &[f32], how: &Generation) -> Vec<usize> {
    let order = |a: &usize, b: &usize| -> Ordering { logits[*b].total_cmp(&logits[*a]).then(a.cmp(b)) };
    if let Some(count) = how.top_k.filter(|count| *count < places.len()) {
        places.select_nth_unstable_by(count, order);
        places.truncate(count);
    }
    if how.top_k.is_some() || how.top_p.is_some() {
        places.sort_unstable_by(order);
    }
    places
}

/// How probable each of some pieces is among them.
fn cooled(places: &[usize], logits: &[f32], temperature: f64) -> Vec<f32> {
    let cooled: Vec<f32> =
        places.iter().map(|&place| (f64::from(logits[place]) / temperature) as f32).collect();
    probabilities(&cooled)
}

/// How many of these, the largest first, make up `share` together; at least one.
fn enough(shares: &[f32], share: f64) -> usize {
    let mut sum = 0.0;
    let reached = shares.iter().position(|one| {
        sum += f64::from(*one);
        sum >= share
    });
    reached.map_or(shares.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use baeum_core::{Counter, Rng};

    use super::*;

    fn how(temperature: f64, top_k: Option<usize>, top_p: Option<f64>) -> Generation {
        Generation { temperature, top_k, top_p, ..Generation::default() }
    }

    /// How often each of the pieces comes, out of 4000.
    fn counts<const N: usize>(logits: &[f32; N], may: fn(usize) -> bool, how: &Generation) -> [usize; N] {
        let stream = Rng::new(3).stream("generate", "");
        let mut counts = [0; N];
        (0..4000).for_each(|step| counts[drawn(logits, may, how, stream.uniform(Counter::step(step)))] += 1);
        counts
    }

    #[test]
    fn pieces_are_drawn_as_probable_as_they_are() {
        let logits = [9.0, 1.0, 1.0 + 3f32.ln()]; // a quarter and three quarters, the first is no letter
        let may = |place| place > 0;
        let of = |temperature| counts(&logits, may, &how(temperature, None, None));
        assert!(of(1.0)[2].abs_diff(3000) < 140, "{:?}", of(1.0)); // five deviations
        assert_eq!(of(0.0), [0, 0, 4000]);
        assert!(of(0.25)[1].abs_diff(49) < 35, "{:?}", of(0.25)); // 1 of 82
    }

    /// Shares of 0.1, 0.4, 0.3 and 0.2.
    #[test]
    fn the_improbable_is_left_out_where_that_is_wanted() {
        let logits = [0.1f32, 0.4, 0.3, 0.2].map(f32::ln);
        let of = |top_k, top_p| counts(&logits, |_| true, &how(1.0, top_k, top_p));
        let two = of(Some(2), None);
        assert!(two[1].abs_diff(4000 * 4 / 7) < 160 && two[0] + two[3] == 0, "{two:?}"); // five deviations
        assert_eq!(of(Some(1), None), [0, 4000, 0, 0]);
        assert_eq!(of(Some(9), None).iter().filter(|count| **count > 0).count(), 4);
        assert_eq!(of(None, Some(0.4)), [0, 4000, 0, 0]);
        assert_eq!(of(None, Some(0.39)), [0, 4000, 0, 0]);
        let three = of(None, Some(0.71));
        assert!(three[0] == 0 && three[3].abs_diff(4000 * 2 / 9) < 140, "{three:?}");
        let both = of(Some(3), Some(0.5)); // 4 and 3 of 9
        assert!(both[0] + both[3] == 0 && both[2].abs_diff(4000 * 3 / 7) < 160, "{both:?}");
        assert!(of(None, Some(1.0))[0] > 300);
    }

    #[test]
    fn nothing_is_drawn_where_nothing_may_come() {
        assert_eq!(drawn(&[1.0, 2.0], |_| false, &how(1.0, Some(1), Some(0.5)), 0.5), 0);
        assert_eq!(drawn(&[], |_| true, &how(0.0, None, None), 0.5), 0);
    }
}
