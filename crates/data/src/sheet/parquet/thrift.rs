//! Thrift's compact protocol, as far as the metadata of Parquet use it.

use std::collections::BTreeMap;

/// The types of the protocol that have a name here.
pub(super) const STRUCT: u8 = 12;

/// How deep values may lie in each other; Parquet's lie 7 deep.
const DEPTH: usize = 16;

/// A value of some metadata.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Thrift<'a> {
    Integer(i64),
    /// Text, other bytes, and numbers that are none, as they are written: nobody asks for them.
    Opaque(&'a [u8]),
    /// The type of all its values, and they.
    List(u8, Vec<Thrift<'a>>),
    /// Fields by their number, each with its type.
    Struct(BTreeMap<i64, (u8, Thrift<'a>)>),
}

impl<'a> Thrift<'a> {
    /// A struct at the start of some bytes, and how many bytes it takes; `None` where there is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Thrift<'a>, usize)> {
        let mut cursor = Cursor { rest: bytes };
        let value = cursor.structure(DEPTH)?;
        Some((value, bytes.len() - cursor.rest.len()))
    }

    /// A field of a struct.
    pub(super) fn field(&self, number: i64) -> Option<&Thrift<'a>> {
        if let Thrift::Struct(fields) = self { fields.get(&number).map(|(_, value)| value) } else { None }
    }

    /// The same to be changed.
    pub(super) fn field_mut(&mut self, number: i64) -> Option<&mut Thrift<'a>> {
        if let Thrift::Struct(fields) = self { fields.get_mut(&number).map(|(_, value)| value) } else { None }
    }

    /// The whole number in a field of a struct.
    pub(super) fn integer(&self, number: i64) -> Option<i64> {
        if let Thrift::Integer(value) = self.field(number)? { Some(*value) } else { None }
    }

    /// The values in a field that is a list; none where it is not there.
    pub(super) fn list(&self, number: i64) -> &[Thrift<'a>] {
        if let Some(Thrift::List(_, values)) = self.field(number) { values } else { &[] }
    }

    /// Appends the bytes of a value of a type: those that it was read from, if none of them was longer than it has to be.
    pub(super) fn write(&self, kind: u8, out: &mut Vec<u8>) {
        match self {
            Thrift::Integer(value) if kind == 3 => out.push(*value as u8),
            Thrift::Integer(value) => write_zigzag(*value, out),
            Thrift::Opaque(bytes) => out.extend_from_slice(bytes),
            Thrift::List(kind, values) => {
                match u8::try_from(values.len()).ok().filter(|count| *count < 15) {
                    Some(count) => out.push(count << 4 | kind),
                    None => {
                        out.push(0xf0 | kind);
                        write_varint(values.len() as u64, out);
                    }
                }
                values.iter().for_each(|value| value.write(*kind, out));
            }
            Thrift::Struct(fields) => {
                for (number, (kind, value)) in fields {
                    out.push(*kind); // with a step of zero the number itself follows
                    write_zigzag(*number, out);
                    value.write(*kind, out);
                }
                out.push(0);
            }
        }
    }
}

/// Groups of seven bits, the lowest first.
fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write_zigzag(value: i64, out: &mut Vec<u8>) {
    write_varint(((value << 1) ^ (value >> 63)).cast_unsigned(), out);
}

/// What is still to be read.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn opaque(&mut self, count: usize) -> Option<Thrift<'a>> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(Thrift::Opaque(bytes))
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

    fn structure(&mut self, depth: usize) -> Option<Thrift<'a>> {
        let (mut fields, mut number) = (BTreeMap::new(), 0i64);
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(Thrift::Struct(fields));
            }
            let (step, kind) = (i64::from(head >> 4), head & 0x0f);
            number = if step == 0 { self.zigzag()? } else { number.checked_add(step)? };
            fields.insert(number, (kind, self.value(kind, depth.checked_sub(1)?, false)?));
        }
    }

    /// A value of the type that the protocol gives this number; a boolean takes a byte in a list alone.
    fn value(&mut self, kind: u8, depth: usize, in_list: bool) -> Option<Thrift<'a>> {
        match kind {
            1 | 2 => self.opaque(usize::from(in_list)),
            3 => self.byte().map(|byte| Thrift::Integer((byte as i8).into())),
            4..=6 => self.zigzag().map(Thrift::Integer),
            7 => self.opaque(8),
            8 => {
                let before = self.rest;
                let length = usize::try_from(self.varint()?).ok()?;
                self.opaque(length)?;
                Some(Thrift::Opaque(&before[..before.len() - self.rest.len()]))
            }
            9 | 10 => self.list(depth.checked_sub(1)?),
            STRUCT => self.structure(depth),
            _ => None, // no field of Parquet is a map
        }
    }

    fn list(&mut self, depth: usize) -> Option<Thrift<'a>> {
        let head = self.byte()?;
        let (kind, count) = (head & 0x0f, if head >> 4 == 15 { self.varint()? } else { (head >> 4).into() });
        // Each value takes a byte at least.
        if count > self.rest.len() as u64 {
            return None;
        }
        let values = (0..count).map(|_| self.value(kind, depth, true)).collect::<Option<Vec<_>>>()?;
        Some(Thrift::List(kind, values))
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
        assert_eq!(value.field(2), Some(&Thrift::Opaque(&[2, b'a', b'b'])));
        assert_eq!(value.list(20), [Thrift::Integer(1), Thrift::Integer(2)]);
        assert_eq!(value.field(22).unwrap().integer(1), Some(300));
        assert_eq!((value.integer(2), value.integer(3), value.list(1).len()), (None, None, 0));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let mut bytes = vec![];
        let numbers = (0..20).map(|power| Thrift::Integer(-(3i64.pow(power)))).collect();
        let inner = Thrift::Struct([(1, (6, Thrift::Integer(i64::MIN)))].into());
        let fields = [
            (1, (5, Thrift::Integer(-3))),
            (2, (8, Thrift::Opaque(&[2, b'a', b'b']))),
            (3, (3, Thrift::Integer(-7))),
            (4, (7, Thrift::Opaque(&[9; 8]))),
            (20, (9, Thrift::List(6, numbers))),
            (21, (1, Thrift::Opaque(&[]))),
            (300, (9, Thrift::List(STRUCT, vec![inner.clone(), inner]))),
            (301, (9, Thrift::List(1, vec![Thrift::Opaque(&[1]), Thrift::Opaque(&[2])]))),
        ];
        let value = Thrift::Struct(fields.into());
        value.write(STRUCT, &mut bytes);
        assert_eq!(Thrift::read(&bytes), Some((value, bytes.len())));
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
