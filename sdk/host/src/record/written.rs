//! How a guest's questions and their answers are written down: the values that cross the second wall (`lend`), as JSON.
//!
//! Headers that carry who somebody is are covered whole, on both sides of a replay alike: what a plugin makes of a secret
//! mostly goes there. Bytes are hexadecimal. Times to wait are left out, because they are what is left of a call and no two calls are alike. What
//! one call of `http` sends at once is written down request by request, since each is answered by itself.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::bindings::{files, http, query};
use crate::lend::{Answer, Question};

/// The function as the contract names it, and its arguments.
pub(super) fn question(question: &Question) -> (&'static str, Value) {
    match question {
        Question::Datagram { endpoint, payload, enough, timeout_ms: _ } => {
            let payload = hex::encode(payload);
            ("query.datagram", json!({ "endpoint": endpoint, "payload": payload, "enough": enough }))
        }
        Question::Exchange { endpoint, payload, max_bytes, timeout_ms: _ } => {
            let payload = hex::encode(payload);
            ("query.exchange", json!({ "endpoint": endpoint, "payload": payload, "maxBytes": max_bytes }))
        }
        Question::Connect { endpoint, timeout_ms: _ } => ("query.connect", json!({ "endpoint": endpoint })),
        Question::Write { connection, payload } => {
            ("query.write", json!({ "connection": connection, "payload": hex::encode(payload) }))
        }
        Question::Read { connection, max_bytes, timeout_ms: _ } => {
            ("query.read", json!({ "connection": connection, "maxBytes": max_bytes }))
        }
        Question::Close { connection } => ("query.close", json!({ "connection": connection })),
        Question::Http { requests } => ("http.send", one_or_all(requests.iter().map(request))),
        Question::Get { key } => ("kv.get", json!({ "key": key })),
        Question::Set { key, value } => ("kv.set", json!({ "key": key, "value": hex::encode(value) })),
        Question::Remove { key } => ("kv.remove", json!({ "key": key })),
        Question::Keys { prefix } => ("kv.keys", json!({ "prefix": prefix })),
        Question::Secret { name } => ("secrets.get", json!({ "name": name })),
        Question::List { path } => ("files.list", json!({ "path": path })),
        Question::ReadFile { path, max_bytes } => {
            ("files.read", json!({ "path": path, "maxBytes": max_bytes }))
        }
        Question::WriteFile { path, content } => {
            ("files.write", json!({ "path": path, "content": hex::encode(content) }))
        }
    }
}

/// What came, as [`read`] reads it.
pub(super) fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Done(()) => Value::Null,
        Answer::Replies(replies) => replies.iter().map(|each| value(&Reply::from(each.clone()))).collect(),
        Answer::Reply(reply) => value(&Reply::from(reply.clone())),
        Answer::Connected(number) => json!(number),
        Answer::Bytes(bytes) => json!(hex::encode(bytes)),
        Answer::Responses(all) => one_or_all(all.iter().map(|each| match each {
            Ok(response) => {
                let shown = http::Response { headers: headers(&response.headers), ..response.clone() };
                value(&Response::from(shown))
            }
            Err(no) => json!({ "code": no.code, "message": no.message }),
        })),
        Answer::Value(kept) => json!(kept.as_ref().map(hex::encode)),
        Answer::Names(names) => json!(names),
        Answer::Text(text) => json!(text),
        Answer::Entries(entries) => entries.iter().map(|each| value(&Entry::from(each.clone()))).collect(),
    }
}

