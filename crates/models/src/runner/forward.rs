use std::collections::BTreeMap;
use std::error::Error;

use baeum_core::{ChannelAxis, Counter, Graph, Layer, NetworkError, Ngrams, Node, NodeId, Rng, Size2};
use candle_core::{DType, Device, Result, Tensor, Var};

use super::Layers;
use super::line::{Slide, channels_turned, pad1d, pool1d};
use super::sequence::{Attention, Stack, lengths};
use crate::checks;
use crate::network::{Forward, Pass, RunError};
use crate::ops::{self, Cell, Moments, Pool, Sight, Window};

pub(super) type Outcome<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

impl Forward for Layers {
    fn forward(&mut self, inputs: &BTreeMap<String, Tensor>, pass: Pass) -> Outcome<Vec<Tensor>> {
        let values = self.values(inputs, pass)?;
        let ends: Vec<NodeId> = match pass {
            Pass::Evaluate => self.graph.outputs().to_vec(),
            Pass::Train { .. } => self.graph.judged().map(|(id, _)| id).collect(),
        };
        let outputs = ends.iter().filter_map(|id| values.get(id.index()));
        Ok(outputs.map(channels_first).collect::<Result<_>>()?)
    }

    fn graph(&self) -> Option<&Graph> {
        Some(&self.graph)
    }

    fn values(&mut self, inputs: &BTreeMap<String, Tensor>, pass: Pass) -> Outcome<Vec<Tensor>> {
        if matches!(pass, Pass::Train { part, .. } if part.index == 0) {
            self.seen.clear();
        }
        let Layers { graph, vars, rng, seen } = self;
        let mut run = Run { graph, vars, rng, seen, inputs, pass };
        let mut values: Vec<Tensor> = Vec::with_capacity(run.graph.nodes().len());
        for node in run.graph.nodes() {
            let read: Vec<&Tensor> = node.inputs.iter().filter_map(|id| values.get(id.index())).collect();
            let value = run.value(node, &read)?;
            values.push(value);
        }
        Ok(values)
    }

    fn answers(&self) -> Vec<usize> {
        self.graph.judged().map(|(_, answers)| answers).collect()
    }

    /// Running statistics move here, once for each update and by the whole batch: by the mean of its values
    /// and by their variance over n - 1, as PyTorch's do.
    fn updated(&mut self) -> Outcome<()> {
        for (name, seen) in std::mem::take(&mut self.seen) {
            let node = self.graph.find(&name).map(|id| &self.graph[id].layer);
            let Some(Layer::BatchNorm { momentum, .. }) = node else { continue };
            let variance = seen.squares.iter().map(|squares| squares / (seen.count - 1.0)).collect();
            for (statistic, new) in [("running_mean", seen.mean), ("running_var", variance)] {
                let Some(var) = self.vars.get(&format!("{name}.{statistic}")) else { continue };
                move_towards(var, new, *momentum)?;
            }
        }
        Ok(())
    }
}

/// `(1 - momentum) * old + momentum * new`.
fn move_towards(var: &Var, new: Vec<f64>, momentum: f64) -> Result<()> {
    let old = var.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    let moved: Vec<f64> =
        old.iter().zip(&new).map(|(old, new)| (1.0 - momentum) * old + momentum * new).collect();
    let moved = Tensor::from_vec(moved, var.shape(), &Device::Cpu)?.to_dtype(var.dtype())?;
    var.set(&moved.to_device(var.device())?)
}

/// One way through the graph. Images are channels last on it.
pub(super) struct Run<'a> {
    graph: &'a Graph,
    vars: &'a BTreeMap<String, Var>,
    rng: &'a Rng,
    seen: &'a mut BTreeMap<String, Moments>,
    inputs: &'a BTreeMap<String, Tensor>,
    pass: Pass,
}

