#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod memory;

use baeum_core::{Kind, Limits, Value};

use super::*;
use crate::table::{Column, write_parquet};
use crate::testing::{place, prepare, refusal};

fn jsonl(text: &str) -> Result<Sheet, DataError> {
    jsonl::read(
        &Stored::memory("a.jsonl", text.into()),
        (&Absent::new(&[], &[]), &[]),
        OnBad::Stop,
        (&Room::memory(), &Limits::default()),
    )
}

#[track_caller]
fn refuse(text: &str, expect: &str) {
    assert_eq!(jsonl(text).map(drop).unwrap_err().to_string(), expect);
}

#[test]
fn lines_of_json_are_rows() {
    let frame = jsonl("{\"a\": 1, \"b\": \"x\"}\n{\"b\": \"y\", \"c\": true}\n{\"a\": 2.5, \"b\": null}\n\n")
        .unwrap();
    assert_eq!(frame.columns, ["a", "b", "c"]);
    assert_eq!(frame.texts(0).unwrap(), [Some("1".to_owned()), None, Some("2.5".to_owned())]);
    assert_eq!(frame.texts(1).unwrap(), [Some("x".to_owned()), Some("y".to_owned()), None]);
    assert_eq!(frame.texts(2).unwrap(), [None, Some("true".to_owned()), None]);
    assert_eq!(frame.repairs(), [Repair::BlankEnd { file: "a.jsonl".to_owned(), count: 1 }]);
}

#[test]
fn what_is_no_row_of_plain_values_is_refused() {
    refuse("", "`a.jsonl` wants rows, got none");
    refuse(
        "{\"a\": 1}\n[1]\n",
        "`a.jsonl` row 2 wants an object of plain values, got invalid type: sequence, expected an object",
    );
    refuse(
        "{\"a\": 1}\n\n{\"a\": 2}\n",
        "`a.jsonl` row 2 wants an object of plain values, got EOF while parsing a value",
    );
    refuse("{\"a\": [1]}\n", "`a.jsonl` row 1 wants an object of plain values, got a list inside");
    refuse("{\"a\": {}}\n", "`a.jsonl` row 1 wants an object of plain values, got an object inside");
    refuse("{\"a\": 1, \"a\": 2}\n", "`a.jsonl` row 1 wants an object of plain values, got `a` twice");
    refuse(
        "{\"a\": 9007199254740993}\n",
        "`a.jsonl` row 1 wants an object of plain values, got 9007199254740993, which no f64 holds; write it as a text",
    );
    refuse(
        "{\"a\": 1}\n{\"a\": \"x\"}\n",
        "`a.jsonl` row 2, column `a`: wants a number, as in the rows before, got `x`",
    );
    refuse(
        "{\"a\": \"x\"}\n{\"a\": 1}\n",
        "`a.jsonl` row 2, column `a`: wants a text, as in the rows before, got 1",
    );
    let latin = jsonl::read(
        &Stored::memory("a.jsonl", b"{\"n\": 1}\r\n{\"a\": \"\xe9\"}".into()),
        (&Absent::new(&[], &[]), &[]),
        OnBad::Stop,
        (&Room::memory(), &Limits::default()),
    );
    assert_eq!(
        latin.map(drop).unwrap_err().to_string(),
        "`a.jsonl` wants UTF-8, got other bytes from number 18 on"
    );
}

#[test]
fn bad_lines_may_be_left_out_and_are_listed() {
    let text = "{\"a\": 1}\n{\"a\": \n{\"a\": 3}\n";
    let frame = jsonl::read(
        &Stored::memory("a.jsonl", text.into()),
        (&Absent::new(&[], &[]), &[]),
        OnBad::Skip,
        (&Room::memory(), &Limits::default()),
    )
    .unwrap();
    assert_eq!(frame.rows(), 2);
    let refused = frame.refuse(1, 0, "another number", "3".to_owned()).to_string();
    assert_eq!(refused, "`a.jsonl` row 3, column `a`: wants another number, got 3");
    assert!(matches!(&frame.repairs()[..], [Repair::Skipped { count: 1, .. }]), "{:?}", frame.repairs());
}

/// Numbers that come late, go missing and find no room in memory, and lines that end as on Windows.
#[test]
fn lines_that_are_longer_than_memory_are_the_same() {
    let row = |row: usize| match row % 3 {
        0 => format!("{{\"n\": {row}.5, \"w\": \"word {row}\"}}\r\n"),
        1 => format!("{{\"w\": null, \"late\": {row}}}\r\n"),
        _ => "{}\r\n".to_owned(),
    };
    let text = "\u{feff}".to_owned() + &(0..9_000).map(row).collect::<String>() + "\r\n";
    let read = |room: &Room| {
        let sheet = jsonl::read(
            &Stored::memory("a.jsonl", text.clone().into()),
            (&Absent::new(&[], &[]), &[]),
            OnBad::Stop,
            (room, &Limits::default()),
        );
        let sheet = sheet.unwrap();
        (sheet.columns.clone(), (0..3).map(|column| sheet.texts(column).unwrap()).collect::<Vec<_>>())
    };
    let (columns, cells) = read(&Room::memory());
    assert_eq!(columns, ["n", "w", "late"]);
    assert_eq!(cells[0][8_997..], [Some("8997.5".to_owned()), None, None]);
    assert_eq!(cells[2][8_998], Some("8998".to_owned()));
    let disk = Room::of(place(&[]).fs, 1 << 14);
    assert_eq!(read(&disk), (columns, cells));
}

