//! Arrays of NumPy: inputs and targets, the training rows and perhaps the test rows.

use std::borrow::Cow;

use baeum_core::{Field, Kind, Limit, Role, Split, Task, Train};

use super::{Cell, Pixels, Raw, Scan, field};
use crate::config::NumpyConfig;
use crate::error::quoted;
use crate::numpy::{self, Array, IN_ARCHIVE, Values};
use crate::place::shown_name;
use crate::plan::{DataPlan, IMAGE, SplitPlan};
use crate::split::{Part, sample_id};
use crate::{DataError, Place};

/// The one field of numbers.
const NUMBERS: &str = "x";

/// Examples in memory: the training rows, then the test rows if there are any.
pub(crate) struct Numpy {
    target: String,
    files: Vec<Pair>,
    form: Form,
    is_given: bool,
}

/// Inputs and targets that belong together.
struct Pair {
    name: String,
    inputs: Inputs,
    targets: Targets,
}

enum Inputs {
    Bytes(Vec<u8>),
    Numbers(Vec<f64>),
}

enum Targets {
    Numbers(Vec<f64>),
    Names(Vec<String>),
}

/// What one example is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Image { height: usize, width: usize, channels: usize },
    Numbers { len: usize },
}

/// The files of a recipe, in the order in which they are read; an archive may stand there twice.
pub(crate) fn files(config: &NumpyConfig) -> Vec<&str> {
    let test = [config.test_inputs.as_deref(), config.test_targets.as_deref()];
    let names =
        [Some(config.inputs.as_str()), Some(config.targets.as_str())].into_iter().chain(test).flatten();
    names.map(|name| parted(name).0).collect()
}

/// The file of a name, and the array in it.
fn parted(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(IN_ARCHIVE) {
        Some((file, array)) => (file, Some(array)),
        None => (name, None),
    }
}

/// Reads the files.
pub(super) fn scan(plan: &DataPlan, config: &NumpyConfig, place: &Place) -> Result<Numpy, DataError> {
    let (train, form) = pair(&config.inputs, &config.targets, place)?;
    let is_given = matches!(plan.split, SplitPlan::Given { .. });
    let mut numpy = Numpy { target: plan.target.clone(), files: vec![train], form, is_given };
    if let (Some(inputs), Some(targets)) = (&config.test_inputs, &config.test_targets) {
        let (test, other) = pair(inputs, targets, place)?;
        if other != form {
            let wants = format!("examples as `{}` has them, {}", shown_name(&config.inputs), form.shown());
            return Err(DataError::file(&test.name, wants, other.shown()));
        }
        numpy.files.push(test);
    }
    let file = format!("`{}`", shown_name(&config.inputs));
    place.limits.admit(Limit::Rows, &file, Scan::rows(&numpy) as u64)?;
    Ok(numpy)
}

fn array(name: &str, place: &Place) -> Result<Array, DataError> {
    let (file, member) = parted(name);
    let bytes = place.read(file, Limit::InflatedBytes)?;
    numpy::read(&bytes, member, place.limits.get(Limit::InflatedBytes))
        .map_err(|refusal| DataError::file(&shown_name(name), refusal.wants, refusal.got))
}

