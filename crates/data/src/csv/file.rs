use std::collections::BTreeMap;
use std::ops::Range;

use crate::DataError;
use crate::config::Encoding;

/// One table.
#[derive(Debug)]
pub(super) struct CsvFile {
    /// As messages call it.
    pub(super) name: String,
    /// The rows of the files before it.
    pub(super) rows_before: usize,
    pub(super) text: String,
    /// Where each row starts in the text, and where the last one ends.
    pub(super) starts: Vec<usize>,
    /// The rows that were left out, counted from 1 as they stand in the file, each with the reason.
    pub(super) skipped: Vec<(usize, String)>,
    /// How many blank lines it ends in.
    pub(super) blank_end: usize,
    /// The encoding, where the file had to be read as another one than UTF-8 and nobody had said so.
    pub(super) taken_for: Option<Encoding>,
}

/// A text that was cut into rows.
#[derive(Default)]
pub(super) struct Cut {
    /// The names of its columns, once a record was read.
    pub(super) columns: Option<Vec<String>>,
    /// Where each row stands.
    pub(super) starts: Vec<Range<usize>>,
    /// The rows that were left out, each with the reason.
    pub(super) skipped: Vec<(usize, DataError)>,
    /// How many blank lines it ends in.
    pub(super) blank_end: usize,
}

/// A text whose rows stand behind each other, and where each starts and the last one ends. Only where rows were left
/// out is it written anew.
pub(super) fn joined(text: String, rows: Vec<Range<usize>>) -> (String, Vec<usize>) {
    let is_whole = rows.windows(2).all(|pair| pair[0].end == pair[1].start);
    let end = rows.last().map_or(text.len(), |last| last.end);
    if is_whole {
        let starts = rows.iter().map(|row| row.start).chain([end]).collect();
        return (text, starts);
    }
    let (mut kept, mut starts) = (String::with_capacity(text.len()), vec![]);
    for row in rows {
        starts.push(kept.len());
        kept.push_str(&text[row]);
    }
    starts.push(kept.len());
    (kept, starts)
}

/// The rows of a file, as messages number them.
#[derive(Clone, Debug)]
pub(crate) struct FileRows {
    pub(crate) name: String,
    pub(crate) rows: usize,
    /// The numbers of those that were left out, going up.
    skipped: Vec<usize>,
}

impl FileRows {
    /// So many rows of a file; `skipped` are the numbers of those that were left out.
    pub(crate) fn new(name: String, rows: usize, skipped: Vec<usize>) -> FileRows {
        FileRows { name, rows, skipped }
    }

    /// How many rows the file has, with those that were left out.
    pub(crate) fn all(&self) -> usize {
        self.rows + self.skipped.len()
    }

    /// Leaves out more rows, by their places among those that are left.
    pub(crate) fn leave_out(&mut self, rows: impl Iterator<Item = usize>) {
        let numbers: Vec<usize> = rows.map(|row| self.number(row)).collect();
        self.rows -= numbers.len().min(self.rows);
        self.skipped.extend(numbers);
        self.skipped.sort_unstable();
    }

    /// The number of a row, counted from 1 with those that were left out.
    pub(crate) fn number(&self, row: usize) -> usize {
        self.skipped.iter().fold(row + 1, |number, skipped| number + usize::from(*skipped <= number))
    }
}

/// The file of a row, and the number of the row there.
pub(crate) fn located(files: &[FileRows], row: usize) -> Option<(&FileRows, usize)> {
    let mut before = 0;
    for file in files {
        if row < before + file.rows {
            return Some((file, file.number(row - before)));
        }
        before += file.rows;
    }
    None
}

/// A row as messages call it.
pub(crate) fn row_place(files: &[FileRows], row: usize) -> String {
    match located(files, row) {
        Some((file, number)) => format!("`{}` row {number}", file.name),
        None => format!("row {}", row + 1),
    }
}

impl CsvFile {
    /// Leaves out rows by their places here, each with the reason.
    pub(super) fn leave_out(&mut self, reasons: &BTreeMap<usize, String>) {
        let numbers = self.places();
        let kept =
            (0..self.rows()).filter(|row| !reasons.contains_key(row)).map(|row| self.range(row)).collect();
        let (text, starts) = joined(std::mem::take(&mut self.text), kept);
        let left_out = reasons.iter().map(|(row, reason)| (numbers.number(*row), reason.clone()));
        self.skipped.extend(left_out);
        self.skipped.sort_unstable();
        (self.text, self.starts) = (text, starts);
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) fn places(&self) -> FileRows {
        let skipped = self.skipped.iter().map(|(row, _)| *row).collect();
        FileRows { name: self.name.clone(), rows: self.rows(), skipped }
    }

    /// Where a row stands in the text, its line ending included.
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// One row, without its line ending.
    pub(super) fn record(&self, row: usize) -> &str {
        let record = &self.text[self.range(row)];
        let record = record.strip_suffix('\n').unwrap_or(record);
        record.strip_suffix('\r').unwrap_or(record)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &str> {
        (0..self.rows()).map(|row| self.record(row))
    }
}
