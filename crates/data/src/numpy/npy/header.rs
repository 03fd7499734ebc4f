//! The header of a .npy file: a dictionary of Python with three keys, and nothing that is more than that.

use super::dtype::Dtype;
use crate::error::quoted;
use crate::numpy::bytes::Bytes;
use crate::refusal::Refusal;

/// NumPy has no arrays of more dimensions.
const MOST_DIMENSIONS: usize = 64;

/// What the elements are and how they lie.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) dtype: Dtype,
    pub(super) is_fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// The header, and the bytes behind it.
pub(super) fn read(bytes: &[u8]) -> Result<(Header, &[u8]), Refusal> {
    let mut left = Bytes(bytes);
    if left.take(6) != Some(b"\x93NUMPY") {
        let first = String::from_utf8_lossy(bytes.get(..6).unwrap_or(bytes));
        let got = format!("{}; `np.save` writes such files", quoted(&first));
        return Err(Refusal::new("a NumPy file, which starts with `\\x93NUMPY`", got));
    }
    let cut = || Refusal::new("a whole header", "a file that was cut short");
    let length = match left.take(2).ok_or_else(cut)? {
        [1, 0] => left.u16().map(u32::from),
        [2 | 3, 0] => left.u32(),
        version => {
            let got = version.iter().map(u8::to_string).collect::<Vec<_>>().join(".");
            return Err(Refusal::new("format 1.0, 2.0 or 3.0 of NumPy", got));
        }
    };
    let text = length.and_then(|length| left.take(length as usize)).ok_or_else(cut)?;
    Ok((Words(text).header()?, left.0))
}

/// What of the header has not been read yet. Bytes, because format 1.0 is Latin-1 and 3.0 is UTF-8; what
/// counts is ASCII.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn header(&mut self) -> Result<Header, Refusal> {
        let (mut dtype, mut is_fortran, mut shape) = (None, None, None);
        self.want(b'{')?;
        while !self.eat(b'}') {
            let key = self.text()?;
            self.want(b':')?;
            let is_new = match key {
                b"descr" => dtype.replace(self.dtype()?).is_none(),
                b"fortran_order" => is_fortran.replace(self.flag()?).is_none(),
                b"shape" => shape.replace(self.shape()?).is_none(),
                _ => false,
            };
            if !is_new {
                return Err(refused(key));
            }
            if !self.eat(b',') {
                self.want(b'}')?;
                break;
            }
        }
        self.blanks();
        match (dtype, is_fortran, shape) {
            (Some(dtype), Some(is_fortran), Some(shape)) if self.0.is_empty() => {
                Ok(Header { dtype, is_fortran, shape })
            }
            _ => Err(refused(self.0)),
        }
    }

    fn dtype(&mut self) -> Result<Dtype, Refusal> {
        self.blanks();
        if let Some(b'[' | b'(') = self.0.first() {
            let got = format!("fields: {}; save each by itself: `array[\"name\"]`", shown(self.0));
            return Err(Refusal::new("elements of one kind", got));
        }
        Dtype::parse(&String::from_utf8_lossy(self.text()?))
    }

    fn flag(&mut self) -> Result<bool, Refusal> {
        self.blanks();
        for (word, flag) in [(&b"True"[..], true), (b"False", false)] {
            if let Some(left) = self.0.strip_prefix(word) {
                self.0 = left;
                return Ok(flag);
            }
        }
        Err(refused(self.0))
    }

    /// A tuple: `()`, `(3,)`, `(3, 4)`.
    fn shape(&mut self) -> Result<Vec<usize>, Refusal> {
        self.want(b'(')?;
        let mut shape = vec![];
        while !self.eat(b')') {
            shape.push(self.size()?);
            let is_more = self.eat(b',');
            if !is_more && shape.len() == 1 {
                return Err(refused(self.0)); // `(3)` is no tuple
            }
            if !is_more {
                self.want(b')')?;
                break;
            }
        }
        match shape.len() <= MOST_DIMENSIONS {
            true => Ok(shape),
            false => {
                Err(Refusal::new(format!("at most {MOST_DIMENSIONS} dimensions"), shape.len().to_string()))
            }
        }
    }

    /// Digits; Python 2 wrote an `L` behind them.
    fn size(&mut self) -> Result<usize, Refusal> {
        self.blanks();
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, left) = self.0.split_at(count);
        let size = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        let size = size.ok_or_else(|| refused(self.0))?;
        self.0 = left.strip_prefix(b"L").unwrap_or(left);
        Ok(size)
    }

    /// What stands in quotes of either kind. NumPy writes no backslash into what is read here.
    fn text(&mut self) -> Result<&'a [u8], Refusal> {
        self.blanks();
        let whole = self.0;
        let (Some(quote @ (b'\'' | b'"')), Some(rest)) = (whole.first(), whole.get(1..)) else {
            return Err(refused(whole));
        };
        let end = rest.iter().position(|byte| byte == quote);
        let (text, left) = end.and_then(|end| rest.split_at_checked(end)).ok_or_else(|| refused(whole))?;
        self.0 = left.get(1..).unwrap_or_default();
        Ok(text)
    }

    fn want(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.eat(byte) { Ok(()) } else { Err(refused(self.0)) }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_there = self.0.first() == Some(&byte);
        self.0 = self.0.get(usize::from(is_there)..).unwrap_or_default();
        is_there
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }
}

/// A refusal of a header at this place.
fn refused(at: &[u8]) -> Refusal {
    let wants = "a header with `descr`, `fortran_order` and `shape`, as NumPy writes it";
    let got = if at.is_empty() { "its end".to_owned() } else { shown(at) };
    Refusal::new(wants, got)
}

fn shown(bytes: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(bytes.get(..64).unwrap_or(bytes)))
}
