//! The targets of all rows, as the data and the people who labelled them have it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Field, Kind, Role, Task};

use super::answer::Answers;
use super::file::LabelFile;
use super::merged::{Said, merge, standing};
use crate::csv::number;
use crate::error::quoted;
use crate::plan::DataPlan;
use crate::profile::{LISTED, Repair, Warning};
use crate::refusal::Refusal;
use crate::source::{Raw, Relabelled, Scan, Target, Targets};
use crate::{DataError, Place};

/// The targets of all rows.
#[derive(Debug)]
pub(crate) struct Given {
    /// As the data write them, or people.
    pub(crate) targets: Targets,
    /// The file, as messages call it.
    file: String,
    repairs: Vec<Repair>,
    pub(crate) warnings: Vec<Warning>,
}

/// The targets of a source whose examples were looked at, with the labels of the plan's file in their places.
///
/// # Errors
/// [`DataError`] for a file that is none, or that is about other rows than these.
pub(crate) fn given(plan: &DataPlan, place: &Place, scan: &dyn Scan) -> Result<Given, DataError> {
    match LabelFile::of(plan, place)? {
        Some(file) => with_file(plan, scan, &file),
        None => Ok(Given::of(scan.targets()?, String::new())),
    }
}

/// The same with a file that was read.
pub(crate) fn with_file(plan: &DataPlan, scan: &dyn Scan, file: &LabelFile) -> Result<Given, DataError> {
    let mut given = Given::of(scan.targets()?, file.name.clone());
    if !file.is_there {
        given.warnings.push(Warning::NoLabelFile { file: file.name.clone() });
    }
    given.repairs.extend(file.torn.as_ref().map(|_| Repair::TornLabel { file: file.name.clone() }));
    if !file.lines.is_empty() {
        given.apply(plan, file, &scan.called()?)?;
    }
    Ok(given)
}

/// The rows of each name.
pub(super) fn places(names: &[Option<String>]) -> BTreeMap<&str, Vec<usize>> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, name) in names.iter().enumerate() {
        places.entry(name.as_deref().unwrap_or_default()).or_default().push(row);
    }
    places.remove("");
    places
}

/// A name that several rows have says nothing.
pub(super) fn ambiguous(file: &str, at: &str, id: &str, rows: usize) -> DataError {
    let got = format!("{}, which {rows} rows have; name a better column first in `data.ids`", quoted(id));
    DataError::file(file, format!("an id of one row{at}"), got)
}

impl Given {
    fn of(targets: Targets, file: String) -> Given {
        Given { targets, file, repairs: vec![], warnings: vec![] }
    }

    fn apply(
        &mut self,
        plan: &DataPlan,
        file: &LabelFile,
        names: &[Option<String>],
    ) -> Result<(), DataError> {
        let (places, mut known, mut strays) = (places(names), vec![], vec![]);
        let answers = Answers::of(plan);
        for (line, label) in &file.lines {
            if let Some(Err(Refusal { wants, got })) = label.label.as_ref().map(|label| answers.read(label)) {
                return Err(DataError::file(&file.name, format!("{wants} in line {line}"), got));
            }
            match places.get(label.id.as_str()).map(Vec::as_slice) {
                Some(&[row]) => known.push((row, label)),
                Some(rows) => {
                    return Err(ambiguous(&file.name, &format!(" in line {line}"), &label.id, rows.len()));
                }
                None => strays.push((line, &label.id)),
            }
        }
        let shown = |(line, id): &(&usize, &String)| format!("line {line} {}", quoted(id));
        let first: Vec<String> = strays.iter().take(LISTED).map(shown).collect();
        if known.is_empty() {
            let got = format!("others alone: {}", first.join(", "));
            return Err(DataError::file(&file.name, "ids of rows of the data", got));
        }
        if !strays.is_empty() {
            let (file, count) = (file.name.clone(), strays.len());
            self.warnings.push(Warning::StrayLabels { file, count, first });
        }
        self.take(plan, file, &standing(&known))
    }

