//! How messages call rows.

/// The rows of a file, as messages number them.
#[derive(Clone, Debug)]
pub(crate) struct FileRows {
    pub(crate) name: String,
    pub(crate) rows: usize,
    /// For each row that was left out, the number of the one that took its place; going up.
    gaps: Vec<usize>,
}

impl FileRows {
    /// So many rows of a file; `skipped` are the numbers of those that were left out, going up.
    pub(crate) fn new(name: String, rows: usize, skipped: Vec<usize>) -> FileRows {
        let gap = |(before, number): (usize, usize)| number.saturating_sub(before);
        FileRows { name, rows, gaps: skipped.into_iter().enumerate().map(gap).collect() }
    }

    /// How many rows the file has, with those that were left out.
    pub(crate) fn all(&self) -> usize {
        self.rows + self.gaps.len()
    }

    /// Leaves out more rows, by their places among those that are left.
    pub(crate) fn leave_out(&mut self, rows: impl Iterator<Item = usize>) {
        let before = self.gaps.iter().enumerate().map(|(before, gap)| before + gap);
        let numbers: Vec<usize> = rows.map(|row| self.number(row)).collect();
        let rows = self.rows.saturating_sub(numbers.len());
        let mut skipped: Vec<usize> = before.chain(numbers).collect();
        skipped.sort_unstable();
        *self = FileRows::new(std::mem::take(&mut self.name), rows, skipped);
    }

    /// The number of a row, counted from 1 with those that were left out.
    pub(crate) fn number(&self, row: usize) -> usize {
        row + 1 + self.gaps.partition_point(|gap| *gap <= row + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_numbers() {
        let mut file = FileRows::new("a".to_owned(), 5, vec![1, 4, 5]);
        let numbers = |file: &FileRows| (0..file.rows).map(|row| file.number(row)).collect::<Vec<_>>();
        assert_eq!((numbers(&file), file.all()), (vec![2, 3, 6, 7, 8], 8));
        file.leave_out([0, 3].into_iter());
        assert_eq!((numbers(&file), file.all()), (vec![3, 6, 8], 8));
    }
}
