//! Tensors in a file: safetensors, which PyTorch and most other tools read.
//!
//! A file is the length of its header (`u64`, little endian), the header (JSON, padded with spaces to 8 bytes), then the
//! numbers of one tensor after the other. [`write`] gives the bytes that the `safetensors` crate gives, but sorts the
//! metadata, so that the same tensors are always the same bytes. [`read`] refuses what that crate lets pass: a name that
//! stands twice, a name that is a path, and a shape whose sizes overflow beside a zero.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::limits::Limit;
use crate::{DType, LimitError, Limits, Stored, Tensor};

/// Tensors by name, and what the file says about itself.
pub type Contents = (BTreeMap<String, Tensor>, BTreeMap<String, String>);

/// Why bytes are no weights file, or tensors cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum WeightsFileError {
    /// The file ends inside its header.
    #[error("a weights file wants {wanted} bytes for its header, got {got}")]
    Cut {
        /// How long the header is.
        wanted: u64,
        /// What is left of the file.
        got: u64,
    },
    /// More than a file may have.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The header is not the JSON that it should be.
    #[error("could not read the header of a weights file")]
    Header(#[source] serde_json::Error),
    /// Two tensors, or two entries of the metadata, of one name.
    #[error("`{}` wants to stand once in a weights file, got it twice", shown(.name))]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that could lead out of a folder, or that the format keeps for itself.
    #[error("tensor `{}` wants a name without slashes and control characters", shown(.name))]
    Name {
        /// The name.
        name: String,
    },
    /// A type that Baeum does not read.
    #[error("tensor `{}` wants to be F32, F64, F16, BF16, I64 or U8, got `{}`; save it as F32", shown(.name), shown(.dtype))]
    Type {
        /// The tensor.
        name: String,
        /// Its type, as the file spells it.
        dtype: String,
    },
    /// Too many axes.
    #[error("tensor `{}` wants at most {MAX_RANK} axes, got {got}", shown(.name))]
    Rank {
        /// The tensor.
        name: String,
        /// How many axes it has.
        got: usize,
    },
    /// The sizes multiply to more than memory can hold.
    #[error("tensor `{}` wants sizes that memory can hold, got {shape:?}", shown(.name))]
    Overflow {
        /// The tensor.
        name: String,
        /// Its sizes.
        shape: Vec<usize>,
    },
    /// A hole between two tensors, or tensors that overlap.
    #[error("tensor `{}` wants bytes {} to {}, right behind the tensor before it, got {} to {}", shown(.name), .wanted.0, .wanted.1, .got.0, .got.1)]
    Place {
        /// The tensor.
        name: String,
        /// Where it must begin and end.
        wanted: (u64, u64),
        /// Where the header says it does.
        got: (u64, u64),
    },
    /// The file is shorter or longer than its tensors.
    #[error("the tensors of a weights file want {wanted} bytes, got {got}")]
    Length {
        /// What the header says.
        wanted: u64,
        /// What stands behind the header.
        got: u64,
    },
}

/// As many axes as NumPy and PyTorch allow.
const MAX_RANK: usize = 64;

/// The one key of the header that is no tensor.
const METADATA: &str = "__metadata__";

/// Element types in the order in which a file holds them: the widest first, so that every tensor is aligned.
const ORDER: [DType; 4] = [DType::I64, DType::F64, DType::F32, DType::U8];

