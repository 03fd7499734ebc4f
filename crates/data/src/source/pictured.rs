//! Tables with columns of paths: the images behind each are the one field that the network sees, or the one of an input.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{Images, Named};
use super::{Cell, FewCells, Raw, Table};
use crate::config::OnBad;
use crate::csv::row_place;
use crate::error::chain;
use crate::place::shown_name;
use crate::plan::{DataPlan, ImageColumn, TableFiles, TableFormat};
use crate::profile::{LISTED, Repair};
use crate::sheet::{self, Sheet};
use crate::{DataError, Place};

/// The images of a table that can be read as files at all; none where no column names any.
pub(crate) fn paths(
    plan: &DataPlan,
    format: &TableFormat,
    files: &[TableFiles],
    place: &Place,
) -> Result<Vec<PathBuf>, DataError> {
    if plan.image_columns().next().is_none() {
        return Ok(vec![]);
    }
    let (missing, on_bad) = (plan.missing(format), plan.config.on_bad);
    let (sheet, _) = sheet::read(format, files, (&missing, &plan.words(), &plan.lists()), on_bad, place)?;
    let mut paths = vec![];
    for image in plan.image_columns() {
        // A column that is not there is refused by its name when the table is scanned.
        let Some(column) = sheet.column(image.name) else { continue };
        let named = named(&sheet, column, image, files, place)?;
        paths.extend(named.into_iter().filter_map(|file| file.into_path(place.fs.as_ref())));
    }
    Ok(paths)
}

/// The images that a column of a table names.
pub(super) fn images(
    sheet: &Sheet,
    image: ImageColumn<'_>,
    column: usize,
    files: &[TableFiles],
    place: &Place,
) -> Result<Images, DataError> {
    Ok(Images::new(named(sheet, column, image, files, place)?, image.channels, place))
}

/// The file that each row names.
fn named(
    sheet: &Sheet,
    column: usize,
    image: ImageColumn<'_>,
    files: &[TableFiles],
    place: &Place,
) -> Result<Vec<Named>, DataError> {
    let mut texts = sheet.texts(column)?.into_iter();
    let mut named = vec![];
    for (rows, (root, name)) in sheet.files.iter().zip(roots(image.folder, files, place)?) {
        let file = |text: Option<String>| match text {
            Some(path) => Named::below(&root, &name, &path),
            None => Named::none(image.name),
        };
        named.extend(texts.by_ref().take(rows.rows).map(file));
    }
    Ok(named)
}

/// Where the paths of each file of a table start, and how messages call that folder.
fn roots(
    folder: Option<&str>,
    files: &[TableFiles],
    place: &Place,
) -> Result<Vec<(PathBuf, String)>, DataError> {
    let said =
        folder.map(|folder| Ok::<_, DataError>((place.find(folder)?, shown_name(folder)))).transpose()?;
    let parent = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
    let mut roots = vec![];
    for files in files {
        for (name, path) in place.find_each(&files.pattern)? {
            let beside = || (parent(&path), shown_name(&parent(Path::new(&name)).to_string_lossy()));
            roots.push(said.clone().unwrap_or_else(beside));
        }
    }
    Ok(roots)
}

/// Leaves out the rows of a table that cannot be read, and tells why.
///
/// # Errors
/// [`DataError::Unreadable`] counts them where the recipe says that bad rows end the stage.
pub(super) fn leave_out(
    sheet: &mut Sheet,
    wants: String,
    refused: &BTreeMap<usize, DataError>,
    on_bad: OnBad,
) -> Result<(), DataError> {
    let places = sheet.files.clone();
    let reason = |(row, error): (&usize, &DataError)| match chain(error) {
        reason if matches!(error, DataError::Cell { .. }) => (*row, reason), // it has its row
        reason => (*row, format!("{}: {reason}", row_place(&places, *row))),
    };
    let reasons: BTreeMap<usize, String> = refused.iter().map(reason).collect();
    let (count, of) = (reasons.len(), sheet.rows());
    match on_bad {
        OnBad::Skip if count < of => sheet.leave_out(&reasons),
        OnBad::Skip | OnBad::Stop => {
            let (file, first) = (sheet.name().to_owned(), reasons.into_values().take(LISTED).collect());
            Err(DataError::Unreadable { file, wants, count, of, what: "rows", first })
        }
    }
}

/// A table in memory whose images are on the disk.
pub(super) struct Pictured {
    pub(super) table: Table,
    /// By the place of each among the fields.
    pub(super) images: BTreeMap<usize, Images>,
}

impl Raw for Pictured {
    fn rows(&self) -> usize {
        self.table.rows()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match self.images.get(&field) {
            Some(images) => images.cell(row),
            None => self.table.cell(row, field),
        }
    }

    fn place(&self, row: usize) -> String {
        let names: Vec<String> =
            self.images.values().map(|images| format!("`{}`", images.name(row))).collect();
        format!("{} ({})", self.table.place(row), names.join(", "))
    }

    fn is_decoded_anew(&self) -> bool {
        true
    }

    fn image_size(&self, row: usize, field: usize) -> Option<(usize, usize)> {
        self.images.get(&field)?.size(row)
    }

    fn few(&self, field: usize) -> Option<FewCells<'_>> {
        self.table.few(field).filter(|_| !self.images.contains_key(&field))
    }

    fn repairs(&self) -> Vec<Repair> {
        self.table.repairs()
    }
}
