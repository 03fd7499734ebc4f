//! Each row's part, for each way of dividing that a plan knows.

use baeum_core::Task;

use super::drawn::Drawn;
use super::{Answered, Lists, Lot, Part, label_sets, sample_id, shares, time, together};
use crate::DataError;
use crate::plan::{DataPlan, SplitPlan};

/// Every row's part, and which of train, valid and test want rows.
pub(super) type Dealt = (Vec<Part>, [bool; 3]);

/// What is divided, and who draws.
pub(super) struct Deal<'a> {
    pub(super) plan: &'a DataPlan,
    pub(super) task: Task,
    pub(super) scan: &'a Answered<'a>,
    pub(super) lot: &'a Lot,
}

impl Deal<'_> {
    /// Gives each row a part; `lists` are those of a plan that has some.
    ///
    /// # Errors
    /// [`DataError`] for a split that these rows cannot have.
    pub(super) fn parts(&self, lists: Option<&Lists>) -> Result<Dealt, DataError> {
        let wanted = |valid: f64, test: f64| [true, valid > 0.0, test > 0.0];
        match &self.plan.split {
            SplitPlan::Column { .. } => Ok((self.given()?, [true, false, true])),
            SplitPlan::Files => Ok((self.given()?, [true, true, true])),
            SplitPlan::Given { valid } => self.split_train(self.given()?, *valid),
            SplitPlan::Lists(said) => {
                let names = self.scan.names()?;
                let parts =
                    lists.map_or(Ok(self.all_train()), |lists| lists.parts(&names, said.takes_unlisted))?;
                said.valid.map_or(Ok((parts.clone(), [true; 3])), |valid| self.split_train(parts, valid))
            }
            SplitPlan::Stratified { .. } if self.task == Task::Regress => {
                let (wants, got) = ("`random`, for the target is a number", "`stratified`");
                Err(DataError::setting("data.split", wants, got))
            }
            SplitPlan::Stratified { valid, test } | SplitPlan::Usual { valid, test } => {
                let parts = self.mix_alike(self.all_train(), self.lot.order(), shares(*valid, *test))?;
                Ok((parts, wanted(*valid, *test)))
            }
            SplitPlan::Random { valid, test } => {
                let mut parts = self.all_train();
                let drawn = Drawn::alike(self.lot.order());
                drawn.hand_out(&mut parts, shares(*valid, *test), &self.plan.target)?;
                Ok((parts, wanted(*valid, *test)))
            }
            SplitPlan::Groups { column, valid, test } => {
                let parts = together::deal(column, &self.scan.cells()?, self.lot, shares(*valid, *test))?;
                Ok((parts, wanted(*valid, *test)))
            }
            SplitPlan::Time { valid, test, .. } if self.divides_steps() => {
                Ok((self.given()?, wanted(*valid, *test)))
            }
            SplitPlan::Time { column, valid, test } => {
                Ok((time::deal(column, &self.scan.cells()?, shares(*valid, *test))?, wanted(*valid, *test)))
            }
            SplitPlan::Moments { valid, .. } if self.divides_steps() => {
                Ok((self.given()?, [true, valid.is_some(), true]))
            }
            SplitPlan::Moments { column, valid, test } => {
                let parts = time::deal_at(column, &self.scan.cells()?, valid.as_deref(), test)?;
                Ok((parts, [true, valid.is_some(), true]))
            }
            SplitPlan::Hash { valid, test, .. } => {
                Ok((self.each_alone(*valid, *test)?, wanted(*valid, *test)))
            }
            SplitPlan::Fold { of, fold, valid } => {
                let mut parts = self.all_train();
                self.by_label(self.lot.order())?.take_fold(&mut parts, *of, *fold);
                self.split_train(parts, *valid)
            }
        }
    }

    fn all_train(&self) -> Vec<Part> {
        vec![Part::Train; self.scan.rows()]
    }

    /// A series divides its steps, and a plain text its characters; what a window tells says where it belongs.
    fn divides_steps(&self) -> bool {
        self.plan.config.series.is_some() || self.task == Task::Generate
    }

    /// The parts that the source itself gives.
    fn given(&self) -> Result<Vec<Part>, DataError> {
        let refuse =
            || DataError::setting("data.split", "a source that gives the parts", "one that does not");
        self.scan.parts()?.ok_or_else(refuse)
    }

    /// Rows in this order, those of each label apart where a row has one.
    fn by_label(&self, order: Vec<usize>) -> Result<Drawn, DataError> {
        match self.task {
            Task::Classify => Drawn::by_label(self.plan, self.scan, order),
            Task::MultiLabel | Task::Regress | Task::Generate => Ok(Drawn::alike(order)),
        }
    }

    /// Gives rows to the parts by these shares, so that each part has the same mixture of labels.
    fn mix_alike(
        &self,
        mut parts: Vec<Part>,
        order: Vec<usize>,
        shares: [f64; 3],
    ) -> Result<Vec<Part>, DataError> {
        match self.task {
            Task::MultiLabel => label_sets::hand_out(self.plan, self.scan, &order, shares, &mut parts)?,
            Task::Classify | Task::Regress | Task::Generate => {
                self.by_label(order)?.hand_out(&mut parts, shares, &self.plan.target)?;
            }
        }
        Ok(parts)
    }

    /// Rows of train give some to valid.
    fn split_train(&self, parts: Vec<Part>, valid: f64) -> Result<Dealt, DataError> {
        let train = self.lot.order().into_iter().filter(|&row| parts[row] == Part::Train).collect();
        let parts = self.mix_alike(parts, train, [1.0 - valid, valid, 0.0])?;
        Ok((parts, [true, valid > 0.0, true]))
    }

    /// Each row by its own lot, or by that of its cell where a column tells rows apart: whatever other rows there are.
    fn each_alone(&self, valid: f64, test: f64) -> Result<Vec<Part>, DataError> {
        let cells = self.scan.cells()?;
        let part = |row: usize| {
            let id = cells.get(row).map_or(self.lot.ids[row], |cell| sample_id(cell.as_bytes()));
            let chance = f64::from(self.lot.of(id, 0)[0]) / 2f64.powi(32);
            match chance {
                chance if chance < test => Part::Test,
                chance if chance < test + valid => Part::Valid,
                _ => Part::Train,
            }
        };
        Ok((0..self.lot.ids.len()).map(part).collect())
    }
}
