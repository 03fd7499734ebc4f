use std::collections::BTreeMap;

use baeum_core::{Field, Kind, Split, Train, Transform};
use rayon::prelude::*;

use crate::DataError;
use crate::encoder::{Line, ReadyLine};
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

/// Numbers that are added together: much faster than one by one, and always as many whatever the rows.
#[derive(Default)]
pub(crate) struct Run(Vec<f64>);

impl Run {
    /// So many numbers are added in one go.
    const LEN: usize = 1 << 10;

    pub(crate) fn push(&mut self, number: f64, to: &mut Moments) {
        self.0.push(number);
        if self.0.len() == Run::LEN {
            self.end(to);
        }
    }

    /// Adds what is left.
    pub(crate) fn end(&mut self, to: &mut Moments) {
        to.add(self.0.iter().copied());
        self.0.clear();
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
        let mut run = Run::default();
        for (row, times) in self.different()? {
            match self.raw.cell(row, self.place)? {
                Cell::Missing => seen.has_missing = true,
                Cell::Number(_) => return self.seen_numbers(),
                Cell::Numbers(numbers) => {
                    numbers.iter().for_each(|number| run.push(*number, &mut seen.numbers));
                    seen.has_missing |= numbers.iter().any(|number| number.is_nan());
                }
                Cell::Name(name) => match seen.names.get_mut(name) {
                    Some(rows) => *rows += times,
                    None => drop(seen.names.insert(name.to_owned(), times)),
                },
                Cell::Image(_) => {}
            }
        }
        run.end(&mut seen.numbers);
        Ok(seen)
    }

    /// What a field of one number a row holds: row by row, so that it does not matter how the cells are kept.
    fn seen_numbers(&self) -> Result<Seen, DataError> {
        let (mut seen, mut run) = (Seen::default(), Run::default());
        self.each_number(|_, number| {
            match number {
                Some(number) => run.push(number, &mut seen.numbers),
                None => seen.has_missing = true,
            }
            Ok(())
        })?;
        run.end(&mut seen.numbers);
        Ok(seen)
    }

    /// Calls `visit` with each row and its number, if it has one.
    pub(crate) fn each_number(
        &self,
        mut visit: impl FnMut(usize, Option<f64>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let number = |cell: &Cell<'_>| if let Cell::Number(number) = cell { Some(*number) } else { None };
        if let Some(few) = self.raw.few(self.place) {
            let numbers: Vec<Option<f64>> = few.cells().iter().map(number).collect();
            return self.train.rows().iter().try_for_each(|&row| visit(row, numbers[few.place(row)?]));
        }
        self.train.rows().iter().try_for_each(|&row| visit(row, number(&self.raw.cell(row, self.place)?)))
    }

    /// The first row of each different cell, going up, and how many rows hold it; each row by itself where it is not known
    /// that these are few.
    pub(crate) fn different(&self) -> Result<Box<dyn Iterator<Item = (usize, usize)> + '_>, DataError> {
        let rows = self.train.rows();
        let Some(few) = self.raw.few(self.place) else {
            return Ok(Box::new(rows.iter().map(|&row| (row, 1))));
        };
        let mut first: Vec<Option<(usize, usize)>> = vec![None; few.cells().len()];
        for &row in rows {
            first[few.place(row)?].get_or_insert((row, 0)).1 += 1;
        }
        let mut first: Vec<(usize, usize)> = first.into_iter().flatten().collect();
        first.sort_unstable();
        Ok(Box::new(first.into_iter()))
    }

    /// Mean and spread of a field of numbers as they are read; every row must have one.
    pub(super) fn numbers(&self) -> Result<Moments, DataError> {
        let (mut moments, mut run) = (Moments::default(), Run::default());
        self.each_number(|row, number| match number {
            Some(number) => {
                run.push(number, &mut moments);
                Ok(())
            }
            None => {
                let (place, field) = (self.raw.place(row), self.field.name.clone());
                let got = self.raw.cell(row, self.place)?.shown();
                Err(DataError::Value { place, field, wants: "a number", got })
            }
        })?;
        run.end(&mut moments);
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
        if let Some(ready) = ReadyLine::of(&line, self.raw) {
            return self.each_ready(&ready, &line, visit);
        }
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

    /// The same for a field of few different cells.
    fn each_ready(
        &self,
        ready: &ReadyLine,
        line: &Line,
        mut visit: impl FnMut(&[f32]),
    ) -> Result<(), DataError> {
        let Some(few) = self.raw.few(self.place) else { return Ok(()) };
        let mut walked = vec![0.0; line.width()];
        for &row in self.train.rows() {
            match ready.get(few.place(row)?) {
                Some(numbers) => visit(numbers),
                None => {
                    let wrong = line.encode(&self.raw.cell(row, self.place)?, &mut walked);
                    wrong.map_err(|wrong| DataError::Value {
                        place: self.raw.place(row),
                        field: self.field.name.clone(),
                        wants: wrong.wants,
                        got: wrong.got,
                    })?;
                    visit(&walked); // a number that is missing is one for steps to come
                }
            }
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
        let mut moments: Vec<(Moments, Run)> = (0..runs).map(|_| Default::default()).collect();
        self.each(steps, width, |row| {
            for ((moments, run), numbers) in moments.iter_mut().zip(row.chunks_exact(width / runs)) {
                numbers.iter().for_each(|&number| run.push(f64::from(number), moments));
            }
        })?;
        let ended = |(mut moments, mut run): (Moments, Run)| {
            run.end(&mut moments);
            moments
        };
        let moments: Vec<Moments> = moments.into_iter().map(ended).collect();
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
