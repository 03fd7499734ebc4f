//! Many labels at once, in a table.

use baeum_core::{Limits, nearest};

use super::file::Label;
use crate::config::{CsvConfig, OnBad};
use crate::csv::{self, Stored};
use crate::error::quoted;
use crate::sheet::Room;
use crate::{CsvFormat, DataError, DataPlan};

/// The columns; the last need not be there.
const COLUMNS: [&str; 3] = ["id", "label", "annotator"];

/// The labels of a CSV table with the columns `id`, `label` and perhaps `annotator`; `name` is what messages call it. An empty
/// label says that none fits, where a row may have several.
///
/// # Errors
/// [`DataError`] for another column, and for a row without an id or a label.
pub fn read_table(
    plan: &DataPlan,
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<Vec<Label>, DataError> {
    // An id or a label may well be `NA`.
    let format = CsvFormat::new(&CsvConfig::default(), &[String::new()]);
    let words = COLUMNS.map(str::to_owned).into();
    let table = Stored::memory(name, bytes);
    let csv = csv::read(&[table], &format, OnBad::Stop, &words, (&Room::memory(), limits))?;
    if let Some(other) = csv.columns.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        let near = nearest(other, COLUMNS);
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let wants = "the columns `id`, `label` and, if you like, `annotator`";
        return Err(DataError::file(name, wants, format!("{}{near}", quoted(other))));
    }
    let absent = |column: &str| DataError::file(name, format!("a column `{column}`"), "none");
    let column = |column: &str| csv.column(column).ok_or_else(|| absent(column));
    let (id, label) = (column("id")?, column("label")?);
    let annotators = csv.column("annotator").map(|column| csv.texts(column)).transpose()?;
    let mut annotators = annotators.unwrap_or_else(|| vec![None; csv.rows()]).into_iter();
    let there = |row: usize, column: usize, text: Option<String>| {
        text.ok_or_else(|| csv.refuse(row, column, "a text", "an empty cell".to_owned()))
    };
    let or_nothing = |label: Option<String>| label.or_else(|| plan.may_fit_nothing().then(String::new));
    let rows = csv.texts(id)?.into_iter().zip(csv.texts(label)?).enumerate();
    let read = |(row, (its_id, its_label))| {
        let (its_id, its_label) = (there(row, id, its_id)?, there(row, label, or_nothing(its_label))?);
        Ok(Label { id: its_id, label: Some(its_label), annotator: annotators.next().flatten(), at: None })
    };
    rows.map(read).collect()
}
