//! The layers that know time.
use baeum_core::{Ngrams, Node, Padding, Returns, Tensor, TensorError};
use baeum_kernels::sinusoids;

use super::builder::Builder;
use super::model::Attribute;
use crate::error::ExportError;

/// `[batch, channels, time]` with steps added in front and behind.
pub(super) fn pad(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    [before, after]: [usize; 2],
    mode: Padding,
) -> String {
    let added = builder.whole(&format!("{name}.added"), &[0, 0, before, 0, 0, after]);
    let mode = match mode {
        Padding::Zeros => "constant",
        Padding::Replicate => "edge",
    };
    builder.add(name, "Pad", &[x, &added], &[("mode", Attribute::Text(mode.to_owned()))])
}

/// The hash of the run of ids that ends at each place; `ids` and the value: `[batch, time]`.
pub(super) fn ngrams(
    builder: &mut Builder<'_>,
    name: &str,
    ids: &str,
    time: usize,
    Ngrams { n, buckets }: Ngrams,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let added = builder.whole(&part("added"), &[0, n - 1, 0, 0]);
    let ids = builder.add(&part("ids"), "Pad", &[ids, &added], &[]); // [batch, n - 1 + time]
    let [axes, factor] =
        [builder.whole(&part("axes"), &[1]), builder.scalar(&part("factor"), Ngrams::FACTOR.into())?];
    let buckets = builder.scalar(&part("buckets"), buckets as i64)?;
    let mut hash: Option<String> = None;
    for place in 0..n {
        let ends = [place, place + time].map(|end| builder.whole(&part("end"), &[end]));
        let next = builder.add(&part("id"), "Slice", &[&ids, &ends[0], &ends[1], &axes], &[]); // [batch, time]
        let sum = match hash {
            None => next,
            Some(hash) => {
                let moved = builder.add(&part("moved"), "Mul", &[&hash, &factor], &[]);
                builder.add(&part("sum"), "Add", &[&moved, &next], &[])
            }
        };
        hash = Some(builder.add(&part("hash"), "Mod", &[&sum, &buckets], &[]));
    }
    Ok(hash.unwrap_or(ids.to_owned()))
}

/// A recurrent layer: what ONNX calls it, and where its gates stand among ours.
pub(super) struct Cell {
    operator: &'static str,
    /// Which of our gates comes first, second ..
    gates: &'static [usize],
    /// Settings beside size and direction.
    settings: &'static [(&'static str, i64)],
    units: usize,
    bidirectional: bool,
    layers: usize,
    returns: Returns,
}

impl Cell {
    /// Ours are i, f, g, o; ONNX has i, o, f, c.
    pub(super) fn lstm(units: usize, bidirectional: bool, layers: usize, returns: Returns) -> Cell {
        Cell { operator: "LSTM", gates: &[0, 3, 1, 2], settings: &[], units, bidirectional, layers, returns }
    }

    /// Ours are r, z, n; ONNX has z, r, h. The reset stands behind the product, as PyTorch has it.
    pub(super) fn gru(units: usize, bidirectional: bool, layers: usize, returns: Returns) -> Cell {
        let settings = &[("linear_before_reset", 1)];
        Cell { operator: "GRU", gates: &[1, 0, 2], settings, units, bidirectional, layers, returns }
    }
}

/// A shape whose batch stays open.
pub(super) fn reshape(builder: &mut Builder<'_>, name: &str, x: &str, item: &[usize]) -> String {
    let sizes: Vec<i64> = std::iter::once(-1).chain(item.iter().map(|&size| size as i64)).collect();
    let sizes = builder.signed(&format!("{name}.shape"), sizes);
    builder.add(name, "Reshape", &[x, &sizes], &[])
}

pub(super) fn transpose(builder: &mut Builder<'_>, wish: &str, x: &str, order: &[i64]) -> String {
    builder.add(wish, "Transpose", &[x], &[("perm", Attribute::Ints(order.to_vec()))])
}

