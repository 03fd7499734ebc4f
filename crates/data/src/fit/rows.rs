use std::collections::BTreeMap;

use baeum_core::{Field, Kind, Split, Train, Transform};
use rayon::prelude::*;

use crate::DataError;
use crate::encoder::Line;
use crate::source::{Cell, Raw};

/// So many images are decoded at the same time.
const IMAGES: usize = 64;

/// One field of the training rows.
pub(crate) struct Rows<'a> {
    pub(crate) raw: &'a dyn Raw,
    pub(crate) train: &'a Split<Train>,
    pub(crate) place: usize,
    pub(crate) field: &'a Field,
}

/// What the cells of a field hold.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Each name, and in how many rows it stands.
    pub(super) names: BTreeMap<String, usize>,
    pub(super) numbers: Moments,
    pub(super) has_missing: bool,
}

/// Count, mean and spread of numbers, as they come (Chan, Golub & LeVeque 1983).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    count: f64,
    mean: f64,
    /// The sum of squared distances from the mean.
    spread: f64,
    range: Option<(f64, f64)>,
}

impl Moments {
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// The smallest and the largest number, if there was one.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// The standard deviation over n.
    pub(crate) fn std(&self) -> f64 {
        (self.spread / self.count).sqrt()
    }

    /// What numbers are divided by: their deviation, or 1 if they never change, so that they become 0.
    pub(super) fn divisor(&self) -> f64 {
        if self.std() as f32 > 0.0 { self.std() } else { 1.0 }
    }

    /// Whether all numbers were the same.
    pub(super) fn is_constant(&self) -> bool {
        self.spread == 0.0
    }

    /// Adds numbers; those that are missing do not count.
    pub(crate) fn add(&mut self, numbers: impl Iterator<Item = f64> + Clone) {
        let there = numbers.filter(|number| !number.is_nan());
        let count = there.clone().count() as f64;
        if count == 0.0 {
            return;
        }
        let wider =
            |range: Option<(f64, f64)>, x: f64| Some(range.map_or((x, x), |(a, b)| (x.min(a), x.max(b))));
        self.range = there.clone().fold(self.range, wider);
        let mean = there.clone().sum::<f64>() / count;
        let spread: f64 = there.map(|number| (number - mean).powi(2)).sum();
        let total = self.count + count;
        let apart = mean - self.mean;
        self.mean += apart * count / total;
        self.spread += spread + apart * apart * self.count * count / total;
        self.count = total;
    }
}

