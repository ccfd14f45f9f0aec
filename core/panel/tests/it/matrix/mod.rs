//! Every route × everybody: made from the route table, so that a route cannot be forgotten.
//!
//! Each route is tried by somebody without a session, a stranger, a subuser who has all rights but the route's, a subuser
//! who has exactly it, the owner and an administrator; and by subusers who have one right each. Refusals must come before
//! anything else is looked at, so bodies only have to be readable.

mod rows;

use crate::{
    kit::{Answer, Client, Page, TestApp, TestNode},
    servers::running,
};
use gantry_api::route::{Requirement, Route};
use gantry_types::permission::Permission;
use rows::{NOBODY, NOT_FOR_LIMITED, ROWS, body};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What takes bytes that mean nothing to the control plane.
const OCTETS: [&str; 4] = ["saveFile", "uploadFile", "convertForeign", "installDocument"];

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Without a session.
    Nobody,
    /// With an account, and nothing to do with the server.
    Stranger,
    /// A subuser with every right but the one that is needed.
    Lacking,
    /// A subuser with exactly the right that is needed, and the one to see the server.
    Exact,
    Owner,
    Administrator,
}

impl Who {
    const ALL: [Self; 6] =
        [Self::Nobody, Self::Stranger, Self::Lacking, Self::Exact, Self::Owner, Self::Administrator];
}

/// What they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// Whatever the route has to say, but no refusal of the person.
    In,
    SignIn,
    Forbidden,
    /// Forbidden, with the right that is missing.
    Lacks(Permission),
    /// That there is no such server.
    Hidden,
}

/// One way to use a route: where the body decides about the right, there are several.
struct Door {
    route: Route,
    body: Option<Value>,
    needs: Requirement,
}

impl Door {
    fn all() -> Vec<Self> {
        let mut doors: Vec<Self> = gantry_api::routes().into_iter().flat_map(Self::of).collect();
        doors.sort_by_key(Self::rank);
        doors
    }

    fn of(route: Route) -> Vec<Self> {
        let Requirement::ServerOneOf(rights) = route.requirement else {
            return vec![Self { body: body(route.id), needs: route.requirement, route }];
        };
        let again = || gantry_api::routes().into_iter().find(|other| other.id == route.id).unwrap();
        let action = |right: &Permission| right.as_str().split('.').next_back().unwrap().to_owned();
        let door = |right: &Permission| Self {
            route: again(),
            body: Some(json!({ "action": action(right) })),
            needs: Requirement::Server(*right),
        };
        rights.iter().map(door).collect()
    }

    /// What changes the server most comes last, and what ends the session at the very end.
    fn rank(&self) -> u8 {
        match self.route.id {
            "powerServer" => 1,
            "reinstallServer" => 2,
            "deleteServer" => 3,
            "signOut" => 4,
            _ => 0,
        }
    }

    fn name(&self) -> String {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        format!("{} {} {body}", self.route.method, self.route.path)
    }

    /// The right over a server that opens it.
    fn right(&self) -> Option<Permission> {
        match self.needs {
            Requirement::Server(right) | Requirement::Nested(right) => Some(right),
            Requirement::Public
            | Requirement::SignedIn
            | Requirement::Administrator
            | Requirement::ServerOneOf(_)
            | Requirement::Ticket(_)
            | Requirement::Daemon
            | Requirement::Scraper => None,
        }
    }

    fn expected(&self, who: Who) -> Cell {
        match (self.needs, who) {
            (Requirement::Public | Requirement::Ticket(_) | Requirement::Daemon, _) => Cell::In,
            (Requirement::Scraper, _) => Cell::Forbidden,
            (_, Who::Nobody) => Cell::SignIn,
            (Requirement::SignedIn, Who::Lacking | Who::Exact)
                if NOT_FOR_LIMITED.contains(&self.route.id) =>
            {
                Cell::Forbidden
            }
            (Requirement::SignedIn, _) | (_, Who::Administrator) => Cell::In,
            (Requirement::Administrator, _) => Cell::Forbidden,
            (_, Who::Exact | Who::Owner) => Cell::In,
            (_, Who::Stranger) => Cell::Hidden,
            (Requirement::Server(right) | Requirement::Nested(right), Who::Lacking) => Cell::Lacks(right),
            (Requirement::ServerOneOf(_), Who::Lacking) => unreachable!("it was taken apart"),
        }
    }

