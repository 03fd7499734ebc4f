use std::io::IsTerminal;
use std::time::Duration;

use baeum_core::Clock;
use baeum_train::{EpochRecord, Event};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{WatchError, Watcher};

/// A line at the bottom of the terminal: epoch, loss, throughput, time left. Where nobody looks at a terminal it draws nothing.
pub struct Bar<'a> {
    bar: ProgressBar,
    clock: &'a dyn Clock,
    began: Duration,
    rows: usize,
    epochs: u32,
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
        Bar { bar, clock, began: Duration::ZERO, rows: 0, epochs: 0, loss: f64::NAN, valid: String::new() }
    }

    fn start(&mut self, steps: u64, epochs: u32) {
        self.began = self.clock.elapsed();
        self.epochs = epochs;
        self.bar.set_length(steps);
        if let Ok(style) = ProgressStyle::with_template("  train  {bar:30} {percent:>3} %  {msg}") {
            self.bar.set_style(style.progress_chars("━╸─"));
        }
    }

    fn message(&self, epoch: u32) -> String {
        let seconds = (self.clock.elapsed() - self.began).as_secs_f64();
        let rate = self.rows as f64 / seconds.max(1e-9);
        let done = self.bar.position() as f64;
        let left = seconds / done.max(1.0) * (self.bar.length().unwrap_or(0) as f64 - done).max(0.0);
        let (epoch, epochs, loss, valid) = (epoch + 1, self.epochs, self.loss, &self.valid);
        format!("epoch {epoch}/{epochs}  loss {loss:.4}{valid}  {rate:.0} rows/s  {} left", minutes(left))
    }
}

impl Watcher for Bar<'_> {
    fn see(&mut self, event: &Event) -> Result<(), WatchError> {
        match event {
            Event::Start { from_epoch, epochs, steps_per_epoch, .. } => {
                self.start(*steps_per_epoch as u64 * u64::from(epochs.saturating_sub(*from_epoch)), *epochs);
            }
            Event::Step { epoch, loss, rows, .. } => {
                self.rows += rows;
                // A running mean, so that the number can be read.
                self.loss = if self.loss.is_nan() { *loss } else { 0.95 * self.loss + 0.05 * loss };
                self.bar.inc(1);
                if !self.bar.is_hidden() {
                    self.bar.set_message(self.message(*epoch));
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
        let scored = |metric, value| Scored { metric, value };
        let valid_metrics = vec![scored(MetricName::R2, Some(0.5)), scored(MetricName::Mae, None)];
        let record = EpochRecord { valid_loss: Some(0.25), valid_metrics, ..EpochRecord::default() };
        assert_eq!(valid(&record), "  valid 0.2500  r2 0.5000  mae undefined");
        assert_eq!(valid(&EpochRecord::default()), "");
    }

    #[test]
    fn time_is_told_in_minutes() {
        assert_eq!([0.0, 59.6, 61.0, 3600.0].map(minutes), ["0:00", "1:00", "1:01", "60:00"]);
    }
}
