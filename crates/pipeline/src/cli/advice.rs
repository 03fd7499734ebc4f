use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;

use super::Failure;

/// What the person at the terminal can do where a disk refused to be written or a card cannot be used; nothing where the message,
/// `said`, tells all that is known.
pub(super) fn advice(error: &(dyn Error + 'static), said: &str) -> Option<&'static str> {
    if let Some(Failure::Beside { .. }) = error.downcast_ref() {
        return Some(
            "it wants NVIDIA's driver, the CUDA toolkit's libraries, and to be built of the same sources; `--set run.device=cpu` wants none of it",
        );
    }
    if said.contains("could not open the device") {
        return Some("it wants a card that the driver sees; `--set run.device=cpu` wants none");
    }
    let kind = refusal(error)?.kind();
    let is_full = matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let begins_a_run = said.contains("could not create") || said.contains("could not lock");
    if is_full && said.contains("does not fit into memory") {
        Some("make room, or name another folder for such files by `TMPDIR`")
    } else if is_full {
        Some(
            "make room and give the same command again, which goes on from what was kept; `--runs DIR` keeps runs elsewhere",
        )
    } else if kind == ErrorKind::ReadOnlyFilesystem || kind == ErrorKind::PermissionDenied && begins_a_run {
        Some("a run wants a folder that can be written; `--runs DIR` keeps runs elsewhere")
    } else {
        None
    }
}

/// What the system said, at the bottom of an error's causes.
fn refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    successors(Some(error), |&error| error.source()).filter_map(|error| error.downcast_ref()).last()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use baeum_core::fs::FsError;

    use super::*;
    use crate::run::RunError;

    fn refused(action: &'static str, kind: ErrorKind) -> Failure {
        RunError::from(FsError::io(action, Path::new("runs"))(io::Error::from(kind))).into()
    }

    #[test]
    fn a_disk_that_refuses_comes_with_what_to_do() {
        let full = refused("write", ErrorKind::StorageFull).render();
        assert_eq!(
            full,
            "error: could not write `runs`: no storage space\n  = help: make room and give the same command again, which goes on \
             from what was kept; `--runs DIR` keeps runs elsewhere"
        );
        for (action, kind) in [
            ("create the folder", ErrorKind::ReadOnlyFilesystem),
            ("create the folder", ErrorKind::PermissionDenied),
            ("lock", ErrorKind::PermissionDenied),
        ] {
            let text = refused(action, kind).render();
            let help =
                "\n  = help: a run wants a folder that can be written; `--runs DIR` keeps runs elsewhere";
            assert!(text.ends_with(help), "{text}");
        }
        let spilled = refused("write what does not fit into memory to", ErrorKind::StorageFull).render();
        assert!(
            spilled.ends_with("= help: make room, or name another folder for such files by `TMPDIR`"),
            "{spilled}"
        );
    }

    #[test]
    fn a_file_of_the_data_that_nobody_may_read_has_nothing_to_do_with_runs() {
        let text = refused("open", ErrorKind::PermissionDenied).render();
        assert_eq!(text, "error: could not open `runs`: permission denied");
    }
}
