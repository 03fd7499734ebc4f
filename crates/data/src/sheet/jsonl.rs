//! JSON lines: one object a line, its keys the columns.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use baeum_core::fs::FsError;
use baeum_core::{Limit, Limits};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::lines::Lines;
use super::{Absent, Cells, Long, Room, Sheet, Words};
use crate::DataError;
use crate::config::OnBad;
use crate::csv::{FileRows, Stored};
use crate::error::quoted;
use crate::plan::Lists;
use crate::profile::Repair;

/// Reads one file line by line; a key that a row lacks is missing there. Texts of the columns `lists` may come as a list.
///
/// # Errors
/// [`DataError`] names the row that is no object of plain values, or has another kind of value than the rows before.
pub(super) fn read(
    stored: &Stored<'_>,
    (absent, lists): (&Absent<'_>, &[Lists]),
    on_bad: OnBad,
    (room, limits): (&Room, &Limits),
) -> Result<Sheet, DataError> {
    let name = &stored.name;
    let mut lines = Lines::new(name, stored.unpacked(limits)?, limits);
    let (mut growing, mut skipped, mut blank) = (Growing::default(), vec![], 0);
    let mut add = |row: usize, line: &str| -> Result<(), DataError> {
        let object = object(name, row, line).and_then(|object| object.joined(lists, name, row));
        let object = object.map(|object| object.without(absent));
        match object.and_then(|object| growing.fits(name, row, &object).map(|()| object)) {
            Ok(object) => growing.push(object, room)?,
            Err(error) if on_bad == OnBad::Skip => skipped.push((row, error.to_string())),
            Err(error) => return Err(error),
        }
        Ok(())
    };
    while let Some((row, line)) = lines.next()? {
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        // Blank lines at the end are none; in front of others they are rows without an object.
        (row - blank..row).try_for_each(|row| add(row, ""))?;
        blank = 0;
        add(row, line)?;
    }
    limits.admit(Limit::CsvColumns, format_args!("`{name}`"), growing.columns.len() as u64)?;
    match growing.rows {
        0 => Err(DataError::file(name, "rows", "none")),
        _ => growing.sheet(name.clone(), (skipped, blank), room),
    }
}

/// A value that a cell can be.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Missing,
    Number(f64),
    Word(String),
    List(Vec<String>),
}

/// The keys and values of a line, in its order.
struct Object(Vec<(String, Plain)>);

impl Object {
    /// The same with each list as one text.
    fn joined(mut self, lists: &[Lists], file: &str, row: usize) -> Result<Object, DataError> {
        for (key, value) in &mut self.0 {
            let Plain::List(texts) = value else { continue };
            let Some(Lists { separator, .. }) = lists.iter().find(|lists| lists.column == *key) else {
                let (wants, got) = ("an object of plain values".to_owned(), "a list inside".to_owned());
                return Err(DataError::Row { file: file.to_owned(), row, wants, got });
            };
            if let Some(text) = texts.iter().find(|text| text.contains(separator)) {
                let (column, wants) = (key.clone(), "labels without the `separator` in them");
                return Err(DataError::Cell { file: file.to_owned(), row, column, wants, got: quoted(text) });
            }
            *value = Plain::Word(texts.join(separator));
        }
        Ok(self)
    }

    /// The same without what says that nothing is there.
    fn without(mut self, absent: &Absent<'_>) -> Object {
        for (key, value) in &mut self.0 {
            let is_none = match &*value {
                Plain::Word(word) => absent.is_word(key, word),
                Plain::Number(number) => absent.is_number(*number),
                Plain::Missing | Plain::List(_) => false,
            };
            if is_none {
                *value = Plain::Missing;
            }
        }
        self
    }
}

fn object(file: &str, row: usize, line: &str) -> Result<Object, DataError> {
    serde_json::from_str(line).map_err(|error| {
        let said = error.to_string();
        let got = said.split(" at line ").next().unwrap_or_default().to_owned();
        DataError::Row { file: file.to_owned(), row, wants: "an object of plain values".to_owned(), got }
    })
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// A key that stands twice would be dropped silently otherwise.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut object: Vec<(String, Plain)> = vec![];
        while let Some(entry) = map.next_entry()? {
            object.push(entry);
        }
        let mut keys: Vec<&str> = object.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(A::Error::custom(format_args!("{} twice", quoted(pair[0])))),
            None => Ok(Object(object)),
        }
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain, D::Error> {
        deserializer.deserialize_any(PlainValue)
    }
}

struct PlainValue;

