//! The fifth stage: turns a [`Predictor`](baeum_core::Predictor) into files, and proves that they agree with it.
//!
//! Every writer is a function from data to bytes: no disk, no clock, no chance.
//!
//! ```
//! use baeum_core::{DType, Decode, Graph, Layer, Limits, Predictor, Schema, Shape, Target, Tensor};
//! use baeum_export::{ExportConfig, Format, Golden, encode, verify};
//!
//! let mut graph = Graph::default();
//! let x = graph.input("x", Shape::batch(&[2]), DType::F32)?;
//! let head = graph.add("head", Layer::Dense { units: 1, bias: false }, &[x])?;
//! graph.output(head);
//! let weights = [("head.weight".to_owned(), Tensor::new([1, 2], vec![0.5f32, -0.5])?)].into();
//! let decode = Decode::Number { scale: 1.0, offset: 0.0, unit: None };
//! let targets = vec![Target { field: "y".to_owned(), decode }];
//! let predictor = Predictor { schema: Schema::default(), inputs: vec![], graph, weights, targets };
//!
//! let files = encode(Format::Pth, &predictor, &ExportConfig::default().check()?)?;
//! let verified = verify(Format::Pth, &files, &predictor, &Golden::default(), &Limits::default())?;
//! assert_eq!(verified.weights, Some(predictor.weights));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In reading order:

mod config;
mod files;
mod format;

mod encode;
pub mod log;
mod onnx;
mod state_dict;
mod torch;
mod verify;
mod wire;
pub use wire::base64::base64;

mod error;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod plain;

pub use config::{ExportConfig, ExportPlan};
pub use encode::{can, encode, network_file};
pub use error::{ExportError, ReadError, VerifyError};
pub use files::Files;
pub use format::{Facts, Format, Level, Say, Says};
pub use torch::read as read_pth;
pub use verify::{Entry, FileEntry, Golden, Manifest, Parity, TargetParity, Verified, compare, verify};
