//! The emulator: started when the first test asks for it, ended by the end of the test binary.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde_json::Value;

/// The account, which the emulator takes from an access key id of twelve digits.
pub const ACCOUNT: &str = "123456789012";
pub const STACK: &str = "TapStackdev";

/// Names the Python environment that holds the emulator. `cargo xtask test` makes it and sets this.
const VENV: &str = "TAP_AUDIT_EMULATOR_VENV";
/// Says that these tests are to be skipped, and why. Without it a build machine must not skip them.
const SKIP: &str = "TAP_AUDIT_EMULATOR_SKIP";

/// How long the emulator may take to listen. It needs a second; a loaded machine needs more.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running emulator in which a stack is deployed.
pub struct Emulator {
    /// Ends when its standard input does: a test binary has no hook for its own end, and the system closes the pipe.
    process: Child,
    venv: PathBuf,
    directory: PathBuf,
    /// Where it listens.
    pub endpoint: String,
}

/// The emulator with the stack that has everything an emulator can hold; `None` where these tests are skipped.
pub fn good() -> Option<&'static Emulator> {
    static GOOD: LazyLock<Option<Emulator>> = LazyLock::new(|| Emulator::with_stack("good"));
    GOOD.as_ref()
}

/// The emulator with the stack as it is often delivered; `None` where these tests are skipped.
pub fn faithful() -> Option<&'static Emulator> {
    static FAITHFUL: LazyLock<Option<Emulator>> = LazyLock::new(|| Emulator::with_stack("faithful"));
    FAITHFUL.as_ref()
}

/// The emulators with the reference stacks of `stacks/`, by profile; `None` where these tests are skipped.
pub fn reference(profile: &str) -> Option<&'static Emulator> {
    static PATIENT_DATA: LazyLock<Option<Emulator>> = LazyLock::new(|| Emulator::with_reference("patient-data"));
    static MONITORING: LazyLock<Option<Emulator>> = LazyLock::new(|| Emulator::with_reference("monitoring"));
    static MEDITECH: LazyLock<Option<Emulator>> = LazyLock::new(|| Emulator::with_reference("meditech"));
    match profile {
        "patient-data" => PATIENT_DATA.as_ref(),
        "monitoring" => MONITORING.as_ref(),
        "meditech" => MEDITECH.as_ref(),
        _ => panic!("no reference stack for {profile}"),
    }
}

/// What an audit of an emulator came to.
pub struct Audited {
    pub code: Option<i32>,
    pub stderr: String,
    directory: tempfile::TempDir,
}

impl Audited {
    /// A report that was written.
    pub fn file(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("no {name}: {error}; {}", self.stderr))
    }

    /// The JSON report.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.file("report.json")).expect("a JSON report")
    }
}

impl Emulator {
    fn with_stack(mode: &str) -> Option<Self> {
        Self::deployed("seed.py", &["--mode", mode])
    }

    fn with_reference(profile: &str) -> Option<Self> {
        Self::deployed("deploy.py", &[profile])
    }

    fn deployed(program: &str, arguments: &[&str]) -> Option<Self> {
        let venv = environment()?;
        let emulator = (0..3).find_map(|_| Self::start(&venv)).expect("an emulator that starts within three attempts");
        let directory = emulator.directory.to_str().expect("a path in UTF-8").to_owned();
        emulator.python(program, &[arguments, &["--out", &directory]].concat());
        Some(emulator)
    }

