//! Words for whoever sits at the terminal.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

/// A line on the standard output, as `println!` writes it. Who closes the pipe, as `head` does, has seen enough: what the command
/// does is done all the same, where `println!` would panic in the middle of it.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::say::line(format_args!($($words)*)) };
}

pub(super) fn line(words: impl Display) {
    match writeln!(std::io::stdout(), "{words}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            aside(format_args!(
                "grb-app: the answer cannot be written: {error}"
            ));
        }
        _ => {}
    }
}

/// A line on the standard error; nobody reading it is no fault.
pub(super) fn aside(words: impl Display) {
    drop(writeln!(std::io::stderr(), "{words}"));
}
