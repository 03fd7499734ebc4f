//! The refusals of a `[data]` section that need no data.

use std::collections::BTreeSet;

use baeum_core::Task;

use super::plain_text::NEXT;
use super::{SourcePlan, TableFiles, TableFormat, heads, targets};
use crate::DataError;
use crate::config::{
    CleanConfig, CsvConfig, DataConfig, FunctionConfig, IdxConfig, NumpyConfig, Paths, SourceConfig,
    SplitConfig, TargetConfig,
};
use crate::formula::Formula;
use crate::split::Part;

pub(super) type Checked<T = ()> = Result<T, DataError>;

/// The one field of images.
pub(crate) const IMAGE: &str = "image";

/// The one field of texts.
pub(crate) const TEXT: &str = "text";

pub(super) fn refuse<T>(
    path: impl Into<String>,
    wants: impl Into<String>,
    got: impl Into<String>,
) -> Checked<T> {
    Err(DataError::setting(path, wants, got))
}

pub(super) fn source(config: &DataConfig) -> Checked<SourcePlan> {
    match &config.source {
        None => refuse(
            "data.source",
            "one of `csv`, `jsonl`, `parquet`, `idx`, `numpy`, `folder`, `text_folder`, `text` and `function`",
            "nothing",
        ),
        Some(SourceConfig::Csv(csv)) => {
            written(csv)?;
            let files = tables(config, "data.source.csv.path", csv.path.as_ref())?;
            Ok(SourcePlan::Table { format: TableFormat::Csv(csv.clone()), files })
        }
        Some(SourceConfig::Jsonl(jsonl)) => {
            let files = tables(config, "data.source.jsonl.path", jsonl.path.as_ref())?;
            Ok(SourcePlan::Table { format: TableFormat::Jsonl, files })
        }
        Some(SourceConfig::Parquet(parquet)) => {
            let files = tables(config, "data.source.parquet.path", parquet.path.as_ref())?;
            Ok(SourcePlan::Table { format: TableFormat::Parquet, files })
        }
        Some(SourceConfig::Idx(idx)) => idx_files(idx),
        Some(SourceConfig::Numpy(numpy)) => numpy_files(numpy),
        Some(SourceConfig::Folder(folder)) => {
            refuse_empty("data.source.folder.path", &folder.path)?;
            Ok(SourcePlan::Folder(folder.clone()))
        }
        Some(SourceConfig::Text(text)) => {
            let files = patterns("data.source.text.path", &text.path, None)?;
            Ok(SourcePlan::Text { config: text.clone(), files })
        }
        Some(SourceConfig::TextFolder(folder)) => {
            refuse_empty("data.source.text_folder.path", &folder.path)?;
            Ok(SourcePlan::TextFolder(folder.clone()))
        }
        Some(SourceConfig::Function(function)) => {
            Ok(SourcePlan::Function { config: function.clone(), formula: formula(function)? })
        }
    }
}

/// The files of a table, training first.
fn tables(config: &DataConfig, path: &str, said: Option<&Paths>) -> Checked<Vec<TableFiles>> {
    match (&config.split, said) {
        (Some(SplitConfig::Files { .. }), Some(files)) => {
            refuse(path, "to be left out beside `data.split.files`", listed(files))
        }
        (Some(SplitConfig::Files { train, valid, test, .. }), None) => {
            let parts = [(Part::Train, Some(train)), (Part::Valid, valid.as_ref()), (Part::Test, Some(test))];
            let named = parts.into_iter().filter_map(|(part, files)| Some((part, files?)));
            let files = named.map(|(part, files)| {
                patterns(&format!("data.split.files.{}", part.name()), files, Some(part))
            });
            Ok(files.collect::<Checked<Vec<_>>>()?.concat())
        }
        (_, Some(files)) => patterns(path, files, None),
        (_, None) => refuse(path, "a file", "nothing"),
    }
}

fn listed(files: &Paths) -> String {
    files.0.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ")
}

