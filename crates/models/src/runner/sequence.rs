//! The layers that know time. A tensor `[B, .., time, n]` has the graph's layout here.
use baeum_core::{Node, Positions, Returns};
use baeum_kernels::{rotations, sequence_lengths, sinusoids};
use candle_core::{Result, Tensor};

use super::forward::{Outcome, Run, channels_first, channels_last, first};
use crate::checks;
use crate::ops::{self, Cell, Walk};

/// The settings of attention.
pub(super) struct Attention {
    /// Of queries, and of keys and values.
    pub(super) heads: [usize; 2],
    pub(super) causal: bool,
    pub(super) bias: bool,
    pub(super) positions: Positions,
}

/// Recurrent layers one behind another.
pub(super) struct Stack {
    pub(super) cell: Cell,
    pub(super) bidirectional: bool,
    pub(super) layers: usize,
    pub(super) returns: Returns,
}

/// A table of places beside `like`.
fn table(numbers: Vec<f64>, sizes: [usize; 2], like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(numbers, &sizes[..], like.device())?.to_dtype(like.dtype())
}

/// How many ids of each sequence count: `[B, T]` to `[B]`.
pub(super) fn lengths(ids: &Tensor, padding: u32) -> Outcome<Tensor> {
    let (rows, time) = ids.dims2()?;
    let words: Vec<u32> = ids.flatten_all()?.to_vec1::<i64>()?.iter().map(|id| *id as u32).collect();
    let mut lengths = vec![0; rows];
    sequence_lengths(time, padding, &words, &mut lengths);
    let lengths = lengths.into_iter().map(i64::from).collect();
    Ok(Tensor::from_vec(lengths, rows, ids.device())?)
}

impl Run<'_> {
    pub(super) fn position(&self, node: &Node, x: &Tensor) -> Outcome<Tensor> {
        let x = channels_first(x)?;
        let time = x.dim(x.rank() - 2)?;
        let table = self.param(node, "weight")?.narrow(0, 0, time)?;
        Ok(channels_last(&x.broadcast_add(&table)?)?)
    }

    pub(super) fn mean_over_time(&self, node: &Node, read: &[&Tensor]) -> Outcome<Tensor> {
        let x = first(read)?;
        Ok(ops::mean_over_time(x, self.counted(node, x, read.get(1))?.as_ref())?)
    }

    pub(super) fn max_over_time(&self, node: &Node, read: &[&Tensor]) -> Outcome<Tensor> {
        let x = first(read)?;
        Ok(ops::max_over_time(x, self.counted(node, x, read.get(1))?.as_ref())?)
    }

    /// Which steps count, `[B, T]`, if a second input says how many.
    fn counted(&self, node: &Node, x: &Tensor, lengths: Option<&&Tensor>) -> Outcome<Option<Tensor>> {
        let Some(lengths) = lengths else { return Ok(None) };
        let (time, mut checked) = (x.dim(1)?, vec![]);
        checks::lengths(&node.name, &lengths.to_vec1::<i64>()?, time, |len| checked.push(len as usize))?;
        Ok(Some(ops::counted(&checked, time, x)?))
    }

    pub(super) fn sinusoids(&self, x: &Tensor) -> Outcome<Tensor> {
        let x = channels_first(x)?;
        let (time, n) = (x.dim(x.rank() - 2)?, x.dim(x.rank() - 1)?);
        Ok(channels_last(&x.broadcast_add(&table(sinusoids(time, n), [time, n], &x)?)?)?)
    }

    /// `[B, .., T, n]`, as is the result.
    pub(super) fn attention(&self, node: &Node, read: &[&Tensor], of: &Attention) -> Outcome<Tensor> {
        let x = channels_first(first(read)?)?;
        let counted = self.counted(node, &x, read.get(1))?;
        let [in_weight, out_weight] =
            [self.param(node, "in_proj_weight")?, self.param(node, "out_proj.weight")?];
        let bias = |name: &str| of.bias.then(|| self.param(node, name)).transpose();
        let [in_bias, out_bias] = [bias("in_proj_bias")?, bias("out_proj.bias")?];
        let (time, n) = (x.dim(x.rank() - 2)?, x.dim(x.rank() - 1)?);
        let qkv = ops::dense(&x.reshape(((), time, n))?, &in_weight, in_bias.as_ref())?; // [N, T, n + keys and values]
        let size = n / of.heads[0].max(1);
        let rotations = match of.positions {
            Positions::None => None,
            Positions::Rotary => Some(table(rotations(time, size), [time, size], &x)?),
        };
        let mixed = ops::attention(&qkv, of.heads, of.causal, counted.as_ref(), rotations.as_ref())?; // [N, T, n]
        Ok(channels_last(&ops::dense(&mixed, &out_weight, out_bias.as_ref())?.reshape(x.shape())?)?)
    }

    /// `[B, T, n]`; result `[B, T, units]` or `[B, units]`, twice as wide for two directions.
    pub(super) fn recurrent(&self, node: &Node, read: &[&Tensor], stack: &Stack) -> Outcome<Tensor> {
        let x = first(read)?;
        let counted = self.counted(node, x, read.get(1))?;
        let mut both = self.level(node, x, stack, 0, counted.as_ref())?;
        for level in 1..stack.layers {
            both = self.level(node, &both.0, stack, level, counted.as_ref())?;
        }
        let (states, last) = both;
        Ok(match stack.returns {
            Returns::Sequence => states,
            Returns::Last => last,
        })
    }

    /// All states of one level and the last ones, those of both directions side by side.
    fn level(
        &self,
        node: &Node,
        x: &Tensor,
        stack: &Stack,
        level: usize,
        counted: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let walk = |reverse: bool| -> Result<(Tensor, Tensor)> {
            let suffix = if reverse { "_reverse" } else { "" };
            let param = |name: &str| self.param(node, &format!("{name}_l{level}{suffix}"));
            let weights = [param("weight_ih")?, param("weight_hh")?, param("bias_ih")?, param("bias_hh")?];
            Walk { cell: stack.cell, x, weights, reverse, counted }.run()
        };
        let (states, last) = walk(false)?;
        if !stack.bidirectional {
            return Ok((states, last));
        }
        let (back, first) = walk(true)?;
        Ok((Tensor::cat(&[states, back], 2)?, Tensor::cat(&[last, first], 1)?))
    }
}