#[test]
fn every_cut_of_lines_is_read_or_refused() {
    let text = "{\"a\": 1, \"b\": \"é\"}\n{\"a\": 2, \"b\": \"y\"}\n";
    for end in 0..text.len() {
        let _ = jsonl::read(
            &Stored::memory("a.jsonl", text.as_bytes()[..end].into()),
            (&Absent::new(&[], &[]), &[]),
            OnBad::Stop,
            (&Room::memory(), &Limits::default()),
        );
    }
}

fn columns(rows: std::ops::Range<usize>) -> Vec<(&'static str, Column)> {
    vec![
        (
            "size",
            Column::Numbers(
                rows.clone().map(|row| if row == 3 { f64::NAN } else { row as f64 / 2.0 }).collect(),
            ),
        ),
        ("count", Column::Integers(rows.clone().map(|row| row as i64 * 7 % 11).collect())),
        ("kind", Column::Texts(rows.map(|row| ["a", "b"][row % 2].to_owned()).collect())),
    ]
}

fn parquet(bytes: Vec<u8>, limits: &Limits) -> Result<Sheet, DataError> {
    parquet::read(&Stored::memory("p", bytes), &Absent::new(&[], &[]), (&Room::memory(), limits))
}

const RECIPE: &str = r#"{"source": {"parquet": {"path": "p-*.parquet"}}, "target": "kind",
    "split": {"random": {"valid": 0.2, "test": 0.2}}}"#;

#[test]
fn parquet_and_lines_and_csv_give_the_same_examples() {
    let parquet = [write_parquet(&columns(0..12)).unwrap(), write_parquet(&columns(12..40)).unwrap()];
    let row = |row: usize, size: &str| format!("{size},{},{}\n", row * 7 % 11, ["a", "b"][row % 2]);
    let size =
        |row: usize, none: &str| if row == 3 { none.to_owned() } else { (row as f64 / 2.0).to_string() };
    let csv = "size,count,kind\n".to_owned() + &(0..40).map(|i| row(i, &size(i, ""))).collect::<String>();
    let line = |i: usize| {
        let (size, kind) = (size(i, "null"), ["a", "b"][i % 2]);
        format!("{{\"size\": {size}, \"count\": {}, \"kind\": \"{kind}\"}}\n", i * 7 % 11)
    };
    let lines: String = (0..40).map(line).collect();
    let place = place(&[
        ("p-1.parquet", &parquet[0]),
        ("p-2.parquet", &parquet[1]),
        ("a.csv", csv.as_bytes()),
        ("a.jsonl", lines.as_bytes()),
    ]);
    let records = |recipe: &str| {
        let data = prepare(recipe, &place).unwrap();
        assert_eq!(data.blueprint.schema.field("count").unwrap().kind, Kind::Number);
        assert_eq!(
            data.profile.fields[0].missing + data.profile.fields[1].missing,
            usize::from(data.blueprint.splits.train.contains(&3))
        );
        (0..40).map(|row| data.dataset.source.record(row).unwrap()).collect::<Vec<_>>()
    };
    let from_parquet = records(RECIPE);
    assert_eq!(from_parquet[4]["size"], Value::Number(2.0));
    assert_eq!(from_parquet[3]["size"], Value::Missing);
    assert_eq!(
        records(&RECIPE.replace("parquet\": {\"path\": \"p-*.parquet", "csv\": {\"path\": \"a.csv")),
        from_parquet
    );
    assert_eq!(
        records(&RECIPE.replace("parquet\": {\"path\": \"p-*.parquet", "jsonl\": {\"path\": \"a.jsonl")),
        from_parquet
    );
}