    async fn attempt(&self, client: &Client, server: &str, operation: &str) -> Answer {
        let id = if self.route.path.starts_with("/api/operations/") { operation } else { server };
        let path = self.route.path.replacen("{id}", id, 1);
        let path = path
            .replace("{action}", "say")
            .replace("{file}", "game")
            .replace("{tab}", "players")
            .replace("{record}", "x")
            .replace("{userId}", NOBODY)
            .replace("{scheduleId}", NOBODY)
            .replace("{backupId}", NOBODY)
            .replace("{allocationId}", NOBODY);
        let about_files = path.contains("/files") && self.body.is_none();
        let path = if about_files { format!("{path}?path=matrix.txt") } else { path };
        let path = match self.route.id {
            "nodeParts" => format!("{path}?kind=core"),
            "scheduleTimes" => format!("{path}?cron=0%204%20*%20*%20*&timeZone=UTC"),
            "pluginLog" | "pluginRecord" => format!("{path}?digest=x"),
            _ => path,
        };
        let request = client.request(self.route.method.clone(), &path).header("origin", &client.url);
        let request = match &self.body {
            Some(body) => request.json(body),
            None if self.route.id == "installPlugin" => {
                request.header("content-type", "application/wasm").body("x")
            }
            None if OCTETS.contains(&self.route.id) => {
                request.header("content-type", "application/octet-stream").body("x")
            }
            None => request,
        };
        client.send(request).await
    }
}

/// Whether an answer is what its cell says.
fn fits(door: &Door, cell: Cell, answer: &Answer) -> bool {
    let (status, code) = (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or(""));
    let detail = answer.body["detail"].as_str().unwrap_or("");
    match cell {
        Cell::SignIn => (status, code) == (401, "not_signed_in"),
        Cell::Forbidden => (status, code) == (403, "forbidden"),
        Cell::Lacks(right) => (status, code) == (403, "forbidden") && detail.contains(right.as_str()),
        Cell::Hidden => (status, code) == (404, "not_found"),
        // Its token is refused, which is all that there is to try without one.
        Cell::In if door.route.id == "enrollDaemon" => code == "enrollment_refused",
        // They are upgraded or nothing.
        Cell::In if ["consoleSocket", "liveSocket", "daemonLink"].contains(&door.route.id) => status == 400,
        Cell::In => {
            let refused = ["not_signed_in", "forbidden", "cross_site"].contains(&code);
            let unread = ["invalid_request", "unsupported_media_type", "rate_limited"].contains(&code);
            let nothing = detail.contains("nothing here") || detail.contains("such server");
            let hidden = status == 404 && door.right().is_some() && nothing;
            !refused && !unread && !hidden && status < 500 || code == "node_unreachable"
        }
    }
}

#[test]
fn every_route_has_its_row_and_every_row_its_route() {
    let table: BTreeMap<_, _> =
        gantry_api::routes().iter().map(|route| (route.id, format!("{:?}", route.requirement))).collect();
    let rows: BTreeMap<_, _> = ROWS.iter().map(|(id, needs)| (*id, format!("{needs:?}"))).collect();
    assert_eq!(table, rows);
    assert_eq!(rows.len(), ROWS.len(), "a row stands there twice");
}

