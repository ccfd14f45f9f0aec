//! One request over a unix socket: how the bench looks at Docker and at a daemon without asking the control plane.

use crate::shell::Result;
use serde_json::Value;
use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// A GET; what is not 200 is an error.
pub fn get(socket: &Path, path: &str, patience: Duration) -> Result<Value> {
    let (status, body) = ask(socket, "GET", path, &[], patience)?;
    if status != 200 {
        return Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(serde_json::from_slice(&body)?)
}

/// Any request, with its status and body. HTTP/1.0, whose answers end with the connection.
pub fn ask(
    socket: &Path,
    method: &str,
    path: &str,
    body: &[u8],
    patience: Duration,
) -> Result<(u16, Vec<u8>)> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let head = format!(
        "{method} {path} HTTP/1.0\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end =
        answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("an answer without an end of head")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status =
        head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("an answer without a status")?;
    Ok((status, answer.split_off(end + 4)))
}

/// All events that a daemon has not told yet. Their stream has no end of its own, so it is read until it pauses.
pub fn events(socket: &Path) -> Result<Vec<Value>> {
    const PAUSE: Duration = Duration::from_secs(1);
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PAUSE))?;
    stream.write_all(b"GET /v1/events HTTP/1.0\r\nhost: bench\r\n\r\n")?;
    let mut answer = Vec::new();
    // The pause ends the reading, as an error; what came before it stays.
    stream.read_to_end(&mut answer).ok();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let told = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(told.filter(|event| event["seq"].is_u64()).collect())
}

/// Text for a query string.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
