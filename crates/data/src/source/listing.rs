//! A folder with one folder of files for each class: what lies in it, by name alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baeum_core::fs::{FileKind, FsError, shown};
use baeum_core::{Fs, Limit};

use super::Targets;
use super::files::{LOST, Named, REGULAR, left_out};
use crate::config::OnBad;
use crate::place::shown_name;
use crate::{DataError, Place};

/// The folder whose images have no label yet, where the recipe has a file of labels.
pub(super) const UNLABELLED: &str = "unlabelled";

/// How deep folders may lie in a class; a link that leads back to itself ends here.
const DEPTH: usize = 64;

/// What lies in a folder, by name alone.
pub(crate) struct Listing {
    /// The folder, as messages call it.
    name: String,
    /// What the files are to be, as messages call it: `images`.
    what: &'static str,
    /// The classes, sorted.
    classes: Vec<String>,
    /// The files, class by class.
    files: Vec<File>,
    /// How many files were left out because their names start with a dot, or are those of a file manager.
    hidden: usize,
}

/// The class of each row, by the name of its folder.
pub(super) struct Classes {
    names: Vec<String>,
    rows: Vec<usize>,
    /// How many hidden files were left out.
    pub(super) hidden: usize,
}

impl Classes {
    /// The class of a row.
    pub(super) fn of(&self, row: usize) -> &str {
        &self.names[self.rows[row]]
    }

    /// The classes of all rows.
    pub(super) fn targets(&self) -> Targets {
        (0..self.rows.len()).map(|row| Some(self.of(row).to_owned())).collect()
    }

    /// Leaves out some rows.
    pub(super) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut row = 0..;
        self.rows.retain(|_| row.next().is_none_or(&keep));
    }
}

/// One file.
struct File {
    /// Where it is.
    path: PathBuf,
    /// As messages call it: below the folder, as the recipe calls that.
    name: String,
    /// The place of its class.
    class: usize,
    /// What it is, if it cannot be read as a file at all.
    other: Option<&'static str>,
}

/// The classes and the files of a folder, without opening one; `what` they are to be, in the plural.
pub(crate) fn list(folder: &str, what: &'static str, place: &Place) -> Result<Listing, DataError> {
    let root = place.find(folder)?;
    let name = shown_name(folder);
    let kind = place.fs.metadata(&root)?.kind;
    if kind != FileKind::Dir {
        return Err(DataError::file(
            &name,
            "to be a folder with one folder for each class",
            kind.to_string(),
        ));
    }
    let mut listing = Listing { name: name.clone(), what, classes: vec![], files: vec![], hidden: 0 };
    for entry in place.limits.list(Limit::FolderFiles, place.fs.as_ref(), &root)? {
        let path = root.join(&entry);
        let shown = format!("{name}/{}", shown(Path::new(&entry)));
        if is_hidden(&path) {
            listing.hidden += 1;
        } else if kind_of(place.fs.as_ref(), &path, 0)? != Entry::Folder {
            return Err(DataError::file(
                &shown,
                "to lie in the folder of its class",
                format!("`{name}` itself"),
            ));
        } else {
            let class =
                entry.into_string().map_err(|_| DataError::file(&shown, "a name in UTF-8", "other bytes"))?;
            listing.class(class, path, shown, place)?;
        }
    }
    match listing.classes.as_slice() {
        [] => Err(DataError::file(&name, format!("one folder of {what} for each class"), "none")),
        [class] if class != UNLABELLED => {
            Err(DataError::file(&name, "at least 2 class folders", format!("1: `{class}`")))
        }
        _ => Ok(listing),
    }
}

/// Whether a file is none of a person's: `.DS_Store`, `Thumbs.db`.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".") || name == b"Thumbs.db" || name == b"desktop.ini"
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    Folder,
    File,
    Other(&'static str),
    /// A folder that lies in itself by a link, so deep that the system follows no more links.
    Circle,
}

