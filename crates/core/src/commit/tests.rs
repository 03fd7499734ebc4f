//! The three forms of a commit against a disk that fails and a power that is cut.
//!
//! What "survived" means is said once for each form, and checked in four ways: every operation fails once,
//! every operation and all after it fail, the power is cut after any operation, and the disk lies about
//! syncs, in which case a check that still passes is worthless.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::fs::{CrashFs, Fault, FaultFs, Fs, Syncs};

/// Power cuts tried at each place.
const SEEDS: u64 = 200;

type Outcome = Result<(), CommitError>;

/// A form of commit: how a disk starts, what is then written, and which disks are right afterwards.
struct Form {
    prepare: fn(&dyn Fs),
    write: fn(&dyn Fs) -> Outcome,
    /// What is wrong with a disk on which `write` had this outcome, if anything.
    survived: fn(&dyn Fs, &Outcome) -> Result<(), String>,
}

const FORMS: [Form; 3] = [FILE, SET, LOG];

const FILE: Form = Form {
    prepare: |fs| {
        fs.create_dir(Path::new("/dir")).unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        commit_file(fs, Path::new("/dir/file"), b"old content").unwrap();
    },
    write: |fs| commit_file(fs, Path::new("/dir/file"), b"the new content"),
    survived: |fs, result| {
        let content = fs.read(Path::new("/dir/file"), 99).map_err(|error| error.to_string())?;
        match (&*content, result) {
            (b"the new content", Ok(())) => Ok(()),
            (b"old content", Err(CommitError::Write { .. })) => Ok(()),
            (b"old content" | b"the new content", Err(CommitError::Durability { .. })) => Ok(()),
            _ => Err(format!("{result:?} left {content:?}")),
        }
    },
};

const SET: Form = Form {
    prepare: |fs| {
        fs.create_dir(Path::new("/dir")).unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        commit_set(fs, Path::new("/dir/1"), &files("old"), "1").unwrap();
    },
    write: |fs| commit_set(fs, Path::new("/dir/2"), &files("new"), "2"),
    survived: |fs, result| {
        let old = read_set(fs, Path::new("/dir/1")).map_err(|error| error.to_string())?;
        assert_eq!((old.fingerprint.as_str(), old.files), ("1", files("old")));
        let is_there = fs.exists(Path::new("/dir/2")).unwrap();
        match (is_there, result) {
            (true, Ok(()) | Err(CommitError::Durability { .. })) => {
                let new = read_set(fs, Path::new("/dir/2")).map_err(|error| error.to_string())?;
                assert_eq!((new.fingerprint.as_str(), new.files), ("2", files("new")));
                Ok(())
            }
            (false, Err(CommitError::Write { .. } | CommitError::Durability { .. })) => Ok(()),
            _ => Err(format!("{result:?}, and the set is there: {is_there}")),
        }
    },
};

const LOG: Form = Form {
    prepare: |fs| {
        fs.create_dir(Path::new("/dir")).unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        let mut log = Log::open(fs, Path::new("/dir/log")).unwrap().log;
        log.append(&record(0)).unwrap();
        log.sync().unwrap();
    },
    write: |fs| {
        for (path, step) in [("/dir/log", 1), ("/dir/new", 0)] {
            let mut log = Log::open(fs, Path::new(path))?.log;
            log.append(&record(step))?;
            log.sync()?;
        }
        Ok(())
    },
    survived: |fs, result| {
        let read = |path| Log::open(fs, Path::new(path)).map_err(|error| error.to_string());
        let (log, new) = (read("/dir/log")?.records, read("/dir/new")?.records);
        match (log.len(), new.len(), result) {
            (2, 1, Ok(())) | (1 | 2, 0 | 1, Err(_)) => {
                assert_eq!(log, [record(0), record(1)][..log.len()]);
                assert_eq!(new, [record(0)][..new.len()]);
                Ok(())
            }
            (log, new, _) => Err(format!("{result:?} left {log} and {new} records")),
        }
    },
};

fn files(text: &str) -> BTreeMap<String, Vec<u8>> {
    ["weights", "moments/first", "moments/second"]
        .map(|name| (name.to_owned(), text.as_bytes().to_vec()))
        .into()
}

fn record(step: usize) -> Record {
    Record::from_iter([("step".to_owned(), step.into()), ("loss".to_owned(), 0.5.into())])
}

/// A disk on which a form has been prepared, and the same behind faults and a driver that ignores some syncs.
fn prepared(form: &Form, syncs: Syncs) -> (CrashFs, FaultFs) {
    let disk = CrashFs::new();
    (form.prepare)(&disk);
    let faulty = FaultFs::over(Arc::new(disk.with_syncs(syncs)));
    (disk, faulty)
}

/// How many operations an undisturbed write takes.
fn operations(form: &Form) -> u64 {
    let (_, faulty) = prepared(form, Syncs::Obeyed);
    (form.write)(&faulty).unwrap();
    faulty.operations()
}

/// Temp files and folders that were left in the folder of the form.
fn leftovers(disk: &CrashFs) -> usize {
    disk.list(Path::new("/dir"), 99)
        .unwrap()
        .iter()
        .filter(|name| name.to_string_lossy().ends_with(".tmp"))
        .count()
}

