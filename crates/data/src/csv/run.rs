//! The cells of a run of records, column by column, each in the shortest form that they allow.

use std::borrow::Cow;
use std::ops::Range;

use super::split::{self, Records};
use super::{CsvFormat, Dialect, number};
use crate::hash::Places;
use crate::sheet::{MOST_FEW, NOTHING, Texts};
use crate::split::sample_id;

/// How the cells of all columns are written.
#[derive(Debug)]
pub(super) struct Formats {
    usual: CsvFormat,
    /// How the cells of lists are.
    of_lists: CsvFormat,
    /// The places of the columns of lists.
    lists: Vec<usize>,
}

impl Formats {
    pub(super) fn of(format: &CsvFormat, columns: &[String]) -> Formats {
        let is_list = |place: &usize| format.lists.contains(&columns[*place]);
        let lists = (0..columns.len()).filter(is_list).collect();
        Formats { usual: format.clone(), of_lists: format.of_lists(), lists }
    }

    fn column(&self, place: usize) -> &CsvFormat {
        if self.lists.contains(&place) { &self.of_lists } else { &self.usual }
    }
}

/// The form in which a column begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing is known of it.
    Open,
    /// Its text is wanted, whatever it says.
    Words,
    /// It was found to be long: numbers.
    Numbers,
    /// It was found to be long: texts.
    Texts,
}

/// The cells of one column in a run of records.
#[derive(Debug)]
pub(super) enum Cells<'a> {
    /// Few different texts, and the place of each row's among them.
    Few(Few<'a>),
    /// Numbers; NaN where nothing is.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Texts),
    /// One of them is no number although those before were, and their text is gone.
    Spoiled,
}

/// Different texts with their places.
#[derive(Debug, Default)]
pub(super) struct Few<'a> {
    /// What the cells say, without quotes.
    pub(super) values: Vec<Cow<'a, str>>,
    pub(super) rows: Vec<u16>,
    /// The cell before, and its place: more often than not it comes again.
    last: Option<(&'a str, u16)>,
    /// Places by how a cell is written, and by what it says.
    written: Places<&'a str, u16>,
    said: Places<Cow<'a, str>, u16>,
    keeps_text: bool,
}

/// A run of records.
#[derive(Debug, Default)]
pub(super) struct Run<'a> {
    /// A number for each that depends on what it says alone: the first 64 bits of BLAKE3 (engine.md section 7).
    pub(super) ids: Vec<u64>,
    pub(super) columns: Vec<Cells<'a>>,
    /// How many blank lines stand behind them.
    pub(super) blank_end: usize,
}

impl<'a> Run<'a> {
    fn new(forms: &[Form]) -> Run<'a> {
        Run { ids: vec![], columns: forms.iter().map(|form| Cells::new(*form)).collect(), blank_end: 0 }
    }

    /// The records of a text; none if one is out of the ordinary.
    pub(super) fn of(
        mut records: Records<'a>,
        dialect: Dialect,
        formats: &Formats,
        forms: &[Form],
    ) -> Option<Run<'a>> {
        let (mut run, mut fields) = (Run::new(forms), vec![]);
        while let Some(place) = records.next(&mut fields).ok()? {
            run.push(records.text(place), &fields, dialect, formats);
        }
        run.blank_end = records.blank_end();
        Some(run)
    }

    /// These records of a text, which were found to be ones before.
    pub(super) fn of_rows(
        text: &'a str,
        rows: &[Range<usize>],
        dialect: Dialect,
        formats: &Formats,
        forms: &[Form],
    ) -> Run<'a> {
        let (mut run, mut fields) = (Run::new(forms), vec![]);
        for row in rows {
            let record = &text[row.clone()];
            split::fields(record, dialect, &mut fields);
            run.push(record, &fields, dialect, formats);
        }
        run
    }

    fn push(&mut self, record: &str, fields: &[&'a str], dialect: Dialect, formats: &Formats) {
        let bare = record.strip_suffix('\n').unwrap_or(record);
        self.ids.push(sample_id(bare.strip_suffix('\r').unwrap_or(bare).as_bytes()));
        for (place, (cells, field)) in self.columns.iter_mut().zip(fields).enumerate() {
            cells.push(field, dialect, formats.column(place));
        }
    }
}

