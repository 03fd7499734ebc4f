use super::over;
use crate::ctx::Ctx;
use crate::isa::rungs;

/// The running average of a parameter over the steps: `average += (1 - decay) (parameter - average)`, by the threads of `ctx`, or
/// of rayon if there is none.
///
/// # Panics
/// If the lengths differ.
pub fn running_average(ctx: Option<&Ctx>, decay: f64, parameter: &[f32], average: &mut [f32]) {
    let rest = (1.0 - decay) as f32;
    over(ctx, parameter, [average], &|isa, parameter, [average]| approach(isa, rest, parameter, average));
}

rungs! {
    fn approach(rest: f32, parameter: &[f32], average: &mut [f32]) {
        for (average, &theta) in average.iter_mut().zip(parameter) {
            *average += rest * (theta - *average);
        }
    }
}
