//! The door to code that may panic: other people's decoders.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::fs::shown;

/// A decoder gave up without an error of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not decode `{}`; it made the {what} decoder stop in the middle", shown(.file))]
pub struct GuardError {
    /// The decoder, such as `png`.
    pub what: String,
    /// The file it was given.
    pub file: PathBuf,
    /// What the decoder said to itself, for a report to its authors; never shown to a user.
    pub panic: String,
}

/// Calls a decoder that may panic on malicious input, and turns a panic into an error that names decoder and
/// file.
///
/// While `decode` runs, panics of this thread print nothing; those of other threads print as ever. What
/// `decode` changed before it panicked must not be used any more. An abort (out of memory, stack overflow)
/// cannot be caught: look at a file's header first.
///
/// # Errors
/// [`GuardError`] if `decode` panicked.
pub fn guard<T>(what: &str, file: &Path, decode: impl FnOnce() -> T) -> Result<T, GuardError> {
    install_hook();
    let before = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    QUIET.set(before);
    outcome.map_err(|payload| {
        let panic = said(payload.as_ref());
        tracing::debug!(what, file = %shown(file), panic, "a decoder panicked");
        GuardError { what: what.to_owned(), file: file.to_owned(), panic }
    })
}

thread_local! {
    /// Whether this thread is inside a guard.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Puts a hook before the present one that keeps guarded panics from being printed; once per process.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                print(panic);
            }
        }));
    });
}

/// The text of a panic, if it has one.
fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text").to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_result_passes() {
        assert_eq!(guard("png", Path::new("a.png"), || 3), Ok(3));
    }

    #[test]
    fn a_panic_becomes_an_error_that_names_decoder_and_file() {
        let error = guard("png", Path::new("dir/a\nb.png"), || [1, 2][std::hint::black_box(7)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not decode `dir/a\\nb.png`; it made the png decoder stop in the middle"
        );
        assert_eq!(error.panic, "index out of bounds: the len is 2 but the index is 7");
        let error = guard("gif", Path::new("x"), || std::panic::panic_any(7)).unwrap_err();
        assert_eq!(error.panic, "no text");
    }

    #[test]
    fn a_guard_silences_its_own_thread_alone() {
        let seen = guard("outer", Path::new("x"), || {
            let inner = guard("inner", Path::new("y"), || std::panic::panic_any("inside"));
            let elsewhere = std::thread::spawn(|| QUIET.get()).join();
            (inner.is_err(), QUIET.get(), elsewhere.unwrap())
        });
        assert_eq!(seen, Ok((true, true, false)));
        assert!(!QUIET.get());
        let _ = guard("outer", Path::new("x"), || std::panic::panic_any("inside"));
        assert!(!QUIET.get());
    }
}
