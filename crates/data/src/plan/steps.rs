//! What a step takes and gives, so that an impossible one is found before it is fitted, and before any data
//! are read.

use baeum_core::{DatePart, Kind, Transform};

use crate::config::StepConfig;

/// What a field is on its way to numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Pixels; the size is known if all images share it.
    Image { channels: usize, size: Option<(usize, usize)> },
    /// A name.
    Name,
    /// Words.
    Words,
    /// The place of a name.
    Place,
    /// The places of so many pieces.
    Pieces { length: usize },
    /// Numbers of this shape, if it is known.
    Numbers(Option<Vec<usize>>),
    /// Channel after channel, each with all its steps; how many channels there are may not be known.
    Series { channels: Option<usize>, steps: usize },
    /// The same, each channel measured from itself.
    Window { channels: Option<usize>, steps: usize },
    /// The same, step after step.
    StepsFirst { channels: Option<usize>, steps: usize },
}

/// What a step does to the form of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Denoise,
    Crop {
        height: usize,
        width: usize,
    },
    Resize {
        height: usize,
        width: usize,
    },
    Arithmetic,
    /// One number to a place.
    Bin,
    /// One number to as many, if it is known.
    Spread {
        size: Option<usize>,
    },
    /// A name to a place.
    Place,
    OneHot {
        size: Option<usize>,
    },
    /// A date to so many numbers.
    Date {
        width: usize,
    },
    /// Words to words.
    Rewrite,
    /// Words to the places of so many pieces.
    Pieces {
        length: usize,
    },
    /// A series to one measured from itself, so many steps shorter.
    Measure {
        lag: usize,
    },
    StepsFirst,
}

/// What a step wants, and what it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) wants: &'static str,
    pub(crate) got: &'static str,
}

impl Form {
    /// The form of a field as it is read.
    pub(crate) fn of(kind: &Kind) -> Form {
        match kind {
            Kind::Number => Form::Numbers(Some(vec![1])),
            Kind::Numbers { len } => Form::Numbers(Some(vec![*len])),
            Kind::Series { channels, steps } => Form::Series { channels: Some(*channels), steps: *steps },
            Kind::Category | Kind::Labels { .. } => Form::Name,
            Kind::Text => Form::Words,
            Kind::Image { channels, size } => Form::Image { channels: *channels, size: *size },
        }
    }

    /// The form after a step.
    pub(crate) fn after(self, change: Change) -> Result<Form, Misfit> {
        match (change, self) {
            (Change::Denoise, image @ Form::Image { .. }) => Ok(image),
            (Change::Crop { height, width }, Form::Image { channels, .. }) => {
                Ok(Form::Image { channels, size: Some((height, width)) })
            }
            (Change::Resize { height, width }, Form::Image { channels, .. }) => {
                Ok(Form::Numbers(Some(vec![channels, height, width])))
            }
            (Change::Arithmetic, Form::Numbers(shape)) => Ok(Form::Numbers(shape)),
            (Change::Arithmetic, Form::Image { channels, size }) => {
                Ok(Form::Numbers(size.map(|(height, width)| vec![channels, height, width])))
            }
            (Change::Bin, Form::Numbers(shape)) if is_one(&shape) => Ok(Form::Place),
            (Change::Spread { size }, Form::Numbers(shape)) if is_one(&shape) => {
                Ok(Form::Numbers(size.map(|size| vec![size])))
            }
            (Change::Place, Form::Name) => Ok(Form::Place),
            (Change::OneHot { size }, Form::Place) => Ok(Form::Numbers(size.map(|size| vec![size]))),
            (Change::Date { width }, Form::Words) => Ok(Form::Numbers(Some(vec![width]))),
            (Change::Rewrite, Form::Words) => Ok(Form::Words),
            (Change::Pieces { length }, Form::Words) => Ok(Form::Pieces { length }),
            (Change::Arithmetic, series @ Form::Series { .. }) => Ok(series),
            (
                Change::Measure { lag },
                Form::Series { channels, steps } | Form::Window { channels, steps },
            ) if lag < steps => Ok(Form::Window { channels, steps: steps - lag }),
            (Change::StepsFirst, Form::Series { channels, steps } | Form::Window { channels, steps }) => {
                Ok(Form::StepsFirst { channels, steps })
            }
            (change, form) => Err(Misfit { wants: change.wants(), got: form.name() }),
        }
    }

    /// How many numbers its steps are fitted to at once: those of one moment, where moments differ in nothing.
    pub(crate) fn width(&self) -> Result<usize, Misfit> {
        if let Form::Series { channels: Some(channels), .. } = self {
            return Ok(*channels);
        }
        Ok(self.clone().shape()?.iter().product())
    }

