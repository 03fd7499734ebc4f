//! A folder with one folder of images for each class.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::fs::{FileKind, shown};
use baeum_core::{Field, Fs, Kind, Limit, Limits, Role, Split, Task, Train};
use rayon::prelude::*;

use super::{Cell, Raw, Scan, field};
use crate::config::{FolderConfig, OnBad};
use crate::error::chain;
use crate::image;
use crate::place::shown_name;
use crate::plan::{DataPlan, IMAGE};
use crate::profile::{LISTED, Repair};
use crate::split::{Part, sample_id};
use crate::{DataError, Place};

/// The folder whose images have no label yet, where the recipe has a file of labels.
const UNLABELLED: &str = "unlabelled";

/// How deep folders may lie in a class; a link that leads back to itself ends here.
const DEPTH: usize = 64;

/// What lies in a folder, by name alone.
pub(crate) struct Listing {
    /// The classes, sorted.
    classes: Vec<String>,
    /// The images, class by class.
    pub(crate) images: Vec<File>,
    /// How many files were left out because their names start with a dot, or are those of a file manager.
    hidden: usize,
}

/// One image.
pub(crate) struct File {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// As messages call it: below the folder, as the recipe calls that.
    name: String,
    /// The place of its class.
    class: usize,
}

/// Images on disk; each is decoded when it is asked for.
pub(super) struct Folder {
    name: String,
    root: PathBuf,
    /// Whether images may be without a label.
    has_label_file: bool,
    target: String,
    channels: usize,
    listing: Listing,
    /// Rows and columns of each image, once all of them were looked at.
    sizes: Vec<(usize, usize)>,
    on_bad: OnBad,
    /// The images that were left out, once all of them were looked at.
    repairs: Vec<Repair>,
    fs: Arc<dyn Fs>,
    limits: Limits,
}

/// Lists the folder.
pub(super) fn scan(plan: &DataPlan, config: &FolderConfig, place: &Place) -> Result<Folder, DataError> {
    Ok(Folder {
        name: shown_name(&config.path),
        root: place.find(&config.path)?,
        has_label_file: plan.config.label_file.is_some(),
        target: plan.target.clone(),
        channels: config.channels.count(),
        listing: list(config, place)?,
        sizes: vec![],
        on_bad: plan.config.on_bad,
        repairs: vec![],
        fs: Arc::clone(&place.fs),
        limits: place.limits.clone(),
    })
}

