//! Every table of the public sets: pandas reads the same values, and the same ones are missing.
use std::fs;
use std::path::PathBuf;

use baeum::data::records::read_csv;
use baeum::data::{CsvConfig, CsvFormat, DataConfig};
use baeum::{Field, Kind, Limits, Role, Schema, Value as Cell};
use baeum_tests::{Scratch, public, unpack};
use serde_json::{Value, json};

use super::python;

/// A table, and how it is written where that is not the usual way.
struct Table {
    path: PathBuf,
    said: CsvConfig,
}

/// Tables with a header and commas.
const PLAIN: [&str; 18] = [
    "penguins/penguins.csv",
    "penguins/penguins_raw.csv",
    "ett/ETTh1.csv",
    "small-series/airline-passengers.csv",
    "small-series/daily-min-temperatures.csv",
    "small-series/monthly-sunspots.csv",
    "sklearn-bundled/iris.csv",
    "text-robustness/csv-spectrum/csvs/comma_in_quotes.csv",
    "text-robustness/csv-spectrum/csvs/empty.csv",
    "text-robustness/csv-spectrum/csvs/empty_crlf.csv",
    "text-robustness/csv-spectrum/csvs/escaped_quotes.csv",
    "text-robustness/csv-spectrum/csvs/json.csv",
    "text-robustness/csv-spectrum/csvs/newlines.csv",
    "text-robustness/csv-spectrum/csvs/newlines_crlf.csv",
    "text-robustness/csv-spectrum/csvs/quotes_and_newlines.csv",
    "text-robustness/csv-spectrum/csvs/simple.csv",
    "text-robustness/csv-spectrum/csvs/simple_crlf.csv",
    "text-robustness/csv-spectrum/csvs/utf8.csv",
];

/// Tables whose first line is no header: it says how many rows, columns and classes there are.
const COUNTED: [&str; 2] = ["sklearn-bundled/breast_cancer.csv", "sklearn-bundled/wine_data.csv"];

/// All of them that are here. Those of archives are unpacked, and those with a first line of counts written without it, into
/// folders of their own.
fn tables() -> (Vec<Table>, Vec<Scratch>) {
    let bare = || CsvConfig { header: false, ..CsvConfig::default() };
    let tabs = |header, quote: &str| CsvConfig {
        header,
        delimiter: Some("\t".to_owned()),
        quote: quote.to_owned(),
        ..CsvConfig::default()
    };
    let mut said: Vec<(&str, CsvConfig)> = PLAIN.map(|name| (name, CsvConfig::default())).into();
    said.extend(
        ["adult/adult-train.csv", "adult/adult-test.csv"]
            .map(|name| (name, CsvConfig { trim: true, ..bare() })),
    );
    said.extend(["sst2/train.tsv", "sst2/dev.tsv", "sst2/test.tsv"].map(|name| (name, tabs(false, ""))));
    said.extend(["nsmc/ratings_train.txt.gz", "nsmc/ratings_test.txt.gz"].map(|name| (name, tabs(true, ""))));
    said.extend(
        ["sklearn-bundled/digits.csv.gz", "sklearn-bundled/diabetes_target.csv.gz"]
            .map(|name| (name, bare())),
    );
    let spaces = CsvConfig { delimiter: Some(" ".to_owned()), ..bare() };
    said.push(("sklearn-bundled/diabetes_data_raw.csv.gz", spaces));
    let at_hand = |(name, said): (&str, CsvConfig)| {
        let (set, file) = name.split_once('/').unwrap();
        Some(Table { path: public(set)?.join(file), said })
    };
    let mut tables: Vec<Table> = said.into_iter().filter_map(at_hand).collect();
    let houses = public("california-housing").map(|folder| unpack(&folder.join("housing.tgz")));
    let house =
        |unpacked: &Scratch| Table { path: unpacked.path().join("housing.csv"), said: CsvConfig::default() };
    tables.extend(houses.iter().map(house));
    let bare_rows = Scratch::new("counted");
    for Table { path, said } in COUNTED.into_iter().filter_map(|name| at_hand((name, bare()))) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        bare_rows.put(&name, text.split_once('\n').unwrap().1);
        tables.push(Table { path: bare_rows.path().join(name), said });
    }
    (tables, houses.into_iter().chain([bare_rows]).collect())
}

fn schema(found: &Value) -> Schema {
    let kinds = found["numbers"].as_array().unwrap().iter();
    let kinds = kinds.map(|is_number| if is_number == true { Kind::Number } else { Kind::Category });
    let field = |(name, kind): (&Value, Kind)| {
        let name = name.as_str().unwrap().to_owned();
        Field { columns: vec![name.clone()], name, kind, role: Role::Input, labels: vec![], range: None }
    };
    Schema { fields: found["columns"].as_array().unwrap().iter().zip(kinds).map(field).collect() }
}

/// How the stage reads such a table.
fn format(said: &CsvConfig) -> CsvFormat {
    let mut csv = json!(said);
    csv["path"] = json!("table.csv");
    let config: DataConfig =
        serde_json::from_value(json!({ "source": { "csv": csv }, "target": "y" })).unwrap();
    config.check().unwrap().csv_format()
}

fn same(ours: &Cell, theirs: &Value) -> bool {
    match ours {
        Cell::Missing => theirs.is_null(),
        Cell::Number(number) => theirs.as_f64() == Some(*number),
        Cell::Text(text) => theirs.as_str() == Some(text) || theirs.to_string().eq_ignore_ascii_case(text),
        Cell::Numbers(_) | Cell::Image(_) => false,
    }
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pandas_reads_the_published_tables_alike() {
    let (tables, _unpacked) = tables();
    if tables.is_empty() {
        return;
    }
    let folder = Scratch::new("published");
    let said = |(place, Table { path, said }): (usize, &Table)| {
        let delimiter = said.delimiter.clone().unwrap_or_else(|| ",".to_owned());
        json!({ "name": place.to_string(), "path": path, "delimiter": delimiter, "header": said.header,
                "quote": said.quote, "trim": said.trim })
    };
    let files: Vec<Value> = tables.iter().enumerate().map(said).collect();
    folder.put("files.json", Value::from(files).to_string());
    python("BAEUM_PYTHON", "tables_public.py", folder.path());
    for (place, Table { path, said }) in tables.iter().enumerate() {
        let found: Value =
            serde_json::from_slice(&fs::read(folder.path().join(format!("{place}.json"))).unwrap()).unwrap();
        let (schema, format) = (schema(&found), format(said));
        let name = path.file_name().unwrap().to_string_lossy();
        let records = read_csv(&name, fs::read(path).unwrap(), &schema, &format, &Limits::default()).unwrap();
        for (column, field) in schema.fields.iter().enumerate() {
            let theirs = found["values"][column].as_array().unwrap();
            assert_eq!(theirs.len(), records.len(), "{name}");
            for (row, (record, theirs)) in records.iter().zip(theirs).enumerate() {
                let ours = &record[&field.name];
                assert!(same(ours, theirs), "{name} row {row}, {}: {ours} is not {theirs}", field.name);
            }
        }
    }
}
