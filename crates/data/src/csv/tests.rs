#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeSet;

use baeum_core::Limits;

use super::*;
use crate::DataError;
use crate::config::{Encoding, OnBad};
use crate::profile::Repair;
use crate::sheet::{Room, Seen, Sheet, Wanted};
use crate::source::Cell;
use crate::testing::{place, prepare, refusal};

fn tables(
    files: Vec<(String, Vec<u8>)>,
    format: &CsvFormat,
    on_bad: OnBad,
    limits: &Limits,
) -> Result<Sheet, DataError> {
    let tables: Vec<Stored<'_>> =
        files.into_iter().map(|(name, bytes)| Stored::memory(&name, bytes)).collect();
    super::read(&tables, format, on_bad, &BTreeSet::new(), (&Room::memory(), limits))
}

fn read(text: &[u8]) -> Result<Sheet, DataError> {
    written(text, &CsvFormat::default())
}

fn written(text: &[u8], format: &CsvFormat) -> Result<Sheet, DataError> {
    tables(vec![("a.csv".to_owned(), text.to_vec())], format, OnBad::Stop, &Limits::default())
}

fn texts(sheet: &Sheet, column: usize) -> Vec<Option<String>> {
    sheet.texts(column).unwrap()
}

/// A column as numbers; NaN where nothing is.
fn numbers(sheet: &Sheet, column: usize) -> Vec<f64> {
    let (cells, mut numbers) = (sheet.typed(column, Wanted::Numbers).unwrap(), vec![]);
    cells.copy_numbers(0..sheet.rows(), &mut numbers).unwrap();
    numbers
}

/// A column as names.
fn names(sheet: &Sheet, column: usize) -> Vec<Option<String>> {
    let cells = sheet.typed(column, Wanted::Names).unwrap();
    let name = |row| match cells.cell(row).unwrap() {
        Cell::Name(name) => Some(name.to_owned()),
        Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_) => None,
    };
    (0..sheet.rows()).map(name).collect()
}

