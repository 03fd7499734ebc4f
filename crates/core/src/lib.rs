//! The words every stage shares: shapes, layers, graphs, transforms, artifacts, and the seams to disk, time and chance.
//!
//! Nothing here knows that a stage exists. In reading order:

mod tensor;
mod shape;
mod size2;

mod layer;
mod graph;
mod transform;
mod schema;
mod decode;
mod predictor;
mod dataset;
mod task;
mod network;
mod artifact;
mod nearest;
pub mod tagged;
pub mod weights_file;

pub mod clock;
pub mod commit;
pub mod crc32c;
pub mod fs;
mod guard;
mod limits;
mod rng;

pub use artifact::{EpochRecord, Model, Trained};
pub use clock::Clock;
pub use dataset::{Batch, Dataset, Probes, Source, SourceError, Split, SplitError, Splits, TargetStats, Test, Train, Valid};
pub use decode::{Answer, Decode, probabilities};
pub use fs::Fs;
pub use graph::{Graph, GraphError, Node, NodeId};
pub use guard::{GuardError, guard};
pub use layer::{Approximate, Init, Layer, Param, ParamKind};
pub use limits::{Limit, LimitError, Limits};
pub use nearest::nearest;
pub use network::{Adam, Loss, LossParts, Network, NetworkError, Part, State, Update, UpdateStats};
pub use predictor::{Blueprint, InputSpec, Pipeline, Predictor, Target, Weights, WeightsError, check_weights};
pub use rng::{Rng, Stream};
pub use schema::{Field, Kind, Record, Role, Schema, SchemaError, Value};
pub use shape::{Dim, Shape, ShapeError};
pub use size2::Size2;
pub use task::Task;
pub use tensor::{DType, Data, Tensor, TensorError};
pub use transform::{Filter, Transform};
