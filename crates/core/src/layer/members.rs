//! Shapes and parameters of what stands side by side: the fields of a table, the members of an ensemble.
use super::Init;
use super::infer::{Refusal, wants};
use super::params::{Param, learned};
use crate::{Dim, Shape};

/// How many numbers the groups have together, if they can be counted.
fn total(groups: &[usize]) -> Option<usize> {
    groups.iter().try_fold(0usize, |sum, &size| sum.checked_add(size))
}

pub(super) fn grouped(input: &Shape, groups: &[usize], units: usize) -> Result<Shape, Refusal> {
    let total = total(groups);
    match input.0[..] {
        [Dim::Batch, Dim::Size(n)] if Some(n) == total => Ok(Shape::batch(&[groups.len(), units])),
        _ => {
            let n = total.map_or("too many".to_owned(), |n| n.to_string());
            Err(wants(format!("[batch, {n}], the numbers of its {} `groups`", groups.len())))
        }
    }
}

/// A row of weights for each number, and a bias for each group. All start uniform within `1 / sqrt(n)`, of the widest group.
pub(super) fn grouped_params(groups: &[usize], units: usize) -> Vec<Param> {
    let widest = groups.iter().copied().max().unwrap_or(1).max(1);
    let start = Init::Uniform(1.0 / (widest as f64).sqrt());
    vec![
        learned("weight", vec![total(groups).unwrap_or(0), units], start),
        learned("bias", vec![groups.len(), units], start),
    ]
}

pub(super) fn scale(input: &Shape, axes: usize) -> Result<Shape, Refusal> {
    match factors(input, axes) {
        Some(_) => Ok(input.clone()),
        None => Err(wants(format!("an item whose last {axes} axes are known"))),
    }
}

pub(super) fn scale_params(
    input: Option<&&Shape>,
    axes: usize,
    (start, signs): (f64, bool),
    bias: Option<f64>,
) -> Vec<Param> {
    let start = start as f32;
    let init = if signs { Init::Signs(start) } else { Init::Constant(start) };
    let sizes = input.and_then(|shape| factors(shape, axes)).unwrap_or_default();
    let bias = bias.map(|bound| learned("bias", sizes.clone(), Init::Alike(bound)));
    std::iter::once(learned("weight", sizes, init)).chain(bias).collect()
}

/// The sizes of the last axes, the batch not among them.
fn factors(input: &Shape, axes: usize) -> Option<Vec<usize>> {
    let first = input.0.len().checked_sub(axes).filter(|first| *first > 0)?;
    input.0[first..].iter().map(|dim| dim.size()).collect()
}

pub(super) fn ensemble(input: &Shape, members: usize) -> Result<Shape, Refusal> {
    match input.0[..] {
        [Dim::Batch, Dim::Size(n)] => Ok(Shape::batch(&[members, n])),
        _ => Err(Refusal("rows [batch, n]".to_owned(), Some("put `flatten` before it"))),
    }
}

pub(super) fn mean(input: &Shape) -> Result<Shape, Refusal> {
    match input.0[..] {
        [Dim::Batch, Dim::Size(_), Dim::Size(n)] => Ok(Shape::batch(&[n])),
        _ => Err(wants("what members say, [batch, members, n]")),
    }
}
