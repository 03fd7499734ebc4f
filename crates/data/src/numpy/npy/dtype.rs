//! What the elements of an array are, and how they are read.

use super::Values;
use crate::error::quoted;
use crate::refusal::Refusal;

/// The kind of the elements, and the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dtype {
    kind: Kind,
    /// Whether the highest byte comes first.
    is_big: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
    /// Text of so many bytes.
    Bytes(usize),
    /// Text of so many letters, four bytes each.
    Letters(usize),
}

/// The letters of the kinds that have one size, as NumPy writes them.
const KINDS: [(&str, Kind); 12] = [
    ("b1", Kind::Bool),
    ("u1", Kind::U8),
    ("u2", Kind::U16),
    ("u4", Kind::U32),
    ("u8", Kind::U64),
    ("i1", Kind::I8),
    ("i2", Kind::I16),
    ("i4", Kind::I32),
    ("i8", Kind::I64),
    ("f2", Kind::F16),
    ("f4", Kind::F32),
    ("f8", Kind::F64),
];

impl Dtype {
    /// Reads a type such as `<f8`: the order of the bytes, the kind, the size.
    pub(super) fn parse(text: &str) -> Result<Dtype, Refusal> {
        let (kind, order) = match text.as_bytes() {
            [order @ (b'<' | b'>' | b'|'), ..] => (text.get(1..).unwrap_or_default(), *order),
            _ => return Err(refused(text)),
        };
        let kind = Kind::parse(kind).ok_or_else(|| refused(text))?;
        let dtype = Dtype { kind, is_big: order == b'>' };
        let has_order = order != b'|' || matches!(kind, Kind::Bytes(_)) || dtype.size() == 1;
        match has_order && (1..=i32::MAX as usize).contains(&dtype.size()) {
            true => Ok(dtype),
            false => Err(refused(text)),
        }
    }

    /// How many bytes an element has, at least 1.
    pub(super) fn size(self) -> usize {
        match self.kind {
            Kind::Bool | Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 | Kind::F16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
            Kind::Bytes(width) => width,
            Kind::Letters(width) => width.saturating_mul(4),
        }
    }

    /// Reads all elements, in the order in which they lie.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Values, Refusal> {
        let is_big = self.is_big;
        Ok(match self.kind {
            Kind::Bool => Values::Integers(each(bytes.iter(), |&byte| flag(byte))?),
            Kind::U8 => Values::Bytes(bytes.to_vec()),
            Kind::U16 => integers(words(bytes, is_big).map(u16::from_le_bytes)),
            Kind::U32 => integers(words(bytes, is_big).map(u32::from_le_bytes)),
            Kind::U64 => {
                Values::Integers(each(words(bytes, is_big), |word| signed(u64::from_le_bytes(word)))?)
            }
            Kind::I8 => integers(words(bytes, is_big).map(i8::from_le_bytes)),
            Kind::I16 => integers(words(bytes, is_big).map(i16::from_le_bytes)),
            Kind::I32 => integers(words(bytes, is_big).map(i32::from_le_bytes)),
            Kind::I64 => integers(words(bytes, is_big).map(i64::from_le_bytes)),
            Kind::F16 => numbers(words(bytes, is_big).map(u16::from_le_bytes).map(half)),
            Kind::F32 => numbers(words(bytes, is_big).map(f32::from_le_bytes)),
            Kind::F64 => numbers(words(bytes, is_big).map(f64::from_le_bytes)),
            Kind::Bytes(_) => Values::Texts(each(bytes.chunks_exact(self.size()), utf8)?),
            Kind::Letters(_) => {
                Values::Texts(each(bytes.chunks_exact(self.size()), |cell| letters(cell, is_big))?)
            }
        })
    }
}

impl Kind {
    fn parse(text: &str) -> Option<Kind> {
        if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == text) {
            return Some(*kind);
        }
        let width =
            |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok());
        match text.split_at_checked(1)? {
            ("S", digits) => width(digits).flatten().map(Kind::Bytes),
            ("U", digits) => width(digits).flatten().map(Kind::Letters),
            _ => None,
        }
    }
}

