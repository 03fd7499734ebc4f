//! Series `[channels, steps]`, changed in place (Um et al. 2017).

use super::Dice;

/// Adds noise to every number: `strength` times the deviation of its own channel.
pub(crate) fn jitter(series: &mut [f64], channels: usize, strength: f64, dice: &mut Dice) {
    for channel in by_channel(series, channels) {
        let deviation = deviation(channel);
        channel.iter_mut().for_each(|number| *number += strength * deviation * f64::from(dice.normal()));
    }
}

/// Multiplies each channel by a factor of its own, normal around 1 with a deviation of `strength`.
pub(crate) fn scaling(series: &mut [f64], channels: usize, strength: f64, dice: &mut Dice) {
    for channel in by_channel(series, channels) {
        let factor = 1.0 + strength * f64::from(dice.normal());
        channel.iter_mut().for_each(|number| *number *= factor);
    }
}

/// Lets time run faster here and slower there, alike in all channels; both ends stay, and numbers between two steps lie on a
/// line.
///
/// The logarithm of the speed is normal with a deviation of `strength` at both ends and at `knots` places between,
/// and a smooth curve through them elsewhere. Um et al. draw the speed itself, which may turn time back.
pub(crate) fn time_warp(series: &mut [f64], channels: usize, knots: usize, strength: f64, dice: &mut Dice) {
    let times = warped_times(series.len() / channels.max(1), knots, strength, dice);
    for channel in by_channel(series, channels) {
        let old = channel.to_vec();
        for (number, time) in channel.iter_mut().zip(&times) {
            let (first, way) = (*time as usize, time.fract());
            let at = |step: usize| old.get(step).or(old.last()).copied().unwrap_or(f64::NAN);
            // At a whole step there may be no next one, and what is missing there is not missing here.
            *number = if way > 0.0 { at(first) + way * (at(first + 1) - at(first)) } else { at(first) };
        }
    }
}

fn by_channel(series: &mut [f64], channels: usize) -> impl Iterator<Item = &mut [f64]> {
    let steps = (series.len() / channels.max(1)).max(1);
    series.chunks_exact_mut(steps)
}

/// Which time of the series comes at each step: from 0 to the last step, never back.
fn warped_times(steps: usize, knots: usize, strength: f64, dice: &mut Dice) -> Vec<f64> {
    let last = steps.saturating_sub(1) as f64;
    let knots = knots.min(steps); // more would lie between two steps
    // Held, since e to the power of more would be too far from what is left of 1 elsewhere.
    let speeds: Vec<f64> =
        (0..knots + 2).map(|_| (strength * f64::from(dice.normal())).clamp(-10.0, 10.0)).collect();
    let speed = |step: usize| curve(&speeds, step as f64 / last.max(1.0)).exp();
    let mut times = Vec::with_capacity(steps);
    let mut time = 0.0;
    for step in 0..steps {
        times.push(time);
        time += f64::midpoint(speed(step), speed(step + 1));
    }
    let scale = last / times.last().copied().unwrap_or(1.0).max(f64::MIN_POSITIVE);
    times.into_iter().map(|time| (time * scale).min(last)).collect()
}

/// A smooth curve through equally far knots, at a place from 0 to 1; level at each knot.
fn curve(knots: &[f64], place: f64) -> f64 {
    let place = place * knots.len().saturating_sub(1) as f64;
    let way = place.fract();
    let eased = way * way * (3.0 - 2.0 * way);
    let knot = |at: usize| knots.get(at).or(knots.last()).copied().unwrap_or(0.0);
    let (first, second) = (knot(place as usize), knot(place as usize + 1));
    first + eased * (second - first)
}

/// The deviation of a channel; numbers that are missing or infinite are left out.
fn deviation(channel: &[f64]) -> f64 {
    let finite = || channel.iter().copied().filter(|number| number.is_finite());
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    (finite().map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels, the second a hundred times the first.
    fn waves(steps: usize) -> Vec<f64> {
        let wave = |step: usize| (step as f64 * 0.3).sin();
        let hundred = (0..steps).map(|step| 100.0 * wave(step));
        (0..steps).map(wave).chain(hundred).collect()
    }

    #[test]
    fn noise_is_as_large_as_the_channel_wants() {
        let (old, mut new) = (waves(20_000), waves(20_000));
        jitter(&mut new, 2, 0.1, &mut Dice::new(1));
        let noise: Vec<f64> = new.iter().zip(&old).map(|(new, old)| new - old).collect();
        for (noise, old) in noise.chunks(20_000).zip(old.chunks(20_000)) {
            let share = deviation(noise) / deviation(old);
            assert!((share - 0.1).abs() < 0.003, "{share}");
        }
    }

    #[test]
    fn a_channel_has_one_factor() {
        let mut factors = vec![];
        for key in 0..4000 {
            let mut series = [1.0, 2.0, 10.0, 20.0];
            scaling(&mut series, 2, 0.1, &mut Dice::new(key));
            assert!((series[1] / series[0] - 2.0).abs() < 1e-9 && (series[3] / series[2] - 2.0).abs() < 1e-9);
            factors.extend([series[0], series[2] / 10.0]);
        }
        let mean = factors.iter().sum::<f64>() / 8000.0;
        assert!((mean - 1.0).abs() < 0.006, "{mean}");
        assert!((deviation(&factors) - 0.1).abs() < 0.004);
    }

    #[test]
    fn time_never_runs_back_and_keeps_its_ends() {
        for key in 0..300 {
            for (steps, knots, strength) in [(2, 0, 1.0), (50, 4, 0.2), (50, 4, 3.0), (50, 900, 1e30)] {
                let times = warped_times(steps, knots, strength, &mut Dice::new(key));
                assert_eq!(times.len(), steps);
                assert_eq!(times[0], 0.0);
                assert!((times[steps - 1] - (steps - 1) as f64).abs() < 1e-9, "{times:?}");
                assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
            }
        }
    }

    #[test]
    fn speed_is_smooth() {
        let times = warped_times(1000, 4, 0.5, &mut Dice::new(3));
        let speeds: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let jump = speeds.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        assert!(jump < 0.02, "{jump}");
        assert!(speeds.iter().any(|speed| (speed - 1.0).abs() > 0.1));
    }

    #[test]
    fn a_line_stays_on_its_values() {
        let line = |step: usize| step as f64;
        let mut series: Vec<f64> = (0..100).map(line).chain((0..100).map(|step| -line(step))).collect();
        let times = warped_times(100, 3, 0.5, &mut Dice::new(9));
        time_warp(&mut series, 2, 3, 0.5, &mut Dice::new(9));
        for (step, time) in times.into_iter().enumerate() {
            assert!((series[step] - time).abs() < 1e-9 && (series[100 + step] + time).abs() < 1e-9, "{time}");
        }
    }

    #[test]
    fn no_strength_changes_nothing() {
        let mut series = waves(30);
        jitter(&mut series, 2, 0.0, &mut Dice::new(1));
        scaling(&mut series, 2, 0.0, &mut Dice::new(1));
        assert_eq!(series, waves(30));
        time_warp(&mut series, 2, 3, 0.0, &mut Dice::new(1));
        for (new, old) in series.iter().zip(waves(30)) {
            assert!((new - old).abs() < 1e-9, "{new} {old}");
        }
        time_warp(&mut [], 2, 3, 1.0, &mut Dice::new(1));
    }
}
