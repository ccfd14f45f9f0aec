//! The console as people see it.

use crate::daemon::{Daemon, PATIENCE};
use axum::http::StatusCode;
use futures_util::StreamExt;
use gantry_protocol::{ConsoleLine, ConsoleSource};
use gantry_types::{operation::OperationKind as Kind, server::Desired};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_shown_with_its_author_and_answered() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let path = format!("/v1/servers/{}/console/live", server.id);
    let mut live = daemon.stream::<ConsoleLine>(&path).await;
    assert_eq!(daemon.command(server.id, "hello there").await, StatusCode::NO_CONTENT);
    let mut lines = vec![];
    let read = async {
        while lines.len() < 2 {
            lines.extend(live.next().await.filter(|line| line.source != ConsoleSource::Gantry));
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap();
    let shown: Vec<_> = lines.iter().map(|line| (line.source, line.text.as_str())).collect();
    assert_eq!(shown, [(ConsoleSource::Command, "[ann] hello there"), (ConsoleSource::Game, "hello there")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_refused_where_nothing_runs_and_when_they_are_no_single_line() {
    let mut daemon = Daemon::start().await;
    let server = daemon.server(Desired::Stopped, Kind::Install);
    daemon.put(&server).await.unwrap();
    assert_eq!(daemon.command(server.id, "hello").await, StatusCode::CONFLICT);
    assert_eq!(daemon.command(server.id, "two\nlines").await, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_reaches_back_beyond_memory_and_pages_fit_together() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    daemon.command(server.id, "flood 5000").await;
    let last = loop {
        let page = daemon.page(server.id, "?limit=5").await;
        if page.lines.iter().any(|line| line.text == "flood 4999") {
            break page.next_seq - 1;
        }
        tokio::task::yield_now().await;
    };
    let mut after = 0;
    let mut count = 0;
    while after < last {
        let page = daemon.page(server.id, &format!("?after={after}&limit=700")).await;
        assert_eq!(page.first_seq, 1);
        for line in &page.lines {
            assert_eq!(line.seq, after + 1);
            after = line.seq;
            count += 1;
        }
    }
    assert!(count > 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_fell_behind_is_told_so_and_goes_on() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let before = daemon.page(server.id, "?limit=1").await.next_seq - 1;
    daemon.command(server.id, "flood 5000").await;
    daemon.line(server.id, "flood 4999").await;
    let path = format!("/v1/servers/{}/console/live?after={before}", server.id);
    let mut live = daemon.stream::<ConsoleLine>(&path).await;
    let mark = tokio::time::timeout(PATIENCE, live.next()).await.unwrap().unwrap();
    assert_eq!(mark.source, ConsoleSource::Gantry);
    assert!(mark.text.contains("lines are not shown"), "{}", mark.text);
    let next = live.next().await.unwrap();
    assert_eq!(next.seq, mark.seq + 1);
}
