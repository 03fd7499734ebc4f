use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use baeum_core::{Clock, Phase, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Signals;
use super::bar::minutes;

/// What takes less time than this is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many characters the bar has.
const WIDTH: usize = 30;

/// How often somebody looks.
const LOOK: Duration = Duration::from_millis(100);

/// A line at the bottom of the terminal while data are read: what is done, how far it is, time left. Where nobody looks at
/// a terminal it draws nothing.
pub struct Waiting {
    line: Arc<Mutex<Line>>,
    /// Dropped first, which ends the thread.
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Looks at this work from now on, if standard error is a terminal; `name` stands in front of the line.
    pub fn new(
        name: &'static str,
        progress: &Progress,
        clock: &Arc<dyn Clock>,
        signals: &Signals,
    ) -> Waiting {
        let line = Arc::new(Mutex::new(Line { name, ..Line::default() }));
        let mut waiting = Waiting { line: Arc::clone(&line), alive: None, thread: None };
        if !std::io::stderr().is_terminal() {
            return waiting;
        }
        let (alive, gone) = channel();
        let (progress, clock, signals) = (progress.clone(), Arc::clone(clock), signals.clone());
        let look = move || {
            while gone.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
                line.show(progress.phase(), clock.elapsed(), signals.received().is_some());
            }
        };
        waiting.alive = Some(alive);
        // A system that has no more threads is no reason to stop.
        waiting.thread = thread::Builder::new().name("waiting".to_owned()).spawn(look).ok();
        waiting
    }

    /// Takes the line away, so that another one can be printed.
    pub fn clear(&self) {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.clear();
    }
}

/// The line, and since when there is something to tell.
#[derive(Default)]
struct Line {
    name: &'static str,
    bar: Option<ProgressBar>,
    began: Option<Duration>,
    /// The present phase, and when it was first seen.
    phase: Option<(usize, Duration)>,
}

impl Line {
    fn show(&mut self, phase: Option<Phase>, now: Duration, is_stopping: bool) {
        let Some(phase) = phase else { return self.clear() };
        let since = match self.phase {
            Some((number, since)) if number == phase.number => since,
            Some(_) | None => now,
        };
        self.phase = Some((phase.number, since));
        if now - *self.began.get_or_insert(now) < PATIENCE {
            return;
        }
        // One message for the whole line, so that no half of it is ever drawn.
        self.bar.get_or_insert_with(|| bar(self.name)).set_message(told(&phase, now - since, is_stopping));
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        (self.began, self.phase) = (None, None);
    }
}

fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(&format!("  {name:<5}  {{wide_msg}}")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What is told of a phase that has lasted so long.
fn told(phase: &Phase, lasted: Duration, is_stopping: bool) -> String {
    let (name, seconds) = (phase.name, lasted.as_secs_f64());
    if is_stopping {
        return format!("{name}  stops when this stage is done; once more stops it at once");
    }
    let mut told = match phase.share() {
        Some(share) => format!("{} {:>3.0} %  {name}", drawn(share), share * 100.0),
        None if phase.done > 0 => format!("{name}  {} done", phase.done),
        None => name.to_owned(),
    };
    if lasted >= PATIENCE {
        told += &match phase.share() {
            Some(share) => format!("  {} left", minutes(seconds / share * (1.0 - share))),
            None => format!("  {}", minutes(seconds)),
        };
    }
    told
}

/// A share as the bar of training draws it.
fn drawn(share: f64) -> String {
    let full = (share * WIDTH as f64) as usize;
    let head = if full < WIDTH { "╸" } else { "" };
    "━".repeat(full) + head + &"─".repeat(WIDTH.saturating_sub(full + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(done: usize, of: usize, seconds: u64) -> String {
        told(&Phase { number: 1, name: "reading", done, of }, Duration::from_secs(seconds), false)
    }

    #[test]
    fn it_tells_what_it_knows() {
        assert_eq!(said(30, 120, 20), "━━━━━━━╸──────────────────────  25 %  reading  1:00 left");
        assert_eq!(said(120, 120, 20), "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100 %  reading  0:00 left");
        assert_eq!(said(1, 120, 0), "╸─────────────────────────────   1 %  reading", "too early to tell");
        assert_eq!(said(0, 120, 61), "reading  1:01");
        assert_eq!(said(30, 0, 20), "reading  30 done  0:20");
        assert_eq!(said(130, 120, 20), "reading  130 done  0:20");
    }

    #[test]
    fn whoever_asked_to_stop_is_told_what_happens() {
        let phase = Phase { number: 1, name: "reading", done: 0, of: 0 };
        let says = told(&phase, Duration::ZERO, true);
        assert_eq!(says, "reading  stops when this stage is done; once more stops it at once");
    }

    #[test]
    fn short_work_and_none_draw_nothing() {
        let (mut line, phase) = (Line::default(), Phase { number: 1, name: "reading", done: 0, of: 0 });
        for milliseconds in [0, 500, 999] {
            line.show(Some(phase), Duration::from_millis(milliseconds), false);
            assert!(line.bar.is_none());
        }
        line.show(None, Duration::from_millis(1_000), false);
        line.show(Some(phase), Duration::from_millis(1_100), false);
        assert!(line.bar.is_none(), "it begins anew");
    }
}
