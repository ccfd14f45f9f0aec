//! The axum edge: decode, one call on the application, encode.
//!
//! Everything that is served stands in one table (`routes`): each route with its requirement, its limit and its shapes.
//! Router, guard, API document and the matrix test are made from it. The edge holds no rules and knows no storage, no node
//! and no plugin: those are the application's.
//!
//! Modules in reading order: [`route`], `routes`, [`wire`], `edge`, `ebb`, `observe`, `guard`, `extract`, `problem`, `sockets`,
//! `document`, `reasons`.

pub mod route;
mod routes;
pub mod wire;

mod document;
mod ebb;
mod edge;
mod extract;
mod guard;
mod headers;
mod observe;
mod problem;
mod reasons;
mod sockets;

pub use edge::{Edge, EdgeConfig, MetricsPage, router};
pub use guard::Preset;
pub use headers::PANEL as PANEL_POLICY;
pub use observe::Peer;

/// Every route there is, for whoever checks them all.
pub fn routes() -> Vec<route::Route> {
    routes::all()
}

/// The OpenAPI document, pretty-printed with a newline at its end, as it stands in `openapi.json`.
pub fn openapi() -> String {
    let document = document::of(&routes::all(), routes::TAGS);
    match document.to_pretty_json() {
        Ok(mut text) => {
            text.push('\n');
            text
        }
        // Maps with string keys always serialize.
        Err(error) => unreachable!("{error}"),
    }
}

#[cfg(test)]
mod tests {
    use gantry_types::permission::Permission;
    use std::collections::HashSet;

    #[test]
    fn checked_in_document_is_the_one_that_the_routes_make() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        if std::env::var_os("GANTRY_WRITE_OPENAPI").is_some() {
            std::fs::write(path, super::openapi()).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == super::openapi(),
            "run `GANTRY_WRITE_OPENAPI=1 cargo test -p gantry-api` and read the diff"
        );
    }

    #[test]
    fn every_permission_opens_a_route() {
        let opened: HashSet<Permission> =
            super::routes().iter().flat_map(|route| route.requirement.permissions()).collect();
        let idle: Vec<_> = Permission::ALL.iter().filter(|each| !opened.contains(each)).collect();
        assert!(idle.is_empty(), "{idle:?}");
    }

    #[test]
    fn what_creates_honours_an_idempotency_key_or_does_not_create_twice() {
        let once = [
            ("setup", "there is one first administrator"),
            ("createUser", "an e-mail address has one account"),
            ("installPlugin", "a digest is one release"),
            ("pullPlugin", "a digest is one release"),
            ("installDocument", "a digest is one release"),
            ("createAllocations", "those that exist are skipped"),
            ("addServerAllocation", "an address is taken once"),
            // A kept answer would be a token in clear.
            ("enrollNode", "the later token ends the earlier"),
            ("enrollDaemon", "the token is good once"),
            ("addAppPassword", "each of a person's has a name of its own"),
        ];
        for route in super::routes().iter().filter(|route| route.status == 201) {
            let exempt = once.iter().any(|(id, _)| *id == route.id);
            assert!(route.idempotent != exempt, "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn no_two_routes_share_an_address_or_a_name() {
        let routes = super::routes();
        let addresses: HashSet<_> = routes.iter().map(|route| (&route.method, route.path)).collect();
        let names: HashSet<_> = routes.iter().map(|route| route.id).collect();
        assert_eq!((addresses.len(), names.len()), (routes.len(), routes.len()));
    }

    #[test]
    fn whatever_names_a_server_in_its_path_asks_for_a_permission_or_an_administrator() {
        use crate::route::Requirement::{Administrator, Server, ServerOneOf, Ticket};
        let servers = super::routes()
            .into_iter()
            .filter(|route| route.path.contains("/servers/{id}") || route.path.contains("console/{id}"));
        for route in servers {
            let named =
                matches!(route.requirement, Administrator | Server(_) | ServerOneOf(_) | Ticket(Some(_)));
            assert!(named, "{} {}", route.method, route.path);
        }
    }
}
