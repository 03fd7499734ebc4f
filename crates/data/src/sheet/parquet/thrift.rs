//! Thrift's compact protocol, as far as the metadata of Parquet use it.

use std::collections::BTreeMap;

/// How deep values may lie in each other; Parquet's lie 7 deep.
const DEPTH: usize = 16;

/// A value of some metadata.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Thrift {
    Integer(i64),
    /// Text, other bytes, and numbers that are none: nobody asks for them.
    Opaque,
    List(Vec<Thrift>),
    /// Fields by their number.
    Struct(BTreeMap<i64, Thrift>),
}

impl Thrift {
    /// A struct at the start of some bytes, and how many bytes it takes; `None` where there is none.
    pub(super) fn read(bytes: &[u8]) -> Option<(Thrift, usize)> {
        let mut cursor = Cursor { rest: bytes };
        let value = cursor.structure(DEPTH)?;
        Some((value, bytes.len() - cursor.rest.len()))
    }

    /// A field of a struct.
    pub(super) fn field(&self, number: i64) -> Option<&Thrift> {
        if let Thrift::Struct(fields) = self { fields.get(&number) } else { None }
    }

    /// The whole number in a field of a struct.
    pub(super) fn integer(&self, number: i64) -> Option<i64> {
        if let Thrift::Integer(value) = self.field(number)? { Some(*value) } else { None }
    }

    /// The values in a field that is a list; none where it is not there.
    pub(super) fn list(&self, number: i64) -> &[Thrift] {
        if let Some(Thrift::List(values)) = self.field(number) { values } else { &[] }
    }
}

/// What is still to be read.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    /// A number in groups of seven bits, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// 0, -1, 1, -2 and so on.
    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn structure(&mut self, depth: usize) -> Option<Thrift> {
        let (mut fields, mut number) = (BTreeMap::new(), 0i64);
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(Thrift::Struct(fields));
            }
            let step = i64::from(head >> 4);
            number = if step == 0 { self.zigzag()? } else { number.checked_add(step)? };
            fields.insert(number, self.value(head & 0x0f, depth.checked_sub(1)?, false)?);
        }
    }

    /// A value of the type that the protocol gives this number; a boolean takes a byte in a list alone.
    fn value(&mut self, kind: u8, depth: usize, in_list: bool) -> Option<Thrift> {
        match kind {
            1 | 2 if in_list => self.byte().map(|_| Thrift::Opaque),
            1 | 2 => Some(Thrift::Opaque),
            3 => self.byte().map(|byte| Thrift::Integer((byte as i8).into())),
            4..=6 => self.zigzag().map(Thrift::Integer),
            7 => self.skip(8).map(|()| Thrift::Opaque),
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.skip(length).map(|()| Thrift::Opaque)
            }
            9 | 10 => self.list(depth.checked_sub(1)?),
            12 => self.structure(depth),
            _ => None, // no field of Parquet is a map
        }
    }

    fn list(&mut self, depth: usize) -> Option<Thrift> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { (head >> 4).into() };
        // Each value takes a byte at least.
        if count > self.rest.len() as u64 {
            return None;
        }
        (0..count).map(|_| self.value(head & 0x0f, depth, true)).collect::<Option<Vec<_>>>().map(Thrift::List)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_its_fields() {
        // 1: i32 -3; 2: "ab"; 20: list of two i64; 21: true; 22: { 1: i64 300 }
        let bytes =
            [0x15, 5, 0x18, 2, b'a', b'b', 0x09, 40, 0x26, 2, 4, 0x11, 0x1c, 0x16, 0xd8, 0x04, 0, 0, 99];
        let (value, length) = Thrift::read(&bytes).unwrap();
        assert_eq!(length, bytes.len() - 1);
        assert_eq!(value.integer(1), Some(-3));
        assert_eq!(value.field(2), Some(&Thrift::Opaque));
        assert_eq!(value.list(20), [Thrift::Integer(1), Thrift::Integer(2)]);
        assert_eq!(value.field(22).unwrap().integer(1), Some(300));
        assert_eq!((value.integer(2), value.integer(3), value.list(1).len()), (None, None, 0));
    }

    #[test]
    fn what_is_cut_or_endless_is_none() {
        let bytes = [0x15, 5, 0x18, 2, b'a', b'b', 0];
        (0..bytes.len()).for_each(|end| assert_eq!(Thrift::read(&bytes[..end]), None, "{end}"));
        assert_eq!(Thrift::read(&[0x1c; 1000]), None); // structs in structs
        assert_eq!(Thrift::read(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f]), None); // four billion numbers
        assert_eq!(Thrift::read(&[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
