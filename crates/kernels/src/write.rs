//! How a kernel leaves its result.

/// Whether a result replaces what stands in its place or is added to it.
///
/// Of several kernels that yield parts of one gradient the first sets it and the others add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Overwrites.
    Set,
    /// Adds to what stands there.
    Add,
}

impl Write {
    /// Writes one number, or adds it to what stands there.
    #[inline(always)]
    pub(crate) fn put(self, place: &mut f32, value: f32) {
        by_write!(self, put(place, value));
    }
}

/// Writes one number, or adds it to what stands there: a [`Write`] that is known when the code is compiled.
#[inline(always)]
pub(crate) fn put<const ADD: bool>(place: &mut f32, value: f32) {
    *place = if ADD { *place + value } else { value };
}

/// Calls `function::<ADD>(..)` as a [`Write`](crate::Write) says.
macro_rules! by_write {
    ($write:expr, $function:ident($($arg:expr),* $(,)?)) => {
        match $write {
            $crate::Write::Set => $function::<false>($($arg),*),
            $crate::Write::Add => $function::<true>($($arg),*),
        }
    };
}
pub(crate) use by_write;

/// Writes the first of `values`, as many as there is room for.
#[inline(always)]
pub(crate) fn write_row(out: &mut [f32], values: &[f32], write: Write) {
    let values = &values[..out.len()];
    match write {
        Write::Set => out.copy_from_slice(values),
        Write::Add => out.iter_mut().zip(values).for_each(|(out, x)| *out += x),
    }
}