/// Why a type cannot be read, and what to save instead.
fn refused(text: &str) -> Refusal {
    let letter = text.trim_start_matches(['<', '>', '|', '=']).chars().next();
    let way_out = match letter {
        Some('O') => "Python objects; save `array.astype(float)` or `array.astype(str)`",
        Some('c') => "complex numbers; save `array.real` and `array.imag` by themselves",
        Some('M' | 'm') => "dates or times; save `array.astype(str)`, or `array.astype(\"int64\")`",
        Some('f') => "floats of a rare size; save `array.astype(\"float64\")`",
        Some('V') => "raw bytes; save `array.view(\"uint8\")`",
        Some('T') => "text of any width; save `array.astype(\"U\")`",
        _ => "save `array.astype(float)` or `array.astype(str)`",
    };
    let wants = "bool, integers or floats of 8 to 64 bits, or text of a fixed width (`S`, `U`)";
    Refusal::new(wants, format!("{}: {way_out}", quoted(text)))
}

/// Words of `N` bytes, the lowest byte first whatever the order in the file.
fn words<const N: usize>(bytes: &[u8], is_big: bool) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().map(move |word| {
        let mut word = *word;
        if is_big {
            word.reverse();
        }
        word
    })
}

fn integers<T: Into<i64>>(values: impl Iterator<Item = T>) -> Values {
    Values::Integers(values.map(Into::into).collect())
}

fn numbers<T: Into<f64>>(values: impl Iterator<Item = T>) -> Values {
    Values::Numbers(values.map(Into::into).collect())
}

/// Reads elements that may be refused; the refusal says which one it was.
fn each<T, U>(
    items: impl Iterator<Item = T>,
    read: impl Fn(T) -> Result<U, Refusal>,
) -> Result<Vec<U>, Refusal> {
    let placed = |(place, item)| {
        read(item).map_err(|refusal| {
            let got = format!("{}, element {} of the file", refusal.got, place + 1);
            Refusal { got, ..refusal }
        })
    };
    items.enumerate().map(placed).collect()
}

fn flag(byte: u8) -> Result<i64, Refusal> {
    match byte {
        0 | 1 => Ok(byte.into()),
        other => Err(Refusal::new("0 or 1 for a bool", other.to_string())),
    }
}

fn signed(value: u64) -> Result<i64, Refusal> {
    let wants = || format!("integers of at most {}", i64::MAX);
    i64::try_from(value).map_err(|_| Refusal::new(wants(), value.to_string()))
}

/// A number of IEEE 754 with 5 bits of exponent and 10 of fraction; each is an `f64` exactly.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    let power = |exponent: u16| f64::from_bits(u64::from(exponent + 1008) << 52); // 2^(exponent - 15)
    let size = match (bits >> 10) & 0x1f {
        0 => fraction * power(1),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1.0 + fraction) * power(exponent),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The text without the zeros behind it.
fn utf8(cell: &[u8]) -> Result<String, Refusal> {
    let end = cell.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let text = cell.get(..end).unwrap_or_default();
    str::from_utf8(text).map(str::to_owned).map_err(|_| {
        let got = format!("{}; decode it and save it as `U`", quoted(&String::from_utf8_lossy(text)));
        Refusal::new("text in UTF-8", got)
    })
}

/// The letters without the zeros behind them.
fn letters(cell: &[u8], is_big: bool) -> Result<String, Refusal> {
    let letter = |code: u32| {
        char::from_u32(code)
            .ok_or_else(|| Refusal::new("letters of Unicode", format!("the number {code:#x}")))
    };
    let text: String = words(cell, is_big).map(u32::from_le_bytes).map(letter).collect::<Result<_, _>>()?;
    Ok(text.trim_end_matches('\0').to_owned())
}
