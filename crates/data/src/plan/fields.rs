//! The refusals of `data.fields` that need no data.

use baeum_core::Denoise;

use super::SourcePlan;
use super::check::{Checked, IMAGE, TEXT, refuse};
use super::steps::{Change, Form};
use super::{plain_text, series};
use crate::DataError;
use crate::augment::{Augment, Changes};
use crate::config::{DataConfig, FieldConfig, ImputeWith, KindConfig, StepConfig, TokensBy};

/// What an image may be resized to; larger than the largest image that is read makes no sense.
const SIDES: std::ops::RangeInclusive<usize> = 1..=16_384;
const A_SIDE: &str = "a size from 1 to 16384";

/// A filter over more pixels than this takes minutes for an image.
const WINDOWS: std::ops::RangeInclusive<usize> = 3..=101;
const A_WINDOW: &str = "an odd number from 3 to 101";

/// More bins than this make rows that no network should see.
const MOST_BINS: usize = 1_000;

/// Quantiles are kept with the function; more of them say nothing new.
const MOST_QUANTILES: usize = 10_000;

/// How many places a text may have.
const LENGTHS: std::ops::RangeInclusive<usize> = 1..=1 << 20;

/// More pieces than this 32 bits cannot number exactly.
const MOST_PIECES: usize = 1 << 24;

/// The smallest vocabulary that holds what every text needs.
fn least_vocabulary(by: &TokensBy) -> (usize, &'static str) {
    match by {
        TokensBy::Character {} | TokensBy::Word {} | TokensBy::File { .. } => (3, ""),
        TokensBy::Bpe {} => (258, " (256 bytes, padding and the unknown)"),
        TokensBy::WordPiece {} | TokensBy::Unigram {} => (16, ""),
    }
}

/// As many rows as a table of embeddings may have.
const MOST_BUCKETS: usize = 1 << 24;

pub(super) fn field(
    config: &DataConfig,
    source: &SourcePlan,
    targets: &[String],
    name: &str,
    field: &FieldConfig,
) -> Checked {
    let path = format!("data.fields.{name}");
    if targets.iter().any(|target| target == name) {
        return refuse(path, "a field that the network sees", "the target");
    }
    if config.ignore.iter().chain(&config.ids).any(|column| column == name) {
        return refuse(path, "a field that the network sees", "one of `data.ignore` or `data.ids`");
    }
    let form = match source {
        SourcePlan::Table { .. } if config.series.is_some() => series::field(config, &path, name)?,
        SourcePlan::Table { .. } => column(config, &path, name, field)?,
        SourcePlan::Idx(_) => image(name, 1)?,
        SourcePlan::Numpy(_) => array(name)?,
        SourcePlan::Folder(folder) => image(name, folder.channels.count())?,
        SourcePlan::Text { .. } => plain_text::field(name, field)?,
        SourcePlan::TextFolder(_) if name == TEXT => Form::Words,
        SourcePlan::TextFolder(_) => {
            return refuse("data.fields", "the name `text`, the one field there is", format!("`{name}`"));
        }
        SourcePlan::Function { config, .. } if config.inputs.contains_key(name) => {
            Form::Numbers(Some(vec![1]))
        }
        SourcePlan::Function { .. } => {
            return refuse("data.fields", "names of `data.source.function.inputs`", format!("`{name}`"));
        }
    };
    let is_column = matches!(source, SourcePlan::Table { .. }) && config.series.is_none();
    if field.kind.is_some() && !is_column {
        return refuse(path + ".kind", "a column of a table", "a field whose kind is known");
    }
    augment(&path, &form, field)?;
    steps(&path, form, field.steps.as_deref().unwrap_or_default())
}

