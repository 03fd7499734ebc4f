//! How answers are judged by each metric of [`baeum_core::MetricName`].

mod classification;
mod label_sets;
mod regression;

pub use classification::ClassScores;
pub(crate) use classification::{Tally, confusion};
pub(crate) use label_sets::{Counted, average_precision};
pub(crate) use regression::Errors;