/// A tensor in the header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// The bytes of a weights file.
///
/// # Errors
/// [`WeightsFileError`] names a tensor whose name or number of axes [`read`] would refuse.
pub fn write<T: Borrow<Tensor>>(
    tensors: &BTreeMap<String, T>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, WeightsFileError> {
    let of_type = |dtype| {
        let all = tensors.iter().map(|(name, tensor)| (name, tensor.borrow()));
        all.filter(move |(_, tensor)| tensor.dtype() == dtype)
    };
    let ordered: Vec<(&String, &Tensor)> = ORDER.into_iter().flat_map(of_type).collect();
    let mut header = Header { metadata: Pairs(metadata.clone().into_iter().collect()), entries: vec![] };
    let mut end = 0;
    for (name, tensor) in &ordered {
        check_name(name)?;
        let (shape, begin) = (tensor.shape().to_vec(), end);
        check_rank(name, &shape)?;
        end += (tensor.data().len() * tensor.dtype().bytes()) as u64;
        let entry =
            Entry { dtype: word(Stored::As(tensor.dtype())).to_owned(), shape, data_offsets: (begin, end) };
        header.entries.push(((*name).clone(), entry));
    }
    let mut header = serde_json::to_vec(&header).map_err(WeightsFileError::Header)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    // As long as it will be: tensors may fill half of the memory.
    let mut file = Vec::with_capacity(8 + header.len() + end as usize);
    file.extend((header.len() as u64).to_le_bytes());
    file.extend(header);
    ordered.iter().for_each(|(_, tensor)| tensor.data().put(&mut file));
    Ok(file)
}

/// The tensors of a weights file and its metadata, both sorted by name.
///
/// NaN and its payload come back as they were written; halves come as `f32`.
///
/// # Errors
/// [`WeightsFileError`] says what is wrong with the bytes; nothing is repaired and no tensor is skipped.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Contents, WeightsFileError> {
    let (header, data) = split(bytes, limits)?;
    let Header { metadata, mut entries } =
        serde_json::from_slice(header).map_err(WeightsFileError::Header)?;
    limits.admit(Limit::SafetensorsTensors, "a weights file", entries.len() as u64)?;
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut rest = data;
    let mut tensors = vec![];
    for (name, entry) in entries {
        let begin = (data.len() - rest.len()) as u64;
        let (tensor, behind) = entry.tensor(&name, begin, rest)?;
        rest = behind;
        tensors.push((name, tensor));
    }
    match rest.len() {
        0 => Ok((unique(tensors)?, unique(metadata.0)?)),
        more => Err(WeightsFileError::Length { wanted: (data.len() - more) as u64, got: data.len() as u64 }),
    }
}

/// Header and numbers.
fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(&'a [u8], &'a [u8]), WeightsFileError> {
    let cut = |wanted, rest: &[u8]| WeightsFileError::Cut { wanted, got: rest.len() as u64 };
    let (length, rest) = bytes.split_first_chunk().ok_or_else(|| cut(8, bytes))?;
    let length = u64::from_le_bytes(*length);
    limits.admit(Limit::SafetensorsHeaderBytes, "a weights file", length)?;
    usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| cut(length, rest))
}

impl Entry {
    /// The tensor at the front of `rest`, which begins at byte `begin`, and what stands behind it.
    fn tensor<'a>(
        &self,
        name: &str,
        begin: u64,
        rest: &'a [u8],
    ) -> Result<(Tensor, &'a [u8]), WeightsFileError> {
        check_name(name)?;
        check_rank(name, &self.shape)?;
        let name = || name.to_owned();
        let stored = Stored::ALL.into_iter().find(|&stored| word(stored) == self.dtype);
        let stored =
            stored.ok_or_else(|| WeightsFileError::Type { name: name(), dtype: self.dtype.clone() })?;
        let length = byte_length(&self.shape, stored.bytes());
        let overflow = || WeightsFileError::Overflow { name: name(), shape: self.shape.clone() };
        let end = length.and_then(|length| begin.checked_add(length as u64)).ok_or_else(overflow)?;
        if self.data_offsets != (begin, end) {
            return Err(WeightsFileError::Place {
                name: name(),
                wanted: (begin, end),
                got: self.data_offsets,
            });
        }
        let short = || WeightsFileError::Length { wanted: end, got: begin + rest.len() as u64 };
        let (bytes, rest) = length.and_then(|length| rest.split_at_checked(length)).ok_or_else(short)?;
        let tensor = Tensor::new(&self.shape[..], stored.read(bytes)).map_err(|_| overflow())?;
        Ok((tensor, rest))
    }
}

