//! One process and the one JSON line that it ends with.
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{BenchError, Spread};

/// What a process of either side says of its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Measured {
    /// Each step's time, in milliseconds.
    pub(super) step_ms: Vec<f64>,
    /// The most memory it ever had, in KiB.
    pub(super) peak_kib: u64,
    /// What both sides must agree on: the loss before the first step; of answers, their mean.
    pub(super) figure: f64,
    /// How long the first step took, if it compiled.
    pub(super) compile_s: Option<f64>,
    /// The versions of what computed.
    pub(super) versions: BTreeMap<String, String>,
}

impl Measured {
    pub(super) fn median_ms(&self) -> f64 {
        Spread::of(&self.step_ms).median
    }
}

/// What PyTorch's side says of one step from our start.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checked {
    /// Its loss before the step.
    pub(super) loss: f64,
    /// The tensor that differs most after the step.
    pub(super) worst: String,
    /// The largest difference in that tensor, in units of its largest value.
    pub(super) relative_error: f64,
    /// The same between PyTorch's step and its step in double precision: what rounding alone can do.
    pub(super) own_error: f64,
}

/// What ONNX Runtime's side says of its answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agreed {
    /// The largest difference, in units of the largest answer.
    pub(super) relative_error: f64,
}

/// How a run of PyTorch ended: some of its ways are not for every machine.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tried {
    /// It ran.
    Measured(Measured),
    /// Why it did not.
    Failed(String),
}

/// Runs a process to its end and reads its last line; `what` is whose process it is, for messages.
pub(crate) fn ask<T: DeserializeOwned>(what: &str, command: &mut Command) -> Result<T, BenchError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| BenchError::Start { what: what.to_owned(), source })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if !output.status.success() {
        let (what, status) = (what.to_owned(), output.status);
        return Err(BenchError::Ended { what, status, said: text(&output.stderr) });
    }
    let stdout = text(&output.stdout);
    parse(what, stdout.lines().last().unwrap_or_default())
}

fn parse<T: DeserializeOwned>(what: &str, line: &str) -> Result<T, BenchError> {
    serde_json::from_str(line).map_err(|source| BenchError::Line {
        what: what.to_owned(),
        line: line.to_owned(),
        source,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_our_worker_says_is_read_back() {
        let measured = Measured {
            step_ms: vec![0.1, 2.5],
            peak_kib: 812,
            figure: std::f64::consts::LN_10,
            compile_s: None,
            versions: BTreeMap::from([("baeum".to_owned(), "0.1.0".to_owned())]),
        };
        let line = serde_json::to_string(&measured).unwrap();
        assert_eq!(parse::<Measured>("us", &line).unwrap(), measured);
    }

    #[test]
    fn what_pytorch_says_is_read() {
        let line = r#"{"measured": {"step_ms": [1.5, 2.5], "peak_kib": 9, "figure": 2.3, "compile_s": 14.2, "versions": {}}}"#;
        let Tried::Measured(measured) = parse("PyTorch", line).unwrap() else { panic!("it ran") };
        assert_eq!((measured.median_ms(), measured.compile_s), (2.0, Some(14.2)));
        let failed = parse::<Tried>("PyTorch", r#"{"failed": "no compiler"}"#).unwrap();
        assert_eq!(failed, Tried::Failed("no compiler".to_owned()));
        let line = r#"{"loss": 2.3, "worst": "head.bias", "relative_error": Infinity}"#;
        let error = parse::<Checked>("PyTorch", line).unwrap_err().to_string();
        assert!(error.starts_with("could not read `{\"loss\": 2.3"), "{error}");
    }
}
