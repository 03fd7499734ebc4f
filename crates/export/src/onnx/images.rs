//! Pixels, and their size.

use baeum_core::Filter;

use super::builder::Builder;
use super::model::{Attribute, Element};
use super::preprocess::{Flow, Form, cast, refuse};
use crate::error::ExportError;

/// Pixels become an image; anything else stays.
pub(super) fn image<'a>(builder: &mut Builder<'_>, flow: Flow<'a>) -> Flow<'a> {
    let Form::Pixels { channels, sides } = flow.form else { return flow };
    let wish = format!("{}.image", flow.field);
    let cast = cast(builder, &wish, &flow.value, Element::F32);
    let axes = Attribute::Ints(vec![0, 3, 1, 2]);
    let value = builder.add(&wish, "Transpose", &[&cast], &[("perm", axes)]); // [batch, channels, height, width]
    Flow { value, form: Form::Image { channels, sides }, ..flow }
}

/// Bytes of any size to numbers of one size, antialiased as PIL and torchvision have it: only these settings together
/// give their numbers (formats.md section 2.6).
pub(super) fn resize<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    sides: [usize; 2],
    filter: Filter,
) -> Result<Flow<'a>, ExportError> {
    let flow = image(builder, flow);
    let Form::Image { channels, .. } = flow.form else {
        return Err(refuse(flow.field, "an image before `resize`", flow.form.to_string()));
    };
    builder.need(flow.field, "Resize", 18)?;
    let wish = format!("{}.resize", flow.field);
    // [batch, channels] of what comes, then the sides that are wanted.
    let outer = builder.add(&wish, "Shape", &[&flow.value], &[("end", Attribute::Int(2))]);
    let inner = builder.whole(&wish, &sides);
    let sizes = builder.add(&wish, "Concat", &[&outer, &inner], &[("axis", Attribute::Int(0))]);
    let text = |text: &str| Attribute::Text(text.to_owned());
    let mut settings = vec![
        ("antialias", Attribute::Int(1)),
        ("coordinate_transformation_mode", text("half_pixel")),
        ("exclude_outside", Attribute::Int(1)),
    ];
    match filter {
        Filter::Bilinear => settings.push(("mode", text("linear"))),
        Filter::Bicubic => {
            settings.extend([("mode", text("cubic")), ("cubic_coeff_a", Attribute::Float(-0.5))])
        }
        // `Resize` without antialias has them nearly; nearly is not the same function.
        Filter::Area | Filter::Linear | Filter::Nearest => {
            let wanted = "`resize` with the filter `bilinear` or `bicubic`";
            return Err(refuse(flow.field, wanted, "OpenCV's filters".to_owned()));
        }
    }
    let value = builder.add(&wish, "Resize", &[&flow.value, "", "", &sizes], &settings);
    Ok(Flow { value, form: Form::Image { channels, sides: Some(sides) }, ..flow })
}