/// How many bytes the numbers take. A size of zero does not excuse the others: `[0, 2^63]` overflows.
fn byte_length(shape: &[usize], width: usize) -> Option<usize> {
    let largest = shape.iter().filter(|&&size| size != 0).try_fold(width, |n, &size| n.checked_mul(size))?;
    let largest = isize::try_from(largest).ok()?.unsigned_abs();
    Some(if shape.contains(&0) { 0 } else { largest })
}

fn check_name(name: &str) -> Result<(), WeightsFileError> {
    let path = |c: char| c == '/' || c == '\\' || c.is_control();
    match name.is_empty() || name == "." || name == ".." || name == METADATA || name.contains(path) {
        true => Err(WeightsFileError::Name { name: name.to_owned() }),
        false => Ok(()),
    }
}

fn check_rank(name: &str, shape: &[usize]) -> Result<(), WeightsFileError> {
    match shape.len() <= MAX_RANK {
        true => Ok(()),
        false => Err(WeightsFileError::Rank { name: name.to_owned(), got: shape.len() }),
    }
}

fn unique<V>(pairs: Vec<(String, V)>) -> Result<BTreeMap<String, V>, WeightsFileError> {
    let mut map = BTreeMap::new();
    for (name, value) in pairs {
        if map.contains_key(&name) {
            return Err(WeightsFileError::Twice { name });
        }
        map.insert(name, value);
    }
    Ok(map)
}

/// How the format spells a type.
fn word(stored: Stored) -> &'static str {
    match stored {
        Stored::As(DType::F32) => "F32",
        Stored::As(DType::F64) => "F64",
        Stored::As(DType::I64) => "I64",
        Stored::As(DType::U8) => "U8",
        Stored::F16 => "F16",
        Stored::Bf16 => "BF16",
    }
}

/// A foreign name in a message: escaped, and not longer than a line.
fn shown(name: &str) -> String {
    let escaped: String = name.chars().take(60).flat_map(char::escape_debug).collect();
    if name.chars().nth(60).is_some() { escaped + ".." } else { escaped }
}

/// The header in the order of the file, names that stand twice included.
#[derive(Default)]
struct Header {
    metadata: Pairs,
    entries: Vec<(String, Entry)>,
}

/// The metadata, keys that stand twice included.
#[derive(Default)]
struct Pairs(Vec<(String, String)>);

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.0.is_empty() {
            map.serialize_entry(METADATA, &self.metadata)?;
        }
        for (name, entry) in &self.entries {
            map.serialize_entry(name, entry)?;
        }
        map.end()
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(Reader(Header::default()))
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        deserializer.deserialize_map(Reader(Pairs::default()))
    }
}

/// Reads a JSON object key by key.
struct Reader<T>(T);

impl<'de> Visitor<'de> for Reader<Header> {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let Reader(mut header) = self;
        while let Some(name) = map.next_key::<String>()? {
            match name == METADATA {
                true => header.metadata.0.extend(map.next_value::<Pairs>()?.0),
                false => header.entries.push((name, map.next_value()?)),
            }
        }
        Ok(header)
    }
}

