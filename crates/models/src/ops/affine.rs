//! What is added to, or multiplied with, each row: biases, the scales of norms, and the dense layer made of them.
use baeum_kernels::column_sums;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor};

use super::host::{Number, read, slice};

/// `x W^T + b` over the last axis. `x`: `[.., n]`, `weight`: `[units, n]`, `bias`: `[units]`; result `[..,
/// units]`.
pub(crate) fn dense(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (units, n) = weight.dims2()?;
    let mut sizes = x.dims().to_vec();
    sizes.pop();
    sizes.push(units);
    // A product of two matrices: candle folds batches wrongly where a transposed one meets a repeated one.
    let rows = if x.rank() == 2 { x.clone() } else { x.reshape(((), n))? };
    let y = rows.contiguous()?.matmul(&weight.t()?)?; // [rows, units]
    match bias {
        Some(bias) => shift(&y, bias, &sizes),
        None if x.rank() == 2 => Ok(y),
        None => y.reshape(sizes),
    }
}

/// `x + by`, where each column has its own number. `x`: `[.., n]`, `by`: `[n]`; the result is laid out as
/// `sizes`, which end in `n`.
pub(crate) fn shift(x: &Tensor, by: &Tensor, sizes: &[usize]) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op2(by, Shift { sizes: sizes.to_vec() });
    }
    x.broadcast_add(by)?.reshape(sizes)
}

/// `x * by`, where each column has its own number. `x`: `[.., n]`, `by`: `[n]`.
pub(crate) fn scale(x: &Tensor, by: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { x.contiguous()?.apply_op2(by, Scale) } else { x.broadcast_mul(by) }
}

struct Shift {
    sizes: Vec<usize>,
}

impl CustomOp2 for Shift {
    fn name(&self) -> &'static str {
        "shift"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        l1: &Layout,
        by: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((columns(Operator::Plus, (x, l1), (by, l2))?, Shape::from(self.sizes.clone())))
    }

    fn bwd(
        &self,
        x: &Tensor,
        by: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sums = match x.dtype() == DType::F64 {
            true => read(grad, |grad| sums::<f64>(grad, by)),
            false => read(grad, |grad| sums::<f32>(grad, by)),
        };
        Ok((Some(grad.reshape(x.shape())?), Some(sums?)))
    }
}

struct Scale;

impl CustomOp2 for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        l1: &Layout,
        by: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((columns(Operator::Times, (x, l1), (by, l2))?, l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        by: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let products = (grad * x)?;
        let sums = match x.dtype() == DType::F64 {
            true => read(&products, |products| sums::<f64>(products, by)),
            false => read(&products, |products| sums::<f32>(products, by)),
        };
        Ok((Some(grad.contiguous()?.apply_op2_no_bwd(by, &Scale)?), Some(sums?)))
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Plus,
    Times,
}

fn columns(operator: Operator, x: (&CpuStorage, &Layout), by: (&CpuStorage, &Layout)) -> Result<CpuStorage> {
    match x.0.dtype() == DType::F64 {
        true => Ok(CpuStorage::F64(combined(operator, slice(x.0, x.1)?, slice(by.0, by.1)?))),
        false => Ok(CpuStorage::F32(combined(operator, slice(x.0, x.1)?, slice(by.0, by.1)?))),
    }
}

fn combined<T: Number>(operator: Operator, x: &[T], by: &[T]) -> Vec<T> {
    let mut result = Vec::with_capacity(x.len());
    for row in x.chunks_exact(by.len().max(1)) {
        match operator {
            Operator::Plus => result.extend(row.iter().zip(by).map(|(&x, &by)| x + by)),
            Operator::Times => result.extend(row.iter().zip(by).map(|(&x, &by)| x * by)),
        }
    }
    result
}

/// The sum of each column, as a tensor like `by`.
fn sums<T: Number>(rows: &[T], by: &Tensor) -> Result<Tensor> {
    let mut sums = vec![0.0; by.elem_count()];
    column_sums(rows, &mut sums);
    let sums: Vec<T> = sums.into_iter().map(T::of).collect();
    Tensor::from_vec(sums, by.shape(), by.device())
}
