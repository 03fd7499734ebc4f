//! Which encoding bytes are in.

use std::io::{self, Read};

use encoding_rs::{EUC_KR, UTF_8};

use super::decoder::Decoder;
use crate::config::Encoding;

/// How many bytes are looked at to tell an encoding by how often some stand there; so many are read in one go.
pub(super) const LOOKED_AT: usize = 1 << 16;

/// The encoding that bytes can be in; none where it would have to be guessed.
pub(super) fn of(bytes: &[u8]) -> Option<Encoding> {
    told(&mut { bytes }).ok().flatten()
}

/// The same of whatever there is to read.
pub(super) fn told(reader: &mut dyn Read) -> io::Result<Option<Encoding>> {
    let (mut traces, mut bytes) = (Traces::default(), vec![]);
    loop {
        bytes.clear();
        let is_last = reader.take(LOOKED_AT as u64).read_to_end(&mut bytes)? < LOOKED_AT;
        traces.look(&bytes, is_last);
        if is_last {
            return Ok(traces.encoding());
        }
    }
}

/// What is seen of bytes, piece by piece, to tell their encoding.
struct Traces {
    len: usize,
    /// The first of them.
    first: Vec<u8>,
    /// Those whose rules they follow so far.
    utf8: Option<Decoder>,
    cp949: Option<Decoder>,
    /// The first byte of a pair of CP949, and how many pairs are common syllables and how many are others.
    lead: Option<u8>,
    syllables: usize,
    others: usize,
    /// How many are no ASCII, and whether one is none that Latin-1 gives a letter.
    above: usize,
    has_unused: bool,
}

impl Default for Traces {
    fn default() -> Traces {
        let (utf8, cp949) = (Some(Decoder::by(UTF_8)), Some(Decoder::by(EUC_KR)));
        let (len, first, lead, syllables, others) = (0, vec![], None, 0, 0);
        Traces { len, first, utf8, cp949, lead, syllables, others, above: 0, has_unused: false }
    }
}

impl Traces {
    /// Looks at the bytes that come next.
    fn look(&mut self, bytes: &[u8], is_last: bool) {
        self.len += bytes.len();
        let first = bytes.len().min(LOOKED_AT - self.first.len());
        self.first.extend_from_slice(&bytes[..first]);
        for rules in [&mut self.utf8, &mut self.cp949] {
            if rules.as_mut().is_some_and(|rules| rules.write(bytes, is_last, &mut vec![]).is_err()) {
                *rules = None;
            }
        }
        for &byte in bytes {
            self.above += usize::from(byte > 0x7f);
            self.has_unused |= matches!(byte, 0x80..=0x9f);
            self.pair(byte);
        }
    }

    /// Pairs of b0 to c8 and a1 to fe are the common syllables of Korean.
    fn pair(&mut self, byte: u8) {
        match (self.lead.take(), byte) {
            (None, 0x00..=0x7f) => {}
            (None, _) => self.lead = Some(byte),
            (Some(0xb0..=0xc8), 0xa1..=0xfe) => self.syllables += 1,
            (Some(_), _) => self.others += 1,
        }
    }

    /// The encoding that the bytes can be in, the likeliest first; none where each of them would have to be guessed.
    ///
    /// UTF-8 and CP949 prove themselves: text in other encodings hardly ever follows their rules for long. UTF-16 has a
    /// mark, or a zero in every second byte of its spaces and digits. Latin-1 has no rules but 32 bytes that no text
    /// uses.
    fn encoding(&self) -> Option<Encoding> {
        let is_cp949 = self.cp949.is_some() && self.syllables > self.others;
        let is_latin1 = self.above * 3 < self.len && !self.has_unused;
        match () {
            () if marks(&self.first) || self.is_utf16() => Some(Encoding::Utf16),
            () if self.utf8.is_some() => Some(Encoding::Utf8),
            () if is_cp949 => Some(Encoding::Cp949),
            () if is_latin1 => Some(Encoding::Latin1),
            () => None,
        }
    }

    /// Whether zeros stand as text in Latin letters has them in UTF-16: in a fifth of all pairs and on one side alone.
    fn is_utf16(&self) -> bool {
        let [even, odd] = zeros(&self.first);
        let pairs = self.first.len() / 2;
        self.len.is_multiple_of(2) && even.max(odd) * 5 > pairs && even.min(odd) * 100 < pairs
    }
}

/// Whether bytes start with the mark of UTF-16.
fn marks(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// How many of the even and of the odd bytes are zero.
pub(super) fn zeros(bytes: &[u8]) -> [usize; 2] {
    [0, 1].map(|first| bytes.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count())
}
