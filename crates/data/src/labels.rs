//! The labels of a target: which there are, in which order, and where each stands.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Field, Kind, Limit, Limits, Splits};

use crate::DataError;
use crate::config::CleanConfig;
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
    naming: Naming,
    places: BTreeMap<String, usize>,
    /// What stands between two labels of a cell, where it may list several.
    separator: Option<String>,
}

/// What the recipe says about how labels are called.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Naming {
    /// Names for the classes that the data write as numbers from 0.
    pub(crate) names: Vec<String>,
    pub(crate) clean: CleanConfig,
}

impl Naming {
    /// What the label is called that the data write so: stripped and mapped; then a number that the recipe has a name
    /// for by that name, any other label by itself.
    pub(crate) fn called(&self, label: &str) -> String {
        let bare = label.trim_matches(|c| self.clean.strip.contains(c));
        let label = self.clean.map.get(bare).map_or(bare, String::as_str);
        if self.names.iter().any(|name| name == label) {
            return label.to_owned();
        }
        let named = label.parse::<usize>().ok().and_then(|place| self.names.get(place));
        named.map_or_else(|| label.to_owned(), Clone::clone)
    }
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
    /// The labels `names` of the field at a place of the schema.
    pub(crate) fn new(field: &Field, place: usize, names: &[String], naming: &Naming) -> Labels {
        let places = names.iter().cloned().enumerate().map(|(place, name)| (name, place)).collect();
        let (column, names, naming) = (field.name.clone(), names.to_vec(), naming.clone());
        let separator =
            if let Kind::Labels { separator } = &field.kind { Some(separator.clone()) } else { None };
        Labels { column, field: place, names, naming, places, separator }
    }

