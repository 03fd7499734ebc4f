mod pictured;
mod said;

use std::path::{Path, PathBuf};
use std::time::Duration;

use baeum_core::clock::SystemClock;
use baeum_core::fs::{FileKind, RealFs};
use baeum_core::{Answer, Clock, Decode, Field, Fs, Kind, Limit, Limits, Predictor, Record, Role, Value};
use baeum_data::CsvFormat;
use baeum_data::records::{read_csv, read_image, read_text, read_value};
use serde_json::{Value as Json, json};

use self::said::said;
use super::work::runs_in;
use super::{Failure, args, print};
use crate::generate::Generation;
use crate::predict::{Predict, PredictError, Prediction};
use crate::run::{Stage, output_of};
use crate::{Recipe, StageError, artifacts};

/// `baeum predict RUN FILE_OR_FOLDER`, `baeum predict RUN --set a=3`.
pub(crate) fn run(args: &args::Predict) -> Result<(), Failure> {
    let asked = Asked::open(args)?;
    let mut predict = Predict::new(&asked.predictor)?;
    if asked.tells_next() {
        return asked.go_on(&mut predict, args);
    }
    let mut rows = vec![];
    // One record at a time: an image folder need not fit into memory.
    for row in asked.rows(args)? {
        let (name, record) = asked.read(row, args)?;
        let prediction = predict.answer(&record)?;
        match args.json {
            true => print::line(&as_json(&name, &prediction).to_string()),
            false => rows.push((name, prediction)),
        }
    }
    match (&rows[..], &args.input) {
        _ if args.json => {}
        ([(_, prediction)], None) => one(&asked.predictor, prediction),
        (rows, _) if asked.is_series() => forecasts(rows),
        (rows, _) => many(&asked.predictor, rows),
    }
    Ok(())
}

/// A learned function, and how its tables are written.
struct Asked {
    predictor: Predictor,
    format: CsvFormat,
    limits: Limits,
}

/// A record that is here, or one that is still a picture or a text on the disk.
enum Row {
    Record(String, Record),
    File(PathBuf),
}

impl Asked {
    /// The learned function of a run, every byte of it checked.
    fn open(args: &args::Predict) -> Result<Asked, Failure> {
        let run = runs_in(&args.runs).locate(&args.run)?;
        let recipe = RealFs.read(&run.join("recipe.toml"), Limits::default().recipe_bytes)?;
        // Answers are computed here, wherever the network was trained.
        let here = ["run.device=cpu".to_owned()];
        let plans = Recipe::from_bytes("recipe.toml of the run", &recipe, &here)?.check()?;
        let limits = plans.run.limits().clone();
        let set = output_of(&RealFs, &run, Stage::Train)?;
        Ok(Asked {
            predictor: artifacts::predictor(&set.files, &limits)?,
            format: plans.data.csv_format(),
            limits,
        })
    }

    fn rows(&self, args: &args::Predict) -> Result<Vec<Row>, Failure> {
        match &args.input {
            None => Ok(vec![Row::Record(String::new(), self.typed(&args.fields)?)]),
            Some(input) if self.image_alone().is_some() || self.text().is_some() && is_text(input) => {
                Ok(pictures(input, &self.limits)?.into_iter().map(Row::File).collect())
            }
            Some(input) => {
                let bytes = RealFs.read(input, self.limits.inflated_bytes)?;
                let (name, schema) = (input.display().to_string(), &self.predictor.schema);
                let records =
                    read_csv(&name, bytes, schema, &self.format, &self.limits).map_err(StageError::from)?;
                let named = |(i, record): (usize, Record)| {
                    let name = series_of(schema, &record).unwrap_or_else(|| format!("row {}", i + 1));
                    Row::Record(name, record)
                };
                Ok(records.into_iter().enumerate().map(named).collect())
            }
        }
    }

    fn read(&self, row: Row, args: &args::Predict) -> Result<(String, Record), Failure> {
        let path = match row {
            Row::Record(name, record) => {
                // Paths start where the table is, those that are typed where the command is.
                let folder = args.input.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
                let schema = &self.predictor.schema;
                return Ok((name, pictured::with_images(record, schema, folder, &self.limits)?));
            }
            Row::File(path) => path,
        };
        let name = path.display().to_string();
        let (field, value) = match (self.image_alone(), self.text()) {
            (Some(field), _) => {
                let bytes = RealFs.read(&path, self.limits.image_bytes)?;
                (field, read_image(&name, &bytes, field, &self.limits))
            }
            (None, Some(field)) => {
                let bytes = RealFs.read(&path, self.limits.csv_field_bytes)?;
                (field, read_text(&name, bytes, field))
            }
            (None, None) => {
                return Err(Failure::Usage(format!("this run takes no images and no texts, got {name}")));
            }
        };
        Ok((name, Record::from([(field.name.clone(), value.map_err(StageError::from)?)])))
    }