impl Rows<'_> {
    /// What the field holds, before any step. Images are not looked at.
    pub(super) fn seen(&self) -> Result<Seen, DataError> {
        let mut seen = Seen::default();
        match self.field.kind {
            Kind::Image { .. } => return Ok(seen),
            Kind::Number
            | Kind::Numbers { .. }
            | Kind::Series { .. }
            | Kind::Category
            | Kind::Labels { .. }
            | Kind::Text => {}
        }
        if let Some(names) = self.raw.names(self.place) {
            let (counts, missing) = names.counts(self.train.rows())?;
            let there = names.values().iter().cloned().zip(counts).filter(|(_, count)| *count > 0);
            return Ok(Seen { names: there.collect(), has_missing: missing > 0, ..seen });
        }
        for &row in self.train.rows() {
            match self.raw.cell(row, self.place)? {
                Cell::Missing => seen.has_missing = true,
                Cell::Number(number) => seen.numbers.add(std::iter::once(number)),
                Cell::Numbers(numbers) => {
                    seen.numbers.add(numbers.iter().copied());
                    seen.has_missing |= numbers.iter().any(|number| number.is_nan());
                }
                Cell::Name(name) => match seen.names.get_mut(name) {
                    Some(rows) => *rows += 1,
                    None => drop(seen.names.insert(name.to_owned(), 1)),
                },
                Cell::Image(_) => {}
            }
        }
        Ok(seen)
    }

    /// Mean and spread of a field of numbers as they are read; every row must have one.
    pub(super) fn numbers(&self) -> Result<Moments, DataError> {
        let mut moments = Moments::default();
        for &row in self.train.rows() {
            match self.raw.cell(row, self.place)? {
                Cell::Number(number) => moments.add(std::iter::once(number)),
                cell @ (Cell::Missing | Cell::Numbers(_) | Cell::Name(_) | Cell::Image(_)) => {
                    let (place, field) = (self.raw.place(row), self.field.name.clone());
                    return Err(DataError::Value { place, field, wants: "a number", got: cell.shown() });
                }
            }
        }
        Ok(moments)
    }

    /// Mean and spread of each of several columns of numbers as they are read; every row must have all of them.
    pub(super) fn columns(&self, columns: usize) -> Result<Vec<Moments>, DataError> {
        let mut moments = vec![Moments::default(); columns];
        for &row in self.train.rows() {
            match self.raw.cell(row, self.place)? {
                Cell::Numbers(numbers) if numbers.len() == columns => {
                    let each = moments.iter_mut().zip(numbers.iter());
                    each.for_each(|(moments, &number)| moments.add(std::iter::once(number)));
                }
                cell @ (Cell::Missing
                | Cell::Number(_)
                | Cell::Numbers(_)
                | Cell::Name(_)
                | Cell::Image(_)) => {
                    let (place, field) = (self.raw.place(row), self.field.name.clone());
                    return Err(DataError::Value { place, field, wants: "numbers", got: cell.shown() });
                }
            }
        }
        Ok(moments)
    }

    /// Calls `visit` with the numbers of each row behind these steps.
    pub(super) fn each(
        &self,
        steps: &[Transform],
        width: usize,
        mut visit: impl FnMut(&[f32]),
    ) -> Result<(), DataError> {
        let refuse =
            |wants, got, place| DataError::Value { place, field: self.field.name.clone(), wants, got };
        let line = Line::new(self.place, &self.field.kind, steps, width);
        let line = line.map_err(|wrong| refuse(wrong.wants, wrong.got, "the steps".to_owned()))?;
        let encode = |row: usize, numbers: &mut [f32]| {
            let cell = self.raw.cell(row, self.place)?;
            line.encode(&cell, numbers).map_err(|wrong| refuse(wrong.wants, wrong.got, self.raw.place(row)))
        };
        let run = if let Kind::Image { .. } = self.field.kind { IMAGES } else { 1 };
        let mut numbers = vec![0.0; run * width];
        for rows in self.train.rows().chunks(run) {
            match rows {
                [row] => encode(*row, &mut numbers[..width])?,
                rows => {
                    let rows = rows.par_iter().zip(numbers.par_chunks_exact_mut(width));
                    let refused =
                        rows.map(|(row, numbers)| encode(*row, numbers)).find_map_first(Result::err);
                    refused.map_or(Ok(()), Err)?;
                }
            }
            numbers.chunks_exact(width).take(rows.len()).for_each(&mut visit);
        }
        Ok(())
    }

    /// Mean and spread of the numbers behind these steps, for each of so many equal runs of a row.
    pub(super) fn moments(
        &self,
        steps: &[Transform],
        width: usize,
        runs: usize,
    ) -> Result<Vec<Moments>, DataError> {
        let mut moments = vec![Moments::default(); runs];
        self.each(steps, width, |row| {
            for (moments, run) in moments.iter_mut().zip(row.chunks_exact(width / runs)) {
                moments.add(run.iter().map(|&number| f64::from(number)));
            }
        })?;
        self.refuse_empty(moments.iter().position(|moments| moments.count == 0.0))?;
        Ok(moments)
    }

    /// The numbers of each column behind these steps, sorted; those that are missing are left out.
    pub(super) fn sorted(&self, steps: &[Transform], width: usize) -> Result<Vec<Vec<f32>>, DataError> {
        let mut columns = vec![vec![]; width];
        self.each(steps, width, |row| {
            for (column, number) in columns.iter_mut().zip(row) {
                column.extend((!number.is_nan()).then_some(*number));
            }
        })?;
        self.refuse_empty(columns.iter().position(Vec::is_empty))?;
        columns.iter_mut().for_each(|column| column.sort_unstable_by(f32::total_cmp));
        Ok(columns)
    }

    /// Refuses a column without a number, by its place among the numbers of a row.
    fn refuse_empty(&self, place: Option<usize>) -> Result<(), DataError> {
        let Some(place) = place else { return Ok(()) };
        let column = self.field.columns.get(place).unwrap_or(&self.field.name).clone();
        Err(DataError::Column { column, wants: "a number".to_owned(), got: "none".to_owned() })
    }
}
