//! From text to records and fields, as RFC 4180 has them, and nothing looser than that.
//!
//! Whatever passes here means the same to every reader of CSV: quotes only around whole fields, doubled
//! inside; lines that end in LF or CRLF; the same number of fields in each record; no blank lines.

use std::ops::Range;

use baeum_core::{Limit, Limits};

use super::Dialect;
use crate::DataError;
use crate::error::quoted;

/// The records of one text.
pub(super) struct Records<'a> {
    file: &'a str,
    text: &'a str,
    dialect: Dialect,
    limits: &'a Limits,
    /// Where the next field starts.
    at: usize,
    /// Where the record starts that was read last.
    start: usize,
    /// The number of the next record: 0 for the header, rows from 1.
    row: usize,
    /// How many fields the first record had.
    columns: Option<usize>,
    /// Whether more of the text is to come behind this part of it.
    is_part: bool,
    /// Whether a NUL stands in the text, which is none then.
    has_nul: bool,
}

/// What follows a field.
enum End {
    Field,
    Record,
    Text,
}

/// What breaks a field.
enum Broken {
    Unclosed,
    BehindQuote(usize),
    InnerQuote,
    LoneReturn(usize),
}

impl<'a> Records<'a> {
    pub(super) fn new(file: &'a str, text: &'a str, dialect: Dialect, limits: &'a Limits) -> Records<'a> {
        Records {
            file,
            text,
            dialect,
            limits,
            at: 0,
            start: 0,
            row: usize::from(!dialect.header),
            columns: None,
            is_part: false,
            has_nul: false,
        }
    }

    /// The records of a text behind others, the first of this number; each has so many fields, if any was read.
    pub(super) fn behind(self, row: usize, columns: Option<usize>) -> Records<'a> {
        Records { row, columns, ..self }
    }

    /// The whole records of a text that goes on, perhaps, behind what is there of it.
    pub(super) fn part(self, is_part: bool) -> Records<'a> {
        Records { is_part, ..self }
    }

    /// The records of a text that may hold NULs; those that do are refused.
    pub(super) fn without_nul(self) -> Records<'a> {
        Records { has_nul: self.text.contains('\0'), ..self }
    }

    /// Where the record starts that was read last, or what is no whole one.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The text of a record that was read.
    pub(super) fn text(&self, place: Range<usize>) -> &'a str {
        &self.text[place]
    }

    /// The number of the next record.
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// Whether any record was read.
    pub(super) fn is_behind_first(&self) -> bool {
        self.columns.is_some()
    }

    /// How many blank lines are left, and nothing else. In a table of one column a blank line is a row.
    pub(super) fn blank_end(&self) -> usize {
        let rest = &self.text.as_bytes()[self.start..];
        let is_blank = self.columns.is_some_and(|columns| columns > 1);
        match is_blank && rest.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            true => rest.iter().filter(|byte| **byte == b'\n').count(),
            false => 0,
        }
    }

    /// Goes on behind the line in which the record starts that was refused; not if the end of that line is to come.
    pub(super) fn skip(&mut self) -> bool {
        let rest = &self.text[self.start..];
        let end = rest.find('\n').map(|end| end + 1).or((!self.is_part).then_some(rest.len()));
        if let Some(end) = end {
            self.at = self.at.max(self.start + end);
            self.row += 1;
        }
        end.is_some()
    }

    /// Puts the fields of the next record into `fields`, with their quotes, and gives its place; `None` at
    /// the end, and where the rest of it is to come.
    pub(super) fn next(&mut self, fields: &mut Vec<&'a str>) -> Result<Option<Range<usize>>, DataError> {
        fields.clear();
        let start = self.at;
        self.start = start;
        if start == self.text.len() || self.blank_end() > 0 {
            return Ok(None);
        }
        loop {
            let found = next_field(self.text, self.at, self.dialect);
            if self.is_part && is_open(&found, self.text) {
                self.admit_open(found.is_err(), fields.len() + 1)?;
                self.at = start;
                return Ok(None);
            }
            let (field, end) = found.map_err(|broken| self.broken(&broken, fields.len() + 1))?;
            fields.push(&self.text[field.clone()]);
            self.admit(field.len(), fields.len())?;
            self.at = match end {
                End::Field => field.end + 1,
                End::Record if self.text.as_bytes()[field.end] == b'\r' => field.end + 2,
                End::Record => field.end + 1,
                End::Text => field.end,
            };
            match end {
                End::Field => {}
                End::Record | End::Text => break,
            }
        }
        self.check_record(start..self.at, fields)?;
        self.row += 1;
        Ok(Some(start..self.at))
    }

    /// Compares a field whose end is to come with the limits; of a quoted one it may be that nobody has written its end.
    fn admit_open(&self, is_quoted: bool, field: usize) -> Result<(), DataError> {
        let (bytes, most) = (self.text.len() - self.at, self.limits.csv_field_bytes);
        if is_quoted && bytes as u64 > most {
            let got = format!("{most} bytes without one; `run.limits.csv_field_bytes` raises the limit");
            return Err(self.refuse(format!("field {field} to end with a quote"), got));
        }
        if self.row == 0 {
            self.admit_header(self.text.len() - self.start)?;
        }
        self.admit(bytes, field)
    }

    fn admit_header(&self, bytes: usize) -> Result<(), DataError> {
        let file = self.file;
        Ok(self.limits.admit(Limit::CsvHeaderBytes, format_args!("`{file}`"), bytes as u64)?)
    }

    /// Compares a field with the limits, and the record up to it.
    fn admit(&self, bytes: usize, fields: usize) -> Result<(), DataError> {
        if bytes as u64 <= self.limits.csv_field_bytes && fields as u64 <= self.limits.csv_columns {
            return Ok(());
        }
        let (file, row) = (self.file, self.row);
        self.limits.admit(
            Limit::CsvFieldBytes,
            format_args!("`{file}` row {row}, field {fields}"),
            bytes as u64,
        )?;
        Ok(self.limits.admit(Limit::CsvColumns, format_args!("`{file}` row {row}"), fields as u64)?)
    }

    fn check_record(&mut self, place: Range<usize>, fields: &[&str]) -> Result<(), DataError> {
        if self.row == 0 {
            self.admit_header(place.len())?;
        }
        if self.has_nul
            && let Some(field) = fields.iter().position(|field| field.contains('\0'))
        {
            let got = format!("a NUL in field {}; take it out, or save the file again", field + 1);
            return Err(self.refuse("text", got));
        }
        let columns = *self.columns.get_or_insert(fields.len());
        let wants = match columns {
            1 => "1 field".to_owned(),
            columns => format!("{columns} fields"),
        };
        match fields {
            [""] => Err(self.refuse(wants, "a blank line")),
            fields if fields.len() != columns => Err(self.refuse(wants, fields.len().to_string())),
            _ => Ok(()),
        }
    }

    fn broken(&self, broken: &Broken, field: usize) -> DataError {
        match broken {
            Broken::Unclosed => {
                self.refuse(format!("field {field} to end with a quote"), "the end of the file")
            }
            Broken::InnerQuote => self.refuse(
                format!("quotes around the whole of field {field}"),
                "one in its middle; write it twice and quote the field",
            ),
            Broken::BehindQuote(at) => {
                let line = self.text[*at..].lines().next().unwrap_or_default();
                self.refuse(format!("nothing behind the quote that ends field {field}"), quoted(line))
            }
            Broken::LoneReturn(_) => {
                self.refuse("a line that ends in LF or CRLF", "a lone CR; quote it, or save the file again")
            }
        }
    }

    fn refuse(&self, wants: impl Into<String>, got: impl Into<String>) -> DataError {
        DataError::Row { file: self.file.to_owned(), row: self.row, wants: wants.into(), got: got.into() }
    }
}

