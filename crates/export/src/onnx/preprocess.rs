//! From raw fields to the inputs of the network.
use std::collections::BTreeMap;

use baeum_core::{DType, Field, Fit, InputSpec, Kind, Pipeline, Schema, Transform};

use super::builder::{Builder, batch, size};
use super::manifest::Given;
use super::model::{Attribute, Axis, Element};
use super::{bins, dates, images, names, quantile, series};

pub(super) use super::form::Form;
use crate::error::ExportError;
use crate::format::Format;

/// A field on its way to the network.
#[derive(Clone)]
pub(super) struct Flow<'a> {
    pub(super) field: &'a str,
    /// Its value in the graph.
    pub(super) value: String,
    pub(super) form: Form,
}

/// The inputs of the graph by the field they take.
pub(super) struct Entrance<'a> {
    flows: BTreeMap<&'a str, Flow<'a>>,
}

/// Opens an input of the graph for each field that some network input is made of, in the order of the schema.
pub(super) fn enter<'a>(
    builder: &mut Builder<'_>,
    schema: &'a Schema,
    specs: &'a [InputSpec],
) -> Result<(Entrance<'a>, Vec<Given>), ExportError> {
    let columns = || specs.iter().flat_map(|spec| &spec.columns);
    let (mut flows, mut inputs) = (BTreeMap::new(), vec![]);
    for field in schema.fields.iter().filter(|field| columns().any(|column| column.field == field.name)) {
        let is_date = |step: &Transform| matches!(step, Transform::DateParts { .. });
        let is_moment =
            columns().any(|column| column.field == field.name && column.steps.iter().any(is_date));
        let pieces = pieces_of(field, specs);
        let flow = match is_moment {
            true => dates::open(builder, field),
            false => open(builder, field, pieces.map(|(_, length)| length))?,
        };
        let pieces_of = pieces.map(|(input, _)| input.to_owned());
        inputs.push(Given { name: flow.value.clone(), field: field.name.clone(), pieces_of, is_moment });
        flows.insert(field.name.as_str(), flow);
    }
    match columns().find(|column| !flows.contains_key(column.field.as_str())) {
        None => Ok((Entrance { flows }, inputs)),
        Some(column) => Err(ExportError::Predictor {
            wanted: format!("field `{}` in its schema", column.field),
            got: "none of that name".to_owned(),
        }),
    }
}

/// The input of the network that is made of the pieces of this text and of nothing else, and how many there are.
fn pieces_of<'a>(field: &Field, specs: &'a [InputSpec]) -> Option<(&'a str, usize)> {
    specs.iter().find_map(|spec| {
        let [column] = &spec.columns[..] else { return None };
        let Some(Transform::Tokenise { length, .. }) = column.steps.last() else { return None };
        (column.field == field.name).then_some((spec.name.as_str(), *length))
    })
}

/// Opens the input of a field. A text is given as the places of its pieces: no operator cuts text as it was cut for
/// training.
fn open<'a>(
    builder: &mut Builder<'_>,
    field: &'a Field,
    pieces: Option<usize>,
) -> Result<Flow<'a>, ExportError> {
    if let Some(length) = pieces {
        let value = builder.name(&format!("{}.pieces", field.name));
        builder.input(&value, Element::I64, vec![batch(), size(length)]);
        return Ok(Flow { field: &field.name, value, form: Form::Pieces(length) });
    }
    let open_side = |name: &str| Axis::Open(name.to_owned());
    let (form, element, axes) = match &field.kind {
        Kind::Number => (Form::Row(1), Element::F32, vec![batch(), size(1)]),
        Kind::Numbers { len } => (Form::Row(*len), Element::F32, vec![batch(), size(*len)]),
        Kind::Series { channels, steps } => {
            let form = Form::Grid([*channels, *steps]);
            (form, Element::F32, vec![batch(), size(*channels), size(*steps)])
        }
        Kind::Category => (Form::Names, Element::Text, vec![batch(), size(1)]),
        Kind::Image { channels, size: sides } => {
            let (height, width) = match sides {
                Some((height, width)) => (size(*height), size(*width)),
                None => (open_side("height"), open_side("width")),
            };
            let sides = sides.map(|(height, width)| [height, width]);
            let form = Form::Pixels { channels: *channels, sides };
            (form, Element::U8, vec![batch(), height, width, size(*channels)])
        }
        Kind::Labels { .. } | Kind::Text => {
            return Err(refuse(
                &field.name,
                "numbers, names, images, dates, and a text that `tokenise` cuts",
                field.kind.to_string(),
            ));
        }
    };
    let value = builder.name(&field.name);
    builder.input(&value, element, axes);
    Ok(Flow { field: &field.name, value, form })
}

