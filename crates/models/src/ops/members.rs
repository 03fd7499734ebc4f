use candle_core::{Result, Tensor};

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
