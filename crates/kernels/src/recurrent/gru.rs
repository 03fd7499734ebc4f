//! Gated recurrent units (Cho et al. 2014), in the form whose reset gate comes after the product.

use super::{
    Cell, Plan, RecurrentGradients, RecurrentWeights, Sequence, StateGradients, backward, forward, four,
    store,
};
use crate::Write;
use crate::ctx::Ctx;
use crate::isa::{Isa, rungs};
use crate::panels::{Left, PANEL, Row, product};
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

    fn biases(weights: &RecurrentWeights<'_>, hidden: usize, out: &mut [f32]) {
        let wide = out.len() / 4;
        for gate in 0..2 {
            let both = weights.b_ih[gate * hidden..].iter().zip(&weights.b_hh[gate * hidden..]);
            for (out, (x, state)) in out[gate * wide..][..hidden].iter_mut().zip(both) {
                *out = x + state;
            }
        }
        out[2 * wide..][..hidden].copy_from_slice(&weights.b_ih[2 * hidden..]);
        out[3 * wide..][..hidden].copy_from_slice(&weights.b_hh[2 * hidden..]);
    }

    fn project(
        isa: Isa,
        half: usize,
        rows: usize,
        [i, h]: [usize; 2],
        xh: &[f32],
        panels: &[Row],
        sums: &mut [f32],
    ) {
        let (deep, wide) = (i + h, h.next_multiple_of(PANEL));
        let mut set = |gates: usize, panels: &[Row], first: usize, k: usize, gate: usize| {
            let (size, sums) = ([rows, gates * wide, k], &mut sums[gate * wide..]);
            product(isa, size, Left(&xh[first..], deep), panels, deep, sums, 4 * wide, Write::Set);
        };
        if half == 0 {
            set(2, panels, 0, deep, 0);
        } else {
            let new = &panels[2 * wide / PANEL * deep..];
            set(1, new, 0, i, 0);
            set(1, &new[i..], i, h, 1);
        }
    }

    fn gates(isa: Isa, sums: &[f32], bias: &[f32], before: &mut [f32], state: &mut [f32], saved: &mut [f32]) {
        gates(isa, sums, bias, before, state, saved);
    }

    fn carried<'a>(_: usize, _: &'a [f32], state: &'a [f32]) -> &'a [f32] {
        state
    }

    fn gates_back(isa: Isa, saved: &mut [f32], carried: &[f32], d_state: &mut [f32], _: &mut [f32]) {
        gates_back(isa, saved, carried, d_state);
    }
}

rungs! {
    fn gates(sums: &[f32], bias: &[f32], before: &mut [f32], state: &mut [f32], saved: &mut [f32]) {
        let h = state.len();
        for first in (0..h).step_by(PANEL) {
            let (Some(sums), Some(bias)) = (four(sums, first), four(bias, first)) else { break };
            let Some(before) = before[first..].first_chunk_mut::<PANEL>() else { break };
            let mut values = [[0.0; PANEL]; 4];
            for lane in 0..PANEL {
                let reset = sigmoid(sums[0][lane] + bias[0][lane]);
                let update = sigmoid(sums[1][lane] + bias[1][lane]);
                let beside = sums[3][lane] + bias[3][lane];
                let new = tanh(reset.mul_add(beside, sums[2][lane] + bias[2][lane]));
                values[0][lane] = reset;
                values[1][lane] = update;
                values[2][lane] = new;
                values[3][lane] = beside;
                before[lane] = update.mul_add(before[lane] - new, new);
            }
            store(&mut state[first..], before);
            for (saved, value) in saved.chunks_exact_mut(h).zip(&values) {
                store(&mut saved[first..], value);
            }
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
