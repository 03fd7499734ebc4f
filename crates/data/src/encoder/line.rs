use std::collections::BTreeMap;

use baeum_core::{Filter, Kind, Transform};

use crate::image::resize;
use crate::source::{Cell, Pixels};

/// The way of one field to its numbers, ready to be walked row by row.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    field: usize,
    width: usize,
    start: Start,
    rest: Vec<Arithmetic>,
}

/// The first step: from what was read to numbers.
#[derive(Clone, Debug)]
enum Start {
    Number,
    Numbers,
    /// A name to its place, or to a row of zeros and a one.
    Name {
        places: BTreeMap<String, usize>,
        one_hot: bool,
    },
    Image {
        channels: usize,
        resize: Option<(usize, usize, Filter)>,
    },
}

/// A step from numbers to as many numbers.
#[derive(Clone, Debug)]
enum Arithmetic {
    Scale {
        factor: f32,
        offset: f32,
    },
    /// As many pairs as divide the numbers into equal runs: one, one a channel, or one each.
    Standardise {
        mean: Vec<f32>,
        std: Vec<f32>,
    },
    Impute {
        value: Vec<f32>,
    },
}

/// A value, or a step, that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) wants: &'static str,
    pub(crate) got: String,
}

fn wrong<T>(wants: &'static str, got: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { wants, got: got.into() })
}

impl Line {
    /// The way of the field at a place of the schema; that the steps fit each other was checked before.
    pub(crate) fn new(field: usize, kind: &Kind, steps: &[Transform], width: usize) -> Result<Line, Wrong> {
        let mut start = match kind {
            Kind::Number => Start::Number,
            Kind::Numbers { .. } => Start::Numbers,
            Kind::Category | Kind::Text => Start::Name { places: BTreeMap::new(), one_hot: false },
            Kind::Image { channels, .. } => Start::Image { channels: *channels, resize: None },
        };
        let mut rest = vec![];
        for step in steps {
            match (step, &mut start) {
                (Transform::Resize { height, width, filter }, Start::Image { resize, .. }) => {
                    *resize = Some((*height, *width, *filter));
                }
                (Transform::Category { labels }, Start::Name { places, .. }) => {
                    *places = labels.iter().cloned().zip(1..).collect();
                }
                (Transform::OneHot { size }, Start::Name { places, one_hot }) => {
                    if *size != places.len() + 1 {
                        return wrong("one number for each label and one more", size.to_string());
                    }
                    *one_hot = true;
                }
                (Transform::Scale { factor, offset }, _) => {
                    rest.push(Arithmetic::Scale { factor: *factor as f32, offset: *offset as f32 });
                }
                (Transform::Standardise { mean, std }, _) => rest.push(standardise(mean, std, width)?),
                (Transform::Impute { value }, _) => {
                    divides(value.len(), width)?;
                    rest.push(Arithmetic::Impute { value: floats(value) });
                }
                (Transform::Resize { .. } | Transform::Category { .. } | Transform::OneHot { .. }, _) => {
                    return wrong("steps that fit the field", step.name());
                }
            }
        }
        Ok(Line { field, width, start, rest })
    }

    /// The place of the field in the schema.
    pub(crate) fn field(&self) -> usize {
        self.field
    }

    /// How many numbers come out.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Writes the numbers of one value; a missing one that no step fills in is NaN.
    pub(crate) fn encode(&self, cell: &Cell<'_>, out: &mut [f32]) -> Result<(), Wrong> {
        self.start.write(cell, out)?;
        self.rest.iter().for_each(|step| step.apply(out));
        Ok(())
    }

    /// Refuses a value that is no number on arrival.
    pub(crate) fn refuse_infinite(&self, cell: &Cell<'_>, out: &[f32]) -> Result<(), Wrong> {
        if out.iter().all(|number| number.is_finite()) {
            return Ok(());
        }
        let is_missing = match cell {
            Cell::Missing => true,
            Cell::Numbers(numbers) => numbers.iter().any(|number| number.is_nan()),
            Cell::Number(_) | Cell::Name(_) | Cell::Image(_) => false,
        };
        match is_missing {
            true => wrong("a number", "nothing; put `impute` among its steps"),
            false => wrong("a number that 32 bits can hold", cell.shown()),
        }
    }
}

