//! csv-spectrum: tables in every way that RFC 4180 leaves open, and what they say, as others wrote it down.
use std::fs;

use baeum::data::CsvFormat;
use baeum::data::records::read_csv;
use baeum::{Field, Kind, Limits, Role, Schema, Value as Cell};
use baeum_tests::public;
use serde_json::{Map, Value};

/// The columns of all rows, each a text.
fn schema(rows: &[Map<String, Value>]) -> Schema {
    let field = |name: &String| Field {
        name: name.clone(),
        kind: Kind::Category,
        role: Role::Input,
        columns: vec![name.clone()],
        labels: vec![],
        range: None,
    };
    Schema { fields: rows[0].keys().map(field).collect() }
}

#[test]
fn all_tables_of_csv_spectrum_say_what_they_should() {
    let Some(folder) = public("text-robustness") else { return };
    let folder = folder.join("csv-spectrum");
    let mut read = 0;
    for entry in fs::read_dir(folder.join("csvs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let table = fs::read(&path).unwrap();
        // Copies of the set have lost the CR of their line ends; with them, the unit tests of `csv` read the same table.
        let ends = |text: &str| if table.contains(&b'\r') { text.to_owned() } else { text.replace('\r', "") };
        let wanted = fs::read(folder.join(format!("json/{name}.json"))).unwrap();
        let wanted: Vec<Map<String, Value>> = serde_json::from_slice(&wanted).unwrap();
        let format = CsvFormat::default();
        let records = read_csv(&name, table.clone(), &schema(&wanted), &format, &Limits::default()).unwrap();
        assert_eq!(records.len(), wanted.len(), "{name}");
        for (record, wanted) in records.iter().zip(&wanted) {
            for (column, wanted) in wanted {
                let text = ends(wanted.as_str().unwrap());
                let expect = if text.is_empty() { Cell::Missing } else { Cell::Text(text) };
                assert_eq!(record[column], expect, "{name}, {column}");
            }
        }
        read += 1;
    }
    assert_eq!(read, 11);
}
