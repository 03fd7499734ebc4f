//! A file that grows by one record at a time.
//!
//! A record is a JSON object on a line of its own. Its last key is `crc`, the CRC-32C of the line up to that
//! key, so that a line half written, or written over, is told from a whole one.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::CommitError;
use super::temp::parent;
use crate::crc32c::crc32c;
use crate::fs::{Fs, FsError, WriteFile};

/// The longest log that is read.
const LOG_BYTES: u64 = 1 << 30;

/// What a log holds: keys and values in the order in which they were given.
pub type Record = Map<String, Value>;

/// A log open for writing at its end. One process at a time may hold it; the run lock sees to that.
pub struct Log<'fs> {
    fs: &'fs dyn Fs,
    path: PathBuf,
    file: Box<dyn WriteFile>,
    /// The length up to which every record is whole.
    len: u64,
    tail: Tail,
}

/// What may stand beyond the last whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Nothing.
    Clean,
    /// Part of a record whose writing failed.
    Torn,
    /// Unknown, since a sync failed; only opening the log anew tells.
    Unknown,
}

/// A log that was opened, and what was in it.
pub struct Opened<'fs> {
    /// The log, to go on with.
    pub log: Log<'fs>,
    /// All whole records.
    pub records: Vec<Record>,
    /// What was cut off the end, if anything.
    pub torn: Option<TornTail>,
}

/// The end of a log that an interruption left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// Where the last whole record ended.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
}

impl<'fs> Log<'fs> {
    /// Opens a log, or makes an empty one. What follows the last whole record is cut off and reported.
    ///
    /// # Errors
    /// [`CommitError::Record`] if a whole record follows a bad one; [`CommitError::Fs`] or
    /// [`CommitError::Write`] if the disk refuses.
    pub fn open(fs: &'fs dyn Fs, path: &Path) -> Result<Opened<'fs>, CommitError> {
        let bytes = read(fs, path)?;
        let (records, len) = parse(path, &bytes)?;
        let log = Log::cut(fs, path, &bytes, len)?;
        let bytes = (bytes.len() - len) as u64;
        Ok(Opened { log, records, torn: (bytes > 0).then_some(TornTail { offset: len as u64, bytes }) })
    }

    /// Opens a log as it was when it had this length, which a checkpoint remembered; later records are
    /// dropped.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`CommitError::LogLength`] if the log is shorter;
    /// [`CommitError::Record`] if it has a bad record.
    pub fn open_at(fs: &'fs dyn Fs, path: &Path, len: u64) -> Result<(Log<'fs>, Vec<Record>), CommitError> {
        let bytes = read(fs, path)?;
        let kept = usize::try_from(len)
            .ok()
            .and_then(|len| bytes.get(..len))
            .ok_or(CommitError::LogLength { path: path.to_owned(), wanted: len, got: bytes.len() as u64 })?;
        let (records, whole) = parse(path, kept)?;
        if whole < kept.len() {
            let line = records.len() + 1;
            return Err(CommitError::Record { path: path.to_owned(), line, reason: "it is torn" });
        }
        Ok((Log::cut(fs, path, &bytes, whole)?, records))
    }

    /// Opens the file for writing behind its first `len` bytes, with nothing after them.
    fn cut(fs: &'fs dyn Fs, path: &Path, bytes: &[u8], len: usize) -> Result<Log<'fs>, CommitError> {
        let mut file = fs.append(path).map_err(CommitError::write(path))?;
        fs.sync_dir(parent(path)).map_err(CommitError::write(path))?;
        if len < bytes.len() {
            fs.set_len(path, len as u64).map_err(CommitError::write(path))?;
            file.sync_all().map_err(CommitError::write_io(path, "sync"))?;
        }
        Ok(Log { fs, path: path.to_owned(), file, len: len as u64, tail: Tail::Clean })
    }

    /// Writes one record, in one piece. It is durable after the next [`sync`](Self::sync).
    ///
    /// # Errors
    /// [`CommitError::OwnCrc`], and [`CommitError::Write`]: the records before it are intact, and the next
    /// call tries on a clean end.
    pub fn append(&mut self, record: &Record) -> Result<(), CommitError> {
        if record.contains_key("crc") {
            return Err(CommitError::OwnCrc { path: self.path.clone() });
        }
        match self.tail {
            Tail::Clean => {}
            Tail::Torn => self.fs.set_len(&self.path, self.len).map_err(CommitError::write(&self.path))?,
            Tail::Unknown => return Err(self.lost()),
        }
        let line = encode(record);
        self.tail = Tail::Torn;
        self.file.write_all(line.as_bytes()).map_err(CommitError::write_io(&self.path, "write"))?;
        self.tail = Tail::Clean;
        self.len += line.len() as u64;
        Ok(())
    }

    /// Makes all records so far durable.
    ///
    /// # Errors
    /// [`CommitError::Write`]; the log is then of no more use, since a second try would prove nothing.
    pub fn sync(&mut self) -> Result<(), CommitError> {
        if self.tail == Tail::Unknown {
            return Err(self.lost());
        }
        self.file.sync_all().map_err(|error| {
            self.tail = Tail::Unknown;
            CommitError::write_io(&self.path, "sync")(error)
        })
    }

    /// The length of the log in bytes, for a checkpoint to remember.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no record in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn lost(&self) -> CommitError {
        let reason = std::io::Error::other("an earlier sync failed, so what the disk holds is unknown");
        CommitError::write(&self.path)(FsError::io("write", &self.path)(reason))
    }
}

/// The bytes of a log; none if there is no log yet.
fn read(fs: &dyn Fs, path: &Path) -> Result<Vec<u8>, CommitError> {
    match fs.read(path, LOG_BYTES) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.is_absent() => Ok(Vec::new()),
        Err(error) => Err(CommitError::Fs(error)),
    }
}

