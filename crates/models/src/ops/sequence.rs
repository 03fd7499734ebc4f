//! What the layers that know time are made of.
use baeum_core::Size2;
use baeum_kernels::Pieces;
use candle_core::{Result, Tensor};
use candle_nn::ops::{sigmoid, softmax};

use super::{Pool, Window, dense, pool};

/// 1 for each step that counts, 0 for those behind: `[B, T]`, of the type of `like`.
pub(crate) fn counted(lengths: &[usize], time: usize, like: &Tensor) -> Result<Tensor> {
    let row = |&len: &usize| (0..time).map(move |step| f64::from(u8::from(step < len)));
    let counted: Vec<f64> = lengths.iter().flat_map(row).collect();
    Tensor::from_vec(counted, (lengths.len(), time), like.device())?.to_dtype(like.dtype())
}

/// Scaled dot-product attention of every head. `heads`: of queries, and of keys and values; `qkv`: `[N, T, (heads + 2 * shared) *
/// size]`; `counted`: `[N, T]`; result `[N, T, n]`, 0 where a place does not count. `rotations`: `[T, n / heads]` of rotary
/// positions.
pub(crate) fn attention(
    qkv: &Tensor,
    [heads, shared]: [usize; 2],
    causal: bool,
    counted: Option<&Tensor>,
    rotations: Option<&Tensor>,
) -> Result<Tensor> {
    let (batch, time, width) = qkv.dims3()?;
    let size = width / (heads + 2 * shared).max(1);
    let part = |first: usize, count: usize| {
        let part = qkv.narrow(2, first * size, count * size)?.reshape((batch, time, count, size))?;
        part.transpose(1, 2)?.contiguous() // [N, count, T, size]
    };
    let (q, k) = (rotated(part(0, heads)?, rotations)?, rotated(part(heads, shared)?, rotations)?);
    let (k, v) = (for_each_head(k, heads)?, for_each_head(part(heads + shared, shared)?, heads)?);
    let scores = (q.matmul(&k.t()?.contiguous()?)? / (size as f64).sqrt())?; // [N, heads, T, T]
    let scores = match hidden(causal, counted, &scores)? {
        Some(hidden) => scores.broadcast_add(&hidden)?,
        None => scores,
    };
    let mixed = softmax(&scores, 3)?.matmul(&v)?.transpose(1, 2)?.contiguous()?; // [N, T, heads, size]
    let mixed = mixed.reshape((batch, time, heads * size))?;
    match counted {
        None => Ok(mixed),
        Some(counted) => mixed.broadcast_mul(&counted.unsqueeze(2)?),
    }
}

/// Keys or values for as many heads as share them: `[N, shared, T, size]` to `[N, heads, T, size]`.
fn for_each_head(x: Tensor, heads: usize) -> Result<Tensor> {
    let (batch, shared, time, size) = x.dims4()?;
    let each = heads / shared.max(1);
    match each {
        1 => Ok(x),
        _ => x
            .unsqueeze(2)?
            .broadcast_as((batch, shared, each, time, size))?
            .reshape((batch, heads, time, size)),
    }
}

/// Turns the pairs of each place: the first half of a head against its second. `x`: `[N, heads, T, size]`; `rotations`: `[T, size]`,
/// the cosines in front of the sines.
fn rotated(x: Tensor, rotations: Option<&Tensor>) -> Result<Tensor> {
    let Some(rotations) = rotations else { return Ok(x) };
    let half = x.dim(3)? / 2;
    let halves = |x: &Tensor, axis: usize| -> Result<[Tensor; 2]> {
        Ok([x.narrow(axis, 0, half)?.contiguous()?, x.narrow(axis, half, half)?.contiguous()?])
    };
    let ([a, b], [cos, sin]) = (halves(&x, 3)?, halves(rotations, 1)?);
    let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
    let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
    Tensor::cat(&[first, second], 3)
}

/// Minus infinity for each key that a query does not see, else 0: `[N or 1, 1, T, T]`.
fn hidden(causal: bool, counted: Option<&Tensor>, scores: &Tensor) -> Result<Option<Tensor>> {
    let time = scores.dim(3)?;
    let barred = |seen: bool| if seen { 0.0 } else { f64::NEG_INFINITY };
    let later = |query: usize| (0..time).map(move |key| barred(!causal || key <= query));
    let future = causal.then(|| {
        let numbers: Vec<f64> = (0..time).flat_map(later).collect();
        Tensor::from_vec(numbers, (1, 1, time, time), scores.device())?.to_dtype(scores.dtype())
    });
    let behind = counted.map(|counted| counted.log()?.unsqueeze(1)?.unsqueeze(1)); // log 0 is minus infinity: [N, 1, 1, T]
    Ok(match (future.transpose()?, behind.transpose()?) {
        (Some(future), Some(behind)) => Some(future.broadcast_add(&behind)?),
        (future, behind) => future.or(behind),
    })
}

/// Which recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Lstm,
    Gru,
}

/// One layer in one direction: what it reads, its weights as PyTorch orders them, and which steps count.
pub(crate) struct Walk<'a> {
    pub(crate) cell: Cell,
    /// `[B, T, n]`.
    pub(crate) x: &'a Tensor,
    /// `w_ih`, `w_hh`, `b_ih`, `b_hh`.
    pub(crate) weights: [Tensor; 4],
    /// Whether the last step comes first.
    pub(crate) reverse: bool,
    /// `[B, T]`.
    pub(crate) counted: Option<&'a Tensor>,
}

