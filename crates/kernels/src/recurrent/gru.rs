//! Gated recurrent units (Cho et al. 2014), in the form whose reset gate comes after the product.

use super::{
    Cell, Plan, RecurrentGradients, RecurrentWeights, Sequence, StateGradients, Units, backward, forward,
    keep,
};
use crate::Write;
use crate::ctx::Ctx;
use crate::isa::{Isa, rungs};
use crate::panels::{Left, PANEL, Row, padded, product};
use crate::vmath::{sigmoid, tanh};

/// How many numbers [`gru`] saves for `[B, T, I, H]`: the gates of each step, and what the reset gate meets.
pub fn gru_saved_len([b, t, _, h]: [usize; 4]) -> usize {
    b * t * h * Gru::SAVED
}

/// A GRU layer over a sequence, from zero state: `n = tanh(x_n + r (W_hn h + b_hn))`, `h' = (1 - z) n + z h`.
///
/// Arguments are those of [`lstm`](crate::lstm), with [`gru_saved_len`] numbers saved. Gates stand in PyTorch's order r, z, n
/// (Keras and ONNX have z, r, h).
///
/// # Panics
/// If a slice has another length, or a row has more than T steps.
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn gru(
    ctx: &Ctx,
    shape: [usize; 4],
    sequence: Sequence<'_>,
    weights: RecurrentWeights<'_>,
    x: &[f32],
    states: &mut [f32],
    last: &mut [f32],
    saved: &mut [f32],
) {
    let plan = Plan::of::<Gru>(shape, sequence, &weights, x, states, saved);
    forward::run::<Gru>(ctx, &plan, &weights, x, states, last, saved);
}

/// The gradients of [`gru`] by its inputs, weights and biases.
///
/// Arguments are those of [`lstm_backward`](crate::lstm_backward); `saved` is used up here too.
///
/// # Panics
/// As [`gru`].
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn gru_backward(
    ctx: &Ctx,
    shape: [usize; 4],
    sequence: Sequence<'_>,
    weights: RecurrentWeights<'_>,
    x: &[f32],
    states: &[f32],
    saved: &mut [f32],
    gradients: StateGradients<'_>,
    d_x: Option<(&mut [f32], Write)>,
    d_weights: RecurrentGradients<'_>,
) {
    let plan = Plan::of::<Gru>(shape, sequence, &weights, x, states, saved);
    let inputs = backward::Inputs { weights, x, states, gradients };
    backward::run::<Gru>(ctx, &plan, &inputs, saved, d_x, d_weights);
}

/// Saves r, z, n and `W_hn h + b_hn`; carries h.
struct Gru;

impl Cell for Gru {
    const GATES: usize = 3;
    const SAVED: usize = 4;
    const SPLIT: bool = true;

    fn biases(weights: &RecurrentWeights<'_>, hidden: usize, unit: usize) -> [Row; 4] {
        let units = unit..(unit + PANEL).min(hidden);
        let of = |bias: &[f32], gate: usize| padded(&bias[gate * hidden..][units.clone()]);
        let both = |gate: usize| {
            let (beside_x, beside_states) = (of(weights.b_ih, gate), of(weights.b_hh, gate));
            std::array::from_fn(|lane| beside_x[lane] + beside_states[lane])
        };
        [both(0), both(1), of(weights.b_ih, 2), of(weights.b_hh, 2)]
    }

    fn project(isa: Isa, rows: usize, [i, h]: [usize; 2], xh: &[f32], panels: &[Row], sums: &mut [f32]) {
        let (deep, wide) = (i + h, 4 * PANEL);
        product(isa, [rows, 2 * PANEL, deep], Left(xh, deep), panels, deep, sums, wide, Write::Set);
        let (x, states) = panels[2 * deep..].split_at(i);
        let sums = &mut sums[2 * PANEL..];
        product(isa, [rows, PANEL, i], Left(xh, deep), x, i, sums, wide, Write::Set);
        let sums = &mut sums[PANEL..];
        product(isa, [rows, PANEL, h], Left(&xh[i..], deep), states, h, sums, wide, Write::Set);
    }

    fn gates(isa: Isa, units: Units<'_>) {
        gates(isa, units);
    }

    fn carried<'a>(_: usize, _: &'a [f32], state: &'a [f32]) -> &'a [f32] {
        state
    }

    fn gates_back(isa: Isa, saved: &mut [f32], carried: &[f32], d_state: &mut [f32], _: &mut [f32]) {
        gates_back(isa, saved, carried, d_state);
    }
}

rungs! {
    fn gates(units: Units<'_>) {
        let (bias, hidden, count) = (units.bias, units.hidden, units.count);
        for (sums, before, state, place) in units.rows(4) {
            let mut saved = [[0.0; PANEL]; 4];
            for lane in 0..PANEL {
                let reset = sigmoid(sums[0][lane] + bias[0][lane]);
                let update = sigmoid(sums[1][lane] + bias[1][lane]);
                let beside = sums[3][lane] + bias[3][lane];
                let new = tanh(reset.mul_add(beside, sums[2][lane] + bias[2][lane]));
                saved[0][lane] = reset;
                saved[1][lane] = update;
                saved[2][lane] = new;
                saved[3][lane] = beside;
                state[lane] = update.mul_add(before[lane] - new, new);
                before[lane] = state[lane];
            }
            keep(place, hidden, count, &saved);
        }
    }

    fn gates_back(saved: &mut [f32], carried: &[f32], d_state: &mut [f32]) {
        let h = carried.len();
        let (reset_update, new_beside) = saved.split_at_mut(2 * h);
        let (reset, update) = reset_update.split_at_mut(h);
        let (new, beside) = new_beside.split_at_mut(h);
        let (reset, update, new) = (&mut reset[..h], &mut update[..h], &mut new[..h]);
        let (beside, d_state) = (&mut beside[..h], &mut d_state[..h]);
        for unit in 0..h {
            let [r, z, n] = [reset[unit], update[unit], new[unit]];
            let d_new = d_state[unit] * (1.0 - z) * (1.0 - n * n);
            reset[unit] = d_new * beside[unit] * (r * (1.0 - r));
            update[unit] = d_state[unit] * (carried[unit] - n) * (z * (1.0 - z));
            new[unit] = d_new;
            beside[unit] = d_new * r;
            d_state[unit] *= z;
        }
    }
}