impl Start {
    fn write(&self, cell: &Cell<'_>, out: &mut [f32]) -> Result<(), Wrong> {
        match (self, cell) {
            (Start::Number | Start::Numbers, Cell::Missing) => out.fill(f32::NAN),
            (Start::Number, Cell::Number(number)) => out.fill(*number as f32),
            (Start::Numbers, Cell::Numbers(numbers)) if numbers.len() == out.len() => {
                out.iter_mut().zip(*numbers).for_each(|(out, number)| *out = *number as f32);
            }
            (Start::Name { places, one_hot }, Cell::Name(_) | Cell::Missing) => {
                // Place 0 is for names that training did not see, and for none.
                let place =
                    if let Cell::Name(name) = cell { places.get(*name).copied().unwrap_or(0) } else { 0 };
                match one_hot {
                    true => {
                        out.iter_mut().enumerate().for_each(|(i, out)| *out = f32::from(u8::from(i == place)))
                    }
                    false => out.fill(place as f32),
                }
            }
            (Start::Image { channels, resize }, Cell::Image(image)) if image.channels == *channels => {
                planes(image, *resize, out)?;
            }
            (start, cell) => return wrong(start.wants(), cell.shown()),
        }
        Ok(())
    }

    fn wants(&self) -> &'static str {
        match self {
            Start::Number => "a number",
            Start::Numbers => "as many numbers as in training",
            Start::Name { .. } => "a name",
            Start::Image { .. } => "an image",
        }
    }
}

/// Bytes `[h, w, c]` to numbers `[c, height, width]`.
fn planes(image: &Pixels<'_>, size: Option<(usize, usize, Filter)>, out: &mut [f32]) -> Result<(), Wrong> {
    if let Some((height, width, filter)) = size {
        let resized = resize(image, height, width, filter)
            .or_else(|error| wrong("an image that can be resized", error))?;
        out.copy_from_slice(&resized);
    } else if image.bytes.len() == out.len() {
        let area = image.height * image.width;
        for (channel, plane) in out.chunks_exact_mut(area.max(1)).enumerate() {
            let bytes = image.bytes.iter().skip(channel).step_by(image.channels);
            plane.iter_mut().zip(bytes).for_each(|(out, byte)| *out = f32::from(*byte));
        }
    } else {
        let got = format!("{}x{} pixels; put `resize` first among its steps", image.height, image.width);
        return wrong("an image of the same size as in training", got);
    }
    Ok(())
}

impl Arithmetic {
    fn apply(&self, out: &mut [f32]) {
        match self {
            Arithmetic::Scale { factor, offset } => out.iter_mut().for_each(|x| *x = *x * factor + offset),
            Arithmetic::Standardise { mean, std } => {
                let run = out.len() / mean.len();
                for (run, (mean, std)) in out.chunks_exact_mut(run).zip(mean.iter().zip(std)) {
                    run.iter_mut().for_each(|x| *x = (*x - mean) / std);
                }
            }
            Arithmetic::Impute { value } => {
                let run = out.len() / value.len();
                for (run, value) in out.chunks_exact_mut(run).zip(value) {
                    run.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = *value);
                }
            }
        }
    }
}

fn standardise(mean: &[f64], std: &[f64], width: usize) -> Result<Arithmetic, Wrong> {
    divides(mean.len(), width)?;
    match mean.len() == std.len() && floats(std).iter().all(|std| *std > 0.0) {
        true => Ok(Arithmetic::Standardise { mean: floats(mean), std: floats(std) }),
        false => wrong(
            "a deviation above zero for each mean",
            format!("{} means, {} deviations", mean.len(), std.len()),
        ),
    }
}

/// Whether so many settings share so many numbers evenly.
fn divides(settings: usize, width: usize) -> Result<(), Wrong> {
    match settings > 0 && width.is_multiple_of(settings) {
        true => Ok(()),
        false => wrong("as many settings as divide its numbers", format!("{settings} for {width} numbers")),
    }
}

fn floats(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&number| number as f32).collect()
}
