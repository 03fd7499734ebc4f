//! Dividing examples into those that teach, those that choose and those that judge.

use baeum_core::{Counter, Splits, Stream, Task};
use rayon::prelude::*;

use crate::plan::{DataPlan, SplitPlan};
use crate::source::{Scan, Targets};
use crate::{DataError, Place};

use answered::Answered;
use deal::Deal;
pub(crate) use lists::Lists;

mod answered;
mod deal;
mod drawn;
mod label_sets;
mod lists;
pub(crate) mod time;
mod together;

/// One of the three parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Train,
    Valid,
    Test,
}

impl Part {
    pub(crate) const ALL: [Part; 3] = [Part::Train, Part::Valid, Part::Test];

    /// The part that a table calls so.
    pub(crate) fn named(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Valid => "valid",
            Part::Test => "test",
        }
    }
}

/// A number that depends on what an example says alone: the first 64 bits of its BLAKE3 (engine.md section
/// 7).
pub(crate) fn sample_id(record: &[u8]) -> u64 {
    let hash = blake3::hash(record);
    let (first, _) = hash.as_bytes().split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*first)
}

/// The lists that divide the examples, if lists do. They are read before anything is left out, so that one may name it.
///
/// # Errors
/// [`DataError`] for a list that does not fit the rows.
pub(crate) fn lists(plan: &DataPlan, scan: &dyn Scan, place: &Place) -> Result<Option<Lists>, DataError> {
    let SplitPlan::Lists(plan) = &plan.split else { return Ok(None) };
    lists::read(plan, &scan.names()?, place).map(Some)
}

/// Divides those examples of a source that have a target as the plan says. `ids` and `targets` have one for each row.
///
/// # Errors
/// [`DataError`] with counts for a split that cannot be: a part without rows, or a label with fewer rows than
/// parts.
pub(crate) fn divide(
    plan: &DataPlan,
    task: Task,
    scan: &dyn Scan,
    (ids, targets): (Vec<u64>, &Targets),
    lists: Option<&Lists>,
    rng: &baeum_core::Rng,
) -> Result<Splits, DataError> {
    let answered = Answered::new(scan, targets)?;
    if answered.rows() == 0 {
        let (wants, got) = ("labels or numbers".to_owned(), "none; `baeum label` adds some".to_owned());
        return Err(DataError::Column { column: plan.target.clone(), wants, got });
    }
    let lot = Lot { stream: rng.stream("split", ""), ids: answered.only(ids) };
    let (parts, wanted) = Deal { plan, task, scan: &answered, lot: &lot }.parts(lists)?;
    let rows = |part: Part| {
        let places = (0..parts.len()).filter(|&place| parts[place] == part);
        places.map(|place| answered.row(place)).collect::<Vec<usize>>()
    };
    let [train, valid, test] = Part::ALL.map(rows);
    let counts = [train.len(), valid.len(), test.len()];
    for ((part, count), wanted) in Part::ALL.into_iter().zip(counts).zip(wanted) {
        if wanted && count == 0 {
            return Err(DataError::EmptyPart { part: part.name(), counts });
        }
    }
    Splits::new(train, valid, test).map_err(|error| DataError::Changed {
        wants: "every row in one part".to_owned(),
        got: error.to_string(),
    })
}

/// What draws the rows: each has a lot that depends on what it says, not on where it stands.
struct Lot {
    stream: Stream,
    ids: Vec<u64>,
}

impl Lot {
    /// The rows in the order of their lots. Equal rows keep their order, which nobody can tell from any other.
    fn order(&self) -> Vec<usize> {
        // One list, sorted twice: there may be many rows.
        let mut lots: Vec<(u64, usize)> = self.ids.iter().copied().zip(0..).collect();
        lots.par_sort_unstable();
        lots.par_chunk_by_mut(|(one, _), (other, _)| one == other).for_each(|rows| {
            for (ordinal, (lot, _)) in (0..).zip(rows) {
                let [high, low] = self.of(*lot, ordinal);
                *lot = u64::from(high) << 32 | u64::from(low);
            }
        });
        lots.par_sort_unstable();
        lots.into_iter().map(|(_, row)| row).collect()
    }

    /// The lot of the row with an id, and of those that are equal to it by their number.
    fn of(&self, id: u64, ordinal: u64) -> [u32; 2] {
        let mut lot = [0; 2];
        self.stream.fill_words(&mut lot, Counter::sample(0, id).at(ordinal * 2));
        lot
    }
}

/// The shares of train, valid and test.
fn shares(valid: f64, test: f64) -> [f64; 3] {
    [1.0 - valid - test, valid, test]
}

/// Whole numbers that add up to `rows`, as near to the shares as can be (largest remainders), none of them 0
/// whose share is not, as far as there are rows.
pub(crate) fn counts(rows: usize, shares: [f64; 3]) -> [usize; 3] {
    let quotas = shares.map(|share| share * rows as f64);
    let mut counts = quotas.map(|quota| quota as usize);
    let mut by_rest = [0, 1, 2];
    by_rest.sort_by(|&a, &b| quotas[b].fract().total_cmp(&quotas[a].fract()));
    let left = rows.saturating_sub(counts.iter().sum());
    by_rest.iter().cycle().take(left).for_each(|&part| counts[part] += 1);
    for part in 0..3 {
        let largest = (0..3).max_by_key(|&other| counts[other]).unwrap_or(0);
        if counts[part] == 0 && shares[part] > 0.0 && counts[largest] > 1 {
            counts[largest] -= 1;
            counts[part] += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests;
