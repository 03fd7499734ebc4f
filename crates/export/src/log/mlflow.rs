//! What MLflow shows as a run: the texts of its file store (`mlruns/EXPERIMENT/RUN/`), one value a file.
//!
//! A run's folder has `meta.yaml`, `params/NAME` with a value each, `metrics/NAME` with a line for each step, and
//! `tags/mlflow.runName`; the experiment's has a `meta.yaml` too. Since 3.13 MLflow opens such folders only where
//! `MLFLOW_ALLOW_FILE_STORE=true`; `mlflow migrate-filestore` moves them into a database.
//!
//! ```
//! use baeum_export::log::mlflow::{metric, without};
//!
//! let lines = [metric(1_000, 0.5, 8), metric(2_000, 0.25, 16)].concat();
//! assert_eq!(lines, "1000 0.5 8\n2000 0.25 16\n");
//! assert_eq!(without(&lines, 16), "1000 0.5 8\n");
//! ```

use std::fmt::Write;

/// An experiment: the runs of one recipe.
#[derive(Clone, Copy, Debug)]
pub struct Experiment<'a> {
    /// Digits.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Where its runs keep their files, as a URI.
    pub artifacts: &'a str,
    /// When it was made, in milliseconds since 1970.
    pub created: u64,
}

/// A run of an experiment.
#[derive(Clone, Copy, Debug)]
pub struct RunInfo<'a> {
    /// The experiment's id.
    pub experiment: &'a str,
    /// 32 hexadecimal digits.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Where it keeps its files, as a URI.
    pub artifacts: &'a str,
    /// When it was begun, in milliseconds since 1970.
    pub started: u64,
    /// How it ended, and when; none while it goes on.
    pub ended: Option<(Status, u64)>,
}

/// How a run ended, as MLflow numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It came to its end.
    Finished,
    /// It went wrong.
    Failed,
    /// Somebody stopped it.
    Killed,
}

impl Status {
    fn number(self) -> u8 {
        match self {
            Status::Finished => 3,
            Status::Failed => 4,
            Status::Killed => 5,
        }
    }
}

/// While a run goes on.
const RUNNING: u8 = 1;

impl Experiment<'_> {
    /// Its `meta.yaml`.
    pub fn meta(&self) -> String {
        let Experiment { id, name, artifacts, created } = self;
        yaml(&[
            ("artifact_location", quoted(artifacts)),
            ("creation_time", created.to_string()),
            ("experiment_id", quoted(id)),
            ("last_update_time", created.to_string()),
            ("lifecycle_stage", "active".to_owned()),
            ("name", quoted(name)),
        ])
    }
}

impl RunInfo<'_> {
    /// Its `meta.yaml`.
    pub fn meta(&self) -> String {
        let RunInfo { experiment, id, name, artifacts, started, ended } = self;
        let status = ended.map_or(RUNNING, |(status, _)| status.number());
        yaml(&[
            ("artifact_uri", quoted(artifacts)),
            ("end_time", ended.map_or("null".to_owned(), |(_, end)| end.to_string())),
            ("entry_point_name", quoted("")),
            ("experiment_id", quoted(experiment)),
            ("lifecycle_stage", "active".to_owned()),
            ("run_id", quoted(id)),
            ("run_name", quoted(name)),
            ("run_uuid", quoted(id)),
            ("source_name", quoted("")),
            ("source_type", "4".to_owned()),
            ("source_version", quoted("")),
            ("start_time", started.to_string()),
            ("status", status.to_string()),
            ("tags", "[]".to_owned()),
            ("user_id", quoted("baeum")),
        ])
    }
}

/// A line of a metric's file. `time`: milliseconds since 1970.
pub fn metric(time: u64, value: f64, step: u64) -> String {
    // As Python reads it.
    let value = match value {
        value if value.is_nan() => "nan".to_owned(),
        value if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        value => value.to_string(),
    };
    format!("{time} {value} {step}\n")
}

/// The lines of a metric's file before a step: what a run has said there that goes on from an earlier point.
pub fn without(lines: &str, step: u64) -> String {
    let is_before = |line: &&str| {
        let said = line.split(' ').nth(2).and_then(|said| said.trim().parse::<u64>().ok());
        said.is_some_and(|said| said < step)
    };
    lines.split_inclusive('\n').filter(is_before).collect()
}

fn yaml(entries: &[(&str, String)]) -> String {
    entries.iter().fold(String::new(), |mut text, (key, value)| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{key}: {value}");
        text
    })
}

/// A text of YAML in quotes, in which every text of JSON is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_what_it_is_and_how_it_ended() {
        let run = RunInfo {
            experiment: "12",
            id: "ab",
            name: "iris-0001: \"first\"\n",
            artifacts: "file:///runs/mlruns/12/ab/artifacts",
            started: 1_700_000_000_000,
            ended: None,
        };
        let expect = "artifact_uri: \"file:///runs/mlruns/12/ab/artifacts\"\nend_time: null\nentry_point_name: \"\"\n\
                      experiment_id: \"12\"\nlifecycle_stage: active\nrun_id: \"ab\"\n\
                      run_name: \"iris-0001: \\\"first\\\"\\n\"\nrun_uuid: \"ab\"\nsource_name: \"\"\nsource_type: 4\n\
                      source_version: \"\"\nstart_time: 1700000000000\nstatus: 1\ntags: []\nuser_id: \"baeum\"\n";
        assert_eq!(run.meta(), expect);
        for (status, number) in [(Status::Finished, 3), (Status::Failed, 4), (Status::Killed, 5)] {
            let ended = RunInfo { ended: Some((status, 7)), ..run }.meta();
            assert!(
                ended.contains("end_time: 7\n") && ended.contains(&format!("status: {number}\n")),
                "{ended}"
            );
        }
        let experiment = Experiment { id: "12", name: "iris", artifacts: "file:///a", created: 5 };
        let expect = "artifact_location: \"file:///a\"\ncreation_time: 5\nexperiment_id: \"12\"\nlast_update_time: 5\n\
                      lifecycle_stage: active\nname: \"iris\"\n";
        assert_eq!(experiment.meta(), expect);
    }

    #[test]
    fn what_is_no_number_is_said_as_python_reads_it() {
        let lines = [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e-7].map(|value| metric(1, value, 2));
        assert_eq!(lines, ["1 nan 2\n", "1 inf 2\n", "1 -inf 2\n", "1 0.0000001 2\n"]);
    }

    #[test]
    fn a_torn_line_is_no_line() {
        assert_eq!(without("1 0.5 8\n2 0.25", 9), "1 0.5 8\n");
        assert_eq!(without("", 9), "");
    }
}
