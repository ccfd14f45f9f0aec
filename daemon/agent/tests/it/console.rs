//! The console as people see it.

use crate::daemon::{Daemon, PATIENCE};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use gantry_agent::console::{Console, PAGE_LINES};
use gantry_protocol::{ConsoleLine, ConsoleSource};
use gantry_types::{operation::OperationKind as Kind, server::Desired};
use std::path::Path;

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
    for text in ["two\nlines", "two\rlines", "two\u{2028}lines", "two\u{85}lines", "red \u{1b}[31m"] {
        assert_eq!(daemon.command(server.id, text).await, StatusCode::BAD_REQUEST, "{text:?}");
    }
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

/// Prints so many lines of two kilobytes: the log's files hold more of them than the memory.
fn print(console: &Console, count: u64) {
    let text = "x".repeat(2_000);
    for _ in 0..count {
        console.output(vec![(Utc::now(), text.clone())]);
    }
}

/// All that the console has, by pages, as a reader fetches it.
fn history(console: &Console) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut after = 0;
    loop {
        let page = console.page(Some(after), PAGE_LINES).unwrap();
        let Some(last) = page.lines.last() else { return numbers };
        after = last.seq;
        numbers.extend(page.lines.iter().map(|line| line.seq));
    }
}

fn bytes_in(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn the_log_is_set_aside_across_restarts_and_its_numbers_have_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let mut printed = 0;
    // Each time another daemon; the file is set aside in the second and in the fourth of them.
    for _ in 0..5 {
        let console = Console::open(directory.path()).unwrap();
        assert_eq!(console.next_seq(), printed + 1);
        print(&console, 2_500);
        printed += 2_500;
        let (kept, page) = (history(&console), console.page(Some(0), 1).unwrap());
        assert_eq!(kept, (page.first_seq..=printed).collect::<Vec<_>>());
        assert!(kept.len() >= 2_500, "{} lines are few", kept.len());
        assert!(bytes_in(directory.path()) < 20 << 20, "two files of 8 MiB and what was written at once");
    }
    assert!(history(&Console::open(directory.path()).unwrap())[0] > 1, "the oldest are gone");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn a_reader_of_history_misses_nothing_while_the_log_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let console = Console::open(directory.path()).unwrap();
    print(&console, 5_000);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| print(&console, 20_000));
        let mut after = 0;
        while !writing.is_finished() {
            let page = console.page(Some(after), PAGE_LINES).unwrap();
            let numbers: Vec<_> = page.lines.iter().map(|line| line.seq).collect();
            let first = page.first_seq.max(after + 1);
            assert_eq!(numbers, (first..first + numbers.len() as u64).collect::<Vec<_>>());
            // From the end of what there was, back to its beginning.
            after = numbers.last().copied().filter(|last| last + 1 < page.next_seq).unwrap_or(0);
        }
    });
}

#[test]
fn a_line_that_a_killed_daemon_left_torn_costs_itself_alone() {
    let directory = tempfile::tempdir().unwrap();
    let say = |console: &Console, text: &str| console.say(Utc::now(), text);
    let console = Console::open(directory.path()).unwrap();
    say(&console, "whole");
    say(&console, "torn");
    drop(console);
    let path = directory.path().join("console.log");
    let written = std::fs::read(&path).unwrap();
    std::fs::write(&path, &written[..written.len() - 9]).unwrap();
    say(&Console::open(directory.path()).unwrap(), "after");
    let page = Console::open(directory.path()).unwrap().page(Some(0), 10).unwrap();
    let texts: Vec<_> = page.lines.iter().map(|line| (line.seq, line.text.as_str())).collect();
    assert_eq!(texts, [(1, "whole"), (2, "after")]);
}

#[test]
fn a_terminals_echo_of_a_command_is_not_shown_again_and_nothing_else_is_swallowed() {
    let console = Console::detached();
    let at: DateTime<Utc> = Utc::now();
    let output = |lines: &[&str]| console.output(lines.iter().map(|line| (at, (*line).to_owned())).collect());
    console.command(at, "ann", "say hi", true);
    console.command(at, "bob", "list", true);
    assert_eq!(
        output(&["\u{1b}[K> say hi\r", "<ann> hi", "list", "2 players", "say hi"]),
        ["<ann> hi", "2 players", "say hi"]
    );
    // Without a terminal nothing is echoed: what the game prints is its own.
    console.command(at, "ann", "say hi", false);
    assert_eq!(output(&["say hi"]), ["say hi"]);
    let shown = console.page(Some(0), 10).unwrap();
    let texts: Vec<_> = shown.lines.iter().map(|line| line.text.as_str()).collect();
    let expected =
        ["[ann] say hi", "[bob] list", "<ann> hi", "2 players", "say hi", "[ann] say hi", "say hi"];
    assert_eq!(texts, expected);
}
