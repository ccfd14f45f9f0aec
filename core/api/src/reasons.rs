//! What the page of problem codes says beyond the code's own words: why it happens.
//!
//! A code's title says what happened and its remedy what to do; both travel in every problem. The reason is for whoever
//! looks the code up. The match is over all codes, so that none can be without one.

use gantry_types::problem::Code;

/// Why a problem with this code comes about.
pub(crate) const fn why(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => {
            "A path, query, header or body does not have the shape that the route takes: a missing or unknown field, a value of another type, an id that is no UUID, a cursor that is not from this list."
        }
        Code::ValidationFailed => {
            "The request has the right shape, but a rule of Gantry or of the game's plugin does not allow a value."
        }
        Code::NotSignedIn => {
            "There is no session cookie, or its session was ended, ran out after 7 days without use, or belonged to an account that is gone."
        }
        Code::WrongCredentials => {
            "No account has this address with this password. Which of the two is wrong is not said, so that nobody can find out who has an account."
        }
        Code::CrossSite => {
            "A request that changes something, or a WebSocket, was sent by a page of another origin than the panel's public address. Behind a proxy, the public URL that Gantry was started with may be another than the one in the browser."
        }
        Code::Forbidden => {
            "Whoever asks is known, but the right that is needed is not theirs; or a ticket was not good."
        }
        Code::SetupTokenRequired => {
            "The first administrator is made from another machine than the control plane's own, or through a proxy that it was not told to trust."
        }
        Code::EnrollmentRefused => {
            "An enrollment token makes one daemon a node, once, within 15 minutes, and a later token for the same node ends the earlier one. Which of these happened is not known: of a token that is not good, nothing is kept."
        }
        Code::NotFound => {
            "Nothing has this address, it was deleted, or it belongs to a server that is not shared with whoever asks. The cases are not told apart, so that nobody learns what others have."
        }
        Code::MethodNotAllowed => "The address exists, and takes other methods.",
        Code::Conflict => {
            "Something else happened first, or the request contradicts what is there: a state that changed since it was read, an older version over a newer one."
        }
        Code::AlreadySetUp => "An account exists; the first administrator is made once.",
        Code::EmailTaken => "Addresses are unique among accounts.",
        Code::NameTaken => "Names are unique among things of this kind.",
        Code::AllocationTaken => "An address of a node serves one server at a time; another has it.",
        Code::NoFreeAllocation => {
            "The game needs as many addresses as it has endpoints, and the node has no more that are free."
        }
        Code::OperationInProgress => {
            "A server does one thing at a time: it is being installed, started, stopped or deleted."
        }
        Code::ServerHeld => {
            "An administrator suspended the server. It neither starts nor is installed meanwhile; its files stay."
        }
        Code::NotInstalled => "Installing has not ended well, so there is nothing that could be run.",
        Code::InUse => {
            "What is to be deleted is referred to: a node that has servers, a location that has nodes, a plugin that servers run."
        }
        Code::TooManyBackups => {
            "A server's limits say how many backups are kept of it. Those that people made stay until somebody deletes them; of those that a schedule made the oldest goes, for the schedule's next alone."
        }
        Code::NodeDraining => {
            "An administrator has all servers of the node stopped, so that its machine can be worked on. Nothing starts there, is installed or is placed there until that ends; what was to run starts again then."
        }
        Code::BackupInUse => {
            "What is locked is not deleted. What is being restored is needed until that has ended, and of what is being made there is nothing to be had yet; one backup of a server is made at a time."
        }
        Code::IdempotencyMismatch => {
            "An Idempotency-Key stands for one request. The same key came with another method, address or body within a day."
        }
        Code::FileExists => {
            "A file, a link or a directory has the name, and the request does not say that it may go."
        }
        Code::FileChanged => {
            "A file is saved over the very state that it was read in. Somebody else, or the game, has written it since."
        }
        Code::FileRefused => {
            "The path leads to a directory where a file is needed or the other way round, to a pipe or a device, or through a link out of the server's directory; or what is there is too large or not text."
        }
        Code::FileProtected => {
            "The game's plugin names files that it and the game write alone, such as a licence or what keeps players apart: a change by hand would be lost, or break the server. It is refused in the panel, in this interface and over SFTP, also for folders that hold such a file and for what would become one. Plugins do it themselves, by variables and actions."
        }
        Code::ActionRefused => {
            "The plugin of the game looked at what was asked for and said no, or the game did not answer it as it should have. What it did before that stays done."
        }
        Code::QuotaExceeded => {
            "What the server's files take, with what is being written, would be more than its disk limit. A file that is replaced counts until the new one is in its place."
        }
        Code::DiskFull => "All servers of a node share its disk, and nothing is left on it.",
        Code::PayloadTooLarge => {
            "The body is longer than the route takes: 256 KiB of JSON, 32 MiB for a plugin, 1 MiB for a text that is saved, 1 GiB for a file. Nothing of it was used."
        }
        Code::UnsupportedMediaType => "The Content-Type header is missing or is not the route's.",
        Code::PluginRejected => {
            "The file is not a component, has no manifest, was built for another contract, imports what no plugin may, takes too much to compile, or offers blueprints that break a rule. Nothing of it was kept."
        }
        Code::PluginUntrusted => {
            "Plugins come from the registries that the trust policy allows, signed by its keys or with the digests that it pins; of files, as it says. Nothing of this one was kept."
        }
        Code::RegistryFailed => {
            "A plugin is pulled from its registry at the moment of installing. The registry does not have it, refuses, cannot be reached, or hands out something else than it promised."
        }
        Code::CapacityExceeded => {
            "What the node's servers were promised together may not go beyond what it was given, in memory, disk or processor."
        }
        Code::AllowanceExceeded => {
            "An administrator bounded what the servers of an account may be promised together, on all nodes: their number, memory, disk or processor. It counts for the owner, whoever asks."
        }
        Code::RateLimited => {
            "The limit of this route is used up for this account, network or server, and X-RateLimit-Reset says when all of it is there again; or the account has as many files under way to and from one node as it may."
        }
        Code::Internal => {
            "A defect, or a part of the installation that does not work, such as a full disk. The log has the cause under the request's id; the answer does not, because it may be secret."
        }
        Code::PluginFailed => {
            "The game's plugin said no, broke a rule of the sandbox, or took more time or memory than it may."
        }
        Code::LookUpFailed => {
            "Versions, builds and where they are stand with those who publish the game, and its plugin asks them before an installation and for lists in forms. They did not answer, or have no such thing. Nothing was changed."
        }
        Code::PluginOnHold => {
            "A plugin whose calls keep crashing or running into limits is not asked for a while, which grows each time. Servers run on; plans are asked for as ever, and one call after that while decides whether it is over."
        }
        Code::NodeUnreachable => {
            "The daemon of the server's node has no link to the control plane. The game servers on it run on."
        }
        Code::Unavailable => "Gantry is starting or stopping, or its database does not answer.",
        Code::Overloaded => {
            "More work of one kind waits than may wait: database connections, password checks, plugin calls, WebSockets, files on their way to and from one node."
        }
        Code::DeadlineExceeded => {
            "The answer, or the body of the request, did not come within the time that it may take. What was begun may still be done."
        }
    }
}