impl Entrance<'_> {
    /// The value of one network input: its fields prepared, side by side, laid out in its shape.
    pub(super) fn prepare(&self, builder: &mut Builder<'_>, spec: &InputSpec) -> Result<String, ExportError> {
        let code = match spec.dtype {
            DType::F32 => Element::F32,
            DType::I64 => Element::I64,
            DType::F64 | DType::U8 => {
                return Err(ExportError::Type { input: spec.name.clone(), got: spec.dtype });
            }
        };
        let mut parts = vec![];
        for column in &spec.columns {
            let flow = self.run(builder, column)?;
            parts.push(numbers(builder, flow, code)?);
        }
        lay_out(builder, spec, parts)
    }

    /// The value that a field comes in as.
    pub(super) fn value(&self, field: &str) -> Option<&str> {
        self.flows.get(field).map(|flow| flow.value.as_str())
    }

    fn run(&self, builder: &mut Builder<'_>, column: &Pipeline) -> Result<Flow<'_>, ExportError> {
        let flow = self.flows.get(column.field.as_str()).cloned();
        let missing = || refuse(&column.field, "a field of the schema", "none".to_owned());
        column.steps.iter().try_fold(flow.ok_or_else(missing)?, |flow, step| apply(builder, flow, step))
    }
}

/// One step of preprocessing.
fn apply<'a>(builder: &mut Builder<'_>, flow: Flow<'a>, step: &Transform) -> Result<Flow<'a>, ExportError> {
    match step {
        Transform::Denoise { .. } => Err(refuse(
            flow.field,
            "steps that it can say",
            "`denoise`; filter the files themselves".to_owned(),
        )),
        Transform::Crop { .. } => {
            Err(refuse(flow.field, "steps that it can say", "`crop`; crop the files themselves".to_owned()))
        }
        Transform::Resize { fit: Fit::Cover | Fit::Letterbox { .. }, .. } => {
            Err(refuse(flow.field, "`resize` with `fit = \"stretch\"`", "another `fit`".to_owned()))
        }
        Transform::Resize { height, width, filter, fit: Fit::Stretch } => {
            images::resize(builder, flow, [*height, *width], *filter)
        }
        Transform::Scale { factor, offset } => {
            let flow = floats(builder, flow)?;
            let flow = elementwise(builder, flow, "Mul", &[*factor])?;
            elementwise(builder, flow, "Add", &[*offset])
        }
        Transform::Standardise { centre, spread } => {
            let flow = floats(builder, flow)?;
            let flow = elementwise(builder, flow, "Sub", centre)?;
            elementwise(builder, flow, "Div", spread)
        }
        Transform::Log1p {} => {
            let flow = floats(builder, flow)?;
            let flow = elementwise(builder, flow, "Add", &[1.0])?;
            let value = builder.add(&format!("{}.log1p", flow.field), "Log", &[&flow.value], &[]);
            Ok(Flow { value, ..flow })
        }
        Transform::Clip { low, high } => {
            let flow = floats(builder, flow)?;
            let flow = bound(builder, flow, "Less", low)?;
            bound(builder, flow, "Greater", high)
        }
        Transform::Quantile { quantiles, output } => quantile::quantile(builder, flow, quantiles, *output),
        Transform::Impute { value } => impute(builder, flow, value),
        Transform::IsMissing {} => {
            let flow = floats(builder, flow)?;
            let wish = format!("{}.is_missing", flow.field);
            let missing = builder.add(&wish, "IsNaN", &[&flow.value], &[]);
            let value = cast(builder, &wish, &missing, Element::F32);
            Ok(Flow { value, ..flow })
        }
        Transform::Bins { edges } => bins::places(builder, flow, edges),
        Transform::PiecewiseLinear { edges } => bins::shares(builder, flow, edges),
        Transform::Category { labels } => names::category(builder, flow, labels),
        Transform::Hash { .. } => {
            Err(refuse(flow.field, "steps that it can say, such as `category`", "`hash`".to_owned()))
        }
        Transform::DateParts { parts, cyclic } => dates::parts(builder, flow, parts, *cyclic),
        Transform::NormaliseText { .. } | Transform::Tokenise { .. } => match flow.form {
            Form::Pieces(_) => Ok(flow), // done by whoever gives the pieces
            Form::Row(_)
            | Form::Names
            | Form::Places
            | Form::Grid(_)
            | Form::Moment
            | Form::Pixels { .. }
            | Form::Image { .. } => Err(refuse(flow.field, "a text before its steps", flow.form.to_string())),
        },
        Transform::OneHot { size } => names::one_hot(builder, flow, *size),
        Transform::NormaliseWindow { by, .. } => series::normalise(builder, flow, *by),
        Transform::Difference { lag, .. } => series::difference(builder, flow, *lag),
        Transform::StepsFirst { .. } => series::steps_first(builder, flow),
    }
}

