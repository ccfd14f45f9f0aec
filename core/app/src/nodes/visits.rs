//! What people did by SFTP comes up, and stands in the audit log beside what they did through the panel.
//!
//! A session tells of itself in parts, each with what was changed since the last. Of one part each kind of change is one
//! line with all its paths: an upload of a hundred files is one thing that somebody did. The event's number is claimed in
//! the same transaction, so that no line stands there twice.

use crate::error::Answer;
use chrono::{DateTime, TimeDelta, Utc};
use gantry_domain::audit::{AuditEntry, Origin};
use gantry_protocol::{MAX_SFTP_CHANGES, SftpAction, SftpActivity, SftpChange};
use gantry_store::SystemTx;
use gantry_types::{NodeId, ServerId};
use serde_json::{Map, Value, json};
use std::net::{IpAddr, SocketAddr};

/// From here on the lines say when it was, because they say themselves when it was heard.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// Kinds of changes in the order in which they are told.
const ACTIONS: [SftpAction; 6] = [
    SftpAction::MakeDirectory,
    SftpAction::Write,
    SftpAction::MakeLink,
    SftpAction::Rename,
    SftpAction::SetAttributes,
    SftpAction::Delete,
];

const fn action(action: SftpAction) -> &'static str {
    match action {
        SftpAction::Write => "file.upload",
        SftpAction::MakeDirectory => "file.directory",
        SftpAction::MakeLink => "file.link",
        SftpAction::Rename => "file.rename",
        SftpAction::SetAttributes => "file.attributes",
        SftpAction::Delete => "file.delete",
    }
}

/// Writes it down, if it is of a server of that node. What cannot be borne out any more, because the account, the right or
/// the credential is gone, is written as what it is: the node's word.
pub(super) async fn record(
    tx: &mut SystemTx,
    node: NodeId,
    server: ServerId,
    at: DateTime<Utc>,
    activity: SftpActivity,
) -> Answer<()> {
    let Some(visitor) = tx.sftp_visitor(node, server, activity.user).await? else {
        tracing::warn!(server.id = %server, node.id = %node, "a node told of a visit to nothing of its own");
        return Ok(());
    };
    let now = Utc::now();
    let credential = tx.use_credential(activity.user, activity.credential, at.min(now)).await?;
    let when = (now - at > LATE).then_some(at);
    let borne_out = visitor.belongs && credential.is_some();
    for (action, mut about) in lines(&activity, credential.as_deref()) {
        if !borne_out {
            about.insert("unconfirmed".to_owned(), json!(true));
        }
        if visitor.person.is_none() {
            about.insert("person".to_owned(), json!(activity.user));
        }
        let origin = Origin { ip: address(&activity.address), ..Origin::default() };
        let entry = AuditEntry::server(action, server, origin).after(told(about, when));
        match &visitor.person {
            Some(person) => tx.audit_of(person, entry),
            None => tx.audit(entry),
        }
    }
    Ok(())
}