/// The ways to change a field at random: each fits what the field is, and each number by itself.
fn augment(path: &str, form: &Form, field: &FieldConfig) -> Checked {
    let is_given = |step: &StepConfig| matches!(step, StepConfig::Tokenise { by: TokensBy::File { .. }, .. });
    if !field.augment.is_empty() && field.steps.iter().flatten().any(is_given) {
        let wants = "a tokenizer that is learned here, for it is known what 0 and 1 are";
        return refuse(format!("{path}.augment"), wants, "one of a file");
    }
    for (place, way) in field.augment.iter().enumerate() {
        let path = format!("{path}.augment[{place}]");
        match form {
            Form::Image { .. } => refuse_other(&path, way, Changes::Images)?,
            Form::Words => refuse_other(&path, way, Changes::Texts)?,
            Form::Series { .. } | Form::Numbers(None) => refuse_other(&path, way, Changes::Series)?,
            Form::Name
            | Form::Place
            | Form::Pieces { .. }
            | Form::Numbers(Some(_))
            | Form::Window { .. }
            | Form::StepsFirst { .. } => {
                return refuse(path, "to stand at an image, a text or a series", "another field");
            }
        }
        refuse_numbers(&format!("{path}.{}", way.name()), way)?;
    }
    Ok(())
}

fn refuse_other(path: &str, way: &Augment, changes: Changes) -> Checked {
    match way.of() == changes {
        true => Ok(()),
        false => refuse(path, format!("a way to change {}", changes.name()), format!("`{}`", way.name())),
    }
}

fn refuse_numbers(path: &str, way: &Augment) -> Checked {
    let between = |name: &str, number: f64, low: f64, high: f64| match (low..=high).contains(&number) {
        true => Ok(()),
        false => {
            refuse(format!("{path}.{name}"), format!("a number from {low} to {high}"), number.to_string())
        }
    };
    let range = |name: &str, [a, b]: [f64; 2], low: f64, high: f64| match low <= a && a <= b && b <= high {
        true => Ok(()),
        false => {
            let wants = format!("two numbers from {low} to {high}, the lower one first");
            refuse(format!("{path}.{name}"), wants, format!("[{a}, {b}]"))
        }
    };
    match *way {
        Augment::Flip { horizontal, vertical } => {
            between("horizontal", horizontal, 0.0, 1.0)?;
            between("vertical", vertical, 0.0, 1.0)
        }
        Augment::Shift { pixels, .. } => within(format!("{path}.pixels"), pixels, 1, *SIDES.end()),
        Augment::Rotate { degrees } => between("degrees", degrees, 0.0, 180.0),
        Augment::Zoom { scale } => range("scale", scale, 0.1, 10.0),
        Augment::Colour { brightness, contrast, saturation } => {
            between("brightness", brightness, 0.0, 10.0)?;
            between("contrast", contrast, 0.0, 10.0)?;
            between("saturation", saturation, 0.0, 10.0)
        }
        Augment::Blur { sigma } => range("sigma", sigma, 0.0, 100.0),
        Augment::Erase { probability, area, aspect, .. } => {
            between("probability", probability, 0.0, 1.0)?;
            range("area", area, 0.0, 1.0)?;
            range("aspect", aspect, 0.01, 100.0)
        }
        Augment::Policy { count, magnitude, .. } => {
            within(format!("{path}.count"), count, 1, 100)?;
            between("magnitude", magnitude, 0.0, 10.0)
        }
        Augment::Jitter { strength } | Augment::Scaling { strength } => {
            between("strength", strength, 0.0, 10.0)
        }
        Augment::TimeWarp { knots, strength } => {
            within(format!("{path}.knots"), knots, 0, 1_000)?;
            between("strength", strength, 0.0, 10.0)
        }
        Augment::DropTokens { probability } => between("probability", probability, 0.0, 1.0),
        Augment::SwapTokens { count } => within(format!("{path}.count"), count, 1, 1_000_000),
    }
}

/// The one field of arrays: how many channels its images have, or numbers, is not known before they are read.
fn array(name: &str) -> Checked<Form> {
    match name {
        IMAGE => Ok(Form::Image { channels: 1, size: None }),
        "x" => Ok(Form::Numbers(None)),
        _ => refuse("data.fields", "the name `image` or `x`, the one field there is", format!("`{name}`")),
    }
}

fn image(name: &str, channels: usize) -> Checked<Form> {
    match name {
        IMAGE => Ok(Form::Image { channels, size: None }),
        _ => refuse("data.fields", "the name `image`, the one field there is", format!("`{name}`")),
    }
}