impl<'de> Visitor<'de> for Reader<Pairs> {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let Reader(mut pairs) = self;
        while let Some(pair) = map.next_entry()? {
            pairs.0.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::HashMap;

    use safetensors::tensor::{Dtype, TensorView};

    use super::*;

    fn tensors() -> BTreeMap<String, Tensor> {
        let odd = vec![f32::from_bits(0x7fc0_1234), -0.0, f32::INFINITY, f32::MIN_POSITIVE / 2.0, 1.5, 2.5];
        let tensors = [
            ("conv1.weight", Tensor::new([2, 1, 3], odd).unwrap()),
            ("bytes", Tensor::vector(vec![1u8, 2, 255])),
            ("none", Tensor::zeros([0, 4], DType::F32)),
            ("step", Tensor::new([], vec![i64::MIN]).unwrap()),
            ("sum", Tensor::vector(vec![0.1f64 + 0.2])),
        ];
        tensors.map(|(name, tensor)| (name.to_owned(), tensor)).into()
    }

    fn metadata() -> BTreeMap<String, String> {
        [("format", "pt"), ("by", "a \"name\"\n")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    fn refusal(bytes: &[u8]) -> String {
        let error = read(bytes, &Limits::default()).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        error.to_string() + &source.unwrap_or_default()
    }

    #[test]
    fn what_was_written_is_read_bit_for_bit() {
        let bytes = write(&tensors(), &metadata()).unwrap();
        let (read_back, texts) = read(&bytes, &Limits::default()).unwrap();
        assert_eq!(texts, metadata());
        assert_eq!(read_back["conv1.weight"].f32s().unwrap()[0].to_bits(), 0x7fc0_1234);
        assert_eq!(read_back["none"], tensors()["none"]);
        assert_eq!(write(&read_back, &texts).unwrap(), bytes);
        assert_eq!(
            read(&write(&BTreeMap::<String, Tensor>::new(), &BTreeMap::new()).unwrap(), &Limits::default())
                .unwrap(),
            Contents::default()
        );
    }

    #[test]
    fn the_bytes_are_those_of_the_format_s_own_crate() {
        let tensors = tensors();
        let bytes: BTreeMap<&str, (Dtype, &[usize], Vec<u8>)> = tensors
            .iter()
            .map(|(name, tensor)| {
                let mut bytes = vec![];
                tensor.data().put(&mut bytes);
                let dtype = match tensor.dtype() {
                    DType::F32 => Dtype::F32,
                    DType::F64 => Dtype::F64,
                    DType::I64 => Dtype::I64,
                    DType::U8 => Dtype::U8,
                };
                (name.as_str(), (dtype, tensor.shape(), bytes))
            })
            .collect();
        let views = bytes.iter().map(|(name, (dtype, shape, bytes))| {
            (name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap())
        });
        // One entry of metadata: with more, the crate's order is random, which is why the writer is our own.
        let one = [("format".to_owned(), "pt".to_owned())];
        let theirs = safetensors::serialize(views, Some(HashMap::from(one.clone()))).unwrap();
        assert_eq!(write(&tensors, &BTreeMap::from(one)).unwrap(), theirs);
    }

    #[test]
    fn halves_of_a_foreign_file_are_read_as_the_numbers_they_are() {
        let header = r#"{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]}}"#;
        let (found, _) =
            read(&file(header, &[0x80, 0x3f, 0x20, 0xc0, 0x00, 0x3e]), &Limits::default()).unwrap();
        assert_eq!(found["a"], Tensor::vector(vec![1.0f32, -2.5]));
        assert_eq!(found["b"], Tensor::vector(vec![1.5f32]));
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let bytes = write(&tensors(), &metadata()).unwrap();
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], &Limits::default()).is_err(), "{length}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(refusal(&longer).starts_with("the tensors of a weights file want "));
    }

    #[test]
    fn a_flipped_bit_never_panics() {
        let bytes = write(&tensors(), &metadata()).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok((tensors, metadata)) = read(&flipped, &Limits::default()) {
                assert_ne!(write(&tensors, &metadata).unwrap(), bytes, "{bit}");
            }
        }
    }

    #[test]
    fn a_wrong_header_is_refused_by_what_is_wrong() {
        let check = |header: &str, length: usize, expect: &str| {
            assert_eq!(refusal(&file(header, &vec![0; length])), expect)
        };
        let tensor = |name: &str, dtype: &str, shape: &str, from: u64, to: u64| {
            format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}"#)
        };
        let one =
            |name: &str, dtype: &str, shape: &str, to| format!("{{{}}}", tensor(name, dtype, shape, 0, to));
        let two = |a: String, b: String| format!("{{{a},{b}}}");

