//! Logs that other programs read: values in, bytes to append out.
pub mod tensorboard;
