//! Somebody with a cookie jar, at an address of their own.

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

/// One browser or program.
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) address: String,
    http: reqwest::Client,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    what: String,
}

impl Client {
    pub(crate) fn new(url: &str, address: String) -> Self {
        // The second to install it finds it there, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().cookie_store(true).no_proxy().build().unwrap();
        Self { url: url.to_owned(), address, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).header("x-forwarded-for", &self.address)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, headers, body, what }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }
    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/sign-in/email", json!({ "email": email, "password": password })).await
    }

    /// A ticket for one WebSocket.
    pub(crate) async fn ticket(&self) -> String {
        let ticket = self.get("/api/ws/token").await.expect(200);
        ticket["token"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    /// The body, if the status is the one that is wanted.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.body);
        self.body
    }

    /// The problem, if it is the one that is wanted.
    #[track_caller]
    pub(crate) fn problem(self, code: &str) -> Value {
        assert_eq!(self.body["code"], code, "{} {}: {}", self.what, self.status, self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], self.status.as_u16());
        self.body
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}
