//! Work space of a task: lent, not kept.

use std::cell::RefCell;

use crate::buffer::Buffer;

thread_local! {
    /// Buffers of this thread that nobody uses at the moment, the one given back last at the end.
    static FREE: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// Lends `work` a buffer of `len` numbers that starts on a cache line. What it holds is left over from before.
///
/// Calls may stand inside each other. A thread keeps its buffers, so work that is done again allocates nothing.
pub(crate) fn lend<T>(len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    let mut buffer = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    if buffer.len() < len {
        buffer = Buffer::zeros(len);
    }
    let result = work(&mut buffer[..len]);
    FREE.with_borrow_mut(|free| free.push(buffer));
    result
}
