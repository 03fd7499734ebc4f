//! The fourth stage: how well the learned function answers rows that nothing has looked at before.
//!
//! Entry points: [`score`] puts a network to the test split and gives a [`Report`]; [`html`] turns that into one page.
//! Every metric comes with an interval and with what a model that looks at nothing would reach.
//!
//! ```
//! use baeum_core::{Dataset, Network};
//! use baeum_evaluate::{EvaluateConfig, EvaluateError, ReportInput, html, score};
//!
//! fn page(net: &mut dyn Network, data: &Dataset) -> Result<String, EvaluateError> {
//!     let plan = EvaluateConfig::default().check()?;
//!     let report = &score(&plan, 7, net, data)?;
//!     let (title, facts, graph, summary, recipe) = ("digits", &[], None, "", "");
//!     Ok(html(&ReportInput { report, history: &[], rates: None, best_epoch: None, title, facts, graph, summary, recipe, parity: None }))
//! }
//! ```

mod config;
mod error;

mod metrics;
mod predictions;

mod baseline;
mod bootstrap;

mod exam;
mod score;

mod report;

pub use baseline::Baseline;
pub use config::{EvaluateConfig, EvaluatePlan};
pub use error::EvaluateError;
pub use metrics::ClassScores;
pub use predictions::{
    ColumnPredictions, ForecastPredictions, LabelPredictions, LabelSetPredictions, NumberPredictions,
    PiecePredictions, Predictions, QuantilePredictions,
};
pub use report::markup;
pub use report::{
    ColumnScores, Learned, Metric, QuantileScores, Quantiles, Report, ReportInput, SplitRows, Table, Verdict,
    html, rate_page,
};
pub use score::{judge, score};

pub use baeum_core::MetricName;

#[cfg(test)]
mod fixture;
