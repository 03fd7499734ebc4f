use std::env;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use baeum_core::Fs;
use baeum_core::commit::commit_file;
use baeum_core::fs::{LockError, LockGuard};
use serde::{Deserialize, Serialize};

use super::RunError;

/// The locked file; it is never removed, because another process may be about to lock it.
const LOCK: &str = "run.lock";
/// Who holds the lock. Beside it, because a locked file cannot be read everywhere.
const OWNER: &str = "run.owner";
/// The longest note that is read.
const OWNER_BYTES: u64 = 4096;

/// Whoever lists the runs holds each lock for an instant, so it is asked for more than once.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(25);

/// Who works on a run; a note for messages, the lock itself dies with its process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// Since when, in UTC.
    pub since: String,
}

impl Owner {
    fn here(fs: &dyn Fs, since: String) -> Owner {
        Owner { pid: process::id(), host: host(fs), since }
    }

    /// The words of a message.
    pub(super) fn named(owner: Option<&Owner>) -> String {
        match owner {
            None => "another process".to_owned(),
            Some(Owner { pid, host, since }) => {
                format!("process {pid} on `{}` since {}", host.escape_debug(), since.escape_debug())
            }
        }
    }
}

/// The folder of a run, as this process took it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    run: PathBuf,
    note: Vec<u8>,
}

impl Claim {
    /// Whoever is about to write into the folder asks first: a folder that was removed or moved away would be made anew without
    /// its record, and one that another process made in its place is not ours.
    ///
    /// # Errors
    /// [`RunError::Gone`] if the note of this process no longer stands there.
    pub(super) fn refuse_gone(&self, fs: &dyn Fs) -> Result<(), RunError> {
        let gone = || Err(RunError::Gone { run: self.run.clone() });
        match fs.read(&self.run.join(OWNER), OWNER_BYTES) {
            Err(error) if error.is_absent() => gone(),
            Ok(note) if note != self.note => gone(),
            read => Ok(read.map(drop)?),
        }
    }
}

/// Takes the lock of a run for as long as the guard lives, and notes who has it.
///
/// # Errors
/// [`RunError::Locked`], naming the process that has it.
pub(super) fn take(fs: &dyn Fs, run: &Path, now: String) -> Result<(LockGuard, Claim), RunError> {
    let mut tries = 1;
    let guard = loop {
        match fs.lock(&run.join(LOCK)) {
            Ok(guard) => break guard,
            Err(LockError::Fs(error)) => return Err(error.into()),
            Err(LockError::Held { .. }) if tries < TRIES => thread::sleep(PAUSE),
            Err(LockError::Held { .. }) => {
                return Err(RunError::Locked { run: run.to_owned(), owner: owner(fs, run) });
            }
        }
        tries += 1;
    };
    let note = serde_json::to_vec(&Owner::here(fs, now)).unwrap_or_default();
    commit_file(fs, &run.join(OWNER), &note)?;
    Ok((guard, Claim { run: run.to_owned(), note }))
}

/// Whether a process works on a run. A run that cannot be locked at all is nobody's.
pub(super) fn is_held(fs: &dyn Fs, run: &Path) -> bool {
    matches!(fs.lock(&run.join(LOCK)), Err(LockError::Held { .. }))
}

/// The note in a run folder, if it can be read.
fn owner(fs: &dyn Fs, run: &Path) -> Option<Owner> {
    let note = fs.read(&run.join(OWNER), OWNER_BYTES).ok()?;
    serde_json::from_slice(&note).ok()
}

/// The name of this machine; the standard library has no word for it.
fn host(fs: &dyn Fs) -> String {
    let told = ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(|name| env::var(name).ok());
    let kept = || {
        let name = fs.read(Path::new("/proc/sys/kernel/hostname"), 256).ok()?;
        Some(String::from_utf8_lossy(&name).trim().to_owned())
    };
    told.or_else(kept).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown host".to_owned())
}
