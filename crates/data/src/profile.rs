mod capped;
mod histogram;
mod lengths;
mod notes;
mod series;

use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Field, Kind, Role, Schema, Splits};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::csv::number;
use crate::fit::{Moments, Rows, Run};
use crate::source::{Cell, Raw};

pub use histogram::{Histogram, quartiles};
pub use lengths::Lengths;
pub use notes::{Repair, Warning, Why};

/// How many of the rows and files that were left out are listed.
pub(crate) const LISTED: usize = 20;

/// How many texts are shown.
const EXAMPLES: usize = 5;

/// How many of the most frequent names are listed.
const TOP: usize = 10;

/// Fields beyond so many are described in short: nobody looks at a hundred thousand histograms.
const DETAILED: usize = 1_000;

/// So many rows of all fields are described at the same time.
const AT_ONCE: usize = 1 << 18;

/// From so many rows on, a number that is another one in each of them is suspicious.
const MANY: usize = 20;

/// What the data look like, for people: `profile.json`. Fields are described by their training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How many rows there are.
    pub rows: usize,
    /// How many of them teach, choose and judge.
    pub parts: [usize; 3],
    /// How many have no target, and are in no part.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unlabelled: usize,
    /// Field by field.
    pub fields: Vec<FieldProfile>,
    /// Label by label; none for numbers.
    pub labels: Vec<LabelProfile>,
    /// How many files of a folder were left out because they are hidden.
    pub hidden_files: usize,
    /// What was done so that the data could be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    /// What a person should look at.
    pub warnings: Vec<Warning>,
}

/// What one field looks like in the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldProfile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What it is for.
    pub role: Role,
    /// How many values are missing.
    pub missing: usize,
    /// How many values there are at all, where that is not one for each row: of a channel, the steps of its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<usize>,
    /// How many different values a number or a name has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<usize>,
    /// The smallest and the largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Mean and standard deviation of the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_std: Option<(f64, f64)>,
    /// The most frequent names, and how often they stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<(String, usize)>,
    /// A name that is no number, where nearly all of them are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odd: Option<String>,
    /// How large the images are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<Sizes>,
    /// A quarter, a half and three quarters of the numbers lie below these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quartiles: Option<(f64, f64, f64)>,
    /// The end of a target's range that so many rows have that it was cut off there, perhaps; and how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capped: Option<(f64, usize)>,
    /// How the numbers are distributed, part by part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// How long the texts are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Lengths>,
    /// A few texts, each cut at 120 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// How large images are, each as height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// The smallest height, and the smallest width.
    pub smallest: (usize, usize),
    /// The largest height, and the largest width.
    pub largest: (usize, usize),
    /// How many different sizes there are.
    pub distinct: usize,
}

/// How often a label stands in each part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelProfile {
    /// The label.
    pub label: String,
    /// Its rows in train, valid and test.
    pub parts: [usize; 3],
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Describes the data; `labels` is how often each label stands in train, valid and test.
pub(crate) fn profile(
    raw: &dyn Raw,
    schema: &Schema,
    splits: &Splits,
    labels: Vec<(String, [usize; 3])>,
    found: Vec<Warning>,
) -> Result<Profile, DataError> {
    let parts = [splits.train.rows().len(), splits.valid.rows().len(), splits.test.rows().len()];
    let seen = schema.fields.iter().enumerate().filter(|(_, field)| field.role != Role::Ignored);
    let seen: Vec<(usize, &Field)> = seen.collect();
    let described = |(place, field): (usize, &Field)| match field.kind {
        Kind::Series { .. } => series::describe(raw, splits, place, field),
        Kind::Number
        | Kind::Numbers { .. }
        | Kind::Category
        | Kind::Labels { .. }
        | Kind::Text
        | Kind::Image { .. } => Ok(vec![describe(raw, splits, place, field)?]),
    };
    // All numbers of a field are sorted, if they are not few; those of all fields may be more than memory holds.
    let is_large = |(place, _): &(usize, &Field)| raw.rows() > AT_ONCE && raw.few(*place).is_none();
    let described_at_once = |field| (!is_large(&field)).then(|| described(field));
    let small: Vec<Option<Result<_, DataError>>> = seen.par_iter().copied().map(described_at_once).collect();
    let fields = seen.iter().zip(small).map(|(field, small)| small.unwrap_or_else(|| described(*field)));
    let mut fields = fields.collect::<Result<Vec<_>, _>>()?.concat();
    let beyond = fields.iter_mut().skip(DETAILED).filter(|field| field.role == Role::Input);
    let in_short = beyond.map(FieldProfile::shorten).count();
    let labels: Vec<LabelProfile> =
        labels.into_iter().map(|(label, parts)| LabelProfile { label, parts }).collect();
    let mut warnings = found;
    let unlabelled = raw.rows() - parts.iter().sum::<usize>().min(raw.rows());
    if let Some(target) = schema.with_role(Role::Target).next().filter(|_| unlabelled > 0) {
        warnings.insert(0, Warning::Unlabelled { count: unlabelled, field: target.name.clone() });
    }
    warnings.extend((in_short > 0).then_some(Warning::InShort { count: in_short, detailed: DETAILED }));
    warnings.extend(fields.iter().flat_map(|field| warn(field, parts[0])));
    for label in &labels {
        for (part, name) in [(1, "valid"), (2, "test")] {
            if label.parts[part] == 0 && parts[part] > 0 {
                warnings.push(Warning::AbsentLabel { label: label.label.clone(), part: name.to_owned() });
            }
        }
    }
    let hidden_files = raw.hidden_files();
    warnings.extend((hidden_files > 0).then_some(Warning::HiddenFiles { count: hidden_files }));
    let repairs = raw.repairs();
    Ok(Profile { rows: raw.rows(), parts, unlabelled, fields, labels, hidden_files, repairs, warnings })
}

