//! The program itself: `gantryd run` on a unix socket.

use gantry_protocol::NodeReport;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use std::{path::PathBuf, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::UnixStream, process::Child};

/// A daemon of its own process, which serves its socket alone.
pub(crate) struct Program {
    child: Child,
    socket: PathBuf,
    _dir: TempDir,
}

impl Program {
    /// Runs with these arguments besides the usual, until its socket is served.
    pub(crate) async fn start(arguments: &[&str], log: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let socket = dir.path().join("gantryd.sock");
        let child = tokio::process::Command::new(env!("CARGO_BIN_EXE_gantryd"))
            .env("GANTRY_LOG", log)
            .args(["run", "--runtime", "simulated", "--data-dir"])
            .arg(dir.path().join("data"))
            .arg("--socket")
            .arg(&socket)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let program = Self { child, socket, _dir: dir };
        drop(program.connect().await);
        program
    }

    async fn connect(&self) -> UnixStream {
        let connecting = async {
            loop {
                if let Ok(stream) = UnixStream::connect(&self.socket).await {
                    return stream;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), connecting).await.unwrap()
    }

    pub(crate) async fn report(&self) -> NodeReport {
        let stream = self.connect().await;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let driver = tokio::spawn(connection);
        let request = hyper::Request::get("/v1/node").header("host", "node");
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let body = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
        driver.abort();
        serde_json::from_slice(&body.to_bytes()).unwrap()
    }

    /// Tells it to end, which it does well, and gives what it wrote into its log.
    pub(crate) async fn stop(mut self) -> String {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut log = String::new();
        let mut errors = self.child.stderr.take().unwrap();
        let ending = async { (errors.read_to_string(&mut log).await, self.child.wait().await) };
        let (_, status) = tokio::time::timeout(Duration::from_secs(10), ending).await.unwrap();
        assert!(status.unwrap().success(), "{log}");
        log
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_serves_its_socket_and_ends_when_told() {
    let program = Program::start(&["--sftp", "127.0.0.1:0"], "info").await;
    let report = program.report().await;
    assert_eq!(report.runtime, "simulated");
    assert!(report.system.cpu_count > 0 && report.system.memory_mib > 0 && !report.system.os.is_empty());
    let sftp = report.sftp.unwrap();
    assert!(sftp.port > 0 && sftp.host_key.starts_with("ssh-ed25519 "), "{sftp:?}");
    program.stop().await;
}