/// Puts the fields of a record that was checked before into `fields`, with their quotes.
pub(super) fn fields<'a>(record: &'a str, dialect: Dialect, fields: &mut Vec<&'a str>) {
    fields.clear();
    let mut at = 0;
    while let Ok((field, end)) = next_field(record, at, dialect) {
        at = field.end + 1;
        fields.push(&record[field]);
        match end {
            End::Field => {}
            End::Record | End::Text => return,
        }
    }
}

/// The field that starts at `at`, and what follows it.
fn next_field(text: &str, at: usize, dialect: Dialect) -> Result<(Range<usize>, End), Broken> {
    let bytes = text.as_bytes();
    let Dialect { delimiter, quote, .. } = dialect;
    let is_end = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
    let end = match (bytes.get(at), quote) {
        (Some(first), Some(quote)) if *first == quote => {
            let end = closing_quote(bytes, at + 1, quote).ok_or(Broken::Unclosed)? + 1;
            match bytes.get(end) {
                Some(byte) if !is_end(byte) => return Err(Broken::BehindQuote(end)),
                Some(_) | None => end,
            }
        }
        (Some(_) | None, _) => {
            let rest = &bytes[at..];
            let len = rest.iter().position(|byte| is_end(byte) || Some(*byte) == quote).unwrap_or(rest.len());
            at + len
        }
    };
    match &bytes[end..] {
        [] => Ok((at..end, End::Text)),
        [byte, ..] if Some(*byte) == quote => Err(Broken::InnerQuote),
        [b'\n', ..] | [b'\r', b'\n', ..] => Ok((at..end, End::Record)),
        [b'\r', ..] => Err(Broken::LoneReturn(end)),
        [_, ..] => Ok((at..end, End::Field)),
    }
}

/// Whether a field goes on, perhaps, behind the end of a text.
fn is_open(field: &Result<(Range<usize>, End), Broken>, text: &str) -> bool {
    match field {
        Ok((_, End::Text)) | Err(Broken::Unclosed) => true,
        Err(Broken::LoneReturn(at)) => at + 1 == text.len(),
        Ok((_, End::Field | End::Record)) | Err(Broken::BehindQuote(_) | Broken::InnerQuote) => false,
    }
}

/// The quote that ends a field, from `at` on; two in a row stand for one inside.
fn closing_quote(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        at += bytes[at..].iter().position(|&byte| byte == quote)?;
        match bytes.get(at + 1) {
            Some(next) if *next == quote => at += 2,
            Some(_) | None => return Some(at),
        }
    }
}