/// Inputs and targets of as many examples, and what one of them is.
fn pair(inputs: &str, targets: &str, place: &Place) -> Result<(Pair, Form), DataError> {
    let (name, all) = (shown_name(inputs), array(inputs, place)?);
    let refuse = |wants: &str, got: String| DataError::file(&name, wants, got);
    let [count, item @ ..] = &all.shape[..] else {
        return Err(refuse(
            "an array whose first dimension counts the examples",
            "a single number".to_owned(),
        ));
    };
    if all.shape.contains(&0) {
        return Err(refuse("examples", format!("an array of shape {:?}", all.shape)));
    }
    let len = item.iter().product();
    let (inputs, form) = match (all.values, item) {
        (Values::Bytes(bytes), &[height, width] | &[height, width, 1]) => {
            (Inputs::Bytes(bytes), Form::Image { height, width, channels: 1 })
        }
        (Values::Bytes(bytes), &[height, width, 3]) => {
            (Inputs::Bytes(bytes), Form::Image { height, width, channels: 3 })
        }
        (Values::Texts(_), _) => return Err(refuse("numbers", "texts".to_owned())),
        (values @ (Values::Bytes(_) | Values::Integers(_) | Values::Numbers(_)), _) => {
            let numbers = values.into_numbers().map_err(|refusal| refuse(&refusal.wants, refusal.got))?;
            (Inputs::Numbers(numbers), Form::Numbers { len })
        }
    };
    if let Form::Image { height, width, .. } = form {
        let file = format!("`{name}`");
        place.limits.admit(Limit::ImageSide, &file, height.max(width) as u64)?;
        place.limits.admit(Limit::ImageArea, &file, (height * width) as u64)?;
    }
    let targets = answers(targets, *count, &name, place)?;
    Ok((Pair { name, inputs, targets }, form))
}

/// One answer for each example.
fn answers(targets: &str, count: usize, inputs: &str, place: &Place) -> Result<Targets, DataError> {
    let (name, all) = (shown_name(targets), array(targets, place)?);
    if all.shape != [count] && all.shape != [count, 1] {
        let wants = format!("{count} targets, one for each example of {}", quoted(inputs));
        return Err(DataError::file(&name, wants, format!("an array of shape {:?}", all.shape)));
    }
    Ok(match all.values {
        Values::Numbers(numbers) => Targets::Numbers(numbers),
        Values::Bytes(bytes) => Targets::Names(bytes.iter().map(u8::to_string).collect()),
        Values::Integers(integers) => Targets::Names(integers.iter().map(i64::to_string).collect()),
        Values::Texts(texts) => Targets::Names(texts),
    })
}

impl Form {
    fn shown(self) -> String {
        match self {
            Form::Image { height, width, channels } => format!("images of {height}x{width}x{channels}"),
            Form::Numbers { len } => format!("{len} numbers"),
        }
    }
}

impl Pair {
    fn rows(&self) -> usize {
        match &self.targets {
            Targets::Numbers(numbers) => numbers.len(),
            Targets::Names(names) => names.len(),
        }
    }

    fn target(&self, row: usize) -> Option<String> {
        match &self.targets {
            Targets::Numbers(numbers) => {
                Some(numbers[row]).filter(|number| !number.is_nan()).map(|number| number.to_string())
            }
            Targets::Names(names) => Some(names[row].clone()).filter(|name| !name.is_empty()),
        }
    }
}

impl Numpy {
    /// The file of a row, and its place there.
    fn locate(&self, row: usize) -> (&Pair, usize) {
        let first = self.files[0].rows();
        match self.files.get(1) {
            Some(test) if row >= first => (test, row - first),
            Some(_) | None => (&self.files[0], row),
        }
    }

    fn len(&self) -> usize {
        match self.form {
            Form::Image { height, width, channels } => height * width * channels,
            Form::Numbers { len } => len,
        }
    }
}

impl Scan for Numpy {
    fn rows(&self) -> usize {
        self.files.iter().map(Pair::rows).sum()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let len = self.len();
        let id = |row: usize| {
            let (file, at) = self.locate(row);
            let mut record = match &file.inputs {
                Inputs::Bytes(bytes) => bytes[at * len..(at + 1) * len].to_vec(),
                Inputs::Numbers(numbers) => {
                    numbers[at * len..(at + 1) * len].iter().flat_map(|number| number.to_le_bytes()).collect()
                }
            };
            record.extend(file.target(at).unwrap_or_default().into_bytes());
            sample_id(&record)
        };
        Ok((0..Scan::rows(self)).map(id).collect())
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        let of_file = |(file, part): (&Pair, Part)| std::iter::repeat_n(part, file.rows());
        let parts = || self.files.iter().zip([Part::Train, Part::Test]).flat_map(of_file).collect();
        Ok(self.is_given.then(parts))
    }

