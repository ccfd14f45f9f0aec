//! One page's WebSocket: opened as a browser opens it, read as JSON.

use crate::{
    row::Result,
    stack::{Stack, text},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects to a path below `/api/ws/` and says who is there.
    pub(crate) async fn open(stack: &Stack, path: &str) -> Result<Self> {
        let token = text(&stack.get("/api/ws/token").await?, "/token")?;
        let mut request = format!("ws://{}/api/ws/{path}", stack.address).into_client_request()?;
        request.headers_mut().insert("origin", stack.url.parse()?);
        request.headers_mut().insert("cookie", stack.cookie().parse()?);
        let stream = TcpStream::connect(stack.address).await?;
        stream.set_nodelay(true)?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        let mut socket = Self(socket);
        socket.say(&json!({ "type": "authenticate", "token": token })).await?;
        Ok(socket)
    }

    /// Connects for changes of these topics, and waits until they are followed.
    pub(crate) async fn live(stack: &Stack, topics: &[String]) -> Result<Self> {
        let mut socket = Self::open(stack, "live").await?;
        socket.say(&json!({ "type": "subscribe", "topics": topics })).await?;
        while socket.hear().await?["type"] != "subscribed" {}
        Ok(socket)
    }

    pub(crate) async fn say(&mut self, frame: &Value) -> Result<()> {
        Ok(self.0.send(Message::Text(frame.to_string().into())).await?)
    }

    /// The next frame. May be dropped at any await.
    pub(crate) async fn hear(&mut self) -> Result<Value> {
        loop {
            match self.0.next().await.ok_or("a socket ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(why) => return Err(format!("a socket was closed: {why:?}").into()),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}
