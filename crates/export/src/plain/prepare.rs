//! From a record to the numbers of an input, step by step.
use baeum_core::{
    DatePart, Distribution, Field, Filter, InputSpec, Kind, Moment, Record, Schema, Transform, Value,
};

use super::{Item, spread};

/// The numbers that the network sees of a record.
pub(super) fn prepare(schema: &Schema, spec: &InputSpec, record: &Record) -> Item {
    let mut numbers = vec![];
    for column in &spec.columns {
        let field = schema.field(&column.field).unwrap();
        let start = enter(field, record.get(&column.field).unwrap_or(&Value::Missing), &column.steps);
        numbers.extend(column.steps.iter().fold(start, step).1);
    }
    (spec.shape.clone(), numbers)
}

fn enter(field: &Field, value: &Value, steps: &[Transform]) -> Item {
    match value {
        Value::Missing => match &field.kind {
            Kind::Numbers { len } => (vec![*len], vec![f64::NAN; *len]),
            Kind::Series { channels, steps } => (vec![*channels, *steps], vec![f64::NAN; channels * steps]),
            Kind::Category => (vec![1], vec![0.0]),
            Kind::Labels { .. } | Kind::Number | Kind::Image { .. } | Kind::Text => (vec![1], vec![f64::NAN]),
        },
        Value::Number(x) => (vec![1], vec![*x]),
        Value::Numbers(x) => match field.kind {
            Kind::Series { channels, steps } => (vec![channels, steps], x.clone()),
            Kind::Number
            | Kind::Numbers { .. }
            | Kind::Category
            | Kind::Labels { .. }
            | Kind::Text
            | Kind::Image { .. } => (vec![x.len()], x.clone()),
        },
        Value::Text(text) => {
            if let Some(Transform::DateParts { parts, cyclic }) = steps.first() {
                let mut numbers = vec![0.0; DatePart::width(parts, *cyclic)];
                Moment::parse(text).unwrap().write(parts, *cyclic, &mut numbers).unwrap();
                return (vec![numbers.len()], numbers.into_iter().map(f64::from).collect());
            }
            let Some(Transform::Category { labels }) = steps.first() else { panic!("a category first") };
            (
                vec![1],
                vec![labels.iter().position(|label| label == text).map_or(0.0, |place| place as f64 + 1.0)],
            )
        }
        Value::Image(pixels) => {
            let [h, w, c] = pixels.shape() else { panic!("an image") };
            let bytes = pixels.to_f64s();
            let planes = (0..*c).flat_map(|k| bytes.iter().skip(k).step_by(*c).copied().collect::<Vec<_>>());
            (vec![*c, *h, *w], planes.collect())
        }
    }
}

