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

    /// A row of several files as messages call it.
    pub(crate) fn place(files: &[FileRows], row: usize) -> String {
        let mut first = 0;
        for file in files {
            if row < first + file.rows {
                return format!("`{}` row {}", file.name, file.number(row - first));
            }
            first += file.rows;
        }
        format!("row {}", row + 1)
    }

    /// The number of a row, counted from 1 with those that were left out.
    pub(crate) fn number(&self, row: usize) -> usize {
        self.skipped.iter().fold(row + 1, |number, skipped| number + usize::from(*skipped <= number))
    }
}

impl CsvFile {
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