/// Files and patterns of files; a `*` stands in the last part of a path alone.
fn patterns(path: &str, files: &Paths, part: Option<Part>) -> Checked<Vec<TableFiles>> {
    if files.0.is_empty() {
        return refuse(path, "a file", "an empty list");
    }
    for file in &files.0 {
        refuse_empty(path, file)?;
        if file.rsplit_once('/').is_some_and(|(folder, _)| folder.contains('*')) {
            return refuse(path, "`*` in the last part of a path", format!("`{file}`"));
        }
    }
    Ok(files.0.iter().map(|file| TableFiles { pattern: file.clone(), part }).collect())
}

/// How a table says that it is written.
fn written(csv: &CsvConfig) -> Checked {
    let setting = |name: &str| format!("data.source.csv.{name}");
    let shown = |text: &str| format!("`{}`", text.escape_debug());
    if let Some(text) = &csv.delimiter {
        match only(text) {
            Some(c) if !c.is_ascii_alphanumeric() && !"\"\n\r.+-".contains(c) => {}
            Some(_) | None => {
                let wants = "one ASCII character that stands in no number and no quote";
                return refuse(setting("delimiter"), wants, shown(text));
            }
        }
    }
    let quote = csv.quote.as_str();
    let is_quote = only(quote).is_some_and(|c| c.is_ascii_punctuation() && !".+-".contains(c));
    if !(quote.is_empty() || is_quote) || csv.delimiter.as_deref() == Some(quote) {
        return refuse(setting("quote"), "nothing, or one mark that is no delimiter", shown(quote));
    }
    match csv.columns.iter().enumerate().find(|(place, name)| csv.columns[..*place].contains(name)) {
        _ if csv.columns.is_empty() => Ok(()),
        _ if csv.header => {
            refuse(setting("columns"), "a table with `header = false`", "one that names them itself")
        }
        Some((place, name)) => {
            refuse(setting(&format!("columns[{place}]")), "a name of its own", shown(name))
        }
        None => csv.columns.iter().try_for_each(|name| refuse_empty(&setting("columns"), name.trim())),
    }
}

/// The one ASCII character of a text.
fn only(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|c| c.is_ascii() && characters.next().is_none())
}

fn idx_files(idx: &IdxConfig) -> Checked<SourcePlan> {
    let path = |name| format!("data.source.idx.{name}");
    for (name, file) in [("images", &idx.images), ("labels", &idx.labels)] {
        refuse_empty(&path(name), file)?;
    }
    match (&idx.test_images, &idx.test_labels) {
        (Some(_), None) => refuse(path("test_labels"), "the labels of `test_images`", "nothing"),
        (None, Some(_)) => refuse(path("test_images"), "the images of `test_labels`", "nothing"),
        (Some(_), Some(_)) | (None, None) => Ok(SourcePlan::Idx(idx.clone())),
    }
}

fn numpy_files(numpy: &NumpyConfig) -> Checked<SourcePlan> {
    let path = |name| format!("data.source.numpy.{name}");
    for (name, file) in [("inputs", &numpy.inputs), ("targets", &numpy.targets)] {
        refuse_empty(&path(name), file)?;
    }
    match (&numpy.test_inputs, &numpy.test_targets) {
        (Some(_), None) => refuse(path("test_targets"), "the targets of `test_inputs`", "nothing"),
        (None, Some(_)) => refuse(path("test_inputs"), "the inputs of `test_targets`", "nothing"),
        (Some(_), Some(_)) | (None, None) => Ok(SourcePlan::Numpy(numpy.clone())),
    }
}

pub(super) fn refuse_empty(path: &str, name: &str) -> Checked {
    if name.is_empty() { refuse(path, "a name", "an empty one") } else { Ok(()) }
}

