//! The layers that know time.
use baeum_core::{Layer, MeanOf, Positions, Returns};

/// What a layer makes of one item of sizes `shape`, of which so many steps count.
pub(super) fn layer(
    layer: &Layer,
    shape: &[usize],
    x: &[f64],
    length: Option<usize>,
    weight: &dyn Fn(&str) -> Option<Vec<f64>>,
) -> Vec<f64> {
    let given = weight;
    let weight = &|name: &str| given(name).unwrap();
    let (n, time) = (shape[shape.len() - 1], *shape.iter().rev().nth(1).unwrap_or(&1));
    let length = length.unwrap_or(time);
    let each = |f: &dyn Fn(&[f64]) -> Vec<f64>| x.chunks(time * n).flat_map(f).collect();
    match layer {
        Layer::PositionEmbedding { .. } => {
            let table = weight("weight");
            each(&|x| x.iter().zip(&table).map(|(x, place)| x + place).collect())
        }
        Layer::SinusoidalPositions => each(&|x| {
            let wave = |(i, x): (usize, &f64)| {
                let angle = (i / n) as f64 / 10_000f64.powf((i % n - i % n % 2) as f64 / n as f64);
                x + if i % n % 2 == 0 { angle.sin() } else { angle.cos() }
            };
            x.iter().enumerate().map(wave).collect()
        }),
        &Layer::MultiHeadAttention { heads, kv_heads, causal, bias: _, positions } => {
            let heads = [heads, kv_heads.unwrap_or(heads)];
            // A bias that is not there is zero.
            let weight = |name: &str, len: usize| given(name).unwrap_or(vec![0.0; len]);
            let front =
                [weight("in_proj_weight", 0), weight("in_proj_bias", n + 2 * n / heads[0] * heads[1])];
            let behind = [weight("out_proj.weight", 0), weight("out_proj.bias", n)];
            each(&|x| attention(x, n, length, (heads, causal, positions), [&front, &behind]))
        }
        Layer::Lstm { units, bidirectional, returns, layers } => {
            recurrent((x, length), n, *units, (*bidirectional, *layers), *returns, weight, lstm)
        }
        Layer::Gru { units, bidirectional, returns, layers } => {
            recurrent((x, length), n, *units, (*bidirectional, *layers), *returns, weight, gru)
        }
        Layer::MeanOverTime | Layer::MemberMean { of: MeanOf::Scores } => {
            (0..n).map(|i| x.iter().skip(i).step_by(n).take(length).sum::<f64>() / length as f64).collect()
        }
        Layer::MemberMean { of: MeanOf::Softmax } => {
            let share = |x: &[f64], i: usize| x[i].exp() / x.iter().map(|x| x.exp()).sum::<f64>();
            (0..n).map(|i| (x.chunks(n).map(|x| share(x, i)).sum::<f64>() / length as f64).ln()).collect()
        }
        Layer::MemberMean { of: MeanOf::Sigmoid } => {
            let mean =
                |i: usize| x.chunks(n).map(|x| 1.0 / (1.0 + (-x[i]).exp())).sum::<f64>() / length as f64;
            (0..n).map(|i| (mean(i) / (1.0 - mean(i))).ln()).collect()
        }
        Layer::MaxOverTime => {
            let column = |i: usize| {
                x.iter().skip(i).step_by(n).take(length).copied().fold(f64::NEG_INFINITY, f64::max)
            };
            (0..n).map(column).collect()
        }
        Layer::Transpose => {
            each(&|x| (0..n).flat_map(|i| x.iter().skip(i).step_by(n).copied().collect::<Vec<_>>()).collect())
        }
        Layer::Patches { size, stride } => {
            let starts = || (0..=n - size).step_by(stride.unwrap_or(*size));
            x.chunks(n).flat_map(|row| starts().flat_map(|start| row[start..][..*size].to_vec())).collect()
        }
        Layer::Input { .. }
        | Layer::Dense { .. }
        | Layer::GroupedDense { .. }
        | Layer::Scale { .. }
        | Layer::Ensemble { .. }
        | Layer::Conv1d { .. }
        | Layer::Conv2d { .. }
        | Layer::MaxPool2d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::MaxPool1d { .. }
        | Layer::AvgPool1d { .. }
        | Layer::Pad1d { .. }
        | Layer::ConvTranspose2d { .. }
        | Layer::Upsample { .. }
        | Layer::AdaptiveAvgPool2d { .. }
        | Layer::AdaptiveMaxPool2d { .. }
        | Layer::GlobalAvgPool
        | Layer::BatchNorm { .. }
        | Layer::LayerNorm { .. }
        | Layer::RmsNorm { .. }
        | Layer::GroupNorm { .. }
        | Layer::InstanceNorm { .. }
        | Layer::InstanceRestore { .. }
        | Layer::Relu
        | Layer::Gelu { .. }
        | Layer::Tanh
        | Layer::Sigmoid
        | Layer::Silu
        | Layer::LeakyRelu { .. }
        | Layer::Elu { .. }
        | Layer::Softplus
        | Layer::Mish
        | Layer::HardTanh { .. }
        | Layer::Dropout { .. }
        | Layer::Flatten { .. }
        | Layer::Embedding { .. }
        | Layer::NgramEmbedding { .. }
        | Layer::Unembedding { .. }
        | Layer::Lengths { .. }
        | Layer::Add
        | Layer::Subtract
        | Layer::Multiply
        | Layer::Concat { .. } => panic!("{} knows no time", layer.name()),
    }
}

