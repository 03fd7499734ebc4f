use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Measure, ResultError};

/// Runs of one recipe, which differ in their seeds alone, or in the fold that is tested: a line of `docs/results/runs.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The recipe, as a path from the root of the workspace.
    pub recipe: String,
    /// Its text at that time.
    pub text: String,
    /// The day, as `2026-11-29`.
    pub date: String,
    /// The processor, as the system calls it.
    pub processor: String,
    /// How many threads there were.
    pub threads: usize,
    /// The share of the processors that others used just before, from 0 to 1; a time beside others is no measurement.
    pub busy: f64,
    /// How many parameters the network has.
    pub parameters: u64,
    /// Each run.
    pub runs: Vec<Run>,
    /// The same training in PyTorch, in turn with the runs; none where it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
}

/// A recipe run once with a seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// Which fold was tested, where the recipe is split into folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<usize>,
    /// From the start of the command to its end, all five stages.
    pub seconds: f64,
    /// Of it, from the first step of the training to its last validation; none in old records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_seconds: Option<f64>,
    /// The scores on the test rows, by the names they have in `metrics.json`.
    pub metrics: BTreeMap<String, f64>,
}

/// The same training in PyTorch, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Peer {
    /// It was done.
    Trained(Theirs),
    /// It cannot be done there.
    Cannot {
        /// Why.
        why: String,
    },
}

/// A training in PyTorch, from the start of our run with the same seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theirs {
    /// The seed.
    pub seed: u64,
    /// From the first step to the last validation.
    pub seconds: f64,
    /// The scores of its best epoch on the test rows, by the names they have in `metrics.json`.
    pub metrics: BTreeMap<String, f64>,
    /// The version of PyTorch.
    pub torch: String,
    /// What is not alike, if anything is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Record {
    /// The line that is kept.
    pub(super) fn line(&self) -> Result<String, ResultError> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// What each run reached; a run without the metric is left out.
    pub fn reached(&self, measure: Measure) -> Vec<f64> {
        self.runs.iter().filter_map(|run| measure.of(&run.metrics)).collect()
    }
}

/// The records that are kept, the oldest first.
///
/// # Errors
/// [`ResultError::Json`] shows the line that is none.
pub fn parse_records(lines: &str) -> Result<Vec<Record>, ResultError> {
    let parse = |line: &str| {
        serde_json::from_str(line).map_err(|source| ResultError::Json {
            from: super::RECORDS.to_owned(),
            line: line.chars().take(80).collect(),
            source,
        })
    };
    lines.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// A record with easy numbers.
#[cfg(test)]
pub(super) fn sample(recipe: &str, text: &str, accuracies: &[f64]) -> Record {
    let run = |(seed, accuracy): (usize, &f64)| Run {
        seed: seed as u64 + 1,
        fold: None,
        seconds: seed as f64 + 1.0,
        train_seconds: None,
        metrics: [("accuracy".to_owned(), *accuracy)].into(),
    };
    Record {
        recipe: recipe.to_owned(),
        text: text.to_owned(),
        date: "2026-11-29".to_owned(),
        processor: "Some CPU".to_owned(),
        threads: 2,
        busy: 0.0,
        parameters: 1234,
        runs: accuracies.iter().enumerate().map(run).collect(),
        peer: None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let records = vec![sample("a.toml", "x = 1\n", &[0.5, 0.75]), sample("b.toml", "", &[])];
        let lines: String = records.iter().map(|record| record.line().unwrap()).collect();
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(parse_records(&lines).unwrap(), records);
        let error = parse_records("{\"recipe\": 1}\n").unwrap_err();
        assert_eq!(error.to_string(), "could not read `{\"recipe\": 1}` from `docs/results/runs.jsonl`");
    }

    /// Records of the days before PyTorch was run beside say nothing of it.
    #[test]
    fn an_old_record_is_still_read() {
        let old = r#"{"recipe":"a.toml","text":"","date":"2026-11-29","processor":"Some CPU","threads":2,"busy":0.0,"parameters":1234,"runs":[{"seed":1,"seconds":1.0,"metrics":{"accuracy":0.5}}]}"#;
        let record = sample("a.toml", "", &[0.5]);
        assert_eq!(record.line().unwrap().trim_end(), old, "what was not measured is not written");
        assert_eq!(parse_records(old).unwrap(), [record]);
    }

    #[test]
    fn what_pytorch_did_is_read_as_it_was_written() {
        let theirs = Theirs {
            seed: 1,
            seconds: 2.5,
            metrics: [("accuracy".to_owned(), 0.5)].into(),
            torch: "2.15.0".to_owned(),
            note: String::new(),
        };
        for peer in [Peer::Trained(theirs), Peer::Cannot { why: "it mixes rows".to_owned() }] {
            let mut record = Record { peer: Some(peer), ..sample("a.toml", "", &[0.5]) };
            record.runs[0].train_seconds = Some(0.25);
            assert_eq!(parse_records(&record.line().unwrap()).unwrap(), [record]);
        }
    }

    #[test]
    fn a_run_without_the_metric_is_left_out() {
        let mut record = sample("a.toml", "", &[0.5, 0.75]);
        record.runs[0].metrics.clear();
        assert_eq!(record.reached(Measure::Metric("accuracy")), [0.75]);
        assert_eq!(record.reached(Measure::SquareOf("accuracy")), [0.5625]);
    }
}
