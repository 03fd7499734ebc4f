use std::borrow::Cow;

use baeum_core::{DatePart, Denoise, End, Filter, Fit, Kind, Moment, TextForm, Transform};

use super::numbers;
use crate::error::quoted;
use crate::hash::Places;
use crate::image::{crop, denoised, resize};
use crate::refusal::Refusal;
use crate::source::{Cell, Pixels};
use crate::split::sample_id;
use crate::text::{Cutter, normalised};

/// The way of one field to its numbers, ready to be walked row by row.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    field: usize,
    start: Start,
    /// How many numbers the start gives.
    entry: usize,
    /// From numbers to numbers.
    rest: Vec<Transform>,
    /// How many numbers come out.
    width: usize,
    /// How many there are at most on the way.
    room: usize,
}

/// The first step: from what was read to numbers.
#[derive(Clone, Debug)]
enum Start {
    Numbers,
    /// A name to its place.
    Name {
        places: Places<String, usize>,
    },
    /// A name to the place that its hash gives.
    Hash {
        buckets: usize,
    },
    /// A date to its parts.
    Date {
        parts: Vec<DatePart>,
        cyclic: bool,
    },
    /// A text to the places of its pieces.
    Text {
        normalise: Vec<(TextForm, bool)>,
        cutter: Box<Cutter>,
        length: usize,
    },
    Image {
        channels: usize,
        before: Vec<Before>,
        resize: Option<Resize>,
    },
}

/// What is done to the bytes of an image before it is resized.
#[derive(Clone, Copy, Debug)]
enum Before {
    Denoise(Denoise),
    Crop { height: usize, width: usize },
}

/// The size that all images get.
#[derive(Clone, Copy, Debug)]
struct Resize {
    height: usize,
    width: usize,
    filter: Filter,
    fit: Fit,
}

/// A value, or a step, that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) wants: &'static str,
    pub(crate) got: String,
}

pub(super) fn wrong<T>(wants: &'static str, got: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { wants, got: got.into() })
}

impl Line {
    /// The way of the field at a place of the schema; that the steps fit each other was checked before, and that
    /// `width` numbers come out.
    pub(crate) fn new(field: usize, kind: &Kind, steps: &[Transform], width: usize) -> Result<Line, Wrong> {
        let (start, rest) = Start::new(kind, steps)?;
        let entry = match (kind, &start) {
            (_, Start::Text { length, .. }) => *length,
            (_, Start::Date { parts, cyclic }) => DatePart::width(parts, *cyclic),
            (Kind::Number | Kind::Category | Kind::Labels { .. } | Kind::Text, _) => 1,
            (Kind::Numbers { len }, _) => *len,
            (Kind::Series { channels, steps }, _) => channels * steps,
            (Kind::Image { .. }, _) => width, // no step of an image changes how many numbers there are
        };
        let started = steps.len() - rest.len();
        let (mut wide, mut room) = (entry, entry);
        for (place, step) in rest.iter().enumerate() {
            wide = numbers::check(step, steps[..started + place].last(), wide)?;
            room = room.max(wide);
        }
        match wide == width {
            true => Ok(Line { field, start, entry, rest: rest.to_vec(), width, room }),
            false => wrong("steps that give the numbers of the network", format!("{wide} for {width}")),
        }
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
        if self.room <= out.len() {
            return self.walk(cell, out);
        }
        let mut wide = vec![0.0; self.room];
        self.walk(cell, &mut wide)?;
        out.copy_from_slice(&wide[..self.width]);
        Ok(())
    }

    /// How many pieces of a text are seen, and from which end, if it has more.
    pub(crate) fn limit(&self, cell: &Cell<'_>) -> Result<Option<(usize, End)>, Wrong> {
        let (Start::Text { normalise, cutter, .. }, Cell::Name(text)) = (&self.start, cell) else {
            return Ok(None);
        };
        cutter.limit(&written(text, normalise)).map_err(refused)
    }

    fn walk(&self, cell: &Cell<'_>, out: &mut [f32]) -> Result<(), Wrong> {
        self.start.write(cell, &mut out[..self.entry])?;
        self.rest.iter().fold(self.entry, |wide, step| numbers::apply(step, out, wide));
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
        let takes_logarithm = self.rest.iter().any(|step| matches!(step, Transform::Log1p {}));
        match (is_missing, takes_logarithm) {
            (true, _) => wrong("a number", "nothing; put `impute` among its steps"),
            (false, true) => wrong("a number above -1 where `log1p` takes it", cell.shown()),
            (false, false) => wrong("a number that 32 bits can hold", cell.shown()),
        }
    }
}