/// All whole records, and where the last of them ends.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Record>, usize), CommitError> {
    let (mut records, mut whole, mut end, mut bad) = (Vec::new(), 0, 0, None);
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        end += line.len();
        match (decode(line), bad) {
            (Ok(record), None) => {
                records.push(record);
                whole = end;
            }
            (Ok(_), Some((line, reason))) => {
                return Err(CommitError::Record { path: path.to_owned(), line, reason });
            }
            (Err(reason), None) => bad = Some((index + 1, reason)),
            (Err(_), Some(_)) => {}
        }
    }
    Ok((records, whole))
}

/// The line of a record in a log, its end included.
pub fn encode(record: &Record) -> String {
    let mut line = Value::Object(record.clone()).to_string();
    line.pop(); // the closing brace
    if !record.is_empty() {
        line.push(',');
    }
    let seal = seal(line.as_bytes());
    line + &seal + "\n"
}

/// The record of a line, or what is wrong with it.
///
/// # Errors
/// In words that go on after "it is damaged:".
pub fn decode(line: &[u8]) -> Result<Record, &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("it has no end")?;
    let start = line.len().checked_sub(seal(b"").len()).ok_or("it is too short")?;
    if line[start..] != *seal(&line[..start]).as_bytes() {
        return Err("its checksum is wrong");
    }
    let mut record: Record = serde_json::from_slice(line).map_err(|_| "it is no JSON object")?;
    record.remove("crc");
    Ok(record)
}

