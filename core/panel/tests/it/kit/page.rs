//! A page's WebSocket.

use super::Client;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

/// How long anything that is awaited may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    /// Opens a socket, with an Origin.
    pub(crate) async fn dial(client: &Client, path: &str, origin: Option<&str>) -> Result<Self, Error> {
        let mut request =
            format!("{}{path}", client.url.replace("http", "ws")).into_client_request().unwrap();
        request.headers_mut().insert("x-forwarded-for", client.address.parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    /// A live page with its topics.
    pub(crate) async fn live(client: &Client, topics: &[&str]) -> Self {
        let mut page = Self::dial(client, "/api/ws/live", Some(&client.url)).await.unwrap();
        page.say(json!({ "type": "authenticate", "token": client.ticket().await })).await;
        page.say(json!({ "type": "subscribe", "topics": topics })).await;
        page.until(|frame| frame["type"] == "subscribed").await;
        page
    }

    /// A console.
    pub(crate) async fn console(client: &Client, server: &str) -> Self {
        let path = format!("/api/ws/console/{server}");
        let mut page = Self::dial(client, &path, Some(&client.url)).await.unwrap();
        page.say(json!({ "type": "authenticate", "token": client.ticket().await })).await;
        page
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Message::Text(frame.to_string().into())).await.unwrap();
    }

    /// Whether the other end still takes what is said; nothing that it says is read.
    pub(crate) async fn can_say(&mut self, frame: &Value) -> bool {
        self.0.send(Message::Text(frame.to_string().into())).await.is_ok()
    }

    /// Says what no page of ours would.
    pub(crate) async fn say_raw(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The first frame that is the one; everything before it is read past.
    pub(crate) async fn until(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        self.within(PATIENCE, is).await
    }

    /// The same with another patience, for what builds an image first.
    pub(crate) async fn within(&mut self, patience: Duration, is: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        let found = tokio::time::timeout(patience, async {
            while let Some(Ok(message)) = self.0.next().await {
                let Message::Text(text) = message else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap();
                if is(&frame) {
                    return Some(frame);
                }
                seen.push(frame);
            }
            None
        });
        let found = found.await.ok().flatten();
        found.unwrap_or_else(|| panic!("never came; last of {}: {:?}", seen.len(), seen.last()))
    }

    /// Says something and hears the first thing after it; none if the other end has hung up instead.
    pub(crate) async fn ask(&mut self, frame: Value) -> Option<Value> {
        // Whoever refuses may have hung up before anything was said.
        drop(self.0.send(Message::Text(frame.to_string().into())).await);
        let heard = tokio::time::timeout(PATIENCE, async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Text(text) = message {
                    return serde_json::from_str(&text).ok();
                }
            }
            None
        });
        heard.await.expect("nothing was heard")
    }

    /// The code that the server closes with.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let ended = tokio::time::timeout(PATIENCE, async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Close(frame) = message {
                    return frame.map(|frame| frame.code.into());
                }
            }
            None
        });
        ended.await.expect("the socket stayed open")
    }
}
