//! Rows in the order of their lots, given to the parts label by label.

use std::collections::BTreeMap;

use super::answered::Answered;
use super::{Part, counts};
use crate::DataError;
use crate::plan::DataPlan;

/// Rows in an order, each of a label; there may be many, so that no list is kept for each label.
pub(super) struct Drawn {
    order: Vec<usize>,
    /// The label of each row, by its place among the names; nothing where all rows are alike.
    labels: Vec<u32>,
    names: Vec<String>,
}

impl Drawn {
    /// Rows that no label keeps apart.
    pub(super) fn alike(order: Vec<usize>) -> Drawn {
        Drawn { order, labels: vec![], names: vec![] }
    }

    /// Rows with their labels, as the recipe calls them.
    pub(super) fn by_label(
        plan: &DataPlan,
        scan: &Answered<'_>,
        order: Vec<usize>,
    ) -> Result<Drawn, DataError> {
        let naming = plan.naming(&plan.target);
        // What a label is called is asked once, not row by row.
        let (mut written, mut called) = (BTreeMap::new(), BTreeMap::new());
        let mut labels = vec![0; scan.rows()];
        for &row in &order {
            let label = scan.target(row)?;
            labels[row] = match written.get(&*label) {
                Some(place) => *place,
                None => {
                    let next = called.len() as u32;
                    let place = *called.entry(naming.called(&label)).or_insert(next);
                    written.insert(label.into_owned(), place);
                    place
                }
            };
        }
        // By their names: where a label comes first must not matter.
        let mut ranks = vec![0; called.len()];
        called.values().zip(0..).for_each(|(place, rank)| ranks[*place as usize] = rank);
        order.iter().for_each(|&row| labels[row] = ranks[labels[row] as usize]);
        Ok(Drawn { order, labels, names: called.into_keys().collect() })
    }

    fn label(&self, row: usize) -> usize {
        self.labels.get(row).map_or(0, |label| *label as usize)
    }

    /// How many rows each label has.
    fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.names.len().max(1)];
        self.order.iter().for_each(|&row| sizes[self.label(row)] += 1);
        sizes
    }

    /// Gives each label's rows to the parts by these shares of train, valid and test.
    ///
    /// # Errors
    /// [`DataError::FewRows`] for a label with fewer rows than parts.
    pub(super) fn hand_out(
        &self,
        parts: &mut [Part],
        shares: [f64; 3],
        target: &str,
    ) -> Result<(), DataError> {
        let (sizes, wants) = (self.sizes(), shares.iter().filter(|share| **share > 0.0).count());
        if let Some((label, got)) = self.names.iter().zip(&sizes).find(|(_, size)| **size < wants) {
            let (column, label) = (target.to_owned(), label.clone());
            return Err(DataError::FewRows { column, label, wants, got: *got });
        }
        let counts: Vec<[usize; 3]> = sizes.iter().map(|&size| counts(size, shares)).collect();
        let mut seen = vec![0; sizes.len()];
        for &row in &self.order {
            let label = self.label(row);
            let ([_, valid, test], place) = (counts[label], seen[label]);
            seen[label] += 1;
            parts[row] = match place {
                place if place < test => Part::Test,
                place if place < test + valid => Part::Valid,
                _ => Part::Train,
            };
        }
        Ok(())
    }

    /// Gives every `of`th row of each label to test, beginning where the label before ended, so that all folds are equally
    /// large.
    pub(super) fn take_fold(&self, parts: &mut [Part], of: usize, fold: usize) {
        let mut places: Vec<usize> = self
            .sizes()
            .iter()
            .scan(0, |before, size| {
                *before += size;
                Some(*before - size)
            })
            .collect();
        for &row in &self.order {
            let place = &mut places[self.label(row)];
            if *place % of == fold {
                parts[row] = Part::Test;
            }
            *place += 1;
        }
    }
}
