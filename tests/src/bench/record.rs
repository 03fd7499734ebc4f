use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BenchError, Contest, Spread};

/// A measurement of one workload: a line of `docs/bench/train.jsonl` or `predict.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The workload's name.
    pub workload: String,
    /// The day, as `2026-11-22`.
    pub date: String,
    /// The processor, as the system calls it.
    pub processor: String,
    /// How many threads each side had.
    pub threads: usize,
    /// Which instructions our kernels used; what they are called in `baeum_kernels::Rung`.
    pub rung: String,
    /// How many examples a step took.
    pub rows: usize,
    /// How many steps each process measured.
    pub steps: usize,
    /// The version of each program that took part.
    pub versions: BTreeMap<String, String>,
    /// Our side.
    pub ours: Timing,
    /// The other side, if there was a Python to run it; one process for each of ours, in pairs.
    pub peer: Option<PeerTiming>,
    /// What else a reader should know, such as a compiler that failed.
    pub notes: Vec<String>,
}

/// What the processes of one side measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// For each process, the median of its steps in milliseconds.
    pub step_ms: Vec<f64>,
    /// The most memory that any of the processes ever had, in KiB.
    pub peak_kib: u64,
}

/// What the other side's processes measured, and in which of its ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerTiming {
    /// Times and memory.
    pub timing: Timing,
    /// The fastest way for this workload, such as `eager, channels_last`.
    pub way: String,
    /// How long the first step took that compiled with an empty cache, if `torch.compile` is the way.
    pub compile_s: Option<f64>,
}

impl Record {
    /// The line that is kept.
    pub(super) fn line(&self) -> Result<String, BenchError> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// The other side's time over ours, if it was there.
    pub fn ratio(&self) -> Option<Spread> {
        self.peer.as_ref().map(|peer| Spread::of_ratios(&self.ours.step_ms, &peer.timing.step_ms))
    }

    /// Examples a second, at a time for a step.
    pub fn items_per_s(&self, timing: &Timing) -> f64 {
        self.rows as f64 / timing.median_ms() * 1e3
    }
}

impl Timing {
    /// The median of the processes.
    pub fn median_ms(&self) -> f64 {
        Spread::of(&self.step_ms).median
    }
}

/// The measurements that are kept, the oldest first.
///
/// # Errors
/// [`BenchError::Line`] shows the line that is none.
pub fn parse_records(contest: Contest, lines: &str) -> Result<Vec<Record>, BenchError> {
    let parse = |line: &str| {
        serde_json::from_str(line).map_err(|source| BenchError::Line {
            what: format!("`{}`", contest.records()),
            line: line.to_owned(),
            source,
        })
    };
    lines.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// A measurement with easy numbers.
#[cfg(test)]
pub(super) fn sample(workload: &str) -> Record {
    let timing = |step_ms: &[f64], peak_kib| Timing { step_ms: step_ms.to_vec(), peak_kib };
    Record {
        workload: workload.to_owned(),
        date: "2026-11-22".to_owned(),
        processor: "Some CPU".to_owned(),
        threads: 2,
        rung: "avx2".to_owned(),
        rows: 128,
        steps: 300,
        versions: [("baeum", "0.1.0"), ("torch", "2.15.0")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        ours: timing(&[2.0, 2.0, 4.0], 20_480),
        peer: Some(PeerTiming {
            timing: timing(&[3.0, 4.0, 4.0], 409_600),
            way: "torch.compile".to_owned(),
            compile_s: Some(14.2),
        }),
        notes: vec![],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let alone = Record { peer: None, notes: vec!["no Python".to_owned()], ..sample("cnn") };
        let records = vec![sample("mlp"), alone];
        let lines: String = records.iter().map(|record| record.line().unwrap()).collect();
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(parse_records(Contest::Train, &lines).unwrap(), records);
    }

    #[test]
    fn a_line_that_is_none_is_shown() {
        let error = parse_records(Contest::Train, "{\"workload\": 1}\n").unwrap_err();
        assert_eq!(error.to_string(), "could not read `{\"workload\": 1}` from `docs/bench/train.jsonl`");
    }

    #[test]
    fn figures_come_from_medians() {
        let record = sample("mlp");
        assert_eq!(record.ratio(), Some(Spread { median: 1.5, min: 1.0, max: 2.0 }));
        assert_eq!(record.items_per_s(&record.ours), 64_000.0);
        assert_eq!(Record { peer: None, ..record }.ratio(), None);
    }
}
