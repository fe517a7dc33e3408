//! Words for whoever sits at the terminal.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Something could not be written, and not because nobody wanted to read it.
static UNSAID: AtomicBool = AtomicBool::new(false);

/// A line on the standard output, as `println!` writes it. Who closes the pipe, as `head` does, has seen enough: what the command
/// does is done all the same, where `println!` would panic in the middle of it.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::say::line(format_args!($($words)*)) };
}

pub(super) fn line(words: impl Display) {
    match writeln!(std::io::stdout(), "{words}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            UNSAID.store(true, Ordering::Relaxed);
            note(format_args!(
                "grb-app: the answer cannot be written: {error}"
            ));
        }
        _ => {}
    }
}

/// Whether all of it could be written.
pub(super) fn said_all() -> bool {
    !UNSAID.load(Ordering::Relaxed)
}

/// A line on the standard error; nobody reading it is no fault.
pub(super) fn note(words: impl Display) {
    drop(writeln!(std::io::stderr(), "{words}"));
}
