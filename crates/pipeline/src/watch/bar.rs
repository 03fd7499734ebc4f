use std::io::IsTerminal;
use std::time::Duration;

use baeum_core::Clock;
use baeum_train::{EpochRecord, Event};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{WatchError, Watcher};

/// In how many parts the bar counts.
const LENGTH: u64 = 1000;

/// A line at the bottom of the terminal: epoch, loss, throughput, time left. Where nobody looks at a terminal it draws nothing.
pub struct Bar<'a> {
    bar: ProgressBar,
    clock: &'a dyn Clock,
    began: Duration,
    /// How long training may take, if there is a budget.
    budget: Option<f64>,
    rows: usize,
    epochs: u32,
    steps: u64,
    done: u64,
    loss: f64,
    /// What the last epoch came to on the validation rows.
    valid: String,
}

impl<'a> Bar<'a> {
    /// A bar on standard error, if that is a terminal.
    pub fn new(clock: &'a dyn Clock) -> Bar<'a> {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        Bar {
            bar,
            clock,
            began: Duration::ZERO,
            budget: None,
            rows: 0,
            epochs: 0,
            steps: 0,
            done: 0,
            loss: f64::NAN,
            valid: String::new(),
        }
    }

    fn start(&mut self, steps: u64, epochs: u32, minutes_left: Option<f64>) {
        self.began = self.clock.elapsed();
        self.budget = minutes_left.map(|minutes| 60.0 * minutes);
        (self.epochs, self.steps) = (epochs, steps);
        if let Ok(style) = ProgressStyle::with_template("  train  {bar:30} {percent:>3} %  {msg}") {
            self.bar.set_style(style.progress_chars("━╸─"));
        }
        self.bar.set_length(LENGTH); // draws, so it comes behind the style
    }

    fn show(&self, epoch: u32) {
        let seconds = (self.clock.elapsed() - self.began).as_secs_f64();
        let share = share(self.done, self.steps, seconds, self.budget);
        self.bar.set_position((share * LENGTH as f64) as u64);
        let rate = self.rows as f64 / seconds.max(1e-9);
        let left = minutes(seconds / share.max(1e-9) * (1.0 - share));
        let (epoch, epochs, loss, valid) = (epoch + 1, self.epochs, self.loss, &self.valid);
        self.bar.set_message(format!(
            "epoch {epoch}/{epochs}  loss {loss:.4}{valid}  {rate:.0} rows/s  {left} left"
        ));
    }
}

/// How much of a training is done: of its steps or of its time, whichever will be over first.
fn share(done: u64, steps: u64, seconds: f64, budget: Option<f64>) -> f64 {
    let of_steps = done as f64 / steps.max(1) as f64;
    let of_time = budget.map_or(0.0, |budget| seconds / budget.max(1e-9));
    of_steps.max(of_time).min(1.0)
}

impl Watcher for Bar<'_> {
    fn see(&mut self, event: &Event) -> Result<(), WatchError> {
        match event {
            Event::Start { from_epoch, epochs, steps, steps_per_epoch, minutes_left, .. } => {
                let behind = *steps_per_epoch as u64 * u64::from(*from_epoch);
                self.start(steps.saturating_sub(behind), *epochs, *minutes_left);
            }
            Event::Step { epoch, loss, rows, .. } => {
                self.rows += rows;
                // A running mean, so that the number can be read.
                self.loss = if self.loss.is_nan() { *loss } else { 0.95 * self.loss + 0.05 * loss };
                self.done += 1;
                if !self.bar.is_hidden() {
                    self.show(*epoch);
                }
            }
            Event::Epoch { record, .. } => self.valid = valid(record),
            Event::Checkpoint { .. } => {}
            Event::End { .. } => self.bar.finish_and_clear(),
        }
        Ok(())
    }
}

fn valid(record: &EpochRecord) -> String {
    let loss = record.valid_loss.map(|loss| format!("  valid {loss:.4}"));
    let metrics = record.valid_metrics.iter().map(|scored| format!("  {scored}"));
    loss.into_iter().chain(metrics).collect()
}

pub(super) fn minutes(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use baeum_core::{MetricName, Scored};

    use super::*;

    #[test]
    fn an_epoch_is_told_by_its_loss_and_metrics() {
        let scored = |metric: MetricName, value| Scored { metric: metric.into(), value };
        let valid_metrics = vec![scored(MetricName::R2, Some(0.5)), scored(MetricName::Mae, None)];
        let record = EpochRecord { valid_loss: Some(0.25), valid_metrics, ..EpochRecord::default() };
        assert_eq!(valid(&record), "  valid 0.2500  r2 0.5000  mae undefined");
        assert_eq!(valid(&EpochRecord::default()), "");
    }

    #[test]
    fn what_ends_first_says_how_much_is_done() {
        assert_eq!(share(25, 100, 9.0, None), 0.25);
        assert_eq!(share(25, 100, 9.0, Some(18.0)), 0.5);
        assert_eq!(share(25, 100, 9.0, Some(90.0)), 0.25);
        assert_eq!(share(25, 100, 9.0, Some(0.0)), 1.0, "nothing is left of a budget that was used up");
    }

    #[test]
    fn time_is_told_in_minutes() {
        assert_eq!([0.0, 59.6, 61.0, 3600.0].map(minutes), ["0:00", "1:00", "1:01", "60:00"]);
    }
}
