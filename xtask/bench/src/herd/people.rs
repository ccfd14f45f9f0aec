//! People with accounts and sessions, each of whom may see one of the servers that pages show.

use super::{Orders, PEOPLE, ask::Door};
use crate::{row::Result, stack::text};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

pub(super) const PASSWORD: &str = "correct horse battery";
/// Passwords that are hashed at once.
const AT_ONCE: usize = 4;

pub(super) struct Person {
    pub(super) email: String,
    /// With their session.
    pub(super) door: Door,
    /// That they may see.
    pub(super) server: String,
    id: String,
}

pub(super) struct People(pub(super) Vec<Person>);

impl People {
    pub(super) async fn gather(orders: &Orders) -> Result<Self> {
        let people = (0..orders.people).map(|number| person(orders, number));
        Ok(Self(stream::iter(people).buffered(AT_ONCE).try_collect().await?))
    }

    /// Has them forgotten.
    pub(super) async fn end(&self, orders: &Orders) -> Result<()> {
        let admin = orders.admin();
        for person in &self.0 {
            let answer = admin.ask("DELETE", &format!("/api/users/{}", person.id), None).await?;
            if answer.status != 204 {
                return Err(format!("deleting an account answered {}: {}", answer.status, answer.body).into());
            }
        }
        Ok(())
    }
}

async fn person(orders: &Orders, number: usize) -> Result<Person> {
    let admin = orders.admin();
    let server = orders.servers.get(number % orders.servers.len().max(1)).ok_or("no servers")?.clone();
    let email = format!("person{number}@example.com");
    let form =
        json!({ "name": format!("Person {number}"), "email": email, "password": PASSWORD, "role": "user" });
    let id = text(&admin.must("POST", "/api/users", Some(&form)).await?, "/id")?;
    let form = json!({ "email": email, "permissions": ["server.read"] });
    admin.must("POST", &format!("/api/servers/{}/members", server), Some(&form)).await?;
    let stranger = orders.stranger(PEOPLE, number);
    let form = json!({ "email": email, "password": PASSWORD });
    let answer = stranger.ask("POST", "/api/auth/sign-in/email", Some(&form)).await?;
    let cookie =
        answer.cookie.ok_or_else(|| format!("signing in answered {}: {}", answer.status, answer.body))?;
    Ok(Person { email, door: Door { cookie: Some(cookie), ..stranger }, server, id })
}