impl FieldProfile {
    /// Leaves out what takes most room.
    fn shorten(&mut self) {
        (self.histogram, self.quartiles) = (None, None);
        (self.top, self.examples) = (vec![], vec![]);
    }
}

/// What was seen of a field so far.
#[derive(Default)]
struct Sight {
    missing: usize,
    moments: Moments,
    names: BTreeMap<String, usize>,
    sizes: BTreeSet<(usize, usize)>,
}

fn describe(raw: &dyn Raw, splits: &Splits, place: usize, field: &Field) -> Result<FieldProfile, DataError> {
    let rows = Rows { raw, train: &splits.train, place, field };
    if field.kind == Kind::Number {
        return describe_number(&rows, splits);
    }
    let (mut sight, mut run) = (Sight::default(), Run::default());
    if let Kind::Image { .. } = field.kind {
        // Known from before: nothing is decoded for it.
        sight.sizes = splits.train.rows().iter().filter_map(|&row| raw.image_size(row, place)).collect();
        return Ok(sight.profile(field));
    }
    for (row, times) in rows.different()? {
        match raw.cell(row, place)? {
            Cell::Missing => sight.missing += times,
            Cell::Number(number) => run.push(number, &mut sight.moments),
            Cell::Numbers(numbers) => {
                numbers.iter().for_each(|number| run.push(*number, &mut sight.moments));
                sight.missing += numbers.iter().filter(|number| number.is_nan()).count();
            }
            Cell::Name(name) => match sight.names.get_mut(name) {
                Some(count) => *count += times,
                None => drop(sight.names.insert(name.to_owned(), times)),
            },
            Cell::Image(_) => {}
        }
    }
    run.end(&mut sight.moments);
    Ok(sight.profile(field))
}

/// The same of one number a row.
fn describe_number(rows: &Rows<'_>, splits: &Splits) -> Result<FieldProfile, DataError> {
    let (mut sight, mut run) = (Sight::default(), Run::default());
    let mut numbers = vec![];
    let are_few = rows.raw.few(rows.place).is_some();
    rows.each_number(|_, number| {
        match number {
            Some(number) => {
                run.push(number, &mut sight.moments);
                numbers.extend((!are_few).then_some(number));
            }
            None => sight.missing += 1,
        }
        Ok(())
    })?;
    run.end(&mut sight.moments);
    for (row, times) in rows.different()?.filter(|_| are_few) {
        if let Cell::Number(number) = rows.raw.cell(row, rows.place)? {
            numbers.extend(std::iter::repeat_n(number, times));
        }
    }
    numbers.par_sort_unstable_by(f64::total_cmp);
    let [valid, test] =
        [splits.valid.rows(), splits.test.rows()].map(|part| numbers_of(rows.raw, part, rows.place));
    Ok(FieldProfile {
        distinct: Some(numbers.chunk_by(|one, other| one == other).count()),
        histogram: Histogram::of(&numbers, &valid?, &test?),
        quartiles: quartiles(&numbers),
        capped: if rows.field.role == Role::Target { capped::capped(&numbers) } else { None },
        ..sight.profile(rows.field)
    })
}

