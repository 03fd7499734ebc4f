//! The two kinds of numbers that kernels compute with.

/// A floating-point number that a kernel takes: `f32` for work, `f64` for checks.
///
/// Sums, logarithms and exponentials are taken in `f64` whatever the slice holds, so the conversion is all a
/// kernel asks for.
pub trait Real: Copy + PartialOrd + Into<f64> + Send + Sync + sealed::Sealed {
    /// The nearest number of this kind.
    fn from_f64(value: f64) -> Self;
}

impl Real for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
