mod choice;
mod infer;
mod members;
mod name;
mod ngram;
mod params;
mod sequence;
mod settings;
mod usual;
mod window;
mod work;

pub use choice::{Approximate, ChannelAxis, Interpolation, MeanOf, Padding, Positions, Returns};
pub use ngram::Ngrams;
pub use params::{Init, Param, ParamKind};

use std::ops::Not;

use serde::{Deserialize, Serialize};

use crate::{DType, Size2};
use usual::{half, hundredth, minus_one, one, single, small, tenth, whole, yes, zero};

/// Everything a network can be made of. The only list of layers in the workspace; a recipe spells them the same way.
///
/// Forward pass, gradient, shape, summary and every file format match this list exhaustively, so a new layer stops
/// the build until each of them knows it. Images are `[batch, channels, height, width]`,
/// sequences `[batch, time, n]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Where a batch enters; its shape is given when it is wired.
    Input {
        /// What the numbers are stored as: `f32`, or `i64` for ids.
        dtype: DType,
    },
    /// `y = x W^T + b` over the last axis: `[batch, n]` to `[batch, units]`. As `torch.nn.Linear`.
    Dense {
        /// Size of the output.
        units: usize,
        /// Whether a learned bias is added.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// Numbers that stand side by side in groups, each group made a vector by weights of its own: `[batch, n]` to
    /// `[batch, groups, units]`. So the fields of a table become vectors (Gorishniy et al. 2021, section 3.3), and the members of an
    /// ensemble answer, each by itself.
    GroupedDense {
        /// How many numbers belong to each group, in order.
        groups: Vec<usize>,
        /// Length of each vector.
        units: usize,
    },
    /// Cross-correlation with learned kernels: `[batch, c, h, w]` to `[batch, filters, h', w']`. As `torch.nn.Conv2d`.
    Conv2d {
        /// How many kernels, which is how many channels come out.
        filters: usize,
        /// Height and width of a kernel.
        kernel: Size2,
        /// How far the kernel moves.
        #[serde(default = "one")]
        stride: Size2,
        /// Rows and columns of zeros on each side.
        #[serde(default = "zero")]
        padding: Size2,
        /// Distance between the cells of the kernel.
        #[serde(default = "one")]
        dilation: Size2,
        /// Into how many groups the channels are divided.
        #[serde(default = "single")]
        groups: usize,
        /// Whether a learned bias is added to each channel.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// The way back of a `conv2d` of these settings: each pixel is spread over what such a window sees, `[batch, c, h, w]` to
    /// `[batch, filters, h', w']` with `h' = (h - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1`. As
    /// `torch.nn.ConvTranspose2d`.
    ConvTranspose2d {
        /// How many channels come out; a multiple of `groups`.
        filters: usize,
        /// Height and width of a kernel.
        kernel: Size2,
        /// How far apart pixels are spread.
        #[serde(default = "one")]
        stride: Size2,
        /// Rows and columns that are cut off on each side; fewer than a kernel reaches over.
        #[serde(default = "zero")]
        padding: Size2,
        /// Rows and columns added at the bottom and at the right, below `stride`: several sizes are brought to one by a `conv2d`, and this
        /// tells them apart.
        #[serde(default = "zero")]
        output_padding: Size2,
        /// Distance between the cells of the kernel.
        #[serde(default = "one")]
        dilation: Size2,
        /// Into how many groups the channels are divided.
        #[serde(default = "single")]
        groups: usize,
        /// Whether a learned bias is added to each channel.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// Cross-correlation over time: `[batch, c, time]` to `[batch, filters, time']`. As `torch.nn.Conv1d`.
    Conv1d {
        /// How many kernels, which is how many channels come out.
        filters: usize,
        /// Steps that a kernel sees.
        kernel: usize,
        /// How far the kernel moves.
        #[serde(default = "single")]
        stride: usize,
        /// Zeros on each side.
        #[serde(default)]
        padding: usize,
        /// Distance between the cells of the kernel.
        #[serde(default = "single")]
        dilation: usize,
        /// Into how many groups the channels are divided.
        #[serde(default = "single")]
        groups: usize,
        /// Whether a learned bias is added to each channel.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// The largest value of each window. Windows that overlap or leave a rest are allowed, as in `torch.nn.MaxPool2d`.
    MaxPool2d {
        /// Height and width of the window.
        kernel: Size2,
        /// How far it moves; as far as it is wide, if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<Size2>,
        /// Rows and columns of minus infinity on each side; at most half the window.
        #[serde(default = "zero")]
        padding: Size2,
        /// Whether a last window counts that reaches beyond the padding, as long as it begins in front of it.
        #[serde(default, skip_serializing_if = "Not::not")]
        ceil_mode: bool,
    },
    /// The mean of each window, the padding counted in, as `torch.nn.AvgPool2d` has it by default.
    AvgPool2d {
        /// Height and width of the window.
        kernel: Size2,
        /// How far it moves; as far as it is wide, if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<Size2>,
        /// Rows and columns of zeros on each side; at most half the window.
        #[serde(default = "zero")]
        padding: Size2,
        /// As for `max_pool2d`; what lies beyond the padding is not counted in.
        #[serde(default, skip_serializing_if = "Not::not")]
        ceil_mode: bool,
    },
    /// As many means of windows as are wanted, whatever the size of the image: `[batch, c, h, w]` to `[batch, c, *size]`. As
    /// `torch.nn.AdaptiveAvgPool2d`: window `i` of `n` runs from `floor(i * h / n)` to `ceil((i + 1) * h / n)`.
    AdaptiveAvgPool2d {
        /// Height and width that come out.
        size: Size2,
    },
    /// As many largest values as are wanted, of the windows of `adaptive_avg_pool2d`: `[batch, c, h, w]` to `[batch, c, *size]`. As
    /// `torch.nn.AdaptiveMaxPool2d`.
    AdaptiveMaxPool2d {
        /// Height and width that come out.
        size: Size2,
    },
    /// The largest value of each window over time: `[batch, c, time]` to `[batch, c, time']`. As `torch.nn.MaxPool1d`.
    MaxPool1d {
        /// Steps of the window.
        kernel: usize,
        /// How far it moves; as far as it is wide, if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<usize>,
        /// Minus infinities on each side; at most half the window.
        #[serde(default)]
        padding: usize,
        /// As for `max_pool2d`.
        #[serde(default, skip_serializing_if = "Not::not")]
        ceil_mode: bool,
    },
    /// The mean of each window over time, the padding counted in. As `torch.nn.AvgPool1d`.
    AvgPool1d {
        /// Steps of the window.
        kernel: usize,
        /// How far it moves; as far as it is wide, if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<usize>,
        /// Zeros on each side; at most half the window.
        #[serde(default)]
        padding: usize,
        /// As for `avg_pool2d`.
        #[serde(default, skip_serializing_if = "Not::not")]
        ceil_mode: bool,
    },
    /// Steps added in front and behind: `[batch, c, time]` to `[batch, c, before + time + after]`. As `torch.nn.ConstantPad1d` and
    /// `ReplicationPad1d`. In front of a `conv1d`, steps added before alone keep the future out of sight.
    Pad1d {
        /// How many steps are added in front.
        before: usize,
        /// How many steps are added behind.
        after: usize,
        /// What stands there.
        #[serde(default)]
        mode: Padding,
    },
    /// Makes images larger by whole factors: `[batch, c, h, w]` to `[batch, c, h * factor, w * factor]`. As `torch.nn.Upsample`.
    Upsample {
        /// How many times as high and as wide.
        factor: Size2,
        /// What stands between the pixels.
        #[serde(default)]
        mode: Interpolation,
    },
    /// The mean of each channel: `[batch, c, h, w]` to `[batch, c]`.
    GlobalAvgPool,
    /// Normalises each channel over the batch, then scales and shifts it. `[batch, c]`, `[batch, c, time]` or
    /// `[batch, c, h, w]`; with `axis = "last"` `[batch, .., c]`. As `torch.nn.BatchNorm1d` and `2d`.
    BatchNorm {
        /// Added to the variance under the root; 1e-5 as in PyTorch (Keras: 1e-3).
        #[serde(default = "small")]
        eps: f64,
        /// Weight of the new batch in the running statistics; 0.1 as in PyTorch (Keras weighs the old: 0.9 says the same).
        #[serde(default = "tenth")]
        momentum: f64,
        /// On which axis the channels stand.
        #[serde(default, skip_serializing_if = "ChannelAxis::is_second")]
        axis: ChannelAxis,
    },
    /// Normalises each item over its last axis, then scales and shifts it. As `torch.nn.LayerNorm`.
    LayerNorm {
        /// Added to the variance under the root; 1e-5 as in PyTorch.
        #[serde(default = "small")]
        eps: f64,
    },
    /// Divides each item by the root of the mean square of its last axis, then scales it (Zhang & Sennrich 2019). As
    /// `torch.nn.RMSNorm`.
    RmsNorm {
        /// Added to the mean square under the root; 1e-5 as in Llama 2 (PyTorch: the epsilon of `f32`, 1.19e-7).
        #[serde(default = "small")]
        eps: f64,
    },
    /// Normalises groups of channels of each item, then scales and shifts each channel: `[batch, c, ..]` to the same (Wu & He 2018).
    /// As `torch.nn.GroupNorm`.
    GroupNorm {
        /// Into how many groups the channels are divided; 1 normalises the whole item.
        groups: usize,
        /// Added to the variance under the root; 1e-5 as in PyTorch.
        #[serde(default = "small")]
        eps: f64,
    },
    /// Normalises each channel of each item over its time or its image, and learns nothing: `[batch, c, ..]` to the same (Ulyanov et al.
    /// 2016). As `torch.nn.InstanceNorm1d` and `2d`.
    InstanceNorm {
        /// Added to the variance under the root; 1e-5 as in PyTorch.
        #[serde(default = "small")]
        eps: f64,
    },
    /// Undoes `instance_norm`: its first input, measured in the deviations of the second from its means, becomes what it is of itself.
    /// `[batch, c, n]` and `[batch, c, time]` to `[batch, c, n]` (Kim et al. 2022). A head behind `models.reversible_norm` ends in it.
    InstanceRestore {
        /// Added to the variance under the root, as in the norm that it undoes; 1e-5 as in PyTorch.
        #[serde(default = "small")]
        eps: f64,
    },
    /// Multiplies by learned factors, one for each place of the last axes: `[batch, .., n]` to the same. With one axis as the layer
    /// scale of CaiT (Touvron et al. 2021), with two and a bias as what the members of BatchEnsemble have of their own (Wen, Tran & Ba
    /// 2020).
    Scale {
        /// Over how many of the last axes factors differ.
        #[serde(default = "single")]
        axes: usize,
        /// What each factor starts as.
        #[serde(default = "whole")]
        start: f64,
        /// Whether the sign of each is drawn by lot at the start, so that the members of an ensemble begin apart.
        #[serde(default)]
        signs: bool,
        /// Where a learned number is added behind each factor, how large it is at most at the start, drawn alike for each block of the
        /// last axis; none is added, unless it is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<f64>,
    },
    /// `max(x, 0)`; its gradient at 0 is 0, and NaN stays NaN.
    Relu,
    /// `x` times the normal distribution's share below `x` (Hendrycks & Gimpel 2016).
    Gelu {
        /// Exact by `erf`, or by `tanh` as GPT-2 has it; they differ by up to 4e-4.
        #[serde(default)]
        approximate: Approximate,
    },
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x / (1 + exp(-x))`, also called swish (Elfwing et al. 2017). As `torch.nn.SiLU`.
    Silu,
    /// `x` above zero, `slope * x` below it and at it (Maas et al. 2013). As `torch.nn.LeakyReLU`.
    LeakyRelu {
        /// What a negative number is multiplied by; 0.01 as in PyTorch (Keras: 0.3 in older releases).
        #[serde(default = "hundredth")]
        slope: f64,
    },
    /// `x` above zero, `alpha * (exp(x) - 1)` below it (Clevert et al. 2016). As `torch.nn.ELU`.
    Elu {
        /// How far below zero it comes; 1.
        #[serde(default = "whole")]
        alpha: f64,
    },
    /// `ln(1 + exp(x))`, which is above zero and close to `relu` far from it (Dugas et al. 2001). As `torch.nn.Softplus`.
    Softplus,
    /// `x * tanh(softplus(x))` (Misra 2020). As `torch.nn.Mish`.
    Mish,
    /// `x` between two numbers, and the nearer one beyond them, where its gradient is 0. As `torch.nn.Hardtanh`; `{ low = 0, high = 6 }` is
    /// `torch.nn.ReLU6`.
    HardTanh {
        /// The least that comes out; -1.
        #[serde(default = "minus_one")]
        low: f64,
        /// The most that comes out; 1.
        #[serde(default = "whole")]
        high: f64,
    },
    /// While training, zeroes each value with probability `p` and scales the rest by `1 / (1 - p)` (Srivastava et al. 2014).
    Dropout {
        /// Probability of being zeroed, from 0 to 1; 0.5 as in PyTorch.
        #[serde(default = "half")]
        p: f64,
    },
    /// Lays axes out as one: `[batch, c, h, w]` to `[batch, c * h * w]`. As `torch.nn.Flatten`.
    Flatten {
        /// The first axis that is laid out, the batch being 0; 1 makes one row of every item.
        #[serde(default = "single")]
        axis: usize,
    },
    /// A learned vector for each id: `[batch, time]` of ids to `[batch, time, units]`. As `torch.nn.Embedding`.
    Embedding {
        /// How many different ids there are; each id is below it.
        vocabulary: usize,
        /// Length of a vector.
        units: usize,
    },
    /// A learned vector for each run of `n` ids, told from others by its hash: `[batch, time]` of ids to `[batch, time, units]`. As the
    /// n-grams of fastText (Joulin et al. 2017); the vector at a place is that of the run which ends there, and in front of the first
    /// id stand zeros. Runs of equal hash share a vector. The hash of `a, b, c` is `((a * 2039 + b) * 2039 + c) % buckets`.
    NgramEmbedding {
        /// How many ids make a run.
        n: usize,
        /// How many vectors there are, at most 1,048,576.
        buckets: usize,
        /// Length of a vector.
        units: usize,
    },
    /// Scores every id by a vector, with the table of an embedding in front of it: `[batch, .., n]` to `[batch, .., vocabulary]` (Press &
    /// Wolf 2017). The table is one tensor, and what both uses want of it is added. As PyTorch's `linear.weight = embedding.weight`.
    Unembedding {
        /// The name of the embedding.
        table: String,
        /// How many different ids it has.
        vocabulary: usize,
    },
    /// Adds a learned vector to each place in time: `[batch, .., time, n]` to the same. As a second `torch.nn.Embedding` of places
    /// 0, 1, 2 ..
    PositionEmbedding {
        /// How many places there are; no sequence is longer.
        length: usize,
    },
    /// Adds sines and cosines of the place, of wave lengths from 2 pi to 10000 * 2 pi: `[batch, .., time, n]` to the same (Vaswani et al. 2017,
    /// section 3.5). Nothing is learned, and a sequence may have any length.
    SinusoidalPositions,
    /// Each place of a sequence looks at all of them: `[batch, .., time, n]` to the same (Vaswani et al. 2017). As
    /// `torch.nn.MultiheadAttention` of a sequence with itself. A second input `[batch]` of ids says how many places of each
    /// sequence count; those behind are seen by nobody.
    MultiHeadAttention {
        /// Into how many heads the n numbers of a place are divided.
        heads: usize,
        /// How many heads of keys and values there are, a divisor of `heads`: as many neighbouring heads share each (Ainslie et
        /// al. 2023). If not given, each has its own. As `enable_gqa` of PyTorch's `scaled_dot_product_attention`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kv_heads: Option<usize>,
        /// Whether a place sees itself and those before it alone, as in a GPT.
        #[serde(default)]
        causal: bool,
        /// Whether learned biases are added by the products in front and behind.
        #[serde(default = "yes")]
        bias: bool,
        /// How queries and keys know where they stand, beside what the layers in front have added.
        #[serde(default)]
        positions: Positions,
    },
    /// Long short-term memory over a sequence: `[batch, time, n]` to `[batch, time, units]` (Hochreiter & Schmidhuber 1997). As
    /// `torch.nn.LSTM` with `batch_first`. A second input `[batch]` of ids says how many steps each sequence has; states behind
    /// them are 0.
    Lstm {
        /// Size of the state.
        units: usize,
        /// Whether a second layer reads from the last step to the first; its states stand behind those of the first.
        #[serde(default)]
        bidirectional: bool,
        /// Which states come out.
        #[serde(default)]
        returns: Returns,
        /// How many of them stand one behind another, each reading all states of the one in front, as PyTorch's `num_layers`.
        #[serde(default = "single")]
        layers: usize,
    },
    /// A gated recurrent unit over a sequence: `[batch, time, n]` to `[batch, time, units]` (Cho et al. 2014). As `torch.nn.GRU`
    /// with `batch_first`, the reset behind the product. A second input as for `lstm`.
    Gru {
        /// Size of the state.
        units: usize,
        /// Whether a second layer reads from the last step to the first; its states stand behind those of the first.
        #[serde(default)]
        bidirectional: bool,
        /// Which states come out.
        #[serde(default)]
        returns: Returns,
        /// How many of them stand one behind another, each reading all states of the one in front, as PyTorch's `num_layers`.
        #[serde(default = "single")]
        layers: usize,
    },
    /// The mean of a sequence: `[batch, time, n]` to `[batch, n]`. A second input `[batch]` of ids says how many steps of each
    /// sequence count.
    MeanOverTime,
    /// The largest value of each number over a sequence: `[batch, time, n]` to `[batch, n]`. A second input as for
    /// `mean_over_time`.
    MaxOverTime,
    /// Each row as often as an ensemble has members: `[batch, n]` to `[batch, members, n]`. Layers behind it share their weights among
    /// the members, as all that act on the last axis do; each member is answered for by itself, and `member_mean` is the answer.
    Ensemble {
        /// How many members there are.
        members: usize,
    },
    /// The mean of what the members of an ensemble say: `[batch, members, n]` to `[batch, n]`. Where it is the network's answer, a
    /// loss judges each member by itself, as in TabM (Gorishniy et al. 2024).
    MemberMean {
        /// What is averaged.
        #[serde(default)]
        of: MeanOf,
    },
    /// How many places of each sequence count: `[batch, time]` of ids to `[batch]` of ids, those up to the last one that is not
    /// `padding`. An empty sequence has one, of padding, so that there is something to look at. It is the second input of what
    /// knows time; a text that is filled up behind brings it by itself.
    Lengths {
        /// The id that fills up.
        #[serde(default)]
        padding: u32,
    },
    /// Swaps the last two axes: a sequence `[batch, time, n]` becomes the channels `[batch, n, time]` of `conv1d`, and back.
    Transpose,
    /// Cuts the last axis into pieces, which may overlap: `[batch, .., time]` to `[batch, .., pieces, size]`; what is left at the
    /// end belongs to none. As `torch.Tensor.unfold`.
    Patches {
        /// Numbers in a piece.
        size: usize,
        /// From the start of one piece to that of the next; as long as a piece, if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stride: Option<usize>,
    },
    /// The sum of equal shapes: a residual connection.
    Add,
    /// The first of two equal shapes minus the second, number by number: what a trend leaves.
    Subtract,
    /// The product of two equal shapes, number by number: a gate, as in SwiGLU (Shazeer 2020).
    Multiply,
    /// Its inputs side by side along one axis.
    Concat {
        /// Which axis, the batch being 0; 1 is the channels of an image and the features of a row.
        #[serde(default = "single")]
        axis: usize,
    },
}
