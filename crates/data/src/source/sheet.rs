//! Tables whose columns have names: they become fields.

use std::borrow::Cow;
use std::collections::BTreeMap;

use baeum_core::{Field, Kind, Role, Split, Task, Train, fits, nearest};

use super::columns::{bad_cells, leave_out_repeats, odd_cell, refuse_beside};
use super::files::Images;
use super::pictured::{self, Pictured};
use super::{Raw, Scan, Targets, field, several, table};
use crate::config::{FieldConfig, HeadTarget, KindConfig, OnBad};
use crate::csv::{FileRows, number, shown_cell};
use crate::plan::{DataPlan, SplitPlan, TableFiles, TableFormat};
use crate::sheet::{self, Seen, Sheet};
use crate::split::Part;
use crate::{DataError, Place};

/// A table, its cells still text.
pub(super) struct TableScan<'a> {
    plan: &'a DataPlan,
    sheet: Sheet,
    /// The part that the rows of each file are for, where the recipe says it.
    parts: Vec<Option<Part>>,
    /// The places of the target among the columns, in the order of its answers.
    target: Vec<usize>,
    /// What each column is, in the order of the table.
    columns: Vec<Use>,
    /// The images that columns name, by the places of these in the table.
    images: BTreeMap<usize, Images>,
}

/// What a column is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Use {
    Target,
    Id,
    Ignored,
    /// One of the numbers of a vector.
    Vector(String),
    Alone,
}

/// Reads the files of a table.
pub(super) fn scan<'a>(
    plan: &'a DataPlan,
    format: &TableFormat,
    files: &[TableFiles],
    place: &Place,
) -> Result<TableScan<'a>, DataError> {
    let (missing, on_bad) = (plan.missing(format), plan.config.on_bad);
    let (sheet, parts) = sheet::read(format, files, (&missing, &plan.words(), &plan.lists()), on_bad, place)?;
    let target = targets(plan, &sheet)?;
    if on_bad == OnBad::Stop
        && let Some((_, error)) =
            several::refused(&sheet, &target, &several::flags(plan, &sheet))?.pop_first()
    {
        return Err(error);
    }
    let columns = uses(plan, &sheet, &target)?;
    let mut images = BTreeMap::new();
    for image in plan.image_columns() {
        if plan.config.inputs.is_empty() {
            refuse_beside(image.name, &sheet.columns, &columns)?;
        }
        let column = find(&sheet, &format!("data.fields.{}", image.name), image.name)?;
        images.insert(column, pictured::images(&sheet, image, column, files, place)?);
    }
    Ok(TableScan { plan, sheet, parts, target, columns, images })
}

/// The columns of the target, whose answers have a name together where there are several.
fn targets(plan: &DataPlan, sheet: &Sheet) -> Result<Vec<usize>, DataError> {
    for target in plan.targets().iter().filter(|target| plan.columns_of(target.name).len() > 1) {
        several::refuse_name_of_another(plan, sheet, target.name)?;
    }
    let place = |(place, name): (usize, &String)| find(sheet, &plan.path_of_target(place), name);
    plan.columns.iter().enumerate().map(place).collect()
}

fn find(sheet: &Sheet, path: &str, name: &str) -> Result<usize, DataError> {
    sheet.column(name).ok_or_else(|| unknown(sheet, path, name, sheet.columns.iter().map(String::as_str)))
}

fn unknown<'a>(sheet: &Sheet, path: &str, name: &str, names: impl Iterator<Item = &'a str>) -> DataError {
    let near = nearest(name, names).map(str::to_owned);
    DataError::Unknown { path: path.to_owned(), file: sheet.name().to_owned(), name: name.to_owned(), near }
}