/// The answer to this question, as it was written down.
pub(super) fn read(question: &Question, written: Value) -> serde_json::Result<Answer> {
    fn part<T: DeserializeOwned>(written: Value) -> serde_json::Result<T> {
        serde_json::from_value(written)
    }
    fn list<T: DeserializeOwned, A: From<T>>(written: Value) -> serde_json::Result<Vec<A>> {
        Ok(part::<Vec<T>>(written)?.into_iter().map(A::from).collect())
    }
    Ok(match question {
        Question::Datagram { .. } => Answer::Replies(list::<Reply, _>(written)?),
        Question::Exchange { .. } => Answer::Reply(part::<Reply>(written)?.into()),
        Question::Connect { .. } => Answer::Connected(part(written)?),
        Question::Read { .. } | Question::ReadFile { .. } => Answer::Bytes(part::<Bytes>(written)?.0),
        Question::Http { .. } => Answer::Responses(vec![Ok(part::<Response>(written)?.into())]),
        Question::Get { .. } => Answer::Value(part::<Option<Bytes>>(written)?.map(|bytes| bytes.0)),
        Question::Keys { .. } => Answer::Names(part(written)?),
        Question::Secret { .. } => Answer::Text(part(written)?),
        Question::List { .. } => Answer::Entries(list::<Entry, _>(written)?),
        Question::Write { .. }
        | Question::Close { .. }
        | Question::Set { .. }
        | Question::Remove { .. }
        | Question::WriteFile { .. } => Answer::Done(part(written)?),
    })
}

/// Headers of which nothing but the length is written down, in small letters.
const CREDENTIALS: [&str; 7] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
    "x-access-token",
];

fn headers(given: &[(String, String)]) -> Vec<(String, String)> {
    let shown = |(name, value): &(String, String)| {
        let covers = CREDENTIALS.iter().any(|kept| name.eq_ignore_ascii_case(kept));
        (name.clone(), if covers { "*".repeat(value.len()) } else { value.clone() })
    };
    given.iter().map(shown).collect()
}

fn request(given: &http::Request) -> Value {
    json!({
        "method": given.method, "url": given.url, "headers": headers(&given.headers),
        "body": hex::encode(&given.body), "maxBytes": given.max_bytes,
    })
}

fn one_or_all(all: impl Iterator<Item = Value>) -> Value {
    let mut all: Vec<_> = all.collect();
    if all.len() == 1 { all.remove(0) } else { Value::Array(all) }
}

/// Of these shapes only: they have no key that is no text.
fn value(shape: &impl Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}

/// Bytes as they are written down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Bytes(pub Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

/// A record of the contract as it is written down: the same fields, both ways.
macro_rules! shapes {
    ($($shape:ident of $record:ty { $($plain:ident: $type:ty),* } bytes { $($bytes:ident),* })*) => { $(
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct $shape { $($plain: $type,)* $($bytes: Bytes,)* }

        impl From<$record> for $shape {
            fn from(given: $record) -> Self {
                Self { $($plain: given.$plain,)* $($bytes: Bytes(given.$bytes),)* }
            }
        }

        impl From<$shape> for $record {
            fn from(written: $shape) -> Self {
                Self { $($plain: written.$plain,)* $($bytes: written.$bytes.0,)* }
            }
        }
    )* };
}

shapes! {
    Reply of query::Reply { after_us: u64 } bytes { payload }
    Response of http::Response { status: u16, headers: Vec<(String, String)> } bytes { body }
    Entry of files::Entry { name: String, is_directory: bool, size: u64 } bytes {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_say_who_somebody_is_are_covered_both_ways() {
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers =
            vec![named("X-One", "1"), named("Authorization", "Basic abc"), named("Set-Cookie", "a=b")];
        let request = http::Request {
            method: "GET".to_owned(),
            url: "https://example.org/".to_owned(),
            headers: headers.clone(),
            body: Vec::new(),
            max_bytes: 9,
        };
        let covered = json!([["X-One", "1"], ["Authorization", "*********"], ["Set-Cookie", "***"]]);
        assert_eq!(question(&Question::Http { requests: vec![request] }).1["headers"], covered);
        let response = http::Response { status: 200, headers, body: Vec::new() };
        assert_eq!(answer(&Answer::Responses(vec![Ok(response)]))["headers"], covered);
    }
}