/// A link that leads nowhere is no file, and no trouble of the disk either. `depth` is how many folders above it lie in
/// the listing.
fn kind_of(fs: &dyn Fs, path: &Path, depth: usize) -> Result<Entry, FsError> {
    let is_link = |path: &Path| matches!(fs.read_link(path), Ok(Some(_)));
    match fs.metadata(path).map(|found| found.kind) {
        Ok(FileKind::Dir) => Ok(Entry::Folder),
        Ok(FileKind::File) => Ok(Entry::File),
        Ok(FileKind::Other) => Ok(Entry::Other("a device, pipe or socket")),
        Err(error) if !error.is_absent() && path.ancestors().skip(1).take(depth).any(is_link) => {
            Ok(Entry::Circle)
        }
        Err(_) if is_link(path) => Ok(Entry::Other(LOST)),
        Err(error) => Err(error),
    }
}

fn too_deep(name: &str) -> DataError {
    DataError::file(name, format!("folders at most {DEPTH} deep"), "more, or a link in a circle")
}

impl Listing {
    /// The paths of all files.
    ///
    /// # Errors
    /// [`DataError::Unreadable`] if some are none, and that ends the stage.
    pub(crate) fn into_paths(self, on_bad: OnBad) -> Result<Vec<PathBuf>, DataError> {
        let others = self.files.iter().enumerate().filter_map(|(row, file)| Some((row, file, file.other?)));
        let refuse = |(row, file, other): (usize, &File, &'static str)| {
            (row, DataError::file(&file.name, REGULAR, other))
        };
        let refused: BTreeMap<usize, DataError> = others.map(refuse).collect();
        if !refused.is_empty() && on_bad == OnBad::Stop {
            left_out(&self.name, &format!("{} alone", self.what), self.files.len(), &refused, on_bad)?;
        }
        Ok(self.files.into_iter().filter(|file| file.other.is_none()).map(|file| file.path).collect())
    }

    /// The files, and the class of each.
    pub(super) fn into_files(self) -> (Vec<Named>, Classes) {
        let (files, rows) =
            self.files.into_iter().map(|file| (Named::listed(file.name, file.path), file.class)).unzip();
        (files, Classes { names: self.classes, rows, hidden: self.hidden })
    }

    /// Adds the files of a class, however deep they lie.
    fn class(
        &mut self,
        class: String,
        path: PathBuf,
        shown_path: String,
        place: &Place,
    ) -> Result<(), DataError> {
        self.classes.push(class);
        let before = self.files.len();
        let mut folders = vec![(path, shown_path.clone(), 0)];
        while let Some((folder, name, depth)) = folders.pop() {
            if depth > DEPTH {
                return Err(too_deep(&name));
            }
            let deeper = self.folder(&folder, &name, depth + 1, place)?;
            place.limits.admit(
                Limit::FolderFiles,
                format_args!("`{shown_path}`"),
                self.files.len() as u64,
            )?;
            folders.extend(deeper.into_iter().rev().map(|(path, name)| (path, name, depth + 1)));
        }
        match self.files.len() == before {
            true => Err(DataError::file(&shown_path, self.what, "none")),
            false => Ok(()),
        }
    }

    fn push(&mut self, path: PathBuf, name: String, other: Option<&'static str>) {
        self.files.push(File { path, name, class: self.classes.len() - 1, other });
    }

    /// Adds the files of one folder to the last class; the folders in it, each with its name in messages.
    fn folder(
        &mut self,
        folder: &Path,
        name: &str,
        depth: usize,
        place: &Place,
    ) -> Result<Vec<(PathBuf, String)>, DataError> {
        let mut deeper = vec![];
        for entry in place.limits.list(Limit::FolderFiles, place.fs.as_ref(), folder)? {
            let path = folder.join(&entry);
            let name = format!("{name}/{}", shown(Path::new(&entry)));
            if is_hidden(&path) {
                self.hidden += 1;
                continue;
            }
            match kind_of(place.fs.as_ref(), &path, depth)? {
                Entry::Folder => deeper.push((path, name)),
                Entry::File => self.push(path, name, None),
                Entry::Other(other) => self.push(path, name, Some(other)),
                Entry::Circle => return Err(too_deep(&name)),
            }
        }
        Ok(deeper)
    }
}
