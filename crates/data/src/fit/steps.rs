//! The steps of one field, fitted one behind the other: each sees the training rows as those before it leave them.

use baeum_core::{Kind, Limit, Transform};

use super::quantiles::{edges, evenly, mode, quantile};
use super::rows::{Moments, Rows, Seen};
use crate::config::{BinsBy, FieldConfig, ImputeWith, KindConfig, Per, StepConfig, TokensBy, parts_of_a_day};
use crate::plan::DataPlan;
use crate::plan::steps::{Change, Form, Misfit};
use crate::refusal::Refusal;
use crate::text::{self, Blanks};
use crate::{DataError, Place};

/// Steps from a field to numbers, and the shape of what comes out.
type Way = (Vec<Transform>, Vec<usize>);

/// The ways of one field to the network: its steps, and, where the recipe wants to know what was missing, a second
/// way that tells it.
pub(super) fn fit(
    plan: &DataPlan,
    rows: &Rows<'_>,
    kind: &Kind,
    seen: &Seen,
    place: &Place,
) -> Result<Vec<Way>, DataError> {
    let name = &rows.field.name;
    let said = plan.field(name).and_then(|field| field.steps.clone());
    let is_date = plan.field(name).and_then(FieldConfig::kind) == Some(KindConfig::Date);
    let steps = said.unwrap_or_else(|| match is_date {
        true => usual_of_date(seen.has_missing),
        false => usual(kind, seen.has_missing),
    });
    let mut fitting = Fitting { plan, rows, seen, place, form: Form::of(kind), fitted: vec![] };
    for (number, step) in steps.iter().enumerate() {
        fitting.add(step, &format!("data.fields.{name}.steps[{number}]"))?;
    }
    let path = format!("data.fields.{name}.steps");
    let mut ways = vec![(fitting.fitted, shape(&fitting.form, &path)?)];
    if steps.iter().any(|step| matches!(step, StepConfig::Impute { flag: true, .. })) {
        ways.push((vec![Transform::IsMissing {}], shape(&Form::of(kind), &path)?));
    }
    Ok(ways)
}

/// The steps of a field of which the recipe says nothing.
fn usual(kind: &Kind, has_missing: bool) -> Vec<StepConfig> {
    let standardise = StepConfig::Standardise { per: None };
    match kind {
        Kind::Number | Kind::Series { .. } if has_missing => {
            vec![StepConfig::Impute { with: ImputeWith::Mean, flag: false }, standardise]
        }
        Kind::Number | Kind::Series { .. } => vec![standardise],
        Kind::Category => vec![StepConfig::Category { min_rows: 1 }, StepConfig::OneHot {}],
        Kind::Image { .. } => vec![StepConfig::Scale { factor: 1.0 / 255.0, offset: 0.0 }],
        Kind::Numbers { .. } | Kind::Labels { .. } | Kind::Text => vec![],
    }
}

/// The steps of a date of which the recipe says nothing.
fn usual_of_date(has_missing: bool) -> Vec<StepConfig> {
    let parts = StepConfig::DateParts { parts: parts_of_a_day(), cyclic: false };
    [vec![parts], usual(&Kind::Number, has_missing)].concat()
}

/// A field, and how far its steps are fitted.
struct Fitting<'a> {
    plan: &'a DataPlan,
    rows: &'a Rows<'a>,
    seen: &'a Seen,
    place: &'a Place,
    /// What the field is behind the steps so far.
    form: Form,
    fitted: Vec<Transform>,
}