/// The last key of a line that starts like this, and its closing brace.
fn seal(start: &[u8]) -> String {
    format!("\"crc\":\"{:08x}\"}}", crc32c(start))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::fs::CrashFs;

    const PATH: &str = "/log.jsonl";

    fn record(step: usize) -> Record {
        Record::from_iter([("step".into(), step.into()), ("note".into(), "긴 \"줄\"\n{".into())])
    }

    fn disk_with(bytes: &[u8]) -> CrashFs {
        let fs = CrashFs::new();
        fs.append(Path::new(PATH)).unwrap().write_all(bytes).unwrap();
        fs
    }

    fn lines(count: usize) -> Vec<u8> {
        (0..count).flat_map(|step| encode(&record(step)).into_bytes()).collect()
    }

    #[track_caller]
    fn refused(bytes: &[u8]) -> String {
        Log::open(&disk_with(bytes), Path::new(PATH)).err().unwrap().to_string()
    }

    #[test]
    fn the_form_of_a_line_is_frozen() {
        let record = Record::from_iter([("step".into(), 3.into()), ("loss".into(), 0.5.into())]);
        assert_eq!(encode(&record), "{\"step\":3,\"loss\":0.5,\"crc\":\"42ebc892\"}\n");
        assert_eq!(encode(&Record::new()), format!("{{\"crc\":\"{:08x}\"}}\n", crc32c(b"{")));
    }

    #[test]
    fn records_come_back_in_order() {
        let fs = CrashFs::new();
        let mut opened = Log::open(&fs, Path::new(PATH)).unwrap();
        assert!(opened.records.is_empty() && opened.log.is_empty());
        for step in 0..3 {
            opened.log.append(&record(step)).unwrap();
        }
        let len = opened.log.len();
        let opened = Log::open(&fs, Path::new(PATH)).unwrap();
        assert_eq!(
            (opened.records, opened.log.len(), opened.torn),
            ((0..3).map(record).collect(), len, None)
        );
    }

    #[test]
    fn a_tail_torn_at_any_byte_is_cut_off_and_reported() {
        let (two, three) = (lines(2), lines(3));
        for cut in two.len() + 1..three.len() {
            let fs = disk_with(&three[..cut]);
            let mut opened = Log::open(&fs, Path::new(PATH)).unwrap();
            let torn = TornTail { offset: two.len() as u64, bytes: (cut - two.len()) as u64 };
            assert_eq!((opened.records.len(), opened.torn), (2, Some(torn)), "{cut}");
            opened.log.append(&record(2)).unwrap();
            let again = Log::open(&fs, Path::new(PATH)).unwrap();
            assert_eq!((again.records.len(), again.torn), (3, None), "{cut}");
        }
    }

    #[test]
    fn any_flipped_byte_before_the_last_record_is_refused() {
        let good = lines(3);
        // Without the line end between the last two, both are one bad tail, which is cut off and reported.
        for at in 0..lines(2).len() - 1 {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            let error = Log::open(&disk_with(&bytes), Path::new(PATH)).err().unwrap();
            assert!(error.is_damage(), "{at}: {error}");
        }
        let mut bytes = good.clone();
        bytes[lines(1).len() + 3] ^= 1;
        assert_eq!(refused(&bytes), "`/log.jsonl` line 2 is damaged: its checksum is wrong");
        assert_eq!(refused(&[b"x\n", &*good].concat()), "`/log.jsonl` line 1 is damaged: it is too short");
        let sealed = [b"[".as_slice(), seal(b"[").as_bytes(), b"\n", &*good].concat();
        assert_eq!(refused(&sealed), "`/log.jsonl` line 1 is damaged: it is no JSON object");
    }

    #[test]
    fn a_checkpoint_cuts_a_log_back() {
        let fs = disk_with(&lines(3));
        let (mut log, records) = Log::open_at(&fs, Path::new(PATH), lines(2).len() as u64).unwrap();
        assert_eq!(records, [record(0), record(1)]);
        log.append(&record(7)).unwrap();
        assert_eq!(Log::open(&fs, Path::new(PATH)).unwrap().records, [record(0), record(1), record(7)]);
        let len = log.len();
        let error = Log::open_at(&fs, Path::new(PATH), len + 1).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("`/log.jsonl` is damaged: it wants at least {} bytes, got {len}", len + 1)
        );
        let error = Log::open_at(&fs, Path::new(PATH), len - 1).err().unwrap();
        assert_eq!(error.to_string(), "`/log.jsonl` line 3 is damaged: it is torn");
    }

    #[test]
    fn a_record_brings_no_crc() {
        let fs = CrashFs::new();
        let mut log = Log::open(&fs, Path::new(PATH)).unwrap().log;
        let error = log.append(&Record::from_iter([("crc".into(), 1.into())])).unwrap_err();
        assert_eq!(error.to_string(), "a record of `/log.jsonl` wants no key `crc` of its own");
        assert!(log.is_empty());
    }
}
