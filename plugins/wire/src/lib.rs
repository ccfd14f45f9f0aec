//! Protocols that several first-party games speak, so that each is written once; and how their publishers are asked.
//!
//! What comes from a game may come from a stranger: nothing here panics, and nothing waits or grows without end. Each
//! conversation takes its transport as an argument, which is the game's endpoint in a plugin and a recording in a test.

pub mod a2s;
pub mod publishers;
pub mod quake3;
pub mod rcon;