/// What each column is for, or the name in the recipe that no column has.
fn uses(plan: &DataPlan, sheet: &Sheet, target: &[usize]) -> Result<Vec<Use>, DataError> {
    let mut uses = vec![Use::Alone; sheet.columns.len()];
    target.iter().for_each(|&column| uses[column] = Use::Target);
    for (place, name) in plan.config.ignore.iter().enumerate() {
        uses[find(sheet, &format!("data.ignore[{place}]"), name)?] = Use::Ignored;
    }
    for (place, name) in plan.config.ids.iter().enumerate() {
        uses[find(sheet, &format!("data.ids[{place}]"), name)?] = Use::Id;
    }
    if let Some((name, path)) = plan.split.column() {
        let column = find(sheet, path, name)?;
        if uses[column] != Use::Id {
            uses[column] = Use::Ignored;
        }
    }
    if let SplitPlan::Column { repeats: Some(pattern), .. } = &plan.split {
        leave_out_repeats(sheet, &mut uses, pattern);
    }
    for (name, pattern) in &plan.config.vectors {
        take_vector(sheet, &mut uses, name, pattern)?;
    }
    let names = || {
        sheet.columns.iter().zip(&uses).filter_map(|(column, used)| match used {
            Use::Alone => Some(column.as_str()),
            Use::Vector(name) => Some(name.as_str()),
            Use::Target | Use::Id | Use::Ignored => None,
        })
    };
    for name in plan.config.fields.keys() {
        if !names().any(|known| known == name) {
            return Err(unknown(sheet, &format!("data.fields.{name}"), name, names()));
        }
    }
    Ok(uses)
}

fn take_vector(sheet: &Sheet, uses: &mut [Use], name: &str, pattern: &str) -> Result<(), DataError> {
    let path = format!("data.vectors.{name}");
    let mut found = false;
    for (column, used) in sheet.columns.iter().zip(uses.iter_mut()) {
        let belongs = fits(pattern, column);
        match used {
            Use::Vector(other) if belongs => {
                let wants = "columns that no other vector has";
                return Err(DataError::setting(
                    path,
                    wants,
                    format!("`{column}`, which is one of `{other}`"),
                ));
            }
            Use::Alone if belongs => {
                *used = Use::Vector(name.to_owned());
                found = true;
            }
            Use::Alone | Use::Vector(_) | Use::Target | Use::Id | Use::Ignored => {
                if column == name {
                    return Err(DataError::setting(path, "a name that no column has", format!("`{name}`")));
                }
            }
        }
    }
    match found {
        true => Ok(()),
        false => Err(unknown(sheet, &path, pattern, std::iter::empty())),
    }
}

