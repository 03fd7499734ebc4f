//! Cutting a large, plain text into rows, parts of it at the same time.

use std::ops::Range;

use baeum_core::{Limit, Limits};
use rayon::prelude::*;

use super::Csv;
use super::file::Cut;
use super::split::Records;

/// How much text is cut in one go; a smaller one is not worth a thread.
const PART_BYTES: usize = 1 << 20;

impl Csv {
    /// The rows of a text without quotes, in which every line is a row. None where anything is out of the ordinary: that is
    /// found row by row, and told with its row.
    pub(super) fn cut_at_once(&self, name: &str, text: &str, limits: &Limits) -> Option<Cut> {
        let is_quoted = self.dialect.quote.is_some_and(|quote| text.as_bytes().contains(&quote));
        if text.len() < 2 * PART_BYTES || is_quoted {
            return None;
        }
        let (mut records, mut fields) = (Records::new(name, text, self.dialect, limits), vec![]);
        let first = records.next(&mut fields).ok()??;
        let columns = self.header(name, &fields).ok()?;
        let cut = |part: &Range<usize>| {
            Records::new(name, &text[..part.end], self.dialect, limits).rest(part.start, columns.len())
        };
        let parts = parts(text, first.end);
        let cut: Vec<Option<Vec<Range<usize>>>> = parts.par_iter().map(cut).collect();
        let mut starts: Vec<Range<usize>> = if self.format.header { vec![] } else { vec![first] };
        for rows in cut {
            starts.extend(rows?);
        }
        limits.admit(Limit::Rows, "", (self.rows() + starts.len()) as u64).ok()?;
        Some(Cut { columns: Some(columns), starts, ..Cut::default() })
    }
}

impl Records<'_> {
    /// The places of all records from `start` on, each of so many fields; none if one is refused or lines are blank.
    fn rest(self, start: usize, columns: usize) -> Option<Vec<Range<usize>>> {
        let (mut records, mut fields, mut rows) = (self.behind(start, columns), vec![], vec![]);
        while let Some(row) = records.next(&mut fields).ok()? {
            rows.push(row);
        }
        records.is_at_end().then_some(rows)
    }
}

/// Parts of a text, each of whole lines.
fn parts(text: &str, begin: usize) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (vec![], begin);
    while start < text.len() {
        let rest = text.as_bytes().get(start + PART_BYTES..).unwrap_or_default();
        let end =
            rest.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| start + PART_BYTES + at + 1);
        parts.push(start..end);
        start = end;
    }
    parts
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::CsvFormat;
    use crate::config::OnBad;

    fn table(line: impl Fn(usize) -> String) -> String {
        "id,word\n".to_owned() + &(0..300_000).map(line).collect::<String>()
    }

    /// What both ways of cutting make of a text, if the fast one takes it.
    fn both(text: &str) -> (Option<usize>, usize) {
        let limits = Limits::default();
        let format = CsvFormat::default();
        let csv =
            Csv::new(vec![("a.csv".to_owned(), b"id,word\n1,2\n".to_vec())], &format, OnBad::Stop, &limits);
        let csv = csv.unwrap();
        let slow = csv.cut_one_by_one("b.csv", text, OnBad::Skip, &limits).unwrap();
        let fast = csv.cut_at_once("b.csv", text, &limits);
        if let Some(fast) = &fast {
            assert_eq!((&fast.columns, &fast.starts), (&slow.columns, &slow.starts));
        }
        (fast.map(|cut| cut.starts.len()), slow.starts.len())
    }

    #[test]
    fn a_plain_text_is_cut_as_row_by_row() {
        for end in ["\n", "\r\n"] {
            assert_eq!(both(&table(|row| format!("{row},word{end}"))), (Some(300_000), 300_000));
        }
        let text = table(|row| format!("{row},word\n"));
        assert_eq!(both(text.trim_end()), (Some(300_000), 300_000));
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_left_to_the_other_way() {
        let with = |odd: &'static str| {
            table(move |row| if row == 290_000 { odd.to_owned() } else { format!("{row},word\n") })
        };
        assert_eq!(both(&with("1,2,3\n")), (None, 299_999));
        assert_eq!(both(&with("\n")), (None, 299_999));
        assert_eq!(both(&with("1,\"a\nb\"\n")), (None, 300_000));
        assert_eq!(both(&(table(|row| format!("{row},word\n")) + "\n\n")), (None, 300_000));
    }
}
