//! Columns that may be longer than memory: what finds no room there lies on the disk.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use baeum_core::fs::FsError;
use baeum_core::{Fs, Spill};

/// All columns of a table together take no more memory than this; the bytes are the same wherever they lie. Tests go there
/// early.
const MOST_IN_MEMORY: usize = if cfg!(test) { 1 << 20 } else { 64 << 20 };

/// So many numbers are read and written in one go.
const BLOCK: usize = 1 << 11;

/// A number of a fixed length.
pub(crate) trait Plain: Copy + Default + Send + Sync + fmt::Debug + PartialEq {
    /// How many bytes it is written in.
    const BYTES: usize;

    /// Writes it.
    fn write(self, out: &mut Vec<u8>);

    /// Reads it from so many bytes.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! plain {
    ($($number:ty),+) => {$(
        impl Plain for $number {
            const BYTES: usize = size_of::<$number>();

            fn write(self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> $number {
                bytes.try_into().map(<$number>::from_le_bytes).unwrap_or_default()
            }
        }
    )+};
}

plain!(u16, f32, f64);

/// Where the columns of a table lie: in memory, and on the disk beyond.
#[derive(Clone, Debug)]
pub(crate) struct Room(Option<Arc<Disk>>);

#[derive(Debug)]
struct Disk {
    fs: Arc<dyn Fs>,
    /// How many bytes may lie in memory, and how many do.
    most: usize,
    taken: AtomicUsize,
    /// Made once something finds no room, and how long it is.
    spill: OnceLock<Box<dyn Spill>>,
    len: AtomicU64,
}

impl Room {
    /// The usual room in memory, and as much as there is on the disk.
    pub(crate) fn new(fs: Arc<dyn Fs>) -> Room {
        Room::of(fs, MOST_IN_MEMORY)
    }

    /// So many bytes in memory.
    pub(crate) fn of(fs: Arc<dyn Fs>, most: usize) -> Room {
        let (taken, spill, len) = (AtomicUsize::new(0), OnceLock::new(), AtomicU64::new(0));
        Room(Some(Arc::new(Disk { fs, most, taken, spill, len })))
    }

    /// Memory alone, for what came from there.
    pub(crate) fn memory() -> Room {
        Room(None)
    }

    /// Where so many bytes more have to lie if there is no room in memory; else their place there is taken.
    fn beyond(&self, bytes: usize) -> Option<&Arc<Disk>> {
        let disk = self.0.as_ref()?;
        let taken = disk.taken.fetch_add(bytes, Ordering::Relaxed);
        let fits = taken.saturating_add(bytes) <= disk.most;
        if !fits {
            disk.give_back(bytes);
        }
        (!fits).then_some(disk)
    }
}

impl Disk {
    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Writes bytes; where they lie.
    fn write(&self, bytes: &[u8]) -> Result<u64, FsError> {
        let place = self.len.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if self.spill.get().is_none() {
            let made = self.fs.spill()?;
            drop(self.spill.set(made)); // another thread may have been faster
        }
        self.spill.get().map_or(Ok(()), |spill| spill.write_at(bytes, place))?;
        Ok(place)
    }

