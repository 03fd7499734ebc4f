//! Records to predict from: out of a table, out of an image, out of a command line.

use std::collections::BTreeSet;

use baeum_core::{Field, Kind, Limits, Record, Role, Schema, SchemaError, Value};

use crate::config::OnBad;
use crate::csv::{self, Stored, number, text_of};
use crate::sheet::{Room, Sheet};
use crate::source::{Cell, Raw, last_windows, load};
use crate::{CsvFormat, DataError};

/// The records of a table with the columns of a schema, in any order; `name` is what messages call it.
///
/// Columns of targets, ids and ignored fields may be there or not. An image is the path of its file, a text, which
/// [`read_image`] has to take the place of. Of a series it is the last window that becomes a record,
/// one for each group.
///
/// # Errors
/// [`DataError`] as for training data; [`SchemaError::Unknown`] for a column that the schema does not have,
/// and [`SchemaError::Absent`] for one that the network needs.
pub fn read_csv(
    name: &str,
    bytes: Vec<u8>,
    schema: &Schema,
    format: &CsvFormat,
    limits: &Limits,
) -> Result<Vec<Record>, DataError> {
    let are_words = |field: &&Field| match field.kind {
        Kind::Category | Kind::Labels { .. } | Kind::Text | Kind::Image { .. } => true,
        Kind::Number | Kind::Numbers { .. } | Kind::Series { .. } => false,
    };
    let schema = &with_paths(schema);
    let words = schema.fields.iter().filter(are_words).flat_map(|field| field.columns.clone()).collect();
    let table = Stored::memory(name, bytes);
    let csv = csv::read(&[table], format, OnBad::Stop, &words, (&Room::memory(), limits))?;
    refuse_unknown(&csv, schema)?;
    for field in schema.with_role(Role::Input) {
        if let Kind::Series { steps, .. } = field.kind {
            return last_windows(&csv, schema, field, steps);
        }
    }
    let table = load(&csv, &schema.fields)?;
    let field = |row: usize, (place, field): (usize, &Field)| match field.role {
        Role::Ignored => None,
        Role::Target | Role::Id if !field.columns.iter().any(|column| csv.column(column).is_some()) => None,
        Role::Input | Role::Target | Role::Id => {
            Some(value(&table, row, place).map(|value| (field.name.clone(), value)))
        }
    };
    let record =
        |row: usize| schema.fields.iter().enumerate().filter_map(|named| field(row, named)).collect();
    (0..table.rows()).map(record).collect()
}

/// The same with images as a table has them: paths, in the column of their name.
fn with_paths(schema: &Schema) -> Schema {
    let as_path = |field: &Field| match field.kind {
        Kind::Image { .. } => Field { kind: Kind::Text, columns: vec![field.name.clone()], ..field.clone() },
        Kind::Number
        | Kind::Numbers { .. }
        | Kind::Series { .. }
        | Kind::Category
        | Kind::Labels { .. }
        | Kind::Text => field.clone(),
    };
    Schema { fields: schema.fields.iter().map(as_path).collect() }
}

fn value(table: &dyn Raw, row: usize, field: usize) -> Result<Value, DataError> {
    let cell = table.cell(row, field)?;
    let refuse = |error: baeum_core::TensorError| DataError::Changed {
        wants: "whole images".to_owned(),
        got: error.to_string(),
    };
    cell.into_value().map_err(refuse)
}

/// The pixels of an image file for a field of images; `name` is what messages call the file.
///
/// # Errors
/// [`DataError`] as for training data; [`SchemaError::Kind`] if the field holds no images.
pub fn read_image(name: &str, bytes: &[u8], field: &Field, limits: &Limits) -> Result<Value, DataError> {
    match field.kind {
        Kind::Image { channels, .. } => {
            let image = crate::image::decode(name, bytes, channels, limits)?;
            let refuse =
                |error: baeum_core::TensorError| DataError::file(name, "whole images", error.to_string());
            Cell::Image(image).into_value().map_err(refuse)
        }
        Kind::Number
        | Kind::Numbers { .. }
        | Kind::Series { .. }
        | Kind::Category
        | Kind::Labels { .. }
        | Kind::Text => Err(wrong_kind(field, "an image".to_owned())),
    }
}

/// The text of a file for a field of texts; `name` is what messages call the file, and its encoding is told as for
/// training data. An empty file is a missing text.
///
/// # Errors
/// [`DataError::File`] if it is no text; [`SchemaError::Kind`] if the field holds none.
pub fn read_text(name: &str, bytes: Vec<u8>, field: &Field) -> Result<Value, DataError> {
    match field.kind {
        Kind::Text => {
            let text = text_of(bytes, None);
            let (text, _) = text.map_err(|refusal| DataError::file(name, refusal.wants, refusal.got))?;
            Ok(if text.trim().is_empty() { Value::Missing } else { Value::Text(text) })
        }
        Kind::Number
        | Kind::Numbers { .. }
        | Kind::Series { .. }
        | Kind::Category
        | Kind::Labels { .. }
        | Kind::Image { .. } => Err(wrong_kind(field, "a text".to_owned())),
    }
}

