//! The few calls to the control plane that `up` makes, as any client would make them.

use crate::shell::Result;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// A signed-in client.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    cookie: Option<String>,
}

impl Client {
    /// A client of one control plane.
    pub fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self { agent, url: url.to_owned(), cookie: None }
    }

    /// Where the control plane answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the control plane is ready.
    pub fn wait_until_ready(&self, patience: Duration, mut alive: impl FnMut() -> Result<()>) -> Result<()> {
        let deadline = Instant::now() + patience;
        while !self.agent.get(format!("{}/ready", self.url)).call().is_ok_and(|answer| answer.status() == 200)
        {
            alive()?;
            if Instant::now() > deadline {
                return Err(format!("the control plane at {} did not become ready", self.url).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether any node is connected, which the metrics tell this machine without signing in.
    pub fn counts_a_node(&self) -> Result<bool> {
        let metrics = self.agent.get(format!("{}/metrics", self.url)).call()?.body_mut().read_to_string()?;
        let count = metrics.lines().find_map(|line| line.strip_prefix("gantry_nodes_connected "));
        Ok(count.is_some_and(|count| count != "0"))
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.find(path)?.ok_or_else(|| format!("{path} does not exist").into())
    }

    /// Reads what may not exist.
    pub fn find(&self, path: &str) -> Result<Option<Value>> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let mut answer = request.call()?;
        let text = answer.body_mut().read_to_string()?;
        match answer.status().as_u16() {
            404 => Ok(None),
            status => decode(path, status, &text).map(Some),
        }
    }

    /// All items of a list, whatever its pages.
    pub fn list(&self, path: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut page = self.get(&format!("{path}?limit=100{cursor}"))?;
            if let Some(Value::Array(some)) = page.get_mut("items").map(Value::take) {
                items.extend(some);
            }
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }

    /// Signs in; false where this is not the password.
    pub fn sign_in(&mut self, email: &str, password: &str) -> Result<bool> {
        let path = "/api/auth/sign-in/email";
        match self.answer(path, &json!({ "email": email, "password": password }))? {
            (401, _) => Ok(false),
            (status, text) => decode(path, status, &text).map(|_| true),
        }
    }

    /// Creates or does.
    pub fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let (status, text) = self.answer(path, body)?;
        decode(path, status, &text)
    }

    fn answer(&mut self, path: &str, body: &Value) -> Result<(u16, String)> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let mut answer = request.send_json(body)?;
        if let Some(cookie) = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok()) {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }
}

fn decode(path: &str, status: u16, text: &str) -> Result<Value> {
    let value: Value =
        if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap_or(Value::Null) };
    if (200..300).contains(&status) {
        return Ok(value);
    }
    Err(format!("{path} answered {status}: {text}").into())
}

/// A text of a JSON answer.
pub fn text(value: &Value, pointer: &str) -> Result<String> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("an answer of the control plane has no {pointer}: {value}").into())
}
