//! The `tap-audit` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tap_audit::program::main()
}
