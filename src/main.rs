//! Parses the arguments, starts logging, and hands over to `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    grb_app::platform::telemetry::start_logging();
    grb_app::cli::run()
}
