//! The second stage of Baeum: from a recipe to a graph, and from a graph to a network that runs.
//!
//! ```
//! use baeum_models::{ModelConfig, Mlp, summary};
//!
//! let config = ModelConfig { mlp: Some(Mlp { hidden: vec![16], ..Mlp::default() }), ..ModelConfig::default() };
//! let plan = config.check()?;                       // what was said becomes what is meant
//! let graph = plan.graph_for(&[4], 3)?;             // four numbers in, three classes out
//! assert_eq!(graph.nodes().last().map(|node| node.name.as_str()), Some("head"));
//! assert!(summary(&graph).contains("dense1"));
//! # Ok::<(), baeum_models::ModelError>(())
//! ```
//!
//! The only place in the workspace that knows candle. In reading order:

mod config;
mod error;
mod freeze;
mod heads;
mod init;
mod inputs;
mod lengths;
mod plan;
mod presets;
mod spec;
mod start;
mod summary;
mod wire;

mod checks;
mod cpu;
mod device;
mod network;
mod ops;
mod reversible;
mod role;
mod rule;
mod runner;

pub use baeum_kernels::{Precision, Rung};
pub use config::ModelConfig;
pub use cpu::{CpuRunner, Memory, TextRunner};
pub use device::{Device, Float};
pub use error::ModelError;
pub use init::{Fill, InitConfig, build, initial};
pub use network::{CandleNetwork, Forward, Pass, RunError};
pub use plan::ModelPlan;
pub use presets::{
    Activation, Cnn, ConvSeries, ConvnextSmall, Dlinear, FtTransformer, Gpt, Gru, Lenet, Lstm, Mlp, Nlinear,
    PatchTst, Pool, Recurrent, Resnet, Steps, Style, Tabm, TabmStyle, TabularMlp, TextCnn, Transformer,
    TransformerEncoder, Vit,
};
pub use runner::{Layers, Runner, RunnerConfig, network};
pub use spec::LayerSpec;
pub use start::{
    BertFolder, Folder, FolderActivation, FolderError, Gpt2Folder, StartConfig, StartError, start_from,
    start_from_folder,
};
pub use summary::summary;
pub use wire::Head;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod testing;
