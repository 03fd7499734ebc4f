//! Trainings that are interrupted at each kind of place and gone on with, under each kind of setting (reliability.md, C7).
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::train::{Checkpoint, Event, Signal};
use baeum::{Context, Dataset, Hooks, Limits, Model, Plans, Recipe, StageError, Stages, data};

use super::SUBJECTS;
use crate::Scratch;

/// How many epochs each training has.
const EPOCHS: u32 = 4;

/// How many values each setting of a cell has.
const VALUES: [usize; 6] = [4, 3, 3, 3, 2, 2];

/// How many cells a test run takes: all pairs of values, and some beside.
const PAIRWISE: usize = 24;

/// Where a training is interrupted, and how it trains: which value of each setting, as [`VALUES`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell([usize; 6]);

impl Cell {
    /// All of them.
    pub fn all() -> Vec<Cell> {
        let of = |mut place: usize| {
            Cell(VALUES.map(|count| {
                let value = place % count;
                place /= count;
                value
            }))
        };
        (0..VALUES.iter().product()).map(of).collect()
    }

    /// So few that each two values of two settings still meet somewhere.
    pub fn pairwise() -> Vec<Cell> {
        let all = Cell::all();
        let mut left: BTreeSet<Pair> = all.iter().flat_map(Cell::pairs).collect();
        let mut cells = vec![];
        while !left.is_empty() || cells.len() < PAIRWISE {
            let new = |cell: &&Cell| (cell.pairs().filter(|pair| left.contains(pair)).count(), cell.spread());
            let Some(best) = all.iter().filter(|cell| !cells.contains(*cell)).max_by_key(new) else { break };
            left.retain(|pair| !best.pairs().any(|own| own == *pair));
            cells.push(*best);
        }
        cells
    }

    /// Each two of its settings, with their values.
    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let values = self.0;
        (0..values.len())
            .flat_map(move |a| (a + 1..values.len()).map(move |b| [(a, values[a]), (b, values[b])]))
    }

    /// Tells equals apart, so that cells beside the pairs are not neighbours.
    fn spread(&self) -> usize {
        self.0.iter().fold(0, |sum, value| sum * 5 + value) * 37 % 101
    }

    /// How many batches of the epoch are done, of so many.
    fn batch(&self, steps: usize) -> usize {
        [0, 1, steps / 2, steps - 1][self.0[0]].min(steps - 1)
    }

    fn epoch(&self) -> u32 {
        [0, 1, EPOCHS - 1][self.0[1]]
    }

    /// The threads of the network; whoever reads ahead is one more.
    fn threads(&self) -> usize {
        [1, 2, 4][self.0[2]]
    }

    fn batch_size(&self) -> usize {
        [1, 7, 64][self.0[3]]
    }

    /// Into how many parts a batch is divided.
    fn parts(&self) -> usize {
        [1, 4][self.0[4]]
    }

    fn drop_last(&self) -> bool {
        self.0[5] == 1
    }

    fn sets(&self, threads: usize) -> Vec<String> {
        vec![
            format!("train.epochs={EPOCHS}"),
            format!("train.batch_size={}", self.batch_size()),
            format!("train.micro_batch={}", self.batch_size().div_ceil(self.parts())),
            format!("train.drop_last={}", self.drop_last()),
            format!("run.threads={threads}"),
        ]
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batch = ["the first", "the second", "a middle", "the last"][self.0[0]];
        let epoch = self.epoch();
        write!(
            f,
            "before {batch} batch of epoch {epoch}, {} threads, batches of {} ",
            self.threads(),
            self.batch_size()
        )?;
        write!(
            f,
            "in {} parts, {}",
            self.parts(),
            if self.drop_last() { "whole ones alone" } else { "all rows" }
        )
    }
}

type Pair = [(usize, usize); 2];

/// What a training ends in: its last checkpoint, the weights that were chosen, and its epochs.
type Ending = BTreeMap<String, Vec<u8>>;

/// Interrupts the training of each cell and goes on with it; gives the cells that did not end as an undisturbed one does. `told`
/// hears how many are done.
///
/// # Panics
/// If an undisturbed training fails: there is nothing to compare with.
pub fn resume(cells: &[Cell], mut told: impl FnMut(usize)) -> Vec<Cell> {
    let subject = Prepared::new();
    let (mut undisturbed, mut wrong) = (BTreeMap::new(), vec![]);
    for (done, cell) in cells.iter().enumerate() {
        let wanted =
            undisturbed.entry(cell.sets(1)).or_insert_with(|| subject.train(&cell.sets(1), None, None).1);
        let sets = cell.sets(cell.threads());
        let (checkpoint, stopped) = subject.train(&sets, None, Some(cell));
        assert!(stopped.is_empty(), "nobody interrupted it: {cell}");
        let (_, ended) = subject.train(&sets, checkpoint.as_ref(), None);
        if ended != *wanted {
            wrong.push(*cell);
        }
        told(done + 1);
    }
    wrong
}