/// A number beyond a bound becomes the bound. `Where` and no `Min`: a missing number stays missing.
fn bound<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    beyond: &'static str,
    bounds: &[f64],
) -> Result<Flow<'a>, ExportError> {
    if bounds.is_empty() {
        return Ok(flow);
    }
    let wish = format!("{}.clip", flow.field);
    let bounds = constant(builder, &flow, &wish, bounds)?;
    let is_beyond = builder.add(&wish, beyond, &[&flow.value, &bounds], &[]);
    let value = builder.add(&wish, "Where", &[&is_beyond, &bounds, &flow.value], &[]);
    Ok(Flow { value, ..flow })
}

fn impute<'a>(builder: &mut Builder<'_>, flow: Flow<'a>, value: &[f64]) -> Result<Flow<'a>, ExportError> {
    let flow = floats(builder, flow)?;
    let wish = format!("{}.impute", flow.field);
    let fill = constant(builder, &flow, &wish, value)?;
    let missing = builder.add(&wish, "IsNaN", &[&flow.value], &[]);
    let value = builder.add(&wish, "Where", &[&missing, &fill, &flow.value], &[]);
    Ok(Flow { value, ..flow })
}

/// One of `+ - * /` with one number, or with one for each number of a row or each channel of an image.
fn elementwise<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    operator: &'static str,
    numbers: &[f64],
) -> Result<Flow<'a>, ExportError> {
    let nothing = if matches!(operator, "Add" | "Sub") { 0.0 } else { 1.0 };
    if numbers.iter().all(|&number| number == nothing) {
        return Ok(flow);
    }
    let wish = format!("{}.{}", flow.field, operator.to_lowercase());
    let numbers = constant(builder, &flow, &wish, numbers)?;
    let value = builder.add(&wish, operator, &[&flow.value, &numbers], &[]);
    Ok(Flow { value, ..flow })
}

/// Numbers in a shape that spreads over the flow.
fn constant(
    builder: &mut Builder<'_>,
    flow: &Flow<'_>,
    wish: &str,
    numbers: &[f64],
) -> Result<String, ExportError> {
    let unfit = || {
        let got = format!("{} for {}", numbers.len(), flow.form);
        refuse(flow.field, "one number, or one for each of its own", got)
    };
    let shape = flow.form.spread(numbers.len()).ok_or_else(unfit)?;
    builder.numbers(wish, shape, numbers)
}