    /// The labels of the training rows, and how often each stands there; in the order of `data.labels`, if the
    /// recipe names them.
    ///
    /// # Errors
    /// [`DataError`] if a row that must have a label has none, if there are too few labels to tell apart, if a class of the
    /// recipe has no row, or if there are more labels than the limits allow.
    pub(crate) fn learn(
        rows: &Rows<'_>,
        naming: &Naming,
        limits: &Limits,
    ) -> Result<(Vec<String>, Vec<u64>), DataError> {
        let unknown = Labels::new(rows.field, rows.place, &[], naming);
        let (column, said) = (&unknown.column, &naming.names);
        let mut counts: BTreeMap<String, u64> = said.iter().map(|name| (name.clone(), 0)).collect();
        for (row, times) in rows.different()? {
            unknown.each(rows.raw, row, |label| *counts.entry(label).or_default() += times as u64)?;
            limits.admit(Limit::LabelClasses, format_args!("column `{column}`"), counts.len() as u64)?;
        }
        let refuse =
            |wants: String, got: String| Err(DataError::Column { column: column.clone(), wants, got });
        if let Some((name, _)) = counts.iter().find(|(_, count)| **count == 0) {
            return refuse(format!("rows of the class {}", quoted(name)), "none".to_owned());
        }
        let mut names: Vec<String> =
            if said.is_empty() { counts.keys().cloned().collect() } else { said.clone() };
        match (names.as_slice(), &unknown.separator) {
            ([only], None) => return refuse("at least 2 labels".to_owned(), format!("1: {}", quoted(only))),
            ([], Some(_)) => return refuse("rows with a label".to_owned(), "none".to_owned()),
            (_, _) => {}
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

    /// The places of rows whose label training knows, looked up name by name and not row by row; none for all others, and
    /// where names are not at hand.
    pub(crate) fn known<'a>(&self, raw: &'a dyn Raw) -> impl Fn(usize) -> Option<usize> + 'a {
        let few = raw.few(self.field);
        let place = |cell: &Cell<'_>| match cell {
            Cell::Name(name) => self.places.get(&self.naming.called(name)).copied(),
            Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_) => None,
        };
        let places: Vec<Option<usize>> =
            few.map(|few| few.cells().iter().map(place).collect()).unwrap_or_default();
        // What cannot be read again is told by whoever looks at the row itself.
        move |row| places.get(few?.place(row).ok()?).copied().flatten()
    }

    /// How often each label stands in train, valid and test.
    ///
    /// # Errors
    /// [`DataError::UnseenLabels`] if valid or test has a label that training does not know.
    pub(crate) fn count(&self, raw: &dyn Raw, splits: &Splits) -> Result<Vec<[usize; 3]>, DataError> {
        let mut counts = vec![[0; 3]; self.names.len()];
        let mut unseen: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        let parts = [splits.train.rows(), splits.valid.rows(), splits.test.rows()];
        let known = self.known(raw);
        for (part, rows) in parts.into_iter().enumerate() {
            for &row in rows {
                if let Some(place) = known(row) {
                    counts[place][part] += 1;
                    continue;
                }
                self.each(raw, row, |label| match self.places.get(&label) {
                    Some(&place) => counts[place][part] += 1,
                    None => unseen.entry(label).or_default()[part.saturating_sub(1)] += 1,
                })?;
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

    /// Writes a 1 for each label of a row, of which the training rows know all, and else a 0; `out`: `[labels]`.
    ///
    /// # Errors
    /// [`DataError::Value`] for a label that training does not know, and if nobody knows the labels of the row.
    pub(crate) fn fits(&self, raw: &dyn Raw, row: usize, out: &mut [f32]) -> Result<(), DataError> {
        let mut unknown = None;
        out.fill(0.0);
        self.each(raw, row, |label| match self.places.get(&label).and_then(|&place| out.get_mut(place)) {
            Some(fits) => *fits = 1.0,
            None => unknown = Some(label),
        })?;
        match unknown {
            None => Ok(()),
            Some(label) => Err(self.refuse(raw, row, "labels that the training rows have", quoted(&label))),
        }
    }

    /// Calls `visit` with the labels of a row, by the names that the recipe gives them: one, unless cells list several.
    fn each(&self, raw: &dyn Raw, row: usize, mut visit: impl FnMut(String)) -> Result<(), DataError> {
        let Some(separator) = &self.separator else {
            visit(self.label(raw, row)?);
            return Ok(());
        };
        let cell = raw.cell(row, self.field)?;
        let Cell::Name(listed) = cell else { return Err(self.refuse(raw, row, "labels", cell.shown())) };
        let mut seen = BTreeSet::new();
        for written in listed.split(separator.as_str()).map(str::trim).filter(|_| !listed.trim().is_empty()) {
            if written.is_empty() {
                let wants = "a label on both sides of each `separator`";
                return Err(self.refuse(raw, row, wants, quoted(listed)));
            }
            let label = self.called(raw, row, written)?;
            if !seen.insert(label.clone()) {
                let got = format!("{} again in {}", quoted(&label), quoted(listed));
                return Err(self.refuse(raw, row, "each label once", got));
            }
            visit(label);
        }
        Ok(())
    }

    /// The one label of a row.
    fn label(&self, raw: &dyn Raw, row: usize) -> Result<String, DataError> {
        match raw.cell(row, self.field)? {
            Cell::Name(name) => self.called(raw, row, name),
            cell @ (Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_)) => {
                Err(self.refuse(raw, row, "a label", cell.shown()))
            }
        }
    }

    /// What a label is called that stands in a row.
    fn called(&self, raw: &dyn Raw, row: usize, written: &str) -> Result<String, DataError> {
        let label = self.naming.called(written);
        match self.naming.names.is_empty() || self.naming.names.contains(&label) {
            true => Ok(label),
            false => {
                let wants = "one of `data.labels`, or its place among them counted from 0";
                Err(self.refuse(raw, row, wants, quoted(written)))
            }
        }
    }

    fn refuse(&self, raw: &dyn Raw, row: usize, wants: &'static str, got: String) -> DataError {
        DataError::Value { place: raw.place(row), field: self.column.clone(), wants, got }
    }
}
