//! Attention, in words that every operator set has.
use baeum_core::Positions;
use baeum_kernels::rotations;

use super::builder::Builder;
use super::lengths;
use super::model::Attribute;
use super::network::product;
use super::sequence::{reshape, time_and_width, transpose};
use crate::error::ExportError;

/// Its settings.
pub(super) struct Attention {
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) causal: bool,
    pub(super) bias: bool,
    pub(super) positions: Positions,
}

/// `item`: `[.., time, n]`; `counted`: how many places of each sequence count, `[batch]`.
pub(super) fn write(
    builder: &mut Builder<'_>,
    name: &str,
    (x, counted): (&str, Option<&str>),
    item: &[usize],
    attention: &Attention,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let (time, n) = time_and_width(item);
    let &Attention { heads, kv_heads, causal, bias, positions } = attention;
    let size = n / heads.max(1);
    let qkv = product(builder, name, x, "in_proj_weight", bias.then_some("in_proj_bias"))?; // [batch, .., time, all * size]
    let all = heads + 2 * kv_heads;
    let qkv = reshape(builder, &part("split"), &qkv, &[time, all, size]); // [N, time, all, size]
    let qkv = transpose(builder, &part("qkv"), &qkv, &[0, 2, 1, 3]); // [N, all, time, size]
    // Neighbouring heads, as many as `sharing`, read the same one of those from `first` on.
    let mut of_each = |wish: &str, first: usize, sharing: usize| {
        let places: Vec<usize> = (0..heads).map(|head| first + head / sharing).collect();
        let places = builder.whole(&part("places"), &places);
        builder.add(&part(wish), "Gather", &[&qkv, &places], &[("axis", Attribute::Int(1))])
    };
    let (mut q, sharing) = (of_each("q", 0, 1), heads / kv_heads.max(1));
    let (mut k, v) = (of_each("k", heads, sharing), of_each("v", heads + kv_heads, sharing)); // [N, heads, time, size]
    if positions == Positions::Rotary {
        let pairs = Pairs::write(builder, name, time, size)?;
        (q, k) =
            (pairs.turned(builder, &part("q_rotated"), &q), pairs.turned(builder, &part("k_rotated"), &k));
    }
    let k = transpose(builder, &part("k_turned"), &k, &[0, 1, 3, 2]); // [N, heads, size, time]
    let scale = builder.numbers(&part("scale"), vec![], &[1.0 / (size as f64).sqrt()])?;
    let scores = builder.add(&part("products"), "MatMul", &[&q, &k], &[]);
    let mut scores = builder.add(&part("scores"), "Mul", &[&scores, &scale], &[]); // [N, heads, time, time]
    if causal {
        let later = |i: usize| if i % time > i / time { f64::NEG_INFINITY } else { 0.0 };
        let hidden: Vec<f64> = (0..time * time).map(later).collect();
        let hidden = builder.numbers(&part("hidden"), vec![time, time], &hidden)?;
        scores = builder.add(&part("seen"), "Add", &[&scores, &hidden], &[]);
    }
    if let Some(counted) = counted {
        let counted = lengths::places(builder, name, counted, time, &[1, 1, time]); // [batch, 1, 1, time]
        let nothing = builder.numbers(&part("nothing"), vec![], &[f64::NEG_INFINITY])?;
        scores = builder.add(&part("counts"), "Where", &[&counted, &scores, &nothing], &[]);
    }
    let weights = builder.add(&part("weights"), "Softmax", &[&scores], &[("axis", Attribute::Int(-1))]);
    let mixed = builder.add(&part("mixed"), "MatMul", &[&weights, &v], &[]);
    let mixed = transpose(builder, &part("turned"), &mixed, &[0, 2, 1, 3]); // [N, time, heads, size]
    let mut mixed = reshape(builder, &part("joined"), &mixed, item); // [batch, .., time, n]
    if let Some(counted) = counted {
        mixed = lengths::replaced(builder, name, (&mixed, counted), item, 0.0)?;
    }
    product(builder, name, &mixed, "out_proj.weight", bias.then_some("out_proj.bias"))
}

/// The constants that rotary positions turn pairs with: `x * cos + other * sin`, where the other of a number stands half a head
/// away, and the sines of the first half have the other sign.
struct Pairs {
    others: String,
    cos: String,
    sin: String,
}

impl Pairs {
    fn write(builder: &mut Builder<'_>, name: &str, time: usize, size: usize) -> Result<Pairs, ExportError> {
        let (half, table) = (size / 2, rotations(time, size));
        let (mut cos, mut sin) = (vec![], vec![]);
        for row in table.chunks_exact(size.max(1)) {
            let (of_cos, of_sin) = row.split_at(half);
            cos.extend([of_cos, of_cos].concat());
            sin.extend(of_sin.iter().map(|x| -x).chain(of_sin.iter().copied()));
        }
        let others: Vec<usize> = (half..size).chain(0..half).collect();
        Ok(Pairs {
            others: builder.whole(&format!("{name}.others"), &others),
            cos: builder.numbers(&format!("{name}.cos"), vec![time, size], &cos)?,
            sin: builder.numbers(&format!("{name}.sin"), vec![time, size], &sin)?,
        })
    }

    /// `x`: `[N, heads, time, size]`.
    fn turned(&self, builder: &mut Builder<'_>, wish: &str, x: &str) -> String {
        let part = |part: &str| format!("{wish}.{part}");
        let axis = [("axis", Attribute::Int(-1))];
        let others = builder.add(&part("others"), "Gather", &[x, &self.others], &axis);
        let own = builder.add(&part("own"), "Mul", &[x, &self.cos], &[]);
        let others = builder.add(&part("across"), "Mul", &[&others, &self.sin], &[]);
        builder.add(wish, "Add", &[&own, &others], &[])
    }
}
