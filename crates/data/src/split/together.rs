//! Whole groups of rows to parts.

use std::collections::BTreeMap;

use super::{Lot, Part, counts, sample_id};
use crate::DataError;

/// Gives whole groups, in the order of their lots, each to the part that lacks most rows of its share.
///
/// # Errors
/// [`DataError::FewGroups`] if there are fewer groups than parts.
pub(super) fn deal(
    column: &str,
    groups: &[String],
    lot: &Lot,
    shares: [f64; 3],
) -> Result<Vec<Part>, DataError> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(row);
    }
    let wants = shares.iter().filter(|share| **share > 0.0).count();
    if members.len() < wants {
        return Err(DataError::FewGroups { column: column.to_owned(), wants, got: members.len() });
    }
    let lot_of =
        |(group, rows): (&str, Vec<usize>)| (lot.of(sample_id(group.as_bytes()), 0), group.to_owned(), rows);
    let mut drawn: Vec<_> = members.into_iter().map(lot_of).collect();
    drawn.sort_unstable();
    let mut dealing = Dealing { shares, lacking: counts(groups.len(), shares), groups: [0; 3] };
    let mut parts = vec![Part::Train; groups.len()];
    for (place, (_, _, rows)) in drawn.iter().enumerate() {
        let part = dealing.next(rows.len(), drawn.len() - place);
        rows.iter().for_each(|&row| parts[row] = Part::ALL[part]);
    }
    Ok(parts)
}

/// How far the groups are dealt out.
struct Dealing {
    shares: [f64; 3],
    /// How many rows each part lacks; 0 also for one that has more than its share.
    lacking: [usize; 3],
    /// How many groups each part has.
    groups: [usize; 3],
}

impl Dealing {
    /// The part of the next group: the one that lacks most rows, or one without a group if only as many are `left` as
    /// there are such parts.
    fn next(&mut self, rows: usize, left: usize) -> usize {
        let open = || (0..3).filter(|&part| self.shares[part] > 0.0);
        let empty = open().filter(|&part| self.groups[part] == 0).count();
        let fits = open().filter(|&part| empty < left || self.groups[part] == 0);
        let part = fits.max_by_key(|&part| self.lacking[part]).unwrap_or(0);
        self.lacking[part] = self.lacking[part].saturating_sub(rows);
        self.groups[part] += 1;
        part
    }
}
