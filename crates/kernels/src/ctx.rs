//! What every kernel is told beside its numbers.

use crate::isa::Isa;
use crate::team::Team;

/// Where kernels run: the instructions they may use and the threads that share the work. No bit of a result depends on either.
#[derive(Debug)]
pub struct Ctx {
    /// The instructions.
    pub isa: Isa,
    /// The threads.
    pub team: Team,
}

impl Ctx {
    /// The best instructions of this processor, and this many threads.
    pub fn new(threads: usize) -> Ctx {
        Ctx { isa: Isa::best(), team: Team::new(threads) }
    }
}
