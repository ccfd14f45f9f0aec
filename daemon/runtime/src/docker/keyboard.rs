//! What a person's keyboard sends to a terminal.
//!
//! The key Enter is a carriage return. A terminal makes a line's end of it for programs that read lines, while those that
//! edit the line themselves wait for the key: given a line's end they would never run a command.

use super::logs::Input;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;

/// The input of a terminal, written to as if it read lines.
pub(super) struct Keyboard(pub(super) Input);

impl AsyncWrite for Keyboard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let keys: Vec<u8> = bytes.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect();
        self.0.as_mut().poll_write(context, &keys)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(context)
    }
}
