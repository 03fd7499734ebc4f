//! Protocol buffers: a writer that repeats fields unpacked, and a reader that takes them either way.
//!
//! Nothing is generated from schemas: a message is a list of (number, value), and the formats know their numbers.
use baeum_core::{Limit, Limits};

use crate::error::ReadError;
use crate::wire::cursor::Cursor;

/// A message as it grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message(Vec<u8>);

/// The value of one field as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// Wire type 0: integers and booleans.
    Varint(u64),
    /// Wire type 1: `f64`.
    Fixed64(u64),
    /// Wire type 2: text, bytes, messages and packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5: `f32`.
    Fixed32(u32),
}

/// A message to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    what: &'static str,
    bytes: &'a [u8],
    limits: &'a Limits,
    depth: u64,
}

/// One field of a message: its number, its value and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    message: Reader<'a>,
    at: usize,
}

impl Message {
    /// A whole number; negative ones take ten bytes.
    pub(crate) fn int(mut self, field: u32, value: i64) -> Message {
        self.tag(field, 0);
        self.varint(value as u64);
        self
    }

    /// A number of 32 bits.
    pub(crate) fn float(mut self, field: u32, value: f32) -> Message {
        self.tag(field, 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A number of 64 bits.
    pub(crate) fn double(mut self, field: u32, value: f64) -> Message {
        self.tag(field, 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Text, or bytes.
    pub(crate) fn bytes(mut self, field: u32, value: impl AsRef<[u8]>) -> Message {
        let value = value.as_ref();
        self.tag(field, 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// A message inside this one.
    pub(crate) fn message(self, field: u32, value: &Message) -> Message {
        self.bytes(field, &value.0)
    }

    /// The same field once per value. Unpacked, as `onnx.proto` of proto2 has it; rten refuses packed numbers.
    pub(crate) fn each<T>(
        self,
        field: u32,
        values: impl IntoIterator<Item = T>,
        write: impl Fn(Message, u32, T) -> Message,
    ) -> Message {
        values.into_iter().fold(self, |message, value| write(message, field, value))
    }

    /// The bytes of the message.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u32, wire_type: u64) {
        self.varint(u64::from(field) << 3 | wire_type);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

impl<'a> Reader<'a> {
    /// A message that is not part of another; `what` names it in errors.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8], limits: &'a Limits) -> Reader<'a> {
        Reader { what, bytes, limits, depth: 1 }
    }

    /// Its fields in the order they stand; ends after the first that is broken.
    pub(crate) fn fields(self) -> impl Iterator<Item = Result<Field<'a>, ReadError>> {
        let mut cursor = Cursor::new(self.what, self.bytes, 0);
        let mut broken = false;
        std::iter::from_fn(move || {
            if broken || cursor.left() == 0 {
                return None;
            }
            let field = self.next(&mut cursor);
            broken = field.is_err();
            Some(field)
        })
    }

    fn next(self, cursor: &mut Cursor<'a>) -> Result<Field<'a>, ReadError> {
        let start = cursor.clone();
        let tag = varint(cursor)?;
        let number = u32::try_from(tag >> 3).ok().filter(|&number| number > 0);
        let number = number.ok_or_else(|| start.refuse("a field number", tag >> 3))?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(cursor)?),
            1 => Value::Fixed64(cursor.u64()?),
            2 => {
                let size = varint(cursor)?;
                Value::Bytes(cursor.take(usize::try_from(size).unwrap_or(usize::MAX))?)
            }
            5 => Value::Fixed32(cursor.u32()?),
            other => return Err(start.refuse("a wire type of 0, 1, 2 or 5", other)),
        };
        Ok(Field { number, value, message: self, at: start.at() })
    }
}

fn varint(cursor: &mut Cursor<'_>) -> Result<u64, ReadError> {
    let start = cursor.clone();
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = cursor.u8()?;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(start.refuse("a number of at most 64 bits", "a longer one"))
}

impl<'a> Field<'a> {
    /// Its value as a whole number.
    pub(crate) fn int(&self) -> Result<i64, ReadError> {
        match self.value {
            Value::Varint(value) => Ok(value as i64),
            Value::Fixed64(_) | Value::Bytes(_) | Value::Fixed32(_) => Err(self.refuse("a whole number")),
        }
    }

    /// Its value as a number of 32 bits.
    pub(crate) fn float(&self) -> Result<f32, ReadError> {
        match self.value {
            Value::Fixed32(bits) => Ok(f32::from_bits(bits)),
            Value::Varint(_) | Value::Fixed64(_) | Value::Bytes(_) => Err(self.refuse("a number of 32 bits")),
        }
    }

    /// Its value as bytes, or as the bytes of a message.
    pub(crate) fn bytes(&self) -> Result<&'a [u8], ReadError> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Varint(_) | Value::Fixed64(_) | Value::Fixed32(_) => Err(self.refuse("bytes")),
        }
    }

    /// Its value as text.
    pub(crate) fn text(&self) -> Result<&'a str, ReadError> {
        str::from_utf8(self.bytes()?).map_err(|_| self.refuse("UTF-8 text"))
    }

    /// Its value as a message; `what` names that one in errors.
    pub(crate) fn message(&self, what: &'static str) -> Result<Reader<'a>, ReadError> {
        let depth = self.message.depth + 1;
        self.message.limits.admit(Limit::OnnxNesting, format!("the {what}"), depth)?;
        Ok(Reader { what, bytes: self.bytes()?, depth, ..self.message })
    }

    /// An error for a field that means something we do not know.
    pub(crate) fn unknown(&self) -> ReadError {
        ReadError::malformed(self.message.what, "fields that we know", format!("field {}", self.number))
    }

    /// Adds its whole numbers to `into`: one, or several packed.
    pub(crate) fn ints(&self, into: &mut Vec<i64>) -> Result<(), ReadError> {
        let Value::Bytes(packed) = self.value else {
            into.push(self.int()?);
            return Ok(());
        };
        let mut cursor = Cursor::new(self.message.what, packed, 0);
        while cursor.left() > 0 {
            into.push(varint(&mut cursor)? as i64);
        }
        Ok(())
    }

    fn refuse(&self, wanted: &str) -> ReadError {
        let got = match self.value {
            Value::Varint(_) => "a varint",
            Value::Fixed64(_) => "64 bits",
            Value::Bytes(_) => "bytes",
            Value::Fixed32(_) => "32 bits",
        };
        ReadError::malformed(
            format!("{} field {} at byte {}", self.message.what, self.number, self.at),
            wanted,
            got,
        )
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static LIMITS: LazyLock<Limits> = LazyLock::new(|| Limits { onnx_nesting: 3, ..Limits::default() });

    fn read(bytes: &[u8]) -> Result<Vec<Field<'_>>, ReadError> {
        Reader::new("message", bytes, &LIMITS).fields().collect()
    }

    #[track_caller]
    fn refused(bytes: &[u8], expect: &str) {
        assert_eq!(read(bytes).err().map(|error| error.to_string()).as_deref(), Some(expect));
    }

    #[test]
    fn the_bytes_of_the_language_guide() {
        assert_eq!(Message::default().int(1, 150).finish(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().bytes(2, "testing").finish(), b"\x12\x07testing");
        assert_eq!(
            Message::default().int(1, -2).finish(),
            [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
        );
        let inner = Message::default().int(1, 150);
        assert_eq!(Message::default().message(3, &inner).finish(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = Message::default().int(1, i64::MIN).float(2, 0.5).double(3, -0.25).bytes(4, "é").finish();
        let found = read(&bytes).unwrap();
        assert_eq!(found[0].int().unwrap(), i64::MIN);
        assert_eq!(found[1].float().unwrap(), 0.5);
        assert_eq!(found[2].value, Value::Fixed64((-0.25f64).to_bits()));
        assert_eq!(found[3].text().unwrap(), "é");
        assert_eq!(found.iter().map(|field| field.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn numbers_are_read_apart_or_packed() {
        let apart = Message::default().each(7, [1, 300], Message::int).finish();
        assert_eq!(apart, [0x38, 1, 0x38, 0xac, 0x02]);
        for bytes in [&apart[..], &[0x3a, 3, 1, 0xac, 0x02]] {
            let mut ints = vec![];
            read(bytes).unwrap().iter().for_each(|field| field.ints(&mut ints).unwrap());
            assert_eq!(ints, [1, 300]);
        }
    }

    #[test]
    fn messages_within_each_other_are_counted() {
        let bytes =
            (0..3).fold(Message::default(), |inner, _| Message::default().message(1, &inner)).finish();
        let mut message = Reader::new("message", &bytes, &LIMITS);
        for _ in 0..2 {
            message = message.fields().next().unwrap().unwrap().message("part").unwrap();
        }
        let error = message.fields().next().unwrap().unwrap().message("part").err().unwrap().to_string();
        let wanted =
            "the part wants at most 3 levels of nesting, got 4; `run.limits.onnx_nesting` raises the limit";
        assert_eq!(error, wanted);
    }

    #[test]
    fn broken_messages_are_refused_with_their_place() {
        refused(&[0x12, 5, 0], "message at byte 2 wants 5 more bytes, got 1");
        refused(&[0x08], "message at byte 1 wants 1 more bytes, got 0");
        refused(&[0x0b], "message at byte 0 wants a wire type of 0, 1, 2 or 5, got 3");
        refused(&[0x00, 0x00], "message at byte 0 wants a field number, got 0");
        refused(
            &[0x08, 1, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            "message at byte 3 wants a number of at most 64 bits, got a longer one",
        );
        refused(
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "message at byte 11 wants 18446744073709551615 more bytes, got 0",
        );
        let field = read(&[0x08, 1]).unwrap()[0];
        assert_eq!(
            field.text().err().unwrap().to_string(),
            "message field 1 at byte 0 wants bytes, got a varint"
        );
    }
}