impl Run<'_> {
    /// What a node yields, from what it reads.
    fn value(&mut self, node: &Node, read: &[&Tensor]) -> Outcome<Tensor> {
        let one = Size2::square(1);
        let value = match &node.layer {
            Layer::Input { .. } => return self.enter(node),
            Layer::BatchNorm { eps, axis, .. } => return self.batch_norm_of(node, first(read)?, *eps, *axis),
            Layer::Dropout { p } => return self.dropout(node, first(read)?, *p),
            Layer::Embedding { vocabulary, .. } => return self.embedding(node, first(read)?, *vocabulary),
            &Layer::NgramEmbedding { n, buckets, .. } => {
                return self.ngram_embedding(node, first(read)?, Ngrams { n, buckets });
            }
            Layer::PositionEmbedding { .. } => return self.position(node, first(read)?),
            Layer::SinusoidalPositions => return self.sinusoids(first(read)?),
            &Layer::MultiHeadAttention { heads, kv_heads, causal, bias, positions } => {
                let heads = [heads, kv_heads.unwrap_or(heads)];
                return self.attention(node, read, &Attention { heads, causal, bias, positions });
            }
            &Layer::Lstm { bidirectional, returns, layers, .. } => {
                let stack = Stack { cell: Cell::Lstm, bidirectional, layers, returns };
                return self.recurrent(node, read, &stack);
            }
            &Layer::Gru { bidirectional, returns, layers, .. } => {
                let stack = Stack { cell: Cell::Gru, bidirectional, layers, returns };
                return self.recurrent(node, read, &stack);
            }
            Layer::MeanOverTime => return self.mean_over_time(node, read),
            Layer::MemberMean { of } => ops::member_mean(first(read)?, *of),
            Layer::MaxOverTime => return self.max_over_time(node, read),
            Layer::Lengths { padding } => return lengths(first(read)?, *padding),
            Layer::Transpose => {
                let x = channels_first(first(read)?)?;
                channels_last(&x.transpose(x.rank() - 2, x.rank() - 1)?.contiguous()?)
            }
            Layer::Patches { size, stride } => {
                let x = channels_first(first(read)?)?;
                channels_last(&ops::patches(&x, *size, stride.unwrap_or(*size))?)
            }
            Layer::Dense { bias, .. } => {
                let bias = self.bias(node, *bias)?;
                // The last axis is the last one of the graph's layout.
                let x = channels_first(first(read)?)?;
                channels_last(&ops::dense(&x, &self.param(node, "weight")?, bias.as_ref())?)
            }
            Layer::Unembedding { .. } => {
                let table = self.param(self.graph.table_of(node).unwrap_or(node), "weight")?;
                let x = channels_first(first(read)?)?;
                channels_last(&ops::dense(&x, &table, None)?)
            }
            Layer::GroupedDense { groups, .. } => {
                let [weight, bias] = [self.param(node, "weight")?, self.param(node, "bias")?];
                ops::grouped_dense(first(read)?, groups, &weight, &bias)
            }
            Layer::Scale { bias, .. } => {
                let scaled = channels_first(first(read)?)?.broadcast_mul(&self.param(node, "weight")?)?;
                channels_last(&match bias {
                    Some(_) => scaled.broadcast_add(&self.param(node, "bias")?)?,
                    None => scaled,
                })
            }
            Layer::Ensemble { members } => ops::repeat(first(read)?, *members),
            Layer::Conv2d { kernel, stride, padding, dilation, groups, bias, .. } => {
                let window = window(node, first(read)?, [*kernel, *stride, *padding, *dilation])?;
                let bias = self.bias(node, *bias)?;
                ops::conv2d(first(read)?, &self.param(node, "weight")?, bias.as_ref(), window, *groups)
            }
            Layer::ConvTranspose2d { kernel, stride, padding, dilation, groups, bias, .. } => {
                let window = window(node, first(read)?, [*kernel, *stride, *padding, *dilation])?;
                let bias = self.bias(node, *bias)?;
                ops::conv_transpose2d(
                    first(read)?,
                    &self.param(node, "weight")?,
                    bias.as_ref(),
                    window,
                    *groups,
                )
            }
            Layer::Conv1d { kernel, stride, padding, dilation, groups, bias, .. } => {
                let [kernel, stride, padding, dilation] = [*kernel, *stride, *padding, *dilation];
                let slide = Slide { kernel, stride, padding, dilation };
                return self.conv1d(node, first(read)?, &slide, *groups, *bias);
            }
            Layer::MaxPool2d { kernel, stride, padding, ceil_mode: _ } => {
                let window = window(node, first(read)?, [*kernel, stride.unwrap_or(*kernel), *padding, one])?;
                ops::pool(first(read)?, window.sight(), Pool::Max)
            }
            Layer::AvgPool2d { kernel, stride, padding, ceil_mode: _ } => {
                let window = window(node, first(read)?, [*kernel, stride.unwrap_or(*kernel), *padding, one])?;
                ops::pool(first(read)?, window.sight(), Pool::Mean)
            }
            Layer::MaxPool1d { kernel, stride, padding, ceil_mode: _ } => {
                let slide = Slide::pool(*kernel, *stride, *padding);
                pool1d(node, first(read)?, &slide, Pool::Max)
            }
            Layer::AvgPool1d { kernel, stride, padding, ceil_mode: _ } => {
                let slide = Slide::pool(*kernel, *stride, *padding);
                pool1d(node, first(read)?, &slide, Pool::Mean)
            }
            Layer::Pad1d { before, after, mode } => pad1d(first(read)?, *before, *after, *mode),
            Layer::Upsample { factor, mode } => {
                channels_last(&ops::upsample(&channels_first(first(read)?)?, *factor, *mode)?)
            }
            Layer::AdaptiveAvgPool2d { size } => adaptive(first(read)?, *size, Pool::Mean),
            Layer::AdaptiveMaxPool2d { size } => adaptive(first(read)?, *size, Pool::Max),
            Layer::GlobalAvgPool => global_mean(first(read)?),
            Layer::LayerNorm { eps } => {
                let (weight, bias) = (self.param(node, "weight")?, self.param(node, "bias")?);
                channels_last(&ops::layer_norm(&channels_first(first(read)?)?, &weight, &bias, *eps)?)
            }
            Layer::RmsNorm { eps } => {
                let weight = self.param(node, "weight")?;
                channels_last(&ops::rms_norm(&channels_first(first(read)?)?, &weight, *eps)?)
            }
            Layer::GroupNorm { groups, eps } => {
                let (weight, bias) = (self.param(node, "weight")?, self.param(node, "bias")?);
                let x = channels_first(first(read)?)?;
                channels_last(&ops::group_norm(&x, *groups, [&weight, &bias], *eps)?)
            }
            Layer::InstanceNorm { eps } => {
                let x = channels_first(first(read)?)?;
                channels_last(&ops::normalise_groups(&x, x.dim(1)?, *eps)?)
            }
            Layer::InstanceRestore { eps } => ops::restore(first(read)?, input(read, 1)?, *eps),
            Layer::Relu => ops::relu(first(read)?),
            Layer::Gelu { approximate } => ops::gelu(first(read)?, *approximate),
            Layer::Tanh => first(read)?.tanh(),
            Layer::Sigmoid => candle_nn::ops::sigmoid(first(read)?),
            Layer::Silu => ops::silu(first(read)?),
            Layer::LeakyRelu { slope } => ops::leaky_relu(first(read)?, *slope),
            Layer::Elu { alpha } => first(read)?.elu(*alpha),
            Layer::Softplus => ops::softplus(first(read)?),
            Layer::Mish => ops::mish(first(read)?),
            Layer::HardTanh { low, high } => ops::hard_tanh(first(read)?, *low, *high),
            Layer::Flatten { axis } => channels_last(&channels_first(first(read)?)?.flatten_from(*axis)?),
            Layer::Add => read.iter().skip(1).try_fold(first(read)?.clone(), |sum, x| sum + *x),
            Layer::Subtract => read.iter().skip(1).try_fold(first(read)?.clone(), |rest, x| rest - *x),
            Layer::Multiply => read.iter().skip(1).try_fold(first(read)?.clone(), |product, x| product * *x),
            Layer::Concat { axis } => {
                // Where each axis of [B, C, H, W] stands in [B, H, W, C].
                let places = if node.shape.rank() == 4 { [0, 3, 1, 2] } else { [0, 1, 2, 3] };
                Tensor::cat(read, places.get(*axis).copied().unwrap_or(*axis))
            }
        };
        Ok(value?)
    }

    /// A tensor of the batch, if it has the sizes that the graph was made for.
    fn enter(&self, node: &Node) -> Outcome<Tensor> {
        let x = self.inputs.get(&node.name).ok_or_else(|| NetworkError::Input { name: node.name.clone() })?;
        let sizes = x.dims().iter().zip(&node.shape.0).skip(1);
        let fits = x.rank() == node.shape.rank() && x.elem_count() > 0;
        if !fits || !sizes.into_iter().all(|(got, dim)| dim.size().is_none_or(|size| size == *got)) {
            let (name, wanted, got) = (node.name.clone(), node.shape.to_string(), x.dims().to_vec());
            Err(NetworkError::from(RunError::Input { name, wanted, got }))?;
        }
        Ok(channels_last(x)?)
    }

    /// The channels of all but images stand in the graph's layout: second.
    fn batch_norm_of(&mut self, node: &Node, x: &Tensor, eps: f64, axis: ChannelAxis) -> Outcome<Tensor> {
        match (x.rank(), axis) {
            (4, ChannelAxis::Last) => Ok(channels_last(&self.batch_norm(node, &channels_first(x)?, eps)?)?),
            (3, ChannelAxis::Second) => {
                Ok(channels_turned(&self.batch_norm(node, &channels_turned(x)?, eps)?)?)
            }
            _ => self.batch_norm(node, x, eps),
        }
    }

    /// Over the last axis.
    fn batch_norm(&mut self, node: &Node, x: &Tensor, eps: f64) -> Outcome<Tensor> {
        let param = |name| self.param(node, name);
        let [weight, bias] = [param("weight")?, param("bias")?];
        if self.pass == Pass::Evaluate {
            let (mean, variance) = (param("running_mean")?, param("running_var")?);
            return Ok(ops::batch_norm(x, &mean, &variance, [&weight, &bias], eps)?);
        }
        let channels = weight.elem_count();
        let rows = x.elem_count() / channels;
        if rows < 2 {
            Err(NetworkError::from(RunError::OneValue { node: node.name.clone(), got: rows }))?;
        }
        let (normal, moments) = ops::normalise(&x.reshape((rows, channels))?, eps)?;
        let seen = match self.seen.remove(&node.name) {
            Some(before) => before.join(moments),
            None => moments,
        };
        self.seen.insert(node.name.clone(), seen);
        Ok(ops::shift(&ops::scale(&normal, &weight)?, &bias, x.dims())?)
    }

    fn embedding(&self, node: &Node, ids: &Tensor, vocabulary: usize) -> Outcome<Tensor> {
        let numbers = ids.flatten_all()?.to_vec1::<i64>()?;
        checks::ids(&node.name, &numbers, vocabulary)?;
        self.rows_of(node, ids)
    }

    fn ngram_embedding(&self, node: &Node, ids: &Tensor, ngrams: Ngrams) -> Outcome<Tensor> {
        let (rows, time) = ids.dims2()?;
        let numbers = ids.flatten_all()?.to_vec1::<i64>()?;
        checks::ids(&node.name, &numbers, Ngrams::IDS)?;
        let words: Vec<u32> = numbers.iter().map(|id| *id as u32).collect();
        let mut hashes = vec![0; words.len()];
        ngrams.hash(time, &words, &mut hashes);
        let hashes = hashes.into_iter().map(i64::from).collect();
        self.rows_of(node, &Tensor::from_vec(hashes, (rows, time), ids.device())?)
    }

    /// The vectors of a node's table by their numbers, `[B, T]`.
    fn rows_of(&self, node: &Node, ids: &Tensor) -> Outcome<Tensor> {
        let vectors = self.param(node, "weight")?;
        let rows = vectors.index_select(&ids.flatten_all()?, 0)?; // [B * T, units]
        Ok(rows.reshape((ids.dim(0)?, ids.dim(1)?, vectors.dim(1)?))?)
    }

    /// Keeps a value where its random word is at least `p * 2^32`. A word belongs to an element of the whole
    /// batch in the graph's layout, so that parts of a batch draw what the whole would.
    fn dropout(&self, node: &Node, x: &Tensor, p: f64) -> Outcome<Tensor> {
        let Pass::Train { step, part } = self.pass else { return Ok(x.clone()) };
        let rows = x.dim(0)?;
        let first = part.first_row * (x.elem_count() / rows);
        if first + x.elem_count() > ELEMENTS {
            let got = first + x.elem_count();
            Err(NetworkError::from(RunError::Dropout { node: node.name.clone(), limit: ELEMENTS, got }))?;
        }
        let mut words = vec![0u32; x.elem_count()];
        let stream = self.rng.stream("dropout", &node.name);
        stream.fill_words(&mut words, Counter::step(step).at(first as u64));
        let mask = mask(&words, p);
        let sizes = node.shape.with_batch(rows).unwrap_or_else(|| x.dims().to_vec());
        let mask = channels_last(&Tensor::from_vec(mask, sizes, &Device::Cpu)?)?;
        Ok(ops::dropout(x, mask.flatten_all()?.to_vec1()?)?)
    }

    pub(super) fn bias(&self, node: &Node, wanted: bool) -> Result<Option<Tensor>> {
        wanted.then(|| self.param(node, "bias")).transpose()
    }

    /// A parameter of a node; for an answer cut off from its variable, so that candle keeps no graph.
    pub(super) fn param(&self, node: &Node, name: &str) -> Result<Tensor> {
        let name = format!("{}.{name}", node.name);
        let var = self.vars.get(&name).ok_or_else(|| candle_core::Error::CannotFindTensor { path: name })?;
        Ok(match self.pass {
            Pass::Evaluate => var.as_detached_tensor(),
            Pass::Train { .. } => var.as_tensor().clone(),
        })
    }
}