/// `W x + b` of one row.
fn product(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
    let dot = |(row, b): (&[f64], &f64)| b + row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
    w.chunks(x.len()).zip(b).map(dot).collect()
}

/// `products`: weight and bias in front, and behind.
fn attention(
    x: &[f64],
    n: usize,
    length: usize,
    ([heads, shared], causal, positions): ([usize; 2], bool, Positions),
    products: [&[Vec<f64>; 2]; 2],
) -> Vec<f64> {
    let [[w_in, b_in], [w_out, b_out]] = products;
    let mut qkv: Vec<Vec<f64>> = x.chunks(n).map(|row| product(row, w_in, b_in)).collect();
    if positions == Positions::Rotary {
        let turned = n + n / heads * shared;
        qkv.iter_mut().enumerate().for_each(|(place, row)| rotate(place, n / heads, &mut row[..turned]));
    }
    let qkv: Vec<Vec<f64>> = qkv.iter().map(|row| for_each_head(row, n, [heads, shared])).collect();
    let mixed = (0..qkv.len()).map(|query| match query < length {
        true => mixed(&qkv[..length], query, n, heads, causal),
        false => vec![0.0; n],
    });
    mixed.flat_map(|row| product(&row, w_out, b_out)).collect()
}

/// Keys and values again for each head that shares them.
fn for_each_head(row: &[f64], n: usize, [heads, shared]: [usize; 2]) -> Vec<f64> {
    let (queries, rest) = row.split_at(n);
    let each = rest.chunks(n / heads).flat_map(|vector| vector.repeat(heads / shared));
    queries.iter().copied().chain(each).collect()
}

/// Queries and keys of one place, as pairs half a head apart (Su et al. 2021).
fn rotate(place: usize, size: usize, heads: &mut [f64]) {
    for head in heads.chunks_mut(size) {
        for i in 0..size / 2 {
            let (sin, cos) = (place as f64 / 10_000f64.powf(2.0 * i as f64 / size as f64)).sin_cos();
            let (a, b) = (head[i], head[i + size / 2]);
            (head[i], head[i + size / 2]) = (a * cos - b * sin, b * cos + a * sin);
        }
    }
}