/// The classes and the images of a folder, without opening a file.
pub(crate) fn list(config: &FolderConfig, place: &Place) -> Result<Listing, DataError> {
    let root = place.find(&config.path)?;
    let name = shown_name(&config.path);
    let kind = place.fs.metadata(&root)?.kind;
    if kind != FileKind::Dir {
        return Err(DataError::file(
            &name,
            "to be a folder with one folder for each class",
            kind.to_string(),
        ));
    }
    let mut listing = Listing { classes: vec![], images: vec![], hidden: 0 };
    for entry in place.limits.list(Limit::FolderFiles, place.fs.as_ref(), &root)? {
        let path = root.join(&entry);
        let shown = format!("{name}/{}", shown(Path::new(&entry)));
        if is_hidden(&path) {
            listing.hidden += 1;
        } else if place.fs.metadata(&path)?.kind != FileKind::Dir {
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
        [] => Err(DataError::file(&name, "one folder of images for each class", "none")),
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

impl Listing {
    /// Adds the images of a class, however deep they lie.
    fn class(
        &mut self,
        class: String,
        path: PathBuf,
        shown_path: String,
        place: &Place,
    ) -> Result<(), DataError> {
        self.classes.push(class);
        let before = self.images.len();
        let mut folders = vec![(path, shown_path.clone(), 0)];
        while let Some((folder, name, depth)) = folders.pop() {
            if depth > DEPTH {
                let wants = format!("folders at most {DEPTH} deep");
                return Err(DataError::file(&name, wants, "more, or a link in a circle"));
            }
            let deeper = self.folder(&folder, &name, place)?;
            place.limits.admit(
                Limit::FolderFiles,
                format_args!("`{shown_path}`"),
                self.images.len() as u64,
            )?;
            folders.extend(deeper.into_iter().rev().map(|(path, name)| (path, name, depth + 1)));
        }
        match self.images.len() == before {
            true => Err(DataError::file(&shown_path, "images", "none")),
            false => Ok(()),
        }
    }

    /// Adds the images of one folder to the last class; the folders in it, each with its name in messages.
    fn folder(
        &mut self,
        folder: &Path,
        name: &str,
        place: &Place,
    ) -> Result<Vec<(PathBuf, String)>, DataError> {
        let mut deeper = vec![];
        for entry in place.limits.list(Limit::FolderFiles, place.fs.as_ref(), folder)? {
            let path = folder.join(&entry);
            let name = format!("{name}/{}", shown(Path::new(&entry)));
            if is_hidden(&path) {
                self.hidden += 1;
            } else if place.fs.metadata(&path)?.kind == FileKind::Dir {
                deeper.push((path, name));
            } else {
                self.images.push(File { path, name, class: self.classes.len() - 1 });
            }
        }
        Ok(deeper)
    }
}

impl Folder {
    fn read(&self, row: usize) -> Result<Vec<u8>, DataError> {
        let image = &self.listing.images[row];
        let span = tracing::debug_span!("file", name = image.name);
        span.in_scope(|| Ok(self.limits.read(Limit::ImageBytes, self.fs.as_ref(), &image.path)?))
    }

    fn decode(&self, row: usize, bytes: &[u8]) -> Result<super::Pixels<'static>, DataError> {
        image::decode(&self.listing.images[row].name, bytes, self.channels, &self.limits)
    }

    fn class(&self, row: usize) -> &str {
        &self.listing.classes[self.listing.images[row].class]
    }

    /// The label of an image; none in the folder of those that have none yet.
    fn label(&self, row: usize) -> Option<&str> {
        Some(self.class(row)).filter(|class| !self.has_label_file || *class != UNLABELLED)
    }

    /// The number and the size of an image, or why it is none.
    fn look(&self, row: usize) -> Result<(u64, (usize, usize)), DataError> {
        let bytes = self.read(row)?;
        let image = self.decode(row, &bytes)?;
        let mut content = bytes;
        content.extend_from_slice(self.class(row).as_bytes());
        Ok((sample_id(&content), (image.height, image.width)))
    }

    /// All files that cannot be read: one error, or one repair that leaves them out.
    fn without(&mut self, refused: &BTreeMap<usize, DataError>) -> Result<(), DataError> {
        let (count, files) = (refused.len(), Scan::rows(self));
        let first = refused.values().take(LISTED).map(|error| chain(error)).collect();
        let file = self.name.clone();
        if self.on_bad == OnBad::Stop || count == files {
            return Err(DataError::Images { folder: file, count, files, first });
        }
        let mut row = 0..;
        self.listing.images.retain(|_| row.next().is_none_or(|row| !refused.contains_key(&row)));
        self.repairs.push(Repair::Skipped { file, count, first });
        Ok(())
    }
}

impl Scan for Folder {
    fn rows(&self) -> usize {
        self.listing.images.len()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let looked: Vec<_> = (0..Scan::rows(self)).into_par_iter().map(|row| self.look(row)).collect();
        let (mut ids, mut refused) = (vec![], BTreeMap::new());
        self.sizes.clear();
        for (row, outcome) in looked.into_iter().enumerate() {
            match outcome {
                Ok((id, size)) => {
                    ids.push(id);
                    self.sizes.push(size);
                }
                // The disk's troubles say nothing about the images.
                Err(error @ DataError::Fs(_)) => return Err(error),
                Err(error) => drop(refused.insert(row, error)),
            }
        }
        if !refused.is_empty() {
            self.without(&refused)?;
        }
        Ok(ids)
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(None)
    }

    fn targets(&self) -> Vec<Option<String>> {
        (0..Scan::rows(self)).map(|row| self.label(row).map(str::to_owned)).collect()
    }

    /// The path of an image below the folder, with `/` between its parts.
    fn names(&self) -> Vec<Option<String>> {
        let name = |image: &File| {
            let parts = image.path.strip_prefix(&self.root).ok()?.components();
            let parts = parts.map(|part| part.as_os_str().to_str().map(str::to_owned));
            Some(parts.collect::<Option<Vec<String>>>()?.join("/"))
        };
        self.listing.images.iter().map(name).collect()
    }

    fn task(&self, _: &[Option<String>]) -> Task {
        Task::Classify
    }

    fn fields(&self, _: Task, train: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let mut sizes = train.rows().iter().map(|&row| self.sizes[row]);
        let first = sizes.next();
        let size = first.filter(|first| sizes.all(|size| size == *first));
        let image = Kind::Image { channels: self.channels, size };
        Ok(vec![
            Field { columns: vec![], ..field(IMAGE, image, Role::Input) },
            field(&self.target, Kind::Category, Role::Target),
        ])
    }

    fn load(self: Box<Self>, _: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        Ok(self)
    }
}

impl Raw for Folder {
    fn rows(&self) -> usize {
        Scan::rows(self)
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match field {
            1 => Ok(self.label(row).map_or(Cell::Missing, Cell::Name)),
            _ => Ok(Cell::Image(self.decode(row, &self.read(row)?)?)),
        }
    }

    fn place(&self, row: usize) -> String {
        format!("`{}`", self.listing.images[row].name)
    }

    fn image_size(&self, row: usize) -> Option<(usize, usize)> {
        self.sizes.get(row).copied()
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }

    fn hidden_files(&self) -> usize {
        self.listing.hidden
    }
}