/// How many elements a batch may have for each to have a random word of its own.
const ELEMENTS: usize = 1 << 34;

/// 0 or `1 / (1 - p)` for each word.
fn mask(words: &[u32], p: f64) -> Vec<f32> {
    let (threshold, kept) = ((p * 4_294_967_296.0).round() as u64, (1.0 / (1.0 - p)) as f32);
    words.iter().map(|&word| if u64::from(word) >= threshold { kept } else { 0.0 }).collect()
}

fn window(node: &Node, x: &Tensor, [kernel, stride, padding, dilation]: [Size2; 4]) -> Result<Window> {
    let (_, height, width, _) = x.dims4()?;
    let places = match node.shape.item().as_deref() {
        Some(&[_, height, width]) => Size2 { height, width },
        Some(_) | None => Size2::square(0),
    };
    Ok(Window { kernel, stride, padding, dilation, image: Size2 { height, width }, places })
}

/// So many windows over all of the image.
fn adaptive(x: &Tensor, size: Size2, pool: Pool) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    ops::pool(x, Sight::adaptive(Size2 { height, width }, size), pool)
}

/// The mean of each channel: one window over all of the image.
fn global_mean(x: &Tensor) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let (image, one, zero) = (Size2 { height, width }, Size2::square(1), Size2::square(0));
    let window = Window { kernel: image, stride: one, padding: zero, dilation: one, image, places: one };
    ops::pool(x, window.sight(), Pool::Mean)?.reshape((batch, channels))
}

/// `[B, C, H, W]` as `[B, H, W, C]`; anything but an image as it is.
pub(super) fn channels_last(x: &Tensor) -> Result<Tensor> {
    if x.rank() == 4 { x.permute((0, 2, 3, 1))?.contiguous() } else { Ok(x.clone()) }
}

/// The way back.
pub(super) fn channels_first(x: &Tensor) -> Result<Tensor> {
    if x.rank() == 4 { x.permute((0, 3, 1, 2))?.contiguous() } else { Ok(x.clone()) }
}

pub(super) fn first<'a>(read: &[&'a Tensor]) -> Result<&'a Tensor> {
    input(read, 0)
}

fn input<'a>(read: &[&'a Tensor], place: usize) -> Result<&'a Tensor> {
    let refuse =
        || candle_core::Error::Msg(format!("a layer wants {} inputs, got {}", place + 1, read.len()));
    read.get(place).copied().ok_or_else(refuse)
}
