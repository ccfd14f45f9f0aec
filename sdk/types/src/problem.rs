//! Stable problem codes, with what each means and what to do.
//!
//! They stand in every problem response (`code`) and in every failed operation. A code is never renamed. `/api/docs`
//! explains each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! codes {
    ($($variant:ident = $text:literal, $status:literal, $title:literal, $remedy:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Code { $(#[serde(rename = $text)] $variant),* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }
            /// What happened, in a few words.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title),* } }
            /// What to do about it.
            pub const fn remedy(self) -> &'static str { match self { $(Self::$variant => $remedy),* } }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", 400, "The request could not be understood", "Compare it with the API document at /api/openapi.json.";
    ValidationFailed = "validation_failed", 400, "Some fields need another value", "Each field says what it needs.";
    NotSignedIn = "not_signed_in", 401, "You are not signed in", "Sign in and try again.";
    WrongCredentials = "wrong_credentials", 401, "The e-mail address or the password is wrong", "Check both; ask an administrator to reset the password if it is lost.";
    CrossSite = "cross_site", 403, "The request came from another site", "Send it from the panel itself, or with an Origin header that equals the panel's address.";
    Forbidden = "forbidden", 403, "You may not do this", "Ask the server's owner or an administrator for the permission that is named.";
    SetupTokenRequired = "setup_token_required", 403, "Setting up from another machine needs the one-time token", "Read the token from the control plane's output and enter it.";
    FileProtected = "file_protected", 403, "Only the game and its plugin write this file", "Read or download it. What it says is changed by the server's variables, actions and the game itself; its plugin's documentation says how.";
    EnrollmentRefused = "enrollment_refused", 403, "The enrollment token is not good", "Make a new token on the node's page in the panel, and enroll with the command that it shows.";
    NotFound = "not_found", 404, "There is nothing here, or you may not see it", "Check the address.";
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take that method", "Compare the request with the API document.";
    Conflict = "conflict", 409, "This does not fit the present state", "Reload, look again, and repeat if it still makes sense.";
    AlreadySetUp = "already_set_up", 409, "Gantry has been set up already", "Sign in with an existing account.";
    EmailTaken = "email_taken", 409, "An account with this e-mail address exists", "Use another address.";
    NameTaken = "name_taken", 409, "This name is taken", "Choose another name.";
    AllocationTaken = "allocation_taken", 409, "The address is in use by another server", "Choose a free allocation.";
    NoFreeAllocation = "no_free_allocation", 409, "The node has no free address for this game", "Ask an administrator to add allocations to the node, or choose another node.";
    OperationInProgress = "operation_in_progress", 409, "Another operation on this server has not ended", "Wait for it or cancel it.";
    ServerHeld = "server_held", 409, "The server is suspended", "Ask an administrator to release it.";
    NotInstalled = "not_installed", 409, "The server is not installed", "Reinstall it; the last operation says why it failed.";
    InUse = "in_use", 409, "Something still depends on this", "Remove what depends on it first.";
    TooManyBackups = "too_many_backups", 409, "The server has as many backups as it may", "Delete one, or ask an administrator for a higher limit.";
    NodeDraining = "node_draining", 409, "The node is being drained", "Wait until the work on its machine is done, or choose another node.";
    BackupInUse = "backup_in_use", 409, "The backup is locked or in use", "Unlock it, or wait until it is made or restored.";
    IdempotencyMismatch = "idempotency_mismatch", 409, "This Idempotency-Key was used for a different request", "Use a new key for a new request.";
    FileExists = "file_exists", 409, "Something has this name already", "Choose another name, or say that it is to be replaced.";
    FileChanged = "file_changed", 412, "The file is not what it was when it was read", "Read it again and make the change anew, or say that it is to be replaced.";
    PayloadTooLarge = "payload_too_large", 413, "The request is too large", "Send less at a time; the limit is named.";
    UnsupportedMediaType = "unsupported_media_type", 415, "The request's content type is not accepted", "Send the content type that the API document names.";
    PluginRejected = "plugin_rejected", 422, "The plugin cannot be installed", "The detail names the reason: grant what the plugin uses, or ask its author for a corrected version.";
    PluginUntrusted = "plugin_untrusted", 422, "The trust policy does not let this plugin in", "The detail names the rule; change the policy if the plugin is to be trusted.";
    CapacityExceeded = "capacity_exceeded", 422, "The node has not enough free resources", "Lower the limits or choose another node.";
    AllowanceExceeded = "allowance_exceeded", 422, "The account may not use so much", "Ask for less, free some by deleting or shrinking other servers, or ask an administrator to raise the account's limits under People.";
    ActionRefused = "action_refused", 422, "The game's plugin did not do this", "The detail says why; change what you ask for, or what is in the way.";
    FileRefused = "file_refused", 422, "This cannot be done with that file", "The detail says what is in the way.";
    QuotaExceeded = "quota_exceeded", 422, "The server's disk limit leaves no room", "Delete what is not needed, or ask an administrator for a higher limit.";
    RateLimited = "rate_limited", 429, "Too many requests", "Try again in a moment; Retry-After says when.";
    Internal = "internal", 500, "Something went wrong inside Gantry", "Try again; if it stays, give the request id to an administrator.";
    PluginFailed = "plugin_failed", 502, "The plugin failed", "An administrator finds the call under Plugins, as a file for its author.";
    LookUpFailed = "look_up_failed", 502, "What the game's plugin must look up was not found", "The detail says who did not answer or what there is not; choose something else, or try again as Retry-After says.";
    RegistryFailed = "registry_failed", 502, "The registry did not give the plugin", "The detail says what it answered and what to do.";
    PluginOnHold = "plugin_on_hold", 503, "The plugin is on hold", "It kept failing; it is tried again by itself. An administrator sees why under Plugins, and can end the hold.";
    NodeUnreachable = "node_unreachable", 503, "The node is not connected", "Check that the daemon runs and can reach the control plane; it reconnects by itself.";
    Unavailable = "unavailable", 503, "Gantry is not ready", "Try again in a moment.";
    Overloaded = "overloaded", 503, "Gantry is busy", "Try again as Retry-After says.";
    DiskFull = "disk_full", 507, "The node's disk is full", "Ask an administrator to make room on the node.";
    DeadlineExceeded = "deadline_exceeded", 504, "It took too long", "Look at the log of the operation, then try again.";
}

/// An answer of `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub type_uri: String,
    pub title: String,
    pub status: u16,
    pub code: Code,
    /// What happened this time.
    pub detail: String,
    pub remedy: String,
    /// For support: the request's id, as in the log.
    pub request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<crate::blueprint::FieldProblem>,
}
