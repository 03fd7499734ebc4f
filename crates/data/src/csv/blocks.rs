//! A text read piece by piece, each of whole records.

use std::io::{self, Read};
use std::ops::Range;

use super::Dialect;

/// How much is read in one go.
pub(super) const BLOCK_BYTES: usize = 4 << 20;

/// How much of it one thread cuts into records.
const PART_BYTES: usize = 1 << 18;

/// No piece is longer, whatever its records look like.
const MOST_BYTES: usize = 1 << 27;

/// The bytes that come next, and those of them that are whole records.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// How many belong to whole records.
    whole: usize,
    pub(super) is_last: bool,
}

impl Block {
    /// The whole records, if they are text.
    pub(super) fn text(&self) -> Option<&str> {
        let whole = &self.bytes[..self.whole];
        std::str::from_utf8(whole).ok().filter(|text| !text.as_bytes().contains(&0))
    }

    /// Goes on behind another block. What is too long for one, or ends within quotes, stays a block without whole records.
    pub(super) fn read_behind(
        &mut self,
        before: &Block,
        reader: &mut dyn Read,
        dialect: Dialect,
    ) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend_from_slice(&before.bytes[before.whole..]);
        self.whole = 0;
        while self.whole == 0 && !self.is_last && self.bytes.len() < MOST_BYTES {
            let read = reader.take(BLOCK_BYTES as u64).read_to_end(&mut self.bytes)?;
            self.is_last = read < BLOCK_BYTES;
            self.whole = if self.is_last { self.bytes.len() } else { end(&self.bytes, dialect) };
        }
        Ok(())
    }
}

/// Where the last whole record ends.
fn end(bytes: &[u8], dialect: Dialect) -> usize {
    ends(bytes, dialect).last().unwrap_or_default()
}

/// Where records end, a part of a text apart; of a text without quotes, where lines do.
fn ends(bytes: &[u8], dialect: Dialect) -> impl Iterator<Item = usize> {
    let quote = dialect.quote.filter(|quote| bytes.contains(quote));
    let (mut at, mut last, mut is_quoted) = (0, 0, false);
    std::iter::from_fn(move || {
        if quote.is_none() {
            at = (last + PART_BYTES).min(bytes.len());
            let next = bytes[at..].iter().position(|byte| *byte == b'\n').map(|end| at + end + 1);
            let behind = || bytes[last..at].iter().rposition(|byte| *byte == b'\n').map(|end| last + end + 1);
            last = next.or_else(behind)?;
            return Some(last);
        }
        let mut end = None;
        while let Some(byte) = bytes.get(at) {
            is_quoted ^= Some(*byte) == quote;
            at += 1;
            if *byte == b'\n' && !is_quoted {
                end = Some(at);
                if at - last >= PART_BYTES {
                    break;
                }
            }
        }
        last = end?;
        Some(last)
    })
}

/// Parts of a text of whole records, each of whole records too.
pub(super) fn parts(text: &str, begin: usize, dialect: Dialect) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (vec![], begin);
    for end in ends(&text.as_bytes()[begin..], dialect).map(|end| begin + end) {
        parts.push(start..end);
        start = end;
    }
    // The last record of a file may end without a line end.
    if start < text.len() {
        parts.push(start..text.len());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_where_records_do() {
        let line = |row: usize| format!("{row},\"a\nb \"\" c\",d\n");
        let text: String = (0..60_000).map(line).collect();
        let first = 2;
        for (text, dialect) in [
            (text.clone(), Dialect::default()),
            (text.replace('"', ""), Dialect::default()),
            (text.trim_end().to_owned(), Dialect::default()),
            (text, Dialect { quote: None, ..Dialect::default() }),
        ] {
            let parts = parts(&text, first, dialect);
            assert!(parts.len() > 2);
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (first, text.len()));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            for part in &parts[..parts.len() - 1] {
                let quotes = text[first..part.end].bytes().filter(|byte| *byte == b'"').count();
                let is_end = dialect.quote.is_none() || quotes.is_multiple_of(2);
                assert!(text[..part.end].ends_with('\n') && is_end, "{part:?} {quotes}");
            }
        }
    }
}