impl<'a> Cells<'a> {
    fn new(form: Form) -> Cells<'a> {
        match form {
            Form::Open => Cells::Few(Few::default()),
            Form::Words => Cells::Few(Few { keeps_text: true, ..Few::default() }),
            Form::Numbers => Cells::Numbers(vec![]),
            Form::Texts => Cells::Texts(Texts::default()),
        }
    }

    fn push(&mut self, field: &'a str, dialect: Dialect, format: &CsvFormat) {
        match self {
            Cells::Few(few) => {
                if !few.push(field, dialect, format) {
                    *self = few.widened();
                    self.push(field, dialect, format);
                }
            }
            Cells::Numbers(numbers) => match read(&said(field, dialect, format), format) {
                Some(number) => numbers.push(number),
                None => *self = Cells::Spoiled,
            },
            Cells::Texts(texts) => {
                let said = said(field, dialect, format);
                texts.push((!format.is_missing(&said)).then_some(&said));
            }
            Cells::Spoiled => {}
        }
    }
}

impl<'a> Few<'a> {
    /// Whether a cell found its place; there is none for it if there are too many.
    fn push(&mut self, field: &'a str, dialect: Dialect, format: &CsvFormat) -> bool {
        let known = self.last.filter(|(last, _)| *last == field).map(|(_, place)| place);
        let known = known.or_else(|| self.written.get(field).copied());
        let Some(place) = known.or_else(|| self.place(field, dialect, format)) else { return false };
        self.last = Some((field, place));
        self.rows.push(place);
        true
    }

    /// The place of a cell that is written as none before it.
    fn place(&mut self, field: &'a str, dialect: Dialect, format: &CsvFormat) -> Option<u16> {
        let said = said(field, dialect, format);
        let next = self.values.len() as u16;
        let place = match self.said.get(&said) {
            _ if format.is_missing(&said) => NOTHING,
            Some(place) => *place,
            None if self.values.len() < MOST_FEW => {
                self.values.push(said.clone());
                self.said.insert(said, next);
                next
            }
            None => return None,
        };
        self.written.insert(field, place);
        Some(place)
    }

    /// The same cells as numbers, if they are all and nobody wants their text; else as texts.
    fn widened(&self) -> Cells<'a> {
        let numbers: Option<Vec<f64>> = self.values.iter().map(|value| number(value).ok()).collect();
        let value = |place: &u16| usize::from(*place);
        match numbers.filter(|_| !self.keeps_text) {
            Some(numbers) => {
                let number = |place| numbers.get(value(place)).copied().unwrap_or(f64::NAN);
                Cells::Numbers(self.rows.iter().map(number).collect())
            }
            None => {
                let mut texts = Texts::default();
                self.rows
                    .iter()
                    .for_each(|place| texts.push(self.values.get(value(place)).map(|text| &**text)));
                Cells::Texts(texts)
            }
        }
    }
}

/// What a field says, without its quotes.
fn said<'a>(field: &'a str, dialect: Dialect, format: &CsvFormat) -> Cow<'a, str> {
    match dialect.unquote(field) {
        Cow::Borrowed(cell) => Cow::Borrowed(format.said(cell)),
        Cow::Owned(cell) => Cow::Owned(format.said(&cell).to_owned()),
    }
}

/// A cell as a number; NaN if nothing is there, none if it is something else.
pub(super) fn read(cell: &str, format: &CsvFormat) -> Option<f64> {
    if format.is_missing(cell) { Some(f64::NAN) } else { number(cell).ok() }
}
