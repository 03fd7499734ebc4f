//! Set or add, decided when the code is compiled.

/// Writes one number, or adds it to what stands there.
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
