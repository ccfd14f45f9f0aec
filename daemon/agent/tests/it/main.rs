//! The daemon through the door that the control plane uses: its router, with simulated containers and a real plugin.

mod adoption;
mod console;
mod daemon;
mod delivery;
mod lifecycle;
mod unix_socket;
