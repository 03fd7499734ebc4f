use std::path::PathBuf;

use baeum_core::{Field, Schema, Task};

use crate::augment::Augmenter;
use crate::config::{
    CleanConfig, CsvConfig, DataConfig, FieldConfig, FolderConfig, FunctionConfig, IdxConfig, KindConfig,
    NumpyConfig, StepConfig, TextConfig, TextFolderConfig, TokensBy, usual_missing,
};
use crate::csv::CsvFormat;
use crate::formula::Formula;
use crate::labels::Naming;
use crate::source::{idx, listing, numpy, pictured};
use crate::split::Part;
use crate::{DataError, Place};

mod check;
mod fields;
mod heads;
mod inputs;
mod labels;
mod mix;
pub(crate) mod plain_text;
mod quantiles;
mod series;
pub(crate) mod splits;
pub(crate) mod steps;
mod targets;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use check::{IMAGE, TEXT};
pub(crate) use inputs::{IMAGE_ALONE, INPUT};
pub(crate) use plain_text::NEXT;
pub(crate) use series::SERIES;

/// What a `[data]` section means; made by [`DataConfig::check`] alone.
#[derive(Clone, Debug)]
pub struct DataPlan {
    pub(crate) source: SourcePlan,
    /// What is learned; the first of several targets.
    pub(crate) target: String,
    /// The columns that it is read from, where the recipe names them; those of all targets.
    pub(crate) columns: Vec<String>,
    /// What the recipe says; the data may say it too.
    pub(crate) task: Option<Task>,
    pub(crate) split: SplitPlan,
    pub(crate) config: DataConfig,
}

/// Where the examples are.
#[derive(Clone, Debug)]
pub(crate) enum SourcePlan {
    Table { format: TableFormat, files: Vec<TableFiles> },
    Idx(IdxConfig),
    Numpy(NumpyConfig),
    Folder(FolderConfig),
    Text { config: TextConfig, files: Vec<TableFiles> },
    TextFolder(TextFolderConfig),
    Function { config: FunctionConfig, formula: Formula },
}

/// A column of a table that names images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImageColumn<'a> {
    pub(crate) name: &'a str,
    pub(crate) channels: usize,
    /// Where the paths start; unless it is said, in the folder of the table.
    pub(crate) folder: Option<&'a str>,
}

/// How the files of a table are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TableFormat {
    Csv(CsvConfig),
    Jsonl,
    Parquet,
}

/// A column whose cells may be lists of texts; they become one text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lists {
    pub(crate) column: String,
    pub(crate) separator: String,
}

/// One file of a table, or a pattern of several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableFiles {
    pub(crate) pattern: String,
    /// The part that they are for, if the recipe says it.
    pub(crate) part: Option<Part>,
}

/// How they are divided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SplitPlan {
    Random {
        valid: f64,
        test: f64,
    },
    Stratified {
        valid: f64,
        test: f64,
    },
    /// Stratified for labels, by lot for numbers; nothing was said.
    Usual {
        valid: f64,
        test: f64,
    },
    Groups {
        column: String,
        valid: f64,
        test: f64,
    },
    Time {
        column: String,
        valid: f64,
        test: f64,
    },
    Moments {
        column: String,
        valid: Option<String>,
        test: String,
    },
    Hash {
        column: Option<String>,
        valid: f64,
        test: f64,
    },
    Fold {
        of: usize,
        fold: usize,
        valid: f64,
    },
    Column {
        name: String,
        /// What the columns of all repeats are called, if there are several.
        repeats: Option<String>,
    },
    Lists(ListsPlan),
    /// The source gives all parts: a table for each.
    Files,
    /// The source gives the test rows; `valid` is drawn from the others.
    Given {
        valid: f64,
    },
}

