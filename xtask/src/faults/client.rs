//! A person at the API, who keeps in mind what was promised: each 2xx answer to a change is looked up again at the end.

use crate::shell::Result;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::Read,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Longer than any answer takes when all is well, shorter than any outage.
const ANSWER: Duration = Duration::from_secs(20);

/// An outage refuses each look of whoever waits for its end.
const REFUSALS: usize = 10_000;

/// What the control plane said yes to.
#[derive(Clone, Debug)]
pub enum Promise {
    Server { id: String },
    Operation { id: String },
    Name { server: String, name: String },
    Deleted { server: String },
}

/// A signed-in person.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    cookie: String,
    promises: Mutex<Vec<Promise>>,
    /// The latest answers that refused something.
    refusals: Mutex<VecDeque<String>>,
}

impl Client {
    /// Nobody yet.
    pub fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self {
            agent,
            url: url.to_owned(),
            cookie: String::new(),
            promises: Mutex::default(),
            refusals: Mutex::default(),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The session, as a browser sends it.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Whether the control plane says that it can serve; an error says what it says.
    pub fn is_ready(&self) -> std::result::Result<(), String> {
        match self.ask("GET", "/ready", None, None) {
            Ok((200, _)) => Ok(()),
            Ok((status, _)) => Err(format!("it answers {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Signs in; answers the session's token.
    pub fn sign_in(&mut self, email: &str, password: &str) -> Result<String> {
        let body = json!({ "email": email, "password": password }).to_string();
        let request = ureq::http::Request::post(format!("{}/api/auth/sign-in/email", self.url))
            .header("content-type", "application/json")
            .body(body)?;
        let answer = self.agent.run(request)?;
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).ok_or("signing in gave no cookie")?;
        self.cookie = cookie.to_owned();
        Ok(cookie.split_once('=').ok_or("a cookie without a value")?.1.to_owned())
    }

    /// One request, with the status of its answer.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<(u16, Value)> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("cookie", &self.cookie);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut answer = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string())?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        let text = answer.body_mut().read_to_string()?;
        if answer.status().as_u16() >= 400 {
            self.refused(text.clone());
        }
        let value =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::Null) };
        Ok((answer.status().as_u16(), value))
    }

    /// A request that must be answered with 2xx.
    pub fn must(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        match self.ask(method, path, body, None)? {
            (200..=299, value) => Ok(value),
            (status, value) => Err(format!("{method} {path} answered {status}: {value}").into()),
        }
    }

    /// Puts a file in its place, over one that may be there; answers the status.
    pub fn upload(&self, server: &str, path: &str, content: impl Read + 'static) -> Result<u16> {
        let path = super::socket::encoded(path);
        let request = ureq::http::Request::put(format!(
            "{}/api/servers/{server}/files/upload?replace=true&path={path}",
            self.url
        ))
        .header("cookie", &self.cookie)
        .header("content-type", "application/octet-stream")
        .body(ureq::SendBody::from_owned_reader(content))?;
        Ok(self.agent.run(request)?.status().as_u16())
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.must("GET", path, None)
    }

    /// Asks for a new server; answers its id. Without a key a second try would make a second one.
    pub fn create(&self, form: &Value, key: Option<&str>) -> Result<String> {
        match self.ask("POST", "/api/servers", Some(form), key)? {
            (201, made) => {
                let id = text(&made, "/server/id")?;
                self.keep(Promise::Server { id: id.clone() });
                self.keep(Promise::Operation { id: text(&made, "/operation/id")? });
                Ok(id)
            }
            (status, value) => Err(format!("creating a server answered {status}: {value}").into()),
        }
    }

    /// Asks for an action on a server; answers its operation.
    pub fn act(&self, server: &str, action: &str) -> Result<String> {
        let base = format!("/api/servers/{server}");
        let accepted = match action {
            "reinstall" => self.must("POST", &format!("{base}/reinstall"), None)?,
            "delete" => self.must("DELETE", &base, None)?,
            power => self.must("POST", &format!("{base}/power"), Some(&json!({ "action": power })))?,
        };
        let id = text(&accepted, "/operationId")?;
        if action == "delete" {
            self.keep(Promise::Deleted { server: server.to_owned() });
        } else {
            self.keep(Promise::Operation { id: id.clone() });
        }
        Ok(id)
    }

    /// Gives a server another name.
    pub fn rename(&self, server: &str, name: &str) -> Result<()> {
        self.must("PATCH", &format!("/api/servers/{server}"), Some(&json!({ "name": name })))?;
        self.keep(Promise::Name { server: server.to_owned(), name: name.to_owned() });
        Ok(())
    }

    fn refused(&self, said: String) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() == REFUSALS {
            refusals.pop_front();
        }
        refusals.push_back(said);
    }

    /// What was said when something was refused, since this was asked last.
    pub fn refusals(&self) -> Vec<String> {
        std::mem::take(&mut *self.refusals.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }

    fn keep(&self, promise: Promise) {
        self.promises.lock().unwrap_or_else(PoisonError::into_inner).push(promise);
    }

    /// Everything promised since this was asked last.
    pub fn promises(&self) -> Vec<Promise> {
        std::mem::take(&mut *self.promises.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A text of a JSON answer.
pub fn text(value: &Value, pointer: &str) -> Result<String> {
    crate::api::text(value, pointer)
}
