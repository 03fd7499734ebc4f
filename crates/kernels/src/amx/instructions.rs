//! The instructions. They are written out, because Rust's own functions for them are unstable.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::marker::PhantomData;

use super::detect::{OSXSAVE, Words};
use super::{Amx, SIDE, Step, Sums, TILE, Tiles};

/// What CPUID and XGETBV say.
pub(super) fn words() -> Words {
    if __cpuid(0).eax < 7 {
        return Words::default();
    }
    let leaf1_ecx = __cpuid(1).ecx;
    // SAFETY: with this bit the system has switched XGETBV on.
    let xcr0 = if leaf1_ecx & OSXSAVE == 0 { 0 } else { unsafe { xcr0() } };
    Words { leaf1_ecx, leaf7_edx: __cpuid_count(7, 0).edx, xcr0 }
}

#[target_feature(enable = "xsave")]
fn xcr0() -> u64 {
    // SAFETY: register 0 exists wherever the instruction does.
    unsafe { _xgetbv(0) }
}

/// Asks Linux for room to keep tiles, as its manual on XSTATE says; older than 5.16 it does not know the question.
pub(super) fn permission() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const XTILEDATA: i64 = 18;
    let answer: i64;
    // SAFETY: the system reads and writes none of our memory; a system call changes rax, rcx and r11, as is declared.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

/// The operand of LDTILECFG.
#[repr(C, align(64))]
struct Config {
    palette: u8,
    start_row: u8,
    zero: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// Eight tiles of 16 rows of 64 bytes: all there are.
static CONFIG: Config = Config {
    palette: 1,
    start_row: 0,
    zero: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// An `asm!` that may change every tile.
macro_rules! tiles {
    ($($part:tt)*) => {
        asm!(
            $($part)*
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        )
    };
}

/// All steps of a block: tiles 0 to 3 hold C, 4 and 5 rows of A, 6 and 7 columns of B.
///
/// Zeros, loop and stores are one block of assembly, because tiles keep nothing from one to the next. A step is multiplied in
/// the order of its lines; after the loads come the four products of what is loaded.
macro_rules! multiply {
    ($a:ident, $b:ident, $sums:ident, $bytes:literal, $([$($load:literal),+]),+) => {
        tiles!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            $(
                $($load,)+
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
            )+
            concat!("add {a}, ", $bytes),
            concat!("add {b}, ", $bytes),
            "dec {steps}",
            "jnz 2b",
            "tilestored [{sums} + {line}*1], tmm0",
            "tilestored [{sums} + {line}*1 + 64], tmm1",
            "tilestored [{sums} + {line}*1 + 2048], tmm2",
            "tilestored [{sums} + {line}*1 + 2112], tmm3",
            a = inout(reg) $a.as_ptr() => _,
            b = inout(reg) $b.as_ptr() => _,
            steps = inout(reg) $a.len() => _,
            sums = in(reg) $sums.0.as_mut_ptr(),
            row = in(reg) 4 * TILE,
            line = in(reg) 4 * SIDE,
        )
    };
}

/// The tiles of this thread.
#[derive(Debug)]
pub(crate) struct Loaded(PhantomData<*mut ()>);

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: there are tiles where they could be set up.
        unsafe { tiles!("tilerelease",) }
    }
}

impl Tiles for Loaded {
    type Token = Amx;

    fn load(_: Amx) -> Loaded {
        // SAFETY: an `Amx` exists only where processor and system have tiles; 64 bytes are read.
        unsafe { tiles!("ldtilecfg [{config}]", config = in(reg) &CONFIG,) }
        Loaded(PhantomData)
    }

    fn multiply<const PARTS: usize>(&mut self, a: &[Step<PARTS>], b: &[Step<PARTS>], sums: &mut Sums) {
        const { assert!(PARTS == 1 || PARTS == 2, "a number has one part or two") };
        assert_eq!(a.len(), b.len(), "panels are equally deep");
        if a.is_empty() {
            *sums = Sums::ZERO;
        } else if PARTS == 1 {
            // SAFETY: tiles are set up on this thread, which `self` cannot leave. A step of one part has 2 KB, there are as many
            // as are read, and `sums` are 32 rows of 128 bytes.
            unsafe {
                multiply!(
                    a,
                    b,
                    sums,
                    "2048",
                    [
                        "tileloadd tmm4, [{a} + {row}*1]",
                        "tileloadd tmm5, [{a} + {row}*1 + 1024]",
                        "tileloadd tmm6, [{b} + {row}*1]",
                        "tileloadd tmm7, [{b} + {row}*1 + 1024]"
                    ]
                );
            }
        } else {
            // SAFETY: as above; a step of two parts has 4 KB, the high ones first.
            unsafe {
                multiply!(
                    a,
                    b,
                    sums,
                    "4096",
                    [
                        "tileloadd tmm4, [{a} + {row}*1 + 2048]",
                        "tileloadd tmm5, [{a} + {row}*1 + 3072]",
                        "tileloadd tmm6, [{b} + {row}*1]",
                        "tileloadd tmm7, [{b} + {row}*1 + 1024]"
                    ],
                    ["tileloadd tmm4, [{a} + {row}*1]", "tileloadd tmm5, [{a} + {row}*1 + 1024]"],
                    ["tileloadd tmm6, [{b} + {row}*1 + 2048]", "tileloadd tmm7, [{b} + {row}*1 + 3072]"]
                );
            }
        }
    }
}