    /// Puts what people said in the place of what the data say.
    fn take(&mut self, plan: &DataPlan, file: &LabelFile, said: &[Said<'_>]) -> Result<(), DataError> {
        let answers = Answers::of(plan);
        let merged = merge(plan.config.merge_labels, &answers, said);
        let called = |known: Result<(usize, Cow<'_, str>), DataError>| Ok(answers.labels(&known?.1));
        let known = self.targets.known().map(called).collect::<Result<Vec<_>, DataError>>()?;
        let known: BTreeSet<String> = known.into_iter().flatten().collect();
        let (mut corrected, mut added, mut ties) = (0, 0, 0);
        let mut unknown = BTreeSet::new();
        for (row, label) in merged.rows {
            let Some(label) = label else {
                ties += 1;
                continue;
            };
            match self.targets.get(row)?.map(|own| answers.called(&own) != answers.called(&label)) {
                None => added += 1,
                Some(true) => corrected += 1,
                Some(false) => {}
            }
            unknown.extend(answers.labels(&label).into_iter().filter(|label| !known.contains(label)));
            self.targets.say(row, label);
        }
        let (file, rows, annotators) = (file.name.clone(), self.targets.said().len(), merged.annotators);
        // Numbers are hardly ever the same; labels are.
        let are_numbers = plan.task.unwrap_or(Task::Regress) == Task::Regress
            && known.iter().flat_map(|label| label.split_whitespace()).all(|word| number(word).is_ok());
        if !(known.is_empty() || unknown.is_empty() || are_numbers) {
            let labels = unknown.into_iter().collect();
            self.warnings.push(Warning::NewLabels { file: file.clone(), labels });
        }
        if ties > 0 {
            self.warnings.push(Warning::TiedLabels { file: file.clone(), count: ties });
        }
        self.warnings.extend(merged.is_unsettled.then(|| Warning::UnsettledLabels { file: file.clone() }));
        self.repairs.push(Repair::Labelled { file, rows, corrected, added, annotators });
        Ok(())
    }

    /// The label of each row, as the recipe calls it.
    pub(crate) fn labels(&self, plan: &DataPlan) -> Result<Vec<Option<String>>, DataError> {
        let answers = Answers::of(plan);
        let label = |row| Ok(self.targets.get(row)?.map(|label| answers.called(&label)));
        (0..self.targets.len()).map(label).collect()
    }

    /// The examples with these targets.
    ///
    /// # Errors
    /// [`DataError::File`] if a person gave a word where a number is learned.
    pub(crate) fn over(self, raw: Box<dyn Raw>, fields: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        let target = fields.iter().position(|field| field.role == Role::Target);
        let Some(field) = target.filter(|_| !self.targets.said().is_empty() || !self.repairs.is_empty())
        else {
            return Ok(raw);
        };
        let kind = fields.get(field).map(|field| &field.kind);
        let read = |(row, label): (usize, String)| match as_kept(kind, &label) {
            Ok(target) => Ok((row, target)),
            Err(wants) => {
                let wants = format!("{wants} for {}", raw.place(row));
                Err(DataError::file(&self.file, wants, quoted(&label)))
            }
        };
        let said = self.targets.said().iter().map(|(row, label)| (*row, label.clone()));
        let targets = said.map(read).collect::<Result<_, DataError>>()?;
        Ok(Box::new(Relabelled { raw, field, targets, repairs: self.repairs }))
    }
}

/// What a person said, as a target of this kind is kept.
fn as_kept(kind: Option<&Kind>, label: &str) -> Result<Target, &'static str> {
    match kind {
        Some(Kind::Number) => Ok(Target::Number(number(label)?)),
        Some(Kind::Numbers { .. }) => {
            Ok(Target::Numbers(label.split_whitespace().map(number).collect::<Result<_, _>>()?))
        }
        Some(
            Kind::Category | Kind::Labels { .. } | Kind::Text | Kind::Image { .. } | Kind::Series { .. },
        )
        | None => Ok(Target::Name(label.to_owned())),
    }
}
