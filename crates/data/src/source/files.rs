//! Files that are named one by one, by a folder or by a table: read when they are asked for, and refused one by one.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use baeum_core::fs::{FileKind, FsError, shown};
use baeum_core::{Fs, Limit, Limits, Progress, ReadError};
use rayon::prelude::*;

use super::{Cell, Pixels};
use crate::config::OnBad;
use crate::error::chain;
use crate::image;
use crate::profile::{LISTED, Repair};
use crate::refusal::Refusal;
use crate::split::sample_id;
use crate::{DataError, Place};

/// What is read.
pub(super) const REGULAR: &str = "to be a regular file";

/// A link that is none of that.
pub(super) const LOST: &str = "a link that leads nowhere, or in a circle";

/// One file.
pub(super) struct Named {
    /// As messages call it.
    name: String,
    /// Where it is, or why nobody looks there.
    path: Result<PathBuf, Refusal>,
    /// How many parts of the path, from its end, the data name: a link among them is theirs.
    parts: usize,
}

impl Named {
    /// A file that a folder was seen to hold.
    pub(super) fn listed(name: String, path: PathBuf) -> Named {
        Named { name, path: Ok(path), parts: 1 }
    }

    /// A file that the data call `path`, below a folder that the recipe calls `name`.
    pub(super) fn below(root: &Path, name: &str, path: &str) -> Named {
        let relative = Path::new(path);
        let parts = relative.components().count();
        let shown_path = shown(relative);
        let name = if name.is_empty() { shown_path } else { format!("{name}/{shown_path}") };
        Named { name, path: stays_below(relative).map(|()| root.join(relative)), parts }
    }

    /// A row that names none.
    pub(super) fn none(column: &str) -> Named {
        let refusal = Refusal::new("the path of a file", "an empty cell");
        Named { name: column.to_owned(), path: Err(refusal), parts: 0 }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, if it can be read as a file at all.
    pub(super) fn into_path(self, fs: &dyn Fs) -> Option<PathBuf> {
        let is_file = |path: &PathBuf| fs.metadata(path).is_ok_and(|found| found.kind == FileKind::File);
        self.path.ok().filter(is_file)
    }

    /// Whether nothing can be seen there, and the data name a link on the way.
    fn is_lost(&self, fs: &dyn Fs, path: &Path) -> bool {
        let is_link = |part: &Path| matches!(fs.read_link(part), Ok(Some(_)));
        fs.metadata(path).is_err() && path.ancestors().take(self.parts).any(is_link)
    }
}

/// Refuses a path that may lead out of its folder.
fn stays_below(path: &Path) -> Result<(), Refusal> {
    let wants = "a path below its folder";
    let is_inner = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    match path.components().all(is_inner) {
        _ if path.as_os_str().as_encoded_bytes().contains(&0) => {
            Err(Refusal::new(wants, "one with a NUL in it"))
        }
        true => Ok(()),
        false if path.is_absolute() => Err(Refusal::new(wants, "one that starts at the root")),
        false => Err(Refusal::new(wants, "one that leads out of it")),
    }
}

/// A disk, and how much of a file is read from it.
pub(super) struct Reader {
    fs: Arc<dyn Fs>,
    pub(super) limits: Limits,
    progress: Progress,
}

impl Reader {
    pub(super) fn new(place: &Place) -> Reader {
        let Place { fs, limits, progress, .. } = place.clone();
        Reader { fs, limits, progress }
    }

    /// The bytes of a file. That it is none is the fault of the data; other troubles are the disk's.
    pub(super) fn read(&self, file: &Named, limit: Limit) -> Result<Vec<u8>, DataError> {
        let refuse = |refusal: Refusal| DataError::file(&file.name, refusal.wants, refusal.got);
        let path = file.path.as_ref().map_err(|refusal| refuse(refusal.clone()))?;
        let span = tracing::debug_span!("file", name = file.name);
        let read = span.in_scope(|| self.limits.read(limit, self.fs.as_ref(), path));
        self.progress.add(1);
        read.map_err(|error| {
            let none = |got: &str| refuse(Refusal::new(REGULAR, got));
            match error {
                ReadError::Fs(FsError::NotAFile { kind, .. }) => none(&kind.to_string()),
                ReadError::Fs(_) if file.is_lost(self.fs.as_ref(), path) => none(LOST),
                ReadError::Fs(error) if error.is_absent() || is_under_file(&error) => none("nothing"),
                error @ (ReadError::Fs(_) | ReadError::Limit(_)) => error.into(),
            }
        })
    }
}

/// Whether a part of the path that should be a folder is a file.
fn is_under_file(error: &FsError) -> bool {
    error.kind() == Some(std::io::ErrorKind::NotADirectory)
}

/// What files of a folder are called below it.
pub(super) fn names_below<'a>(folder: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let below = |name: &str| match name.strip_prefix(folder) {
        Some(rest) => rest.trim_start_matches('/').to_owned(),
        None => name.to_owned(),
    };
    names.map(below).collect()
}

