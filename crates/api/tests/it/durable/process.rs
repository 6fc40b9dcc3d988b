//! The program as processes of their own, which can be killed, frozen and started again.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::harness::{Answer, PATIENCE};

/// Variables for a process.
pub type Variables = Vec<(String, String)>;

/// One run of `circle`, and all it takes to run it again.
pub struct Process {
    arguments: Vec<String>,
    variables: Variables,
    folder: PathBuf,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts it in `folder`, with nothing of the tests' own environment but the search path.
    pub fn start(name: &str, folder: &Path, arguments: &[&str], variables: Variables) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let log = folder.join(format!("{name}.log"));
        let child = spawn(folder, &log, &arguments, &variables);
        Self { arguments, variables, folder: folder.to_owned(), log, child }
    }

    /// SIGKILL: nothing it holds is given back.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGKILL, by somebody who does not own it.
    pub fn kill_from_outside(&self) {
        self.signal("-KILL");
    }

    /// SIGTERM, as a service manager sends it; whether it came to its end without an error.
    pub fn terminate(&mut self) -> bool {
        self.signal("-TERM");
        self.ended()
    }

    /// Waits until it has come to its end; whether that was without an error.
    pub fn ended(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    /// Starts it again after it was killed.
    pub fn restart(&mut self) {
        let _ = self.child.wait();
        self.child = spawn(&self.folder, &self.log, &self.arguments, &self.variables);
    }

    /// SIGSTOP: its connections stay, and nothing answers on them.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed and logged, over all its runs.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it has printed a line that begins so; what follows on it.
    pub async fn printed(&self, beginning: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = self.output();
            let mut rest = output.lines().filter_map(|line| line.strip_prefix(beginning));
            if let Some(rest) = rest.next() {
                return rest.trim().to_owned();
            }
            assert!(Instant::now() < deadline, "no {beginning:?} in {output}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.output());
        }
    }
}

fn spawn(folder: &Path, log: &Path, arguments: &[String], variables: &Variables) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    // A file that may not grow is an error of the write then, as a full disk is, and not the end of the process.
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_circle")])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A port that nothing listens on now, and that nobody is given by the system while its server is down: it is below
/// those that port 0 and connections get (on Linux, 32768 and up).
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Another run of the tests at the same time begins elsewhere.
    let first = std::process::id() % 12_000;
    loop {
        let nth = first + TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + u16::try_from(nth % 12_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// `circle serve` on a port that stays its own over restarts.
pub struct Server {
    pub process: Process,
    pub base: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts it; `variables` say which database and which Stripe.
    pub fn start(name: &str, folder: &Path, variables: Variables) -> Self {
        Self::on(free_port(), name, folder, variables)
    }

    pub fn on(port: u16, name: &str, folder: &Path, mut variables: Variables) -> Self {
        for (variable, value) in [
            ("LISTEN_ADDR", format!("127.0.0.1:{port}")),
            ("DATA_DIR", folder.display().to_string()),
            ("RATE_LIMITS", "off".to_owned()),
            ("WORKERS", "2".to_owned()),
        ] {
            variables.push((variable.to_owned(), value));
        }
        let process = Process::start(name, folder, &["serve"], variables);
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { process, base: format!("http://127.0.0.1:{port}"), http }
    }

    /// Waits until it can serve.
    pub async fn ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(Instant::now() < deadline, "it did not start: {}", self.process.output());
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    pub fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.base)).body(body)
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }
}
