//! Which instructions a processor has, and how one body is compiled for each of them.

/// A set of instructions that this processor has.
///
/// Invariant: only [`Isa::best`], [`Isa::available`] and [`Isa::at_most`] make one, and only of what was detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Isa(Rung);

/// The rungs of the ladder, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// What every processor of the target has.
    Portable,
    /// x86 with AVX2 and FMA: 8 numbers at a time.
    Avx2,
    /// x86 with AVX-512 (F, BW, DQ, VL): 16 numbers at a time.
    Avx512,
}

impl Rung {
    /// Every rung, the lowest first.
    pub const ALL: [Rung; 3] = [Rung::Portable, Rung::Avx2, Rung::Avx512];

    /// The name in records and in `BAEUM_ISA`.
    pub fn name(self) -> &'static str {
        match self {
            Rung::Portable => "portable",
            Rung::Avx2 => "avx2",
            Rung::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    #[cfg(target_arch = "x86_64")]
    fn detected(self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        match self {
            Rung::Portable => true,
            Rung::Avx2 => has!("avx2") && has!("fma"),
            Rung::Avx512 => {
                Rung::Avx2.detected()
                    && has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512dq")
                    && has!("avx512vl")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detected(self) -> bool {
        self == Rung::Portable
    }
}

impl Isa {
    /// The highest rung of this processor.
    pub fn best() -> Isa {
        Isa::at_most(Rung::Avx512)
    }

    /// The highest rung of this processor that is not above `rung`.
    pub fn at_most(rung: Rung) -> Isa {
        let fits = |candidate: &&Rung| **candidate <= rung && candidate.detected();
        Isa(Rung::ALL.iter().rev().find(fits).copied().unwrap_or(Rung::Portable))
    }

    /// Every rung that this processor has, the lowest first.
    pub fn available() -> Vec<Isa> {
        Rung::ALL.into_iter().filter(|rung| rung.detected()).map(Isa).collect()
    }

    /// Which rung it is.
    pub fn rung(self) -> Rung {
        self.0
    }
}

/// Compiles one body once for each rung and gives a function that takes the rung first.
///
/// The body is plain Rust: no intrinsics, no reassociation. A float operation means the same on every rung, so the portable
/// copy is the scalar twin of the others and all give the same bits. Write sums over [`LANES`](crate::lanes::LANES) lanes and
/// fused products as `mul_add`, and the compiler finds the vectors. What the body calls must be `#[inline(always)]`, or it is
/// compiled for the lowest rung alone.
///
/// ```ignore
/// rungs! {
///     /// `y += a * x`.
///     pub(crate) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
///         for (y, &x) in y.iter_mut().zip(x) { *y = a.mul_add(x, *y); }
///     }
/// }
/// axpy(isa, 2.0, &x, &mut y);
/// ```
macro_rules! rungs {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident $(<$(const $n:ident: $nt:ty),+>)? ($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block
    )+) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
        $vis fn $name $(<$(const $n: $nt),+>)? (isa: $crate::isa::Isa, $($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, reason = "as above")]
            fn body $(<$(const $n: $nt),+>)? ($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments, reason = "as above")]
            fn avx2 $(<$(const $n: $nt),+>)? ($($arg: $ty),*) $(-> $ret)? {
                body $(::<$($n),+>)? ($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
            #[allow(clippy::too_many_arguments, reason = "as above")]
            fn avx512 $(<$(const $n: $nt),+>)? ($($arg: $ty),*) $(-> $ret)? {
                body $(::<$($n),+>)? ($($arg),*)
            }

            match isa.rung() {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: an `Isa` of this rung exists only where the processor was found to have its features.
                $crate::isa::Rung::Avx2 => unsafe { avx2 $(::<$($n),+>)? ($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Rung::Avx512 => unsafe { avx512 $(::<$($n),+>)? ($($arg),*) },
                #[cfg(not(target_arch = "x86_64"))]
                $crate::isa::Rung::Avx2 | $crate::isa::Rung::Avx512 => body $(::<$($n),+>)? ($($arg),*),
                $crate::isa::Rung::Portable => body $(::<$($n),+>)? ($($arg),*),
            }
        }
    )+};
}
pub(crate) use rungs;

#[cfg(test)]
mod tests {
    use super::*;

    rungs! {
        fn dot<const N: usize>(x: &[f32; N], y: &[f32; N]) -> f32 {
            x.iter().zip(y).fold(0.0, |sum, (x, y)| x.mul_add(*y, sum))
        }
    }

    #[test]
    fn every_rung_gives_the_same_bits() {
        let x: [f32; 37] = std::array::from_fn(|i| (i as f32 * 0.7).sin());
        let bits: Vec<u32> = Isa::available().into_iter().map(|isa| dot(isa, &x, &x).to_bits()).collect();
        assert!(bits.windows(2).all(|pair| pair[0] == pair[1]), "{bits:?}");
    }

    #[test]
    fn a_rung_can_only_be_lowered() {
        assert_eq!(Isa::at_most(Rung::Portable).rung(), Rung::Portable);
        assert!(Isa::at_most(Rung::Avx2) <= Isa::best());
        assert_eq!(Isa::available().last(), Some(&Isa::best()));
    }
}
