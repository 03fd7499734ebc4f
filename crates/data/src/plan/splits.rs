//! The refusals of `data.split` that need no data.

use baeum_core::Task;

use super::check::{Checked, refuse, refuse_empty};
use super::{ListsPlan, SourcePlan, SplitPlan, plain_text, series};
use crate::config::{DataConfig, SplitConfig, Unlisted};
use crate::split::Part;

pub(super) fn split(config: &DataConfig, source: &SourcePlan, task: Option<Task>) -> Checked<SplitPlan> {
    if let SourcePlan::Text { config: text, .. } = source {
        return plain_text::split(config, text.examples);
    }
    if let Some(series) = &config.series {
        return series::split(config, series);
    }
    match (beside_test_files(source), &config.split) {
        (Some(_), None) => Ok(SplitPlan::Given { valid: 0.1 }),
        (Some(_), Some(SplitConfig::Given { valid })) => {
            share("data.split.given.valid", *valid, 0.0)?;
            Ok(SplitPlan::Given { valid: *valid })
        }
        (Some(wants), Some(_)) => refuse("data.split", wants, "another one"),
        (None, None) => Ok(SplitPlan::Usual { valid: 0.15, test: 0.15 }),
        (None, Some(said)) => {
            refuse_columns_of_nothing(said, source)?;
            of_rows(config, said, task)
        }
    }
}

/// What a split can be where the source has test rows of its own; none where it has none.
fn beside_test_files(source: &SourcePlan) -> Option<&'static str> {
    match source {
        SourcePlan::Idx(idx) => {
            idx.test_images.as_ref().map(|_| "`given` beside `data.source.idx.test_images`")
        }
        SourcePlan::Numpy(numpy) => {
            numpy.test_inputs.as_ref().map(|_| "`given` beside `data.source.numpy.test_inputs`")
        }
        SourcePlan::Table { .. }
        | SourcePlan::Folder(_)
        | SourcePlan::TextFolder(_)
        | SourcePlan::Text { .. }
        | SourcePlan::Function { .. } => None,
    }
}

/// A split by a column or by files wants a table.
fn refuse_columns_of_nothing(said: &SplitConfig, source: &SourcePlan) -> Checked<()> {
    if matches!(source, SourcePlan::Table { .. }) {
        return Ok(());
    }
    match said {
        SplitConfig::Column { .. }
        | SplitConfig::Files { .. }
        | SplitConfig::Groups { .. }
        | SplitConfig::Time { .. }
        | SplitConfig::Moments { .. }
        | SplitConfig::Hash { column: Some(_), .. } => {
            refuse("data.split", "`random` or `stratified`, for the source is no `csv` table", "another one")
        }
        SplitConfig::Lists { column: Some(_), .. } => {
            refuse("data.split.lists.column", "a `csv` table, whose columns have names", "another source")
        }
        SplitConfig::Given { .. }
        | SplitConfig::Random { .. }
        | SplitConfig::Stratified { .. }
        | SplitConfig::Hash { column: None, .. }
        | SplitConfig::Lists { column: None, .. }
        | SplitConfig::Fold { .. } => Ok(()),
    }
}

/// Rows are divided as the recipe says.
fn of_rows(config: &DataConfig, said: &SplitConfig, task: Option<Task>) -> Checked<SplitPlan> {
    match said {
        SplitConfig::Given { .. } => refuse("data.split", "test rows in the source for `given`", "none"),
        SplitConfig::Random { valid, test } => {
            shares("data.split.random", *valid, *test)?;
            Ok(SplitPlan::Random { valid: *valid, test: *test })
        }
        SplitConfig::Stratified { .. } if task == Some(Task::Regress) => {
            refuse("data.split", "`random`, for the target is a number", "`stratified`")
        }
        SplitConfig::Stratified { valid, test } => {
            shares("data.split.stratified", *valid, *test)?;
            Ok(SplitPlan::Stratified { valid: *valid, test: *test })
        }
        SplitConfig::Column { name, used } => by_column(config, named(name, *used)?),
        lists @ SplitConfig::Lists { .. } => by_column(config, SplitPlan::Lists(by_lists(config, lists)?)),
        SplitConfig::Groups { column, valid, test } => {
            shares("data.split.groups", *valid, *test)?;
            by_column(config, SplitPlan::Groups { column: column.clone(), valid: *valid, test: *test })
        }
        SplitConfig::Time { column, valid, test } => {
            shares("data.split.time", *valid, *test)?;
            let column = moment("data.split.time.column", column)?;
            by_column(config, SplitPlan::Time { column, valid: *valid, test: *test })
        }
        SplitConfig::Moments { column, valid, test } => {
            let column = moment("data.split.moments.column", column)?;
            by_column(config, SplitPlan::Moments { column, valid: valid.clone(), test: test.clone() })
        }
        SplitConfig::Hash { column, valid, test } => {
            shares("data.split.hash", *valid, *test)?;
            by_column(config, SplitPlan::Hash { column: column.clone(), valid: *valid, test: *test })
        }
        SplitConfig::Fold { of, fold, valid } => {
            share("data.split.fold.valid", *valid, 0.0)?;
            folds(*of, *fold)?;
            Ok(SplitPlan::Fold { of: *of, fold: *fold, valid: *valid })
        }
        SplitConfig::Files { valid: Some(_), .. } => Ok(SplitPlan::Files),
        SplitConfig::Files { valid: None, valid_share, .. } => {
            share("data.split.files.valid_share", *valid_share, 0.0)?;
            Ok(SplitPlan::Given { valid: *valid_share })
        }
    }
}