        check(
            &one("../../etc/x", "U8", "[1]", 1),
            1,
            "tensor `../../etc/x` wants a name without slashes and control characters",
        );
        check(
            &one("a\\u001b[2J", "U8", "[1]", 1),
            1,
            "tensor `a\\u{1b}[2J` wants a name without slashes and control characters",
        );
        check(
            &one("a", "F8_E4M3", "[2]", 2),
            2,
            "tensor `a` wants to be F32, F64, F16, BF16, I64 or U8, got `F8_E4M3`; save it as F32",
        );
        check(
            &one("a", "U8", "[0,9223372036854775808]", 0),
            0,
            "tensor `a` wants sizes that memory can hold, got [0, 9223372036854775808]",
        );
        check(
            &one("a", "F32", "[4611686018427387904]", 0),
            0,
            "tensor `a` wants sizes that memory can hold, got [4611686018427387904]",
        );
        check(&one("a", "U8", &format!("{:?}", [1; 65]), 1), 1, "tensor `a` wants at most 64 axes, got 65");
        check(
            &one("a", "F32", "[2]", 4),
            4,
            "tensor `a` wants bytes 0 to 8, right behind the tensor before it, got 0 to 4",
        );
        check(&one("a", "F32", "[2]", 8), 4, "the tensors of a weights file want 8 bytes, got 4");
        check(&one("a", "F32", "[2]", 8), 9, "the tensors of a weights file want 8 bytes, got 9");
        let (a, hole) = (tensor("a", "U8", "[2]", 0, 2), tensor("b", "U8", "[1]", 3, 4));
        check(
            &two(a.clone(), hole),
            4,
            "tensor `b` wants bytes 2 to 3, right behind the tensor before it, got 3 to 4",
        );
        let overlap = tensor("b", "U8", "[2]", 1, 3);
        check(
            &two(a.clone(), overlap),
            3,
            "tensor `b` wants bytes 2 to 4, right behind the tensor before it, got 1 to 3",
        );
        check(
            &two(a, tensor("a", "U8", "[1]", 2, 3)),
            3,
            "`a` wants to stand once in a weights file, got it twice",
        );
        let twice = r#"{"__metadata__":{"a":"1","a":"2"}}"#;
        check(twice, 0, "`a` wants to stand once in a weights file, got it twice");
        let negative = "could not read the header of a weights file: invalid value: integer `-1`, expected usize at line 1 column 30";
        check(&one("a", "U8", "[-1]", 1), 1, negative);
        check(
            "[]",
            0,
            "could not read the header of a weights file: invalid type: sequence, expected tensors by name at line 1 column 0",
        );
    }

    #[test]
    fn limits_are_checked_before_anything_is_read() {
        let bytes = write(&tensors(), &metadata()).unwrap();
        let check =
            |limits: Limits, expect: &str| assert_eq!(read(&bytes, &limits).unwrap_err().to_string(), expect);
        let limits = |tensors, header| {
            let (safetensors_tensors, safetensors_header_bytes) = (tensors, header);
            Limits { safetensors_tensors, safetensors_header_bytes, ..Limits::default() }
        };
        assert!(read(&bytes, &limits(5, 352)).is_ok());
        let text = "a weights file wants at most 4 tensors, got 5; `run.limits.safetensors_tensors` raises the limit";
        check(limits(4, 352), text);
        let text = "a weights file wants at most 351 bytes in the header, got 352; \
                    `run.limits.safetensors_header_bytes` raises the limit";
        check(limits(5, 351), text);
        assert!(
            read(&u64::MAX.to_le_bytes(), &Limits::default())
                .unwrap_err()
                .to_string()
                .contains("wants at most 100000000 bytes")
        );
        assert_eq!(refusal(&5u64.to_le_bytes()), "a weights file wants 5 bytes for its header, got 0");
        assert_eq!(refusal(b"abc"), "a weights file wants 8 bytes for its header, got 3");
    }

    #[test]
    fn a_writer_refuses_what_a_reader_would() {
        let error =
            write(&BTreeMap::from([("a/b".to_owned(), Tensor::scalar(1.0))]), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "tensor `a/b` wants a name without slashes and control characters");
    }
}