    /// One record out of `field=value` words.
    fn typed(&self, words: &[String]) -> Result<Record, Failure> {
        let mut record = Record::new();
        for word in words {
            let Some((name, text)) = word.split_once('=') else {
                return Err(Failure::Usage(format!(
                    "`--set` wants FIELD=VALUE, got `{}`",
                    word.escape_debug()
                )));
            };
            let field = self.predictor.schema.field(name.trim()).map_err(PredictError::from)?;
            let value = read_value(text.trim(), field, &self.format).map_err(StageError::from)?;
            record.insert(field.name.clone(), value);
        }
        Ok(record)
    }

    fn tells_next(&self) -> bool {
        self.predictor.targets.iter().any(|target| matches!(target.decode, Decode::Next { .. }))
    }

    /// Prints texts and what the network adds to them, while it comes, and how fast it came.
    fn go_on(&self, predict: &mut Predict, args: &args::Predict) -> Result<(), Failure> {
        let (how, clock) = (generation(args), SystemClock::new());
        how.check().map_err(PredictError::from)?;
        let (mut pieces, mut time) = (0, Duration::ZERO);
        for text in self.begun(predict, args)? {
            let mut added = String::new();
            let mut tell = |new: &str| match args.json {
                true => added += new,
                false => print::part(new),
            };
            if !args.json {
                print::part(&text);
            }
            let since = clock.elapsed();
            pieces += predict.go_on(&text, &how, &mut tell)?;
            time += clock.elapsed() - since;
            print::line(&match args.json {
                true => json!({ "text": text, "added": added }).to_string(),
                false => String::new(),
            });
        }
        let each_second = pieces as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE);
        print::error(&format!("{}, {each_second:.0} a second", print::counted(pieces, "piece")));
        Ok(())
    }

    /// The texts to go on with: a file is one, or has one in each line where the run has learned lines.
    fn begun(&self, predict: &Predict, args: &args::Predict) -> Result<Vec<String>, Failure> {
        let Some(input) = &args.input else {
            self.typed(&args.fields)?;
            // As it was typed: a blank at its end is a piece like any other.
            let word = args.fields.first().and_then(|word| word.split_once('='));
            return Ok(vec![word.map(|(_, text)| text.to_owned()).unwrap_or_default()]);
        };
        let bytes = RealFs.read(input, self.limits.inflated_bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::Usage(format!("a text to go on with wants to be UTF-8, got {}", input.display()))
        })?;
        Ok(match predict.goes_on_with_lines()? {
            true => text.lines().map(str::to_owned).collect(),
            false => vec![text],
        })
    }

    fn is_series(&self) -> bool {
        self.predictor.schema.with_role(Role::Input).any(|field| matches!(field.kind, Kind::Series { .. }))
    }

    /// The text that the network sees, if it sees nothing else.
    fn text(&self) -> Option<&Field> {
        let mut inputs = self.predictor.schema.with_role(Role::Input);
        let first = inputs.next().filter(|field| field.kind == Kind::Text)?;
        inputs.next().is_none().then_some(first)
    }

    fn image_alone(&self) -> Option<&Field> {
        pictured::image_alone(&self.predictor.schema)
    }
}

fn generation(args: &args::Predict) -> Generation {
    Generation {
        pieces: args.pieces,
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        stop: args.stop.clone(),
        seed: args.seed,
    }
}

/// Whether a file holds one text, or a folder such files; anything else is a table.
fn is_text(input: &Path) -> bool {
    RealFs.metadata(input).is_ok_and(|found| found.kind == FileKind::Dir)
        || input.extension().is_some_and(|end| end.eq_ignore_ascii_case("txt"))
}

/// The files at `input`: itself, or everything below it that is no folder, by name.
fn pictures(input: &Path, limits: &Limits) -> Result<Vec<PathBuf>, Failure> {
    match RealFs.metadata(input)?.kind {
        FileKind::Dir => {
            let mut found = vec![];
            for name in limits
                .list(Limit::FolderFiles, &RealFs, input)
                .map_err(baeum_data::DataError::from)
                .map_err(StageError::from)?
            {
                found.extend(pictures(&input.join(name), limits)?);
            }
            Ok(found)
        }
        FileKind::File | FileKind::Other => Ok(vec![input.to_owned()]),
    }
}

fn as_json(name: &str, prediction: &Prediction) -> Json {
    let answers: serde_json::Map<String, Json> = prediction
        .answers
        .iter()
        .map(|(target, answer)| {
            let said = match answer {
                Answer::Label { label, probabilities } => {
                    json!({ "label": label, "probabilities": probabilities })
                }
                Answer::Labels { labels, probabilities } => {
                    json!({ "labels": labels, "probabilities": probabilities })
                }
                Answer::Numbers { columns, values, unit } => {
                    let values: serde_json::Map<String, Json> =
                        columns.iter().cloned().zip(values.iter().map(|value| json!(value))).collect();
                    json!({ "values": values, "unit": unit })
                }
                Answer::Number { value, unit } => json!({ "value": value, "unit": unit }),
                Answer::Next { probabilities } => json!({ "places": probabilities.len() }),
                Answer::Forecast { columns, values, unit } => {
                    let steps: serde_json::Map<String, Json> =
                        columns.iter().cloned().zip(values.iter().map(|values| json!(values))).collect();
                    json!({ "steps": steps, "unit": unit })
                }
            };
            (target.clone(), said)
        })
        .collect();
    let notes: Vec<String> = prediction.notes.iter().map(ToString::to_string).collect();
    json!({ "file": name, "answers": answers, "notes": notes })
}

