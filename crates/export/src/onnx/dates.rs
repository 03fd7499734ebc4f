//! The parts of a moment. The graph takes it as year, month, day, hour and minute, for no operator reads a date; all others
//! are reckoned here, in whole numbers that 32 bits hold.

use std::f64::consts::TAU;

use baeum_core::{DatePart, Field};

use super::builder::{Builder, batch, size};
use super::model::{Attribute, Element};
use super::preprocess::{Flow, Form, cast, refuse};
use super::quantile::Words;
use crate::error::ExportError;

/// Year, month, day, hour, minute.
pub(crate) const NUMBERS: usize = 5;

/// How much longer each month is than the one before it, from February of a common year.
const LONGER: [f64; 11] = [-3.0, 3.0, -1.0, 1.0, -1.0, 1.0, 0.0, -1.0, 1.0, -1.0, 1.0];

/// How many days of a common year each month adds, up to November.
const MONTHS: [f64; 11] = [31.0, 28.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0];

/// Opens the input of a field of moments.
pub(super) fn open<'a>(builder: &mut Builder<'_>, field: &'a Field) -> Flow<'a> {
    let value = builder.name(&field.name);
    builder.input(&value, Element::F32, vec![batch(), size(NUMBERS)]);
    Flow { field: &field.name, value, form: Form::Moment }
}

/// Some parts side by side, those that go round as places on a circle if they are to be.
pub(super) fn parts<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    parts: &[DatePart],
    cyclic: bool,
) -> Result<Flow<'a>, ExportError> {
    if flow.form != Form::Moment || parts.is_empty() {
        return Err(refuse(flow.field, "parts of a moment", flow.form.to_string()));
    }
    let mut words = Words { wish: format!("{}.parts", flow.field), builder };
    let [year, month, day, hour, minute] = std::array::from_fn(|place| words.column(&flow.value, place));
    let mut calendar = Calendar { words, year, month, day, hour, minute };
    let mut columns = vec![];
    for part in parts {
        let (number, turn) = calendar.part(*part)?;
        match turn.filter(|_| cyclic) {
            Some((from, length)) => columns.extend(calendar.circle(&number, from, &length)?),
            None => columns.push(number),
        }
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let Words { wish, builder } = calendar.words;
    let value = builder.add(&wish, "Concat", &columns, &[("axis", Attribute::Int(1))]);
    Ok(Flow { value, form: Form::Row(columns.len()), ..flow })
}

/// The columns of a moment `[batch, 1]`; what is missing is NaN, and so is all that is reckoned from it.
struct Calendar<'a, 'b> {
    words: Words<'a, 'b>,
    year: String,
    month: String,
    day: String,
    hour: String,
    minute: String,
}

impl Calendar<'_, '_> {
    /// A part, and where its circle starts and how long that is, if it goes round.
    fn part(&mut self, part: DatePart) -> Result<(String, Option<(f64, String)>), ExportError> {
        Ok(match part {
            DatePart::Year => (self.year.clone(), None),
            DatePart::Month => (self.month.clone(), Some((1.0, self.words.number(12.0)?))),
            DatePart::Day => (self.day.clone(), Some((1.0, self.length_of_month()?))),
            DatePart::Weekday => (self.weekday()?, Some((0.0, self.words.number(7.0)?))),
            DatePart::Hour => (self.hour.clone(), Some((0.0, self.words.number(24.0)?))),
            DatePart::Minute => (self.minute.clone(), Some((0.0, self.words.number(60.0)?))),
            DatePart::DayOfYear => {
                let leap = self.leap()?;
                let length = self.words.with(&leap, "Add", 365.0)?;
                (self.day_of_year()?, Some((1.0, length)))
            }
        })
    }

    /// Sine and cosine of a place on a circle.
    fn circle(&mut self, number: &str, from: f64, length: &str) -> Result<[String; 2], ExportError> {
        let way = self.words.with(number, "Sub", from)?;
        let share = self.words.add("Div", &[&way, length]);
        let angle = self.words.with(&share, "Mul", TAU)?;
        Ok(["Sin", "Cos"].map(|operator| self.words.add(operator, &[&angle])))
    }

