//! Slices cut into columns, as the heads of attention lie in memory.

use std::marker::PhantomData;

use super::Team;

/// A slice `[outer, rows, cells, columns, width]`, cut so that one part has every row and cell of one outer and column. The first
/// cells of a column, as many as `leading`, lie side by side in each row, those of one column behind those of another; the others
/// lie by column.
#[derive(Debug)]
pub(crate) struct Columns<'a, T> {
    start: *mut T,
    shape: [usize; 5],
    leading: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: through shared columns elements are reached by parts alone, each taken once by the promise of `part`'s caller; parts
// share no element, and `T: Send` lets each move to another thread.
unsafe impl<T: Send> Sync for Columns<'_, T> {}

impl<'a, T> Columns<'a, T> {
    /// The slice cut, outer by outer, with one leading cell.
    ///
    /// # Panics
    /// If its length is not the product of the shape.
    pub(crate) fn of(slice: &'a mut [T], shape: [usize; 5]) -> Columns<'a, T> {
        Columns::led(slice, shape, 1)
    }

    /// The same with so many leading cells.
    ///
    /// # Panics
    /// If the slice's length is not the product of the shape, or there are fewer cells than leading ones.
    pub(crate) fn led(slice: &'a mut [T], shape: [usize; 5], leading: usize) -> Columns<'a, T> {
        assert!(leading <= shape[2], "columns want {leading} leading cells, got {} cells", shape[2]);
        let wanted = shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
        assert_eq!(Some(slice.len()), wanted, "columns want a slice of shape {shape:?}");
        Columns { start: slice.as_mut_ptr(), shape, leading, slice: PhantomData }
    }

    fn count(&self) -> usize {
        self.shape[0] * self.shape[3]
    }

    /// # Safety
    /// Each part is taken once at most while the columns live.
    unsafe fn part(&self, i: usize) -> Column<'_, T> {
        assert!(i < self.count(), "there is no part {i}");
        Column { columns: self, outer: i / self.shape[3], column: i % self.shape[3] }
    }
}

/// One part: what one task holds alone.
#[derive(Debug)]
pub(crate) struct Column<'a, T> {
    columns: &'a Columns<'a, T>,
    outer: usize,
    column: usize,
}

impl<T> Column<'_, T> {
    /// The numbers of one row and cell.
    pub(crate) fn cell(&mut self, row: usize, cell: usize) -> &mut [T] {
        let ([_, rows, cells, columns, width], leading) = (self.columns.shape, self.columns.leading);
        assert!(row < rows && cell < cells, "there is no row {row} with a cell {cell}");
        let place = match cell < leading {
            true => self.column * leading + cell,
            false => cell * columns + self.column,
        };
        let start = ((self.outer * rows + row) * cells * columns + place) * width;
        // SAFETY: every index is below its size, and the product of all sizes is the length of the slice, so nothing overflows.
        // Of a row's `cells * columns` places the leading cells take those below `leading * columns`, the others those from there
        // on, each another one; so the place lies within the row and belongs to this outer and column alone, that is to this
        // part, of which there is one, and that is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.columns.start.add(start), width) }
    }
}

impl Team {
    /// Calls `task` with every part of `a` and of `b`, several at the same time, `together` of them on one thread.
    ///
    /// # Panics
    /// If the numbers of parts differ.
    pub(crate) fn columns2<A: Send, B: Send>(
        &self,
        a: Columns<'_, A>,
        b: Columns<'_, B>,
        together: usize,
        task: impl Fn(usize, Column<'_, A>, Column<'_, B>) + Sync,
    ) {
        assert_eq!(a.count(), b.count(), "slices differ in the number of their parts");
        self.run(a.count().div_ceil(together), &|first| {
            for i in first * together..((first + 1) * together).min(a.count()) {
                // SAFETY: `run` calls with each number once, and so each part is taken once.
                let (a, b) = unsafe { (a.part(i), b.part(i)) };
                task(i, a, b);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_cover_the_slice() {
        let shape = [2, 3, 2, 5, 4];
        let (mut a, mut b) = (vec![0; 240], vec![0; 10]);
        for together in [1, 3, 100] {
            let (cells, ones) = (Columns::of(&mut a, shape), Columns::of(&mut b, [10, 1, 1, 1, 1]));
            Team::new(3).columns2(cells, ones, together, |i, mut a, mut b| {
                for (row, group) in (0..3).flat_map(|row| [(row, 0), (row, 1)]) {
                    a.cell(row, group).iter_mut().for_each(|x| *x += i + 1);
                }
                b.cell(0, 0)[0] = i;
            });
        }
        assert!(a.iter().enumerate().all(|(place, &x)| x == 3 * (place / 120 * 5 + place / 4 % 5 + 1)));
        assert_eq!(b, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn leading_cells_lie_side_by_side() {
        let mut numbers = vec![0; 2 * 3 * 4 * 5];
        let (shape, nothing) = ([2, 3, 4, 5, 1], &mut [] as &mut [u8]);
        let nothing = Columns::of(nothing, [10, 0, 1, 1, 1]);
        Team::new(3).columns2(Columns::led(&mut numbers, shape, 2), nothing, 1, |i, mut part, _| {
            for (row, cell) in (0..3).flat_map(|row| (0..4).map(move |cell| (row, cell))) {
                part.cell(row, cell)[0] += 10 * (i + 1) + cell;
            }
        });
        let row = [10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 12, 22, 32, 42, 52, 13, 23, 33, 43, 53];
        let of = |outer: usize| row.map(|number| number + 50 * outer).repeat(3);
        assert_eq!(numbers, [of(0), of(1)].concat());
    }

    #[test]
    #[should_panic(expected = "there is no row 3 with a cell 0")]
    fn a_cell_lies_within() {
        let mut numbers = [0; 12];
        let columns = Columns::of(&mut numbers, [1, 3, 1, 2, 2]);
        // SAFETY: it is taken once.
        unsafe { columns.part(1) }.cell(3, 0);
    }
}
