//! The first stage: collect examples, divide them, and turn them into numbers.
//!
//! ```
//! use baeum_data::{DataConfig, Place, prepare};
//!
//! let config: DataConfig = serde_json::from_str(
//!     r#"{ "source": { "function": { "expression": "a + b", "inputs": { "a": [-1, 1], "b": [-1, 1] }, "rows": 100 } },
//!          "target": "sum" }"#,
//! )?;
//! let plan = config.check()?; // every mistake that needs no data is found here
//! let fs = std::sync::Arc::new(baeum_core::fs::RealFs);
//! let place = Place { fs, base: ".".into(), folders: vec![], limits: Default::default(), seed: 7, progress: Default::default(), cache: None };
//! let data = prepare(&plan, &place)?.dataset;
//! assert_eq!(data.splits.test.rows().len(), 15);
//! assert_eq!(data.source.batch(&[0, 1])?.inputs["x"].shape(), [2, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Group by group, in reading order:

mod config;
mod error;
mod formula;
mod place;
mod plan;
mod refusal;

mod csv;
mod hash;
mod image;
mod numpy;
mod packed;
mod sheet;
mod source;

mod audit;
mod augment;
mod encoder;
mod examples;
mod fit;
mod labels;
mod split;
mod stage;
mod text;

pub mod labelling;
mod profile;
pub mod records;
pub mod table;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod testing;

pub use audit::Found;
pub use augment::{Augment, Border, Filling, Operation};
pub use config::{
    AuditConfig, BinsBy, ChannelsConfig, CleanConfig, CsvConfig, DataConfig, Encoding, FieldConfig,
    FilesConfig, FolderConfig, FunctionConfig, HeadTarget, IdxConfig, ImputeWith, InputConfig, KindConfig,
    Leak, MergeLabels, MixConfig, NumpyConfig, OnBad, Paths, Per, SeriesConfig, SourceConfig, SplitConfig,
    StepConfig, TargetConfig, TextConfig, TextExamples, TextFolderConfig, TokensBy, Unlisted,
};
pub use csv::CsvFormat;
pub use encoder::Encoder;
pub use error::{DataError, Fault};
pub use image::thumbnail;
pub use place::{ExampleCache, Place};
pub use plan::DataPlan;
pub use profile::{
    FieldProfile, Histogram, LabelProfile, Lengths, Profile, Repair, Sizes, Warning, Why, quartiles,
};
pub use stage::{DataBlueprint, Prepared, SplitRows, open, prepare};
pub use text::Pieces;
