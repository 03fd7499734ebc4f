//! Long short-term memory (Hochreiter & Schmidhuber 1997; with forget gates, Gers et al. 2000).

use super::{
    Cell, Plan, RecurrentGradients, RecurrentWeights, Sequence, StateGradients, backward, forward, four,
    store,
};
use crate::Write;
use crate::ctx::Ctx;
use crate::isa::{Isa, rungs};
use crate::panels::{Left, PANEL, Row, product};
use crate::vmath::{sigmoid, tanh};

/// How many numbers [`lstm`] saves for `[B, T, I, H]`: the gates and the cell of each step.
pub fn lstm_saved_len([b, t, _, h]: [usize; 4]) -> usize {
    b * t * h * Lstm::SAVED
}

/// An LSTM layer over a sequence, from zero state: `c' = f c + i g`, `h' = o tanh(c')`.
///
/// `shape` is `[B, T, I, H]`. `x`: `[B, T, I]`. `states`: the state h of each step, rows of H that stand `sequence.row` apart; what
/// lies between them is left alone. `last`: `[B, H]`. `saved`: [`lstm_saved_len`] numbers for [`lstm_backward`]. Steps beyond a
/// row's length give 0 and leave its last state.
///
/// Gates stand in PyTorch's order i, f, g, o (ONNX has i, o, f, c). Both biases are kept, for merged they would learn half as
/// fast.
///
/// # Panics
/// If a slice has another length, or a row has more than T steps.
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn lstm(
    ctx: &Ctx,
    shape: [usize; 4],
    sequence: Sequence<'_>,
    weights: RecurrentWeights<'_>,
    x: &[f32],
    states: &mut [f32],
    last: &mut [f32],
    saved: &mut [f32],
) {
    let plan = Plan::of::<Lstm>(shape, sequence, &weights, x, states, saved);
    forward::run::<Lstm>(ctx, &plan, &weights, x, states, last, saved);
}

/// The gradients of [`lstm`] by its inputs, weights and biases.
///
/// `states` and `saved` are those of [`lstm`]; `saved` is used up: the gradients of the gates take its place. `d_x`: `[B, T, I]`, if
/// it is wanted. Steps beyond a row's length get gradient 0.
///
/// # Panics
/// As [`lstm`].
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn lstm_backward(
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
    let plan = Plan::of::<Lstm>(shape, sequence, &weights, x, states, saved);
    let inputs = backward::Inputs { weights, x, states, gradients };
    backward::run::<Lstm>(ctx, &plan, &inputs, saved, d_x, d_weights);
}

/// Saves i, f, g, o, c; carries c.
struct Lstm;

impl Cell for Lstm {
    const GATES: usize = 4;
    const SAVED: usize = 5;
    const SPLIT: bool = false;

    fn biases(weights: &RecurrentWeights<'_>, hidden: usize, out: &mut [f32]) {
        let wide = out.len() / 4;
        for gate in 0..4 {
            let both = weights.b_ih[gate * hidden..].iter().zip(&weights.b_hh[gate * hidden..]);
            for (out, (x, state)) in out[gate * wide..][..hidden].iter_mut().zip(both) {
                *out = x + state;
            }
        }
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
        let panels = &panels[half * 2 * wide / PANEL * deep..];
        product(isa, [rows, 2 * wide, deep], Left(xh, deep), panels, deep, sums, 4 * wide, Write::Set);
    }

    fn gates(isa: Isa, sums: &[f32], bias: &[f32], carry: &mut [f32], state: &mut [f32], saved: &mut [f32]) {
        gates(isa, sums, bias, carry, state, saved);
    }

    fn carried<'a>(hidden: usize, saved: &'a [f32], _: &'a [f32]) -> &'a [f32] {
        &saved[4 * hidden..]
    }

    fn gates_back(isa: Isa, saved: &mut [f32], carried: &[f32], d_state: &mut [f32], d_carry: &mut [f32]) {
        gates_back(isa, saved, carried, d_state, d_carry);
    }
}

rungs! {
    fn gates(sums: &[f32], bias: &[f32], cell: &mut [f32], state: &mut [f32], saved: &mut [f32]) {
        let h = state.len();
        for first in (0..h).step_by(PANEL) {
            let (Some(sums), Some(bias)) = (four(sums, first), four(bias, first)) else { break };
            let Some(cell) = cell[first..].first_chunk_mut::<PANEL>() else { break };
            let (mut values, mut new_state) = ([[0.0; PANEL]; 5], [0.0; PANEL]);
            for lane in 0..PANEL {
                values[0][lane] = sigmoid(sums[0][lane] + bias[0][lane]);
                values[1][lane] = sigmoid(sums[1][lane] + bias[1][lane]);
                values[2][lane] = tanh(sums[2][lane] + bias[2][lane]);
                values[3][lane] = sigmoid(sums[3][lane] + bias[3][lane]);
            }
            for lane in 0..PANEL {
                let [i, f, g, o] = [values[0][lane], values[1][lane], values[2][lane], values[3][lane]];
                values[4][lane] = f.mul_add(cell[lane], i * g);
                cell[lane] = values[4][lane];
                new_state[lane] = o * tanh(values[4][lane]);
            }
            store(&mut state[first..], &new_state);
            for (saved, value) in saved.chunks_exact_mut(h).zip(&values) {
                store(&mut saved[first..], value);
            }
        }
    }

    fn gates_back(saved: &mut [f32], carried: &[f32], d_state: &mut [f32], d_carry: &mut [f32]) {
        let h = carried.len();
        let (gates, cell) = saved.split_at_mut(4 * h);
        let (input_forget, new_output) = gates.split_at_mut(2 * h);
        let (input, forget) = input_forget.split_at_mut(h);
        let (new, output) = new_output.split_at_mut(h);
        let (cell, forget, new, output) = (&cell[..h], &mut forget[..h], &mut new[..h], &mut output[..h]);
        let (input, d_state, d_carry) = (&mut input[..h], &mut d_state[..h], &mut d_carry[..h]);
        for unit in 0..h {
            let [i, f, g, o] = [input[unit], forget[unit], new[unit], output[unit]];
            let squashed = tanh(cell[unit]);
            let d_cell = (d_state[unit] * o).mul_add(1.0 - squashed * squashed, d_carry[unit]);
            input[unit] = d_cell * g * (i * (1.0 - i));
            forget[unit] = d_cell * carried[unit] * (f * (1.0 - f));
            new[unit] = d_cell * i * (1.0 - g * g);
            output[unit] = d_state[unit] * squashed * (o * (1.0 - o));
            d_carry[unit] = d_cell * f;
            d_state[unit] = 0.0;
        }
    }
}
