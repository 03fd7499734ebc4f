//! The proof of exports: rows of the test split with the answers of the network itself, and each file compared with them.
use std::collections::BTreeMap;

use baeum_core::{Dataset, Kind, Predictor, Record, Role, Schema, Tensor, Value};
use baeum_data::Encoder;
use baeum_export::{Entry, Files, Format, Golden, Manifest, Parity, compare, encode, verify};

use crate::predict::{Predict, Prediction};
use crate::{Context, StageError};

/// How many test rows are golden; all, if there are fewer.
const ROWS: usize = 256;

/// More answered numbers than this say nothing new.
const NUMBERS: usize = 1 << 18;

/// A name that no training set has, for the rows that try an unseen one.
const UNSEEN: &str = "\u{1f914} unseen";

/// Writes every format of the plan, opens each again and compares it with the predictor on the golden rows.
///
/// # Errors
/// [`StageError::Verify`] if a file differs by more than its tolerance; nothing of the export is kept then.
pub(crate) fn export(
    context: &Context<'_>,
    predictor: &Predictor,
    dataset: &Dataset,
) -> Result<Files, StageError> {
    let plan = &context.plans.export;
    let golden = golden(predictor, dataset)?;
    let mut all = Files(BTreeMap::from([
        ("golden.jsonl".to_owned(), golden.lines()),
        ("predictor.json".to_owned(), crate::artifacts::blueprint(predictor)?),
    ]));
    let mut entries = vec![];
    for &format in plan.formats() {
        let _span = tracing::debug_span!("file", format = %format).entered();
        let files = encode(format, predictor, plan)?;
        let parity = prove(format, &files, predictor, &golden, context)?;
        entries.push(Entry::new(format, predictor, &files, parity, hash));
        all.0.extend(files.0);
    }
    let predictor_hash = all.get("predictor.json").map(hash).unwrap_or_default();
    let manifest = Manifest {
        version: Manifest::VERSION,
        baeum: env!("CARGO_PKG_VERSION").to_owned(),
        from: BTreeMap::from([("predictor".to_owned(), predictor_hash)]),
        schema: predictor.schema.clone(),
        targets: predictor.targets.clone(),
        formats: entries,
        checksum: String::new(),
    };
    let manifest = manifest.seal(hash).map_err(crate::artifacts::ArtifactError::from)?;
    all.0.insert("manifest.json".to_owned(), manifest);
    Ok(all)
}

/// Opens one format again. A file of weights is read back, and the predictor made of it answers the golden rows; a file of
/// the whole function is executed by an engine that is not ours.
fn prove(
    format: Format,
    files: &Files,
    predictor: &Predictor,
    golden: &Golden,
    context: &Context<'_>,
) -> Result<Parity, StageError> {
    let verified = verify(format, files, predictor, golden, &context.place.limits)?;
    let Some(weights) = verified.weights else { return Ok(verified.parity) };
    let reread = Predictor { weights, ..predictor.clone() };
    let answers: Vec<_> = Predict::new(&reread)?.answers(&golden.records)?.into_iter().map(answers).collect();
    let targets = compare(&predictor.targets, &golden.answers, &answers)?;
    Ok(Parity { engine: Some("baeum".to_owned()), rows: answers.len(), targets, ..verified.parity })
}

/// The first test rows, and for each field a row where it is missing and one where its name is unseen, with the answers of
/// the network. A missing value that no step replaces is no row: it has no answer.
///
/// # Errors
/// If a row cannot be read.
pub fn golden(predictor: &Predictor, dataset: &Dataset) -> Result<Golden, StageError> {
    let mut predict = Predict::new(predictor)?;
    let mut records = vec![];
    let width: usize = predictor.targets.iter().map(|target| target.decode.width()).sum();
    for &row in dataset.splits.test.rows().iter().take((NUMBERS / width.max(1)).clamp(1, ROWS)) {
        records.push(inputs_alone(&predictor.schema, dataset.source.record(row)?));
    }
    let unusual = records.first().map(|record| unusual(&predictor.schema, record)).unwrap_or_default();
    records.extend(unusual.into_iter().filter(|record| predict.answer(record).is_ok()));
    let predictions = predict.answers(&records)?;
    let inputs = Encoder::new(&predictor.schema, &predictor.inputs)?.batch(&records)?.inputs;
    let outputs = outputs(&predictions, predictor.targets.len());
    Ok(Golden { records, inputs, outputs, answers: predictions.into_iter().map(answers).collect() })
}

/// A record without its target: what a user of the exported file has.
fn inputs_alone(schema: &Schema, record: Record) -> Record {
    let wanted: Vec<&str> = schema.with_role(Role::Input).map(|field| field.name.as_str()).collect();
    record.into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect()
}

/// The record once for each field with its value missing, and once for each category with a name that nobody has seen.
fn unusual(schema: &Schema, record: &Record) -> Vec<Record> {
    let with = |name: &str, value| {
        let mut changed = record.clone();
        changed.insert(name.to_owned(), value);
        changed
    };
    let of = |field: &baeum_core::Field| match field.kind {
        Kind::Category => {
            vec![with(&field.name, Value::Missing), with(&field.name, Value::Text(UNSEEN.to_owned()))]
        }
        Kind::Number => vec![with(&field.name, Value::Missing)],
        Kind::Numbers { .. }
        | Kind::Series { .. }
        | Kind::Labels { .. }
        | Kind::Image { .. }
        | Kind::Text => vec![],
    };
    schema.with_role(Role::Input).flat_map(of).collect()
}

/// What the network yielded, target by target: `[rows, width]`.
fn outputs(predictions: &[Prediction], targets: usize) -> Vec<Tensor> {
    let of = |target: usize| {
        let rows: Vec<&Vec<f32>> =
            predictions.iter().filter_map(|prediction| prediction.outputs.get(target)).collect();
        let width = rows.first().map_or(0, |row| row.len());
        let numbers: Vec<f32> = rows.iter().flat_map(|row| row.iter().copied()).collect();
        Tensor::new([rows.len(), width], numbers).unwrap_or_else(|_| Tensor::vector(Vec::<f32>::new()))
    };
    (0..targets).map(of).collect()
}

fn answers(prediction: Prediction) -> Vec<baeum_core::Answer> {
    prediction.answers.into_iter().map(|(_, answer)| answer).collect()
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_string()
}