/// What all heads make of one place. A row of `qkv` has the n queries, keys and values of a place.
fn mixed(qkv: &[Vec<f64>], query: usize, n: usize, heads: usize, causal: bool) -> Vec<f64> {
    let size = n / heads;
    let head = |head: usize| {
        let part = |place: usize, group: usize| &qkv[place][group * n + head * size..][..size];
        let seen = if causal { query + 1 } else { qkv.len() };
        let score = |key: usize| {
            let dot: f64 = part(query, 0).iter().zip(part(key, 1)).map(|(q, k)| q * k).sum();
            (dot / (size as f64).sqrt()).exp()
        };
        let scores: Vec<f64> = (0..seen).map(score).collect();
        let total: f64 = scores.iter().sum();
        let mix = |i: usize| (0..seen).map(|key| scores[key] * part(key, 2)[i]).sum::<f64>() / total;
        (0..size).map(mix).collect::<Vec<f64>>()
    };
    (0..heads).flat_map(head).collect()
}

/// From what stands beside the input and beside the state to the next state; the last argument is carried along.
type Step = fn(&[f64], &[f64], &[f64], &mut [f64]) -> Vec<f64>;

fn recurrent(
    (x, length): (&[f64], usize),
    n: usize,
    units: usize,
    (bidirectional, layers): (bool, usize),
    returns: Returns,
    weight: &dyn Fn(&str) -> Vec<f64>,
    step: Step,
) -> Vec<f64> {
    let walk = |x: &[f64], n: usize, suffix: &str| {
        let [w_ih, w_hh, b_ih, b_hh] =
            ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(|name| weight(&format!("{name}_l{suffix}")));
        let (mut state, mut carry, mut states) = (vec![0.0; units], vec![0.0; units], vec![]);
        let mut rows: Vec<&[f64]> = x.chunks(n).take(length).collect();
        let back = suffix.ends_with("_reverse");
        if back {
            rows.reverse();
        }
        for row in rows {
            state = step(&product(row, &w_ih, &b_ih), &product(&state, &w_hh, &b_hh), &state, &mut carry);
            states.push(state.clone());
        }
        if back {
            states.reverse();
        }
        states.resize(x.len() / n, vec![0.0; units]);
        (states, state)
    };
    let directions = 1 + usize::from(bidirectional);
    let (mut x, mut n, mut last) = (x.to_vec(), n, vec![]);
    for level in 0..layers {
        let suffixes = ["", "_reverse"].into_iter().take(directions);
        let walks: Vec<_> = suffixes.map(|suffix| walk(&x, n, &format!("{level}{suffix}"))).collect();
        let steps = 0..x.len() / n;
        x = steps.flat_map(|time| walks.iter().flat_map(move |(states, _)| states[time].clone())).collect();
        last = walks.into_iter().flat_map(|(_, last)| last).collect();
        n = directions * units;
    }
    match returns {
        Returns::Last => last,
        Returns::Sequence => x,
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn lstm(x: &[f64], h: &[f64], state: &[f64], carry: &mut [f64]) -> Vec<f64> {
    let units = state.len();
    let sum = |gate: usize, i: usize| x[gate * units + i] + h[gate * units + i];
    let next = |(i, c): (usize, &mut f64)| {
        *c = sigmoid(sum(1, i)) * *c + sigmoid(sum(0, i)) * sum(2, i).tanh();
        sigmoid(sum(3, i)) * c.tanh()
    };
    carry.iter_mut().enumerate().map(next).collect()
}

fn gru(x: &[f64], h: &[f64], state: &[f64], _: &mut [f64]) -> Vec<f64> {
    let units = state.len();
    let next = |i: usize| {
        let gate = |gate: usize| sigmoid(x[gate * units + i] + h[gate * units + i]);
        let new = (x[2 * units + i] + gate(0) * h[2 * units + i]).tanh();
        (1.0 - gate(1)) * new + gate(1) * state[i]
    };
    (0..units).map(next).collect()
}