/// `item`: `[.., time, n]`.
pub(super) fn sinusoidal(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
) -> Result<String, ExportError> {
    let (time, n) = time_and_width(item);
    let table = builder.numbers(&format!("{name}.places"), vec![time, n], &sinusoids(time, n))?;
    Ok(builder.add(name, "Add", &[x, &table], &[]))
}

pub(super) fn position(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
) -> Result<String, ExportError> {
    let (time, n) = time_and_width(item);
    let used = |table: &Tensor| Tensor::new([time, n], table.f32s()?[..time * n].to_vec());
    let table = builder.weight(&format!("{name}.weight"), used)?;
    Ok(builder.add(name, "Add", &[x, &table], &[]))
}

/// `x`: `[batch, time, n]`; ONNX wants time first. `lengths`: `[batch]`.
pub(super) fn recurrent(
    builder: &mut Builder<'_>,
    node: &Node,
    x: &str,
    lengths: Option<&str>,
    cell: &Cell,
) -> Result<String, ExportError> {
    let name = node.name.as_str();
    let part = |part: &str| format!("{name}.{part}");
    let mut x = transpose(builder, &part("time_first"), x, &[1, 0, 2]); // [time, batch, n]
    // ONNX counts steps in 32 bits.
    let to = [("to", Attribute::Int(I32))];
    let lengths = lengths.map(|lengths| builder.add(&part("lengths"), "Cast", &[lengths], &to));
    let last = cell.layers.saturating_sub(1);
    for level in 0..last {
        let states = run(builder, name, (&x, lengths.as_deref()), cell, (level, 0))?; // [time, directions, batch, units]
        let states = transpose(builder, &part("directions_last"), &states, &[0, 2, 1, 3]);
        let sizes = builder.signed(&part("sizes"), vec![0, 0, -1]); // time and batch as they are
        x = builder.add(&part("level"), "Reshape", &[&states, &sizes], &[]);
    }
    let (place, order): (usize, &[i64]) = match cell.returns {
        Returns::Sequence => (0, &[2, 0, 1, 3]), // from [time, directions, batch, units]
        Returns::Last => (1, &[1, 0, 2]),        // from [directions, batch, units]
    };
    let states = run(builder, name, (&x, lengths.as_deref()), cell, (last, place))?;
    let states = transpose(builder, &part("batch_first"), &states, order);
    Ok(reshape(builder, name, &states, &node.shape.item().unwrap_or_default()))
}

/// One level of a stack, and which of its outputs is wanted.
fn run(
    builder: &mut Builder<'_>,
    name: &str,
    (x, lengths): (&str, Option<&str>),
    cell: &Cell,
    (level, place): (usize, usize),
) -> Result<String, ExportError> {
    let w = parameters(builder, name, "W", &["weight_ih"], cell, level)?; // [directions, gates * units, n]
    let r = parameters(builder, name, "R", &["weight_hh"], cell, level)?; // [directions, gates * units, units]
    let b = parameters(builder, name, "B", &["bias_ih", "bias_hh"], cell, level)?; // [directions, 2 * gates * units]
    let direction = if cell.bidirectional { "bidirectional" } else { "forward" };
    let mut settings = vec![
        ("hidden_size", Attribute::Int(cell.units as i64)),
        ("direction", Attribute::Text(direction.to_owned())),
    ];
    settings.extend(cell.settings.iter().map(|(name, value)| (*name, Attribute::Int(*value))));
    let read: Vec<&str> = [x, &w, &r, &b].into_iter().chain(lengths).collect();
    let output = builder.name(&format!("{name}.states"));
    Ok(builder.add_at(place, output, cell.operator, &read, &settings))
}

/// `TensorProto.DataType.INT32`.
const I32: i64 = 6;

