//! What each route asks of whom, written down a second time: a route that is not here fails the matrix, and so does one
//! whose requirement in the route table has changed.

use gantry_api::route::Requirement::{self, *};
use gantry_types::permission::Permission::*;
use serde_json::{Value, json};

/// An id that nothing has.
pub(super) const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Each route by its name.
pub(super) const ROWS: &[(&str, Requirement)] = &[
    ("health", Public),
    ("ready", Public),
    ("metrics", Scraper),
    ("document", Public),
    ("docs", Public),
    ("docsScript", Public),
    ("docsStyle", Public),
    ("setupStatus", Public),
    ("setup", Public),
    ("signIn", Public),
    ("signOut", SignedIn),
    ("session", SignedIn),
    ("ticket", SignedIn),
    ("account", SignedIn),
    ("updateAccount", SignedIn),
    ("listUsers", Administrator),
    ("createUser", Administrator),
    ("user", Administrator),
    ("updateUser", Administrator),
    ("deleteUser", Administrator),
    ("listLocations", SignedIn),
    ("createLocation", Administrator),
    ("updateLocation", Administrator),
    ("deleteLocation", Administrator),
    ("listNodes", SignedIn),
    ("createNode", Administrator),
    ("node", SignedIn),
    ("updateNode", Administrator),
    ("deleteNode", Administrator),
    ("enrollNode", Administrator),
    ("revokeNode", Administrator),
    ("nodeStatistics", Administrator),
    ("listAllocations", Administrator),
    ("createAllocations", Administrator),
    ("deleteAllocation", Administrator),
    ("listPlugins", Administrator),
    ("installPlugin", Administrator),
    ("plugin", Administrator),
    ("deletePlugin", Administrator),
    ("listBlueprints", SignedIn),
    ("blueprint", SignedIn),
    ("listServers", SignedIn),
    ("createServer", SignedIn),
    ("previewServer", SignedIn),
    ("server", Server(ServerRead)),
    ("updateServer", Server(ServerUpdate)),
    ("deleteServer", Server(ServerDelete)),
    ("serverVariables", Server(VariablesRead)),
    ("updateVariables", Server(VariablesUpdate)),
    ("updateLimits", Administrator),
    ("holdServer", Administrator),
    ("releaseServer", Administrator),
    ("powerServer", ServerOneOf(&[PowerStart, PowerStop, PowerRestart, PowerKill])),
    ("reinstallServer", Server(ServerReinstall)),
    ("serverAllocations", Server(AllocationsRead)),
    ("addServerAllocation", Server(AllocationsUpdate)),
    ("removeServerAllocation", Server(AllocationsUpdate)),
    ("listFiles", Server(FilesList)),
    ("fileContent", Server(FilesRead)),
    ("saveFile", Server(FilesWrite)),
    ("downloadFile", Server(FilesRead)),
    ("uploadFile", Server(FilesWrite)),
    ("makeDirectory", Server(FilesWrite)),
    ("renameFile", Server(FilesWrite)),
    ("copyFile", Server(FilesWrite)),
    ("deleteFiles", Server(FilesDelete)),
    ("consoleHistory", Server(ConsoleRead)),
    ("consoleCommand", Server(ConsoleWrite)),
    ("consoleSocket", Ticket(Some(ConsoleRead))),
    ("serverStatistics", Server(StatisticsRead)),
    ("serverPlayers", Server(PlayersRead)),
    ("listPermissions", SignedIn),
    ("listMembers", Server(MembersRead)),
    ("addMember", Server(MembersCreate)),
    ("updateMember", Server(MembersUpdate)),
    ("removeMember", Server(MembersDelete)),
    ("serverOperations", Server(OperationsRead)),
    ("operation", Nested(OperationsRead)),
    ("cancelOperation", Nested(OperationsCancel)),
    ("serverActivity", Server(ActivityRead)),
    ("audit", Administrator),
    ("liveSocket", Ticket(None)),
    ("enrollDaemon", Daemon),
    ("daemonLink", Daemon),
];

/// What a signed-in person needs no right for but a limited account may not do.
pub(super) const NOT_FOR_LIMITED: &[&str] = &["createServer", "previewServer"];

/// A readable body that changes as little as it can. Without one, the route takes none.
pub(super) fn body(route: &str) -> Option<Value> {
    Some(match route {
        "updateAccount" | "updateUser" | "updateLocation" | "updateNode" | "updateServer" => json!({}),
        "setup" => json!({ "name": "x", "email": "x", "password": "x" }),
        "signIn" => json!({ "email": "nobody@example.com", "password": "x" }),
        "enrollDaemon" => json!({ "token": "x", "publicKey": "x", "agentVersion": "0" }),
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
        "makeDirectory" => json!({ "path": "matrix" }),
        "renameFile" | "copyFile" => json!({ "from": "matrix.txt", "to": "elsewhere.txt" }),
        "deleteFiles" => json!({ "paths": ["matrix.txt"] }),
        "addMember" => json!({ "email": "nobody@example.com", "permissions": ["server.read"] }),
        "updateMember" => json!({ "permissions": ["server.read"] }),
        _ => return None,
    })
}