/// Lists of rows, with the number of the repeat in their names.
fn by_lists(config: &DataConfig, split: &SplitConfig) -> Checked<ListsPlan> {
    let SplitConfig::Lists { train, valid, test, column, unlisted, valid_share, used } = split else {
        return refuse("data.split", "`lists`", "another one");
    };
    let files = [
        (Part::Train, train.as_ref(), "data.split.lists.train"),
        (Part::Valid, valid.as_ref(), "data.split.lists.valid"),
        (Part::Test, Some(test), "data.split.lists.test"),
    ];
    let files: Vec<_> =
        files.into_iter().filter_map(|(part, name, path)| Some((part, name?, path))).collect();
    files.iter().try_for_each(|(_, name, path)| refuse_empty(path, name))?;
    let names: Vec<&str> = files.iter().map(|(_, name, _)| name.as_str()).collect();
    repeats("data.split.lists", &names, *used)?;
    let takes_unlisted = *unlisted == Unlisted::Train;
    if train.is_none() && !takes_unlisted {
        return refuse("data.split.lists.train", "a file, unless `unlisted = \"train\"`", "nothing");
    }
    share("data.split.lists.valid_share", *valid_share, 0.0)?;
    let column = match (column, &config.ids[..]) {
        (Some(column), _) => Some((column.clone(), "data.split.lists.column")),
        (None, [id]) => Some((id.clone(), "data.ids[0]")),
        (None, []) => None,
        (None, ids) => {
            let got = format!("nothing, and {} of `data.ids`", ids.len());
            return refuse("data.split.lists.column", "the column that the lists tell rows by", got);
        }
    };
    let files = files.into_iter().map(|(part, name, path)| (part, numbered(name, *used), path)).collect();
    Ok(ListsPlan { files, column, takes_unlisted, valid: valid.is_none().then_some(*valid_share) })
}

/// What stands for the number of a repeat.
pub(crate) const REPEAT: &str = "{}";

/// Whether the names of a split have a place for the number of the repeat: each of them, or none.
fn repeats(path: &str, names: &[impl AsRef<str>], used: usize) -> Checked<bool> {
    if let Some(name) = names.iter().find(|name| name.as_ref().matches(REPEAT).count() > 1) {
        return refuse(path, "one `{}` in a name at most", format!("`{}`", name.as_ref()));
    }
    let numbered = names.iter().filter(|name| name.as_ref().contains(REPEAT)).count();
    match numbered {
        0 if used > 0 => {
            refuse(format!("{path}.use"), "a `{}` in the name for the number of the repeat", used.to_string())
        }
        0 => Ok(false),
        some if some < names.len() => {
            refuse(path, "a `{}` in each of its names, or in none", format!("{some} of {}", names.len()))
        }
        _ => Ok(true),
    }
}

/// A column that gives the parts, of the repeat with this number.
pub(super) fn named(name: &str, used: usize) -> Checked<SplitPlan> {
    let repeats = repeats("data.split.column", &[name], used)?.then(|| name.to_owned());
    Ok(SplitPlan::Column { name: numbered(name, used), repeats })
}

fn numbered(name: &str, used: usize) -> String {
    name.replace(REPEAT, &used.to_string())
}

fn moment(path: &str, column: &Option<String>) -> Checked<String> {
    column.clone().map_or_else(|| refuse(path, "the column of the moment", "nothing"), Ok)
}

fn by_column(config: &DataConfig, split: SplitPlan) -> Checked<SplitPlan> {
    match split.column() {
        Some((name, path)) if config.told().any(|own| own == name) => {
            refuse(path, "a column other than the target", format!("`{name}`"))
        }
        Some((name, path)) => refuse_empty(path, name).map(|()| split),
        None => Ok(split),
    }
}

fn folds(of: usize, fold: usize) -> Checked {
    match (of, fold) {
        (0 | 1, _) => refuse("data.split.fold.of", "at least 2 parts", of.to_string()),
        (_, fold) if fold >= of => {
            refuse("data.split.fold.fold", format!("a number from 0 to {}", of - 1), fold.to_string())
        }
        _ => Ok(()),
    }
}

pub(super) fn shares(path: &str, valid: f64, test: f64) -> Checked {
    share(&format!("{path}.valid"), valid, 0.0)?;
    share(&format!("{path}.test"), test, f64::MIN_POSITIVE)?;
    match valid + test < 1.0 {
        true => Ok(()),
        false => refuse(path, "`valid` and `test` to leave rows to train", format!("{valid} and {test}")),
    }
}

fn share(path: &str, value: f64, least: f64) -> Checked {
    let wants = if least > 0.0 { "a share above 0 and below 1" } else { "a share from 0 to below 1" };
    if value >= least && value < 1.0 { Ok(()) } else { refuse(path, wants, value.to_string()) }
}