/// One row for each code, as HTML.
pub(crate) fn rows() -> String {
    Code::ALL.iter().map(|code| row(*code)).collect()
}

fn row(code: Code) -> String {
    let (text, status) = (code.as_str(), code.status());
    let (what, why, remedy) = (escape(code.title()), escape(why(code)), escape(code.remedy()));
    format!(
        "<tr id=\"problem-{text}\"><td><code>{text}</code></td><td>{status}</td><td>{what}</td><td>{why}</td>\
         <td>{remedy}</td></tr>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::EdgeError;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_a_row_with_what_why_and_what_to_do() {
        let rows = rows();
        for code in Code::ALL {
            let row = format!("<tr id=\"problem-{}\">", code.as_str());
            let row = rows.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("{code:?}"));
            for text in [code.title(), why(*code), code.remedy()] {
                assert!(!text.is_empty() && row.contains(&escape(text)), "{code:?}: {text}");
            }
        }
        let reasons: HashSet<_> = Code::ALL.iter().map(|code| why(*code)).collect();
        assert_eq!(reasons.len(), Code::ALL.len(), "two codes have the same reason");
    }

    #[test]
    fn type_of_a_problem_leads_to_its_row() {
        let problem = EdgeError::NotFound.problem(None);
        let (page, row) = problem.type_uri.split_once('#').unwrap();
        assert!(crate::routes().iter().any(|route| route.path == page));
        assert!(rows().contains(&format!("id=\"{row}\"")));
    }
}
