//! The words every stage shares: shapes, layers, graphs, transforms, artifacts, and the seams to disk, time and chance.
//!
//! Nothing here knows that a stage exists. In reading order:

mod shape;
mod size2;
mod tensor;

mod ahead;
mod artifact;
mod dataset;
mod decode;
mod graph;
mod layer;
mod loss;
mod moment;
mod nearest;
mod network;
mod pattern;
mod predictor;
mod schema;
pub mod tagged;
mod task;
mod transform;
mod update;
pub mod weights_file;

pub mod clock;
pub mod commit;
pub mod crc32c;
pub mod fs;
mod guard;
mod limits;
mod memory;
mod progress;
mod rng;

pub use ahead::Ahead;
pub use artifact::{Ended, EpochRecord, Model, RateCurve, RatePoint, RunnerUp, Trained};
pub use clock::Clock;
pub use dataset::{
    Batch, Dataset, Probes, Source, SourceError, Split, SplitError, Splits, TargetStats, Test, Train, Valid,
};
pub use decode::{Anchored, Answer, Decode, probabilities, rearrange};
pub use fs::{Fs, Spill};
pub use graph::{Graph, GraphError, HeadNode, Node, NodeId};
pub use guard::{GuardError, guard};
pub use layer::{
    Approximate, ChannelAxis, Init, Interpolation, Layer, MeanOf, Ngrams, Padding, Param, ParamKind,
    Positions, Returns,
};
pub use limits::{Limit, LimitError, LimitValueError, Limits, ReadError};
pub use loss::{HeadLoss, Loss};
pub use memory::{free_memory, taken_memory};
pub use moment::Moment;
pub use nearest::nearest;
pub use network::{LossParts, Lost, LostWhat, Network, NetworkError, Part, State, UpdateStats};
pub use pattern::fits;
pub use predictor::{
    Blueprint, InputSpec, Pipeline, Predictor, Target, Weights, WeightsError, check_weights,
};
pub use progress::{Phase, Progress};
pub use rng::{Counter, Rng, Stream, hash64};
pub use schema::{Field, Kind, Record, Role, Schema, SchemaError, Value};
pub use shape::{Dim, Shape, ShapeError};
pub use size2::Size2;
pub use task::{Expected, HeadMetric, MetricName, Scored, Task};
pub use tensor::{DType, Data, Stored, Tensor, TensorError};
pub use transform::{Anchor, DatePart, Denoise, Distribution, End, Filter, Fit, TextForm, Transform};
pub use update::{Adam, Decayed, Method, Update};
