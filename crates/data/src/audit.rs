//! What the parts of the data share although they must not, and fields that give the target away: found before
//! training, which would otherwise be measured by what it has already seen (reliability.md D1).

mod copies;
mod divided;
mod found;
mod pictures;
mod rows;
mod target;
mod texts;
mod windows;

use baeum_core::{Field, Kind, Role, Splits, Task};
use rayon::prelude::*;

use crate::DataError;
use crate::config::Leak;
use crate::plan::DataPlan;
use crate::profile::{Warning, Why};
use crate::source::{Cell, Raw};
use rows::Folding;

use divided::Divided;

pub use found::Found;

/// How many pairs of rows are named.
const NAMED: usize = 5;

/// How many standard errors the share of twins across parts may lie above the one within train.
const ERRORS: f64 = 3.0;

/// How many times more rows may meet than would by chance if fields had nothing to do with each other; they do.
const TOGETHER: f64 = 10.0;

/// Up to this share of valid and test, rows that were divided by lot may be in train as well: few sets are without any.
const FEW: f64 = 0.01;

/// How many rows of a kind there are, and how many of them have a twin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share {
    rows: usize,
    twins: usize,
}

/// Which rows are alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// Rows that do not teach, each with one that does.
    pairs: Vec<(usize, usize)>,
    /// Rows that teach, and those with a twin among the others.
    within: Share,
    /// Rows that do not teach, and those with a twin that does.
    across: Share,
    /// How many rows would meet one of train by chance, if their fields had nothing to do with each other.
    expected: f64,
    /// How many rows look like so many others that they were not held against all of them.
    unfinished: usize,
}

impl Seen {
    fn of(is_held_out: &[bool]) -> Seen {
        let held_out = is_held_out.iter().filter(|is| **is).count();
        let share = |rows| Share { rows, twins: 0 };
        Seen {
            pairs: vec![],
            within: share(is_held_out.len() - held_out),
            across: share(held_out),
            expected: 0.0,
            unfinished: 0,
        }
    }

    /// Whether twins are no more frequent across parts than within train, give or take three standard errors.
    ///
    /// Whoever divided the data did not copy rows from one part to another, then; they were copied before, if they were.
    fn is_usual(&self) -> bool {
        let [n, m] = [self.within, self.across].map(|share| share.rows.max(1) as f64);
        let (within, across) = (self.within.twins as f64, self.across.twins as f64);
        let pooled = (within + across) / (n + m);
        let error = (pooled * (1.0 - pooled).max(0.0) * (1.0 / n + 1.0 / m)).sqrt();
        within > 0.0 && across / m <= within / n + ERRORS * error
    }
}

impl Seen {
    /// Whether so few values are possible that rows meet by chance.
    fn is_chance(&self) -> bool {
        self.across.twins as f64 <= TOGETHER * self.expected
    }

    /// Whether they are so few that no score moves.
    fn are_few(&self) -> bool {
        self.across.twins <= 1 || self.across.twins as f64 <= FEW * self.across.rows as f64
    }
}

/// Looks for rows that are alike between train and the other parts, and, to know what is usual, between two halves of
/// train; `look` gives those of different parts.
fn halves(
    is_held_out: &[bool],
    look: impl Fn(&[Option<bool>]) -> Result<Alike, DataError>,
) -> Result<Seen, DataError> {
    let mut seen = Seen::of(is_held_out);
    let parts: Vec<Option<bool>> = is_held_out.iter().map(|is| Some(*is)).collect();
    let across = look(&parts)?;
    seen.unfinished = across.unfinished;
    if across.pairs.is_empty() {
        return Ok(seen);
    }
    seen.across.twins = across.rows.iter().filter(|row| is_held_out[**row]).count();
    let order = |(one, other): (usize, usize)| if is_held_out[one] { (one, other) } else { (other, one) };
    seen.pairs = across.pairs.into_iter().map(order).collect();
    seen.pairs.sort_unstable();
    let teaching: Vec<usize> = (0..parts.len()).filter(|&row| !is_held_out[row]).collect();
    let mut parts = vec![None; is_held_out.len()];
    teaching.iter().enumerate().for_each(|(place, &row)| parts[row] = Some(place % 2 == 0));
    // A row of a half meets half of train.
    let touched = look(&parts)?.rows.len();
    seen.within.twins = (touched * 2).min(seen.within.rows);
    Ok(seen)
}

