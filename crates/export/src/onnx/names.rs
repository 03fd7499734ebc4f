//! Names, and their places.

use super::builder::Builder;
use super::model::Attribute;
use super::preprocess::{Flow, Form, refuse};
use crate::error::ExportError;

/// Names to their places, counted from 1; 0 is for names that training did not see.
pub(super) fn category<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    labels: &[String],
) -> Result<Flow<'a>, ExportError> {
    if flow.form != Form::Names {
        return Err(refuse(flow.field, "names before `category`", flow.form.to_string()));
    }
    if labels.iter().any(String::is_empty) {
        // A missing name is fed as the empty one.
        return Err(refuse(
            flow.field,
            "names that are not empty",
            "an empty one among its labels".to_owned(),
        ));
    }
    let places = (1..=labels.len() as i64).collect();
    let settings = [
        ("keys_strings", Attribute::Texts(labels.to_vec())),
        ("values_int64s", Attribute::Ints(places)),
        ("default_int64", Attribute::Int(0)),
    ];
    let value = builder.add(&format!("{}.category", flow.field), "LabelEncoder", &[&flow.value], &settings);
    Ok(Flow { value, form: Form::Places, ..flow })
}

/// Places to rows of zeros with a one.
pub(super) fn one_hot<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    size: usize,
) -> Result<Flow<'a>, ExportError> {
    if flow.form != Form::Places {
        return Err(refuse(flow.field, "`category` or `bins` before `one_hot`", flow.form.to_string()));
    }
    let wish = format!("{}.one_hot", flow.field);
    let depth = builder.whole(&wish, &[size]);
    let values = builder.numbers(&wish, vec![2], &[0.0, 1.0])?;
    let axis = [("axis", Attribute::Int(-1))];
    let hot = builder.add(&wish, "OneHot", &[&flow.value, &depth, &values], &axis); // [batch, 1, size]
    let value = builder.add(&wish, "Flatten", &[&hot], &[]); // [batch, size]
    Ok(Flow { value, form: Form::Row(size), ..flow })
}
