//! Steps over the window of a series, channel after channel: `[channels, steps]`.

use baeum_core::Anchor;

/// Measures each channel from itself.
pub(super) fn normalise(numbers: &mut [f32], channels: usize, by: Anchor) {
    for channel in runs(numbers, channels) {
        let wide: Vec<f64> = channel.iter().map(|&x| f64::from(x)).collect();
        let (centre, spread) = by.of(&wide);
        let spread = spread.unwrap_or(1.0);
        channel.iter_mut().zip(wide).for_each(|(out, x)| *out = ((x - centre) / spread) as f32);
    }
}

/// Each number less the one `lag` steps before it; how many numbers there are then, at the front.
pub(super) fn difference(numbers: &mut [f32], channels: usize, lag: usize) -> usize {
    let steps = numbers.len() / channels.max(1);
    let left = steps.saturating_sub(lag);
    for channel in 0..channels {
        for step in 0..left {
            let at = channel * steps + step;
            // What is written lies before everything that is still to be read.
            numbers[channel * left + step] = (f64::from(numbers[at + lag]) - f64::from(numbers[at])) as f32;
        }
    }
    channels * left
}

/// From `[channels, steps]` to `[steps, channels]`.
pub(super) fn steps_first(numbers: &mut [f32], channels: usize) {
    let by_channel = numbers.to_vec();
    let steps = numbers.len() / channels.max(1);
    for (step, row) in numbers.chunks_exact_mut(channels.max(1)).enumerate() {
        row.iter_mut().enumerate().for_each(|(channel, out)| *out = by_channel[channel * steps + step]);
    }
}

fn runs(numbers: &mut [f32], channels: usize) -> impl Iterator<Item = &mut [f32]> {
    let run = (numbers.len() / channels.max(1)).max(1);
    numbers.chunks_exact_mut(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_measured_from_itself() {
        let mut numbers = [1.0, 2.0, 3.0, 10.0, 10.0, 10.0];
        normalise(&mut numbers, 2, Anchor::Last);
        assert_eq!(numbers, [-2.0, -1.0, 0.0, 0.0, 0.0, 0.0]);
        let mut numbers = [1.0, 3.0, 5.0, 5.0];
        normalise(&mut numbers, 2, Anchor::Mean);
        assert_eq!(numbers, [-1.0, 1.0, 0.0, 0.0]); // one that never moves is divided by 1
        // The mean of numbers whose squares 32 bits cannot hold.
        let mut numbers = [1e30, 3e30];
        normalise(&mut numbers, 1, Anchor::Mean);
        assert_eq!(numbers, [-1.0, 1.0]);
    }

    #[test]
    fn differences_are_those_of_numpy() {
        let mut numbers = [1.0, 4.0, 9.0, 16.0, 0.0, -1.0, 5.0, 5.5];
        assert_eq!(difference(&mut numbers, 2, 1), 6);
        assert_eq!(numbers[..6], [3.0, 5.0, 7.0, -1.0, 6.0, 0.5]); // np.diff(x, axis=1)
        let mut seasonal = [1.0, 4.0, 9.0, 16.0, 0.0, -1.0, 5.0, 5.5];
        assert_eq!(difference(&mut seasonal, 2, 3), 2);
        assert_eq!(seasonal[..2], [15.0, 5.5]); // x[:, 3:] - x[:, :-3]
    }

    #[test]
    fn steps_come_first() {
        let mut numbers = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0];
        steps_first(&mut numbers, 2);
        assert_eq!(numbers, [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    }
}