/// One answer in full: how probable each label is, and what is unusual about the record.
fn one(predictor: &Predictor, prediction: &Prediction) {
    for ((field, answer), target) in prediction.answers.iter().zip(&predictor.targets) {
        if let Answer::Forecast { columns, values, unit } = answer {
            print::line(&steps(columns, &[(String::new(), values)], unit.as_deref()));
            continue;
        }
        print::line(&format!("  {field}  {}", said(answer, &target.decode)));
        let shares = match answer {
            Answer::Label { probabilities, .. } | Answer::Labels { probabilities, .. } => probabilities,
            Answer::Number { .. }
            | Answer::Numbers { .. }
            | Answer::Next { .. }
            | Answer::Forecast { .. } => {
                continue;
            }
        };
        if let Decode::Label { labels } | Decode::Labels { labels, .. } = &target.decode {
            let mut shares: Vec<(&String, f32)> = labels.iter().zip(shares.iter().copied()).collect();
            shares.sort_by(|a, b| b.1.total_cmp(&a.1));
            let rows: Vec<Vec<String>> = shares
                .iter()
                .take(SHOWN)
                .map(|(label, share)| vec![(*label).clone(), format!("{share:.4}")])
                .collect();
            print::line(&format!("\n{}", print::table(&["label", "probability"], &rows)));
        }
    }
    for note in &prediction.notes {
        print::line(&format!("  note: {note}"));
    }
}

/// Every step of the forecasts of some series.
fn forecasts(rows: &[(String, Prediction)]) {
    for place in 0..rows.first().map_or(0, |(_, prediction)| prediction.answers.len()) {
        let (mut told, mut head) = (vec![], None);
        for (name, prediction) in rows {
            if let Some((_, Answer::Forecast { columns, values, unit })) = prediction.answers.get(place) {
                head = Some((columns, unit.as_deref()));
                let name = if rows.len() > 1 { name.clone() } else { String::new() };
                told.push((name, values));
            }
        }
        if let Some((columns, unit)) = head {
            print::line(&steps(columns, &told, unit));
        }
    }
}

/// What the series of a record is called, where there are several.
fn series_of(schema: &baeum_core::Schema, record: &Record) -> Option<String> {
    let is_series = |field: &&Field| matches!(field.kind, Kind::Series { .. });
    schema.with_role(Role::Input).find(is_series)?;
    let name = schema.with_role(Role::Id).find(|field| field.kind == Kind::Category);
    match record.get(&name?.name)? {
        Value::Text(name) => Some(name.clone()),
        Value::Missing | Value::Number(_) | Value::Numbers(_) | Value::Image(_) => None,
    }
}

/// How many labels are shown for one record.
const SHOWN: usize = 10;

/// A line for each record: its name, its answers, how sure they are, what is unusual.
fn many(predictor: &Predictor, rows: &[(String, Prediction)]) {
    let mut head = vec!["from"];
    for target in &predictor.targets {
        head.push(&target.field);
        if let Decode::Label { .. } = target.decode {
            head.push("probability");
        }
    }
    head.push("notes");
    let line = |(name, prediction): &(String, Prediction)| {
        let mut row = vec![name.clone()];
        for ((_, answer), target) in prediction.answers.iter().zip(&predictor.targets) {
            row.push(said(answer, &target.decode));
            if let Answer::Label { probabilities, .. } = answer {
                row.push(format!("{:.4}", probabilities.iter().copied().fold(0.0, f32::max)));
            }
        }
        row.push(prediction.notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        row
    };
    print::line(&print::table(&head, &rows.iter().map(line).collect::<Vec<_>>()));
}

/// A line for each step of some forecasts, each with its name where there are several.
fn steps(columns: &[String], forecasts: &[(String, &Vec<Vec<f64>>)], unit: Option<&str>) -> String {
    let named = forecasts.iter().any(|(name, _)| !name.is_empty());
    let unit = unit.map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let columns: Vec<String> = columns.iter().map(|column| format!("{column}{unit}")).collect();
    let head: Vec<&str> =
        named.then_some("of").into_iter().chain(["step"]).chain(columns.iter().map(String::as_str)).collect();
    let mut rows = vec![];
    for (name, values) in forecasts {
        for step in 0..values.first().map_or(0, Vec::len) {
            let mut row: Vec<String> = named.then(|| name.clone()).into_iter().collect();
            row.push((step + 1).to_string());
            row.extend(values.iter().filter_map(|column| Some(format!("{:.6}", column.get(step)?))));
            rows.push(row);
        }
    }
    print::table(&head, &rows)
}
