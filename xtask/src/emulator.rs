//! The AWS emulator: the Python environment that holds it, and one running instance.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cargo;
use crate::failure::Failure;
use crate::say;

/// How long the emulator may take to answer. It needs a second; a loaded machine needs more.
const PATIENCE: Duration = Duration::from_secs(60);

/// The file in the environment that holds the pins it was made from. It is written last: without it, the
/// environment is half made.
const STAMP: &str = "pins.txt";

/// A Python environment with everything that tests/emulator/requirements.txt pins.
pub(crate) struct Environment {
    directory: PathBuf,
}

impl Environment {
    /// Makes the environment under the target directory, or takes the one that is there if its pins are the same.
    pub(crate) fn prepare() -> Result<Self, Failure> {
        let requirements = cargo::root().join("tests/emulator/requirements.txt");
        let pins = read(&requirements)?;
        let environment = Self { directory: cargo::target().join("emulator") };
        if environment.holds(&pins) {
            return Ok(environment);
        }
        say("making the Python environment of the AWS emulator (once; it is kept under the target directory)");
        environment.make(&requirements, &pins)?;
        Ok(environment)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A program of this environment.
    pub(crate) fn program(&self, name: &str) -> Command {
        Command::new(self.directory.join(if cfg!(windows) { "Scripts" } else { "bin" }).join(name))
    }

    /// Whether this environment was made from these pins and still works.
    fn holds(&self, pins: &str) -> bool {
        fs::read_to_string(self.directory.join(STAMP)).is_ok_and(|made_from| made_from == pins)
            && self.imports().is_ok()
    }

    fn make(&self, requirements: &Path, pins: &str) -> Result<(), Failure> {
        cargo::clear(&self.directory)?;
        let attempt = "cannot make a Python environment for the AWS emulator";
        let help = "Python 3.11 or newer with its venv module must be on the PATH";
        quietly(Command::new("python3").args(["-m", "venv"]).arg(&self.directory), attempt, help)?;

        let attempt = "cannot install the AWS emulator from the Python package index";
        let help = "`cargo xtask test --no-emulator` runs the tests that need no emulator";
        let mut pip = self.program("python");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"]);
        quietly(pip.arg(requirements), attempt, help)?;

        self.imports()?;
        let stamp = self.directory.join(STAMP);
        fs::write(&stamp, pins).map_err(|source| Failure::io(format!("cannot write {}", stamp.display()), &source))
    }

    fn imports(&self) -> Result<(), Failure> {
        let attempt = "the Python environment of the AWS emulator does not work";
        let help = format!("remove {} and try again", self.directory.display());
        quietly(self.program("python").args(["-c", "import boto3, cbor2, ministack"]), attempt, &help)
    }
}

/// A running emulator on a free port of 127.0.0.1. It ends when this value is dropped.
pub(crate) struct Emulator {
    process: Child,
    address: SocketAddr,
}

impl Emulator {
    /// Starts an emulator and waits until it answers. Its log goes to `directory`.
    pub(crate) fn start(environment: &Environment, directory: &Path) -> Result<Self, Failure> {
        let attempt = "cannot start the AWS emulator";
        let address = free_address().map_err(|source| Failure::io(attempt, &source))?;
        let log_path = directory.join("ministack.log");
        let log = File::create(&log_path).map_err(|source| Failure::io(attempt, &source))?;
        let errors = log.try_clone().map_err(|source| Failure::io(attempt, &source))?;

        let mut ministack = environment.program("ministack");
        // The emulator takes many settings from its environment, and none may come from the developer's.
        ministack.env_clear();
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = env::var_os(name) {
                ministack.env(name, value);
            }
        }
        ministack
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", address.port().to_string())
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("TMPDIR", directory)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        let process = ministack.spawn().map_err(|source| Failure::io(attempt, &source))?;

        let mut emulator = Self { process, address };
        emulator.wait(&log_path)?;
        Ok(emulator)
    }

    /// Where it listens, as a client wants to hear it.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn wait(&mut self, log: &Path) -> Result<(), Failure> {
        let help = format!("its log is {}", log.display());
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let ended = self.process.try_wait();
            match ended.map_err(|source| Failure::io("cannot watch the AWS emulator", &source))? {
                Some(status) => return Err(Failure::new(format!("the AWS emulator ended with {status}")).help(help)),
                None if self.answers() => return Ok(()),
                None => thread::sleep(Duration::from_millis(50)),
            }
        }
        Err(Failure::new(format!("the AWS emulator did not answer within {} s", PATIENCE.as_secs())).help(help))
    }

    /// Whether its health page answers. Anything else means: not yet.
    fn answers(&self) -> bool {
        let ask = || -> io::Result<bool> {
            let timeout = Duration::from_secs(2);
            let mut stream = TcpStream::connect_timeout(&self.address, timeout)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
            let mut start = [0; 12];
            stream.read_exact(&mut start)?;
            Ok(start == *b"HTTP/1.1 200")
        };
        ask().is_ok_and(|healthy| healthy)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Both fail only where it has already ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// An address that was free a moment ago.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::io(format!("cannot read {}", path.display()), &source))
}

/// Runs a program whose output matters only when it fails; then its last words are part of the failure.
fn quietly(program: &mut Command, attempt: &str, help: &str) -> Result<(), Failure> {
    let ran = program.stdin(Stdio::null()).output();
    match ran.map_err(|source| Failure::io(attempt, &source).help(help))? {
        Output { status, .. } if status.success() => Ok(()),
        Output { stderr, .. } => {
            Err(Failure::new(format!("{attempt}: {}", last_words(&String::from_utf8_lossy(&stderr)))).help(help))
        }
    }
}

/// The last line that says something.
fn last_words(text: &str) -> &str {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it ended without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_a_program_are_its_last_line_with_text() {
        assert_eq!(last_words("Collecting x\nERROR: no matching distribution\n\n"), "ERROR: no matching distribution");
        assert_eq!(last_words("\n \n"), "it ended without a word");
    }

    #[test]
    fn a_program_that_cannot_be_found_is_a_failure_with_advice() {
        let failure =
            quietly(&mut Command::new("no-such-program-of-tap-audit"), "cannot do it", "do this").unwrap_err();
        let text = failure.to_string();
        assert!(text.starts_with("cannot do it: ") && text.ends_with("\n  help: do this"), "{text}");
    }

    #[test]
    fn the_emulator_is_pinned_to_exact_versions() {
        let pins = read(&cargo::root().join("tests/emulator/requirements.txt")).unwrap();
        let loose: Vec<_> = pins.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(loose.iter().all(|line| line.contains("==")), "{loose:?}");
        assert!(["ministack==", "cbor2==", "boto3=="].iter().all(|pin| pins.contains(pin)), "{pins}");
    }
}
