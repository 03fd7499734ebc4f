//! Columns while tables are read, run by run.

use baeum_core::fs::FsError;
use rayon::prelude::*;

use super::number;
use super::run::{self, Form, Run};
use crate::sheet::{Cells, Long, Room, Words};

/// A column, as far as it was read.
#[derive(Debug)]
pub(super) enum Growing {
    Words {
        words: Words,
        keeps_text: bool,
    },
    /// Numbers; NaN where nothing is.
    Numbers(Long<f64>),
    /// Numbers and then a word: the table is read again, and the text of this column is kept.
    Spoiled,
}

impl Growing {
    pub(super) fn new(keeps_text: bool) -> Growing {
        Growing::Words { words: Words::default(), keeps_text }
    }

    /// The form in which its next cells are read.
    pub(super) fn form(&self) -> Form {
        match self {
            Growing::Words { words, .. } if words.few().is_none() => Form::Texts,
            Growing::Words { keeps_text: true, .. } => Form::Words,
            Growing::Words { keeps_text: false, .. } => Form::Open,
            Growing::Numbers(_) | Growing::Spoiled => Form::Numbers,
        }
    }

    /// Adds the cells of the next rows.
    fn append(&mut self, cells: run::Cells<'_>, room: &Room) -> Result<(), FsError> {
        match (&mut *self, cells) {
            (Growing::Words { words, keeps_text }, run::Cells::Few(few)) => {
                if words.few().is_none() {
                    let text = |place: &u16| few.values.get(usize::from(*place)).map(|text| &**text);
                    return few.rows.iter().try_for_each(|place| words.push(text(place), room));
                }
                if words.push_few(&few.values, &few.rows, room)? {
                    return Ok(());
                }
                // There are too many different ones, then.
                let are_numbers = few.values.iter().all(|value| number(value).is_ok());
                let numbers = if *keeps_text || !are_numbers { None } else { in_numbers(words, room)? };
                match numbers {
                    Some(numbers) => *self = Growing::Numbers(numbers),
                    None => words.widen()?,
                }
                self.append(run::Cells::Few(few), room)
            }
            (Growing::Words { words, .. }, run::Cells::Numbers(more)) => {
                let Some(mut numbers) = in_numbers(words, room)? else {
                    *self = Growing::Spoiled;
                    return Ok(());
                };
                numbers.extend(&more, room)?;
                *self = Growing::Numbers(numbers);
                Ok(())
            }
            (Growing::Words { words, .. }, run::Cells::Texts(texts)) => words.push_texts(&texts),
            (Growing::Numbers(numbers), run::Cells::Numbers(more)) => numbers.extend(&more, room),
            (Growing::Numbers(numbers), run::Cells::Few(few)) => {
                let values: Option<Vec<f64>> = few.values.iter().map(|value| number(value).ok()).collect();
                let Some(values) = values else {
                    *self = Growing::Spoiled;
                    return Ok(());
                };
                let value = |place: &u16| values.get(usize::from(*place)).copied().unwrap_or(f64::NAN);
                let more: Vec<f64> = few.rows.iter().map(value).collect();
                numbers.extend(&more, room)
            }
            (Growing::Spoiled, _)
            | (Growing::Words { .. }, run::Cells::Spoiled)
            | (Growing::Numbers(_), run::Cells::Texts(_) | run::Cells::Spoiled) => {
                *self = Growing::Spoiled;
                Ok(())
            }
        }
    }

    /// The column; none if it is spoiled.
    pub(super) fn cells(self, room: &Room) -> Result<Option<Cells>, FsError> {
        match self {
            Growing::Words { words, .. } => words.cells(room).map(Some),
            Growing::Numbers(numbers) => Ok(Some(Cells::Numbers(numbers))),
            Growing::Spoiled => Ok(None),
        }
    }
}

/// Words as numbers, if all of them are.
fn in_numbers(words: &Words, room: &Room) -> Result<Option<Long<f64>>, FsError> {
    words.numbers(|cell| number(cell).ok(), room)
}

/// Appends runs in their order, all columns at the same time.
pub(super) fn append(columns: &mut [Growing], runs: Vec<Run<'_>>, room: &Room) -> Result<(), FsError> {
    let mut by_column: Vec<Vec<run::Cells<'_>>> = columns.iter().map(|_| vec![]).collect();
    for run in runs {
        by_column.iter_mut().zip(run.columns).for_each(|(column, cells)| column.push(cells));
    }
    columns
        .par_iter_mut()
        .zip(by_column)
        .try_for_each(|(column, cells)| cells.into_iter().try_for_each(|cells| column.append(cells, room)))
}