/// Every line says how it came.
fn told(mut about: Map<String, Value>, when: Option<DateTime<Utc>>) -> Value {
    about.insert("via".to_owned(), json!("sftp"));
    if let Some(when) = when {
        about.insert("at".to_owned(), json!(when));
    }
    Value::Object(about)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

fn lines(activity: &SftpActivity, credential: Option<&str>) -> Vec<(&'static str, Map<String, Value>)> {
    let mut lines = Vec::new();
    if activity.opened {
        lines.push(("sftp.open", Map::from_iter([("credential".to_owned(), json!(credential))])));
    }
    // A node that says more than it may is not believed to have said less.
    let unlisted = activity.changes.len().saturating_sub(MAX_SFTP_CHANGES) as u64;
    let further = activity.further.saturating_add(unlisted);
    let changes = &activity.changes[..activity.changes.len().min(MAX_SFTP_CHANGES)];
    for kind in ACTIONS {
        let of_kind: Vec<&SftpChange> = changes.iter().filter(|change| change.action == kind).collect();
        if let Some(about) = about(kind, &of_kind) {
            lines.push((action(kind), about));
        }
    }
    if further > 0 {
        lines.push(("sftp.further", Map::from_iter([("changes".to_owned(), json!(further))])));
    }
    lines
}

/// Longest name that is kept, in characters: as long as the panel itself takes.
const MAX_NAME: usize = 4_096;

/// A name as it is spelled, without what no spelling has: what a node says is not believed to be well-formed.
fn spelled(path: &str) -> String {
    path.chars()
        .take(MAX_NAME)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// In the shape that the same action has when it is done through the panel; several of a kind are a list.
fn about(kind: SftpAction, changes: &[&SftpChange]) -> Option<Map<String, Value>> {
    let paths = || changes.iter().map(|change| json!(spelled(&change.path))).collect::<Value>();
    let renaming = |change: &SftpChange| json!({ "from": spelled(&change.path), "to": change.to.as_deref().map(spelled) });
    let about = match (kind, changes) {
        (_, []) => return None,
        (SftpAction::Rename, [one]) => renaming(one),
        (SftpAction::Rename, many) => {
            json!({ "renames": many.iter().map(|one| renaming(one)).collect::<Value>() })
        }
        (SftpAction::Delete, _) => json!({ "paths": paths() }),
        (_, [one]) => json!({ "path": spelled(&one.path) }),
        (_, _) => json!({ "paths": paths() }),
    };
    match about {
        Value::Object(about) => Some(about),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::UserId;
    use uuid::Uuid;

    fn activity(changes: Vec<SftpChange>) -> SftpActivity {
        SftpActivity {
            user: UserId::new(Uuid::nil()),
            credential: Uuid::nil(),
            address: "203.0.113.9".to_owned(),
            opened: false,
            changes,
            further: 0,
        }
    }

    fn change(action: SftpAction, path: &str) -> SftpChange {
        SftpChange { action, path: path.to_owned(), to: None }
    }

    #[test]
    fn a_hundred_uploads_are_one_line() {
        let changes = (0..100).map(|n| change(SftpAction::Write, &format!("maps/{n}"))).collect();
        let lines = lines(&activity(changes), None);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].0, lines[0].1["paths"].as_array().unwrap().len()), ("file.upload", 100));
    }

    #[test]
    fn a_name_that_the_database_could_not_keep_is_kept_otherwise() {
        let lines = lines(&activity(vec![change(SftpAction::Write, "a\0b\n")]), None);
        assert_eq!(lines[0].1["path"], "a\u{FFFD}b\u{FFFD}");
    }

    #[test]
    fn changes_beyond_what_a_node_may_tell_are_counted() {
        let changes = (0..103).map(|n| change(SftpAction::Delete, &format!("{n}"))).collect();
        let lines = lines(&activity(changes), None);
        assert_eq!(lines[1], ("sftp.further", Map::from_iter([("changes".to_owned(), json!(3))])));
    }

    #[test]
    fn every_kind_of_change_has_its_line_and_one_change_the_shape_that_the_panel_gives_it() {
        let changes =
            ACTIONS.into_iter().map(|kind| SftpChange { to: Some("b".to_owned()), ..change(kind, "a") });
        let lines = lines(&SftpActivity { opened: true, ..activity(changes.collect()) }, Some("laptop"));
        let lines: Vec<String> =
            lines.into_iter().map(|(action, about)| format!("{action} {}", Value::from(about))).collect();
        assert_eq!(
            lines,
            [
                r#"sftp.open {"credential":"laptop"}"#,
                r#"file.directory {"path":"a"}"#,
                r#"file.upload {"path":"a"}"#,
                r#"file.link {"path":"a"}"#,
                r#"file.rename {"from":"a","to":"b"}"#,
                r#"file.attributes {"path":"a"}"#,
                r#"file.delete {"paths":["a"]}"#,
            ]
        );
    }

    #[test]
    fn an_address_is_kept_with_or_without_its_port() {
        for text in ["2001:db8::7", "[2001:db8::7]:50022"] {
            assert_eq!(address(text), Some("2001:db8::7".parse().unwrap()));
        }
        assert_eq!(address("nowhere"), None);
    }
}
