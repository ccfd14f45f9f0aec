//! The baseline of the HTTP figures: axum, one SELECT by sqlx, JSON, and nothing else. It runs as a process of its own,
//! as the control plane does, on the same database and the same rows.

use crate::row::Result;
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

#[derive(Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
struct Server {
    id: Uuid,
    name: String,
    description: String,
    node_name: String,
    location_name: String,
    owner_name: String,
    desired: String,
    memory_mib: i32,
    cpu_percent: i32,
    disk_mib: i32,
    time_zone: String,
}

#[derive(Serialize)]
struct Page {
    items: Vec<Server>,
}

#[derive(Serialize, sqlx::FromRow)]
struct User {
    id: Uuid,
    name: String,
    email: String,
}

/// Serves `/servers` and `/user`, and prints its address.
pub(crate) fn serve(database: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let pool = PgPoolOptions::new().max_connections(16).connect(database).await?;
        let router = Router::new().route("/servers", get(servers)).route("/user", get(user)).with_state(pool);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        Ok(axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))),
            router,
        )
        .await?)
    })
}

async fn servers(State(pool): State<PgPool>) -> std::result::Result<Json<Page>, (StatusCode, String)> {
    let rows = sqlx::query_as(
        "SELECT id, name, description, node_name, location_name, owner_name, desired, memory_mib, cpu_percent, \
         disk_mib, time_zone FROM servers ORDER BY id LIMIT 50",
    );
    rows.fetch_all(&pool).await.map(|items| Json(Page { items })).map_err(failed)
}

async fn user(State(pool): State<PgPool>) -> std::result::Result<Json<User>, (StatusCode, String)> {
    let row = sqlx::query_as("SELECT id, name, email FROM users ORDER BY id LIMIT 1");
    row.fetch_one(&pool).await.map(Json).map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it")]
fn failed(error: sqlx::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