impl TableScan<'_> {
    /// The part that a column gives each row.
    fn named_parts(&self, column: usize) -> Result<Vec<Part>, DataError> {
        let part = |(row, text): (usize, Option<String>)| {
            let named = text.as_deref().map(str::trim).and_then(Part::named);
            named.ok_or_else(|| {
                let got = shown_cell(text.as_deref().unwrap_or_default());
                self.sheet.refuse(row, column, "`train`, `valid` or `test`", got)
            })
        };
        self.sheet.texts(column)?.into_iter().enumerate().map(part).collect()
    }

    /// Leaves out rows that cannot be read.
    fn without(&mut self, wants: String, refused: &BTreeMap<usize, DataError>) -> Result<(), DataError> {
        if refused.is_empty() {
            return Ok(());
        }
        pictured::leave_out(&mut self.sheet, wants, refused, self.plan.config.on_bad)?;
        self.images.values_mut().for_each(|images| images.retain(|row| !refused.contains_key(&row)));
        Ok(())
    }

    /// Looks at every image. A number for each row that is left, of its answer and of its images, one after the other, alone.
    fn look(&mut self) -> Result<Vec<u64>, DataError> {
        let labels = several::targets(self.plan, &self.sheet, several::divided_by(self.plan, &self.target))?;
        let label = |row: usize| Ok(labels.get(row)?.unwrap_or_default().into_owned().into_bytes());
        let mut said = (0..labels.len()).map(label).collect::<Result<Vec<_>, DataError>>()?;
        let columns: Vec<usize> = self.images.keys().copied().collect();
        let mut ids = vec![];
        for column in columns {
            let Some(images) = self.images.get_mut(&column) else { continue };
            let (found, refused) = images.look(|row| &said[row])?;
            self.without(format!("an image behind each path of `{}`", self.sheet.columns[column]), &refused)?;
            said = found.iter().map(|id| id.to_le_bytes().to_vec()).collect();
            ids = found;
        }
        Ok(ids)
    }

    /// The kinds of the columns that stand alone, from what is said or what their training rows look like.
    fn kinds(&self, train: &[usize]) -> Result<BTreeMap<usize, Kind>, DataError> {
        let alone = |column: &usize| self.columns[*column] == Use::Alone;
        let columns: Vec<usize> = (0..self.columns.len()).filter(alone).collect();
        let said = |column: &usize| self.plan.field(&self.sheet.columns[*column]).and_then(FieldConfig::kind);
        let unsaid: Vec<usize> = columns.iter().copied().filter(|column| said(column).is_none()).collect();
        let mut kinds = BTreeMap::new();
        for column in columns {
            kinds.extend(said(&column).map(|kind| match kind {
                KindConfig::Number => (column, Kind::Number),
                KindConfig::Category => (column, Kind::Category),
                KindConfig::Text | KindConfig::Date => (column, Kind::Text),
                KindConfig::Image { channels, .. } => {
                    let size = self.images.get(&column).and_then(|images| images.shared_size(train));
                    (column, Kind::Image { channels: channels.count(), size })
                }
            }));
        }
        for (&column, seen) in unsaid.iter().zip(self.sheet.look(&unsaid, train)?) {
            kinds.insert(column, self.kind(column, seen)?);
        }
        Ok(kinds)
    }

    /// The field of one of several targets; nothing at the columns of it behind the first.
    fn head(&self, head: &HeadTarget, column: usize) -> Option<Field> {
        let columns = head.columns();
        if columns.iter().any(|own| self.sheet.column(own).is_some_and(|own| own < column)) {
            return None;
        }
        let looks_like = || if self.sheet.is_number(column) { Task::Regress } else { Task::Classify };
        let kind = match head.task.unwrap_or_else(looks_like) {
            Task::Classify | Task::Generate => Kind::Category,
            Task::MultiLabel => Kind::Labels { separator: self.plan.separator_of(head.name()).to_owned() },
            Task::Regress if columns.len() > 1 => Kind::Numbers { len: columns.len() },
            Task::Regress => Kind::Number,
        };
        Some(Field { columns: columns.to_vec(), ..field(head.name(), kind, Role::Target) })
    }

    /// The field of the target.
    fn answer(&self, task: Task) -> Field {
        let kind = match (task, &self.target[..]) {
            (Task::Classify, _) => Kind::Category,
            (Task::MultiLabel, _) => Kind::Labels { separator: self.plan.separator().to_owned() },
            (Task::Regress | Task::Generate, [_]) => Kind::Number,
            (Task::Regress | Task::Generate, several) => Kind::Numbers { len: several.len() },
        };
        let columns = self.target.iter().map(|&column| self.sheet.columns[column].clone()).collect();
        Field { columns, ..field(&self.plan.target, kind, Role::Target) }
    }

    fn kind(&self, place: usize, seen: Seen) -> Result<Kind, DataError> {
        let column = self.sheet.columns[place].clone();
        match seen {
            Seen::Numbers => Ok(Kind::Number),
            Seen::Names => Ok(Kind::Category),
            Seen::Words { distinct, rows } => {
                let words = || DataError::Words { column, distinct, rows };
                Err(odd_cell(&self.sheet, place)?.unwrap_or_else(words))
            }
            Seen::Nothing => {
                let got = "none; put it under `data.ignore`".to_owned();
                Err(DataError::Column { column, wants: "a value".to_owned(), got })
            }
        }
    }
}

