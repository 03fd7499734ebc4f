//! Tables as pandas and pyarrow write them: read here with the same values, and the same ones missing.
use std::fs;
use std::sync::Arc;

use baeum::data::{DataConfig, Place, prepare};
use baeum::fs::RealFs;
use baeum::{Dataset, Value as Cell};
use baeum_tests::Scratch;
use serde_json::{Value, json};

use super::python;

fn read(folder: &Scratch, source: &Value) -> Dataset {
    let config: DataConfig = serde_json::from_value(json!({
        "source": source,
        "target": "y",
        "fields": { "word": { "kind": "category" }, "size": { "steps": ["impute"] } },
        "audit": { "allow": ["rows"] },
    }))
    .unwrap();
    let (base, limits) = (folder.path().to_owned(), baeum::Limits::default());
    let place = Place {
        fs: Arc::new(RealFs),
        base,
        folders: vec![],
        limits,
        seed: 1,
        progress: Default::default(),
        cache: None,
    };
    prepare(&config.check().unwrap(), &place).unwrap().dataset
}

fn written(cell: &Cell) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Number(number) => json!(number),
        Cell::Text(text) => json!(text),
        Cell::Numbers(_) | Cell::Image(_) => panic!("{cell}"),
    }
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pandas_reads_the_same_tables() {
    let folder = Scratch::new("tables");
    python("BAEUM_PYTHON", "tables_write.py", folder.path());
    let mut cases: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|end| end == "json"));
    for path in cases {
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let data = read(&folder, &case["source"]);
        let columns: Vec<&String> = data.schema.fields.iter().map(|field| &field.name).collect();
        let records: Vec<_> = (0..data.source.len()).map(|row| data.source.record(row).unwrap()).collect();
        let values =
            |name: &&String| records.iter().map(|record| written(&record[*name])).collect::<Vec<_>>();
        let values: Vec<Vec<Value>> = columns.iter().map(values).collect();
        let found =
            json!({ "name": case["name"], "source": case["source"], "columns": columns, "values": values });
        folder.put(&format!("{}.found.json", case["name"].as_str().unwrap()), found.to_string());
    }
    python("BAEUM_PYTHON", "tables.py", folder.path());
}