impl Fitting<'_> {
    /// Fits one more step; `path` is where the recipe says it.
    fn add(&mut self, step: &StepConfig, path: &str) -> Result<(), DataError> {
        let refuse = |misfit: Misfit| DataError::setting(path, misfit.wants, misfit.got);
        self.form.clone().after(Change::from(step)).map_err(refuse)?;
        let transform = self.fit(step, path)?;
        self.form = self.form.clone().after(Change::from(&transform)).map_err(refuse)?;
        self.fitted.push(transform);
        Ok(())
    }

    fn fit(&self, step: &StepConfig, path: &str) -> Result<Transform, DataError> {
        Ok(match step {
            StepConfig::Denoise { by } => Transform::Denoise { by: *by },
            StepConfig::Crop { height, width } => Transform::Crop { height: *height, width: *width },
            StepConfig::Resize { height, width, filter, fit } => {
                Transform::Resize { height: *height, width: *width, filter: *filter, fit: *fit }
            }
            StepConfig::Scale { factor, offset } => Transform::Scale { factor: *factor, offset: *offset },
            StepConfig::Standardise { per } => self.standardise(*per, path)?,
            StepConfig::Robust {} => self.robust(path)?,
            StepConfig::Log1p {} => Transform::Log1p {},
            StepConfig::Clip { low, high, quantiles: None } => {
                Transform::Clip { low: low.iter().copied().collect(), high: high.iter().copied().collect() }
            }
            StepConfig::Clip { quantiles: Some([low, high]), .. } => self.clip(*low, *high, path)?,
            StepConfig::Quantile { quantiles, output } => {
                let kept = |column: &Vec<f32>| evenly(column, (*quantiles).min(column.len()).max(2));
                let quantiles = self.sorted(path)?.iter().map(kept).collect();
                Transform::Quantile { quantiles, output: *output }
            }
            StepConfig::Impute { with, .. } => self.impute(*with, path)?,
            StepConfig::Bins { count, by } => self.bins(*count, *by, path)?,
            StepConfig::PiecewiseLinear { count } => {
                Transform::PiecewiseLinear { edges: self.edges(*count, BinsBy::Quantile, path)? }
            }
            StepConfig::Category { min_rows } => self.category(*min_rows)?,
            StepConfig::Hash { buckets } => Transform::Hash { buckets: *buckets },
            StepConfig::DateParts { parts, cyclic } => {
                Transform::DateParts { parts: parts.clone(), cyclic: *cyclic }
            }
            StepConfig::NormaliseText { form, lower } => {
                Transform::NormaliseText { form: *form, lower: *lower }
            }
            StepConfig::Tokenise { by, vocabulary, length, keep, fill } => {
                let (tokenizer, padding) = self.tokenizer(by, *vocabulary, path)?;
                let known = text::vocabulary(&tokenizer).map_err(|refusal| tokenise(path, refusal))?;
                let [keep, fill] = [*keep, *fill];
                Transform::Tokenise { tokenizer, vocabulary: known, padding, length: *length, keep, fill }
            }
            StepConfig::OneHot {} => {
                // `Form::after` has refused it behind anything that gives no place.
                Transform::OneHot { size: self.fitted.last().and_then(Transform::places).unwrap_or(1) }
            }
            StepConfig::NormaliseWindow { by } => {
                Transform::NormaliseWindow { channels: self.channels(), by: *by }
            }
            StepConfig::Difference { lag } => Transform::Difference { channels: self.channels(), lag: *lag },
            StepConfig::StepsFirst {} => Transform::StepsFirst { channels: self.channels() },
        })
    }

    /// How many numbers the next step is fitted to at once.
    fn width(&self, path: &str) -> Result<usize, DataError> {
        self.form.width().map_err(|misfit| DataError::setting(path, misfit.wants, misfit.got))
    }

    /// How many channels the series has.
    fn channels(&self) -> usize {
        if let Kind::Series { channels, .. } = self.rows.field.kind { channels } else { 1 }
    }

    fn standardise(&self, per: Option<Per>, path: &str) -> Result<Transform, DataError> {
        let width = self.width(path)?;
        let runs = self.runs(per, &shape(&self.form, path)?, path)?;
        let moments = self.rows.moments(&self.fitted, width, runs.min(width))?;
        let (centre, spread) = moments.iter().map(|moments| (moments.mean(), moments.divisor())).unzip();
        Ok(Transform::Standardise { centre, spread })
    }

    /// Into how many runs the numbers of a row are cut, each with a mean of its own.
    fn runs(&self, per: Option<Per>, shape: &[usize], path: &str) -> Result<usize, DataError> {
        let laid_out = self.plan.laid_out(&self.rows.field.name).unwrap_or(shape);
        let usual = if let [_, _, _] = laid_out { Per::Channel } else { Per::Feature };
        match (per.unwrap_or(usual), shape, laid_out) {
            (Per::All, _, _) => Ok(1),
            (Per::Feature, _, _) => Ok(shape.iter().product()),
            (Per::Channel, [channels, _] | [channels, _, _], _) | (Per::Channel, _, [channels, _, _]) => {
                Ok(*channels)
            }
            (Per::Channel, _, _) => {
                let wants = "numbers laid out as [channels, rows, columns] for `channel`";
                let got = format!("{shape:?}; say `data.shape`, or the `shape` of its input");
                Err(DataError::setting(format!("{path}.standardise.per"), wants, got))
            }
        }
    }

    fn robust(&self, path: &str) -> Result<Transform, DataError> {
        let columns = self.sorted(path)?;
        let between = |column: &Vec<f32>| match quantile(column, 0.75) - quantile(column, 0.25) {
            0.0 => 1.0,
            distance => distance,
        };
        let centre = columns.iter().map(|column| quantile(column, 0.5)).collect();
        Ok(Transform::Standardise { centre, spread: columns.iter().map(between).collect() })
    }

    fn clip(&self, low: f64, high: f64, path: &str) -> Result<Transform, DataError> {
        let columns = self.sorted(path)?;
        let at = |share: f64| columns.iter().map(|column| quantile(column, share)).collect();
        Ok(Transform::Clip { low: at(low), high: at(high) })
    }

    fn impute(&self, with: ImputeWith, path: &str) -> Result<Transform, DataError> {
        let width = self.width(path)?;
        let value = match with {
            ImputeWith::Constant(value) => vec![value],
            ImputeWith::Median => self.sorted(path)?.iter().map(|column| quantile(column, 0.5)).collect(),
            ImputeWith::Mode => self.sorted(path)?.iter().map(|column| mode(column)).collect(),
            ImputeWith::Mean => {
                self.rows.moments(&self.fitted, width, width)?.iter().map(Moments::mean).collect()
            }
        };
        Ok(Transform::Impute { value })
    }

    fn bins(&self, count: usize, by: BinsBy, path: &str) -> Result<Transform, DataError> {
        let edges = self.edges(count, by, path)?;
        Ok(Transform::Bins { edges: edges[1..edges.len() - 1].to_vec() })
    }

    /// Where bins of one number start, and where the last one ends: at least two different numbers.
    fn edges(&self, count: usize, by: BinsBy, path: &str) -> Result<Vec<f64>, DataError> {
        let columns = self.sorted(path)?;
        let edges = columns.first().map(|column| edges(column, count, by)).unwrap_or_default();
        match edges.len() {
            0 | 1 => {
                let got = edges.first().map_or("none".to_owned(), |only| format!("only {only}"));
                let wants = "at least two different numbers".to_owned();
                Err(DataError::Column { column: self.rows.field.name.clone(), wants, got })
            }
            _ => Ok(edges),
        }
    }

    fn category(&self, min_rows: usize) -> Result<Transform, DataError> {
        let kept = self.seen.names.iter().filter(|(_, rows)| **rows >= min_rows);
        let labels: Vec<String> = kept.map(|(name, _)| name.clone()).collect();
        match labels.is_empty() && min_rows > 1 {
            false => Ok(Transform::Category { labels }),
            true => Err(DataError::Column {
                column: self.rows.field.name.clone(),
                wants: format!("a name with at least {min_rows} rows, as `min_rows` says"),
                got: "none".to_owned(),
            }),
        }
    }

    /// The tokenizer of a text, and the place of its padding: learned from the training rows, or read from a file.
    fn tokenizer(&self, by: &TokensBy, vocabulary: usize, path: &str) -> Result<(String, u32), DataError> {
        if let TokensBy::File { path: name } = by {
            let bytes = self.place.read(name, Limit::TokenizerBytes)?;
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| DataError::file(name, "UTF-8", "other bytes"))?;
            return text::given(&text).map_err(|refusal| DataError::file(name, refusal.wants, refusal.got));
        }
        self.place.progress.begin("learning pieces", 0);
        let rewritten = |name: &String| {
            self.fitted.iter().fold(name.clone(), |text, step| {
                let Transform::NormaliseText { form, lower } = step else { return text };
                text::normalised(&text, *form, *lower)
            })
        };
        let texts: Vec<(String, usize)> =
            self.seen.names.iter().map(|(name, rows)| (rewritten(name), *rows)).collect();
        let texts = texts.iter().map(|(text, rows)| (text.as_str(), *rows));
        let blanks = if self.plan.tells_next() { Blanks::AsTheyStand } else { Blanks::Before };
        Ok((text::learn((by, blanks), vocabulary, texts).map_err(|refusal| tokenise(path, refusal))?, 0))
    }

    /// The numbers of each column behind the steps so far.
    fn sorted(&self, path: &str) -> Result<Vec<Vec<f32>>, DataError> {
        self.rows.sorted(&self.fitted, self.width(path)?)
    }
}

/// What `tokenise` refuses.
fn tokenise(path: &str, refusal: Refusal) -> DataError {
    DataError::setting(format!("{path}.tokenise"), refusal.wants, refusal.got)
}

/// The shape of the numbers that a field has become.
fn shape(form: &Form, path: &str) -> Result<Vec<usize>, DataError> {
    form.clone().shape().map_err(|misfit| DataError::setting(path, misfit.wants, misfit.got))
}