/// Rows of different parts that are alike.
#[derive(Debug, Default)]
pub(crate) struct Alike {
    pairs: Vec<(usize, usize)>,
    /// All rows that are like one of another part; going up, each once.
    rows: Vec<usize>,
    /// How many rows were not held against all that they look like.
    unfinished: usize,
}

/// The data, as far as they are looked through.
struct Audit<'a> {
    plan: &'a DataPlan,
    raw: &'a dyn Raw,
    fields: &'a [Field],
    is_held_out: &'a [bool],
}

/// Looks for everything that must not be; what is usual, or allowed, becomes a warning.
///
/// # Errors
/// [`DataError::Leak`] for the first that is neither.
pub(crate) fn audit(
    plan: &DataPlan,
    raw: &dyn Raw,
    fields: &[Field],
    task: Task,
    splits: &Splits,
) -> Result<Vec<Warning>, DataError> {
    let rows = Divided::of(raw, splits);
    let audit = Audit { plan, raw: &rows, fields, is_held_out: &rows.is_held_out };
    if let Some(seen) = windows::shared(&rows, audit.is_held_out) {
        return Ok(audit.judge(Leak::Windows, &seen)?.into_iter().collect());
    }
    let mut warnings = vec![];
    for (leak, seen) in [audit.rows()?, audit.texts()?, audit.images()?, audit.ids()?].into_iter().flatten() {
        warnings.extend(audit.judge(leak, &seen)?);
        let count = seen.unfinished;
        warnings.extend((count > 0).then_some(Warning::NotCompared { count }));
    }
    warnings.extend(audit.targets(task)?);
    Ok(warnings)
}

