//! Where the numbers of examples are, once they were computed.

use baeum_core::commit::CommitError;

use super::Examples;
use super::cached::{CachedRows, Writing};
use crate::sheet::Long;
use crate::{DataError, ExampleCache, Place};

/// More is not kept for later runs: so much of a disk nobody expects to lose to a cache.
const CACHED_BYTES: usize = 1 << 32;

/// Where the numbers of an input are.
pub(super) enum Kept {
    /// In memory, or on the disk where the examples are too.
    Long(Long<f32>),
    /// In a file that later runs read as well.
    Cached(CachedRows),
    /// Nowhere: they are computed anew for each batch.
    Nowhere,
}

impl Kept {
    /// Whether a copy of them is no work.
    pub(super) fn is_in_memory(&self) -> bool {
        match self {
            Kept::Long(long) => long.in_memory().is_some(),
            Kept::Cached(_) | Kept::Nowhere => false,
        }
    }
}

impl Examples {
    /// Computes the numbers of an input where that pays: they stay in memory if so many bytes are enough. Photos are decoded
    /// once, here or in an earlier run.
    ///
    /// # Errors
    /// [`DataError`] for the first row that cannot become numbers.
    pub(super) fn keep(&self, input: usize, room: usize, place: &Place) -> Result<Kept, DataError> {
        let fits = self.bytes(input) <= room;
        let cached = place.cache.as_ref().map_or(Ok(None), |cache| self.cached(input, cache, place))?;
        Ok(match (cached, self.raw.beyond()) {
            (Some(rows), _) if fits => Kept::Long(self.read_all(input, &rows)?.into()),
            (Some(rows), _) => Kept::Cached(rows),
            (None, _) if fits => Kept::Long(self.encode_all(input)?.into()),
            (None, Some(beyond)) => Kept::Long(self.encode_beyond(input, &beyond)?),
            (None, None) => Kept::Nowhere,
        })
    }

    /// How many bytes the numbers of an input take.
    pub(super) fn bytes(&self, input: usize) -> usize {
        self.raw.rows().saturating_mul(self.encoder.width(input)).saturating_mul(size_of::<f32>())
    }

    /// The file of an input, written first if it is not there. None where a file would save no work, or the disk does not
    /// take it.
    fn cached(
        &self,
        input: usize,
        cache: &ExampleCache,
        place: &Place,
    ) -> Result<Option<CachedRows>, DataError> {
        if !self.raw.is_decoded_anew() || self.bytes(input) > CACHED_BYTES {
            return Ok(None);
        }
        let (fs, width) = (place.fs.as_ref(), self.encoder.width(input));
        let name = cache.file_name(input);
        let path = cache.folder.join(&name);
        let open = || CachedRows::open(fs, &path, self.raw.rows(), width);
        if let Some(rows) = open() {
            return Ok(Some(rows));
        }
        let without = |error: CommitError| tracing::warn!(%error, "examples are not kept for later runs");
        let Ok(mut file) = Writing::begin(fs, &cache.work, &name, width).map_err(without) else {
            return Ok(None);
        };
        let mut written = Ok(());
        self.each_run(input, |numbers| {
            if written.is_ok() {
                written = file.extend(numbers);
            }
            Ok(()) // a full disk is no fault of the data
        })?;
        let written = written.and_then(|()| file.finish(&path)).map_err(without);
        Ok(written.ok().and_then(|()| open()))
    }

    /// The numbers of all rows, from the file of an input.
    fn read_all(&self, input: usize, rows: &CachedRows) -> Result<Vec<f32>, DataError> {
        let mut numbers = Vec::with_capacity(self.raw.rows() * self.encoder.width(input));
        for row in 0..self.raw.rows() {
            self.read_or_encode(input, row, rows, &mut numbers)?;
        }
        Ok(numbers)
    }

    /// Appends the numbers of a row; those that the file has lost are computed anew.
    pub(super) fn read_or_encode(
        &self,
        input: usize,
        row: usize,
        rows: &CachedRows,
        numbers: &mut Vec<f32>,
    ) -> Result<(), DataError> {
        if rows.copy(row, numbers).is_none() {
            numbers.extend(self.encode(input, &[row]).map_err(|(_, error)| error)?);
        }
        Ok(())
    }
}