    /// Starts an emulator that checks signatures and rights. `None` when another program was quicker to take the port.
    fn start(venv: &Path) -> Option<Self> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("emulator-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for the emulator");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);

        let mut process = clean(&python(venv))
            .arg(script("serve.py"))
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", address.port().to_string())
            .envs([
                ("IOT_MTLS_ENABLED", "0"),
                ("SFTP_ENABLED", "0"),
                ("AUTH", "true"),
                ("PYTHONDONTWRITEBYTECODE", "1"),
            ])
            .env("TMPDIR", &directory)
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the Python of the environment");
        let log = process.stderr.take().expect("a pipe");
        let emulator = Self { process, venv: venv.to_owned(), directory, endpoint: format!("http://{address}") };

        let (heard, listens) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to its end, so that the emulator never waits for a reader.
            for line in BufReader::new(log).lines() {
                let Ok(line) = line else { return };
                let _nobody_waits_any_more = heard.send(line);
            }
        });
        let mut said = Vec::new();
        loop {
            match listens.recv_timeout(PATIENCE) {
                Ok(line) if line.contains("Running on http") => return Some(emulator),
                Ok(line) => said.push(line),
                Err(RecvTimeoutError::Disconnected) if said.iter().any(|line| line.contains("already in use")) => {
                    return None;
                }
                Err(RecvTimeoutError::Disconnected) => panic!("the emulator ended: {}", said.join("\n")),
                Err(RecvTimeoutError::Timeout) => panic!("the emulator does not listen: {}", said.join("\n")),
            }
        }
    }

    /// Runs a script of tests/emulator against this emulator and returns what it prints.
    pub fn python(&self, name: &str, arguments: &[&str]) -> String {
        let mut python = clean(&python(&self.venv));
        python.arg(script(name)).args(["--endpoint", &self.endpoint]).args(arguments);
        // Its imports would leave a cache of byte code among the sources.
        let done = python.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("the Python of the environment");
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    }

    /// The outputs file of the stack.
    pub fn outputs(&self) -> PathBuf {
        self.directory.join("flat-outputs.json")
    }

    /// tap-audit, told to audit what the outputs file of the stack names.
    pub fn audit(&self) -> Audit {
        let mut audit = self.audit_without_outputs();
        audit.program.arg("--outputs").arg(self.outputs());
        audit
    }

    /// tap-audit, told to work as the account's root and to write every kind of report.
    pub fn audit_without_outputs(&self) -> Audit {
        let directory = tempfile::tempdir().expect("a directory");
        let mut program = clean(Path::new(env!("CARGO_BIN_EXE_tap-audit")));
        program.current_dir(directory.path());
        for format in ["json:report.json", "text:report.txt", "html:report.html", "junit:report.xml"] {
            program.args(["--format", format]);
        }
        let audit = Audit { program, directory };
        audit.signed(ACCOUNT, "made-up").env("AWS_ENDPOINT_URL", &self.endpoint)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Both fail only where it has already ended.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// An audit that is about to run.
pub struct Audit {
    program: Command,
    directory: tempfile::TempDir,
}

impl Audit {
    /// Signs with this key.
    pub fn signed(self, id: &str, secret: &str) -> Self {
        self.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.program.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.program.env_remove(name);
        self
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.program.args(arguments);
        self
    }

    pub fn run(mut self) -> Audited {
        let done = self.program.output().expect("the program");
        let stderr = String::from_utf8(done.stderr).expect("messages in UTF-8");
        Audited { code: done.status.code(), stderr, directory: self.directory }
    }
}

/// Where the Python environment is. `None` after it was said, once and past the test harness that would keep it to
/// itself, that these tests are skipped.
///
/// # Panics
/// On a build machine, where skipping must have been asked for.
fn environment() -> Option<PathBuf> {
    static SAID: Mutex<bool> = Mutex::new(false);
    if let Some(venv) = env::var_os(VENV) {
        return Some(PathBuf::from(venv));
    }
    let (asked, ci) = (env::var_os(SKIP), env::var_os("CI"));
    assert!(
        asked.is_some() || !ci.is_some_and(|value| value == "true" || value == "1"),
        "on a build machine the emulator tests may not be skipped: run `cargo xtask test`, which makes their Python \
         environment, or `cargo xtask test --no-emulator`, which says that they are not wanted ({SKIP})"
    );
    let mut said = SAID.lock().expect("nobody panics while holding it");
    if !*said {
        *said = true;
        let line = "SKIPPED: the emulator tests: nothing was tried over HTTP. `cargo xtask test` makes the Python \
                    environment of the emulator and runs them.";
        writeln!(std::io::stderr(), "{line}").expect("standard error");
    }
    None
}

fn python(venv: &Path) -> PathBuf {
    venv.join(if cfg!(windows) { "Scripts" } else { "bin" }).join("python")
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator").join(name)
}

/// A program in an environment that holds nothing of the developer's.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    for name in ["PATH", "SystemRoot"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-such-file");
    command
        .env("AWS_REGION", "us-east-2")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere);
    command
}