/// Everybody who tries, and what they try it on.
struct World {
    node: Option<TestNode>,
    server: String,
    operation: String,
    member: String,
    people: Vec<(Who, Client)>,
    _page: Page,
    _app: TestApp,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::with_games_and_no_limits().await;
        let admin = app.admin().await;
        let node = TestNode::join(&admin).await;
        let owner = app.person(&admin, "olga", "user").await;
        let (server, page) = running(&owner, &node).await;
        let operations = owner.get(&format!("/api/servers/{server}/operations")).await.expect(200);
        let operation = operations["items"][0]["id"].as_str().unwrap().to_owned();
        let stranger = app.person(&admin, "eve", "user").await;
        let grace = app.person(&admin, "grace", "limited").await;
        let form = json!({ "email": "grace@example.com", "permissions": ["server.read"] });
        let member = owner.post(&format!("/api/servers/{server}/members"), form).await.expect(201);
        let twin = app.visitor();
        twin.sign_in("grace@example.com", crate::kit::PASSWORD).await.expect(200);
        let people = vec![
            (Who::Nobody, app.visitor()),
            (Who::Stranger, stranger),
            (Who::Lacking, grace),
            (Who::Exact, twin),
            (Who::Owner, owner),
            (Who::Administrator, admin),
        ];
        let member = member["userId"].as_str().unwrap().to_owned();
        Self { node: Some(node), server, operation, member, people, _page: page, _app: app }
    }

    fn client(&mut self, who: Who) -> &mut Client {
        &mut self.people.iter_mut().find(|(one, _)| *one == who).unwrap().1
    }

    /// Gives the subuser exactly these rights.
    async fn allow(&mut self, rights: &[Permission]) {
        let path = format!("/api/servers/{}/members/{}", self.server, self.member);
        self.client(Who::Owner).patch(&path, json!({ "permissions": rights })).await.expect(200);
    }

    async fn attempt(&mut self, door: &Door, who: Who) -> Answer {
        match (who, door.needs) {
            (Who::Lacking, needs) => {
                let missing = needs.permissions();
                let rest: Vec<_> =
                    Permission::ALL.iter().copied().filter(|one| !missing.contains(one)).collect();
                self.allow(&rest).await;
            }
            (Who::Exact, needs) => {
                let mut rights = vec![Permission::ServerRead];
                rights.extend(needs.permissions().into_iter().filter(|one| *one != Permission::ServerRead));
                self.allow(&rights).await;
            }
            (Who::Nobody | Who::Stranger | Who::Owner | Who::Administrator, _) => {}
        }
        let (server, operation) = (self.server.clone(), self.operation.clone());
        door.attempt(self.client(who), &server, &operation).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_opens_to_those_whom_its_row_names_and_to_nobody_else() {
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for (number, door) in Door::all().iter().enumerate() {
        if door.rank() == 2
            && let Some(node) = world.node.take()
        {
            // What is asked for from here on is recorded and stays undone, so that the server is there for everybody.
            node.stop().await;
        }
        for who in Who::ALL {
            // A membership without the right to see the server is none, which members.rs tries.
            if who == Who::Lacking && door.right() == Some(Permission::ServerRead) {
                continue;
            }
            // Limits are not what is tried here.
            let place = Who::ALL.iter().position(|one| *one == who).unwrap();
            world.client(who).address = format!("198.51.{place}.{number}");
            let answer = world.attempt(door, who).await;
            let cell = door.expected(who);
            if !fits(door, cell, &answer) {
                let (status, body) = (answer.status, answer.body);
                wrong.push(format!("{who:?} at {}: {status} {body}, and not {cell:?}", door.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_right_opens_its_own_doors_and_no_other() {
    let mut world = World::new().await;
    let (server, operation) = (world.server.clone(), world.operation.clone());
    let doors: Vec<_> = Door::all().into_iter().filter(|door| door.right().is_some()).collect();
    let mut wrong = Vec::new();
    for (number, right) in Permission::ALL.iter().enumerate() {
        world.allow(&[Permission::ServerRead, *right]).await;
        let member = world.client(Who::Exact);
        member.address = format!("198.51.100.{number}");
        let seen = member.get(&format!("/api/servers/{server}")).await.expect(200);
        let mut rights = vec![Permission::ServerRead.as_str(), right.as_str()];
        rights.dedup();
        assert_eq!(seen["permissions"], json!(rights));
        for door in &doors {
            let needs = door.right().unwrap();
            if needs == *right || needs == Permission::ServerRead {
                continue;
            }
            let answer = door.attempt(member, &server, &operation).await;
            if !fits(door, Cell::Lacks(needs), &answer) {
                wrong.push(format!("{right:?} opens {}: {}", door.name(), answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    world.node.take().unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn console_socket_opens_to_the_right_the_owner_and_administrators() {
    let mut world = World::new().await;
    let server = world.server.clone();
    let rest: Vec<_> =
        Permission::ALL.iter().copied().filter(|right| *right != Permission::ConsoleRead).collect();
    for (who, rights) in [
        (Who::Stranger, &[][..]),
        (Who::Lacking, &rest),
        (Who::Exact, &[Permission::ServerRead, Permission::ConsoleRead]),
        (Who::Owner, &[]),
        (Who::Administrator, &[]),
    ] {
        if !rights.is_empty() {
            world.allow(rights).await;
        }
        let mut console = Page::console(world.client(who), &server).await;
        if matches!(who, Who::Stranger | Who::Lacking) {
            assert_eq!(console.closed().await, Some(4403), "{who:?}");
        } else {
            console.until(|frame| frame["type"] == "lines").await;
        }
    }
    world.node.take().unwrap().stop().await;
}
