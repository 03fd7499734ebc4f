//! Whether the processor has tiles, and whether this process may use them.

use std::fmt;
use std::sync::OnceLock;

use super::instructions;

/// Tiles that multiply `bf16`, which this process may use.
///
/// Invariant: only [`Amx::detect`] makes one, once the processor was found to have them and the system allowed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amx(());

/// Why tiles are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAmx {
    /// The processor has none.
    Processor,
    /// The system does not keep them for a thread, or is none that we know how to ask.
    System,
    /// The system did not allow them to this process.
    Refused,
}

impl fmt::Display for NoAmx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoAmx::Processor => "the processor has no AMX with bf16",
            NoAmx::System => "the system does not support AMX",
            NoAmx::Refused => "the system refused AMX to this process",
        })
    }
}

impl std::error::Error for NoAmx {}

impl Amx {
    /// The tiles of this processor. The system is asked once for the whole process.
    ///
    /// # Errors
    /// [`NoAmx`] says what is missing; products are then computed in `f32`.
    pub fn detect() -> Result<Amx, NoAmx> {
        static FOUND: OnceLock<Result<(), NoAmx>> = OnceLock::new();
        FOUND.get_or_init(|| verdict(instructions::words(), instructions::permission)).map(Amx)
    }
}

/// What the processor says about itself and the system.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    /// CPUID, leaf 1.
    pub(super) leaf1_ecx: u32,
    /// CPUID, leaf 7.
    pub(super) leaf7_edx: u32,
    /// What the system keeps for each thread; nothing where that cannot be read.
    pub(super) xcr0: u64,
}

pub(super) const OSXSAVE: u32 = 1 << 27;
const AMX_BF16: u32 = 1 << 22;
const AMX_TILE: u32 = 1 << 24;
/// Configuration and data of tiles.
const TILE_STATE: u64 = 1 << 17 | 1 << 18;

/// What follows from all that; `permission` is asked for only if nothing else is missing.
fn verdict(words: Words, permission: impl FnOnce() -> bool) -> Result<(), NoAmx> {
    if words.leaf7_edx & AMX_BF16 == 0 || words.leaf7_edx & AMX_TILE == 0 {
        return Err(NoAmx::Processor);
    }
    if words.leaf1_ecx & OSXSAVE == 0 || words.xcr0 & TILE_STATE != TILE_STATE {
        return Err(NoAmx::System);
    }
    if permission() { Ok(()) } else { Err(NoAmx::Refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Words = Words { leaf1_ecx: OSXSAVE, leaf7_edx: AMX_BF16 | AMX_TILE, xcr0: 0x7 | TILE_STATE };

    /// The verdict where the permission must not be asked for.
    fn unasked(words: Words) -> Result<(), NoAmx> {
        verdict(words, || unreachable!("something else is missing"))
    }

    #[test]
    fn a_processor_without_tiles_or_without_bf16_has_none() {
        for leaf7_edx in [0, AMX_BF16, AMX_TILE, !AMX_BF16, !AMX_TILE] {
            assert_eq!(unasked(Words { leaf7_edx, ..ALL }), Err(NoAmx::Processor));
        }
        assert_eq!(unasked(Words::default()), Err(NoAmx::Processor));
    }

    #[test]
    fn a_system_that_does_not_keep_tiles_has_none() {
        assert_eq!(unasked(Words { leaf1_ecx: !OSXSAVE, ..ALL }), Err(NoAmx::System));
        for xcr0 in [0, 0x7, 1 << 17, 1 << 18, !(1 << 17), !(1 << 18)] {
            assert_eq!(unasked(Words { xcr0, ..ALL }), Err(NoAmx::System));
        }
    }

    #[test]
    fn a_refusal_is_an_answer_and_a_permission_is_enough() {
        assert_eq!(verdict(ALL, || false), Err(NoAmx::Refused));
        assert_eq!(verdict(ALL, || true), Ok(()));
    }

    #[test]
    fn the_bits_are_those_of_the_manual() {
        // CPUID.7.0:EDX[22] is AMX-BF16 and [24] AMX-TILE, XCR0[17] is XTILECFG and [18] XTILEDATA.
        assert_eq!((AMX_BF16, AMX_TILE, TILE_STATE), (0x0040_0000, 0x0100_0000, 0x6_0000));
    }

    #[test]
    fn the_answer_stays_the_same() {
        assert_eq!(Amx::detect(), Amx::detect());
    }
}
