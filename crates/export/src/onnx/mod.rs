//! Open Neural Network Exchange: one graph from raw fields to answers.
//!
//! The writer makes a [`Model`] of a predictor and then bytes of it; the reader makes a model of bytes. Whoever looks at
//! a graph, be it to run it, looks at that model.
mod answer;
mod attention;
mod bins;
mod builder;
mod bytes;
mod dates;
mod field;
mod fit;
mod form;
mod images;
mod lengths;
mod manifest;
mod members;
mod model;
mod names;
mod network;
mod norm;
mod pool;
mod preprocess;
mod quantile;
mod read;
mod sequence;
mod series;
mod upsample;
mod words;
mod write;

pub(crate) use bytes::bytes;
pub(crate) use dates::NUMBERS;
pub(crate) use manifest::{Manifest, Meaning};
pub(crate) use model::{Array, Attribute, Graph, Model, Node, Port};
pub(crate) use read::read;
pub(crate) use words::{layer, transform};
pub(crate) use write::{can, network_alone, write};

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
