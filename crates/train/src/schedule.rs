use std::f64::consts::PI;

use crate::config::{Cosine, Schedule};

/// The share of the learning rate that the update behind the first `step` ones takes.
///
/// `cosine` with a warmup of `w` out of `n` steps: `(step + 1) / (w + 1)` on the way up, so that no step is lost at zero
/// and step `w` is the first full one; then `f + (1 - f) (1 + cos(pi t)) / 2` with `t = (step - w) / (n - w)`, which
/// would reach the final factor `f` at step `n` (Loshchilov & Hutter 2017, equation 5).
pub(crate) fn factor(schedule: &Schedule, step: u64, steps_per_epoch: usize, epochs: u32) -> f64 {
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine(Cosine { warmup_epochs, final_factor }) => {
            let (step, total) = (step as f64, steps_per_epoch as f64 * f64::from(epochs));
            let warmup = (warmup_epochs * steps_per_epoch as f64).round();
            if step < warmup {
                return (step + 1.0) / (warmup + 1.0);
            }
            let t = ((step - warmup) / (total - warmup)).min(1.0);
            final_factor + (1.0 - final_factor) * 0.5 * (1.0 + (PI * t).cos())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The factors of 4 epochs of 5 steps.
    fn factors(schedule: &Schedule) -> Vec<f64> {
        (0..20).map(|step| factor(schedule, step, 5, 4)).collect()
    }

    fn cosine(warmup_epochs: f64, final_factor: f64) -> Schedule {
        Schedule::Cosine(Cosine { warmup_epochs, final_factor })
    }

    #[test]
    fn constant_stays() {
        assert_eq!(factors(&Schedule::Constant), [1.0; 20]);
    }

    #[test]
    fn a_warmup_rises_along_a_line_and_meets_the_cosine_at_its_top() {
        let factors = factors(&cosine(1.0, 0.0));
        assert_eq!(factors[..6], [1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0, 4.0 / 6.0, 5.0 / 6.0, 1.0]);
        assert!(factors[5..].is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn a_cosine_begins_at_one_and_ends_at_the_final_factor() {
        assert_eq!(factor(&cosine(0.0, 0.1), 0, 5, 4), 1.0);
        // cos(pi / 2) is not quite 0 in binary: one rounding of pi / 2, far below 1e-15.
        assert!((factor(&cosine(0.0, 0.0), 10, 5, 4) - 0.5).abs() < 1e-15);
        assert_eq!(factor(&cosine(0.0, 0.25), 20, 5, 4), 0.25);
        assert_eq!(factor(&cosine(0.0, 0.25), 1000, 5, 4), 0.25, "and stays there");
        assert!(factors(&cosine(0.0, 0.0)).iter().all(|factor| *factor > 0.0), "no step is lost at zero");
    }

    #[test]
    fn the_shortest_runs_have_a_schedule() {
        assert_eq!(factor(&cosine(0.0, 0.0), 0, 1, 1), 1.0);
        // A warmup of 0.6 epochs of one step is rounded to that one step.
        assert_eq!(factor(&cosine(0.6, 0.0), 0, 1, 1), 0.5);
        assert_eq!(factor(&cosine(0.4, 0.0), 0, 1, 1), 1.0);
        assert_eq!(
            factor(&cosine(0.6, 0.5), 1, 1, 1),
            0.5,
            "behind the last step nothing is divided by zero"
        );
    }
}