impl Scan for TableScan<'_> {
    fn rows(&self) -> usize {
        self.sheet.rows()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        if self.plan.config.on_bad == OnBad::Skip {
            self.without(
                "numbers and dates where the recipe says so".to_owned(),
                &bad_cells(self.plan, &self.sheet, &self.columns, &self.target)?,
            )?;
        }
        if self.images.is_empty() { Ok(std::mem::take(&mut self.sheet.ids)) } else { self.look() }
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        match &self.plan.split {
            SplitPlan::Column { name, .. } => {
                let column = find(&self.sheet, "data.split.column.name", name)?;
                self.named_parts(column).map(Some)
            }
            SplitPlan::Files | SplitPlan::Given { .. } => {
                let of_file = |(file, part): (&FileRows, &Option<Part>)| {
                    std::iter::repeat_n(part.unwrap_or(Part::Train), file.rows)
                };
                Ok(Some(self.sheet.files.iter().zip(&self.parts).flat_map(of_file).collect()))
            }
            SplitPlan::Lists(_)
            | SplitPlan::Random { .. }
            | SplitPlan::Stratified { .. }
            | SplitPlan::Usual { .. }
            | SplitPlan::Groups { .. }
            | SplitPlan::Time { .. }
            | SplitPlan::Moments { .. }
            | SplitPlan::Hash { .. }
            | SplitPlan::Fold { .. } => Ok(None),
        }
    }

    /// The cells of the column that tells rows apart, or the places of rows in their files, counted on from file to file;
    /// what was left out is counted too.
    fn names(&self) -> Result<Vec<String>, DataError> {
        if self.plan.split.column().is_some() {
            return self.cells();
        }
        let (mut names, mut before) = (vec![], 0);
        for file in &self.sheet.files {
            names.extend((0..file.rows).map(|row| (before + file.number(row) - 1).to_string()));
            before += file.all();
        }
        Ok(names)
    }

    fn targets(&self) -> Result<Targets, DataError> {
        several::targets(self.plan, &self.sheet, several::divided_by(self.plan, &self.target))
    }

    fn called(&self) -> Result<Vec<Option<String>>, DataError> {
        let column = self.plan.config.ids.first().and_then(|name| self.sheet.column(name));
        column.map_or_else(|| Ok(vec![None; self.sheet.rows()]), |column| self.sheet.texts(column))
    }

    fn cells(&self) -> Result<Vec<String>, DataError> {
        let Some((name, path)) = self.plan.split.column() else { return Ok(vec![]) };
        let column = find(&self.sheet, path, name)?;
        let there = |(row, cell): (usize, Option<String>)| {
            cell.ok_or_else(|| {
                self.sheet.refuse(row, column, "a value to divide by", "an empty cell".to_owned())
            })
        };
        self.sheet.texts(column)?.into_iter().enumerate().map(there).collect()
    }

    fn task(&self, targets: &Targets) -> Result<Task, DataError> {
        let is_number =
            |known: Result<(usize, Cow<'_, str>), DataError>| Ok(number(&known?.1) != Err("a number"));
        let is_number = match self.plan.config.label_file {
            None => several::divided_by(self.plan, &self.target)
                .iter()
                .all(|&column| self.sheet.is_number(column)),
            Some(_) => targets
                .known()
                .map(is_number)
                .collect::<Result<Vec<_>, DataError>>()?
                .into_iter()
                .all(|is| is),
        };
        Ok(if is_number { Task::Regress } else { Task::Classify })
    }

    fn fields(&self, task: Task, train: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let mut kinds = self.kinds(train.rows())?;
        let mut fields: Vec<Field> = vec![];
        for (column, (name, used)) in self.sheet.columns.iter().zip(&self.columns).enumerate() {
            match used {
                Use::Target => match self.plan.head_of(name) {
                    Some(head) => fields.extend(self.head(head, column)),
                    None if self.target.iter().any(|other| *other < column) => {} // one of several
                    None => fields.push(self.answer(task)),
                },
                Use::Id => fields.push(field(name, Kind::Text, Role::Id)),
                Use::Ignored => fields.push(field(name, Kind::Text, Role::Ignored)),
                Use::Alone => {
                    let kind = kinds.remove(&column).unwrap_or(Kind::Text);
                    let is_image = matches!(kind, Kind::Image { .. });
                    let columns = if is_image { vec![] } else { vec![name.clone()] };
                    fields.push(Field { columns, ..field(name, kind, Role::Input) });
                }
                Use::Vector(vector) => match fields.iter_mut().find(|field| field.name == *vector) {
                    Some(field) => {
                        field.columns.push(name.clone());
                        field.kind = Kind::Numbers { len: field.columns.len() };
                    }
                    None => fields.push(Field {
                        columns: vec![name.clone()],
                        ..field(vector, Kind::Numbers { len: 1 }, Role::Input)
                    }),
                },
            }
        }
        Ok(fields)
    }

    fn load(self: Box<Self>, fields: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        let table = table::load(&self.sheet, fields)?;
        if self.images.is_empty() {
            return Ok(Box::new(table));
        }
        let columns = &self.sheet.columns;
        let place = |column: usize| fields.iter().position(|field| field.name == columns[column]);
        let images = self.images.into_iter().filter_map(|(column, images)| Some((place(column)?, images)));
        Ok(Box::new(Pictured { table, images: images.collect() }))
    }
}
