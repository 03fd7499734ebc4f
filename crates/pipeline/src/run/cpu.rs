use std::fmt;

use serde::{Deserialize, Serialize};

use crate::recipe::Precision;

/// Which instructions the arithmetic uses, hence in which order it rounds.
///
/// Matrix products are cut into blocks by the width of the registers, and the C library picks its `exp` by the processor:
/// the same program gives the same bits on every machine of one class, and nearly the same on another. A run therefore
/// goes on only on the class it began on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuClass {
    /// No vector instructions that the libraries below would look for.
    Portable,
    /// 128 bits on ARM, where each processor has them.
    Neon,
    /// 256 bits with fused multiply-add (x86-64-v3).
    Avx2,
    /// 512 bits (x86-64-v4).
    Avx512,
    /// The same, and tiles for matrix products: only where the recipe asks for less than the highest precision.
    Amx,
}

impl CpuClass {
    /// The class of a run on this processor whose matrices are multiplied so.
    pub fn of(computed: Precision) -> CpuClass {
        match computed {
            Precision::Highest => CpuClass::here(),
            Precision::High | Precision::Medium => CpuClass::Amx,
        }
    }

    /// The class of the processor that this program runs on, tiles apart.
    pub fn here() -> CpuClass {
        detect()
    }
}

/// The same questions that gemm and pulp ask before they choose a kernel.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn detect() -> CpuClass {
    use std::is_x86_feature_detected as has;
    let v3 = has!("avx2") && has!("fma") && has!("bmi1") && has!("bmi2") && has!("lzcnt");
    let v4 = has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl");
    match (v3, v4) {
        (true, true) => CpuClass::Avx512,
        (true, false) => CpuClass::Avx2,
        (false, _) => CpuClass::Portable,
    }
}

#[cfg(target_arch = "aarch64")]
fn detect() -> CpuClass {
    CpuClass::Neon
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
fn detect() -> CpuClass {
    CpuClass::Portable
}

impl fmt::Display for CpuClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CpuClass::Portable => "portable",
            CpuClass::Neon => "neon",
            CpuClass::Avx2 => "avx2",
            CpuClass::Avx512 => "avx512",
            CpuClass::Amx => "amx",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_reads_in_files_as_in_messages() {
        for class in [CpuClass::Portable, CpuClass::Neon, CpuClass::Avx2, CpuClass::Avx512, CpuClass::Amx] {
            assert_eq!(serde_json::to_value(class).ok(), Some(class.to_string().into()));
        }
        assert_eq!(CpuClass::of(Precision::Highest), CpuClass::here());
        assert_eq!([Precision::High, Precision::Medium].map(CpuClass::of), [CpuClass::Amx; 2]);
    }
}
