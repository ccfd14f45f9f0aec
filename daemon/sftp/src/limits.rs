//! Every bound of this door, by name.

use std::time::Duration;

/// The largest packet of SFTP, its length not counted: 256 KiB, and room for what stands around them.
pub const MAX_PACKET: usize = (256 << 10) + 1024;
/// Most bytes that one request reads or writes, so that an answer fits into the 256 KiB that clients take.
pub const MAX_DATA: u32 = (256 << 10) - 1024;
/// What clients are told to write at once. OpenSSH's keeps 64 requests under way: they stay below what may wait.
pub const WRITE: u32 = 64 << 10;
/// The packet that cannot be read and ends the connection.
pub const BAD_PACKETS: u32 = 3;
/// Open files and directories of one channel.
pub const HANDLES: usize = 64;
/// Open files and directories of all channels of the node.
pub const ALL_HANDLES: usize = 1_024;
/// Of these, one person's: what the channels of one connection can hold, and a fourth of all.
pub const HANDLES_PER_PERSON: usize = 256;
/// Of these, one server's: with all the people who may come to it, it leaves half to the other servers.
pub const HANDLES_PER_SERVER: usize = 512;
/// Channels of one connection.
pub const CHANNELS: usize = 4;
/// Connections at once.
pub const CONNECTIONS: usize = 128;
/// Connections at once from one address; of IPv6, from one network of 64 bits.
pub const CONNECTIONS_PER_ADDRESS: usize = 16;
/// Connections at once of one person, from wherever: file programs open ten at most.
pub const CONNECTIONS_PER_PERSON: usize = 16;
/// Connections that have not said who they are.
pub const STRANGERS: usize = 64;
/// Passwords and keys that one connection may try.
pub const ATTEMPTS: usize = 4;
/// Keys that one connection may ask about without using them, known ones included.
pub const PROBES: u32 = 16;
/// Wrong passwords and keys of one address, and how long it takes to be allowed one more.
pub const GUESSES: u32 = 20;
pub const GUESS_EVERY: Duration = Duration::from_secs(6);
/// So long an address is not let in that guessed too often.
pub const SHUT_OUT: Duration = Duration::from_secs(120);
/// Addresses whose guesses are remembered.
pub const ADDRESSES: usize = 16_384;
/// Requests of one channel that wait.
pub const WAITING: usize = 4_096;
/// Bytes of waiting requests of one connection above which its socket is not read.
pub const SOFT_BYTES: usize = 1 << 20;
/// Bytes of waiting requests of one connection above which it is closed: it asks and does not take the answers.
pub const HARD_BYTES: usize = 8 << 20;
/// So long an answer may wait to be sent before it counts as stuck.
pub const STUCK: Duration = Duration::from_millis(50);
/// What one batch of requests may read and write together.
pub const BATCH_BYTES: usize = 512 << 10;
/// Requests of one batch.
pub const BATCH: usize = 64;
/// Batches that may be at the disk at once, of all channels.
pub const AT_ONCE: usize = 32;
/// Entries of one answer to a directory being read.
pub const ENTRIES: usize = 100;
/// Requests after which a connection's keys are made anew: bytes each way, and time.
pub const REKEY_BYTES: usize = 1 << 30;
pub const REKEY_TIME: Duration = Duration::from_secs(3_600);

/// The times that tests shorten.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From being connected to being known.
    pub grace: Duration,
    /// Without a request.
    pub idle: Duration,
    /// What a wrong password or key waits for its answer.
    pub rejection: Duration,
    /// Without any byte, after which it is asked whether anybody is there; three times.
    pub keepalive: Duration,
    /// At most so often it is told what somebody does.
    pub report: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            idle: Duration::from_secs(1_800),
            rejection: Duration::from_secs(1),
            keepalive: Duration::from_secs(30),
            report: Duration::from_secs(30),
        }
    }
}
