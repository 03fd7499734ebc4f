use std::borrow::Cow;

use baeum_core::Limits;

use super::CsvFormat;
use super::split::Records;

/// How the fields of a table stand in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) header: bool,
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect { header: true, delimiter: b',', quote: Some(b'"') }
    }
}

/// What usually stands between two fields, most usual first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// How many records tell the delimiter.
const LOOKED_AT: usize = 64;

impl Dialect {
    /// What the format says, and what the first part of the text tells where it says nothing.
    pub(super) fn of(format: &CsvFormat, text: &str, is_part: bool) -> Dialect {
        // Cutting at a byte of a longer character would cut text in the middle of one.
        let ascii = |c: char| u8::try_from(c).ok().filter(u8::is_ascii);
        let quote = format.quote.and_then(ascii);
        let with = |delimiter| Dialect { header: format.header, delimiter, quote };
        let told = || DELIMITERS.into_iter().map(with).find(|dialect| dialect.cuts_evenly(text, is_part));
        format.delimiter.and_then(ascii).map(with).or_else(told).unwrap_or(with(b','))
    }

    /// Whether the first records have equally many fields, and more than one.
    fn cuts_evenly(self, text: &str, is_part: bool) -> bool {
        let limits = Limits::default();
        let mut records = Records::new("", text, self, &limits).part(is_part);
        let mut fields = vec![];
        for _ in 0..LOOKED_AT {
            match records.next(&mut fields) {
                Ok(Some(_)) if fields.len() > 1 => {}
                Ok(None) => return records.is_behind_first(),
                Ok(Some(_)) | Err(_) => return false,
            }
        }
        true
    }

    /// What a field says, without its quotes.
    pub(crate) fn unquote(self, field: &str) -> Cow<'_, str> {
        let Some(quote) = self.quote.map(char::from) else { return Cow::Borrowed(field) };
        match field.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            Some(inner) if inner.contains(quote) => {
                Cow::Owned(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
            }
            Some(inner) => Cow::Borrowed(inner),
            None => Cow::Borrowed(field),
        }
    }

    /// The delimiter as a message shows it.
    pub(super) fn delimiter_shown(self) -> String {
        format!("`{}`", char::from(self.delimiter).escape_debug())
    }
}
