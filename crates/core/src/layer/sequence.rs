//! Shapes and work of the layers that know what time is.
use super::infer::{Refusal, wants};
use super::work::width;
use super::{Positions, Returns};
use crate::{Dim, Shape};

/// `[batch, .., time, n]`, the last two known.
struct Sequence {
    time: usize,
    n: usize,
}

impl Sequence {
    fn of(shape: &Shape) -> Result<Sequence, Refusal> {
        match shape.0[..] {
            [Dim::Batch, .., Dim::Size(time), Dim::Size(n)] => Ok(Sequence { time, n }),
            _ => Err(wants("a sequence [batch, .., time, n]")),
        }
    }
}

/// The sequences alone, without the lengths that may stand behind them.
fn beside_lengths<'a>(inputs: &[&'a Shape]) -> Result<&'a Shape, Refusal> {
    match inputs {
        [x] => Ok(x),
        [x, lengths] if lengths.0 == [Dim::Batch] => Ok(x),
        _ => Err(wants("one sequence, or a sequence and its length [batch]")),
    }
}

/// `[batch, time, n]`.
fn one_sequence(inputs: &[&Shape]) -> Result<Sequence, Refusal> {
    let x = beside_lengths(inputs)?;
    match x.rank() {
        3 => Sequence::of(x),
        _ => Err(wants("a sequence [batch, time, n]")),
    }
}

pub(super) fn position_embedding(x: &Shape, length: usize) -> Result<Shape, Refusal> {
    match Sequence::of(x)?.time <= length {
        true => Ok(x.clone()),
        false => Err(Refusal(
            format!("a sequence of at most `length` = {length} places"),
            Some("make `length` larger, or cut the sequences"),
        )),
    }
}

pub(super) fn sinusoidal(x: &Shape) -> Result<Shape, Refusal> {
    Sequence::of(x).map(|_| x.clone())
}

pub(super) fn attention(inputs: &[&Shape], heads: usize, positions: Positions) -> Result<Shape, Refusal> {
    let x = beside_lengths(inputs)?;
    let n = Sequence::of(x)?.n;
    // A length belongs to a row of the batch, so there must be one sequence a row.
    if inputs.len() > 1 {
        one_sequence(inputs)?;
    }
    if !n.is_multiple_of(heads.max(1)) {
        return Err(wants(format!("a last axis that is a multiple of `heads` = {heads}")));
    }
    match positions {
        Positions::Rotary if !(n / heads.max(1)).is_multiple_of(2) => Err(Refusal(
            format!(
                "an even number of numbers for each of {heads} heads, because rotary positions turn pairs"
            ),
            Some("change `heads`, or the width in front"),
        )),
        Positions::Rotary | Positions::None => Ok(x.clone()),
    }
}

pub(super) fn recurrent(
    inputs: &[&Shape],
    units: usize,
    bidirectional: bool,
    returns: Returns,
) -> Result<Shape, Refusal> {
    let time = one_sequence(inputs)?.time;
    let n = units.checked_mul(if bidirectional { 2 } else { 1 });
    let n = n.ok_or_else(|| wants(format!("states that can be counted, not twice {units} numbers")))?;
    Ok(match returns {
        Returns::Sequence => Shape::batch(&[time, n]),
        Returns::Last => Shape::batch(&[n]),
    })
}

/// One number for each of the n of a sequence.
pub(super) fn over_time(inputs: &[&Shape]) -> Result<Shape, Refusal> {
    Ok(Shape::batch(&[one_sequence(inputs)?.n]))
}

/// One number for each sequence of ids.
pub(super) fn lengths(x: &Shape) -> Result<Shape, Refusal> {
    match x.0[..] {
        [Dim::Batch, Dim::Size(1..)] => Ok(Shape::batch(&[])),
        _ => Err(wants("ids [batch, time]")),
    }
}

pub(super) fn transpose(x: &Shape) -> Result<Shape, Refusal> {
    let Sequence { time, n } = Sequence::of(x)?;
    let front = x.0.iter().take(x.rank() - 2).copied();
    Ok(Shape(front.chain([Dim::Size(n), Dim::Size(time)]).collect()))
}

pub(super) fn patches(x: &Shape, size: usize, stride: usize) -> Result<Shape, Refusal> {
    let refusal = || Refusal(format!("a last axis of at least `size` = {size}"), Some("make `size` smaller"));
    let (Some((Dim::Size(time), rest)), true) = (x.0.split_last(), x.rank() > 1) else {
        return Err(refusal());
    };
    let room = time.checked_sub(size).ok_or_else(refusal)?;
    let pieces = room / stride.max(1) + 1;
    Ok(Shape([rest, &[Dim::Size(pieces), Dim::Size(size)]].concat()))
}

/// How many numbers the queries, keys and values of a place are.
pub(super) fn attended(n: usize, heads: usize, kv_heads: Option<usize>) -> usize {
    n + 2 * kv_heads.map_or(n, |shared| n / heads.max(1) * shared)
}

/// A product in front and one behind for each place, and two with all places of its sequence.
pub(super) fn attention_flops(inputs: &[&Shape], heads: usize, kv_heads: Option<usize>) -> u64 {
    let places: u64 = places(inputs);
    let time = inputs.first().and_then(|x| Sequence::of(x).ok()).map_or(0, |sequence| sequence.time as u64);
    let n = width(inputs) as u64;
    let products = (attended(width(inputs), heads, kv_heads) as u64 + n) * n;
    places * (2 * products + 2 * 2 * time * n)
}

/// Two products for each step: of its input, and of the state before. `rows`: one for each unit and gate.
pub(super) fn recurrent_flops(
    inputs: &[&Shape],
    rows: usize,
    units: usize,
    bidirectional: bool,
    layers: usize,
) -> u64 {
    let directions = if bidirectional { 2 } else { 1 };
    let level = |level: usize| {
        let reads = if level == 0 { width(inputs) } else { directions * units };
        2 * (directions * rows) as u64 * (reads + units) as u64
    };
    places(inputs) * (0..layers).map(level).sum::<u64>()
}

/// How many places an item has.
fn places(inputs: &[&Shape]) -> u64 {
    let sizes = inputs.first().and_then(|x| x.item()).unwrap_or_default();
    sizes.iter().rev().skip(1).product::<usize>() as u64
}
