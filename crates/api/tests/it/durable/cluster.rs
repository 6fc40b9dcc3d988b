//! A PostgreSQL server with a synchronous streaming replica, on this machine, to be stopped and promoted.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::process::free_port;

pub struct Cluster {
    bin: PathBuf,
    folder: TempDir,
    ports: [u16; 2],
}

impl Cluster {
    /// Starts both; `None` when this machine has no PostgreSQL to start, as the tests on SQLite need none.
    pub fn start() -> Option<Self> {
        let bin = PathBuf::from(std::env::var_os("POSTGRES_BIN")?);
        let cluster =
            Self { bin, folder: TempDir::new().unwrap(), ports: [free_port(), free_port()] };
        cluster.own_folder();
        let primary = cluster.data(0);
        cluster.run(
            "initdb",
            &["--username=postgres", "--auth=trust", "--encoding=UTF8", "-D", &primary],
        );
        cluster.start_node(0);
        let source = format!(
            "host=127.0.0.1 port={} user=postgres application_name=standby",
            cluster.ports[0]
        );
        cluster.run(
            "pg_basebackup",
            &["-D", &cluster.data(1), "-R", "-X", "stream", "-c", "fast", "-d", &source],
        );
        cluster.start_node(1);
        // From here on a commit is answered once both have it. The replica does not have this setting, so that it can
        // take writes alone when it is promoted.
        cluster.sql(0, "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        cluster.sql(0, "SELECT pg_reload_conf()");
        Some(cluster)
    }

    /// Both hosts; whoever takes writes is used.
    pub fn url(&self) -> String {
        let [first, second] = self.ports;
        format!("postgres://postgres@127.0.0.1:{first},127.0.0.1:{second}/postgres")
    }

    /// The replica alone.
    pub fn replica_url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.ports[1])
    }

    pub fn stop_replica(&self) {
        self.stop_node(1, "immediate");
    }

    pub fn restart_primary(&self) {
        self.stop_node(0, "fast");
        self.start_node(0);
    }

    /// The primary is gone without a word, and the replica takes over.
    pub fn fail_over(&self) {
        self.stop_node(0, "immediate");
        self.run("pg_ctl", &["promote", "--wait", "--silent", "-D", &self.data(1)]);
    }

    fn data(&self, node: usize) -> String {
        self.folder.path().join(format!("node{node}")).display().to_string()
    }

    fn start_node(&self, node: usize) {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=100",
            self.ports[node],
            self.folder.path().display()
        );
        let (data, log) = (self.data(node), format!("{}.log", self.data(node)));
        self.run(
            "pg_ctl",
            &["start", "--wait", "--silent", "-D", &data, "-l", &log, "-o", &options],
        );
    }

    fn stop_node(&self, node: usize, mode: &str) {
        self.run("pg_ctl", &["stop", "--wait", "--silent", "-m", mode, "-D", &self.data(node)]);
    }

    fn sql(&self, node: usize, statement: &str) {
        let port = self.ports[node].to_string();
        self.run("psql", &["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-qAtc", statement]);
    }

    /// PostgreSQL refuses to run as root.
    fn as_owner(&self, program: &Path) -> Command {
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    }

    fn own_folder(&self) {
        if is_root() {
            let owned = Command::new("chown").arg("postgres:").arg(self.folder.path()).status();
            assert!(owned.unwrap().success());
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let (succeeded, printed) = self.try_run(program, arguments);
        assert!(succeeded, "{program} {arguments:?}: {printed}");
    }

    fn try_run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        // To files and not to pipes, which a server that goes on in the background would hold open.
        let printed = self.folder.path().join("printed");
        let output = std::fs::File::create(&printed).unwrap();
        let status = self
            .as_owner(&self.bin.join(program))
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .status()
            .unwrap();
        (status.success(), std::fs::read_to_string(printed).unwrap())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in [0, 1] {
            let data = self.data(node);
            self.try_run("pg_ctl", &["stop", "--silent", "-m", "immediate", "-D", &data]);
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}
