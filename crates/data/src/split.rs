//! Dividing examples into those that teach, those that choose and those that judge.

use std::collections::BTreeMap;

use baeum_core::{Counter, Rng, Splits, Stream, Task};

use crate::DataError;
use crate::plan::{DataPlan, SplitPlan};
use crate::source::Scan;

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

/// Divides the examples of a source as the plan says.
///
/// # Errors
/// [`DataError`] with counts for a split that cannot be: a part without rows, or a label with fewer rows than
/// parts.
pub(crate) fn divide(
    plan: &DataPlan,
    task: Task,
    scan: &mut dyn Scan,
    rng: &Rng,
) -> Result<Splits, DataError> {
    let order = drawn(&scan.ids()?, &rng.stream("split", ""));
    let (parts, wanted) = deal(plan, task, scan, order)?;
    let rows = |part: Part| (0..parts.len()).filter(|&row| parts[row] == part).collect::<Vec<usize>>();
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

/// The rows in an order by lot that depends on what they say, not on where they stand. Equal rows keep their
/// order, which nobody can tell from any other.
fn drawn(ids: &[u64], stream: &Stream) -> Vec<usize> {
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    let mut order: Vec<([u32; 2], u64, usize)> = vec![];
    for (row, &id) in ids.iter().enumerate() {
        let ordinal = seen.entry(id).and_modify(|ordinal| *ordinal += 1).or_insert(0);
        let mut lot = [0; 2];
        stream.fill_words(&mut lot, Counter::sample(0, id).at(*ordinal * 2));
        order.push((lot, id, row));
    }
    order.sort_unstable();
    order.into_iter().map(|(_, _, row)| row).collect()
}

/// Every row's part, and which of train, valid and test want rows.
type Dealt = (Vec<Part>, [bool; 3]);

/// Gives each row a part; `order` is that of the lot.
fn deal(plan: &DataPlan, task: Task, scan: &dyn Scan, order: Vec<usize>) -> Result<Dealt, DataError> {
    let (valid, test, groups) = match &plan.split {
        SplitPlan::Column { .. } => return Ok((given(scan)?, [true, false, true])),
        SplitPlan::Files => return Ok((given(scan)?, [true, true, true])),
        SplitPlan::Given { valid } => {
            let mut parts = given(scan)?;
            let train = order.into_iter().filter(|&row| parts[row] == Part::Train).collect();
            let groups = match task {
                Task::Classify => by_label(plan, scan, train),
                Task::Regress => Groups::from([(None, train)]),
            };
            hand_out(&mut parts, &groups, [1.0 - valid, *valid, 0.0], &plan.target)?;
            return Ok((parts, [true, *valid > 0.0, true]));
        }
        SplitPlan::Stratified { .. } if task == Task::Regress => {
            let (wants, got) = ("`random`, for the target is a number", "`stratified`");
            return Err(DataError::setting("data.split", wants, got));
        }
        SplitPlan::Stratified { valid, test } => (*valid, *test, by_label(plan, scan, order)),
        SplitPlan::Usual { valid, test } if task == Task::Classify => {
            (*valid, *test, by_label(plan, scan, order))
        }
        SplitPlan::Usual { valid, test } | SplitPlan::Random { valid, test } => {
            (*valid, *test, Groups::from([(None, order)]))
        }
    };
    let mut parts = vec![Part::Train; scan.rows()];
    hand_out(&mut parts, &groups, [1.0 - valid - test, valid, test], &plan.target)?;
    Ok((parts, [true, valid > 0.0, test > 0.0]))
}

/// The parts that the source itself gives.
fn given(scan: &dyn Scan) -> Result<Vec<Part>, DataError> {
    let refuse = || DataError::setting("data.split", "a source that gives the parts", "one that does not");
    scan.parts()?.ok_or_else(refuse)
}

/// Rows that belong together; the label, if it is one that keeps them together.
type Groups = BTreeMap<Option<String>, Vec<usize>>;

/// The rows of each label, in their order. Rows without a label stay in train, where they are refused with
/// their place.
fn by_label(plan: &DataPlan, scan: &dyn Scan, order: Vec<usize>) -> Groups {
    let (mut targets, naming) = (scan.targets(), plan.naming());
    let mut groups = Groups::new();
    for row in order {
        if let Some(label) = targets[row].take() {
            groups.entry(Some(naming.called(&label))).or_default().push(row);
        }
    }
    groups
}

/// Gives each group's rows to the parts by these shares of train, valid and test.
fn hand_out(parts: &mut [Part], groups: &Groups, shares: [f64; 3], target: &str) -> Result<(), DataError> {
    let wants = shares.iter().filter(|share| **share > 0.0).count();
    for (label, rows) in groups {
        if let Some(label) = label.as_ref().filter(|_| rows.len() < wants) {
            let (column, label, got) = (target.to_owned(), label.clone(), rows.len());
            return Err(DataError::FewRows { column, label, wants, got });
        }
        let [_, valid, test] = counts(rows.len(), shares);
        for (place, &row) in rows.iter().enumerate() {
            parts[row] = match place {
                place if place < test => Part::Test,
                place if place < test + valid => Part::Valid,
                _ => Part::Train,
            };
        }
    }
    Ok(())
}

/// Whole numbers that add up to `rows`, as near to the shares as can be (largest remainders), none of them 0
/// whose share is not, as far as there are rows.
fn counts(rows: usize, shares: [f64; 3]) -> [usize; 3] {
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