    fn read(&self, room: &mut [u8], place: u64) -> Result<(), FsError> {
        self.spill.get().map_or(Ok(()), |spill| spill.read_at(room, place))
    }
}

/// A long column of numbers, row after row.
#[derive(Debug)]
pub(crate) struct Long<T: Plain> {
    /// Those that lie in memory: all, or the last ones, which fill no block yet.
    last: Vec<T>,
    disk: Option<OnDisk<T>>,
}

/// Blocks on the disk.
#[derive(Debug)]
struct OnDisk<T> {
    disk: Arc<Disk>,
    /// Where each block lies.
    blocks: Vec<u64>,
    /// The block that each thread looked at last: nearly always it goes on there.
    seen: Vec<Mutex<(usize, Vec<T>)>>,
}

/// No block.
const NONE: usize = usize::MAX;

impl<T: Plain> From<Vec<T>> for Long<T> {
    fn from(numbers: Vec<T>) -> Long<T> {
        Long { last: numbers, disk: None }
    }
}

impl<T: Plain> Default for Long<T> {
    fn default() -> Long<T> {
        Long::from(vec![])
    }
}

impl<T: Plain> Long<T> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.on_disk() + self.last.len()
    }

    fn on_disk(&self) -> usize {
        self.disk.as_ref().map_or(0, |disk| disk.blocks.len() * BLOCK)
    }

    /// Where more can lie, if they found no room in memory.
    pub(crate) fn beyond(&self) -> Option<Room> {
        self.disk.as_ref().map(|on_disk| Room(Some(Arc::clone(&on_disk.disk))))
    }

    /// All of them, if they lie in memory.
    pub(crate) fn in_memory(&self) -> Option<&[T]> {
        self.disk.is_none().then_some(&self.last)
    }

    /// Appends numbers.
    ///
    /// # Errors
    /// [`FsError`] if there is no room on the disk either.
    pub(crate) fn extend(&mut self, numbers: &[T], room: &Room) -> Result<(), FsError> {
        if self.disk.is_none()
            && let Some(disk) = room.beyond(size_of_val(numbers))
        {
            disk.give_back(size_of_val(self.last.as_slice()));
            self.disk = Some(OnDisk::new(Arc::clone(disk)));
        }
        self.last.extend_from_slice(numbers);
        let Some(disk) = &mut self.disk else { return Ok(()) };
        let whole = self.last.len() / BLOCK * BLOCK;
        disk.write(&self.last[..whole])?;
        self.last.drain(..whole);
        self.last.shrink_to(BLOCK);
        Ok(())
    }

    /// The number of a row.
    ///
    /// # Errors
    /// [`FsError`] if it cannot be read again.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Result<T, FsError> {
        match &self.disk {
            None => Ok(self.last[row]),
            Some(disk) if row < self.on_disk() => disk.get(row),
            Some(_) => Ok(self.last[row - self.on_disk()]),
        }
    }

    /// Copies the numbers of some rows that lie side by side.
    ///
    /// # Errors
    /// As [`Long::get`].
    pub(crate) fn copy(&self, rows: Range<usize>, out: &mut Vec<T>) -> Result<(), FsError> {
        let Some(disk) = &self.disk else {
            out.extend_from_slice(&self.last[rows]);
            return Ok(());
        };
        let border = self.on_disk();
        disk.copy(rows.start.min(border)..rows.end.min(border), out)?;
        out.extend_from_slice(&self.last[rows.start.max(border) - border..rows.end.max(border) - border]);
        Ok(())
    }

    /// All of them, run by run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Result<Vec<T>, FsError>> {
        (0..self.len()).step_by(BLOCK).map(|first| {
            let mut run = vec![];
            self.copy(first..self.len().min(first + BLOCK), &mut run)?;
            Ok(run)
        })
    }

    /// Another number for each; with the same room.
    ///
    /// # Errors
    /// As [`Long::extend`].
    pub(crate) fn map<U: Plain>(&self, room: &Room, each: impl Fn(T) -> U) -> Result<Long<U>, FsError> {
        let mut mapped = Long::default();
        for run in self.runs() {
            let run: Vec<U> = run?.into_iter().map(&each).collect();
            mapped.extend(&run, room)?;
        }
        Ok(mapped)
    }
}

impl Long<f64> {
    /// Whether none of them is infinite.
    ///
    /// # Errors
    /// As [`Long::get`].
    pub(super) fn are_finite(&self) -> Result<bool, FsError> {
        self.runs().try_fold(true, |all, run| Ok(all && !run?.iter().any(|number| number.is_infinite())))
    }
}

impl<T: Plain> OnDisk<T> {
    fn new(disk: Arc<Disk>) -> OnDisk<T> {
        let threads = rayon::current_num_threads() + 1;
        OnDisk { disk, blocks: vec![], seen: (0..threads).map(|_| Mutex::new((NONE, vec![]))).collect() }
    }