/// Examples and a network, which no cell changes.
struct Prepared {
    recipe: &'static str,
    folder: Scratch,
    dataset: Dataset,
    model: Model,
}

impl Prepared {
    fn new() -> Prepared {
        let (folder, recipe) = (SUBJECTS[0].folder(), SUBJECTS[0].recipe);
        let (plans, stages) = (plans(recipe, &[]), Stages::default());
        let place = place(folder.path(), &plans);
        let context = Context { plans: &plans, place: &place, hooks: &baeum::NoHooks };
        let dataset = (stages.data)(&context, ()).expect("the data of a subject are sound").dataset;
        let model = (stages.models)(&context, dataset.clone()).expect("its network is one");
        Prepared { recipe, folder, dataset, model }
    }

    /// Trains until the end or until `interrupted`; gives the last checkpoint, and what it ended in if it did.
    fn train(
        &self,
        sets: &[String],
        from: Option<&Ending>,
        interrupted: Option<&Cell>,
    ) -> (Option<Ending>, Ending) {
        let plans = plans(self.recipe, sets);
        let place = place(self.folder.path(), &plans);
        let watched = Watched { from, interrupted, steps: RefCell::default(), kept: RefCell::default() };
        let context = Context { plans: &plans, place: &place, hooks: &watched };
        let trained = (Stages::default().train)(&context, (self.model.clone(), self.dataset.clone()));
        let kept = watched.kept.take();
        match trained {
            Ok(trained) => {
                let weights = baeum::weights_file::write(&trained.predictor.weights, &BTreeMap::new());
                let mut ending = kept.clone().unwrap_or_default();
                ending.insert("best".to_owned(), weights.expect("weights have names"));
                let history = serde_json::to_vec(&(trained.history, trained.best_epoch));
                ending.insert("history".to_owned(), history.expect("a history is numbers"));
                (kept, ending)
            }
            Err(StageError::Stopped) => (kept, Ending::new()),
            Err(error) => panic!("{sets:?}: {error}"),
        }
    }
}

fn plans(recipe: &str, sets: &[String]) -> Plans {
    let recipe = Recipe::parse("recipe.toml", recipe, sets).expect("a subject's recipe can be read");
    recipe.check().unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn place(folder: &Path, plans: &Plans) -> data::Place {
    let (limits, seed) = (plans.run.limits().clone(), plans.run.seed());
    let (fs, base) = (Arc::new(RealFs), folder.to_owned());
    data::Place { fs, base, folders: vec![], limits, seed, progress: Default::default(), cache: None }
}

/// Keeps the last checkpoint as bytes, and interrupts where a cell says.
struct Watched<'a> {
    from: Option<&'a Ending>,
    interrupted: Option<&'a Cell>,
    steps: RefCell<usize>,
    kept: RefCell<Option<Ending>>,
}

impl Hooks for Watched<'_> {
    fn resume(&self) -> Result<Option<Checkpoint>, StageError> {
        let read = |files| Checkpoint::from_files(files, &Limits::default()).expect("it was just written");
        Ok(self.from.map(read))
    }

    fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Box<dyn Error + Send + Sync>> {
        *self.kept.borrow_mut() = Some(checkpoint.files()?);
        Ok(())
    }

    fn see(&self, event: &Event) -> Signal {
        let Some(cell) = self.interrupted else { return Signal::Go };
        let is_there = match event {
            Event::Start { steps_per_epoch, .. } => {
                *self.steps.borrow_mut() = *steps_per_epoch;
                (cell.epoch(), cell.batch(*steps_per_epoch)) == (0, 0)
            }
            Event::Step { epoch, step, .. } => {
                let steps = *self.steps.borrow();
                let done = *step as usize - *epoch as usize * steps;
                (cell.epoch(), cell.batch(steps)) == (*epoch, done)
            }
            Event::Epoch { record, .. } => {
                (cell.epoch(), cell.batch(*self.steps.borrow())) == (record.epoch + 1, 0)
            }
            Event::Checkpoint { .. } | Event::End { .. } => false,
        };
        if is_there { Signal::Stop } else { Signal::Go }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_two_values_meet_in_the_cells_of_a_test_run() {
        let (all, some) = (Cell::all(), Cell::pairwise());
        assert_eq!((all.len(), some.len()), (432, PAIRWISE));
        let pairs = |cells: &[Cell]| cells.iter().flat_map(Cell::pairs).collect::<BTreeSet<Pair>>();
        assert_eq!(pairs(&some), pairs(&all));
        assert_eq!(some.iter().collect::<BTreeSet<_>>().len(), PAIRWISE, "each once");
    }

    #[test]
    fn a_cell_says_what_it_is() {
        let cell = Cell([3, 2, 1, 1, 1, 1]);
        let text = "before the last batch of epoch 3, 2 threads, batches of 7 in 4 parts, whole ones alone";
        assert_eq!(cell.to_string(), text);
        assert_eq!([cell.batch(9), cell.batch(1)], [8, 0]);
    }
}
