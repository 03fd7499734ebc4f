//! A table takes no more memory because its file is long.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use baeum_core::Fs;
use baeum_core::fs::RealFs;

use super::*;
use crate::plan::SourcePlan;
use crate::testing::{ALLOCATOR, Dice, alone, plan};

/// What each file holds, and what reading it may take: whoever holds it whole takes more.
const LENGTH: usize = 48 << 20;
const MOST: usize = 32 << 20;

const ROWS: usize = 130_000;

#[test]
fn a_long_file_is_not_held_whole() {
    alone("sheet::tests::memory::one_process");
}

#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn one_process() {
    let folder = Folder::new();
    let csv =
        lines("a,b,c,d\n", |row| format!("{row:>99},{:>99},{:>99},{:>99}\n", row % 7, row * 3, row + 1));
    let json = lines("", |row| format!("{{\"a\": {row:>200}.5, \"b\": {:>200}}}\n", row % 7));
    let bad = csv.replacen("\n", "\nshort\n", 1);
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("a.csv", csv.clone().into(), r#"{"csv": {"path": "a.csv"}}"#),
        ("bad.csv", bad.into(), r#"{"csv": {"path": "bad.csv"}}"#),
        ("a.csv.gz", packed(&csv), r#"{"csv": {"path": "a.csv.gz"}}"#),
        ("latin.csv", latin(&csv), r#"{"csv": {"path": "latin.csv"}}"#),
        ("a.jsonl", json.clone().into(), r#"{"jsonl": {"path": "a.jsonl"}}"#),
        ("a.jsonl.gz", packed(&json), r#"{"jsonl": {"path": "a.jsonl.gz"}}"#),
        ("a.parquet", parquet_file(), r#"{"parquet": {"path": "a.parquet"}}"#),
    ];
    drop((csv, json));
    for (name, bytes, source) in cases {
        folder.put(name, bytes);
        let (sheet, peak) = ALLOCATOR.peak(|| folder.read(source));
        assert!(sheet.rows() >= ROWS, "{name}: {}", sheet.rows());
        assert!(peak < MOST, "{name}: {} KiB", peak >> 10);
    }
}

/// Texts that do not repeat stay in memory, once: neither their lines nor what was read of them before lie beside them.
#[test]
fn long_lines_are_held_once() {
    alone("sheet::tests::memory::long_lines");
}

#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn long_lines() {
    let folder = Folder::new();
    let word = |row: usize| format!("{row:>7} ").repeat(1 << 17); // a MiB each
    let json: String = (0..48).map(|row| format!("{{\"w\": \"{}\", \"y\": {row}}}\n", word(row))).collect();
    let csv = "w,y\n".to_owned() + &(0..48).map(|row| format!("{},{row}\n", word(row))).collect::<String>();
    for (name, text, source) in [
        ("a.jsonl", json, r#"{"jsonl": {"path": "a.jsonl"}}"#),
        ("a.csv", csv, r#"{"csv": {"path": "a.csv"}}"#),
    ] {
        folder.put(name, text.into());
        let (sheet, peak) = ALLOCATOR.peak(|| folder.read(source));
        assert_eq!((sheet.rows(), sheet.texts(0).unwrap()[7].as_deref()), (48, Some(&*word(7))));
        assert!((48 << 20..80 << 20).contains(&peak), "{name}: {} KiB", peak >> 10);
    }
}

fn lines(head: &str, line: impl Fn(usize) -> String) -> String {
    let text = head.to_owned() + &(0..ROWS).map(line).collect::<String>();
    assert!(text.len() > LENGTH - (2 << 20), "{}", text.len());
    text
}

fn packed(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

/// The same table, one name of which is no ASCII.
fn latin(text: &str) -> Vec<u8> {
    [b"a,b,c,\xe9\n", &text.as_bytes()["a,b,c,d\n".len()..]].concat()
}

/// Random numbers, which cannot be packed.
fn parquet_file() -> Vec<u8> {
    let mut dice = Dice(1);
    let mut column = |name| (name, Column::Numbers((0..LENGTH / 32).map(|_| dice.share()).collect()));
    write_parquet(&["a", "b", "c", "d"].map(&mut column)).unwrap()
}

/// A folder on the real disk, for one in memory would be counted.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("baeum-memory-{}", std::process::id()));
        RealFs.create_dir(&path).unwrap();
        Folder(path)
    }

    fn put(&self, name: &str, bytes: Vec<u8>) {
        RealFs.create_new(&self.0.join(name), None).unwrap().write_all(&bytes).unwrap();
    }

    /// Reads a table of this folder and leaves out its bad rows.
    fn read(&self, source: &str) -> Sheet {
        let limits = Limits { archive_ratio: 10_000, ..Limits::default() };
        let place = Place { fs: Arc::new(RealFs), base: self.0.clone(), limits, ..place(&[]) };
        let plan = plan(&format!(r#"{{"source": {source}, "target": "a"}}"#));
        let SourcePlan::Table { format, files } = &plan.source else { panic!("{source} is no table") };
        let asked = (&plan.missing(format)[..], &BTreeSet::new(), &[][..]);
        super::super::read(format, files, asked, OnBad::Skip, &place).unwrap().0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = RealFs.remove_dir_all(&self.0);
    }
}