impl Audit<'_> {
    /// The fields that the network sees, each with its place.
    fn inputs(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.fields.iter().enumerate().filter(|(_, field)| field.role == Role::Input)
    }

    /// The one text that the network sees, if it sees nothing else.
    fn text(&self) -> Option<usize> {
        let mut inputs = self.inputs();
        let (place, field) = inputs.next()?;
        (field.kind == Kind::Text && inputs.next().is_none()).then_some(place)
    }

    fn rows(&self) -> Result<Option<(Leak, Seen)>, DataError> {
        let inputs: Vec<(usize, &Field)> = self.inputs().collect();
        let is_alone = |(_, field): &(usize, &Field)| match field.kind {
            Kind::Number | Kind::Category => inputs.len() == 1, // it says little, and says it again
            Kind::Text => inputs.len() == 1,                    // texts and images are looked at more closely
            Kind::Image { .. } => true,
            Kind::Numbers { .. } | Kind::Series { .. } | Kind::Labels { .. } => false,
        };
        if inputs.iter().any(is_alone) {
            return Ok(None);
        }
        let inputs: Vec<usize> = inputs.into_iter().map(|(place, _)| place).collect();
        let hashes = self.hashes(&inputs)?;
        let mut seen = rows::twins(&hashes, self.is_held_out);
        if seen.across.twins > 0 {
            seen.expected = self.expected(&inputs, &hashes)?;
        }
        Ok(Some((Leak::Rows, seen)))
    }

    /// What each row says in some fields.
    fn hashes(&self, fields: &[usize]) -> Result<Vec<u64>, DataError> {
        let fields: Vec<Folding<'_>> = fields.iter().map(|&field| Folding::new(self.raw, field)).collect();
        let mut hashes = vec![0; self.raw.rows()];
        let write = |(row, hash): (usize, &mut u64)| {
            *hash = rows::hash(&fields, row)?;
            Ok::<_, DataError>(())
        };
        hashes.par_iter_mut().enumerate().try_for_each(write)?;
        Ok(hashes)
    }

    /// How many rows would have a twin in train by chance: as many as there are pairs, times how often two different rows
    /// have the same in each field.
    fn expected(&self, inputs: &[usize], hashes: &[u64]) -> Result<f64, DataError> {
        let mut different: Vec<(u64, usize)> = self.train().map(|row| (hashes[row], row)).collect();
        different.par_sort_unstable();
        different.dedup_by_key(|(hash, _)| *hash);
        // In their order: they may have to be read again.
        let mut different: Vec<usize> = different.into_iter().map(|(_, row)| row).collect();
        different.par_sort_unstable();
        let seen = Seen::of(self.is_held_out);
        let mut expected = seen.within.rows as f64 * seen.across.rows as f64;
        for &field in inputs {
            let field = Folding::new(self.raw, field);
            let hashes = different.iter().map(|&row| field.hash(row)).collect::<Result<_, DataError>>()?;
            expected *= rows::agreement(hashes);
        }
        Ok(expected)
    }

    /// The rows that teach.
    fn train(&self) -> impl Iterator<Item = usize> {
        (0..self.is_held_out.len()).filter(|&row| !self.is_held_out[row])
    }

    fn texts(&self) -> Result<Option<(Leak, Seen)>, DataError> {
        let Some(field) = self.text() else { return Ok(None) };
        let cells = (0..self.raw.rows()).map(|row| self.raw.cell(row, field));
        let cells = cells.collect::<Result<Vec<_>, DataError>>()?;
        let text =
            |cell: &Cell<'_>| if let Cell::Name(text) = cell { text.to_string() } else { String::new() };
        let texts: Vec<String> = cells.iter().map(text).collect();
        let look = |parts: &[Option<bool>]| {
            let all: Vec<(usize, u8, &str)> = texts
                .iter()
                .enumerate()
                .filter_map(|(row, text)| Some((row, u8::from(parts[row]?), text.as_str())))
                .collect();
            let near = texts::near_texts(&all);
            let pairs = near.pairs.into_iter().map(|(one, other, _)| (one, other)).collect();
            Ok(Alike { pairs, rows: near.rows, unfinished: near.unfinished })
        };
        Ok(Some((Leak::Texts, halves(self.is_held_out, look)?)))
    }

    fn images(&self) -> Result<Option<(Leak, Seen)>, DataError> {
        let mut most: Option<Seen> = None;
        for (field, _) in self.inputs().filter(|(_, field)| matches!(field.kind, Kind::Image { .. })) {
            let seen = self.images_of(field)?;
            if most.as_ref().is_none_or(|most| seen.across.twins > most.across.twins) {
                most = Some(seen);
            }
        }
        Ok(most.map(|seen| (Leak::Images, seen)))
    }

    fn images_of(&self, field: usize) -> Result<Seen, DataError> {
        let read = |row: usize| self.raw.cell(row, field);
        let looked = pictures::Looked::at(self.raw.rows(), read, pictures::KEPT_BYTES)?;
        let equal = rows::twins(&looked.hashes, self.is_held_out);
        let target = self.fields.iter().position(|field| field.role == Role::Target);
        let same = |one: usize, other: usize| {
            let Some(target) = target else { return Ok(true) };
            Ok(self.raw.cell(one, target)?.shown() == self.raw.cell(other, target)?.shown())
        };
        let near = looked.copies(self.is_held_out, same)?;
        Ok(if near.across.twins > equal.across.twins { near } else { equal })
    }

    /// Rows whose id a row of train has as well: the same patient, the same film.
    fn ids(&self) -> Result<Option<(Leak, Seen)>, DataError> {
        let mut all = Seen::of(self.is_held_out);
        for (field, _) in self.fields.iter().enumerate().filter(|(_, field)| field.role == Role::Id) {
            let seen = rows::twins(&self.hashes(&[field])?, self.is_held_out);
            if seen.across.twins > all.across.twins {
                all = seen;
            }
        }
        Ok(Some((Leak::Ids, all)))
    }

    /// What becomes of rows that are alike.
    fn judge(&self, leak: Leak, seen: &Seen) -> Result<Option<Warning>, DataError> {
        if seen.across.twins == 0 {
            return Ok(None);
        }
        let named =
            |&(one, other): &(usize, usize)| format!("{} and {}", self.raw.place(one), self.raw.place(other));
        let first = seen.pairs.iter().take(NAMED).map(named).collect();
        let found = Found::Rows { leak, count: seen.across.twins, of: seen.across.rows, first };
        let is_allowed = self.plan.config.audit.allow.contains(&leak);
        match (is_allowed, self.is_harmless(leak, seen)) {
            (_, true) => Ok(Some(Warning::Leak { found, why: Why::Usual })),
            (true, false) => Ok(Some(Warning::Leak { found, why: Why::Allowed })),
            (false, false) => Err(DataError::Leak { found: Box::new(found) }),
        }
    }

    /// Whether rows that are alike need no more than a warning. Where rows were divided by lot they are as frequent within
    /// train, however they came about; so it counts how many there are.
    fn is_harmless(&self, leak: Leak, seen: &Seen) -> bool {
        match (leak, self.plan.split.is_drawn()) {
            (Leak::Ids | Leak::Windows, _) => false,
            (_, true) => seen.is_chance() || seen.are_few(),
            (_, false) => seen.is_chance() || seen.is_usual(),
        }
    }
}

#[cfg(test)]
mod seeded;
#[cfg(test)]
mod tests;