fn no_numbers(sheet: &Sheet, column: usize) -> String {
    sheet.typed(column, Wanted::Numbers).unwrap_err().to_string()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[track_caller]
fn refuse(text: &[u8], expect: &str) {
    assert_eq!(read(text).unwrap_err().to_string(), expect);
}

#[track_caller]
fn within(limits: Limits, text: &str, expect: Option<&str>) {
    let error =
        tables(vec![("a.csv".to_owned(), text.into())], &CsvFormat::default(), OnBad::Stop, &limits).err();
    assert_eq!(error.map(|error| error.to_string()).as_deref(), expect);
}

#[test]
fn a_table_is_rows_and_columns() {
    let csv = read(b"a,b c,\"d \"\"e\"\"\"\r\n1,\"x,\r\ny\",\n\"\",  z ,3").unwrap();
    assert_eq!(csv.columns, ["a", "b c", "d \"e\""]);
    assert_eq!(texts(&csv, 0), [Some("1".to_owned()), None]);
    assert_eq!(texts(&csv, 1), [Some("x,\r\ny".to_owned()), Some("  z ".to_owned())]);
    assert_eq!(texts(&csv, 2), [None, Some("3".to_owned())]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    assert_eq!(read(b"\xef\xbb\xbfa,b\n1,2\n").unwrap().columns, ["a", "b"]);
}

#[test]
fn without_a_header_columns_are_counted() {
    let format = CsvFormat { header: false, delimiter: Some(';'), ..CsvFormat::default() };
    let csv =
        tables(vec![("a.csv".to_owned(), b"1;2\n3;4\n".to_vec())], &format, OnBad::Stop, &Limits::default())
            .unwrap();
    assert_eq!((&csv.columns[..], csv.rows()), (&["column_1".to_owned(), "column_2".to_owned()][..], 2));
}

#[test]
fn empty_tables_are_refused() {
    refuse(b"", "`a.csv` wants a table of rows, got an empty file");
    refuse(b"\xef\xbb\xbf", "`a.csv` wants a table of rows, got an empty file");
    refuse(b"a,b\n", "`a.csv` wants rows below its header, got none");
}

#[test]
fn other_files_are_known_by_their_first_bytes() {
    refuse(b"\x1f\x8b\x08\0", "`a.csv` wants a table of plain text, got gzip; unpack or convert it first");
    refuse(b"PAR1\x15\x04", "`a.csv` wants a table of plain text, got Parquet; unpack or convert it first");
}

#[test]
fn other_encodings_are_named_with_row_and_byte() {
    let wants = "wants UTF-8, got another encoding at byte";
    let way_out = "say `data.source.csv.encoding`, or save it as UTF-8";
    refuse(b"name,n\nkim,1\ncaf\x81,2\n", &format!("`a.csv` row 2 {wants} 16; {way_out}"));
    let format = CsvFormat { encoding: Some(Encoding::Utf8), ..CsvFormat::default() };
    let korean = b"name,n\nkim,1\n\xb1\xe8\xc3\xb6\xbc\xf6,2\n";
    assert_eq!(
        written(korean, &format).unwrap_err().to_string(),
        format!("`a.csv` row 2 {wants} 13; {way_out}")
    );
    let format = CsvFormat { encoding: Some(Encoding::Cp949), ..CsvFormat::default() };
    let error = written(b"name,n\nkim,1\n\xff\xff,2\n", &format).unwrap_err();
    assert_eq!(error.to_string(), "`a.csv` wants CP949, got bytes that are none near byte 14");
    refuse(
        b"a,b\n1,\"x\ny\"\n2,\0\n",
        "`a.csv` row 2 wants text, got a NUL in field 2; take it out, or save the file again",
    );
}

/// The names of people in the encodings that their tables are found in; each is told, and a repair says so.
#[test]
fn other_encodings_are_told_by_their_bytes() {
    let utf16 = |text: &str, mark: bool| {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let table = "name,n\nkim,1\n김철수,2\n";
    let cases: [(Vec<u8>, &str, Encoding); 5] = [
        (b"name,n\nkim,1\n\xb1\xe8\xc3\xb6\xbc\xf6,2\n".to_vec(), "김철수", Encoding::Cp949),
        (utf16(table, true), "김철수", Encoding::Utf16),
        (utf16(table, false), "김철수", Encoding::Utf16),
        (big(table), "김철수", Encoding::Utf16),
        (b"name,n\nkim,1\nJos\xe9,2\n".to_vec(), "José", Encoding::Latin1),
    ];
    for (bytes, name, encoding) in cases {
        let csv = read(&bytes).unwrap_or_else(|error| panic!("{encoding:?}: {error}"));
        assert_eq!(texts(&csv, 0)[1].as_deref(), Some(name), "{encoding:?}");
        assert_eq!(csv.repairs(), [Repair::TakenFor { file: "a.csv".to_owned(), encoding }]);
        let said = written(&bytes, &CsvFormat { encoding: Some(encoding), ..CsvFormat::default() }).unwrap();
        assert_eq!((texts(&said, 0)[1].as_deref(), said.repairs()), (Some(name), vec![]));
    }
}

#[test]
fn the_delimiter_is_told_by_the_first_lines() {
    let check = |text: &str, columns: &[&str]| {
        assert_eq!(read(text.as_bytes()).unwrap().columns, columns, "{text:?}");
    };
    check("a;b\n1,5;2\n", &["a", "b"]);
    check("a\tb\nx, y\t2\n", &["a", "b"]);
    check("a|b|c\n1|2|3\n", &["a", "b", "c"]);
    check("a,b\n\"1;2;3\",4\n", &["a", "b"]);
    check("only\nx y\n", &["only"]);
}

#[test]
fn quotes_may_be_others_or_none() {
    let format = |quote| CsvFormat { quote, ..CsvFormat::default() };
    let csv = written(b"a\tb\n5\" disk\t\"x\n", &format(None)).unwrap();
    assert_eq!(
        [texts(&csv, 0), texts(&csv, 1)].concat(),
        [Some("5\" disk".to_owned()), Some("\"x".to_owned())]
    );
    assert_eq!(names(&csv, 0), some(&["5\" disk"]));
    let csv = written(b"a,b\n'1,''x',\"\n", &format(Some('\''))).unwrap();
    assert_eq!([texts(&csv, 0), texts(&csv, 1)].concat(), [Some("1,'x".to_owned()), Some("\"".to_owned())]);
}

#[test]
fn spaces_around_cells_may_be_left_out() {
    let format = CsvFormat { trim: true, header: false, ..CsvFormat::default() };
    let csv = written(b"39, State-gov, <=50K\n50, ?, >50K\n", &format).unwrap();
    assert_eq!(texts(&csv, 1), [Some("State-gov".to_owned()), None]);
    assert_eq!(names(&csv, 2), some(&["<=50K", ">50K"]));
}

#[test]
fn a_table_without_a_header_may_be_given_one() {
    let columns = |names: &[&str]| CsvFormat {
        header: false,
        columns: names.iter().map(|name| (*name).to_owned()).collect(),
        ..CsvFormat::default()
    };
    assert_eq!(written(b"1,2\n", &columns(&["a", "b"])).unwrap().columns, ["a", "b"]);
    assert_eq!(
        written(b"1,2\n", &columns(&["a"])).unwrap_err().to_string(),
        "`a.csv` wants 1 columns, as many as `data.source.csv.columns` names, got 2"
    );
}

/// Rows keep the numbers that they have in the file, whatever is left out before them.
#[test]
fn bad_rows_may_be_left_out_and_are_listed() {
    let text = b"a,b\n1,2\n3\n4,5\n\n6,\"7\"8\n9,x\n";
    let csv = tables(
        vec![("a.csv".to_owned(), text.to_vec())],
        &CsvFormat::default(),
        OnBad::Skip,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(texts(&csv, 0), ["1", "4", "9"].map(|cell| Some(cell.to_owned())));
    let first = vec![
        "`a.csv` row 2 wants 2 fields, got 1".to_owned(),
        "`a.csv` row 4 wants 2 fields, got a blank line".to_owned(),
        "`a.csv` row 5 wants nothing behind the quote that ends field 2, got `8`".to_owned(),
    ];
    assert_eq!(csv.repairs(), [Repair::Skipped { file: "a.csv".to_owned(), count: 3, first }]);
    assert_eq!(no_numbers(&csv, 1), "`a.csv` row 6, column `b`: wants a number, got `x`");
}

#[test]
fn blank_lines_at_the_end_are_no_rows_and_are_said() {
    for (end, count) in [("\n", 1), ("\r\n\n\r\n", 3)] {
        let csv = read(format!("a,b\n1,2\n{end}").as_bytes()).unwrap();
        assert_eq!(
            (csv.rows(), csv.repairs()),
            (1, vec![Repair::BlankEnd { file: "a.csv".to_owned(), count }])
        );
    }
    refuse(b"a,b\n1,2\n\n \n", "`a.csv` row 2 wants 2 fields, got a blank line");
}

#[test]
fn a_packed_table_is_unpacked_by_its_name() {
    for (name, format, pack) in
        [("a.csv.gz", "gzip", packed as fn(&[u8]) -> Vec<u8>), ("a.csv.zst", "zstd", packed_by_zstd)]
    {
        let read = |bytes: &[u8], limits: &Limits| {
            tables(vec![(name.to_owned(), bytes.to_vec())], &CsvFormat::default(), OnBad::Stop, limits)
        };
        let refused = |bytes: &[u8], limits: &Limits| read(bytes, limits).unwrap_err().to_string();
        let (packed, limits) = (pack(b"a,b\n1,2\n"), Limits::default());
        assert_eq!(read(&packed, &limits).unwrap().columns, ["a", "b"]);
        let both = [&packed[..], &pack(b"3,4\n")].concat();
        assert_eq!(read(&both, &limits).unwrap().rows(), 2, "one behind the other");
        for end in 0..packed.len() {
            assert!(read(&packed[..end], &limits).is_err(), "{end}");
        }
        let cut = refused(&packed[..packed.len() - 1], &limits);
        assert_eq!(cut, format!("`{name}` wants to be whole, got a file that was cut short"));
        assert_eq!(
            refused(b"a,b\n1,2\n3,4\n5,6\n", &limits),
            format!("could not decode `{name}` as {format}")
        );
        let small = Limits { inflated_bytes: 7, ..Limits::default() };
        let expect = format!(
            "`{name}` wants at most 7 bytes unpacked, got 8; `run.limits.inflated_bytes` raises the limit"
        );
        assert_eq!(refused(&packed, &small), expect);
        let bomb = refused(&pack(&vec![b'1'; 17 << 20]), &limits);
        assert!(bomb.ends_with("`run.limits.archive_ratio` raises the limit"), "{bomb}");
    }
}

fn packed_by_zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Tables are decoded and unpacked piece by piece; no letter and no row is lost between two of them.
#[test]
fn long_tables_in_every_encoding_are_the_same() {
    let table = |name: &str| {
        "name,n\n".to_owned() + &(0..30_000).map(|row| format!("{name}{row},{row}\n")).collect::<String>()
    };
    let (korean, latin) = (table("배움"), table("né"));
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let cases: [(&str, Vec<u8>, Encoding); 4] = [
        (&korean, korean.clone().into(), Encoding::Utf8),
        (&korean, utf16(&korean), Encoding::Utf16),
        (&korean, encoding_rs::EUC_KR.encode(&korean).0.into(), Encoding::Cp949),
        (&latin, encoding_rs::WINDOWS_1252.encode(&latin).0.into(), Encoding::Latin1),
    ];
    for (text, bytes, encoding) in cases {
        let expect = read(text.as_bytes()).unwrap();
        let packed = [("a.csv.gz", packed(&bytes)), ("a.csv.zst", packed_by_zstd(&bytes))];
        for (name, bytes) in [vec![("a.csv", bytes)], packed.into()].concat() {
            for said in [None, Some(encoding)] {
                let format = CsvFormat { encoding: said, ..CsvFormat::default() };
                let files = vec![(name.to_owned(), bytes.clone())];
                let sheet = tables(files, &format, OnBad::Stop, &Limits::default()).unwrap();
                assert_eq!((texts(&sheet, 0), &sheet.ids), (texts(&expect, 0), &expect.ids), "{encoding:?}");
                let told = Repair::TakenFor { file: name.to_owned(), encoding };
                let is_told = said.is_none() && encoding != Encoding::Utf8;
                assert_eq!(sheet.repairs(), if is_told { vec![told] } else { vec![] });
            }
        }
    }
}

/// Bad rows among long ones, wherever the pieces end in which a table is read.
#[test]
fn bad_rows_are_told_alike_wherever_pieces_end() {
    let rows = "1,\"x\ny \"\"z\"\"\",배움\r\n2,short\r\n3,\"a\"b,\r\n\r\n4,\"\",c\n5,d\re,f\n6,7,8\n\n\r\n";
    for before in 0..70 {
        let long = "w".repeat(before);
        let text = format!("a,b,c\n{long},b,c\n{rows}");
        let files = vec![("a.csv".to_owned(), text.into())];
        let csv = tables(files, &CsvFormat::default(), OnBad::Skip, &Limits::default()).unwrap();
        assert_eq!(texts(&csv, 0)[1..], some(&["1", "4", "6"]), "{before}");
        assert_eq!(texts(&csv, 1)[1..], [Some("x\ny \"z\"".to_owned()), None, Some("7".to_owned())]);
        assert_eq!(texts(&csv, 2)[1], Some("배움".to_owned()));
        let first = [
            "row 3 wants 3 fields, got 2",
            "row 4 wants nothing behind the quote that ends field 2, got `b,`",
            "row 5 wants 3 fields, got a blank line",
            "row 7 wants a line that ends in LF or CRLF, got a lone CR; quote it, or save the file again",
        ];
        let file = "a.csv".to_owned();
        let first = first.map(|said| format!("`a.csv` {said}")).to_vec();
        let skipped = Repair::Skipped { file: file.clone(), count: 4, first };
        assert_eq!(csv.repairs(), [skipped, Repair::BlankEnd { file, count: 2 }], "{before}");
    }
}

/// A quote that nobody closes would swallow the rest of a file, however long.
#[test]
fn a_quote_without_an_end_costs_its_row() {
    let text = "a,b\n1,2\n3,\"4\n".to_owned() + &"5,6\n".repeat(500);
    let limits = Limits { csv_field_bytes: 100, ..Limits::default() };
    let read = |on_bad| {
        tables(vec![("a.csv".to_owned(), text.clone().into())], &CsvFormat::default(), on_bad, &limits)
    };
    assert_eq!(
        read(OnBad::Stop).unwrap_err().to_string(),
        "`a.csv` row 2 wants field 2 to end with a quote, got 100 bytes without one; `run.limits.csv_field_bytes` raises the limit"
    );
    assert_eq!(read(OnBad::Skip).unwrap().rows(), 501);
    let header = "a".repeat(300) + "\r1\r";
    let limits = Limits { csv_header_bytes: 200, ..Limits::default() };
    within(
        limits,
        &header,
        Some(
            "`a.csv` wants at most 200 bytes in the header, got 256; `run.limits.csv_header_bytes` raises the limit",
        ),
    );
}

/// What the disk says in the middle of a packed table is told as such, and is no fault of the file.
#[test]
fn a_disk_that_fails_is_told_through_all_readers() {
    use baeum_core::fs::{Fault, FaultFs};
    let text = "a,y\n".to_owned() + &(0..2_000).map(|row| format!("{row},{}\n", row % 2)).collect::<String>();
    let place = place(&[("a.csv.gz", &packed(text.as_bytes()))]);
    let recipe = RECIPE.replace("a.csv", "a.csv.gz") + "}";
    let mut said = std::collections::BTreeSet::new();
    for operation in 1..40 {
        let fs = FaultFs::over(std::sync::Arc::clone(&place.fs));
        fs.fail_at(operation, Fault::InputOutput);
        if let Err(error) = prepare(&recipe, &crate::Place { fs: std::sync::Arc::new(fs), ..place.clone() }) {
            assert_eq!(error.fault(), crate::Fault::Disk, "{error}");
            said.insert(error.to_string());
        }
    }
    assert!(said.contains("could not read `a.csv.gz`"), "{said:?}");
}

#[test]
fn ragged_rows_are_named() {
    refuse(b"a,b\n1,2\n3\n", "`a.csv` row 2 wants 2 fields, got 1");
    refuse(b"a,b\n1,2,3\n", "`a.csv` row 1 wants 2 fields, got 3");
    refuse(b"a,b\n1,2\n\n3,4\n", "`a.csv` row 2 wants 2 fields, got a blank line");
    refuse(b"a\n1\n\n", "`a.csv` row 2 wants 1 field, got a blank line");
}

#[test]
fn lines_end_in_lf_or_crlf() {
    refuse(
        b"a,b\r1,2\r",
        "`a.csv` header wants a line that ends in LF or CRLF, got a lone CR; quote it, or save the file again",
    );
    assert_eq!(texts(&read(b"a,b\n\"1\r\",2\n").unwrap(), 0), [Some("1\r".to_owned())]);
}

#[test]
fn quotes_are_strict() {
    refuse(b"a,b\n1,\"2\n3,4\n", "`a.csv` row 1 wants field 2 to end with a quote, got the end of the file");
    refuse(
        b"a,b\n1,2\"3\n",
        "`a.csv` row 1 wants quotes around the whole of field 2, got one in its middle; write it twice and quote the field",
    );
    refuse(b"a,b\n1,\"2\" x\n", "`a.csv` row 1 wants nothing behind the quote that ends field 2, got ` x`");
}

#[test]
fn headers_name_each_column_once() {
    refuse(b"a,,c\n1,2,3\n", "`a.csv` wants a name for column 2, got an empty one");
    refuse(b"a,b,a\n1,2,3\n", "`a.csv` wants columns of different names, got `a` for columns 1 and 3");
}

#[test]
fn every_limit_has_a_table_just_below_and_just_above() {
    let table = "ab,cd\n123,4\n5,6\n";
    let limits = Limits::default;
    within(Limits { csv_field_bytes: 3, ..limits() }, table, None);
    let over = "`a.csv` row 1, field 1 wants at most 2 bytes in a field, got 3; `run.limits.csv_field_bytes` raises the limit";
    within(Limits { csv_field_bytes: 2, ..limits() }, table, Some(over));
    within(Limits { csv_header_bytes: 6, ..limits() }, table, None);
    let over =
        "`a.csv` wants at most 5 bytes in the header, got 6; `run.limits.csv_header_bytes` raises the limit";
    within(Limits { csv_header_bytes: 5, ..limits() }, table, Some(over));
    within(Limits { csv_columns: 2, ..limits() }, table, None);
    let over = "`a.csv` row 0 wants at most 1 columns, got 2; `run.limits.csv_columns` raises the limit";
    within(Limits { csv_columns: 1, ..limits() }, table, Some(over));
    within(Limits { rows: 2, ..limits() }, table, None);
    let over = "`a.csv` wants at most 1 rows, got 2; `run.limits.rows` raises the limit";
    within(Limits { rows: 1, ..limits() }, table, Some(over));
}

#[test]
fn numbers_and_names_are_typed() {
    let csv = read(b"n,s\n 1.5 ,x\n-2e3,NA\n?,\"a \"\"b\"\"\"\n+7,\"\"\n").unwrap();
    let numbers = numbers(&csv, 0);
    assert_eq!((numbers[0], numbers[1], numbers[2].is_nan(), numbers[3]), (1.5, -2000.0, true, 7.0));
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(names(&csv, 1), [name("x"), None, name("a \"b\""), None]);
}

#[test]
fn a_cell_that_is_no_number_is_named() {
    let csv = read(b"a,b\n1,2\n3,\"a,b\"\n").unwrap();
    assert_eq!(no_numbers(&csv, 1), "`a.csv` row 2, column `b`: wants a number, got `a,b`");
    for (cell, got) in [("inf", "`inf`"), ("nan", "`nan`"), ("1e999", "`1e999`")] {
        let error = no_numbers(&read(format!("a\n{cell}\n").as_bytes()).unwrap(), 0);
        assert_eq!(error, format!("`a.csv` row 1, column `a`: wants a finite number, got {got}"));
    }
}

#[test]
fn an_empty_cell_is_missing_only_if_the_recipe_says_so() {
    let format = CsvFormat { missing: vec!["-999".to_owned()], ..CsvFormat::default() };
    let text = b"n,s\n-999,\n1,-999\n".to_vec();
    let csv = tables(vec![("a.csv".to_owned(), text)], &format, OnBad::Stop, &Limits::default()).unwrap();
    assert!(numbers(&csv, 0)[0].is_nan() && numbers(&csv, 0)[1] == 1.0);
    assert_eq!(names(&csv, 1), [Some(String::new()), None]);
    let csv =
        tables(vec![("a.csv".to_owned(), b"n,m\n,1\n".to_vec())], &format, OnBad::Stop, &Limits::default())
            .unwrap();
    assert_eq!(no_numbers(&csv, 0), "`a.csv` row 1, column `n`: wants a number, got an empty cell");
}

/// Tools write a whole number with a point once a column has a gap.
#[test]
fn a_number_that_stands_for_nothing_may_be_written_in_any_way() {
    let format = CsvFormat { missing: vec!["-999".to_owned(), "x".to_owned()], ..CsvFormat::default() };
    let csv = written(b"n,s\n-999.0,-999\n-9.99e2,x\n 7,-\n-998,999\n", &format).unwrap();
    assert!(numbers(&csv, 0)[..2].iter().all(|number| number.is_nan()));
    assert_eq!(numbers(&csv, 0)[2..], [7.0, -998.0]);
    assert_eq!(names(&csv, 1), [None, None, Some("-".to_owned()), Some("999".to_owned())]);
}

/// A table that starts with `x^2` starts like zlib, and one with a byte order mark inside is none that starts
/// with it.
#[test]
fn first_bytes_that_look_like_other_files_are_cells() {
    let csv = tables(
        vec![("a.csv".to_owned(), "x^2,1\n\u{feff}y,2\n".as_bytes().to_vec())],
        &CsvFormat { header: false, ..CsvFormat::default() },
        OnBad::Stop,
        &Limits::default(),
    );
    assert_eq!(names(&csv.unwrap(), 0), some(&["x^2", "\u{feff}y"]));
}

#[test]
fn a_table_of_many_runs_is_one_table() {
    let rows = 700_000;
    let mut text = "id,word\n".to_owned();
    (0..rows).for_each(|row| text.push_str(&format!("{row}.25,\"w\n{}\"\n", row % 3)));
    assert!(text.len() > 9 << 20);
    let csv = read(text.as_bytes()).unwrap();
    assert!(numbers(&csv, 0).iter().enumerate().all(|(row, number)| *number == row as f64 + 0.25));
    let words = ["w\n0", "w\n1", "w\n2"];
    assert!(names(&csv, 1).iter().enumerate().all(|(row, name)| name.as_deref() == Some(words[row % 3])));
}

/// Many different cells are held in another way than few, and columns change from one to the other on the way.
#[test]
fn columns_of_few_and_of_many_cells_are_typed_alike() {
    let rows = 40_000;
    let mut text = "few,many,late,words\n".to_owned();
    let late = |row: usize| if row < 30_000 { row % 5 } else { row };
    for row in 0..rows {
        let missing = if row % 1_000 == 0 { "NA".to_owned() } else { format!("{row}.5") };
        text.push_str(&format!("{},{missing},{},w{}\n", row % 7, late(row), row % 9_000));
    }
    let csv = read(text.as_bytes()).unwrap();
    let all: Vec<usize> = (0..rows).collect();
    let words = Seen::Words { distinct: 1_001, rows };
    assert_eq!(csv.look(&[0, 1, 2, 3], &all).unwrap(), [Seen::Numbers, Seen::Numbers, Seen::Numbers, words]);
    assert_eq!([0, 1, 2, 3].map(|column| csv.is_number(column)), [true, true, true, false]);
    let [few, many, late_ones] = [0, 1, 2].map(|column| numbers(&csv, column));
    let names_of = names(&csv, 3);
    for row in 0..rows {
        assert_eq!((few[row], late_ones[row]), ((row % 7) as f64, late(row) as f64));
        assert!(if row % 1_000 == 0 { many[row].is_nan() } else { many[row] == row as f64 + 0.5 });
        assert_eq!(names_of[row].as_deref(), Some(format!("w{}", row % 9_000).as_str()));
    }
    assert_eq!(names(&csv, 1)[..2], [None, Some("1.5".to_owned())]);
    assert_eq!(no_numbers(&csv, 3), "`a.csv` row 1, column `words`: wants a number, got `w0`");
}

/// A table that finds no room in memory says the same.
#[test]
fn columns_on_the_disk_are_the_same() {
    let row = |row: usize| format!("{row}.5,{},w{}\n", row % 7, row % 5_000);
    let text = "a,b,c\n".to_owned() + &(0..30_000).map(row).collect::<String>();
    let (format, limits) = (CsvFormat::default(), Limits::default());
    let read = |room: &Room| {
        let table = Stored::memory("a.csv", text.clone().into());
        super::read(&[table], &format, OnBad::Stop, &BTreeSet::new(), (room, &limits)).unwrap()
    };
    let fs = std::sync::Arc::new(baeum_core::fs::CrashFs::new());
    let (memory, disk) = (read(&Room::memory()), read(&Room::of(fs, 0)));
    assert!(memory.cells.iter().all(|cells| cells.beyond().is_none()));
    assert_eq!([0, 1, 2].map(|column| disk.cells[column].beyond().is_some()), [true, true, false]);
    for column in 0..3 {
        assert_eq!(texts(&memory, column), texts(&disk, column));
    }
    assert_eq!((numbers(&memory, 1), memory.ids), (numbers(&disk, 1), disk.ids.clone()));
    assert_eq!(texts(&disk, 1)[29_999].as_deref(), Some("4"));
}

/// A word behind many numbers makes the table begin again: the text of the numbers is wanted after all.
#[test]
fn a_word_behind_many_numbers_is_no_number() {
    let text = "a\n".to_owned() + &(0..60_000).map(|row| format!("0{row}\n")).collect::<String>();
    let numbers_alone = read(text.as_bytes()).unwrap();
    assert_eq!(numbers(&numbers_alone, 0)[59_999], 59_999.0);
    let with_word = read((text + "x\n").as_bytes()).unwrap();
    assert_eq!(texts(&with_word, 0)[59_998..], some(&["059998", "059999", "x"]));
    assert_eq!(no_numbers(&with_word, 0), "`a.csv` row 60001, column `a`: wants a number, got `x`");
}

/// What is out of the ordinary in a later piece is told as if the table had been read whole.
#[test]
fn what_is_wrong_far_behind_is_told_with_its_row() {
    let text = "a,b\n".to_owned() + &(0..450_000).map(|row| format!("{row},\"x\"\n")).collect::<String>();
    assert!(text.len() > 4 << 20);
    assert_eq!(read(text.as_bytes()).unwrap().rows(), 450_000);
    let wrong = |line: &[u8]| read(&[text.as_bytes(), line].concat()).unwrap_err().to_string();
    assert_eq!(wrong(b"1\n"), "`a.csv` row 450001 wants 2 fields, got 1");
    assert_eq!(
        wrong(b"1,\0\n"),
        "`a.csv` row 450001 wants text, got a NUL in field 2; take it out, or save the file again"
    );
    assert!(wrong(b"1,\x81\n").starts_with("`a.csv` row 450001 wants UTF-8, got another encoding"));
    let skipped = tables(
        vec![("a.csv".to_owned(), [text.as_bytes(), b"1\n\0,x\n2,y\n\n"].concat())],
        &CsvFormat::default(),
        OnBad::Skip,
        &Limits::default(),
    );
    let skipped = skipped.unwrap();
    assert_eq!(texts(&skipped, 0)[449_999..], some(&["449999", "2"]));
    let repairs: Vec<String> = skipped.repairs().iter().map(ToString::to_string).collect();
    assert_eq!(
        repairs[0],
        "2 of `a.csv` cannot be read and were left out: `a.csv` row 450001 wants 2 fields, got 1; `a.csv` row 450002 wants text, got a \
         NUL in field 1; take it out, or save the file again"
    );
    assert_eq!(repairs.len(), 2, "{repairs:?}");
}

#[test]
fn every_cut_of_a_table_is_read_or_refused() {
    let text = "a,\"b\"\"\",c\r\n1,\"x,\ny\",?\r\n2.5,,é\n";
    for end in 0..text.len() {
        if let Ok(csv) = read(&text.as_bytes()[..end]) {
            let is_typed = |column| csv.typed(column, Wanted::Names).is_ok();
            assert!((0..csv.columns.len()).all(is_typed), "{end}");
        }
    }
}

#[test]
fn columns_show_what_they_are() {
    let words: String = (0..40)
        .map(|row| format!("{},{},word {row},,{}\n", row, row % 3, if row == 39 { "x" } else { "1" }))
        .collect();
    let csv = read(format!("n,c,w,e,late\n{words}").as_bytes()).unwrap();
    let rows: Vec<usize> = (0..39).collect();
    let seen = csv.look(&[0, 2, 3, 4], &rows).unwrap();
    assert_eq!(seen, [Seen::Numbers, Seen::Words { distinct: 39, rows: 39 }, Seen::Nothing, Seen::Numbers]);
    assert_eq!(csv.look(&[4], &[38, 39]).unwrap(), [Seen::Names]);
    let long = format!("s\n{}\nb\n", "a".repeat(201));
    assert_eq!(
        read(long.as_bytes()).unwrap().look(&[0], &[0, 1]).unwrap(),
        [Seen::Words { distinct: 2, rows: 2 }]
    );
}

#[test]
fn several_files_are_one_table() {
    let files = |second: &str| {
        vec![("a.csv".to_owned(), b"a,b\n1,2\n".to_vec()), ("b.csv".to_owned(), second.into())]
    };
    let csv = |second: &str| tables(files(second), &CsvFormat::default(), OnBad::Stop, &Limits::default());
    let both = csv("a,b\n3,4\n5,x\n").unwrap();
    assert_eq!(both.rows(), 3);
    assert_eq!(no_numbers(&both, 1), "`b.csv` row 2, column `b`: wants a number, got `x`");
    let refusals = [
        ("a,c\n1,2\n", "`b.csv` wants the columns of `a.csv`, `b` as number 2, got `c`"),
        ("a\n1\n", "`b.csv` wants the 2 columns of `a.csv`, got 1"),
    ];
    for (second, expect) in refusals {
        assert_eq!(csv(second).unwrap_err().to_string(), expect);
    }
}

const RECIPE: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": {"random": {"valid": 0.25, "test": 0.25}}"#;

#[test]
fn a_column_of_the_recipe_that_is_not_there_is_named_with_its_path() {
    let place = place(&[("a.csv", b"sepal,y,z\n1,a,1\n2,b,2\n3,a,3\n4,b,4\n")]);
    let refusals = [
        (
            r#", "ignore": ["sepel"]}"#,
            "`data.ignore[0]` wants a column of `a.csv`, got `sepel`; did you mean `sepal`?",
        ),
        (r#", "ids": ["z", "k"]}"#, "`data.ids[1]` wants a column of `a.csv`, got `k`; did you mean `y`?"),
        (r#", "fields": {"other": {}}}"#, "`data.fields.other` wants a column of `a.csv`, got `other`"),
        (
            r#", "vectors": {"pixels": "pixel_*"}}"#,
            "`data.vectors.pixels` wants a column of `a.csv`, got `pixel_*`",
        ),
        (r#", "vectors": {"z": "s*"}}"#, "`data.vectors.z` wants a name that no column has, got `z`"),
    ];
    for (rest, expect) in refusals {
        assert_eq!(refusal(&format!("{RECIPE}{rest}"), &place), expect);
    }
    let target = RECIPE.replace("\"y\"", "\"species\"") + "}";
    let error = prepare(&target, &place).err().unwrap();
    assert_eq!(error.to_string(), "`data.target` wants a column of `a.csv`, got `species`");
    assert_eq!((error.fault(), error.path()), (crate::Fault::Recipe, Some("data.target".to_owned())));
}

#[test]
fn a_missing_table_says_where_it_was_looked_for() {
    let mut place = place(&[]);
    place.folders = vec!["/d".into()];
    let recipe = RECIPE.replace("a.csv", "x/a.csv") + "}";
    let error = prepare(&recipe, &place).err().unwrap();
    assert_eq!(
        error.to_string(),
        "could not find `x/a.csv`; looked for `/r/x/a.csv`, `/d/x/a.csv`, `/d/a.csv`"
    );
    assert_eq!(error.fault(), crate::Fault::Disk);
}

/// Random tables, written as RFC 4180 has it.
#[test]
fn cells_are_what_was_written() {
    const PIECES: [&str; 12] = ["a", "7", " ", ",", "\"", "\n", "\r", "\r\n", "é", "단어", "'", "\u{feff}"];
    let lot = baeum_core::Rng::new(5).stream("tables", "");
    let draw = |case: u64, element: u64, bound: usize| {
        lot.below(bound as u32, baeum_core::Counter::step(case).at(element)) as usize
    };
    for case in 0..300 {
        let (rows, columns, line_end) =
            (1 + draw(case, 0, 6), 1 + draw(case, 1, 4), ["\n", "\r\n"][draw(case, 2, 2)]);
        let cell = |row: usize, column: usize| -> String {
            let place = 100 * (1 + row as u64 * 8 + column as u64);
            (0..draw(case, place, 5) as u64)
                .map(|i| PIECES[draw(case, place + 1 + i, PIECES.len())])
                .collect()
        };
        let quoted = |cell: String| {
            let needed = cell.is_empty() || cell.contains([',', '"', '\n', '\r']);
            if needed { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        };
        let line =
            |row: usize| (0..columns).map(|column| quoted(cell(row, column))).collect::<Vec<_>>().join(",");
        let header = (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
        let text = [header].into_iter().chain((0..rows).map(line)).collect::<Vec<_>>().join(line_end);
        let format = CsvFormat { missing: vec!["7".to_owned()], ..CsvFormat::default() };
        let csv =
            tables(vec![("a.csv".to_owned(), text.clone().into())], &format, OnBad::Stop, &Limits::default())
                .unwrap();
        for column in 0..columns {
            let said: Vec<Option<String>> =
                (0..rows).map(|row| Some(cell(row, column)).filter(|cell| cell.trim() != "7")).collect();
            assert_eq!((names(&csv, column), texts(&csv, column)), (said.clone(), said), "{text:?}");
        }
    }
}

/// reliability.md H6: as many columns as the limit allows.
#[test]
fn a_table_may_be_wide() {
    let columns = 100_000;
    let line = |value: &dyn Fn(usize) -> String| (0..columns).map(value).collect::<Vec<_>>().join(",");
    let (header, row) = (line(&|column| format!("p{column}")), line(&|column| (column % 10).to_string()));
    let rows = (0..8).map(|place| format!("{},{row}\n", ["u", "v"][place % 2])).collect::<String>();
    let csv = format!("y,{header}\n{rows}");
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "vectors": {"p": "p*"}, "audit": {"allow": ["rows"]}}"#;
    let limits = Limits { csv_columns: columns as u64 + 1, ..Limits::default() };
    let data = prepare(recipe, &crate::Place { limits, ..place(&[("a.csv", csv.as_bytes())]) }).unwrap();
    assert_eq!(
        data.dataset.source.batch(&[3]).unwrap().inputs["x"].f32s().unwrap()[99_997..],
        [7.0, 8.0, 9.0]
    );
}

/// The eleven situations of csv-spectrum (github.com/max-mapper/csv-spectrum), in words of our own.
#[test]
fn every_way_to_quote_is_read() {
    let check = |text: &str, expect: &[&[&str]]| {
        let csv = written(text.as_bytes(), &CsvFormat { missing: vec![], ..CsvFormat::default() }).unwrap();
        let columns: Vec<Vec<Option<String>>> =
            (0..csv.columns.len()).map(|column| texts(&csv, column)).collect();
        for (row, expect) in expect.iter().enumerate() {
            let cells: Vec<&str> = columns.iter().map(|cells| cells[row].as_deref().unwrap()).collect();
            assert_eq!(cells, *expect, "{text:?}");
        }
        assert_eq!(csv.rows(), expect.len(), "{text:?}");
    };
    for end in ["\n", "\r\n"] {
        let with = |text: &str| text.replace('\n', end);
        check(&with("a,b\n1,2\n"), &[&["1", "2"]]);
        check(&with("a,b\n1,\"\"\n3,4"), &[&["1", ""], &["3", "4"]]);
        check(&with("a,b\n1,2\n\"one \ntwo\",3\n"), &[&["1", "2"], &[&with("one \ntwo"), "3"]]);
        check(&with("a,b\n1,\"he \n\"\"said\"\" \nso\"\n"), &[&["1", &with("he \n\"said\" \nso")]]);
    }
    check("name,city\nAnn,\"Paris, France\"", &[&["Ann", "Paris, France"]]);
    check("a,b\n1,\"say \"\"yes\"\" twice\"\n", &[&["1", "say \"yes\" twice"]]);
    check("key,val\n1,\"{\"\"at\"\": [1.5, 2]}\"\n", &[&["1", "{\"at\": [1.5, 2]}"]]);
    check("a,b\n1,ʤ\n2,배움", &[&["1", "ʤ"], &["2", "배움"]]);
}

/// What a spreadsheet would run is a text like any other; nothing is run, nothing is taken out.
#[test]
fn formulas_are_plain_text() {
    let formulas = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "=HYPERLINK(\"http://x\")", "\t=1"];
    let quoted = |formula: &&str| format!("\"{}\",1\n", formula.replace('"', "\"\""));
    let table = "a,b\n".to_owned() + &formulas.iter().map(quoted).collect::<String>();
    let csv = read(table.as_bytes());
    let texts: Vec<String> = texts(&csv.unwrap(), 0).into_iter().flatten().collect();
    assert_eq!(texts, formulas);
}