    /// Writes whole blocks.
    fn write(&mut self, numbers: &[T]) -> Result<(), FsError> {
        for block in numbers.chunks_exact(BLOCK) {
            let mut bytes = Vec::with_capacity(BLOCK * T::BYTES);
            block.iter().for_each(|number| number.write(&mut bytes));
            self.blocks.push(self.disk.write(&bytes)?);
        }
        Ok(())
    }

    fn get(&self, row: usize) -> Result<T, FsError> {
        let (block, place) = (row / BLOCK, row % BLOCK);
        let thread = rayon::current_thread_index().unwrap_or(NONE).min(self.seen.len() - 1);
        let mut seen = self.seen[thread].lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != block {
            seen.0 = NONE; // until it is read
            seen.1.clear();
            self.copy(block * BLOCK..(block + 1) * BLOCK, &mut seen.1)?;
            seen.0 = block;
        }
        Ok(seen.1[place])
    }

    fn copy(&self, mut rows: Range<usize>, out: &mut Vec<T>) -> Result<(), FsError> {
        let mut bytes = vec![];
        while !rows.is_empty() {
            let (block, first) = (rows.start / BLOCK, rows.start % BLOCK);
            let count = rows.len().min(BLOCK - first);
            bytes.resize(count * T::BYTES, 0);
            self.disk.read(&mut bytes, self.blocks[block] + (first * T::BYTES) as u64)?;
            out.extend(bytes.chunks_exact(T::BYTES).map(T::read));
            rows.start += count;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::fs::{CrashFs, Fault, FaultFs};
    use rayon::prelude::*;

    use super::*;

    fn room(most: usize) -> Room {
        Room::of(Arc::new(CrashFs::new()), most)
    }

    /// The numbers from 0 on, in uneven runs.
    fn long(count: usize, room: &Room) -> Long<f64> {
        let numbers: Vec<f64> = (0..count).map(|row| row as f64).collect();
        let mut long = Long::default();
        numbers.chunks(777).for_each(|run| long.extend(run, room).unwrap());
        long
    }

    #[test]
    fn it_is_the_same_wherever_it_lies() {
        for (most, is_on_disk) in [(80_000, false), (79_999, true), (0, true)] {
            let long = long(10_000, &room(most));
            assert_eq!((long.len(), long.in_memory().is_none()), (10_000, is_on_disk));
            let got: Vec<f64> = (0..10_000).into_par_iter().map(|row| long.get(row).unwrap()).collect();
            assert!(got.iter().enumerate().all(|(row, number)| *number == row as f64));
            for rows in [0..0, 0..10_000, 2047..2049, 9_000..10_000, 5..6] {
                let mut copied = vec![];
                long.copy(rows.clone(), &mut copied).unwrap();
                assert_eq!(copied, rows.map(|row| row as f64).collect::<Vec<_>>());
            }
            assert_eq!(long.runs().map(|run| run.unwrap().len()).sum::<usize>(), 10_000);
            let halves = long.map(&room(0), |number| number as f32 / 2.0).unwrap();
            assert_eq!(halves.get(9_999).unwrap(), 4999.5);
        }
    }

    #[test]
    fn what_lies_on_the_disk_takes_no_room() {
        let room = room(100_000);
        let (_first, second) = (long(10_000, &room), long(10_000, &room));
        assert!(second.in_memory().is_none());
        assert!(long(2_000, &room).in_memory().is_some());
    }

    #[test]
    fn a_full_disk_is_told() {
        let fs = FaultFs::over(Arc::new(CrashFs::new()));
        let room = Room::of(Arc::new(fs.clone()), 0);
        fs.fail_at(2, Fault::NoSpace);
        let error = Long::<u16>::default().extend(&[0; BLOCK], &room).unwrap_err();
        assert_eq!(error.to_string(), "could not write `a file without a name`");
        fs.fail_at(1, Fault::NoAccess);
        let room = Room::of(Arc::new(fs.clone()), 0);
        assert!(Long::<u16>::default().extend(&[0; BLOCK], &room).is_err());
    }
}
