//! Somebody who joins a Teeworlds server, as far as the server can tell. Sources: `engine/shared/network.h` and
//! `engine/shared/protocol.h` of Teeworlds 0.7.

use tokio::net::UdpSocket;

/// Ours; the server's comes with its answer.
const TOKEN: &[u8; 4] = b"test";
const CONTROL: u8 = 0x04;
const CONNECT: u8 = 1;
const CLOSE: u8 = 4;
const ASK_FOR_TOKEN: u8 = 5;
/// What a client of the packaged version says of itself.
const VERSION: &[u8] = b"0.7 802f1be60a05665f\0";
/// Messages of the system have the lowest bit set.
const INFO: u8 = 1 << 1 | 1;
const READY: u8 = 18 << 1 | 1;
const ENTER_GAME: u8 = 19 << 1 | 1;
const START_INFO: u8 = 27 << 1;

/// Joins under this name, and again whenever the server closes the connection: it does so after a while, because nothing
/// that it sends is ever acknowledged.
pub(crate) async fn visit(port: u16, name: &str) {
    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(("127.0.0.1", port)).await.unwrap();
        join(&socket, name).await;
        let mut packet = [0; 2048];
        loop {
            socket.recv(&mut packet).await.unwrap();
            if packet[0] == CONTROL && packet[7] == CLOSE {
                break;
            }
        }
    }
}

async fn join(socket: &UdpSocket, name: &str) {
    let mut packet = [0; 2048];
    socket.send(&control(b"\xff\xff\xff\xff", ASK_FOR_TOKEN)).await.unwrap();
    socket.recv(&mut packet).await.unwrap();
    let theirs: [u8; 4] = packet[8..12].try_into().unwrap();
    socket.send(&control(&theirs, CONNECT)).await.unwrap();
    socket.recv(&mut packet).await.unwrap();

    // No password, version 0x0705 as a packed number.
    let info = [VERSION, b"\0", &[0x85, 0x1c]].concat();
    // Name, no clan, no country, six parts of a skin with their colours.
    let start = [name.as_bytes(), b"\0\0\x40", &b"standard\0".repeat(6), &[0; 12]].concat();
    let messages = [(INFO, info), (READY, vec![]), (START_INFO, start), (ENTER_GAME, vec![])];
    let mut all = [&[0, 0, messages.len() as u8], theirs.as_slice()].concat();
    for (sequence, (message, body)) in (1..).zip(messages) {
        all.extend(chunk(sequence, message, &body));
    }
    socket.send(&all).await.unwrap();
}

/// A control packet as long as the server wants it before it says anything.
fn control(to: &[u8; 4], message: u8) -> Vec<u8> {
    let mut packet = [&[CONTROL, 0, 0], to.as_slice(), &[message], TOKEN].concat();
    packet.resize(8 + 512, 0);
    packet
}

/// A message that must arrive: flag and size, sequence, then number and body.
fn chunk(sequence: u8, message: u8, body: &[u8]) -> Vec<u8> {
    let size = body.len() + 1;
    let (high, low) = ((size >> 6) as u8, (size & 0x3f) as u8);
    [&[0x40 | high, low, sequence, message], body].concat()
}