/// What a column most likely is, before it is read: what is said, or else what its first step takes.
fn column(config: &DataConfig, path: &str, name: &str, field: &FieldConfig) -> Checked<Form> {
    let is_vector = config.vectors.contains_key(name);
    let first = field.steps.as_ref().and_then(|steps| steps.first());
    let kind = field.kind();
    let starts_with_name = matches!(first, Some(StepConfig::Category { .. } | StepConfig::Hash { .. }));
    match kind {
        Some(KindConfig::Category | KindConfig::Text | KindConfig::Date | KindConfig::Image { .. })
            if is_vector =>
        {
            refuse(format!("{path}.kind"), "`number`, for it is one of `data.vectors`", "another kind")
        }
        Some(KindConfig::Number) | None if is_vector => Ok(Form::Numbers(None)),
        None if starts_with_name => Ok(Form::Name),
        Some(KindConfig::Number) | None => Ok(Form::Numbers(Some(vec![1]))),
        Some(KindConfig::Category) => Ok(Form::Name),
        Some(KindConfig::Text | KindConfig::Date) => Ok(Form::Words),
        Some(KindConfig::Image { channels, .. }) => {
            Ok(Form::Image { channels: channels.count(), size: None })
        }
    }
}

fn steps(path: &str, mut form: Form, steps: &[StepConfig]) -> Checked {
    for (place, step) in steps.iter().enumerate() {
        let path = format!("{path}.steps[{place}]");
        numbers(&path, step)?;
        form = form
            .after(Change::from(step))
            .map_err(|misfit| DataError::setting(&path, misfit.wants, misfit.got))?;
    }
    Ok(())
}

/// The numbers of a step, each by itself.
fn numbers(path: &str, step: &StepConfig) -> Checked {
    let setting = |name: &str| format!("{path}.{}.{name}", step.name());
    match step {
        StepConfig::Denoise { by } => denoise(&format!("{path}.denoise.by"), by),
        StepConfig::Crop { height, .. } | StepConfig::Resize { height, .. } if !SIDES.contains(height) => {
            refuse(setting("height"), A_SIDE, height.to_string())
        }
        StepConfig::Crop { width, .. } | StepConfig::Resize { width, .. } if !SIDES.contains(width) => {
            refuse(setting("width"), A_SIDE, width.to_string())
        }
        StepConfig::Scale { factor, .. } if !factor.is_finite() || *factor == 0.0 => {
            refuse(setting("factor"), "a finite number other than zero", factor.to_string())
        }
        StepConfig::Scale { offset, .. } => finite(setting("offset"), *offset),
        StepConfig::Impute { with: ImputeWith::Constant(value), .. } => {
            finite(setting("with.constant"), *value)
        }
        StepConfig::Clip { low, high, quantiles } => bounds(&setting, *low, *high, *quantiles),
        StepConfig::Quantile { quantiles, .. } => within(setting("quantiles"), *quantiles, 2, MOST_QUANTILES),
        StepConfig::Bins { count, .. } => within(setting("count"), *count, 2, MOST_BINS),
        StepConfig::PiecewiseLinear { count } => within(setting("count"), *count, 1, MOST_BINS),
        StepConfig::Category { min_rows } => within(setting("min_rows"), *min_rows, 1, usize::MAX),
        StepConfig::Hash { buckets } => within(setting("buckets"), *buckets, 2, MOST_BUCKETS),
        StepConfig::DateParts { parts, .. } if parts.is_empty() => {
            refuse(setting("parts"), "at least one part, such as `month`", "none")
        }
        StepConfig::DateParts { parts, .. } => {
            match parts.iter().enumerate().find(|(place, part)| parts[..*place].contains(part)) {
                Some((place, _)) => {
                    refuse(setting(&format!("parts[{place}]")), "each part once", "one again")
                }
                None => Ok(()),
            }
        }
        StepConfig::Tokenise { length, .. } if !LENGTHS.contains(length) => {
            refuse(setting("length"), "a number from 1 to 1048576", length.to_string())
        }
        StepConfig::Tokenise { by, vocabulary, .. } => {
            let (least, why) = least_vocabulary(by);
            match (least..=MOST_PIECES).contains(vocabulary) {
                true => Ok(()),
                false => refuse(
                    setting("vocabulary"),
                    format!("a number from {least}{why} to {MOST_PIECES}"),
                    vocabulary.to_string(),
                ),
            }
        }
        StepConfig::Difference { lag } => within(setting("lag"), *lag, 1, usize::MAX),
        StepConfig::Impute { flag: true, .. } if path.starts_with("data.fields.series.") => {
            refuse(setting("flag"), "false, for a series", "true")
        }
        StepConfig::NormaliseText { .. }
        | StepConfig::NormaliseWindow { .. }
        | StepConfig::StepsFirst {}
        | StepConfig::Crop { .. }
        | StepConfig::Resize { .. }
        | StepConfig::Standardise { .. }
        | StepConfig::Robust {}
        | StepConfig::Log1p {}
        | StepConfig::Impute { .. }
        | StepConfig::OneHot {} => Ok(()),
    }
}

