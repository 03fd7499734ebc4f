use baeum_core::MeanOf;
use candle_core::{D, Result, Tensor};

/// Each group of numbers by weights of its own. `x`: `[B, n]`; `weight`: `[n, units]`; `bias`: `[groups, units]`; result
/// `[B, groups, units]`.
pub(crate) fn grouped_dense(x: &Tensor, groups: &[usize], weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let mut first = 0;
    let group = |&size: &usize| {
        let (x, weight) = (x.narrow(1, first, size)?, weight.narrow(0, first, size)?);
        first += size;
        x.contiguous()?.matmul(&weight.contiguous()?) // [B, units]
    };
    let vectors = groups.iter().map(group).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&vectors, 1)?.broadcast_add(bias)
}

/// `[B, n]` to `[B, times, n]`.
pub(crate) fn repeat(x: &Tensor, times: usize) -> Result<Tensor> {
    let (rows, width) = x.dims2()?;
    x.unsqueeze(1)?.broadcast_as((rows, times, width))?.contiguous()
}

/// What the members of an ensemble say together, as scores again: `[B, members, n]` to `[B, n]`. The largest scores are taken as constants:
/// they cancel out of the value.
pub(crate) fn member_mean(x: &Tensor, of: MeanOf) -> Result<Tensor> {
    match of {
        MeanOf::Scores => x.mean(1),
        MeanOf::Softmax => {
            let shifted = x.broadcast_sub(&x.detach().max_keepdim(D::Minus1)?)?;
            let shares = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?; // ln p
            log_mean(&shares)
        }
        MeanOf::Sigmoid => {
            // ln p = -ln(1 + e^-x), shifted so that nothing overflows.
            let log = |x: &Tensor| {
                let largest = x.neg()?.relu()?.detach();
                let sum = (largest.neg()?.exp()? + (x.neg()? - &largest)?.exp()?)?;
                (sum.log()? + largest)?.neg()
            };
            log_mean(&log(x)?)? - log_mean(&log(&x.neg()?)?)?
        }
    }
}

/// The logarithm of the mean over the members of what has these logarithms.
fn log_mean(logs: &Tensor) -> Result<Tensor> {
    let largest = logs.detach().max_keepdim(1)?;
    let mean = logs.broadcast_sub(&largest)?.exp()?.mean(1)?;
    mean.log()? + largest.squeeze(1)?
}
