//! Running cargo, and through it the program, with nothing of the developer's own AWS settings in sight.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::failure::Failure;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where cargo builds, and where everything that can be made again is kept.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative one counts from the current directory, for cargo as well as here.
        Some(directory) => std::path::absolute(&directory).unwrap_or_else(|_| PathBuf::from(directory)),
        None => root().join("target"),
    }
}

/// Removes what an earlier run left in a directory, and the directory with it.
pub(crate) fn clear(directory: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(directory) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Failure::io(format!("cannot remove {}", directory.display()), &source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The cargo that runs this command.
pub(crate) fn command() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(root());
    cargo
}

/// tap-audit of this workspace, built and ready for its arguments. Built in the dev profile, like the tests, so that the
/// AWS clients are built once; and built before anything is set for it, because build scripts that watch the
/// environment (`SOURCE_DATE_EPOCH`) would make cargo build the clients anew.
pub(crate) fn tap_audit() -> Result<Command, Failure> {
    let mut build = command();
    build.args(["build", "--quiet", "--package", "tap-audit", "--bin", "tap-audit"]);
    match finish(&mut build)? {
        Some(0) => {}
        _ => return Err(Failure::new("cannot build tap-audit").help("cargo says above why")),
    }
    let name = format!("tap-audit{}", env::consts::EXE_SUFFIX);
    let mut program = Command::new(target().join("debug").join(name));
    program.current_dir(current_directory());
    Ok(program)
}

/// Takes every variable from the program's environment that would aim it at an account or change its settings.
pub(crate) fn without_aws_settings(program: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            name.starts_with("AWS_")
                || name.starts_with("TAP_AUDIT_")
                || matches!(name, "ENVIRONMENT_SUFFIX" | "STACK_NAME")
        });
        if own {
            program.env_remove(&name);
        }
    }
    program
}

/// Runs a program to its end and makes its exit code ours.
pub(crate) fn pass_on(program: &mut Command) -> Result<ExitCode, Failure> {
    Ok(match finish(program)?.map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        // A signal ended it, or the code is one of the large ones that exist on Windows only.
        Some(Err(_)) | None => ExitCode::FAILURE,
    })
}

/// Runs a program to its end and returns its exit code, if no signal ended it.
pub(crate) fn finish(program: &mut Command) -> Result<Option<i32>, Failure> {
    let name = program.get_program().display().to_string();
    let status = program.status().map_err(|source| Failure::io(format!("cannot run {name}"), &source))?;
    Ok(status.code())
}

fn current_directory() -> PathBuf {
    env::current_dir().unwrap_or_else(|_| root().to_path_buf())
}