/// A value that a person typed for a field: a number, a name, or numbers with commas between them; the path of an image, as a
/// text.
///
/// # Errors
/// [`SchemaError::Kind`] if the field holds something else.
pub fn read_value(text: &str, field: &Field, format: &CsvFormat) -> Result<Value, DataError> {
    let got = || wrong_kind(field, Value::Text(text.to_owned()).to_string());
    let number = |text: &str| match format.is_missing(text) {
        true => Ok(f64::NAN),
        false => number(text).map_err(|_| got()),
    };
    match field.kind {
        _ if format.is_missing(text) => Ok(Value::Missing),
        Kind::Number => Ok(Value::Number(number(text)?)),
        Kind::Numbers { len } => {
            let numbers = text.split(',').map(number).collect::<Result<Vec<f64>, DataError>>()?;
            if numbers.len() == len { Ok(Value::Numbers(numbers)) } else { Err(got()) }
        }
        Kind::Series { channels, steps } => {
            let numbers = text.split(',').map(number).collect::<Result<Vec<f64>, DataError>>()?;
            if numbers.len() == channels * steps { Ok(Value::Numbers(numbers)) } else { Err(got()) }
        }
        Kind::Category | Kind::Labels { .. } | Kind::Text | Kind::Image { .. } => {
            Ok(Value::Text(text.to_owned()))
        }
    }
}

fn wrong_kind(field: &Field, got: String) -> DataError {
    SchemaError::Kind { field: field.name.clone(), wanted: field.kind.clone(), got }.into()
}

/// Refuses a column that no field is read from.
fn refuse_unknown(csv: &Sheet, schema: &Schema) -> Result<(), DataError> {
    let columns = || schema.fields.iter().flat_map(|field| field.columns.iter().map(String::as_str));
    let known: BTreeSet<&str> = columns().collect();
    match csv.columns.iter().find(|column| !known.contains(column.as_str())) {
        None => Ok(()),
        Some(column) => {
            let near = baeum_core::nearest(column, columns()).map(str::to_owned);
            let known = columns().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(SchemaError::Unknown { field: column.clone(), near, known }.into())
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::testing::{place, prepare};

    fn schema() -> Schema {
        let csv =
            "id,n,c,p1,p2,skip,y\n1,1,red,1,2,z,u\n2,2,blue,3,4,z,v\n3,3,red,5,6,z,u\n4,4,blue,7,8,z,v\n";
        let rows: String =
            (5..30).map(|row| format!("{row},{row},red,1,2,z,{}\n", ["u", "v"][row % 2])).collect();
        let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "ids": ["id"], "ignore": ["skip"], "vectors": {"p": "p*"}}"#;
        prepare(recipe, &place(&[("a.csv", (csv.to_owned() + &rows).as_bytes())])).unwrap().blueprint.schema
    }

    fn read(csv: &str) -> Result<Vec<Record>, DataError> {
        read_csv("b.csv", csv.into(), &schema(), &CsvFormat::default(), &Limits::default())
    }

    #[test]
    fn a_table_becomes_records_whatever_the_order_of_its_columns() {
        let records = read("p2,c,p1,n\n4,green,3,\n,red,1,7\n").unwrap();
        assert_eq!(records[0]["c"], Value::Text("green".to_owned()));
        assert_eq!(records[0]["n"], Value::Missing);
        assert_eq!(records[0]["p"], Value::Numbers(vec![3.0, 4.0]));
        assert!(matches!(&records[1]["p"], Value::Numbers(p) if p[0] == 1.0 && p[1].is_nan()));
        assert_eq!(records[0].keys().collect::<Vec<_>>(), ["c", "n", "p"]);
        let records = read("p2,c,p1,n,y,skip,id\n4,green,3,1,u,s,i\n").unwrap();
        assert_eq!(records[0].keys().collect::<Vec<_>>(), ["c", "id", "n", "p", "y"]);
    }

    #[test]
    fn columns_are_compared_with_the_schema() {
        let check = |csv: &str, expect: &str| assert_eq!(read(csv).unwrap_err().to_string(), expect);
        check(
            "p2,c,p1,m\n1,a,2,3\n",
            "`m` is not a field (did you mean `n`?); the fields are `id`, `n`, `c`, `p1`, `p2`, `skip`, `y`",
        );
        check("p2,c,n\n1,a,2\n", "`p1` is missing; give it a value of kind a number");
        check("p1,p2,n\n1,2,2\n", "`c` is missing; give it a value of kind a name");
        check("p1,p2,n,c\n1,2,x,a\n", "`b.csv` row 1, column `n`: wants a number, got `x`");
    }

    #[test]
    fn a_typed_value_is_read_by_the_kind_of_its_field() {
        let (schema, format) = (schema(), CsvFormat::default());
        let value = |name: &str, text: &str| read_value(text, schema.field(name).unwrap(), &format);
        let check = |name: &str, text: &str, expect: Value| assert_eq!(value(name, text).unwrap(), expect);
        check("n", " 2.5 ", Value::Number(2.5));
        check("n", "NA", Value::Missing);
        check("c", "2.5", Value::Text("2.5".to_owned()));
        check("p", "1, 2", Value::Numbers(vec![1.0, 2.0]));
        assert_eq!(value("n", "five").unwrap_err().to_string(), "`n` wants a number, got the text `five`");
        assert_eq!(value("p", "1").unwrap_err().to_string(), "`p` wants 2 numbers, got the text `1`");
        let error = read_text("a.txt", b"x".to_vec(), schema.field("n").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "`n` wants a number, got a text");
        let error = read_image("a.png", b"", schema.field("n").unwrap(), &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "`n` wants a number, got an image");
    }
}
