//! Somebody who joins a Quake 3 server, as far as the server can tell: it gives them a slot and lists them to others.
//!
//! The handshake is four datagrams; the third is packed by a Huffman code that grows with what it packs (FGK), and both
//! sides have to grow it alike, node by node. Sources: `SV_GetChallenge`, `SV_DirectConnect`, `SVC_Status` and
//! `qcommon/huffman.c` of ioquake3.

use crate::shell::Result;
use std::{
    io::ErrorKind,
    net::UdpSocket,
    thread,
    time::{Duration, Instant},
};

const NAME: &str = "Grace";
/// What precedes every datagram that belongs to no connection.
const OUT_OF_BAND: &[u8] = b"\xff\xff\xff\xff";
/// A server still loading its map drops what it is asked, and one whose container is not there yet refuses it at once.
const PATIENCE: Duration = Duration::from_secs(60);
const ANSWER_TIME: Duration = Duration::from_secs(2);
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(250);

/// Joins the game at an address and answers what it says of its players then: `score ping "name"` each.
pub fn join(address: &str) -> Result<Vec<String>> {
    let server = Server::at(address)?;
    let info = server.ask(b"getinfo", b"infoResponse")?;
    let (game, protocol) = (value_of(&info, "gamename")?, value_of(&info, "protocol")?);
    let challenge = server.ask(format!("getchallenge 1 {game}").as_bytes(), b"challengeResponse")?;
    let challenge = challenge.split_whitespace().next().ok_or("a challenge without a number")?;
    let person = format!(
        "\"\\protocol\\{protocol}\\qport\\1\\challenge\\{challenge}\\name\\{NAME}\\cl_guid\\{:032X}\"",
        std::process::id()
    );
    server.ask(&[b"connect ", Packed::of(person.as_bytes()).as_slice()].concat(), b"connectResponse")?;
    let status = server.ask(b"getstatus", b"statusResponse")?;
    let players: Vec<String> = status.trim().lines().skip(1).map(str::to_owned).collect();
    if players.iter().any(|player| player.ends_with(&format!("\"{NAME}\""))) {
        return Ok(players);
    }
    Err(format!("the game at {address} took {NAME} in, yet its players are {players:?}").into())
}

struct Server {
    socket: UdpSocket,
    address: String,
}

impl Server {
    fn at(address: &str) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(address)?;
        socket.set_read_timeout(Some(ANSWER_TIME))?;
        Ok(Self { socket, address: address.to_owned() })
    }

    /// What follows the expected word in the answer.
    fn ask(&self, question: &[u8], expected: &[u8]) -> Result<String> {
        let mut answer = [0; 4096];
        let mut last = String::from("nothing");
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let sent = self.socket.send(&[OUT_OF_BAND, question].concat());
            let length = match sent.and_then(|_| self.socket.recv(&mut answer)) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    last = error.to_string();
                    thread::sleep(PAUSE_AFTER_REFUSAL);
                    continue;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
                Err(error) => return Err(error.into()),
            };
            let answer = answer[..length].strip_prefix(OUT_OF_BAND).unwrap_or(&answer[..length]);
            if let Some(rest) = answer.strip_prefix(expected) {
                return Ok(String::from_utf8_lossy(rest).into_owned());
            }
            last = String::from_utf8_lossy(answer).into_owned();
        }
        let question =
            String::from_utf8_lossy(question.split(|byte| *byte == b' ').next().unwrap_or(question));
        Err(format!("the game at {} answered {question} with {last}", self.address).into())
    }
}

/// One of the `\key\value` pairs that a server says of itself.
fn value_of<'a>(info: &'a str, key: &str) -> Result<&'a str> {
    let mut parts = info.trim().trim_start_matches('\\').split('\\');
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        if name == key {
            return Ok(value);
        }
    }
    Err(format!("the game does not say its {key}: {info}").into())
}

/// A node of the code's tree; the root has no parent, a leaf no children.
struct Node {
    weight: u32,
    parent: Option<usize>,
    children: Option<[usize; 2]>,
}

/// Bytes being packed.
struct Packed {
    nodes: Vec<Node>,
    /// All nodes by rank: weights never fall, and of equal ones the last is exchanged for the one that grows.
    ranks: Vec<usize>,
    leaves: [Option<usize>; 256],
    bytes: Vec<u8>,
    bits: usize,
}

