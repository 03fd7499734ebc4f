//! A folder with one folder of images for each class.

use std::collections::BTreeMap;

use baeum_core::{Field, Kind, Role, Split, Task, Train};

use super::files::{Images, left_out, names_below};
use super::listing::{Classes, UNLABELLED, list};
use super::{Cell, Raw, Scan, Targets, field};
use crate::config::{FolderConfig, OnBad};
use crate::place::shown_name;
use crate::plan::{DataPlan, IMAGE};
use crate::profile::Repair;
use crate::split::Part;
use crate::{DataError, Place};

/// Images on disk; each is decoded when it is asked for.
pub(super) struct Folder {
    name: String,
    /// Whether images may be without a label.
    has_label_file: bool,
    target: String,
    images: Images,
    classes: Classes,
    on_bad: OnBad,
    /// The images that were left out, once all of them were looked at.
    repairs: Vec<Repair>,
}

/// Lists the folder.
pub(super) fn scan(plan: &DataPlan, config: &FolderConfig, place: &Place) -> Result<Folder, DataError> {
    let (files, classes) = list(&config.path, "images", place)?.into_files();
    Ok(Folder {
        name: shown_name(&config.path),
        has_label_file: plan.config.label_file.is_some(),
        target: plan.target.clone(),
        images: Images::new(files, config.channels.count(), place),
        classes,
        on_bad: plan.config.on_bad,
        repairs: vec![],
    })
}

impl Folder {
    /// The label of an image; none in the folder of those that have none yet.
    fn label(&self, row: usize) -> Option<&str> {
        Some(self.classes.of(row)).filter(|class| !self.has_label_file || *class != UNLABELLED)
    }

    /// Leaves out the files that cannot be read.
    fn without(&mut self, refused: &BTreeMap<usize, DataError>) -> Result<(), DataError> {
        let repair = left_out(&self.name, "images alone", self.images.len(), refused, self.on_bad)?;
        self.images.retain(|row| !refused.contains_key(&row));
        self.classes.retain(|row| !refused.contains_key(&row));
        self.repairs.push(repair);
        Ok(())
    }
}

impl Scan for Folder {
    fn rows(&self) -> usize {
        self.images.len()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let classes = &self.classes;
        let (ids, refused) = self.images.look(|row| classes.of(row).as_bytes())?;
        if !refused.is_empty() {
            self.without(&refused)?;
        }
        Ok(ids)
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(None)
    }

    fn names(&self) -> Result<Vec<String>, DataError> {
        Ok(names_below(&self.name, (0..self.images.len()).map(|row| self.images.name(row))))
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok((0..Scan::rows(self)).map(|row| self.label(row).map(str::to_owned)).collect())
    }

    /// The path of an image below the folder, with `/` between its parts.
    fn called(&self) -> Result<Vec<Option<String>>, DataError> {
        let names = names_below(&self.name, (0..self.images.len()).map(|row| self.images.name(row)));
        Ok(names.into_iter().map(Some).collect())
    }

    fn task(&self, _: &Targets) -> Result<Task, DataError> {
        Ok(Task::Classify)
    }

    fn fields(&self, _: Task, train: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let size = self.images.shared_size(train.rows());
        let image = Kind::Image { channels: self.images.channels, size };
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
        self.images.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match field {
            1 => Ok(self.label(row).map_or(Cell::Missing, Cell::Name)),
            _ => self.images.cell(row),
        }
    }

    fn place(&self, row: usize) -> String {
        format!("`{}`", self.images.name(row))
    }

    fn is_decoded_anew(&self) -> bool {
        true
    }

    fn image_size(&self, row: usize, _: usize) -> Option<(usize, usize)> {
        self.images.size(row)
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }

    fn hidden_files(&self) -> usize {
        self.classes.hidden
    }
}
