use std::fmt;
use std::sync::Arc;

use baeum_core::{
    Answer, Decode, End, Kind, Network, NetworkError, Predictor, Record, Role, Schema, SchemaError, Target,
    Tensor, Value,
};
use baeum_data::{DataError, Encoder, Pieces};
use baeum_models::{ModelError, RunnerConfig, TextRunner, network};

use crate::generate::GenerateError;

/// Runs a [`Predictor`]: from records, as they are read, to answers.
pub struct Predict {
    schema: Schema,
    encoder: Encoder,
    pub(crate) network: Runs,
    targets: Vec<Target>,
    /// Where the network goes on with a text.
    pub(crate) pieces: Option<Arc<Pieces>>,
}

/// The network, ready to run.
pub(crate) enum Runs {
    /// One that tells what comes next in a text.
    Text(Box<TextRunner>),
    /// Any other.
    Any(Box<dyn Network>),
}

impl Runs {
    fn of(predictor: &Predictor) -> Result<Runs, ModelError> {
        let Predictor { graph, weights, targets, .. } = predictor;
        match targets[..] {
            [Target { decode: Decode::Next { .. }, .. }] => {
                Ok(Runs::Text(Box::new(TextRunner::new(graph, weights, RunnerConfig::default())?)))
            }
            _ => Ok(Runs::Any(network(graph, weights, RunnerConfig::default())?)),
        }
    }

    fn network(&mut self) -> &mut dyn Network {
        match self {
            Runs::Text(text) => text.network(),
            Runs::Any(network) => &mut **network,
        }
    }
}

/// What the learned function says about one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The answer to each target, by its field.
    pub answers: Vec<(String, Answer)>,
    /// What the network yielded for each target, before decoding: logits, or a standardised number.
    pub outputs: Vec<Vec<f32>>,
    /// What is unusual about the record.
    pub notes: Vec<Note>,
}

/// What makes an answer less certain than it looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A number outside what training saw.
    OutOfRange {
        /// The field.
        field: String,
        /// Its value.
        value: f64,
        /// Smallest and largest number of the training rows.
        range: (f64, f64),
    },
    /// A name that training did not see; it counts as unknown.
    Unseen {
        /// The field.
        field: String,
        /// The name.
        value: String,
        /// A known name that looks like it.
        near: Option<String>,
    },
    /// Nothing was given; the value that the recipe imputes stands in.
    Missing {
        /// The field.
        field: String,
    },
    /// A text with more pieces than the network sees.
    Cut {
        /// The field.
        field: String,
        /// How many it sees.
        length: usize,
        /// From which end.
        keep: End,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum PredictError {
    Record(#[from] SchemaError),
    Encode(#[from] DataError),
    Model(#[from] ModelError),
    Network(#[from] NetworkError),
    Generate(#[from] GenerateError),
}

/// How many records go through the network together.
const ROWS: usize = 256;

/// More numbers than this are not yielded at once.
const NUMBERS: usize = 1 << 24;

impl Predict {
    /// Gets ready to answer.
    ///
    /// # Errors
    /// If graph and weights do not belong together.
    pub fn new(predictor: &Predictor) -> Result<Predict, PredictError> {
        Ok(Predict {
            schema: predictor.schema.clone(),
            encoder: Encoder::new(&predictor.schema, &predictor.inputs)?,
            network: Runs::of(predictor)?,
            targets: predictor.targets.clone(),
            pieces: Pieces::of(&predictor.inputs)?.map(Arc::new),
        })
    }

    /// What is answered.
    pub(crate) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The answer for one record.
    ///
    /// # Errors
    /// [`PredictError`] names the field that does not fit.
    pub fn answer(&mut self, record: &Record) -> Result<Prediction, PredictError> {
        let mut answers = self.answers(std::slice::from_ref(record))?;
        Ok(answers.remove(0))
    }

    /// The answers for some records, in their order.
    ///
    /// # Errors
    /// [`PredictError`] names the field that does not fit.
    pub fn answers(&mut self, records: &[Record]) -> Result<Vec<Prediction>, PredictError> {
        let mut predictions = vec![];
        let width: usize = self.targets.iter().map(|target| target.decode.width()).sum();
        for records in records.chunks((NUMBERS / width.max(1)).clamp(1, ROWS)) {
            for record in records {
                self.schema.check(record)?;
            }
            let batch = self.encoder.batch(records)?;
            let outputs = self.network.network().predict(&batch)?;
            for (row, record) in records.iter().enumerate() {
                let outputs = rows(outputs, &self.targets, row)?;
                let answer = |(target, row): (&Target, &Vec<f32>)| {
                    (target.field.clone(), target.decode.of_record(record).answer(row))
                };
                let answers = self.targets.iter().zip(&outputs).map(answer).collect();
                let mut notes = notes(&self.schema, record);
                notes.extend(cut(&self.encoder, record)?);
                predictions.push(Prediction { answers, outputs, notes });
            }
        }
        Ok(predictions)
    }
}

/// Row `row` of each output.
fn rows(outputs: &[Tensor], targets: &[Target], row: usize) -> Result<Vec<Vec<f32>>, NetworkError> {
    let one = |(output, target): (&Tensor, &Target)| {
        let width = target.decode.width();
        let numbers = output.f32s()?.get(row * width..(row + 1) * width).unwrap_or_default();
        Ok(numbers.to_vec())
    };
    outputs.iter().zip(targets).map(one).collect()
}

fn notes(schema: &Schema, record: &Record) -> Vec<Note> {
    let mut notes = vec![];
    for field in schema.with_role(Role::Input) {
        let Some(value) = record.get(&field.name) else { continue };
        let name = field.name.clone();
        match (value, field.range) {
            (Value::Missing, _) => notes.push(Note::Missing { field: name }),
            (Value::Number(x), Some(range)) if *x < range.0 || *x > range.1 => {
                notes.push(Note::OutOfRange { field: name, value: *x, range });
            }
            (Value::Text(text), _) if field.kind == Kind::Category && !field.labels.contains(text) => {
                let near =
                    baeum_core::nearest(text, field.labels.iter().map(String::as_str)).map(str::to_owned);
                notes.push(Note::Unseen { field: name, value: text.clone(), near });
            }
            _ => {}
        }
    }
    notes
}

/// The texts that the network sees a part of.
fn cut(encoder: &Encoder, record: &Record) -> Result<impl Iterator<Item = Note>, DataError> {
    let texts = encoder.cut_texts(record)?.into_iter();
    Ok(texts.map(|(field, length, keep)| Note::Cut { field: field.to_owned(), length, keep }))
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::OutOfRange { field, value, range: (low, high) } => {
                write!(f, "`{field}` = {value} is outside {low} to {high}, what training saw")
            }
            Note::Unseen { field, value, near } => {
                write!(f, "`{field}` = `{}` is a name that training did not see", value.escape_debug())?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
            }
            Note::Missing { field } => write!(f, "`{field}` is missing"),
            Note::Cut { field, length, keep } => {
                let end = match keep {
                    End::Start => "first",
                    End::End => "last",
                };
                write!(f, "`{field}` has more than {length} pieces; the {end} {length} were seen")
            }
        }
    }
}
