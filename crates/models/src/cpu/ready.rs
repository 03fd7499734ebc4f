//! Weights as answers want them: laid for the kernels once, not at each call, and with the batch norm behind a convolution folded in.

use baeum_core::ParamKind;
use baeum_kernels::{Buffer, Conv2d, Ctx, conv2d_prepare, conv2d_prepared_len};

use super::op::{FoldedNorm, Op};
use super::plan::{Params, Plan, Step};
use super::state::FlatState;

/// By step; out of date as soon as a parameter or a running statistic moves.
#[derive(Debug, Default)]
pub(super) struct Ready {
    convs: Vec<Option<ReadyConv>>,
}

/// A convolution that is ready for images.
#[derive(Debug)]
pub(super) struct ReadyConv {
    pub(super) weight: Buffer,
    /// None if there is nothing to add.
    pub(super) bias: Option<Buffer>,
}

impl Ready {
    /// The convolution of a step; none in training.
    pub(super) fn conv(&self, step: usize) -> Option<&ReadyConv> {
        self.convs.get(step)?.as_ref()
    }

    /// Nothing is ready any more.
    pub(super) fn forget(&mut self) {
        self.convs.clear();
    }

    /// Makes everything ready, unless it is.
    pub(super) fn make(&mut self, ctx: &Ctx, plan: &Plan, params: &Params, state: &FlatState) {
        if self.convs.len() == plan.steps.len() {
            return;
        }
        let conv = |step: &Step| {
            let Op::Conv2d { conv, bias, norm, .. } = &step.op else { return None };
            let norm = norm.map(|norm| Norm::of(norm, params, state));
            Some(ReadyConv::of(ctx, conv, *bias, norm, step, state))
        };
        self.convs = plan.steps.iter().map(conv).collect();
    }
}

impl ReadyConv {
    fn of(
        ctx: &Ctx,
        conv: &Conv2d,
        bias: bool,
        norm: Option<Norm>,
        step: &Step,
        state: &FlatState,
    ) -> ReadyConv {
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
        ReadyConv { weight, bias }
    }
}

/// A batch norm as it answers: `y = x * scale + shift`, channel by channel.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Norm {
    fn of(norm: FoldedNorm, params: &Params, state: &FlatState) -> Norm {
        let of_kind = |kind| params.of_node(norm.node, kind);
        let (learned, running) = (of_kind(ParamKind::Learned), of_kind(ParamKind::Running));
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
