//! The world that a plugin asks over https, as a fixture says that it answers. What was asked is part of what is compared.

use super::fixture::WebAnswer;
use async_trait::async_trait;
use gantry_host::{Http, HttpRequest, HttpResponse, LentFailure};
use serde_json::{Value, json};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A world that answers in turn, and thanks without words when there is nothing left to say.
pub(super) struct Web {
    answers: Vec<WebAnswer>,
    asked: Mutex<Vec<Value>>,
}

impl Web {
    pub(super) fn answering(answers: &[WebAnswer]) -> Self {
        Self { answers: answers.to_vec(), asked: Mutex::default() }
    }

    /// The requests, in their order.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Http for Web {
    async fn send(
        &self,
        _hosts: &[String],
        request: HttpRequest,
        _timeout: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.answers.get(asked.len());
        asked.push(json!({
            "method": request.method, "url": request.url, "headers": request.headers,
            "body": readable(&request.body),
        }));
        Ok(match answer {
            Some(answer) => HttpResponse {
                status: answer.status,
                headers: answer.headers.clone().into_iter().collect(),
                body: answer.body.clone().into_bytes(),
            },
            None => HttpResponse { status: 204, headers: Vec::new(), body: Vec::new() },
        })
    }
}

/// JSON as such, other text as text, anything else in hexadecimal.
fn readable(body: &[u8]) -> Value {
    if let Ok(value) = serde_json::from_slice(body) {
        return value;
    }
    match std::str::from_utf8(body) {
        Ok(text) => json!(text),
        Err(_) => json!(hex::encode(body)),
    }
}
