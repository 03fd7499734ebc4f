//! How trainings went: a line of `docs/bench/fashion.jsonl`, and the table of the README.

use baeum::Clock;
use baeum::clock::SystemClock;
use baeum::run::utc;
use baeum_kernels::Isa;
use serde::{Deserialize, Serialize};

use crate::bench::{BenchError, FashionArguments, Spread, machine, with_part};

/// Where races are kept, one JSON line each, from the root of the workspace.
pub(in crate::bench) const RECORDS: &str = "docs/bench/fashion.jsonl";

/// The validation accuracy that both sides are timed to.
const GOAL: f64 = 0.9;

/// Trainings of both sides with the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Race {
    date: String,
    processor: String,
    threads: usize,
    rung: String,
    epochs: usize,
    pub(super) ours: Vec<Went>,
    /// Empty where there was no Python to run it.
    pub(super) theirs: Vec<Went>,
}

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Went {
    pub(super) epochs: Vec<Epoch>,
    /// The accuracy on the test rows after the last epoch.
    pub(super) test: f64,
    pub(super) peak_kib: u64,
}

/// The end of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Epoch {
    /// Since the process began.
    pub(super) seconds: f64,
    /// Of the validation rows.
    pub(super) accuracy: f64,
}

impl Race {
    /// A race of today, not yet run.
    pub(super) fn now(arguments: &FashionArguments) -> Race {
        Race {
            date: utc(SystemClock::new().wall()).chars().take_while(|&letter| letter != 'T').collect(),
            processor: machine::processor(),
            threads: arguments.threads.get(),
            rung: Isa::best().rung().name().to_owned(),
            epochs: arguments.epochs.get(),
            ours: vec![],
            theirs: vec![],
        }
    }
}

impl Went {
    fn seconds(&self) -> f64 {
        self.epochs.last().map_or(f64::NAN, |epoch| epoch.seconds)
    }

    /// NaN if it never got there.
    fn seconds_to_goal(&self) -> f64 {
        let reached = self.epochs.iter().find(|epoch| epoch.accuracy >= GOAL);
        reached.map_or(f64::NAN, |epoch| epoch.seconds)
    }
}

/// A race as Markdown: the median of each side, with the smallest and the largest.
pub(super) fn table(race: &Race) -> String {
    let Race { date, processor, threads, rung, epochs, ours, theirs } = race;
    let sides = [("ours", ours), ("PyTorch", theirs)].into_iter().filter(|(_, went)| !went.is_empty());
    let rows: String = sides.map(|(side, went)| row(side, went)).collect();
    let seeds = ours.len();
    format!(
        "| | {epochs} epochs, s | to a validation accuracy of {GOAL:.2}, s | test accuracy | peak MiB |\n\
         |---|---:|---:|---:|---:|\n{rows}\n\
         - Each the median of {seeds} seeds, with the smallest and the largest: {processor}, {threads} threads, {rung}, {date}.\n"
    )
}

fn row(side: &str, went: &[Went]) -> String {
    let cell = |decimals: usize, figure: &dyn Fn(&Went) -> f64| {
        let Spread { median, min, max } = Spread::of(&went.iter().map(figure).collect::<Vec<f64>>());
        format!("{median:.decimals$} ({min:.decimals$} to {max:.decimals$})")
    };
    let peak = went.iter().map(|went| went.peak_kib).max().unwrap_or(0) / 1024;
    let [all, goal] = [cell(1, &Went::seconds), cell(1, &Went::seconds_to_goal)];
    format!("| {side} | {all} | {goal} | {} | {peak} |\n", cell(4, &|went| went.test))
}

/// `page` with the newest race between its markers.
///
/// # Errors
/// [`BenchError`] if the last of `lines` is no race, or if `page` has no markers.
pub(in crate::bench) fn page_with(page: &str, lines: &str) -> Result<String, BenchError> {
    let Some(line) = lines.lines().last() else {
        return with_part(
            "bench fashion",
            page,
            "Not measured yet; `cargo xtask bench fashion DIR` does it.\n",
        );
    };
    let race: Race = serde_json::from_str(line).map_err(|source| BenchError::Line {
        what: format!("`{RECORDS}`"),
        line: line.to_owned(),
        source,
    })?;
    with_part("bench fashion", page, &table(&race))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn race() -> Race {
        let went = |by: f64| Went {
            epochs: vec![
                Epoch { seconds: by, accuracy: 0.85 },
                Epoch { seconds: 2.0 * by, accuracy: 0.9 },
                Epoch { seconds: 3.0 * by, accuracy: 0.91 },
            ],
            test: 0.9 + by / 1000.0,
            peak_kib: (by * 2048.0) as u64,
        };
        Race {
            date: "2026-11-29".to_owned(),
            processor: "Some CPU".to_owned(),
            threads: 2,
            rung: "avx2".to_owned(),
            epochs: 3,
            ours: [1.0, 3.0, 2.0].map(went).to_vec(),
            theirs: [4.0, 5.0, 9.0].map(went).to_vec(),
        }
    }

    #[test]
    fn a_row_says_how_a_side_went() {
        let text = table(&race());
        let ours = "| ours | 6.0 (3.0 to 9.0) | 4.0 (2.0 to 6.0) | 0.9020 (0.9010 to 0.9030) | 6 |\n";
        assert!(text.contains(ours) && text.contains("| PyTorch | 15.0 (12.0 to 27.0) |"), "{text}");
        assert!(text.ends_with(
            "of 3 seeds, with the smallest and the largest: Some CPU, 2 threads, avx2, 2026-11-29.\n"
        ));
        assert!(!table(&Race { theirs: vec![], ..race() }).contains("PyTorch"));
    }

    #[test]
    fn a_page_shows_the_newest_race() {
        let page = "<!-- bench fashion: `cargo xtask bench table` writes what stands from here -->\n<!-- bench fashion: to here -->\n";
        let old = serde_json::to_string(&Race { processor: "An old one".to_owned(), ..race() }).unwrap();
        let new = serde_json::to_string(&race()).unwrap();
        let shown = page_with(page, &format!("{old}\n{new}\n")).unwrap();
        assert!(shown.contains("Some CPU") && !shown.contains("An old one"), "{shown}");
        assert!(page_with(page, "").unwrap().contains("Not measured yet"));
        let error = page_with(page, "{}\n").unwrap_err();
        assert_eq!(error.to_string(), "could not read `{}` from `docs/bench/fashion.jsonl`");
    }
}
