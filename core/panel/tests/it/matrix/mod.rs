//! Every endpoint × everybody: made from the route table, so that a route cannot be forgotten.
//!
//! Each route is tried by somebody without a session, a stranger, a subuser who has all rights but the route's, a subuser
//! who has exactly it, the owner and an administrator. Refusals must come before anything else is looked at, so bodies
//! only have to be readable.

use crate::{
    kit::{Answer, Client, TestApp, TestNode},
    servers::running,
};
use gantry_api::route::{Requirement, Route};
use gantry_types::permission::Permission;
use reqwest::Method;
use serde_json::{Value, json};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A readable body for a route.
fn body(route: &Route) -> Option<Value> {
    Some(match route.id {
        "updateAccount" | "updateUser" | "updateLocation" | "updateNode" | "updateServer" => json!({}),
        "createUser" => json!({ "name": "x", "email": "x", "password": "x", "role": "user" }),
        "createLocation" => json!({ "name": "" }),
        "createNode" => json!({ "name": "", "locationId": NOBODY }),
        "createAllocations" => json!({ "address": "x", "ports": "x" }),
        "createServer" | "previewServer" => json!({ "name": "", "blueprintId": "x:y", "nodeId": NOBODY }),
        "updateVariables" => json!({ "values": {} }),
        "updateLimits" => {
            json!({ "memoryMib": 512, "swapMib": 0, "cpuPercent": 100, "diskMib": 1024, "pids": 0 })
        }
        "holdServer" => json!({ "reason": "" }),
        "powerServer" => json!({ "action": "start" }),
        "addServerAllocation" => json!({ "allocationId": NOBODY, "endpoint": "x" }),
        "consoleCommand" => json!({ "command": "status" }),
        "addMember" => json!({ "email": "nobody@example.com", "permissions": ["server.read"] }),
        "updateMember" => json!({ "permissions": ["server.read"] }),
        _ => return None,
    })
}

async fn attempt(client: &Client, route: &Route, server: &str, operation: &str) -> Answer {
    let id = if route.path.starts_with("/api/operations/") { operation } else { server };
    let path =
        route.path.replacen("{id}", id, 1).replace("{userId}", NOBODY).replace("{allocationId}", NOBODY);
    let request = client.request(route.method.clone(), &path);
    client
        .send(match body(route) {
            Some(body) => request.json(&body),
            None if route.id == "installPlugin" => {
                request.header("content-type", "application/wasm").body("x")
            }
            None => request,
        })
        .await
}

/// The right that a route's body, as above, asks for.
fn right(route: &Route) -> Option<Permission> {
    match route.requirement {
        Requirement::Server(permission) | Requirement::Nested(permission) => Some(permission),
        Requirement::ServerOneOf(_) => Some(Permission::PowerStart),
        _ => None,
    }
}

fn routes() -> Vec<Route> {
    let mut routes = gantry_api::routes();
    routes.retain(|route| route.requirement.needs_session() && route.id != "signOut");
    // What ends the server comes last.
    routes.sort_by_key(|route| matches!(route.id, "reinstallServer" | "deleteServer"));
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_nothing_opens_that_needs_one() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    for route in routes() {
        // Each from an address of its own: limits are not what is tried here.
        let answer = attempt(&app.visitor(), &route, NOBODY, NOBODY).await;
        assert_eq!(answer.status, 401, "{} {}: {}", route.method, route.path, answer.body);
    }
    visitor.get("/health").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_routes_open_to_nobody_else() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let person = app.person(&admin, "grace", "user").await;
    for route in routes().into_iter().filter(|route| route.requirement == Requirement::Administrator) {
        attempt(&person, &route, NOBODY, NOBODY).await.problem("forbidden");
        let answer = attempt(&admin, &route, NOBODY, NOBODY).await;
        assert!(
            !matches!(answer.status.as_u16(), 401 | 403),
            "{} {}: {}",
            route.method,
            route.path,
            answer.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_routes_open_to_the_right_and_to_nothing_less() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (server, _page) = running(&admin, &node).await;
    let operations = admin.get(&format!("/api/servers/{server}/operations")).await.expect(200);
    let operation = operations["items"][0]["id"].as_str().unwrap().to_owned();
    let stranger = app.person(&admin, "eve", "user").await;
    let mut member = app.person(&admin, "grace", "limited").await;
    let form = json!({ "email": "grace@example.com", "permissions": ["server.read"] });
    let members = format!("/api/servers/{server}/members");
    let user = admin.post(&members, form).await.expect(201)["userId"].as_str().unwrap().to_owned();
    let allow = async |rights: Vec<Permission>| {
        admin.patch(&format!("{members}/{user}"), json!({ "permissions": rights })).await.expect(200);
    };

    for (number, route) in routes().iter().enumerate() {
        let Some(right) = right(route) else { continue };
        let place = format!("{} {}", route.method, route.path);
        let answer = attempt(&stranger, route, &server, &operation).await;
        assert_eq!(answer.status, 404, "a stranger at {place}: {}", answer.body);
        member.address = format!("198.51.100.{number}");
        if right != Permission::ServerRead {
            allow(Permission::ALL.iter().copied().filter(|each| *each != right).collect()).await;
            let refused = attempt(&member, route, &server, &operation).await.problem("forbidden");
            assert!(refused["detail"].to_string().contains(right.as_str()), "{place}: {refused}");
        }
        allow(vec![Permission::ServerRead, right]).await;
        let answer = attempt(&member, route, &server, &operation).await;
        assert!(!matches!(answer.status.as_u16(), 401 | 403), "a member at {place}: {}", answer.body);
        if route.id != "deleteServer" && route.method == Method::GET {
            attempt(&admin, route, &server, &operation).await.expect(200);
        }
    }
    node.stop().await;
}