    fn targets(&self) -> Result<super::Targets, DataError> {
        Ok(self.files.iter().flat_map(|file| (0..file.rows()).map(|row| file.target(row))).collect())
    }

    fn task(&self, _: &super::Targets) -> Result<Task, DataError> {
        Ok(match self.files[0].targets {
            Targets::Numbers(_) => Task::Regress,
            Targets::Names(_) => Task::Classify,
        })
    }

    fn fields(&self, task: Task, _: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let input = match self.form {
            Form::Image { height, width, channels } => {
                field(IMAGE, Kind::Image { channels, size: Some((height, width)) }, Role::Input)
            }
            Form::Numbers { len: 1 } => field(NUMBERS, Kind::Number, Role::Input),
            Form::Numbers { len } => field(NUMBERS, Kind::Numbers { len }, Role::Input),
        };
        let kind = if task == Task::Classify { Kind::Category } else { Kind::Number };
        Ok(vec![Field { columns: vec![], ..input }, field(&self.target, kind, Role::Target)])
    }

    fn load(self: Box<Self>, fields: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        let wants_numbers =
            fields.iter().any(|field| field.role == Role::Target && field.kind == Kind::Number);
        let mut numpy = self;
        for file in &mut numpy.files {
            file.targets = match std::mem::replace(&mut file.targets, Targets::Numbers(vec![])) {
                // A text that is no number stays, and is refused with its row.
                Targets::Names(names) if wants_numbers => {
                    let numbers: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
                    numbers.map_or(Targets::Names(names), Targets::Numbers)
                }
                Targets::Numbers(numbers) if !wants_numbers => {
                    let name =
                        |number: &f64| if number.is_nan() { String::new() } else { number.to_string() };
                    Targets::Names(numbers.iter().map(name).collect())
                }
                targets @ (Targets::Names(_) | Targets::Numbers(_)) => targets,
            };
        }
        Ok(numpy)
    }
}

impl Raw for Numpy {
    fn rows(&self) -> usize {
        Scan::rows(self)
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        let ((file, row), len) = (self.locate(row), self.len());
        Ok(match (field, &file.targets, &file.inputs, self.form) {
            (1, Targets::Numbers(numbers), _, _) if numbers[row].is_nan() => Cell::Missing,
            (1, Targets::Numbers(numbers), _, _) => Cell::Number(numbers[row]),
            (1, Targets::Names(names), _, _) if names[row].is_empty() => Cell::Missing,
            (1, Targets::Names(names), _, _) => Cell::Name(&names[row]),
            (_, _, Inputs::Bytes(bytes), Form::Image { height, width, channels }) => {
                let bytes = Cow::Borrowed(&bytes[row * len..(row + 1) * len]);
                Cell::Image(Pixels { height, width, channels, bytes })
            }
            (_, _, Inputs::Numbers(numbers), _) if len == 1 && numbers[row].is_nan() => Cell::Missing,
            (_, _, Inputs::Numbers(numbers), _) if len == 1 => Cell::Number(numbers[row]),
            (_, _, Inputs::Numbers(numbers), _) => {
                Cell::Numbers(Cow::Borrowed(&numbers[row * len..(row + 1) * len]))
            }
            (_, _, Inputs::Bytes(_), Form::Numbers { .. }) => Cell::Missing, // bytes are images here
        })
    }

    fn place(&self, row: usize) -> String {
        let (file, row) = self.locate(row);
        format!("`{}` row {}", file.name, row + 1)
    }

    fn image_size(&self, _: usize, _: usize) -> Option<(usize, usize)> {
        let Form::Image { height, width, .. } = self.form else { return None };
        Some((height, width))
    }
}