impl Walk<'_> {
    /// All states `[B, T, units]`, 0 where a step does not count, and the last ones `[B, units]`.
    pub(crate) fn run(&self) -> Result<(Tensor, Tensor)> {
        let [w_ih, w_hh, b_ih, b_hh] = &self.weights;
        let (batch, time, _) = self.x.dims3()?;
        let beside_x = dense(self.x, w_ih, Some(b_ih))?; // [B, T, gates * units]
        let zeros = Tensor::zeros((batch, w_hh.dim(1)?), self.x.dtype(), self.x.device())?;
        let (mut state, mut carry, mut states) = (zeros.clone(), zeros, vec![]);
        for i in 0..time {
            let step = if self.reverse { time - 1 - i } else { i };
            let beside_x = beside_x.narrow(1, step, 1)?.squeeze(1)?; // [B, gates * units]
            let (next, next_carry) =
                self.cell.step(&beside_x, &dense(&state, w_hh, Some(b_hh))?, &state, &carry)?;
            let counts = self.counted.map(|counted| counted.narrow(1, step, 1)).transpose()?; // [B, 1]
            // A step that does not count leaves everything as it was.
            let keep = |new: Tensor, old: &Tensor| match &counts {
                None => Ok(new),
                Some(counts) => old + (new - old)?.broadcast_mul(counts)?,
            };
            (state, carry) = (keep(next, &state)?, keep(next_carry, &carry)?);
            states.push(match &counts {
                None => state.clone(),
                Some(counts) => state.broadcast_mul(counts)?,
            });
        }
        if self.reverse {
            states.reverse();
        }
        Ok((Tensor::stack(&states, 1)?, state))
    }
}

impl Cell {
    /// The next state, and what is carried beside it. `beside_x`, `beside_state`: `[B, gates * units]`.
    fn step(
        self,
        beside_x: &Tensor,
        beside_state: &Tensor,
        state: &Tensor,
        carry: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let units = state.dim(1)?;
        let gate = |of: &Tensor, i: usize| of.narrow(1, i * units, units)?.contiguous();
        let sum = |i: usize| gate(beside_x, i)? + gate(beside_state, i)?;
        match self {
            Cell::Lstm => {
                let [input, forget, output] = [sigmoid(&sum(0)?)?, sigmoid(&sum(1)?)?, sigmoid(&sum(3)?)?];
                let carry = ((forget * carry)? + (input * sum(2)?.tanh()?)?)?;
                Ok(((output * carry.tanh()?)?, carry))
            }
            Cell::Gru => {
                let (reset, update) = (sigmoid(&sum(0)?)?, sigmoid(&sum(1)?)?);
                let new = (gate(beside_x, 2)? + (reset * gate(beside_state, 2)?)?)?.tanh()?;
                Ok(((&new + (update * (state - &new)?)?)?, carry.clone()))
            }
        }
    }
}

/// The mean of the steps that count. `x`: `[B, T, n]`; `counted`: `[B, T]`; result `[B, n]`.
pub(crate) fn mean_over_time(x: &Tensor, counted: Option<&Tensor>) -> Result<Tensor> {
    match counted {
        None => x.mean(1),
        Some(counted) => {
            x.broadcast_mul(&counted.unsqueeze(2)?)?.sum(1)?.broadcast_div(&counted.sum_keepdim(1)?)
        }
    }
}

/// The largest of each number over the steps that count. `x`: `[B, T, n]`; `counted`: `[B, T]`; result `[B, n]`.
pub(crate) fn max_over_time(x: &Tensor, counted: Option<&Tensor>) -> Result<Tensor> {
    let (batch, time, n) = x.dims3()?;
    let x = match counted {
        None => x.clone(),
        Some(counted) => {
            let counted = counted.ne(0.0)?.unsqueeze(2)?.broadcast_as(x.shape())?.contiguous()?;
            let never = Tensor::full(f64::NEG_INFINITY, x.shape(), x.device())?.to_dtype(x.dtype())?;
            counted.where_cond(x, &never)?
        }
    };
    // One window over an image that is as high as the sequence is long.
    let (one, whole) = (Size2::square(1), Size2 { height: time, width: 1 });
    let padding = Size2::square(0);
    let window = Window { kernel: whole, stride: one, padding, dilation: one, image: whole, places: one };
    pool(&x.unsqueeze(2)?, window.sight(), Pool::Max)?.reshape((batch, n))
}

/// Pieces of the last axis: `[.., T]` to `[.., pieces, size]`.
pub(crate) fn patches(x: &Tensor, size: usize, stride: usize) -> Result<Tensor> {
    let (mut sizes, time) = (x.dims().to_vec(), x.dim(x.rank() - 1)?);
    let count = Pieces { len: time, size, stride }.count();
    let places: Vec<u32> = (0..count * size).map(|i| (i / size * stride + i % size) as u32).collect();
    let places = Tensor::from_vec(places, count * size, x.device())?;
    sizes.pop();
    sizes.extend([count, size]);
    x.reshape(((), time))?.index_select(&places, 1)?.reshape(sizes)
}