/// The settings of a filter: windows have a pixel in their middle.
fn denoise(path: &str, by: &Denoise) -> Checked {
    let odd = |name: &str, size: usize| match size % 2 == 1 && WINDOWS.contains(&size) {
        true => Ok(()),
        false => refuse(format!("{path}.{name}"), A_WINDOW, size.to_string()),
    };
    let above = |name: &str, number: f64, least: f64| match number >= least && number.is_finite() {
        true => Ok(()),
        false => refuse(format!("{path}.{name}"), format!("a number from {least} on"), number.to_string()),
    };
    match *by {
        Denoise::Median { aperture } => odd("median.aperture", aperture),
        Denoise::Gaussian { size, sigma } => {
            odd("gaussian.size", size)?;
            above("gaussian.sigma", sigma, 0.0)
        }
        Denoise::Bilateral { diameter, sigma_color, sigma_space } => {
            odd("bilateral.diameter", diameter)?;
            above("bilateral.sigma_color", sigma_color, 0.1)?;
            above("bilateral.sigma_space", sigma_space, 0.1)
        }
        Denoise::NonLocalMeans { h, template, search } => {
            above("non_local_means.h", h, 0.1)?;
            odd("non_local_means.template", template)?;
            odd("non_local_means.search", search)
        }
    }
}

fn bounds(
    setting: &dyn Fn(&str) -> String,
    low: Option<f64>,
    high: Option<f64>,
    quantiles: Option<[f64; 2]>,
) -> Checked {
    let shown = |bound: Option<f64>| bound.map_or("nothing".to_owned(), |bound| bound.to_string());
    match (low, high, quantiles) {
        (None, None, None) => refuse(setting("low"), "a bound here, in `high` or in `quantiles`", "nothing"),
        (None, None, Some([a, b])) if (0.0..b).contains(&a) && b <= 1.0 => Ok(()),
        (None, None, Some([a, b])) => {
            refuse(setting("quantiles"), "a lower and a higher share from 0 to 1", format!("[{a}, {b}]"))
        }
        (_, _, Some(_)) => refuse(setting("quantiles"), "to stand without `low` and `high`", "both"),
        (low, high, None) => {
            low.map_or(Ok(()), |low| finite(setting("low"), low))?;
            high.map_or(Ok(()), |high| finite(setting("high"), high))?;
            match low.zip(high).is_none_or(|(low, high)| low < high) {
                true => Ok(()),
                false => refuse(setting("high"), format!("more than `low`, {}", shown(low)), shown(high)),
            }
        }
    }
}

fn finite(path: String, number: f64) -> Checked {
    if number.is_finite() { Ok(()) } else { refuse(path, "a finite number", number.to_string()) }
}

fn within(path: String, number: usize, least: usize, most: usize) -> Checked {
    match (least..=most).contains(&number) {
        true => Ok(()),
        false if most == usize::MAX => refuse(path, format!("a number from {least} on"), number.to_string()),
        false => refuse(path, format!("a number from {least} to {most}"), number.to_string()),
    }
}
