//! Logs that other programs read: values in, bytes to append out.
pub mod mlflow;
pub mod tensorboard;