/// What `data.missing` says holds for every table; without a word about it a null alone is missing where there is one.
#[test]
fn what_says_that_nothing_is_there_says_it_in_every_format() {
    let size = |row: usize| if row % 5 == 1 { -999.0 } else { row as f64 };
    let kind = |row: usize| ["a", "NA", "-", "b"][row % 4];
    let columns = [
        ("size", Column::Numbers((0..40).map(size).collect())),
        ("name", Column::Texts((0..40).map(|row| kind(row).to_owned()).collect())),
        ("y", Column::Integers((0..40).map(|row| row * 7 % 11).collect())),
    ];
    let parquet = write_parquet(&columns).unwrap();
    let csv = |row: usize| format!("{:.2},{},{}\n", size(row), kind(row), row * 7 % 11);
    let csv = "size,name,y\n".to_owned() + &(0..40).map(csv).collect::<String>();
    let line = |row: usize| {
        format!("{{\"size\": {:e}, \"name\": \"{}\", \"y\": {}}}\n", size(row), kind(row), row * 7 % 11)
    };
    let lines: String = (0..40).map(line).collect();
    let place = place(&[("a.parquet", &parquet), ("a.csv", csv.as_bytes()), ("a.jsonl", lines.as_bytes())]);
    let missing = |format: &str, said: &str| {
        let recipe = format!(
            r#"{{"source": {{"{format}": {{"path": "a.{format}"}}}}, "target": "y", "split": "random"{said}}}"#
        );
        let source = prepare(&recipe, &place).unwrap().dataset.source;
        let is_missing = |row, field: &str| source.record(row).unwrap()[field] == Value::Missing;
        ["size", "name"].map(|field| (0..40).filter(|row| is_missing(*row, field)).collect::<Vec<usize>>())
    };
    let (of_size, of_name) = ((1..40).step_by(5).collect::<Vec<_>>(), (2..40).step_by(4).collect::<Vec<_>>());
    for format in ["csv", "jsonl", "parquet"] {
        let said = missing(format, r#", "missing": ["-", "-999"]"#);
        assert_eq!(said, [of_size.clone(), of_name.clone()], "{format}");
    }
    assert_eq!(missing("csv", ""), [vec![], (1..40).step_by(4).collect()]);
    assert_eq!([missing("jsonl", ""), missing("parquet", "")].concat(), [const { Vec::<usize>::new() }; 4]);
}

/// polars writes at most 262,144 rows into a group.
#[test]
fn a_parquet_file_of_several_groups_is_one_table() {
    let bytes = write_parquet(&columns(0..300_000)).unwrap();
    let sheet = parquet(bytes, &Limits::default()).unwrap();
    let text =
        |column: usize, row: usize| sheet.cells[column].text(row).unwrap().map(|text| text.into_owned());
    assert_eq!((sheet.rows(), text(0, 3)), (300_000, None));
    for row in [0, 262_143, 262_144, 299_999] {
        assert_eq!(text(0, row), Some((row as f64 / 2.0).to_string()));
        assert_eq!(text(1, row), Some((row * 7 % 11).to_string()));
        assert_eq!(text(2, row).as_deref(), Some(["a", "b"][row % 2]));
    }
}

#[test]
fn what_a_parquet_file_says_of_itself_may_not_be_endless() {
    let bytes = write_parquet(&columns(0..12)).unwrap();
    let small = Limits { csv_header_bytes: 100, ..Limits::default() };
    let error = parquet(bytes.clone(), &small).map(drop).unwrap_err().to_string();
    let [start, end] = [
        "`p` wants at most 100 bytes in the header, got ",
        "; `run.limits.csv_header_bytes` raises the limit",
    ];
    assert!(error.starts_with(start) && error.ends_with(end), "{error}");
    assert_eq!(parquet(bytes, &Limits::default()).unwrap().rows(), 12);
}

#[test]
fn other_columns_and_other_kinds_are_refused() {
    let first = write_parquet(&columns(0..12)).unwrap();
    let check = |second: &[(&str, Column)], expect: &str| {
        let second = write_parquet(second).unwrap();
        assert_eq!(refusal(RECIPE, &place(&[("p-1.parquet", &first), ("p-2.parquet", &second)])), expect);
    };
    let (size, count) = (("size", Column::Numbers(vec![1.0])), ("count", Column::Integers(vec![1])));
    let kind = ("kind", Column::Texts(vec!["a".to_owned()]));
    check(&[size.clone(), kind.clone()], "`p-2.parquet` wants the column `count` of `p-1.parquet`, got none");
    let more = ("more", Column::Integers(vec![1]));
    check(
        &[size.clone(), count.clone(), kind.clone(), more],
        "`p-2.parquet` wants the columns of `p-1.parquet`, got `more`, which it has not",
    );
    let number = ("kind", Column::Integers(vec![1]));
    check(&[size, count, number], "`p-2.parquet` wants words in `kind`, as in `p-1.parquet`, got numbers");
}

#[test]
fn what_is_no_parquet_file_is_refused() {
    let refused = |bytes: &[u8]| refusal(RECIPE, &place(&[("p-1.parquet", bytes)]));
    assert_eq!(
        refused(b"a,b\n1,2\n"),
        "`p-1.parquet` wants a whole Parquet file, from `PAR1` to `PAR1`, got other bytes"
    );
    let whole = write_parquet(&columns(0..12)).unwrap();
    for end in 0..whole.len() {
        refused(&whole[..end]);
    }
    let large = write_parquet(&[("kind", Column::Integers(vec![i64::MAX, 1]))]).unwrap();
    assert_eq!(
        refused(&large),
        "`p-1.parquet` wants whole numbers up to 2^53 in `kind`, got larger ones; write them as a text"
    );
}

/// Every byte in turn is another one: read, or refused; never a panic, and never more memory than the file can fill.
#[test]
fn a_parquet_file_with_a_wrong_byte_is_read_or_refused() {
    let small = write_parquet(&columns(0..12)).unwrap();
    for (at, flip) in (0..small.len()).flat_map(|at| [0x01, 0x55, 0x80, 0xff].map(|flip| (at, flip))) {
        let mut changed = small.clone();
        changed[at] ^= flip;
        let _ = parquet(changed, &Limits::default());
    }
}
