//! Clients that break the rules: of SSH, of SFTP, and of good company.

use crate::{
    house::{ALICE, House, PASSWORD, PATIENCE},
    raw::{Raw, read_body, reply, request, string},
};
use gantry_protocol::SftpAction;
use gantry_sftp::limits;
use russh::{Channel, ChannelMsg, client::Msg};
use std::time::Duration;

/// `SSH_FX_…`
const EOF: u32 = 1;
const PERMISSION_DENIED: u32 = 3;
const FAILURE: u32 = 4;
const BAD_MESSAGE: u32 = 5;
const UNSUPPORTED: u32 = 8;
/// `SSH_FXF_…`
const READ: u32 = 1;
const WRITE: u32 = 2;
const APPEND: u32 = 4;
const CREATE: u32 = 8;
const TRUNCATE: u32 = 16;
const EXCLUDE: u32 = 32;

async fn is_refused(channel: &mut Channel<Msg>, what: &str) {
    let said = reply(channel).await;
    assert!(matches!(said, Some(ChannelMsg::Failure)), "{what}: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_not_sftp_is_refused() {
    let house = House::new().await;
    let ssh = Raw::login(&house).await;
    let mut channel = ssh.channel_open_session().await.unwrap();
    channel.exec(true, "id").await.unwrap();
    is_refused(&mut channel, "exec").await;
    channel.request_shell(true).await.unwrap();
    is_refused(&mut channel, "shell").await;
    channel.request_pty(true, "xterm", 80, 24, 0, 0, &[]).await.unwrap();
    is_refused(&mut channel, "pty").await;
    channel.set_env(true, "LD_PRELOAD", "x").await.unwrap();
    is_refused(&mut channel, "env").await;
    channel.request_x11(true, false, "MIT-MAGIC-COOKIE-1", "00", 0).await.unwrap();
    is_refused(&mut channel, "x11").await;
    channel.agent_forward(true).await.unwrap();
    is_refused(&mut channel, "agent").await;
    channel.request_subsystem(true, "netconf").await.unwrap();
    is_refused(&mut channel, "another subsystem").await;
    assert!(ssh.channel_open_direct_tcpip("127.0.0.1", 22, "127.0.0.1", 1).await.is_err());
    assert!(ssh.channel_open_direct_streamlocal("/var/run/docker.sock").await.is_err());
    assert!(ssh.tcpip_forward("127.0.0.1", 0).await.is_err());
    assert!(ssh.streamlocal_forward("/tmp/forwarded").await.is_err());
    // What is left of the connection still does what it is for, once per channel.
    channel.request_subsystem(true, "sftp").await.unwrap();
    assert!(matches!(reply(&mut channel).await, Some(ChannelMsg::Success)));
    channel.request_subsystem(true, "sftp").await.unwrap();
    is_refused(&mut channel, "a second subsystem").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_four_channels_and_a_closed_one_makes_room() {
    let house = House::new().await;
    let ssh = Raw::login(&house).await;
    let mut channels = Vec::new();
    for _ in 0..limits::CHANNELS {
        let mut channel = ssh.channel_open_session().await.unwrap();
        channel.request_subsystem(true, "sftp").await.unwrap();
        assert!(matches!(reply(&mut channel).await, Some(ChannelMsg::Success)));
        channels.push(channel);
    }
    assert!(ssh.channel_open_session().await.is_err());
    let mut one = channels.pop().unwrap();
    one.eof().await.unwrap();
    let ended = async { while one.wait().await.is_some_and(|said| !matches!(said, ChannelMsg::Close)) {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert!(ssh.channel_open_session().await.is_ok());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_over_long_packet_ends_the_connection() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    raw.send(&[0xff; 64]).await;
    raw.ends_within(Duration::from_secs(3)).await;
    let mut raw = Raw::enter(&house).await;
    let length = u32::try_from(limits::MAX_PACKET + 1).unwrap();
    raw.send(&length.to_be_bytes()).await;
    raw.ends_within(Duration::from_secs(3)).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_packet_that_cannot_be_read_ends_the_connection() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    assert_eq!(raw.ask_raw(77, b"").await.code(), BAD_MESSAGE);
    assert_eq!(raw.ask_raw(3, &[0xff; 8]).await.code(), BAD_MESSAGE);
    assert_eq!(raw.ask(16, &[b"."]).await.kind, 104);
    raw.send(&request(6, 9, &[0xff; 8])).await;
    raw.ends_within(Duration::from_secs(3)).await;
    // So do requests before the first packet, and a megabyte of nothing.
    let mut raw = Raw::silent(&house).await;
    for id in 0..3 {
        raw.send(&request(16, id, &string(b"."))).await;
    }
    raw.ends_within(Duration::from_secs(3)).await;
    let mut raw = Raw::enter(&house).await;
    // As much as may come before anybody says that there is room for more. The end may come before its end.
    let nothing = vec![0; 1 << 20];
    raw.channel.data(&nothing[..]).await.ok();
    raw.ends_within(Duration::from_secs(5)).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_are_bounded_and_come_back() {
    let house = House::new().await;
    std::fs::write(house.root.join("file"), "content").unwrap();
    let mut raw = Raw::enter(&house).await;
    let mut handles = Vec::new();
    for number in 0..limits::HANDLES {
        let opened = if number % 2 == 0 { raw.open("file", READ).await } else { raw.ask(11, &[b"/"]).await };
        handles.push(opened.bytes());
    }
    for refused in [raw.open("file", READ).await, raw.ask(11, &[b"/"]).await] {
        assert_eq!((refused.code(), refused.sentence().as_str()), (FAILURE, "Too many files are open."));
    }
    assert_eq!(raw.ask(4, &[&handles[0]]).await.code(), 0);
    assert_eq!(raw.read(&handles[0], 0, 9).await.code(), FAILURE);
    let again = raw.open("file", READ).await.bytes();
    assert_eq!(&raw.read(&again, 3, 4).await.bytes()[..], b"tent");
    assert_eq!(raw.read(&again, 7, 4).await.code(), EOF);
    // What is no handle, or one of another kind, or another channel's, is none.
    for none in [&b""[..], b"\xff\xff\xff\xff", b"12345678", &handles[1]] {
        assert_eq!(raw.read(none, 0, 9).await.code(), FAILURE);
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_nonsense_are_refused_and_harm_nobody() {
    let house = House::new().await;
    house.quota.limit(Some(1 << 20));
    std::fs::write(house.root.join("file"), "content").unwrap();
    let mut raw = Raw::enter(&house).await;
    for path in [&b"a\0b"[..], &[b'x'; 300], &b"x/".repeat(3_000)] {
        assert_eq!(raw.ask(17, &[path]).await.code(), FAILURE);
    }
    assert_eq!(raw.open("file", 0).await.code(), FAILURE);
    assert_eq!(raw.open("file", WRITE | CREATE | EXCLUDE).await.code(), FAILURE);
    let written = raw.open("file", WRITE).await.bytes();
    assert_eq!(raw.read(&written, 0, 9).await.code(), PERMISSION_DENIED);
    // Far beyond the end there is no room, and beyond all numbers nothing.
    assert_eq!(raw.write(&written, 1 << 40, b"x").await.code(), FAILURE);
    assert_eq!(raw.write(&written, u64::MAX, b"x").await.code(), FAILURE);
    let size = |bytes: u64| [&1_u32.to_be_bytes()[..], &bytes.to_be_bytes()].concat();
    assert_eq!(raw.ask_raw(9, &[string(b"file"), size(1 << 40)].concat()).await.code(), FAILURE);
    assert_eq!(raw.ask_raw(10, &[string(&written), size(u64::MAX)].concat()).await.code(), FAILURE);
    let read = raw.open("file", READ).await.bytes();
    assert_eq!(raw.write(&read, 0, b"x").await.code(), PERMISSION_DENIED);
    assert_eq!(raw.ask_raw(10, &[string(&read), size(0)].concat()).await.code(), PERMISSION_DENIED);
    let owner = [&2_u32.to_be_bytes()[..], &[0; 8]].concat();
    let owned = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(house.root.join("file")).unwrap());
    let chowned = raw.ask_raw(9, &[string(b"file"), owner].concat()).await.code();
    assert_eq!(chowned, if owned == 0 { 0 } else { PERMISSION_DENIED });
    let other = [&2_u32.to_be_bytes()[..], &[0, 0, 0, 77, 0, 0, 0, 77]].concat();
    assert_eq!(raw.ask_raw(9, &[string(b"file"), other].concat()).await.code(), PERMISSION_DENIED);
    assert_eq!(raw.ask(200, &[b"hardlink@openssh.com", b"file", b"hard"]).await.code(), UNSUPPORTED);
    assert_eq!(raw.ask(13, &[b"/"]).await.code(), FAILURE);
    assert_eq!(raw.ask(15, &[b"/"]).await.code(), FAILURE);
    assert_eq!(raw.ask(18, &[b"/", b"/x"]).await.code(), FAILURE);
    assert_eq!(house.content("file"), "content");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_the_server_is_closed_is_told_with_the_refusal() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("file", WRITE | CREATE).await.bytes();
    *house.closed.lock().unwrap() = Some("The server is being installed.".to_owned());
    let refused = raw.write(&handle, 0, b"x").await;
    let told = (PERMISSION_DENIED, "The server is being installed.".to_owned());
    assert_eq!((refused.code(), refused.sentence()), told);
    *house.closed.lock().unwrap() = None;
    assert_eq!(raw.write(&handle, 0, b"x").await.code(), 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bits_that_are_changed_through_a_file_that_is_only_read_are_told_as_well() {
    let mut house = House::new().await;
    std::fs::write(house.root.join("file"), "content").unwrap();
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("file", READ).await.bytes();
    let bits = [&4_u32.to_be_bytes()[..], &0o600_u32.to_be_bytes()].concat();
    assert_eq!(raw.ask_raw(10, &[string(&handle), bits].concat()).await.code(), 0);
    assert!(house.next_told().await.opened);
    drop(raw);
    let changes = house.next_told().await.changes;
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].action, changes[0].path.as_str()), (SftpAction::SetAttributes, "file"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_finds_no_room_leaves_all_before_it_as_it_was() {
    let house = House::new().await;
    house.quota.limit(Some(1 << 20));
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("log", WRITE | CREATE | TRUNCATE).await.bytes();
    let piece = vec![b'x'; 200 << 10];
    let mut written = 0_u64;
    let refused = loop {
        let answer = raw.write(&handle, written, &piece).await;
        if answer.code() != 0 {
            break answer;
        }
        written += piece.len() as u64;
    };
    assert_eq!(refused.code(), FAILURE);
    assert_eq!(refused.sentence(), "The server may hold 1 MiB, which leaves no room for this.");
    assert!(written >= 800 << 10);
    assert_eq!(std::fs::metadata(house.root.join("log")).unwrap().len(), written);
    // In place there is still room, at the end there is not.
    assert_eq!(raw.write(&handle, 0, b"changed").await.code(), 0);
    let append = raw.open("log", WRITE | APPEND).await.bytes();
    assert_eq!(raw.write(&append, 0, &piece).await.code(), FAILURE);
    assert_eq!(raw.write(&append, 0, b"end").await.code(), 0);
    let content = house.content("log");
    assert!(content.starts_with("changedx") && content.ends_with("xend"));
    // Holes are not free.
    let size = [&1_u32.to_be_bytes()[..], &0_u64.to_be_bytes()].concat();
    assert_eq!(raw.ask_raw(10, &[string(&handle), size].concat()).await.code(), 0);
    let sparse = std::fs::File::create(house.root.join("sparse")).unwrap();
    sparse.set_len(1 << 30).unwrap();
    let holes = raw.open("sparse", WRITE).await.bytes();
    let mut filled = 0_u64;
    while raw.write(&holes, filled * 2, &piece).await.code() == 0 {
        filled += piece.len() as u64;
        assert!(filled <= 1 << 20, "holes take no room");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_large_answers_that_wait_for_each_other_all_come() {
    let house = House::new().await;
    let bytes: Vec<u8> = (0..16 << 20).map(|at: u32| (at >> 10) as u8).collect();
    std::fs::write(house.root.join("large"), &bytes).unwrap();
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("/large", READ).await.bytes();
    let piece = limits::MAX_DATA;
    let asked = 64_u32;
    let requests: Vec<u8> = (0..asked)
        .flat_map(|id| request(5, id, &read_body(&handle, u64::from(id * piece), 256 << 10)))
        .collect();
    raw.send(&requests).await;
    for id in 0..asked {
        let answer = raw.receive().await.unwrap();
        assert_eq!(answer.id, id);
        let start = (id * piece) as usize;
        let end = (start + piece as usize).min(bytes.len());
        assert!(answer.bytes() == bytes[start..end], "answer {id}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_large_writes_under_way_at_once_are_all_done() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("/large", WRITE | CREATE).await.bytes();
    let (piece, asked) = (limits::MAX_DATA, 64_u32);
    let data = vec![7; piece as usize];
    let write = |id: u32| {
        let position = u64::from(id * piece).to_be_bytes().to_vec();
        request(6, id, &[string(&handle), position, string(&data)].concat())
    };
    raw.send(&(0..asked).flat_map(write).collect::<Vec<u8>>()).await;
    for id in 0..asked {
        let answer = raw.receive().await.expect("the connection lasts");
        assert_eq!((answer.id, answer.code()), (id, 0));
    }
    let length = std::fs::metadata(house.root.join("large")).unwrap().len();
    assert_eq!(length, u64::from(asked * piece));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_in_the_order_of_what_was_asked_whatever_it_was() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("file", READ | WRITE | CREATE).await.bytes();
    let write = |id, position: u64, data: &[u8]| {
        request(6, id, &[string(&handle), position.to_be_bytes().to_vec(), string(data)].concat())
    };
    let requests = [
        write(1, 0, b"first"),
        request(5, 2, &read_body(&handle, 0, 9)),
        write(3, 0, b"FIRST"),
        request(77, 4, b""),
        request(5, 5, &read_body(&handle, 0, 9)),
        request(4, 6, &string(&handle)),
        request(5, 7, &read_body(&handle, 0, 9)),
    ];
    raw.send(&requests.concat()).await;
    let mut answers = Vec::new();
    for _ in 0..requests.len() {
        answers.push(raw.receive().await.unwrap());
    }
    let ids: Vec<_> = answers.iter().map(|answer| answer.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((&answers[1].bytes()[..], &answers[4].bytes()[..]), (&b"first"[..], &b"FIRST"[..]));
    assert_eq!((answers[3].code(), answers[6].code()), (BAD_MESSAGE, FAILURE));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_more_than_they_take_does_not_stop_others() {
    let house = House::new().await;
    std::fs::write(house.root.join("large"), vec![b'x'; 4 << 20]).unwrap();
    let mut greedy = Raw::enter(&house).await;
    let handle = greedy.open("large", READ).await.bytes();
    // It never takes an answer: what it sends stops being read, or the connection ends.
    let flood = tokio::spawn(async move {
        for id in 0..200_000_u32 {
            let asked = request(5, id, &read_body(&handle, 0, 256 << 10));
            if greedy.channel.data(&asked[..]).await.is_err() {
                break;
            }
        }
    });
    let mut other = Raw::enter(&house).await;
    let handle = other.open("large", READ).await.bytes();
    for _ in 0..20 {
        assert_eq!(other.read(&handle, 0, 1_000).await.bytes().len(), 1_000);
    }
    flood.abort();
    let (text, well) = house.sftp(ALICE, crate::house::Way::Password(PASSWORD), "ls\n").await;
    assert!(well, "{text}");
    house.stop().await;
}
