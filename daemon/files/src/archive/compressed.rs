//! Decoders of compressed files, each with a bound on the memory that the file may ask for.
//!
//! A file names the window that its decoder must keep. Where that is more than the bound, it is refused before the memory
//! is taken. None of the decoders starts threads, which would end the worker. Files that were made one behind the other are
//! read as one, as the programs of these formats do.

use std::io::{self, BufReader, Read};

/// `xz -9` takes 65 MiB.
const XZ_MEMORY_KIB: u32 = 128 << 10;
/// The logarithm of 128 MiB, and as far as `zstd` goes without being told.
const ZSTD_WINDOW_LOG: u32 = 27;

pub(super) fn xz(from: impl Read) -> impl Read {
    lzma_rust2::XzReader::new_mem_limit(BufReader::new(from), true, XZ_MEMORY_KIB)
}

/// Its format has no window larger than 900 kB.
pub(super) fn bz2(from: impl Read) -> impl Read {
    bzip2::read::MultiBzDecoder::new(from)
}

pub(super) fn zst(from: impl Read) -> io::Result<impl Read> {
    let mut decoder = zstd::stream::read::Decoder::new(from)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}