fn step((shape, mut numbers): Item, step: &Transform) -> Item {
    let inner: usize = shape[1..].iter().product();
    let of = |values: &[f64], i: usize| values[if values.len() == 1 { 0 } else { i / inner }];
    match step {
        Transform::Resize { height, width, filter, fit: _ } => {
            return resize(&shape, &numbers, [*height, *width], *filter);
        }
        Transform::Scale { factor, offset } => numbers.iter_mut().for_each(|x| *x = *x * factor + offset),
        Transform::Standardise { centre, spread } => {
            numbers.iter_mut().enumerate().for_each(|(i, x)| *x = (*x - of(centre, i)) / of(spread, i));
        }
        Transform::Log1p {} => numbers.iter_mut().for_each(|x| *x = (1.0 + *x).ln()),
        Transform::Clip { low, high } => numbers.iter_mut().enumerate().for_each(|(i, x)| {
            if !x.is_nan() {
                *x = x.max(low.first().map_or(f64::MIN, |_| of(low, i)));
                *x = x.min(high.first().map_or(f64::MAX, |_| of(high, i)));
            }
        }),
        Transform::Quantile { quantiles, output } => numbers.iter_mut().enumerate().for_each(|(i, x)| {
            let share = spread::share(*x, &quantiles[i]);
            *x = if *output == Distribution::Normal { spread::normal(share) } else { share };
        }),
        Transform::IsMissing {} => numbers.iter_mut().for_each(|x| *x = f64::from(u8::from(x.is_nan()))),
        Transform::Bins { edges } => {
            let behind = edges.iter().filter(|edge| numbers[0] >= **edge).count() as f64;
            numbers[0] = if numbers[0].is_nan() { 0.0 } else { behind + 1.0 };
        }
        Transform::PiecewiseLinear { edges } => {
            let (x, last) = (numbers[0], edges.len() - 2);
            let share = |bin: usize| {
                let share = (x - edges[bin]) / (edges[bin + 1] - edges[bin]);
                let low = if bin == 0 { f64::MIN } else { 0.0 };
                share.clamp(low, if bin == last { f64::MAX } else { 1.0 })
            };
            return (vec![last + 1], (0..=last).map(share).collect());
        }
        Transform::DateParts { .. } => {}
        Transform::Hash { .. }
        | Transform::Denoise { .. }
        | Transform::Crop { .. }
        | Transform::NormaliseText { .. }
        | Transform::Tokenise { .. } => panic!("no format says it"),
        Transform::Impute { value } => {
            numbers.iter_mut().enumerate().filter(|(_, x)| x.is_nan()).for_each(|(i, x)| *x = of(value, i));
        }
        Transform::Category { .. } => {}
        Transform::NormaliseWindow { by, .. } => {
            for channel in numbers.chunks_mut(shape[1]) {
                let (centre, spread) = by.of(channel);
                channel.iter_mut().for_each(|x| *x = (*x - centre) / spread.unwrap_or(1.0));
            }
        }
        Transform::Difference { lag, .. } => {
            let less = |channel: &[f64]| channel.iter().zip(&channel[*lag..]).map(|(a, b)| b - a).collect();
            let differences: Vec<Vec<f64>> = numbers.chunks(shape[1]).map(less).collect();
            return (vec![shape[0], shape[1] - lag], differences.concat());
        }
        Transform::StepsFirst { .. } => {
            let [channels, steps] = shape[..] else { panic!("a series") };
            let of = |i: usize| numbers[i % channels * steps + i / channels];
            return (vec![steps, channels], (0..channels * steps).map(of).collect());
        }
        Transform::OneHot { size } => {
            return (vec![*size], (0..*size).map(|i| f64::from(u8::from(i as f64 == numbers[0]))).collect());
        }
    }
    (shape, numbers)
}

/// PIL's resize, pixel by pixel in both directions at once.
fn resize(shape: &[usize], numbers: &[f64], to: [usize; 2], filter: Filter) -> Item {
    let (c, h, w) = (shape[0], shape[1], shape[2]);
    let weight = |out: usize, at: usize, from: usize, to: usize| {
        let ratio = from as f64 / to as f64;
        let x = ((at as f64 + 0.5) - (out as f64 + 0.5) * ratio).abs() / ratio.max(1.0);
        match filter {
            Filter::Bilinear => (1.0 - x).max(0.0),
            Filter::Bicubic if x < 1.0 => 1.5 * x.powi(3) - 2.5 * x.powi(2) + 1.0,
            Filter::Bicubic if x < 2.0 => -0.5 * x.powi(3) + 2.5 * x.powi(2) - 4.0 * x + 2.0,
            Filter::Bicubic => 0.0,
            Filter::Area | Filter::Linear | Filter::Nearest => panic!("no format says it"),
        }
    };
    let mut resized = vec![];
    for plane in 0..c {
        for y in 0..to[0] {
            for x in 0..to[1] {
                let (mut sum, mut total) = (0.0, 0.0);
                for (i, j) in (0..h).flat_map(|i| (0..w).map(move |j| (i, j))) {
                    let share = weight(y, i, h, to[0]) * weight(x, j, w, to[1]);
                    sum += share * numbers[(plane * h + i) * w + j];
                    total += share;
                }
                resized.push(sum / total);
            }
        }
    }
    (vec![c, to[0], to[1]], resized)
}
