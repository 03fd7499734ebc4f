//! The rows of a recipe, as a person labels them.

use std::collections::BTreeMap;

use baeum_core::{Record, Role, Schema, Task, TensorError, nearest};

use super::answer::Answers;
use super::append::no_file;
use super::file::{Label, LabelFile};
use super::given::{Given, ambiguous, places, with_file};
use super::merged::standing;
use crate::error::quoted;
use crate::refusal::Refusal;
use crate::source::{Raw, Scan, scan};
use crate::{DataError, DataPlan, Place};

/// All rows with their names and labels.
pub struct Roll<'a> {
    plan: &'a DataPlan,
    scan: Box<dyn Scan + 'a>,
    file: LabelFile,
    names: Vec<Option<String>>,
    given: Given,
    /// The label that each row has now, as the recipe calls it.
    labels: Vec<Option<String>>,
    task: Task,
}

/// Rows, ready for a model.
pub struct Records {
    raw: Box<dyn Raw>,
    schema: Schema,
}

impl<'a> Roll<'a> {
    /// Reads the data and the labels.
    ///
    /// # Errors
    /// [`DataError`] for a recipe without a file of labels, and as [`crate::prepare`].
    pub fn open(plan: &'a DataPlan, place: &'a Place) -> Result<Roll<'a>, DataError> {
        let file = LabelFile::of(plan, place)?.ok_or_else(no_file)?;
        let mut scan = scan(plan, place)?;
        scan.ids()?; // what cannot be read is left out here
        let (names, given) = (scan.called()?, with_file(plan, scan.as_ref(), &file)?);
        let task = plan.task.map_or_else(|| scan.task(&given.targets), Ok)?;
        let labels = given.labels(plan)?;
        Ok(Roll { plan, scan, file, names, given, labels, task })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What a row is called.
    pub fn name(&self, row: usize) -> Option<&str> {
        self.names.get(row)?.as_deref()
    }

    /// The label that a row has now, as the recipe calls it.
    pub fn label(&self, row: usize) -> Option<String> {
        self.labels.get(row)?.clone()
    }

    /// The rows without a label, going up.
    pub fn unlabelled(&self) -> Vec<usize> {
        (0..self.labels.len()).filter(|&row| self.labels[row].is_none()).collect()
    }

    /// Whether a person labelled a row.
    pub fn is_judged(&self, row: usize) -> bool {
        self.given.targets.said().contains_key(&row)
    }

    /// Whether a label of this id stands that somebody gave, or this annotator.
    pub fn is_labelled(&self, id: &str, by: Option<&str>) -> bool {
        let own = self.file.lines.iter().map(|(_, label)| (0, label)).filter(|(_, label)| label.id == id);
        let said = standing(&own.collect::<Vec<_>>());
        said.iter().any(|said| by.is_none() || said.annotator == by)
    }

    /// How many rows people labelled.
    pub fn judged(&self) -> usize {
        self.given.targets.said().len()
    }

    /// The labels there are, each with the number of its rows; for numbers, these.
    pub fn labels(&self) -> BTreeMap<String, usize> {
        let answers = Answers::of(self.plan);
        let mut labels: BTreeMap<String, usize> =
            answers.listed().iter().map(|name| (name.clone(), 0)).collect();
        for label in self.labels.iter().flatten().flat_map(|answer| answers.labels(answer)) {
            *labels.entry(label).or_default() += 1;
        }
        labels
    }

    /// What the labels are like.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Whether the recipe lists all labels that there may be.
    pub fn is_closed(&self) -> bool {
        !Answers::of(self.plan).listed().is_empty()
    }

    /// What the recipe calls the labels of an answer that somebody wrote: one, unless a row may have several. For numbers,
    /// these.
    pub fn called(&self, answer: &str) -> Vec<String> {
        Answers::of(self.plan).labels(answer)
    }

    /// Refuses an answer that is none, whatever the labels are called.
    ///
    /// # Errors
    /// [`DataError::File`] that names the row.
    pub fn check(&self, label: &Label) -> Result<(), DataError> {
        let answers = match (self.task, Answers::of(self.plan)) {
            (Task::Regress, Answers::One(_)) => Answers::Numbers(1),
            (_, answers) => answers,
        };
        let read = label.label.as_ref().map(|answer| answers.read(answer));
        match read {
            Some(Err(Refusal { wants, got })) => {
                Err(DataError::file(&self.file.name, format!("{wants} for row {}", quoted(&label.id)), got))
            }
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// The rows that some labels are about.
    ///
    /// # Errors
    /// [`DataError`] for the first id that no row has, or more than one.
    pub fn find(&self, labels: &[Label]) -> Result<Vec<usize>, DataError> {
        let places = places(&self.names);
        let find = |label: &Label| match places.get(label.id.as_str()).map(Vec::as_slice) {
            Some(&[row]) => Ok(row),
            Some(rows) => Err(ambiguous(&self.file.name, "", &label.id, rows.len())),
            None => Err(self.unknown(&label.id)),
        };
        labels.iter().map(find).collect()
    }

    fn unknown(&self, id: &str) -> DataError {
        let near = nearest(id, self.names.iter().flatten().map(String::as_str));
        let near = near.map(|near| format!("; did you mean {}?", quoted(near))).unwrap_or_default();
        let got = format!("{}, which none has{near}", quoted(id));
        DataError::file(&self.file.name, "ids of rows of the data", got)
    }

    /// The labels of these rows if these lines stood behind the others.
    ///
    /// # Errors
    /// As [`Roll::open`].
    pub fn with(&self, labels: &[Label]) -> Result<Vec<Option<String>>, DataError> {
        let mut file = self.file.clone();
        file.is_there = true;
        file.lines.extend(labels.iter().cloned().map(|label| (0, label)));
        with_file(self.plan, self.scan.as_ref(), &file)?.labels(self.plan)
    }

    /// The rows as records of a schema that was fitted before.
    ///
    /// # Errors
    /// [`DataError`] for a field that the data do not have, and for cells that are not what it wants.
    pub fn records(self, schema: &Schema) -> Result<Records, DataError> {
        let raw = self.given.over(self.scan.load(&schema.fields)?, &schema.fields)?;
        Ok(Records { raw, schema: schema.clone() })
    }
}

impl Records {
    /// A row as a model takes it.
    ///
    /// # Errors
    /// [`DataError`] if it cannot be read.
    pub fn record(&self, row: usize) -> Result<Record, DataError> {
        let refuse = |error: TensorError| DataError::file(&self.raw.place(row), "a value", error.to_string());
        let inputs = self.schema.fields.iter().enumerate().filter(|(_, field)| field.role == Role::Input);
        let read = |(place, field): (usize, &baeum_core::Field)| {
            let value = self.raw.cell(row, place)?.into_value().map_err(refuse)?;
            Ok((field.name.clone(), value))
        };
        inputs.map(read).collect()
    }
}