/// The numbers of a field in some rows; a missing one is NaN.
fn numbers_of(raw: &dyn Raw, rows: &[usize], place: usize) -> Result<Vec<f64>, DataError> {
    let number =
        |&row: &usize| Ok(if let Cell::Number(number) = raw.cell(row, place)? { number } else { f64::NAN });
    rows.iter().map(number).collect()
}

impl Sight {
    fn profile(self, field: &Field) -> FieldProfile {
        let distinct = match field.kind {
            Kind::Category | Kind::Labels { .. } | Kind::Text => Some(self.names.len()),
            Kind::Number | Kind::Numbers { .. } | Kind::Series { .. } | Kind::Image { .. } => None,
        };
        let odd = if field.kind == Kind::Category { odd(&self.names).cloned() } else { None };
        let mut top: Vec<(String, usize)> = self.names.into_iter().collect();
        let lengths = match field.kind {
            Kind::Text => Lengths::of(top.iter().map(|(text, _)| text.chars().count()).collect()),
            Kind::Number
            | Kind::Numbers { .. }
            | Kind::Series { .. }
            | Kind::Category
            | Kind::Labels { .. }
            | Kind::Image { .. } => None,
        };
        let few = |(text, _): &(String, usize)| lengths::example(text);
        let examples = if lengths.is_some() { spread(&top).map(few).collect() } else { vec![] };
        top.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        top.truncate(TOP);
        FieldProfile {
            name: field.name.clone(),
            kind: field.kind.clone(),
            role: field.role,
            missing: self.missing,
            values: None,
            distinct,
            range: self.moments.range(),
            mean_std: self.moments.range().map(|_| (self.moments.mean(), self.moments.std())),
            top,
            odd,
            sizes: sizes(&self.sizes),
            quartiles: None,
            capped: None,
            histogram: None,
            lengths,
            examples,
        }
    }
}

/// The first name that is no number, where ten times as many rows have one that is.
fn odd(names: &BTreeMap<String, usize>) -> Option<&String> {
    let is_number = |name: &str| number(name).is_ok();
    let rows = |numbers: bool| -> usize {
        names.iter().filter(|(name, _)| is_number(name) == numbers).map(|(_, rows)| rows).sum()
    };
    let is_odd = 10 * rows(false) <= rows(true);
    names.keys().find(|name| !is_number(name)).filter(|_| is_odd)
}

/// A few of many things, evenly far apart.
fn spread<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(EXAMPLES).max(1))
}

fn sizes(seen: &BTreeSet<(usize, usize)>) -> Option<Sizes> {
    let (heights, widths) = (seen.iter().map(|(height, _)| *height), seen.iter().map(|(_, width)| *width));
    Some(Sizes {
        smallest: (heights.clone().min()?, widths.clone().min()?),
        largest: (heights.max()?, widths.max()?),
        distinct: seen.len(),
    })
}

fn warn(field: &FieldProfile, rows: usize) -> Vec<Warning> {
    let name = || field.name.clone();
    let capped = field.capped.map(|(at, count)| Warning::Capped { field: name(), at: at.to_string(), count });
    let mut warnings: Vec<Warning> = capped.into_iter().collect();
    if field.role != Role::Input {
        return warnings;
    }
    let odd = field.odd.clone();
    warnings.extend(odd.map(|odd| Warning::NearlyNumbers { field: name(), odd }));
    let is_constant = field.distinct == Some(1) || field.range.is_some_and(|(low, high)| low == high);
    if is_constant && field.missing == 0 {
        warnings.push(Warning::Constant { field: name() });
    }
    if let (Kind::Number, Some((low, high)), Some((_, std))) = (&field.kind, field.range, field.mean_std) {
        let is_whole = low.fract() == 0.0 && high.fract() == 0.0;
        // So many different whole numbers fit between the ends, and leave no more than as many out.
        let is_dense = (rows as f64..2.0 * rows as f64 + 1.0).contains(&(high - low + 1.0));
        if rows >= MANY && field.distinct == Some(rows) && is_whole && is_dense {
            warnings.push(Warning::LooksLikeId { field: name() });
        }
        // Neighbours of f32 lie 2^-23 of a number apart; a hundredth of the deviation is still told apart
        // well.
        let step = low.abs().max(high.abs()) * f64::from(f32::EPSILON);
        if std > 0.0 && step > std / 100.0 {
            warnings.push(Warning::Coarse { field: name() });
        }
    }
    warnings
}