/// The parameters of these kinds of all directions of a level, as one constant.
fn parameters(
    builder: &mut Builder<'_>,
    node: &str,
    wish: &str,
    kinds: &[&str],
    cell: &Cell,
    level: usize,
) -> Result<String, ExportError> {
    let directions: &[&str] = if cell.bidirectional { &["", "_reverse"] } else { &[""] };
    let of = |direction: &&str| {
        kinds.iter().map(|kind| format!("{node}.{kind}_l{level}{direction}")).collect::<Vec<_>>()
    };
    let names: Vec<String> = directions.iter().flat_map(of).collect();
    builder.weights(&format!("{node}.{wish}"), &names, |tensors| {
        in_order(tensors, cell.gates, cell.units, directions.len())
    })
}

/// The tensors of all directions one behind the other, the gates of each in ONNX's order.
fn in_order(
    tensors: &[&Tensor],
    gates: &[usize],
    units: usize,
    directions: usize,
) -> Result<Tensor, TensorError> {
    let mut numbers: Vec<f32> = vec![];
    for tensor in tensors {
        let (all, each) = (tensor.f32s()?, tensor.len() / gates.len());
        gates.iter().for_each(|gate| numbers.extend(&all[gate * each..][..each]));
    }
    let rows = gates.len() * units;
    let columns = numbers.len() / (directions * rows).max(1);
    // Two biases of a direction stand in one row.
    let sizes = if tensors.first().is_some_and(|tensor| tensor.shape().len() == 1) {
        vec![directions, columns * rows]
    } else {
        vec![directions, rows, columns]
    };
    Tensor::new(sizes, numbers)
}

/// `x`: `[batch, time, n]`.
pub(super) fn mean(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
) -> Result<String, ExportError> {
    let (time, _) = time_and_width(item);
    let axes = builder.whole(&format!("{name}.axes"), &[1]);
    let keep = [("keepdims", Attribute::Int(0))];
    let sum = builder.add(&format!("{name}.sum"), "ReduceSum", &[x, &axes], &keep); // [batch, n]
    let share = builder.numbers(&format!("{name}.share"), vec![], &[1.0 / time as f64])?;
    Ok(builder.add(name, "Mul", &[&sum, &share], &[]))
}

/// `x`: `[batch, time, n]`, taken for an image of one channel that one window sees from top to bottom.
pub(super) fn largest(builder: &mut Builder<'_>, name: &str, x: &str, item: &[usize]) -> String {
    let (time, n) = time_and_width(item);
    let image = reshape(builder, &format!("{name}.image"), x, &[1, time, n]); // [batch, 1, time, n]
    let window =
        [("kernel_shape", Attribute::Ints(vec![time as i64, 1])), ("strides", Attribute::Ints(vec![1, 1]))];
    let row = builder.add(&format!("{name}.row"), "MaxPool", &[&image], &window); // [batch, 1, 1, n]
    builder.add(name, "Flatten", &[&row], &[("axis", Attribute::Int(1))])
}

/// The last two axes of `[batch, .., rows, columns]`, swapped.
pub(super) fn turn(builder: &mut Builder<'_>, name: &str, x: &str, item: &[usize]) -> String {
    let rank = item.len() as i64 + 1;
    let order: Vec<i64> = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
    transpose(builder, name, x, &order)
}

pub(super) fn patches(
    builder: &mut Builder<'_>,
    node: &Node,
    x: &str,
    size: usize,
    stride: usize,
) -> Result<String, ExportError> {
    let pieces = node.shape.item().unwrap_or_default().iter().rev().nth(1).copied().unwrap_or(1);
    let places = (0..pieces * size).map(|i| (i / size * stride + i % size) as i64).collect();
    let places = builder.table(&format!("{}.places", node.name), [pieces, size], places)?;
    Ok(builder.add(&node.name, "Gather", &[x, &places], &[("axis", Attribute::Int(-1))]))
}

pub(super) fn time_and_width(item: &[usize]) -> (usize, usize) {
    let mut sizes = item.iter().rev().copied();
    let n = sizes.next().unwrap_or(1);
    (sizes.next().unwrap_or(1), n)
}
