//! The fourth stage: how well the learned function answers rows that nothing has looked at before.
//!
//! Entry points: [`score`] puts a network to the test split and gives a [`Report`]; [`html`] turns that into one page.
//! Every metric comes with an interval and with what a model that looks at nothing would reach. In reading order:

mod config;
mod error;

mod baseline;
mod bootstrap;
mod exam;
mod metrics;
mod predictions;
mod report;
mod score;

pub use baseline::Baseline;
pub use config::{EvaluateConfig, EvaluatePlan};
pub use error::EvaluateError;
pub use metrics::{ClassScores, MetricName};
pub use predictions::{LabelPredictions, NumberPredictions, Predictions};
pub use report::{Learned, Metric, Report, ReportInput, SplitRows, Table, Verdict, html};
pub use score::score;

#[cfg(test)]
mod fixture;
