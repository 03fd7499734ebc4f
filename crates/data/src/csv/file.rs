//! How messages call rows.

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