/// Whatever is a number becomes a float.
pub(super) fn floats<'a>(builder: &mut Builder<'_>, flow: Flow<'a>) -> Result<Flow<'a>, ExportError> {
    let flow = images::image(builder, flow);
    match flow.form {
        Form::Row(_) | Form::Grid(_) | Form::Image { .. } | Form::Pixels { .. } => Ok(flow),
        Form::Places => {
            let value = cast(builder, &format!("{}.float", flow.field), &flow.value, Element::F32);
            Ok(Flow { value, form: Form::Row(1), ..flow })
        }
        Form::Pieces(length) => {
            let value = cast(builder, &format!("{}.float", flow.field), &flow.value, Element::F32);
            Ok(Flow { value, form: Form::Row(length), ..flow })
        }
        Form::Moment => {
            Err(refuse(flow.field, "`date_parts` before it can be a number", flow.form.to_string()))
        }
        Form::Names => Err(refuse(flow.field, "`category` before it can be a number", flow.form.to_string())),
    }
}

/// A flow at its end: its value as numbers of the wanted type, and the sizes of one item.
fn numbers(
    builder: &mut Builder<'_>,
    flow: Flow<'_>,
    wanted: Element,
) -> Result<(String, Vec<usize>), ExportError> {
    let flow = match (wanted, &flow.form) {
        (Element::I64, Form::Places | Form::Pieces(_)) => flow,
        (Element::I64, form) => {
            return Err(refuse(flow.field, "places for an input of i64", form.to_string()));
        }
        _ => floats(builder, flow)?,
    };
    let any = || refuse(flow.field, "images of one size, or `resize`", "images of any size".to_owned());
    let sizes = flow.form.item().ok_or_else(any)?;
    Ok((flow.value, sizes))
}

fn lay_out(
    builder: &mut Builder<'_>,
    spec: &InputSpec,
    parts: Vec<(String, Vec<usize>)>,
) -> Result<String, ExportError> {
    let (value, sizes) = match &parts[..] {
        [] => (None, vec![]),
        [(value, sizes)] => (Some(value.clone()), sizes.clone()),
        _ => {
            let total = parts.iter().map(|(_, sizes)| sizes.iter().product::<usize>()).sum();
            (Some(side_by_side(builder, &spec.name, &parts)), vec![total])
        }
    };
    let (got, wanted): (usize, usize) = (sizes.iter().product(), spec.shape.iter().product());
    let Some(value) = value.filter(|_| got == wanted) else {
        return Err(ExportError::Predictor {
            wanted: format!("fields for input `{}` that make {:?}", spec.name, spec.shape),
            got: format!("{got} numbers"),
        });
    };
    if sizes == spec.shape {
        return Ok(value);
    }
    // 0 keeps the batch.
    let shape = builder.whole(&format!("{}.shape", spec.name), &[&[0], &spec.shape[..]].concat());
    Ok(builder.add(&spec.name, "Reshape", &[&value, &shape], &[]))
}

/// Every part as a row, one row behind the other.
fn side_by_side(builder: &mut Builder<'_>, name: &str, parts: &[(String, Vec<usize>)]) -> String {
    let rows: Vec<String> = parts
        .iter()
        .map(|(value, sizes)| match sizes.len() {
            1 => value.clone(),
            _ => builder.add(&format!("{value}.row"), "Flatten", &[value], &[]),
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    builder.add(&format!("{name}.row"), "Concat", &rows, &[("axis", Attribute::Int(1))])
}

pub(super) fn cast(builder: &mut Builder<'_>, wish: &str, value: &str, to: Element) -> String {
    builder.add(wish, "Cast", &[value], &[("to", Attribute::Int(to.code()))])
}

pub(super) fn refuse(field: &str, wanted: &'static str, got: String) -> ExportError {
    ExportError::Field { field: field.to_owned(), format: Format::Onnx, wanted, got }
}