fn formula(function: &FunctionConfig) -> Checked<Formula> {
    let path = |name: &str| format!("data.source.function.{name}");
    if function.inputs.is_empty() {
        return refuse(path("inputs"), "at least one input", "none");
    }
    for (name, [low, high]) in &function.inputs {
        if !(low.is_finite() && high.is_finite() && low < high) {
            let got = format!("[{low}, {high}]");
            return refuse(path(&format!("inputs.{name}")), "a lower and a higher finite number", got);
        }
    }
    if function.rows == 0 {
        return refuse(path("rows"), "a number above zero", "0");
    }
    let names: Vec<&str> = function.inputs.keys().map(String::as_str).collect();
    Formula::parse(&function.expression, &names)
        .map_err(|error| DataError::setting(path("expression"), error.wants, error.got))
}

pub(super) fn target(config: &DataConfig, source: &SourcePlan) -> Checked<String> {
    if !config.targets.is_empty() {
        return heads::first(config, source).map(|head| head.name().to_owned());
    }
    let one = match config.target.as_ref().map(TargetConfig::columns) {
        Some([one]) => Some(one),
        Some(several) => return targets::several(config, source, several),
        None => None,
    };
    match (one, source) {
        (Some(target), _) if target.is_empty() => refuse("data.target", "a name", "an empty one"),
        (Some(target), SourcePlan::Idx(_) | SourcePlan::Numpy(_) | SourcePlan::Folder(_))
            if target == IMAGE =>
        {
            refuse("data.target", "a name other than that of the images", "`image`")
        }
        (Some(target), SourcePlan::Text { .. }) => {
            refuse("data.target", "to be left out, for what comes next is learned", format!("`{target}`"))
        }
        (None, SourcePlan::Text { .. }) => Ok(NEXT.to_owned()),
        (Some(target), SourcePlan::TextFolder(_)) if target == TEXT => {
            refuse("data.target", "a name other than that of the texts", "`text`")
        }
        (Some(target), SourcePlan::Function { config, .. }) if config.inputs.contains_key(target) => {
            refuse("data.target", "a name that no input has", format!("`{target}`"))
        }
        (Some(target), _) => Ok(target.clone()),
        (
            None,
            SourcePlan::Idx(_) | SourcePlan::Numpy(_) | SourcePlan::Folder(_) | SourcePlan::TextFolder(_),
        ) => Ok("label".to_owned()),
        (None, SourcePlan::Table { .. }) => refuse(
            "data.target",
            "the column that is to be learned, or `data.targets` for several",
            "nothing",
        ),
        (None, SourcePlan::Function { .. }) => refuse("data.target", "a name for the answer", "nothing"),
    }
}

pub(super) fn task(config: &DataConfig, source: &SourcePlan) -> Checked<Option<Task>> {
    if config.series.is_some() {
        return Ok(Some(Task::Regress));
    }
    if let Some(first) = config.targets.first() {
        return Ok(first.task);
    }
    match (source, config.task) {
        (SourcePlan::Text { .. }, Some(Task::Generate) | None) => Ok(Some(Task::Generate)),
        (SourcePlan::Text { .. }, Some(task)) => {
            let got = format!("`{}`", task.name());
            refuse("data.task", "`generate`, for what comes next in a text is learned", got)
        }
        (_, Some(Task::Generate)) => {
            refuse("data.task", "`data.source.text` for `generate`", "another source")
        }
        (SourcePlan::Table { .. }, task) => Ok(task),
        (
            SourcePlan::Idx(_)
            | SourcePlan::Numpy(_)
            | SourcePlan::Folder(_)
            | SourcePlan::TextFolder(_)
            | SourcePlan::Function { .. },
            Some(Task::MultiLabel),
        ) => refuse("data.task", "a table for `multi_label`: `csv`, `jsonl` or `parquet`", "another source"),
        (SourcePlan::Numpy(_), task) => Ok(task),
        (SourcePlan::Idx(_) | SourcePlan::Folder(_), Some(Task::Regress)) => {
            refuse("data.task", "`classify`, for these images have labels", "`regress`")
        }
        (SourcePlan::TextFolder(_), Some(Task::Regress)) => {
            refuse("data.task", "`classify`, for these texts have labels", "`regress`")
        }
        (
            SourcePlan::Idx(_) | SourcePlan::Folder(_) | SourcePlan::TextFolder(_),
            Some(Task::Classify) | None,
        ) => Ok(Some(Task::Classify)),
        (SourcePlan::Function { .. }, Some(Task::Classify)) => {
            refuse("data.task", "`regress`, for a function gives numbers", "`classify`")
        }
        (SourcePlan::Function { .. }, Some(Task::Regress) | None) => Ok(Some(Task::Regress)),
    }
}