/// What was found behind each of so many rows, or why nothing was; the disk's troubles say nothing about the data.
pub(super) fn sorted_out<T>(
    looked: Vec<Result<T, DataError>>,
) -> Result<(Vec<T>, BTreeMap<usize, DataError>), DataError> {
    let (mut found, mut refused) = (vec![], BTreeMap::new());
    for (row, outcome) in looked.into_iter().enumerate() {
        match outcome {
            Ok(one) => found.push(one),
            Err(error @ DataError::Fs(_)) => return Err(error),
            Err(error) => drop(refused.insert(row, error)),
        }
    }
    Ok((found, refused))
}

/// What becomes of all files of a folder that cannot be read: one error, or one repair that leaves them out.
pub(super) fn left_out(
    folder: &str,
    wants: &str,
    of: usize,
    refused: &BTreeMap<usize, DataError>,
    on_bad: OnBad,
) -> Result<Repair, DataError> {
    let (file, count) = (folder.to_owned(), refused.len());
    let first = refused.values().take(LISTED).map(|error| chain(error)).collect();
    match on_bad {
        OnBad::Skip if count < of => Ok(Repair::Skipped { file, count, first }),
        OnBad::Skip | OnBad::Stop => {
            Err(DataError::Unreadable { file, wants: wants.to_owned(), count, of, what: "files", first })
        }
    }
}

/// Images on disk; each is decoded when it is asked for.
pub(super) struct Images {
    files: Vec<Named>,
    pub(super) channels: usize,
    /// Rows and columns of each image, once all of them were looked at.
    sizes: Vec<(usize, usize)>,
    reader: Reader,
}

impl Images {
    pub(super) fn new(files: Vec<Named>, channels: usize, place: &Place) -> Images {
        Images { files, channels, sizes: vec![], reader: Reader::new(place) }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// The file of a row, as messages call it.
    pub(super) fn name(&self, row: usize) -> &str {
        self.files[row].name()
    }

    /// The image of a row.
    pub(super) fn cell(&self, row: usize) -> Result<Cell<'_>, DataError> {
        let bytes = self.reader.read(&self.files[row], Limit::ImageBytes)?;
        Ok(Cell::Image(self.decode(row, &bytes)?))
    }

    /// Height and width of the image of a row, once all of them were looked at.
    pub(super) fn size(&self, row: usize) -> Option<(usize, usize)> {
        self.sizes.get(row).copied()
    }

    /// The size that the images of all these rows share.
    pub(super) fn shared_size(&self, rows: &[usize]) -> Option<(usize, usize)> {
        let mut sizes = rows.iter().map(|&row| self.size(row));
        let first = sizes.next().flatten();
        first.filter(|first| sizes.all(|size| size == Some(*first)))
    }

    /// Looks at every image. A number for each that depends on its bytes and on `label` alone, for those that are some;
    /// why the others are none, by their rows.
    pub(super) fn look<'a>(
        &mut self,
        label: impl Fn(usize) -> &'a [u8] + Sync,
    ) -> Result<(Vec<u64>, BTreeMap<usize, DataError>), DataError> {
        let look = |row: usize| {
            let mut content = self.reader.read(&self.files[row], Limit::ImageBytes)?;
            let image = self.decode(row, &content)?;
            content.extend_from_slice(label(row));
            Ok((sample_id(&content), (image.height, image.width)))
        };
        let looked: Vec<_> = (0..self.len()).into_par_iter().map(look).collect();
        let (found, refused) = sorted_out(looked)?;
        let (ids, sizes) = found.into_iter().unzip();
        self.sizes = sizes;
        Ok((ids, refused))
    }

    /// Leaves out rows. Where it was [`Images::look`] that refused them, their sizes are not there.
    pub(super) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        if self.sizes.len() == self.files.len() {
            let mut row = 0..;
            self.sizes.retain(|_| row.next().is_none_or(&keep));
        }
        let mut row = 0..;
        self.files.retain(|_| row.next().is_none_or(&keep));
    }

    fn decode(&self, row: usize, bytes: &[u8]) -> Result<Pixels<'static>, DataError> {
        image::decode(self.name(row), bytes, self.channels, &self.reader.limits)
    }
}
