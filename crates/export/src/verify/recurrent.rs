//! `LSTM` and `GRU` over sequences that end at lengths of their own, after the reference semantics of ONNX.
use baeum_core::Tensor;

use crate::onnx::{Array, Attribute, Node};

use super::reference::{Refusal, numbers};

/// Sizes of a layer.
#[derive(Clone, Copy)]
struct Sizes {
    time: usize,
    directions: usize,
    batch: usize,
    /// How many numbers a step reads.
    width: usize,
    units: usize,
    /// Of all gates.
    rows: usize,
}

/// One direction of a layer.
struct Cell<'a> {
    units: usize,
    w: &'a [f64],
    r: &'a [f64],
    /// Biases beside the input, and beside the state.
    b: &'a [f64],
    is_lstm: bool,
}

/// The states of all steps, `[time, directions, batch, units]`, or the last ones, `[directions, batch, units]`: those that the node
/// names.
pub(super) fn recurrent(node: &Node, inputs: &[Option<&Array>]) -> Result<Array, Refusal> {
    let read = inputs.iter().map(|array| tensor(*array)).collect::<Result<Vec<&Tensor>, Refusal>>()?;
    let [x, w, r, b, lengths] = read[..] else { return Err(("five inputs", read.len().to_string())) };
    let sizes = Sizes::of(node, [x, w, r, b, lengths])?;
    let [x, w, r, b, lengths] = [x, w, r, b, lengths].map(Tensor::to_f64s);
    let Sizes { time, directions, batch, width, units, rows } = sizes;
    let (mut all, mut last) = (vec![0.0f32; time * directions * batch * units], vec![]);
    for direction in 0..directions {
        let cell = Cell {
            units,
            w: &w[direction * rows * width..][..rows * width],
            r: &r[direction * rows * units..][..rows * units],
            b: &b[direction * 2 * rows..][..2 * rows],
            is_lstm: node.operator == "LSTM",
        };
        for (row, length) in lengths.iter().enumerate() {
            let length = (*length as usize).min(time);
            let (mut state, mut carry) = (vec![0.0; units], vec![0.0; units]);
            for i in 0..length {
                let step = if direction == 0 { i } else { length - 1 - i };
                state = cell.step(&x[(step * batch + row) * width..][..width], &state, &mut carry);
                let place = ((step * directions + direction) * batch + row) * units;
                all[place..][..units].iter_mut().zip(&state).for_each(|(y, x)| *y = *x as f32);
            }
            last.extend(state.into_iter().map(|x| x as f32));
        }
    }
    match node.outputs.first().is_some_and(|name| !name.is_empty()) {
        true => numbers(&[time, directions, batch, units], all),
        false => numbers(&[directions, batch, units], last),
    }
}

fn tensor(array: Option<&Array>) -> Result<&Tensor, Refusal> {
    match array {
        Some(Array::Numbers(tensor)) => Ok(tensor),
        Some(Array::Texts { .. }) | None => Err(("numbers", "something else".to_owned())),
    }
}

impl Sizes {
    /// Those that the shapes say, if all tensors have them.
    fn of(node: &Node, [x, w, r, b, lengths]: [&Tensor; 5]) -> Result<Sizes, Refusal> {
        let (&[time, batch, width], &[directions, rows, _], Some(Attribute::Int(units))) =
            (x.shape(), w.shape(), node.attributes.get("hidden_size"))
        else {
            return Err(("a sequence [time, batch, n] and `hidden_size`", format!("{:?}", x.shape())));
        };
        let units = usize::try_from(*units).unwrap_or(0);
        let gates = if node.operator == "LSTM" { 4 } else { 3 };
        let fits = w.shape() == [directions, gates * units, width]
            && r.shape() == [directions, gates * units, units]
            && b.shape() == [directions, 2 * gates * units]
            && lengths.shape() == [batch];
        match fits {
            true => Ok(Sizes { time, directions, batch, width, units, rows }),
            false => Err(("weights, biases and lengths of its sizes", format!("{:?}", w.shape()))),
        }
    }
}

impl Cell<'_> {
    /// The next state; `carry` is what an LSTM remembers beside it.
    fn step(&self, x: &[f64], state: &[f64], carry: &mut [f64]) -> Vec<f64> {
        let (beside_x, beside_state) = self.b.split_at(self.b.len() / 2);
        let (x, h) = (products(x, self.w, beside_x), products(state, self.r, beside_state));
        match self.is_lstm {
            true => self.lstm(&x, &h, carry),
            false => self.gru(&x, &h, state),
        }
    }

    /// Gates i, o, f, c.
    fn lstm(&self, x: &[f64], h: &[f64], carry: &mut [f64]) -> Vec<f64> {
        let sum = |gate: usize, i: usize| x[gate * self.units + i] + h[gate * self.units + i];
        let next = |(i, c): (usize, &mut f64)| {
            *c = sigmoid(sum(2, i)) * *c + sigmoid(sum(0, i)) * sum(3, i).tanh();
            sigmoid(sum(1, i)) * c.tanh()
        };
        carry.iter_mut().enumerate().map(next).collect()
    }

    /// Gates z, r, h, the reset behind the product (`linear_before_reset`).
    fn gru(&self, x: &[f64], h: &[f64], state: &[f64]) -> Vec<f64> {
        let next = |i: usize| {
            let gate = |gate: usize| sigmoid(x[gate * self.units + i] + h[gate * self.units + i]);
            let new = (x[2 * self.units + i] + gate(1) * h[2 * self.units + i]).tanh();
            (1.0 - gate(0)) * new + gate(0) * state[i]
        };
        (0..self.units).map(next).collect()
    }
}

/// `W x + b`.
fn products(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
    let dot = |(row, b): (&[f64], &f64)| b + row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
    w.chunks_exact(x.len().max(1)).zip(b).map(dot).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