impl<'de> Visitor<'de> for PlainValue {
    type Value = Plain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, true, false or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Plain, E> {
        Ok(Plain::Missing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Plain, E> {
        Ok(Plain::Word(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Plain, E> {
        Ok(Plain::Number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Plain, E> {
        match value.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS {
            true => Ok(Plain::Number(value as f64)),
            false => Err(E::custom(format_args!("{value}, which no f64 holds; write it as a text"))),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Plain, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::custom(format_args!("{value}, which no f64 holds; write it as a text"))),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Plain, E> {
        Ok(Plain::Word(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Plain, A::Error> {
        let mut texts = vec![];
        while let Some(value) = list.next_element()? {
            let Plain::Word(text) = value else { return Err(A::Error::custom("a list inside")) };
            texts.push(text);
        }
        Ok(Plain::List(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Plain, A::Error> {
        Err(A::Error::custom("an object inside"))
    }
}

/// Columns as far as they were read.
#[derive(Default)]
struct Growing {
    columns: Vec<String>,
    places: BTreeMap<String, usize>,
    cells: Vec<Column>,
    rows: usize,
}

/// One column; nothing is known of it before its first value.
enum Column {
    Unknown,
    Numbers(Long<f64>),
    Words(Words),
}

impl Growing {
    /// Refuses a value of another kind than those before it.
    fn fits(&self, file: &str, row: usize, object: &Object) -> Result<(), DataError> {
        for (key, value) in &object.0 {
            let column = self.places.get(key).and_then(|place| self.cells.get(*place));
            let (wants, got) = match (column, value) {
                (Some(Column::Numbers(_)), Plain::Word(word)) => {
                    ("a number, as in the rows before", quoted(word))
                }
                (Some(Column::Words(_)), Plain::Number(number)) => {
                    ("a text, as in the rows before", number.to_string())
                }
                (None | Some(Column::Unknown | Column::Numbers(_) | Column::Words(_)), Plain::Missing)
                | (None | Some(Column::Unknown), Plain::Number(_) | Plain::Word(_))
                | (Some(Column::Numbers(_)), Plain::Number(_))
                | (Some(Column::Words(_)), Plain::Word(_))
                | (_, Plain::List(_)) => continue,
            };
            return Err(DataError::Cell { file: file.to_owned(), row, column: key.clone(), wants, got });
        }
        Ok(())
    }

    fn push(&mut self, object: Object, room: &Room) -> Result<(), FsError> {
        for (key, value) in object.0 {
            let place = *self.places.entry(key.clone()).or_insert_with(|| {
                self.columns.push(key);
                self.cells.push(Column::Unknown);
                self.cells.len() - 1
            });
            self.cells[place].push(self.rows, value, room)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn sheet(
        self,
        name: String,
        (skipped, blank): (Vec<(usize, String)>, usize),
        room: &Room,
    ) -> Result<Sheet, DataError> {
        let file = name.clone();
        let blank = (blank > 0).then_some(Repair::BlankEnd { file, count: blank });
        let whole = |column: Column| Ok(Arc::new(column.whole(self.rows, room)?));
        let cells = self.cells.into_iter().map(whole).collect::<Result<_, FsError>>()?;
        let file = FileRows::new(name, self.rows, skipped.iter().map(|(row, _)| *row).collect());
        let mut sheet = Sheet::new(self.columns, cells, file, blank.into_iter().collect(), room);
        sheet.left_out = skipped.into_iter().map(|(row, reason)| ((0, row), reason)).collect();
        Ok(sheet)
    }
}

impl Column {
    /// Adds the value of a row; the rows before it that had none are missing.
    fn push(&mut self, row: usize, value: Plain, room: &Room) -> Result<(), FsError> {
        if let (Column::Unknown, Plain::Number(_)) = (&*self, &value) {
            *self = Column::Numbers(Long::default());
        }
        if let (Column::Unknown, Plain::Word(_)) = (&*self, &value) {
            *self = Column::Words(Words::default());
        }
        self.fill(row, room)?;
        match (self, value) {
            (Column::Numbers(numbers), Plain::Number(number)) => numbers.extend(&[number], room)?,
            (Column::Words(words), Plain::Word(word)) => words.push(Some(&word), room)?,
            // Missing values are filled in when the next one comes; others were refused.
            (
                Column::Unknown | Column::Numbers(_) | Column::Words(_),
                Plain::Missing | Plain::Number(_) | Plain::Word(_) | Plain::List(_),
            ) => {}
        }
        Ok(())
    }

    /// Makes the column so long.
    fn fill(&mut self, rows: usize, room: &Room) -> Result<(), FsError> {
        match self {
            Column::Unknown => Ok(()),
            Column::Numbers(numbers) => numbers.extend(&vec![f64::NAN; rows - numbers.len()], room),
            Column::Words(words) => (words.len()..rows).try_for_each(|_| words.push(None, room)),
        }
    }

    fn whole(mut self, rows: usize, room: &Room) -> Result<Cells, FsError> {
        self.fill(rows, room)?;
        match self {
            Column::Unknown => Ok(Cells::Numbers(Long::from(vec![f64::NAN; rows]))),
            Column::Numbers(numbers) => Ok(Cells::Numbers(numbers)),
            Column::Words(words) => words.cells(room),
        }
    }
}
