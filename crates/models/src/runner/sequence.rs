//! The layers that know time. A tensor `[B, .., time, n]` has the graph's layout here.
use baeum_core::{Layer, Node, Returns};
use candle_core::{Result, Tensor};

use super::forward::{Outcome, Run, channels_first, channels_last, first};
use crate::checks;
use crate::ops::{self, Cell, Walk};

impl Run<'_> {
    pub(super) fn sequence(&self, node: &Node, read: &[&Tensor]) -> Outcome<Tensor> {
        let x = channels_first(first(read)?)?;
        let counted = self.counted(node, &x, read.get(1))?;
        let counted = counted.as_ref();
        let value = match &node.layer {
            Layer::PositionEmbedding { .. } => {
                let time = x.dim(x.rank() - 2)?;
                x.broadcast_add(&self.param(node, "weight")?.narrow(0, 0, time)?)?
            }
            Layer::MultiHeadAttention { heads, causal } => {
                self.attention(node, &x, *heads, *causal, counted)?
            }
            Layer::Lstm { bidirectional, returns, .. } => {
                self.recurrent(node, Cell::Lstm, &x, *bidirectional, *returns, counted)?
            }
            Layer::Gru { bidirectional, returns, .. } => {
                self.recurrent(node, Cell::Gru, &x, *bidirectional, *returns, counted)?
            }
            Layer::MeanOverTime => ops::mean_over_time(&x, counted)?,
            Layer::Patches { size, stride } => ops::patches(&x, *size, stride.unwrap_or(*size))?,
            Layer::Input { .. }
            | Layer::Dense { .. }
            | Layer::Conv2d { .. }
            | Layer::MaxPool2d { .. }
            | Layer::AvgPool2d { .. }
            | Layer::GlobalAvgPool
            | Layer::BatchNorm { .. }
            | Layer::LayerNorm { .. }
            | Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::Dropout { .. }
            | Layer::Flatten { .. }
            | Layer::Embedding { .. }
            | Layer::Add
            | Layer::Concat { .. } => x,
        };
        Ok(channels_last(&value)?)
    }

    /// Which steps count, `[B, T]`, if a second input says how many.
    fn counted(&self, node: &Node, x: &Tensor, lengths: Option<&&Tensor>) -> Outcome<Option<Tensor>> {
        let Some(lengths) = lengths else { return Ok(None) };
        let (time, mut checked) = (x.dim(1)?, vec![]);
        checks::lengths(&node.name, &lengths.to_vec1::<i64>()?, time, |len| checked.push(len as usize))?;
        Ok(Some(ops::counted(&checked, time, x)?))
    }

    /// `x`: `[B, .., T, n]`, as is the result.
    fn attention(
        &self,
        node: &Node,
        x: &Tensor,
        heads: usize,
        causal: bool,
        counted: Option<&Tensor>,
    ) -> Result<Tensor> {
        let [in_weight, in_bias] = [self.param(node, "in_proj_weight")?, self.param(node, "in_proj_bias")?];
        let [out_weight, out_bias] =
            [self.param(node, "out_proj.weight")?, self.param(node, "out_proj.bias")?];
        let (time, n) = (x.dim(x.rank() - 2)?, x.dim(x.rank() - 1)?);
        let qkv = ops::dense(&x.reshape(((), time, n))?, &in_weight, Some(&in_bias))?; // [N, T, 3 * n]
        let mixed = ops::attention(&qkv, heads, causal, counted)?; // [N, T, n]
        ops::dense(&mixed, &out_weight, Some(&out_bias))?.reshape(x.shape())
    }

    /// `x`: `[B, T, n]`; result `[B, T, units]` or `[B, units]`, twice as wide for two directions.
    fn recurrent(
        &self,
        node: &Node,
        cell: Cell,
        x: &Tensor,
        bidirectional: bool,
        returns: Returns,
        counted: Option<&Tensor>,
    ) -> Result<Tensor> {
        let walk = |reverse: bool| {
            let suffix = if reverse { "_reverse" } else { "" };
            let param = |name: &str| self.param(node, &format!("{name}_l0{suffix}"));
            let weights = [param("weight_ih")?, param("weight_hh")?, param("bias_ih")?, param("bias_hh")?];
            let (states, last) = Walk { cell, x, weights, reverse, counted }.run()?;
            Ok(match returns {
                Returns::Sequence => states,
                Returns::Last => last,
            })
        };
        match bidirectional {
            false => walk(false),
            true => {
                let both: [Tensor; 2] = [walk(false)?, walk(true)?];
                Tensor::cat(&both, both[0].rank() - 1)
            }
        }
    }
}
