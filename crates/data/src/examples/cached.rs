//! The numbers of examples in a file, so that no later run or epoch has to decode their photos.

use std::io::{Read, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use baeum_core::Fs;
use baeum_core::commit::{CommitError, Draft};
use baeum_core::fs::{FsError, ReadSeek};

use crate::sheet::Plain;

/// What such a file begins with; another layout of the bytes behind it is another name.
const MAGIC: &[u8; 16] = b"baeum examples 1";

/// A checksum of four bytes stands behind each row.
const CHECKSUM: usize = 4;

/// A file with the numbers of all rows, each row with its checksum.
pub(super) struct CachedRows {
    file: Mutex<Box<dyn ReadSeek>>,
    path: PathBuf,
    width: usize,
}

/// Such a file on its way.
pub(super) struct Writing<'a> {
    draft: Draft<'a>,
    width: usize,
    rows: usize,
}

impl CachedRows {
    /// Opens the file of so many rows of so many numbers; none if there is no such file.
    pub(super) fn open(fs: &dyn Fs, path: &Path, rows: usize, width: usize) -> Option<CachedRows> {
        let len = MAGIC.len() as u64 + rows as u64 * row_bytes(width) as u64;
        let mut file = fs.open(path).ok()?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).ok()?;
        let is_whole = magic == *MAGIC && fs.metadata(path).is_ok_and(|found| found.len == len);
        is_whole.then(|| CachedRows { file: Mutex::new(file), path: path.to_owned(), width })
    }

    /// Appends the numbers of a row; none, if they are not as they were written.
    pub(super) fn copy(&self, row: usize, out: &mut Vec<f32>) -> Option<()> {
        let bytes =
            self.read(row).inspect_err(|error| tracing::warn!(%error, "a cached row is lost")).ok()?;
        let (numbers, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
        if checksum_of(row, numbers) != checksum {
            tracing::warn!(file = %self.path.display(), row, "a cached row is damaged; it is made anew");
            return None;
        }
        out.extend(numbers.chunks_exact(f32::BYTES).map(f32::read));
        Some(())
    }

    fn read(&self, row: usize) -> Result<Vec<u8>, FsError> {
        let mut bytes = vec![0; row_bytes(self.width)];
        let start = MAGIC.len() as u64 + row as u64 * bytes.len() as u64;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(FsError::io("read", &self.path))?;
        Ok(bytes)
    }
}

impl<'a> Writing<'a> {
    pub(super) fn begin(fs: &'a dyn Fs, work: &Path, name: &str, width: usize) -> Result<Self, CommitError> {
        let mut draft = Draft::begin(fs, work, name)?;
        draft.write(MAGIC)?;
        Ok(Writing { draft, width, rows: 0 })
    }

    /// Appends whole rows.
    pub(super) fn extend(&mut self, numbers: &[f32]) -> Result<(), CommitError> {
        let mut bytes = Vec::with_capacity(numbers.len() / self.width * row_bytes(self.width));
        for numbers in numbers.chunks_exact(self.width) {
            let first = bytes.len();
            numbers.iter().for_each(|number| number.write(&mut bytes));
            let checksum = checksum_of(self.rows, &bytes[first..]);
            bytes.extend(checksum);
            self.rows += 1;
        }
        self.draft.write(&bytes)
    }

    pub(super) fn finish(self, path: &Path) -> Result<(), CommitError> {
        self.draft.finish(path)
    }
}

fn row_bytes(width: usize) -> usize {
    width * f32::BYTES + CHECKSUM
}

/// Covers the place of the row too: a row that stands where another should is no better than a damaged one.
fn checksum_of(row: usize, numbers: &[u8]) -> [u8; CHECKSUM] {
    let mut crc = baeum_core::crc32c::Crc32c::new();
    crc.update(&(row as u64).to_le_bytes());
    crc.update(numbers);
    crc.value().to_le_bytes()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::fs::CrashFs;

    use super::*;

    const PATH: &str = "/cache/rows";

    /// A file of three rows of two numbers.
    fn written() -> CrashFs {
        let fs = CrashFs::new();
        fs.create_dir(Path::new("/cache")).unwrap();
        let mut writing = Writing::begin(&fs, Path::new("/cache"), "rows", 2).unwrap();
        writing.extend(&[0.0, 0.5]).unwrap();
        writing.extend(&[-1.0, f32::MIN_POSITIVE, 3.0, 4.0]).unwrap();
        writing.finish(Path::new(PATH)).unwrap();
        fs
    }

    fn row(fs: &dyn Fs, row: usize) -> Option<Vec<f32>> {
        let mut numbers = vec![];
        CachedRows::open(fs, Path::new(PATH), 3, 2).unwrap().copy(row, &mut numbers)?;
        Some(numbers)
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let fs = written();
        let expect = [[0.0, 0.5], [-1.0, f32::MIN_POSITIVE], [3.0, 4.0]];
        for (place, expect) in expect.iter().enumerate() {
            assert_eq!(row(&fs, place).unwrap(), expect);
        }
    }

    #[test]
    fn a_file_of_other_rows_is_none() {
        let fs = written();
        for (rows, width) in [(3, 3), (2, 2), (4, 2), (6, 1)] {
            assert!(CachedRows::open(&fs, Path::new(PATH), rows, width).is_none());
        }
        assert!(CachedRows::open(&fs, Path::new("/cache/none"), 3, 2).is_none());
        fs.set_len(Path::new(PATH), 15).unwrap();
        assert!(CachedRows::open(&fs, Path::new(PATH), 3, 2).is_none());
    }

    #[test]
    fn each_damaged_byte_is_noticed() {
        let sound = written().read(Path::new(PATH), 999).unwrap();
        for place in MAGIC.len()..sound.len() {
            let fs = CrashFs::new();
            fs.create_dir(Path::new("/cache")).unwrap();
            let mut bytes = sound.clone();
            bytes[place] ^= 1;
            baeum_core::commit::commit_file(&fs, Path::new(PATH), &bytes).unwrap();
            let damaged = (place - MAGIC.len()) / row_bytes(2);
            let lost: Vec<usize> = (0..3).filter(|&place| row(&fs, place).is_none()).collect();
            assert_eq!(lost, [damaged], "byte {place}");
        }
    }
}