/// The leaf that stands for every byte not met yet.
const NOT_MET: usize = 0;

impl Packed {
    /// The length in two bytes, then the code.
    fn of(plain: &[u8]) -> Vec<u8> {
        let nothing = Node { weight: 0, parent: None, children: None };
        let length = u16::try_from(plain.len()).expect("one datagram's worth").to_be_bytes().to_vec();
        let mut packed = Self {
            nodes: vec![nothing],
            ranks: vec![NOT_MET],
            leaves: [None; 256],
            bits: 8 * length.len(),
            bytes: length,
        };
        for byte in plain {
            packed.push(*byte);
        }
        packed.bytes
    }

    fn push(&mut self, byte: u8) {
        let known = self.leaves[usize::from(byte)];
        self.path_to(known.unwrap_or(NOT_MET));
        if let Some(leaf) = known {
            self.grow(leaf);
        } else {
            (0..8).rev().for_each(|bit| self.bit(byte >> bit & 1 == 1));
            self.meet(byte);
        }
    }

    fn path_to(&mut self, node: usize) {
        let Some(parent) = self.nodes[node].parent else { return };
        self.path_to(parent);
        self.bit(self.nodes[parent].children.is_some_and(|[_, right]| right == node));
    }

    fn bit(&mut self, bit: bool) {
        if self.bits.is_multiple_of(8) {
            self.bytes.push(0);
        }
        self.bytes[self.bits / 8] |= u8::from(bit) << (self.bits % 8);
        self.bits += 1;
    }

    /// A new leaf beside the one of the unmet, under a new node that takes the latter's place.
    fn meet(&mut self, byte: u8) {
        let (leaf, above) = (self.nodes.len(), self.nodes.len() + 1);
        let grandparent = self.nodes[NOT_MET].parent;
        self.nodes.push(Node { weight: 1, parent: Some(above), children: None });
        self.nodes.push(Node { weight: 1, parent: grandparent, children: Some([NOT_MET, leaf]) });
        self.nodes[NOT_MET].parent = Some(above);
        self.replace_child(grandparent, NOT_MET, above);
        self.ranks.splice(1..1, [leaf, above]);
        self.leaves[usize::from(byte)] = Some(leaf);
        if let Some(grandparent) = grandparent {
            self.grow(grandparent);
        }
    }

    fn grow(&mut self, node: usize) {
        let (rank, weight, parent) = (self.rank(node), self.nodes[node].weight, self.nodes[node].parent);
        let alike =
            self.ranks[rank..].iter().take_while(|other| self.nodes[**other].weight == weight).count();
        let last = self.ranks[rank + alike - 1];
        if last != node {
            if Some(last) != parent {
                self.exchange(last, node);
            }
            self.ranks.swap(rank, rank + alike - 1);
        }
        self.nodes[node].weight += 1;
        let Some(parent) = self.nodes[node].parent else { return };
        self.grow(parent);
        let rank = self.rank(node);
        if rank > 0 && self.ranks[rank - 1] == parent {
            self.ranks.swap(rank - 1, rank);
        }
    }

    fn rank(&self, node: usize) -> usize {
        self.ranks.iter().position(|other| *other == node).expect("every node has a rank")
    }

    /// Two nodes take each other's places, with all that hangs below them.
    fn exchange(&mut self, one: usize, other: usize) {
        let (over_one, over_other) = (self.nodes[one].parent, self.nodes[other].parent);
        if over_one == over_other {
            // The engine's two assignments leave the first on the left, wherever it was.
            if let Some(children) = over_one.and_then(|parent| self.nodes[parent].children.as_mut()) {
                *children = [one, other];
            }
            return;
        }
        self.replace_child(over_one, one, other);
        self.replace_child(over_other, other, one);
        self.nodes[one].parent = over_other;
        self.nodes[other].parent = over_one;
    }

    fn replace_child(&mut self, parent: Option<usize>, child: usize, by: usize) {
        let children = parent.and_then(|parent| self.nodes[parent].children.as_mut());
        if let Some(place) = children.and_then(|pair| pair.iter_mut().find(|place| **place == child)) {
            *place = by;
        }
    }
}
