//! The program itself: `gantryd run` on a unix socket.

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use std::{process::Stdio, time::Duration};
use tokio::net::UnixStream;

#[tokio::test(flavor = "multi_thread")]
async fn the_program_serves_its_socket_and_ends_when_told() {
    let dir = tempfile::TempDir::new().unwrap();
    let socket = dir.path().join("gantryd.sock");
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_gantryd"))
        .args(["run", "--runtime", "simulated", "--data-dir"])
        .arg(dir.path().join("data"))
        .arg("--socket")
        .arg(&socket)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let connect = async {
        loop {
            if let Ok(stream) = UnixStream::connect(&socket).await {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let stream = tokio::time::timeout(Duration::from_secs(30), connect).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request =
        hyper::Request::get("/v1/node").header("host", "node").body(Empty::<bytes::Bytes>::new()).unwrap();
    let body = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let report: gantry_protocol::NodeReport = serde_json::from_slice(&body).unwrap();
    assert_eq!(report.runtime, "simulated");
    assert!(report.system.cpu_count > 0 && report.system.memory_mib > 0 && !report.system.os.is_empty());
    driver.abort();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(status.success());
}