    /// The shape of the numbers that reach the network.
    pub(crate) fn shape(self) -> Result<Vec<usize>, Misfit> {
        match self {
            Form::Numbers(Some(shape)) => Ok(shape),
            Form::Place => Ok(vec![1]),
            Form::Pieces { length } => Ok(vec![length]),
            Form::Image { channels, size: Some((height, width)) } => Ok(vec![channels, height, width]),
            Form::Series { channels: Some(channels), steps }
            | Form::Window { channels: Some(channels), steps } => Ok(vec![channels, steps]),
            Form::StepsFirst { channels: Some(channels), steps } => Ok(vec![steps, channels]),
            Form::Series { channels: None, .. }
            | Form::Window { channels: None, .. }
            | Form::StepsFirst { channels: None, .. }
            | Form::Numbers(None)
            | Form::Image { size: None, .. } => {
                Err(Misfit { wants: "`resize` as the first step", got: "images of different sizes" })
            }
            Form::Name => Err(Misfit { wants: "`category` as the first step", got: "a name" }),
            Form::Words => Err(Misfit { wants: "`tokenise` as the last step", got: "words" }),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Form::Image { .. } => "an image",
            Form::Name => "a name",
            Form::Words => "words",
            Form::Place => "a place",
            Form::Pieces { .. } => "the places of pieces",
            Form::Numbers(_) => "numbers",
            Form::Series { .. } => "a series",
            Form::Window { .. } => "a series that is measured from itself",
            Form::StepsFirst { .. } => "a series laid out step by step",
        }
    }
}

impl Change {
    fn wants(self) -> &'static str {
        match self {
            Change::Denoise | Change::Crop { .. } | Change::Resize { .. } => {
                "an image that no other step has changed (`kind = \"image\"` makes images of a column of paths)"
            }
            Change::Arithmetic => "numbers",
            Change::Bin | Change::Spread { .. } => "one number",
            Change::Place => "a name",
            Change::Date { .. } => "a date that no other step has changed",
            Change::Rewrite | Change::Pieces { .. } => "words that no other step has cut",
            Change::Measure { .. } => "a series, with more steps than `lag`",
            Change::StepsFirst => "a series",
            Change::OneHot { .. } => "a place, which `category`, `hash` and `bins` give",
        }
    }
}

/// Whether numbers of this shape may be one number; an unknown shape may.
fn is_one(shape: &Option<Vec<usize>>) -> bool {
    shape.as_ref().is_none_or(|shape| shape.iter().product::<usize>() == 1)
}

impl From<&StepConfig> for Change {
    fn from(step: &StepConfig) -> Change {
        match step {
            StepConfig::Denoise { .. } => Change::Denoise,
            StepConfig::Crop { height, width } => Change::Crop { height: *height, width: *width },
            StepConfig::Resize { height, width, .. } => Change::Resize { height: *height, width: *width },
            StepConfig::Scale { .. }
            | StepConfig::Standardise { .. }
            | StepConfig::Robust {}
            | StepConfig::Log1p {}
            | StepConfig::Clip { .. }
            | StepConfig::Quantile { .. }
            | StepConfig::Impute { .. } => Change::Arithmetic,
            StepConfig::Bins { .. } => Change::Bin,
            StepConfig::PiecewiseLinear { .. } => Change::Spread { size: None },
            StepConfig::Category { .. } | StepConfig::Hash { .. } => Change::Place,
            StepConfig::DateParts { parts, cyclic } => {
                Change::Date { width: DatePart::width(parts, *cyclic) }
            }
            StepConfig::NormaliseText { .. } => Change::Rewrite,
            StepConfig::Tokenise { length, .. } => Change::Pieces { length: *length },
            StepConfig::OneHot {} => Change::OneHot { size: None },
            StepConfig::NormaliseWindow { .. } => Change::Measure { lag: 0 },
            StepConfig::Difference { lag } => Change::Measure { lag: *lag },
            StepConfig::StepsFirst {} => Change::StepsFirst,
        }
    }
}

impl From<&Transform> for Change {
    fn from(step: &Transform) -> Change {
        match step {
            Transform::Denoise { .. } => Change::Denoise,
            Transform::Crop { height, width } => Change::Crop { height: *height, width: *width },
            Transform::Resize { height, width, .. } => Change::Resize { height: *height, width: *width },
            Transform::Scale { .. }
            | Transform::Standardise { .. }
            | Transform::Log1p {}
            | Transform::Clip { .. }
            | Transform::Quantile { .. }
            | Transform::Impute { .. }
            | Transform::IsMissing {} => Change::Arithmetic,
            Transform::Bins { .. } => Change::Bin,
            Transform::PiecewiseLinear { edges } => {
                Change::Spread { size: Some(edges.len().saturating_sub(1)) }
            }
            Transform::Category { .. } | Transform::Hash { .. } => Change::Place,
            Transform::DateParts { parts, cyclic } => Change::Date { width: DatePart::width(parts, *cyclic) },
            Transform::NormaliseText { .. } => Change::Rewrite,
            Transform::Tokenise { length, .. } => Change::Pieces { length: *length },
            Transform::OneHot { size } => Change::OneHot { size: Some(*size) },
            Transform::NormaliseWindow { .. } => Change::Measure { lag: 0 },
            Transform::Difference { lag, .. } => Change::Measure { lag: *lag },
            Transform::StepsFirst { .. } => Change::StepsFirst,
        }
    }
}
