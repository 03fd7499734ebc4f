//! What stands side by side: the fields of a table, the members of an ensemble.

use baeum_core::{MeanOf, Tensor};

use super::builder::Builder;
use super::model::Attribute;
use super::sequence::{self, reshape};
use crate::error::ExportError;

/// Each group of numbers by weights of its own. `x`: `[batch, n]`.
pub(super) fn grouped_dense(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    groups: &[usize],
    units: usize,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let (mut first, mut vectors) = (0, vec![]);
    for &size in groups {
        let [from, to, axis] = [first, first + size, 1].map(|place| builder.whole(&part("places"), &[place]));
        let numbers = builder.add(&part("group"), "Slice", &[x, &from, &to, &axis], &[]); // [batch, size]
        let own = first * units..(first + size) * units;
        let rows = |weight: &Tensor| Tensor::new([size, units], weight.f32s()?[own].to_vec());
        let weight = builder.weight(&part("weight"), rows)?;
        vectors.push(builder.add(&part("vector"), "MatMul", &[&numbers, &weight], &[])); // [batch, units]
        first += size;
    }
    let vectors: Vec<&str> = vectors.iter().map(String::as_str).collect();
    let row = builder.add(&part("vectors"), "Concat", &vectors, &[("axis", Attribute::Int(1))]); // [batch, groups * units]
    let rows = reshape(builder, &part("rows"), &row, &[groups.len(), units]); // [batch, groups, units]
    let bias = builder.weight(&part("bias"), |bias| Ok(bias.clone()))?;
    Ok(builder.add(name, "Add", &[&rows, &bias], &[]))
}

/// `x`: `[batch, n]`, once for each member.
pub(super) fn ensemble(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    members: usize,
) -> String {
    let n = item.first().copied().unwrap_or(1);
    let one = reshape(builder, &format!("{name}.one"), x, &[1, n]); // [batch, 1, n]
    let sizes = builder.whole(&format!("{name}.sizes"), &[1, members, n]);
    builder.add(name, "Expand", &[&one, &sizes], &[]) // [batch, members, n]
}

/// What the members of an ensemble say together, as scores again. `x`: `[batch, members, n]`.
pub(super) fn mean(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    of: MeanOf,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let mean = |builder: &mut Builder<'_>, wish: &str, each: &str| {
        sequence::mean(builder, &part(&format!("mean_{wish}")), each, item) // [batch, n]
    };
    match of {
        MeanOf::Scores => sequence::mean(builder, name, x, item),
        MeanOf::Softmax => {
            let each = builder.add(&part("softmax"), "Softmax", &[x], &[("axis", Attribute::Int(-1))]);
            let probability = mean(builder, "softmax", &each)?;
            Ok(builder.add(name, "Log", &[&probability], &[]))
        }
        MeanOf::Sigmoid => {
            // One less the mean would lose what is left of a mean close to one.
            let turned = builder.add(&part("turned"), "Neg", &[x], &[]);
            let mut log = |wish: &str, x: &str| {
                let each = builder.add(&part(wish), "Sigmoid", &[x], &[]);
                let probability = mean(builder, wish, &each)?;
                Ok::<_, ExportError>(builder.add(&part(&format!("log_{wish}")), "Log", &[&probability], &[]))
            };
            let [fits, fits_not] = [log("fits", x)?, log("fits_not", &turned)?];
            Ok(builder.add(name, "Sub", &[&fits, &fits_not], &[]))
        }
    }
}
