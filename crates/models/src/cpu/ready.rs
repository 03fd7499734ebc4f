//! Weights as answers want them: laid for the kernels once, not at each call, and with the batch norm behind a convolution folded in.

use baeum_kernels::{
    Buffer, Conv2d, Ctx, Matrix, conv2d_prepare, conv2d_prepared_len, gemm_prepare, gemm_prepared_len,
};

use super::op::{FoldedNorm, Op};
use super::plan::{Params, Plan, Step};
use super::state::FlatState;

/// By step; out of date as soon as a parameter or a running statistic moves.
#[derive(Debug, Default)]
pub(super) struct Ready {
    steps: Vec<ReadyStep>,
}

/// What a step reads instead of its parameters.
#[derive(Debug)]
enum ReadyStep {
    /// They are read as they are.
    Plain,
    /// A convolution, and what is added if anything is.
    Conv { weight: Buffer, bias: Option<Buffer> },
    /// The weights of its products.
    Products(Vec<Buffer>),
}

impl Ready {
    /// Weight and bias of a convolution; none in training.
    pub(super) fn conv(&self, step: usize) -> Option<(&[f32], Option<&[f32]>)> {
        match self.steps.get(step)? {
            ReadyStep::Conv { weight, bias } => Some((weight, bias.as_deref())),
            ReadyStep::Plain | ReadyStep::Products(_) => None,
        }
    }

    /// The weight of a step's product; none in training, and none where products are computed on tiles.
    pub(super) fn product(&self, step: usize, product: usize) -> Option<&[f32]> {
        match self.steps.get(step)? {
            ReadyStep::Products(weights) => weights.get(product).map(|weight| &weight[..]),
            ReadyStep::Plain | ReadyStep::Conv { .. } => None,
        }
    }

    /// Nothing is ready any more.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
    }

    /// Makes everything ready, unless it is.
    pub(super) fn make(&mut self, ctx: &Ctx, plan: &Plan, params: &Params, state: &FlatState) {
        if self.steps.len() < plan.steps.len() {
            let ready = plan.steps.iter().map(|step| ReadyStep::of(ctx, step, params, state));
            self.steps = ready.collect();
        }
    }
}

impl ReadyStep {
    fn of(ctx: &Ctx, step: &Step, params: &Params, state: &FlatState) -> ReadyStep {
        match &step.op {
            Op::Conv2d { conv, bias, folded, .. } => {
                let norm = folded.norm.map(|norm| Norm::of(norm, params, state));
                ReadyStep::conv(ctx, conv, *bias, norm, step, state)
            }
            Op::Dense { inputs, units, .. } => ReadyStep::products(ctx, step, state, &[[*units, *inputs]]),
            Op::Attention(attention) => ReadyStep::products(ctx, step, state, &attention.products()),
            Op::Numbers
            | Op::Ids
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::GlobalMean { .. }
            | Op::BatchNorm { .. }
            | Op::LayerNorm { .. }
            | Op::RmsNorm { .. }
            | Op::GroupNorm { .. }
            | Op::Activation(_)
            | Op::Dropout { .. }
            | Op::GroupedDense { .. }
            | Op::Scale { .. }
            | Op::Repeat { .. }
            | Op::Embedding { .. }
            | Op::Position { .. }
            | Op::Sinusoids(_)
            | Op::Recurrent(_)
            | Op::MeanOverTime { .. }
            | Op::MeanOfSoftmax { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::MaxOverTime { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Add { .. }
            | Op::Subtract
            | Op::Multiply
            | Op::Concat { .. }
            | Op::Same => ReadyStep::Plain,
        }
    }

    /// `sizes`: units and inputs of each product; its parameters are a weight each, and a bias if there are any.
    fn products(ctx: &Ctx, step: &Step, state: &FlatState, sizes: &[[usize; 2]]) -> ReadyStep {
        if ctx.has_tiles() {
            return ReadyStep::Plain; // which have panels of their own
        }
        let each = step.learned.len() / sizes.len().max(1); // a weight, and a bias if there are any
        let weight = |(product, [units, inputs]): (usize, &[usize; 2])| {
            let weight = &state.learned[step.learned[each * product].clone()];
            let mut laid = Buffer::zeros(gemm_prepared_len(ctx, [*inputs, *units]));
            gemm_prepare(ctx, [*inputs, *units], Matrix::transposed(weight, *inputs), &mut laid);
            laid
        };
        ReadyStep::Products(sizes.iter().enumerate().map(weight).collect())
    }

    fn conv(
        ctx: &Ctx,
        conv: &Conv2d,
        bias: bool,
        norm: Option<Norm>,
        step: &Step,
        state: &FlatState,
    ) -> ReadyStep {
        let learned = |k: usize| &state.learned[step.learned[k].clone()];
        let mut bias = bias.then(|| buffer(learned(1)));
        let mut weight = Buffer::zeros(conv2d_prepared_len(ctx, conv));
        match norm {
            None => conv2d_prepare(ctx, conv, learned(0), &mut weight),
            Some(norm) => {
                let mut scaled = buffer(learned(0));
                let bias = bias.get_or_insert_with(|| Buffer::zeros(conv.filters));
                norm.fold(&mut scaled, bias);
                conv2d_prepare(ctx, conv, &scaled, &mut weight);
            }
        }
        ReadyStep::Conv { weight, bias }
    }
}

/// A batch norm as it answers: `y = x * scale + shift`, channel by channel.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Norm {
    fn of(norm: FoldedNorm, params: &Params, state: &FlatState) -> Norm {
        let (learned, running) = (params.learned_of(norm.node), params.running_of(norm.node));
        let (weight, bias) = (&state.learned[learned[0].clone()], &state.learned[learned[1].clone()]);
        let (mean, variance) = (&state.running[running[0].clone()], &state.running[running[1].clone()]);
        let scale =
            weight.iter().zip(variance).map(|(w, v)| f64::from(*w) / (f64::from(*v) + norm.eps).sqrt());
        let scale: Vec<f64> = scale.collect();
        let shift =
            bias.iter().zip(mean).zip(&scale).map(|((b, m), s)| (f64::from(*b) - f64::from(*m) * s) as f32);
        Norm { shift: shift.collect(), scale: scale.iter().map(|scale| *scale as f32).collect() }
    }

    /// Makes it part of the weight and the bias in front of it, filter by filter.
    fn fold(&self, weight: &mut [f32], bias: &mut [f32]) {
        let taps = (weight.len() / bias.len().max(1)).max(1);
        let filters = weight.chunks_exact_mut(taps).zip(bias).zip(self.scale.iter().zip(&self.shift));
        for ((weight, bias), (scale, shift)) in filters {
            weight.iter_mut().for_each(|tap| *tap *= scale);
            *bias = bias.mul_add(*scale, *shift);
        }
    }
}

fn buffer(numbers: &[f32]) -> Buffer {
    let mut buffer = Buffer::zeros(numbers.len());
    buffer.copy_from_slice(numbers);
    buffer
}
