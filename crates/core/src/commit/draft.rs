//! A file that is written piece by piece and can be made anew.

use std::path::{Path, PathBuf};

use super::CommitError;
use super::temp::create_beside;
use crate::fs::{Fs, FsError, WriteFile};

/// A file on its way: it gets its name once it is whole, and is removed if it never becomes so.
///
/// It is not synced. After a power cut there may be anything under its name, so its reader has to know what it looks for.
pub struct Draft<'a> {
    fs: &'a dyn Fs,
    temp: PathBuf,
    /// None once it has its name.
    file: Option<Box<dyn WriteFile>>,
}

impl<'a> Draft<'a> {
    /// Begins one in the folder `work`, which [`super::sweep`] cleans if this process is killed.
    ///
    /// # Errors
    /// [`CommitError::Write`] if the disk refuses.
    pub fn begin(fs: &'a dyn Fs, work: &Path, name: &str) -> Result<Draft<'a>, CommitError> {
        let path = work.join(name);
        let made = create_beside(&path, |temp| fs.create_new(temp, None));
        let (temp, file) = made.map_err(CommitError::write(&path))?;
        Ok(Draft { fs, temp, file: Some(file) })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// As [`Draft::begin`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CommitError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(bytes).map_err(FsError::io("write", &self.temp));
        written.map_err(CommitError::write(&self.temp))
    }

    /// Gives it its name, which may lie in another folder; whatever stood there is replaced.
    ///
    /// # Errors
    /// As [`Draft::begin`].
    pub fn finish(mut self, path: &Path) -> Result<(), CommitError> {
        self.fs.rename(&self.temp, path).map_err(CommitError::write(path))?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // A leftover does no harm and is swept by the next run.
            let _ = self.fs.remove_file(&self.temp);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::fs::{CrashFs, Fault, FaultFs};

    fn folder() -> FaultFs {
        let fs = CrashFs::new();
        fs.create_dir(Path::new("/unfinished")).unwrap();
        FaultFs::over(std::sync::Arc::new(fs))
    }

    #[test]
    fn it_gets_its_name_when_it_is_whole() {
        let fs = folder();
        let mut draft = Draft::begin(&fs, Path::new("/unfinished"), "long").unwrap();
        draft.write(b"one ").unwrap();
        assert!(!fs.exists(Path::new("/long")).unwrap());
        draft.write(b"two").unwrap();
        draft.finish(Path::new("/long")).unwrap();
        assert_eq!(fs.read(Path::new("/long"), 99).unwrap(), b"one two");
        assert!(fs.list(Path::new("/unfinished"), 9).unwrap().is_empty());
    }

    #[test]
    fn what_never_becomes_whole_is_removed() {
        let fs = folder();
        drop(Draft::begin(&fs, Path::new("/unfinished"), "long").unwrap());
        assert!(fs.list(Path::new("/unfinished"), 9).unwrap().is_empty());
        let mut draft = Draft::begin(&fs, Path::new("/unfinished"), "long").unwrap();
        fs.fail_at(1, Fault::NoSpace);
        let error = draft.write(b"one").unwrap_err().to_string();
        assert!(error.starts_with("could not commit `/unfinished/.long."), "{error}");
        drop(draft);
        assert!(fs.list(Path::new("/unfinished"), 9).unwrap().is_empty());
        let draft = Draft::begin(&fs, Path::new("/unfinished"), "long").unwrap();
        let error = draft.finish(Path::new("/none/long")).unwrap_err();
        assert_eq!(error.to_string(), "could not commit `/none/long`");
        assert!(fs.list(Path::new("/unfinished"), 9).unwrap().is_empty());
    }
}
