use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

use crate::{Batch, Source, SourceError};

/// So many batches wait to be taken; one more is in the making.
const WAITING: usize = 1;

/// Makes the next batches of a source in a thread of its own, while the network is busy with the one before.
///
/// What comes out is what the source itself gives, bytes and errors, whoever makes it: a batch that was not made ahead is
/// asked for when it is wanted. At most two are ahead of the one that was taken. A source that has its examples at hand is
/// always asked when it is time.
pub struct Ahead {
    source: Arc<dyn Source>,
    epoch: Option<u32>,
    made: Option<Receiver<Made>>,
    maker: Option<JoinHandle<()>>,
}

/// Some rows, and their batch.
type Made = (Vec<usize>, Result<Batch, SourceError>);

impl Ahead {
    /// Begins to make the batches of these rows, as training sees them in an epoch or, without one, as they are.
    pub fn new(
        source: &Arc<dyn Source>,
        epoch: Option<u32>,
        wanted: impl Iterator<Item = Vec<usize>> + Send + 'static,
    ) -> Ahead {
        let mut ahead = Ahead { source: Arc::clone(source), epoch, made: None, maker: None };
        if source.is_at_hand() {
            return ahead;
        }
        let (give, made) = sync_channel(WAITING);
        let source = Arc::clone(source);
        let make = move || {
            for rows in wanted {
                let batch = batch(source.as_ref(), epoch, &rows);
                if give.send((rows, batch)).is_err() {
                    return; // nobody takes any more
                }
            }
        };
        // A system that has no more threads is no reason to stop.
        ahead.maker = thread::Builder::new().name("batches".to_owned()).spawn(make).ok();
        ahead.made = ahead.maker.is_some().then_some(made);
        ahead
    }

    /// The batch of these rows.
    ///
    /// # Errors
    /// As [`Source::batch`].
    pub fn take(&mut self, rows: &[usize]) -> Result<Batch, SourceError> {
        match self.made.as_ref().and_then(|made| made.recv().ok()) {
            Some((made, batch)) if made == rows => batch,
            Some(_) | None => {
                self.made = None;
                batch(self.source.as_ref(), self.epoch, rows)
            }
        }
    }
}

fn batch(source: &dyn Source, epoch: Option<u32>, rows: &[usize]) -> Result<Batch, SourceError> {
    match epoch {
        Some(epoch) => source.training_batch(rows, epoch),
        None => source.batch(rows),
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.made = None; // the maker ends with the batch that it is at
        if let Some(maker) = self.maker.take() {
            let _ = maker.join();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{Record, Tensor};

    /// A row is its place, plus a hundred times the epoch; the row 13 cannot be read, and 99 panics.
    #[derive(Debug, Default)]
    struct Rows {
        asked: Mutex<Vec<usize>>,
        is_at_hand: bool,
    }

    impl Source for Rows {
        fn len(&self) -> usize {
            1_000
        }

        fn record(&self, _: usize) -> Result<Record, SourceError> {
            Ok(Record::new())
        }

        fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
            self.training_batch(rows, 0)
        }

        fn training_batch(&self, rows: &[usize], epoch: u32) -> Result<Batch, SourceError> {
            self.asked.lock().unwrap().extend(rows);
            assert!(!rows.contains(&99), "a broken source");
            if rows.contains(&13) {
                return Err(SourceError { row: 13, source: "unlucky".into() });
            }
            let numbers: Vec<f32> = rows.iter().map(|row| *row as f32 + 100.0 * epoch as f32).collect();
            let inputs = [("x".to_owned(), Tensor::vector(numbers))].into();
            Ok(Batch { rows: rows.len(), inputs, targets: vec![] })
        }

        fn is_at_hand(&self) -> bool {
            self.is_at_hand
        }
    }

    fn rows(is_at_hand: bool) -> (Arc<Rows>, Arc<dyn Source>) {
        let rows = Arc::new(Rows { is_at_hand, ..Rows::default() });
        (Arc::clone(&rows), rows)
    }

    fn wanted(rows: usize) -> Vec<Vec<usize>> {
        (0..rows).collect::<Vec<usize>>().chunks(3).map(<[usize]>::to_vec).collect()
    }

    #[test]
    fn batches_are_those_of_the_source_in_their_order() {
        for (is_at_hand, epoch) in [(true, None), (false, None), (false, Some(2))] {
            let (_, source) = rows(is_at_hand);
            let mut ahead = Ahead::new(&source, epoch, wanted(12).into_iter());
            for rows in wanted(12) {
                assert_eq!(ahead.take(&rows).unwrap(), batch(source.as_ref(), epoch, &rows).unwrap());
            }
        }
    }

    #[test]
    fn an_error_comes_with_its_own_batch_and_ends_nothing() {
        let (_, source) = rows(false);
        let mut ahead = Ahead::new(&source, None, wanted(21).into_iter());
        let outcomes: Vec<Option<usize>> =
            wanted(21).iter().map(|rows| ahead.take(rows).err().map(|error| error.row)).collect();
        assert_eq!(outcomes, [None, None, None, None, Some(13), None, None]);
    }

    #[test]
    fn no_more_than_two_are_ahead_and_the_maker_ends_with_its_taker() {
        let (asked, source) = rows(false);
        let mut ahead = Ahead::new(&source, None, wanted(900).into_iter());
        ahead.take(&[0, 1, 2]).unwrap();
        drop(ahead);
        let asked = asked.asked.lock().unwrap().len();
        assert!((3..=12).contains(&asked), "{asked} rows were read, 3 were taken");
    }

    #[test]
    fn other_rows_than_were_said_are_asked_for() {
        let (_, source) = rows(false);
        let mut ahead = Ahead::new(&source, None, wanted(9).into_iter());
        assert_eq!(ahead.take(&[7]).unwrap(), source.batch(&[7]).unwrap());
        assert_eq!(ahead.take(&[8]).unwrap(), source.batch(&[8]).unwrap());
    }

    #[test]
    fn what_is_at_hand_is_read_when_it_is_time() {
        let (asked, source) = rows(true);
        let _ahead = Ahead::new(&source, None, wanted(9).into_iter());
        assert!(asked.asked.lock().unwrap().is_empty());
    }

    #[test]
    #[should_panic(expected = "a broken source")]
    fn a_source_that_panics_does_so_where_its_batch_is_wanted() {
        let (_, source) = rows(false);
        let _ = Ahead::new(&source, None, [vec![99]].into_iter()).take(&[99]);
        panic!("no batch came");
    }
}
