//! What TensorBoard shows: the records of an event file.
//!
//! The file's name must contain `tfevents`. It begins with [`header`]; each record is appended whole: a [`scalar`], a [`graph`], a
//! [`histogram`], .. A file that ends within a record is normal after a crash: [`whole`] says where to cut it before going on.
//!
//! Everywhere `wall_time` is in seconds since 1970, `step` the place on the slider or curve, and `tag` what a value is called; what stands
//! before its first `/` groups it.
//!
//! ```
//! use baeum_export::log::tensorboard::{header, scalar, whole};
//!
//! let mut file = header(1_700_000_000.0);
//! file.extend(scalar(1_700_000_001.5, 1, "loss/train", 0.25));
//! let good = file.len();
//! file.extend_from_slice(b"torn");
//! assert_eq!(whole(&file), good);
//! ```
mod graph;
mod hparams;
mod pr_curve;
mod tensor;

pub use graph::graph;
pub use hparams::{Setting, finished, settings};
pub use pr_curve::PrCurve;
pub use tensor::{histogram, image, texts};

use crate::wire::protobuf::Message;
use crate::wire::tfrecord;

/// The first record of an event file.
pub fn header(wall_time: f64) -> Vec<u8> {
    let event =
        Message::default().double(field::WALL_TIME, wall_time).bytes(field::FILE_VERSION, "brain.Event:2");
    tfrecord::record(&event.finish())
}

/// A record that adds one point to the curve `tag`.
///
/// The value is kept in 32 bits, as TensorBoard does; NaN and infinities are kept as they are.
pub fn scalar(wall_time: f64, step: u64, tag: &str, value: f64) -> Vec<u8> {
    let value = Message::default().bytes(field::TAG, tag).float(field::SIMPLE_VALUE, value as f32);
    summary(wall_time, step, &[value])
}

/// A record with some values of one step.
fn summary(wall_time: f64, step: u64, values: &[Message]) -> Vec<u8> {
    let summary = messages(Message::default(), field::VALUE, values);
    let event = Message::default()
        .double(field::WALL_TIME, wall_time)
        .int(field::STEP, step as i64)
        .message(field::SUMMARY, &summary);
    tfrecord::record(&event.finish())
}

/// `message`, with one field for each of these.
fn messages(message: Message, field: u32, values: &[Message]) -> Message {
    message.each(field, values, |message, field, value| message.message(field, value))
}

/// How many bytes at the start of an event file are whole records.
pub fn whole(file: &[u8]) -> usize {
    tfrecord::payloads(file).map(tfrecord::size).sum()
}

/// Field numbers of `event.proto` and `summary.proto`.
mod field {
    pub(super) const WALL_TIME: u32 = 1;
    pub(super) const STEP: u32 = 2;
    pub(super) const FILE_VERSION: u32 = 3;
    pub(super) const GRAPH: u32 = 4;
    pub(super) const SUMMARY: u32 = 5;
    pub(super) const VALUE: u32 = 1;
    pub(super) const TAG: u32 = 1;
    pub(super) const SIMPLE_VALUE: u32 = 2;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_the_version() {
        let payload = b"\x09\0\0\0\0\0\0\xf8\x3f\x1a\x0dbrain.Event:2";
        assert_eq!(header(1.5), tfrecord::record(payload));
    }

    #[test]
    fn a_scalar_says_when_where_and_what() {
        let payload = b"\x09\0\0\0\0\0\0\xf8\x3f\x10\x07\x2a\x0d\x0a\x0b\x0a\x04loss\x15\0\0\x80\x3e";
        assert_eq!(scalar(1.5, 7, "loss", 0.25), tfrecord::record(payload));
    }

    #[test]
    fn a_torn_record_is_left_out_of_the_whole() {
        let one = [header(0.0), scalar(0.0, 0, "a", 1.0)].concat();
        let two = [one.clone(), scalar(0.0, 1, "a", f64::NAN)].concat();
        assert_eq!(whole(&two), two.len());
        assert!((one.len()..two.len()).all(|end| whole(&two[..end]) == one.len()));
    }
}
