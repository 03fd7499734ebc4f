//! A rectangle of a matrix that one task writes.

use std::marker::PhantomData;
use std::ops::Range;

/// Rows and columns of a row-major matrix, held alone.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    start: *mut f32,
    stride: usize,
    rows: usize,
    columns: usize,
    slice: PhantomData<&'a mut [f32]>,
}

// SAFETY: through a shared block numbers are reached by `part` alone, whose caller promises that parts do not meet.
unsafe impl Sync for Block<'_> {}

impl<'a> Block<'a> {
    /// A whole matrix: row `i` starts at `i * stride`.
    ///
    /// # Panics
    /// If rows overlap or the slice is too short.
    pub(crate) fn new(slice: &'a mut [f32], stride: usize, rows: usize, columns: usize) -> Block<'a> {
        assert!(rows <= 1 || columns <= stride, "a row of {columns} wants a stride as long, got {stride}");
        let wanted = match (rows, columns) {
            (0, _) | (_, 0) => Some(0),
            (rows, columns) => (rows - 1).checked_mul(stride).and_then(|start| start.checked_add(columns)),
        };
        let fits = wanted.is_some_and(|wanted| wanted <= slice.len());
        assert!(fits, "{rows} rows of {columns}, {stride} apart, want more than {} numbers", slice.len());
        Block { start: slice.as_mut_ptr(), stride, rows, columns, slice: PhantomData }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// A smaller block.
    ///
    /// # Safety
    /// As long as it lives nothing else reaches its elements.
    pub(crate) unsafe fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Block<'_> {
        assert!(rows.start < rows.end && rows.end <= self.rows, "there are no rows {rows:?}");
        assert!(
            columns.start < columns.end && columns.end <= self.columns,
            "there are no columns {columns:?}"
        );
        // SAFETY: the first row and column lie within.
        let start = unsafe { self.start.add(rows.start * self.stride + columns.start) };
        Block { start, stride: self.stride, rows: rows.len(), columns: columns.len(), slice: PhantomData }
    }

    /// Some columns of all rows.
    pub(crate) fn columns_mut(&mut self, columns: Range<usize>) -> Block<'_> {
        // SAFETY: this block is borrowed mutably for as long.
        unsafe { self.part(0..self.rows, columns) }
    }

    /// Some columns of a row.
    #[inline(always)]
    pub(crate) fn row(&mut self, row: usize, columns: Range<usize>) -> &mut [f32] {
        assert!(row < self.rows && columns.start <= columns.end && columns.end <= self.columns);
        // SAFETY: row and columns lie within the block, which is borrowed mutably.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.add(row * self.stride + columns.start), columns.len())
        }
    }
}