impl Start {
    /// The start of a field, and the steps behind it.
    fn new<'a>(kind: &Kind, steps: &'a [Transform]) -> Result<(Start, &'a [Transform]), Wrong> {
        let places = |labels: &[String]| labels.iter().cloned().zip(1..).collect();
        Ok(match (kind, steps) {
            (Kind::Number | Kind::Numbers { .. } | Kind::Series { .. }, rest) => (Start::Numbers, rest),
            (Kind::Category | Kind::Text, [Transform::Category { labels }, rest @ ..]) => {
                (Start::Name { places: places(labels) }, rest)
            }
            (Kind::Category | Kind::Text, [Transform::Hash { buckets }, rest @ ..]) => {
                (Start::Hash { buckets: *buckets }, rest)
            }
            (Kind::Text, [Transform::DateParts { parts, cyclic }, rest @ ..]) => {
                (Start::Date { parts: parts.clone(), cyclic: *cyclic }, rest)
            }
            (Kind::Text, [Transform::NormaliseText { .. } | Transform::Tokenise { .. }, ..]) => {
                Start::text(steps)?
            }
            (Kind::Category | Kind::Labels { .. } | Kind::Text, rest) => {
                (Start::Name { places: Places::default() }, rest)
            }
            (Kind::Image { channels, .. }, mut rest) => {
                let (mut before, mut resize) = (vec![], None);
                while let [step, behind @ ..] = rest
                    && let Some(step) = Before::of(step)
                {
                    before.push(step);
                    rest = behind;
                }
                if let [Transform::Resize { height, width, filter, fit }, behind @ ..] = rest {
                    resize = Some(Resize { height: *height, width: *width, filter: *filter, fit: *fit });
                    rest = behind;
                }
                (Start::Image { channels: *channels, before, resize }, rest)
            }
        })
    }

    /// The start of a text: how its letters are written, and how it is cut.
    fn text(mut rest: &[Transform]) -> Result<(Start, &[Transform]), Wrong> {
        let mut normalise = vec![];
        while let [Transform::NormaliseText { form, lower }, behind @ ..] = rest {
            normalise.push((*form, *lower));
            rest = behind;
        }
        let [Transform::Tokenise { tokenizer, padding, length, keep, fill, .. }, behind @ ..] = rest else {
            return wrong("`tokenise` as the last step of a text", "none");
        };
        let cutter = Box::new(Cutter::new(tokenizer, *padding, *length, [*keep, *fill]).map_err(refused)?);
        Ok((Start::Text { normalise, cutter, length: *length }, behind))
    }

    fn write(&self, cell: &Cell<'_>, out: &mut [f32]) -> Result<(), Wrong> {
        match (self, cell) {
            (Start::Numbers | Start::Date { .. }, Cell::Missing) => out.fill(f32::NAN),
            (Start::Date { parts, cyclic }, Cell::Name(text)) => {
                let written = match Moment::parse(text) {
                    Some(moment) => moment.write(parts, *cyclic, out),
                    None => Err(Moment::WANTED),
                };
                written.or_else(|wants| wrong(wants, quoted(text)))?;
            }
            (Start::Numbers, Cell::Number(number)) if out.len() == 1 => out.fill(*number as f32),
            (Start::Numbers, Cell::Numbers(numbers)) if numbers.len() == out.len() => {
                out.iter_mut().zip(numbers.iter()).for_each(|(out, number)| *out = *number as f32);
            }
            // Place 0 is for names that training did not see, and for none.
            (Start::Name { .. } | Start::Hash { .. }, Cell::Missing) => out.fill(0.0),
            (Start::Name { places }, Cell::Name(name)) => {
                out.fill(places.get(*name).copied().unwrap_or(0) as f32);
            }
            (Start::Hash { buckets }, Cell::Name(name)) => out.fill(hashed(name, *buckets) as f32),
            // A text that is not there has no pieces.
            (Start::Text { cutter, .. }, Cell::Missing) => cutter.write("", out).map_err(refused)?,
            (Start::Text { normalise, cutter, .. }, Cell::Name(text)) => {
                cutter.write(&written(text, normalise), out).map_err(refused)?;
            }
            (Start::Image { channels, before, resize }, Cell::Image(image))
                if image.channels == *channels =>
            {
                let mut ready = None;
                for step in before {
                    ready = Some(step.apply(ready.as_ref().unwrap_or(image))?);
                }
                planes(ready.as_ref().unwrap_or(image), *resize, out)?;
            }
            (start, cell) => return wrong(start.wants(out.len()), cell.shown()),
        }
        Ok(())
    }

    fn wants(&self, count: usize) -> &'static str {
        match self {
            Start::Numbers if count == 1 => "a number",
            Start::Numbers => "as many numbers as in training",
            Start::Name { .. } | Start::Hash { .. } => "a name",
            Start::Text { .. } => "a text",
            Start::Date { .. } => Moment::WANTED,
            Start::Image { .. } => "an image",
        }
    }
}

/// A text with its letters written in such forms.
fn written<'t>(text: &'t str, forms: &[(TextForm, bool)]) -> Cow<'t, str> {
    forms.iter().fold(Cow::Borrowed(text), |text, (form, lower)| Cow::Owned(normalised(&text, *form, *lower)))
}

fn refused(refusal: Refusal) -> Wrong {
    Wrong {
        wants: "a text that its tokenizer can cut",
        got: format!("one where it wants {} and gets {}", refusal.wants, refusal.got),
    }
}

/// The place of a name among so many, from 1: the first 64 bits of its BLAKE3, modulo.
fn hashed(name: &str, buckets: usize) -> u64 {
    sample_id(name.as_bytes()) % (buckets.max(1) as u64) + 1
}

impl Before {
    fn of(step: &Transform) -> Option<Before> {
        if let Transform::Denoise { by } = step {
            return Some(Before::Denoise(*by));
        }
        let Transform::Crop { height, width } = step else { return None };
        Some(Before::Crop { height: *height, width: *width })
    }

    fn apply(self, image: &Pixels<'_>) -> Result<Pixels<'static>, Wrong> {
        match self {
            Before::Denoise(by) => Ok(denoised(image, by)),
            Before::Crop { height, width } => crop(image, height, width)
                .or_else(|small| wrong("an image at least as large as `crop`", small.to_string())),
        }
    }
}

/// Bytes `[h, w, c]` to numbers `[c, height, width]`.
fn planes(image: &Pixels<'_>, size: Option<Resize>, out: &mut [f32]) -> Result<(), Wrong> {
    if let Some(Resize { height, width, filter, fit }) = size {
        let resized = resize(image, [height, width], filter, fit)
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
