//! Containers that several formats are packed in. Bytes in, bytes out; each reader stands beside its writer.
pub(crate) mod base64;
pub(crate) mod crc32;
pub(crate) mod cursor;
pub(crate) mod pickle;
pub(crate) mod protobuf;
pub(crate) mod tfrecord;
pub(crate) mod zip;