/// Lists of rows that give the parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListsPlan {
    /// The file of each part, and where the recipe names it.
    pub(crate) files: Vec<(Part, String, &'static str)>,
    /// The column that tells rows apart, and where the recipe names it.
    pub(crate) column: Option<(String, &'static str)>,
    /// Whether rows that stand in no list teach.
    pub(crate) takes_unlisted: bool,
    /// The share of `train` for `valid`, where no list gives it.
    pub(crate) valid: Option<f64>,
}

impl SplitPlan {
    /// Whether rows were divided by lot, each for itself.
    pub(crate) fn is_drawn(&self) -> bool {
        match self {
            SplitPlan::Random { .. }
            | SplitPlan::Stratified { .. }
            | SplitPlan::Usual { .. }
            | SplitPlan::Fold { .. }
            | SplitPlan::Hash { .. } => true,
            SplitPlan::Groups { .. } | SplitPlan::Time { .. } | SplitPlan::Moments { .. } => false,
            SplitPlan::Column { .. } | SplitPlan::Lists(_) | SplitPlan::Files | SplitPlan::Given { .. } => {
                false
            }
        }
    }

    /// Whether another lot could have been drawn that has every label in every part; with hashes it could not.
    pub(crate) fn wants_all_labels(&self) -> bool {
        self.is_drawn() && !matches!(self, SplitPlan::Hash { .. })
    }

    /// The column that decides, which the network does not see, and where the recipe names it.
    pub(crate) fn column(&self) -> Option<(&str, &'static str)> {
        match self {
            SplitPlan::Groups { column, .. } => Some((column, "data.split.groups.column")),
            SplitPlan::Time { column, .. } => Some((column, "data.split.time.column")),
            SplitPlan::Moments { column, .. } => Some((column, "data.split.moments.column")),
            SplitPlan::Hash { column, .. } => Some((column.as_deref()?, "data.split.hash.column")),
            SplitPlan::Column { name, .. } => Some((name, "data.split.column.name")),
            SplitPlan::Lists(lists) => lists.column.as_ref().map(|(column, path)| (column.as_str(), *path)),
            SplitPlan::Random { .. }
            | SplitPlan::Stratified { .. }
            | SplitPlan::Usual { .. }
            | SplitPlan::Fold { .. }
            | SplitPlan::Files
            | SplitPlan::Given { .. } => None,
        }
    }
}

impl DataConfig {
    /// What the section means.
    ///
    /// # Errors
    /// [`DataError::Setting`] for the first setting that cannot be, whatever the data are; no file is opened.
    pub fn check(&self) -> Result<DataPlan, DataError> {
        let source = check::source(self)?;
        let target = check::target(self, &source)?;
        let told: Vec<String> = self.told().cloned().collect();
        let columns = if told.is_empty() { vec![target.clone()] } else { told };
        let task = check::task(self, &source)?;
        series::check(self, &source, &target)?;
        check::names(self, &source, &columns)?;
        check::answers(self, task)?;
        if self.targets.is_empty() {
            targets::multi_label("data", task, self.separator.as_deref(), &self.thresholds)?;
        }
        targets::columns_of_one(self, task)?;
        quantiles::check(self, task)?;
        labels::label_file(self, &source)?;
        labels::merged(self, task)?;
        for (name, field) in &self.fields {
            fields::field(self, &source, &columns, name, field)?;
        }
        inputs::images(self)?;
        check::shape("data.shape", self.shape.as_deref())?;
        inputs::check(self, &source, &columns)?;
        plain_text::check(self, &source)?;
        mix::check(self)?;
        let split = splits::split(self, &source, task)?;
        Ok(DataPlan { source, target, columns, task, split, config: self.clone() })
    }
}

impl DataPlan {
    /// The sizes of one item of the network's input, as far as the recipe alone tells them.
    pub fn item_shape(&self) -> Option<Vec<usize>> {
        if let Some(series) = &self.config.series {
            return series::item_shape(&self.config, series);
        }
        self.config.shape.clone().or_else(|| match &self.source {
            SourcePlan::Text { .. } => self.tokenised(),
            SourcePlan::Table { .. } => match self.image_columns().next() {
                Some(image) => self.resized(image.name, image.channels),
                None => self.tokenised(),
            },
            SourcePlan::Idx(_) => self.resized(IMAGE, 1),
            SourcePlan::Numpy(_) => None,
            SourcePlan::Folder(folder) => self.resized(IMAGE, folder.channels.count()),
            SourcePlan::TextFolder(_) => self.tokenised(),
            SourcePlan::Function { config, .. } => Some(vec![config.inputs.len()]),
        })
    }

    /// Whether what comes next in a text is to be told.
    pub fn tells_next(&self) -> bool {
        self.task == Some(Task::Generate)
    }

    /// How many steps of one column are to be told, where the recipe alone says it.
    pub fn horizon(&self) -> Option<usize> {
        self.config.series.as_ref().map(|series| series.horizon)
    }

    /// Every file that the stage reads.
    ///
    /// # Errors
    /// [`DataError::Absent`] for one that is nowhere, and what the disk says about folders.
    pub fn files(&self, place: &Place) -> Result<Vec<PathBuf>, DataError> {
        let tokenizers = self.tokenizers().map(|name| place.find(name));
        let mut found = tokenizers.collect::<Result<Vec<_>, DataError>>()?;
        if let SplitPlan::Lists(lists) = &self.split {
            for (_, name, _) in &lists.files {
                found.push(place.find(name)?);
            }
        }
        found.extend(self.sources(place)?);
        if let Some(labels) = self.label_path(place)
            && place.fs.exists(&labels)?
        {
            found.push(labels);
        }
        Ok(found)
    }

    /// Where labels of people are kept, if the recipe says so; the file need not be there yet. It lies beside the recipe,
    /// for it belongs to who writes that: nothing of its name elsewhere is taken for it.
    pub fn label_path(&self, place: &Place) -> Option<PathBuf> {
        self.config.label_file.as_ref().map(|file| place.base.join(file))
    }

    /// The files that the examples stand in.
    fn sources(&self, place: &Place) -> Result<Vec<PathBuf>, DataError> {
        match &self.source {
            SourcePlan::Table { format, files } => {
                let found = files.iter().map(|files| place.find_each(&files.pattern));
                let found = found.collect::<Result<Vec<_>, DataError>>()?.into_iter().flatten();
                let mut paths: Vec<PathBuf> = found.map(|(_, path)| path).collect();
                paths.extend(pictured::paths(self, format, files, place)?);
                Ok(paths)
            }
            SourcePlan::Text { files, .. } => {
                let found = files.iter().map(|files| place.find_each(&files.pattern));
                let found = found.collect::<Result<Vec<_>, DataError>>()?.into_iter().flatten();
                Ok(found.map(|(_, path)| path).collect())
            }
            SourcePlan::Idx(config) => idx::files(config).into_iter().map(|name| place.find(name)).collect(),
            SourcePlan::Numpy(config) => {
                numpy::files(config).into_iter().map(|name| place.find(name)).collect()
            }
            SourcePlan::Folder(config) => {
                listing::list(&config.path, "images", place)?.into_paths(self.config.on_bad)
            }
            SourcePlan::TextFolder(config) => {
                listing::list(&config.path, "texts", place)?.into_paths(self.config.on_bad)
            }
            SourcePlan::Function { .. } => Ok(vec![]),
        }
    }

    /// How a cell of a table of this format says that nothing is there; CSV has no other way.
    pub(crate) fn missing(&self, format: &TableFormat) -> Vec<String> {
        match (&self.config.missing, format) {
            (Some(said), _) => said.clone(),
            (None, TableFormat::Csv(_)) => usual_missing(),
            (None, TableFormat::Jsonl | TableFormat::Parquet) => vec![],
        }
    }

    /// How tables are written that belong to these data, such as one to predict from.
    pub fn csv_format(&self) -> CsvFormat {
        match &self.source {
            SourcePlan::Table { format: format @ TableFormat::Csv(config), .. } => {
                CsvFormat::new(config, &self.missing(format)).listing(&self.lists())
            }
            SourcePlan::Table { format: TableFormat::Jsonl | TableFormat::Parquet, .. }
            | SourcePlan::Idx(_)
            | SourcePlan::Numpy(_)
            | SourcePlan::Folder(_)
            | SourcePlan::Text { .. }
            | SourcePlan::TextFolder(_)
            | SourcePlan::Function { .. } => {
                // A null of other formats is written as nothing.
                let said = self.config.missing.iter().flatten().cloned();
                let missing: Vec<String> = usual_missing().into_iter().chain(said).collect();
                CsvFormat::new(&CsvConfig::default(), &missing)
            }
        }
    }

    /// Compares the settings that belong to one task with the one that the data turned out to have.
    pub(crate) fn check_answers(&self, task: Task) -> Result<(), DataError> {
        check::answers(&self.config, Some(task))?;
        labels::merged(&self.config, Some(task))
    }

    /// What is done at random to the fields of a schema while the network learns.
    pub(crate) fn augmenters(&self, schema: &Schema) -> Vec<Augmenter> {
        let of_field = |(place, field): (usize, &Field)| {
            let steps = self.field(&field.name)?.augment.clone();
            (!steps.is_empty()).then_some(Augmenter { field: place, steps })
        };
        schema.fields.iter().enumerate().filter_map(of_field).collect()
    }

    /// What the labels of a target are called: as their columns, where each has one.
    pub(crate) fn naming(&self, target: &str) -> Naming {
        match self.names_its_columns(target) {
            true => Naming { names: self.columns_of(target).to_vec(), clean: CleanConfig::default() },
            false => Naming { names: self.config.labels.clone(), clean: self.config.clean_labels.clone() },
        }
    }

    /// Whether an empty answer is one: that no label fits.
    pub fn may_fit_nothing(&self) -> bool {
        self.task == Some(Task::MultiLabel)
    }

    /// What the recipe says about a field.
    pub(crate) fn field(&self, name: &str) -> Option<&FieldConfig> {
        self.config.fields.get(name)
    }

    /// The columns that name images, as far as the recipe says so.
    pub(crate) fn image_columns(&self) -> impl Iterator<Item = ImageColumn<'_>> {
        self.config.fields.iter().filter_map(|(name, field)| match &field.kind {
            Some(KindConfig::Image { channels, folder }) => {
                Some(ImageColumn { name, channels: channels.count(), folder: folder.as_deref() })
            }
            Some(KindConfig::Number | KindConfig::Category | KindConfig::Text | KindConfig::Date) | None => {
                None
            }
        })
    }

    /// The steps of all fields that the recipe names.
    fn steps(&self) -> impl Iterator<Item = &StepConfig> {
        self.config.fields.values().flat_map(|field| field.steps.iter().flatten())
    }

    /// The `tokenizer.json` files that fields are cut by.
    fn tokenizers(&self) -> impl Iterator<Item = &str> {
        self.steps().filter_map(|step| {
            let StepConfig::Tokenise { by: TokensBy::File { path }, .. } = step else { return None };
            Some(path.as_str())
        })
    }

    /// How many places a text has; it is the one field, then.
    fn tokenised(&self) -> Option<Vec<usize>> {
        self.steps().find_map(inputs::places)
    }

    fn resized(&self, field: &str, channels: usize) -> Option<Vec<usize>> {
        let sizes = |step: &StepConfig| {
            let (StepConfig::Crop { height, width } | StepConfig::Resize { height, width, .. }) = step else {
                return None;
            };
            Some(vec![channels, *height, *width])
        };
        self.field(field)?.steps.as_ref()?.iter().rev().find_map(sizes)
    }
}