    /// How many times so many years lie in the years up to `before` more than this one.
    fn times(&mut self, years: f64, before: f64) -> Result<String, ExportError> {
        let year = self.words.with(&self.year.clone(), "Add", before)?;
        let times = self.words.with(&year, "Div", years)?;
        Ok(self.words.add("Floor", &[&times]))
    }

    /// 1 in a leap year, 0 in any other.
    fn leap(&mut self) -> Result<String, ExportError> {
        let mut divides = |years: f64| -> Result<String, ExportError> {
            let times = self.times(years, 0.0)?;
            let whole = self.words.with(&times, "Mul", years)?;
            let is_whole = self.words.add("Equal", &[&whole, &self.year]);
            Ok(cast(self.words.builder, &self.words.wish, &is_whole, Element::F32))
        };
        let [by_4, by_100, by_400] = [divides(4.0)?, divides(100.0)?, divides(400.0)?];
        let leap = self.words.add("Sub", &[&by_4, &by_100]);
        Ok(self.words.add("Add", &[&leap, &by_400]))
    }

    /// The sum of one number for each month that is over, from January to November.
    fn over_months(&mut self, numbers: &[f64; 11]) -> Result<String, ExportError> {
        let ends: Vec<f64> = (1..=11).map(f64::from).collect();
        let ends = self.words.builder.numbers(&self.words.wish, vec![11], &ends)?;
        let over = self.words.add("Greater", &[&self.month, &ends]); // [batch, 11]
        let over = cast(self.words.builder, &self.words.wish, &over, Element::F32);
        let numbers = self.words.builder.numbers(&self.words.wish, vec![11, 1], numbers)?;
        Ok(self.words.add("MatMul", &[&over, &numbers])) // [batch, 1]
    }

    /// 1 behind the end of a month, else 0.
    fn behind(&mut self, month: f64) -> Result<String, ExportError> {
        let behind = self.words.with(&self.month.clone(), "Greater", month)?;
        Ok(cast(self.words.builder, &self.words.wish, &behind, Element::F32))
    }

    fn length_of_month(&mut self) -> Result<String, ExportError> {
        let longer = self.over_months(&LONGER)?;
        let common = self.words.with(&longer, "Add", 31.0)?;
        let [january, february] = [self.behind(1.0)?, self.behind(2.0)?];
        let is_february = self.words.add("Sub", &[&january, &february]);
        let leap = self.leap()?;
        let more = self.words.add("Mul", &[&is_february, &leap]);
        Ok(self.words.add("Add", &[&common, &more]))
    }

    fn day_of_year(&mut self) -> Result<String, ExportError> {
        let before = self.over_months(&MONTHS)?;
        let (february, leap) = (self.behind(2.0)?, self.leap()?);
        let more = self.words.add("Mul", &[&february, &leap]);
        let before = self.words.add("Add", &[&before, &more]);
        Ok(self.words.add("Add", &[&before, &self.day]))
    }

    /// 0 is Monday, as the first of January of the year 0 was a Saturday: a year moves it by one, a leap year by one more.
    fn weekday(&mut self) -> Result<String, ExportError> {
        let [by_4, by_100, by_400] =
            [self.times(4.0, 3.0)?, self.times(100.0, 99.0)?, self.times(400.0, 399.0)?];
        let leaps = self.words.add("Sub", &[&by_4, &by_100]);
        let leaps = self.words.add("Add", &[&leaps, &by_400]);
        let years = self.words.add("Add", &[&self.year, &leaps]);
        let day = self.day_of_year()?;
        let days = self.words.add("Add", &[&years, &day]);
        let days = self.words.with(&days, "Add", 4.0)?;
        let weeks = self.words.with(&days, "Div", 7.0)?;
        let weeks = self.words.add("Floor", &[&weeks]);
        let whole = self.words.with(&weeks, "Mul", 7.0)?;
        Ok(self.words.add("Sub", &[&days, &whole]))
    }
}
