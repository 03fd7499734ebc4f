//! Rows that may have several labels, divided so that each part has as large a share of every label: iterative
//! stratification (Sechidis, Tsoumakas & Vlahavas 2011).

use std::collections::{BTreeMap, BTreeSet};

use super::answered::Answered;
use super::{DataPlan, Part};
use crate::DataError;

/// Gives these rows to the parts by their shares of train, valid and test. The rarest label that is left comes first, and each
/// of its rows goes where most of that label are missing.
pub(super) fn hand_out(
    plan: &DataPlan,
    scan: &Answered<'_>,
    rows: &[usize],
    shares: [f64; 3],
    parts: &mut [Part],
) -> Result<(), DataError> {
    let (names, sets) = sets(plan, scan, rows)?;
    let mut of_label = vec![vec![]; names.len()];
    for (place, set) in sets.iter().enumerate() {
        set.iter().for_each(|&label| of_label[label].push(place));
    }
    let wants = shares.iter().filter(|share| **share > 0.0).count();
    if let Some((name, rows)) = names.iter().zip(&of_label).find(|(_, rows)| rows.len() < wants) {
        let (column, label, got) = (plan.target.clone(), name.clone(), rows.len());
        return Err(DataError::FewRows { column, label, wants, got });
    }
    let mut room = Room::new(rows.len(), &of_label, shares);
    let mut waiting: Vec<bool> = vec![true; rows.len()];
    let mut give = |place: usize, label: Option<usize>, room: &mut Room| {
        if std::mem::take(&mut waiting[place]) {
            parts[rows[place]] = Part::ALL[room.take(label, &sets[place])];
        }
    };
    while let Some(label) = room.rarest() {
        of_label[label].iter().for_each(|&place| give(place, Some(label), &mut room));
    }
    (0..rows.len()).for_each(|place| give(place, None, &mut room));
    Ok(())
}

/// How many more rows each part wants: in all, and of each label.
struct Room {
    /// The parts that want any.
    wanting: Vec<usize>,
    rows: [f64; 3],
    labels: Vec<[f64; 3]>,
    /// How many rows of each label wait.
    waiting: Vec<usize>,
}

impl Room {
    fn new(rows: usize, of_label: &[Vec<usize>], shares: [f64; 3]) -> Room {
        let of = |rows: usize| shares.map(|share| share * rows as f64);
        Room {
            wanting: (0..3).filter(|&part| shares[part] > 0.0).collect(),
            rows: of(rows),
            labels: of_label.iter().map(|rows| of(rows.len())).collect(),
            waiting: of_label.iter().map(Vec::len).collect(),
        }
    }

    /// The label of which the fewest rows wait, the first of equals.
    fn rarest(&self) -> Option<usize> {
        let waits = (0..self.waiting.len()).filter(|&label| self.waiting[label] > 0);
        waits.min_by_key(|&label| self.waiting[label])
    }

    /// The part that a row with these labels goes to: that which wants most of one of them, or of all rows.
    fn take(&mut self, label: Option<usize>, labels: &[usize]) -> usize {
        let wants = |part: usize| (label.map_or(0.0, |label| self.labels[label][part]), self.rows[part]);
        let more = |one: usize, other: usize| {
            let ((a, b), (c, d)) = (wants(one), wants(other));
            if a.total_cmp(&c).then(b.total_cmp(&d)).is_lt() { other } else { one }
        };
        let part = self.wanting.iter().copied().reduce(more).unwrap_or(0);
        self.rows[part] -= 1.0;
        for &label in labels {
            self.labels[label][part] -= 1.0;
            self.waiting[label] -= 1;
        }
        part
    }
}

/// The labels that these rows have, and those of each by their places.
fn sets(
    plan: &DataPlan,
    scan: &Answered<'_>,
    rows: &[usize],
) -> Result<(Vec<String>, Vec<Vec<usize>>), DataError> {
    let (naming, separator) = (plan.naming(&plan.target), plan.separator());
    let listed = |&row: &usize| -> Result<BTreeSet<String>, DataError> {
        let written = scan.target(row)?;
        let labels = written.split(separator).map(str::trim).filter(|label| !label.is_empty());
        Ok(labels.map(|label| naming.called(label)).collect())
    };
    let listed = rows.iter().map(listed).collect::<Result<Vec<_>, DataError>>()?;
    let names: Vec<String> = listed.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let places: BTreeMap<&String, usize> = names.iter().zip(0..).collect();
    let sets =
        listed.iter().map(|set| set.iter().filter_map(|name| places.get(name).copied()).collect()).collect();
    drop(places);
    Ok((names, sets))
}