/// The columns that are named outside `fields`.
pub(super) fn names(config: &DataConfig, source: &SourcePlan, targets: &[String]) -> Checked {
    let other = match source {
        SourcePlan::Table { .. } => None,
        SourcePlan::Idx(_) => Some("`idx` files"),
        SourcePlan::Numpy(_) => Some("`numpy` arrays"),
        SourcePlan::Folder(_) => Some("a `folder`"),
        SourcePlan::Text { .. } => Some("a plain `text`"),
        SourcePlan::TextFolder(_) => Some("a `text_folder`"),
        SourcePlan::Function { .. } => Some("a `function`"),
    };
    let empty = [
        ("vectors", config.vectors.is_empty()),
        ("ignore", config.ignore.is_empty()),
        ("ids", config.ids.is_empty()),
        ("missing", config.missing.is_none()),
    ];
    if let (Some(other), Some((name, _))) = (other, empty.iter().find(|(_, is_empty)| !is_empty)) {
        return refuse(format!("data.{name}"), "columns of a table: `csv`, `jsonl` or `parquet`", other);
    }
    let mut seen: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
    for (list, names) in [("ignore", &config.ignore), ("ids", &config.ids)] {
        for (place, name) in names.iter().enumerate() {
            if !seen.insert(name) {
                let path = format!("data.{list}[{place}]");
                return refuse(path, "a column that nothing else names", format!("`{name}`"));
            }
        }
    }
    for (name, pattern) in &config.vectors {
        let path = format!("data.vectors.{name}");
        if !pattern.contains('*') {
            return refuse(path, "a pattern with a `*`, such as `pixel_*`", format!("`{pattern}`"));
        }
        if !seen.insert(name) {
            return refuse(path, "a name that nothing else has", format!("`{name}`"));
        }
    }
    Ok(())
}

/// The settings that belong to one task alone.
pub(super) fn answers(config: &DataConfig, task: Option<Task>) -> Checked {
    let labels = &config.labels;
    match task {
        Some(Task::Regress) if !labels.is_empty() => {
            let rule = "classes to name, as `data.task = \"classify\"` makes of numbers";
            return refuse("data.labels", rule, "a number to be learned");
        }
        Some(Task::Regress) if config.clean_labels != CleanConfig::default() => {
            return refuse("data.clean_labels", "labels to clean", "a number to be learned");
        }
        Some(Task::Classify | Task::MultiLabel) if config.unit.is_some() => {
            return refuse("data.unit", "a number to be learned", "classes");
        }
        Some(Task::Generate) if !labels.is_empty() || config.clean_labels != CleanConfig::default() => {
            return refuse("data.labels", "classes to name", "a text to go on with");
        }
        Some(Task::Regress | Task::Classify | Task::MultiLabel | Task::Generate) | None => {}
    }
    if labels.len() == 1 {
        return refuse("data.labels", "at least 2 names", "1");
    }
    match labels.iter().enumerate().find(|(place, label)| labels[..*place].contains(label)) {
        Some((place, label)) => {
            refuse(format!("data.labels[{place}]"), "a name of its own", format!("`{label}` again"))
        }
        None => Ok(()),
    }
}

/// How the numbers of one example are laid out, where the recipe says it.
pub(super) fn shape(path: &str, shape: Option<&[usize]>) -> Checked {
    let Some(shape) = shape else { return Ok(()) };
    let product = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    match shape.is_empty() || product.is_none_or(|product| product == 0) {
        true => refuse(path, "sizes above zero", format!("{shape:?}")),
        false => Ok(()),
    }
}
