//! A folder with one folder of text files for each class.

use std::collections::BTreeMap;
use std::path::Path;

use baeum_core::{Field, Kind, Limit, Role, Split, Task, Train};
use rayon::prelude::*;

use super::files::{Named, Reader, left_out, names_below, sorted_out};
use super::listing::{Classes, list};
use super::{Cell, Raw, Scan, Targets, field};
use crate::config::{Encoding, TextFolderConfig};
use crate::csv::text_of;
use crate::place::shown_name;
use crate::plan::{DataPlan, TEXT};
use crate::profile::{LISTED, Repair};
use crate::split::{Part, sample_id};
use crate::{DataError, Place};

/// Texts in memory, each with its class.
pub(super) struct TextFolder {
    name: String,
    target: String,
    files: Vec<Named>,
    /// None where a file is empty.
    texts: Vec<Option<String>>,
    classes: Classes,
    repairs: Vec<Repair>,
}

/// Lists the folder and reads its files.
pub(super) fn scan(
    plan: &DataPlan,
    config: &TextFolderConfig,
    place: &Place,
) -> Result<TextFolder, DataError> {
    let (mut files, mut classes) = list(&config.path, "texts", place)?.into_files();
    let reader = Reader::new(place);
    let read = files.par_iter().map(|file| text(&reader, file, config.encoding)).collect();
    let (found, refused) = sorted_out(read)?;
    let name = shown_name(&config.path);
    let mut repairs = vec![];
    if !refused.is_empty() {
        repairs.push(left_out(&name, "texts alone", files.len(), &refused, plan.config.on_bad)?);
        let mut row = 0..;
        files.retain(|_| row.next().is_none_or(|row| !refused.contains_key(&row)));
        classes.retain(|row| !refused.contains_key(&row));
    }
    repairs.extend(taken_for(&name, &files, &found));
    repairs.extend(empty(&name, &files, &found));
    let texts = found.into_iter().map(|(text, _)| (!text.trim().is_empty()).then_some(text)).collect();
    Ok(TextFolder { name, target: plan.target.clone(), files, texts, classes, repairs })
}

/// The text of a file, and the encoding it was taken for where nobody has said it.
fn text(
    reader: &Reader,
    file: &Named,
    said: Option<Encoding>,
) -> Result<(String, Option<Encoding>), DataError> {
    let is_text = Path::new(file.name()).extension().is_some_and(|end| end.eq_ignore_ascii_case("txt"));
    if !is_text {
        return Err(DataError::file(file.name(), "a name that ends in `.txt`", "another one"));
    }
    let bytes = reader.read(file, Limit::CsvFieldBytes)?;
    text_of(bytes, said).map_err(|refusal| DataError::file(file.name(), refusal.wants, refusal.got))
}

/// The files that are not UTF-8, encoding by encoding.
fn taken_for(folder: &str, files: &[Named], found: &[(String, Option<Encoding>)]) -> Vec<Repair> {
    let mut by_encoding: BTreeMap<Encoding, Vec<&Named>> = BTreeMap::new();
    for (file, (_, encoding)) in files.iter().zip(found) {
        if let Some(encoding) = encoding {
            by_encoding.entry(*encoding).or_default().push(file);
        }
    }
    let repair = |(encoding, files): (Encoding, Vec<&Named>)| Repair::FilesTakenFor {
        folder: folder.to_owned(),
        encoding,
        count: files.len(),
        first: names(files.into_iter()),
    };
    by_encoding.into_iter().map(repair).collect()
}

/// The files in which nothing stands.
fn empty(folder: &str, files: &[Named], found: &[(String, Option<Encoding>)]) -> Option<Repair> {
    let empty = || files.iter().zip(found).filter(|(_, (text, _))| text.trim().is_empty());
    let (count, first) = (empty().count(), names(empty().map(|(file, _)| file)));
    (count > 0).then(|| Repair::EmptyTexts { folder: folder.to_owned(), count, first })
}

fn names<'a>(files: impl Iterator<Item = &'a Named>) -> Vec<String> {
    files.take(LISTED).map(|file| format!("`{}`", file.name())).collect()
}

impl Scan for TextFolder {
    fn rows(&self) -> usize {
        self.files.len()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let id = |(row, text): (usize, &Option<String>)| {
            let class = self.classes.of(row).as_bytes();
            sample_id(&[text.as_deref().unwrap_or_default().as_bytes(), &[0], class].concat())
        };
        Ok(self.texts.iter().enumerate().map(id).collect())
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(None)
    }

    fn names(&self) -> Result<Vec<String>, DataError> {
        Ok(names_below(&self.name, self.files.iter().map(Named::name)))
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok(self.classes.targets())
    }

    fn task(&self, _: &Targets) -> Result<Task, DataError> {
        Ok(Task::Classify)
    }

    fn fields(&self, _: Task, train: &Split<Train>) -> Result<Vec<Field>, DataError> {
        if train.rows().iter().all(|&row| self.texts[row].is_none()) {
            let (wants, got) = ("a text".to_owned(), format!("only empty files of `{}`", self.name));
            return Err(DataError::Column { column: TEXT.to_owned(), wants, got });
        }
        Ok(vec![field(TEXT, Kind::Text, Role::Input), field(&self.target, Kind::Category, Role::Target)])
    }

    fn load(self: Box<Self>, _: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        Ok(self)
    }
}

impl Raw for TextFolder {
    fn rows(&self) -> usize {
        self.files.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        Ok(match field {
            1 => Cell::Name(self.classes.of(row)),
            _ => self.texts[row].as_deref().map_or(Cell::Missing, Cell::Name),
        })
    }

    fn place(&self, row: usize) -> String {
        format!("`{}`", self.files[row].name())
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }

    fn hidden_files(&self) -> usize {
        self.classes.hidden
    }
}
