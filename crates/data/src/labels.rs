//! The labels of a target: which there are, in which order, and where each stands.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use baeum_core::{Limit, Limits, Splits};

use crate::DataError;
use crate::error::quoted;
use crate::fit::Rows;
use crate::source::{Cell, Raw};

/// Labels with their places, to look rows up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labels {
    column: String,
    field: usize,
    /// In the order of the network's outputs.
    names: Vec<String>,
    /// What the recipe calls the classes that the data write as numbers.
    said: Vec<String>,
    places: BTreeMap<String, usize>,
}

/// What a label is called: a number that the recipe has a name for by that name, any other label by itself.
pub(crate) fn said(names: &[String], label: &str) -> String {
    if names.iter().any(|name| name == label) {
        return label.to_owned();
    }
    let place = label.parse::<usize>().ok();
    place.and_then(|place| names.get(place)).map_or_else(|| label.to_owned(), Clone::clone)
}

/// The order of labels: numbers by value, before words by letter.
fn natural(a: &String, b: &String) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

impl Labels {
    /// The labels `names` of the field at a place of the schema; `said` is `data.labels`.
    pub(crate) fn new(column: &str, field: usize, names: &[String], said: &[String]) -> Labels {
        let places = names.iter().cloned().enumerate().map(|(place, name)| (name, place)).collect();
        Labels { column: column.to_owned(), field, names: names.to_vec(), said: said.to_vec(), places }
    }

    /// The labels of the training rows, and how often each stands there; in the order of `said`, if the
    /// recipe names them.
    ///
    /// # Errors
    /// [`DataError`] if a row has no label, if there is but one label, if a class of the recipe has no row,
    /// or if there are more labels than the limits allow.
    pub(crate) fn learn(
        rows: &Rows<'_>,
        said: &[String],
        limits: &Limits,
    ) -> Result<(Vec<String>, Vec<u64>), DataError> {
        let unknown = Labels::new(&rows.field.name, rows.place, &[], said);
        let column = &unknown.column;
        let mut counts: BTreeMap<String, u64> = said.iter().map(|name| (name.clone(), 0)).collect();
        for &row in rows.train.rows() {
            *counts.entry(unknown.label(rows.raw, row)?).or_default() += 1;
            limits.admit(Limit::LabelClasses, format_args!("column `{column}`"), counts.len() as u64)?;
        }
        let refuse =
            |wants: String, got: String| Err(DataError::Column { column: column.clone(), wants, got });
        if let Some((name, _)) = counts.iter().find(|(_, count)| **count == 0) {
            return refuse(format!("rows of the class {}", quoted(name)), "none".to_owned());
        }
        let mut names: Vec<String> =
            if said.is_empty() { counts.keys().cloned().collect() } else { said.to_vec() };
        if let [only] = names.as_slice() {
            return refuse("at least 2 labels".to_owned(), format!("1: {}", quoted(only)));
        }
        if said.is_empty() {
            names.sort_by(natural);
        }
        let counts = names.iter().map(|name| counts.get(name).copied().unwrap_or(0)).collect();
        Ok((names, counts))
    }

    /// The place of a row's label; `None` if training does not know it.
    ///
    /// # Errors
    /// [`DataError::Value`] if the row has none.
    pub(crate) fn place(&self, raw: &dyn Raw, row: usize) -> Result<Option<usize>, DataError> {
        Ok(self.places.get(&self.label(raw, row)?).copied())
    }

    /// How often each label stands in train, valid and test.
    ///
    /// # Errors
    /// [`DataError::UnseenLabels`] if valid or test has a label that training does not know.
    pub(crate) fn count(&self, raw: &dyn Raw, splits: &Splits) -> Result<Vec<[usize; 3]>, DataError> {
        let mut counts = vec![[0; 3]; self.names.len()];
        let mut unseen: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        let parts = [splits.train.rows(), splits.valid.rows(), splits.test.rows()];
        for (part, rows) in parts.into_iter().enumerate() {
            for &row in rows {
                match self.place(raw, row)? {
                    Some(place) => counts[place][part] += 1,
                    None => unseen.entry(self.label(raw, row)?).or_default()[part.saturating_sub(1)] += 1,
                }
            }
        }
        match unseen.is_empty() {
            true => Ok(counts),
            false => Err(DataError::UnseenLabels {
                column: self.column.clone(),
                labels: unseen.into_iter().collect(),
            }),
        }
    }

    /// Refuses a drawn split that leaves a label out of train or valid.
    ///
    /// # Errors
    /// [`DataError::AbsentLabel`] names the first such label.
    pub(crate) fn refuse_absent(&self, counts: &[[usize; 3]], has_valid: bool) -> Result<(), DataError> {
        let absent = counts.iter().position(|[train, valid, _]| *train == 0 || has_valid && *valid == 0);
        match absent {
            None => Ok(()),
            Some(place) => Err(DataError::AbsentLabel {
                column: self.column.clone(),
                label: self.names[place].clone(),
                counts: counts[place],
            }),
        }
    }

    /// The label of a row, by the name that the recipe gives it.
    fn label(&self, raw: &dyn Raw, row: usize) -> Result<String, DataError> {
        let refuse = |wants: &'static str, got: String| {
            Err(DataError::Value { place: raw.place(row), field: self.column.clone(), wants, got })
        };
        match raw.cell(row, self.field)? {
            Cell::Name(name) => {
                let label = said(&self.said, name);
                match self.said.is_empty() || self.said.contains(&label) {
                    true => Ok(label),
                    false => {
                        refuse("one of `data.labels`, or its place among them counted from 0", quoted(name))
                    }
                }
            }
            cell @ (Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_)) => {
                refuse("a label", cell.shown())
            }
        }
    }
}
