use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody asked the process to end, and by which signal.
///
/// The first SIGHUP, SIGINT or SIGTERM is noted: training stops after the step and leaves a checkpoint. A second one ends
/// the process at once, as if nothing had been arranged.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Nobody asks; for tests and for programs that arrange signals themselves.
    pub fn none() -> Signals {
        Signals::default()
    }

    /// Notes the process' signals from now on.
    ///
    /// # Errors
    /// If the system refuses the handlers.
    pub fn catch() -> io::Result<Signals> {
        let (signals, second) = (Signals::default(), Arc::new(AtomicBool::new(false)));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            // In this order: the flag is still down when the first signal asks for it.
            flag::register_conditional_default(signal, Arc::clone(&second))?;
            flag::register(signal, Arc::clone(&second))?;
            flag::register_usize(signal, Arc::clone(&signals.number), signal.unsigned_abs() as usize)?;
        }
        Ok(signals)
    }

    /// The number of the signal that came, if one came.
    pub fn received(&self) -> Option<u8> {
        u8::try_from(self.number.load(Ordering::Relaxed)).ok().filter(|number| *number > 0)
    }
}