#[test]
fn any_single_operation_may_fail() {
    for form in &FORMS {
        let count = operations(form);
        assert!(count >= 6, "{count} operations are too few to be all");
        for (k, fault) in (1..=count).flat_map(|k| Fault::ALL.map(|fault| (k, fault))) {
            let (disk, faulty) = prepared(form, Syncs::Obeyed);
            faulty.fail_at(k, fault);
            let result = (form.write)(&faulty);
            assert_eq!(result.is_ok(), fault == Fault::ShortWrite, "{fault:?} at {k}: {result:?}");
            (form.survived)(&disk, &result).unwrap_or_else(|why| panic!("{fault:?} at {k}: {why}"));
            assert_eq!(leftovers(&disk), 0, "{fault:?} at {k}");
            let again = (form.write)(&disk);
            assert!(matches!(again, Ok(()) | Err(CommitError::Exists { .. })), "{fault:?} at {k}: {again:?}");
        }
    }
}

#[test]
fn a_fault_may_last() {
    for form in &FORMS {
        for k in 1..=operations(form) {
            let (disk, faulty) = prepared(form, Syncs::Obeyed);
            faulty.fail_from(k, Fault::NoSpace);
            let result = (form.write)(&faulty);
            (form.survived)(&disk, &result).unwrap_or_else(|why| panic!("from {k}: {why}"));
            assert!(result.is_err(), "from {k}");
            let left = leftovers(&disk);
            assert_eq!(sweep(&disk, Path::new("/dir")).unwrap().len(), left, "from {k}");
            assert_eq!(leftovers(&disk), 0, "from {k}");
        }
    }
}

/// Cuts the power after every operation, by every seed; the first disk that is wrong.
fn cut_the_power(form: &Form, syncs: Syncs) -> Result<(), String> {
    for k in 1..=operations(form) + 1 {
        let (disk, faulty) = prepared(form, syncs);
        faulty.fail_from(k, Fault::InputOutput); // nothing happens any more, not even tidying up
        let result = (form.write)(&faulty);
        for seed in 0..SEEDS {
            let after = disk.crash(seed);
            // A process that dies hears nothing, so all but a success may have gone either way.
            let heard = if result.is_ok() { Ok(()) } else { unheard(&after) };
            (form.survived)(&after, &heard)
                .map_err(|why| format!("before operation {k}, seed {seed}: {why}"))?;
            sweep(&after, Path::new("/dir")).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// An error that allows old and new.
fn unheard(fs: &dyn Fs) -> Outcome {
    let source = fs.metadata(Path::new("/nothing")).unwrap_err();
    Err(CommitError::Durability { path: "/nothing".into(), source })
}

#[test]
fn the_power_may_be_cut_at_any_time() {
    for form in &FORMS {
        cut_the_power(form, Syncs::Obeyed).unwrap();
    }
}

#[test]
fn without_its_syncs_no_form_would_survive() {
    for (form, name) in FORMS.iter().zip(["file", "set", "log"]) {
        for syncs in [Syncs::FilesIgnored, Syncs::FoldersIgnored] {
            assert!(cut_the_power(form, syncs).is_err(), "{name}, {syncs:?}");
        }
    }
}

#[test]
fn a_torn_record_is_cut_off_before_the_next_one() {
    for fault in [Fault::NoSpace, Fault::InputOutput] {
        let (disk, faulty) = prepared(&LOG, Syncs::Obeyed);
        let mut log = Log::open(&faulty, Path::new("/dir/log")).unwrap().log;
        faulty.fail_at(1, fault);
        let error = log.append(&record(1)).unwrap_err();
        assert_eq!(error.to_string(), "could not commit `/dir/log`");
        log.append(&record(2)).unwrap();
        let opened = Log::open(&disk, Path::new("/dir/log")).unwrap();
        assert_eq!((opened.records, opened.torn), (vec![record(0), record(2)], None));
    }
}

#[test]
fn a_failed_sync_is_final() {
    let (_, faulty) = prepared(&LOG, Syncs::Obeyed);
    let mut log = Log::open(&faulty, Path::new("/dir/log")).unwrap().log;
    faulty.fail_at(1, Fault::InputOutput);
    log.sync().unwrap_err();
    for error in [log.sync().unwrap_err(), log.append(&record(1)).unwrap_err()] {
        let cause =
            std::error::Error::source(&error).and_then(std::error::Error::source).unwrap().to_string();
        assert_eq!(cause, "an earlier sync failed, so what the disk holds is unknown");
    }
}

#[test]
fn a_sweep_takes_temp_names_alone() {
    let disk = CrashFs::new();
    disk.create_dir(Path::new("/.set.12-3.tmp")).unwrap();
    for name in ["/.file.12-4.tmp", "/.set.12-3.tmp/part", "/kept.tmp", "/kept"] {
        disk.append(Path::new(name)).unwrap().write_all(b"x").unwrap();
    }
    let swept = sweep(&disk, Path::new("/")).unwrap();
    assert_eq!(swept, [Path::new("/.file.12-4.tmp"), Path::new("/.set.12-3.tmp")]);
    assert_eq!(disk.list(Path::new("/"), 9).unwrap(), ["kept", "kept.tmp"]);
    assert!(sweep(&disk, Path::new("/")).unwrap().is_empty());
}
