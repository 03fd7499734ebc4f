//! Operations written as plain loops, for `f32` and `f64` alike. They run on the processor; elsewhere each
//! has a form composed of candle operations.
use baeum_kernels::Real;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, DType, Error, Layout, Result, Shape, Storage, Tensor, WithDType};

/// A number that candle stores and our kernels take.
pub(super) trait Number: WithDType + Real {
    /// The nearest number of this kind.
    fn of(value: f64) -> Self {
        <Self as Real>::from_f64(value)
    }
}

impl Number for f32 {}
impl Number for f64 {}

/// An operation on one tensor, slices in and a slice out.
pub(super) trait Loop: Send + Sync + 'static {
    /// For error messages.
    const NAME: &'static str;

    /// The sizes of the result for an argument of these sizes.
    fn sizes(&self, x: &[usize]) -> Vec<usize>;

    /// The result.
    fn run<T: Number>(&self, x: &[T]) -> Vec<T>;

    /// The gradient of the argument, given the argument, the result and its gradient.
    fn grad<T: Number>(&self, x: &[T], y: &[T], grad: &[T]) -> Vec<T>;
}

/// Runs a loop as a part of candle's graph.
pub(super) fn apply(x: &Tensor, op: impl Loop) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Op(op))
}

struct Op<L>(L);

impl<L: Loop> CustomOp1 for Op<L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let result = match storage.dtype() == DType::F64 {
            true => f64::to_cpu_storage_owned(self.0.run(slice::<f64>(storage, layout)?)),
            false => f32::to_cpu_storage_owned(self.0.run(slice::<f32>(storage, layout)?)),
        };
        Ok((result, Shape::from(self.0.sizes(layout.dims()))))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        match x.dtype() == DType::F64 {
            true => self.grad::<f64>(x, y, grad).map(Some),
            false => self.grad::<f32>(x, y, grad).map(Some),
        }
    }
}

impl<L: Loop> Op<L> {
    fn grad<T: Number>(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let sums = read(x, |x| read(y, |y| read(grad, |grad| Ok(self.0.grad::<T>(x, y, grad)))))?;
        Tensor::from_vec(sums, x.shape(), x.device())
    }
}

/// Lends the numbers of a tensor that lies in memory.
pub(super) fn read<T: Number, R>(x: &Tensor, f: impl FnOnce(&[T]) -> Result<R>) -> Result<R> {
    let x = x.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(slice(storage, layout)?),
        Storage::Cuda(_) | Storage::Metal(_) => Err(Error::Msg("the numbers are not in memory".to_owned())),
    }
}

/// The numbers of a storage, row-major.
pub(super) fn slice<'a, T: Number>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    let (from, to) =
        layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op: "a loop over slices" })?;
    let all = T::cpu_storage_as_slice(storage)?;
    all.get(from..to).ok_or(Error::RequiresContiguous { op: "a loop over slices" })
}
