//! What every game owes before anybody plays it: a form, a plan and a start that the host takes, whatever preset it is, from
//! a form as people first see it.

use crate::sandbox::{Sandbox, call};
use gantry_host::{Lent, Part};

/// Each plugin, with the answers without which a form of its is not complete.
const PLUGINS: &[(&str, &[(&str, &str)])] = &[
    ("generic", &[("image", "docker.io/library/debian:bookworm-slim")]),
    ("mumble", &[("superuser_password", "proof of a secret")]),
    ("openttd", &[]),
    ("quake3", &[]),
    ("source", &[]),
    ("teeworlds", &[("console_password", "sesame")]),
];

#[tokio::test]
async fn every_form_leads_to_a_plan_a_start_and_actions_that_the_host_takes() {
    for (plugin, answers) in PLUGINS {
        let sandbox = Sandbox::load(plugin).await;
        let alone = || call(Lent::default());
        let blueprints = sandbox.plugin.blueprints(&alone()).await.expect("blueprints");
        for blueprint in &blueprints {
            let server = sandbox.server(&blueprint.id, answers).await;
            let place = format!("{plugin}:{}", blueprint.id);
            let plan = sandbox.plugin.install_plan(&alone(), &server).await;
            plan.unwrap_or_else(|error| panic!("{place}, the plan: {error}"));
            let spec = sandbox.plugin.run_spec(&alone(), &server).await;
            let spec = spec.unwrap_or_else(|error| panic!("{place}, the start: {error}"));
            assert!(!spec.stop.is_empty(), "{place} is killed and never stopped");
            let parts: Vec<Part> = sandbox.plugin.parts().iter().collect();
            if parts.contains(&Part::Actions) {
                sandbox.plugin.actions(&alone(), &server).await.expect("actions");
            }
            if parts.contains(&Part::Quiescing) {
                let told = sandbox.plugin.broadcast(&alone(), &server, "Back \"at\" 8; quit\\").await;
                let told = format!("{:?}", told.expect("effects"));
                assert!(!told.contains("; quit"), "{place} takes words for a command: {told}");
            }
        }
    }
}
