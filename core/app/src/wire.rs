//! Messages of the daemon that reach the outside as they are.

pub use gantry_protocol::{
    ConsoleLine, ConsolePage, ConsoleSource, EnrollRequest, EnrollResponse, FileEntry, FileKind, FileListing,
    FileOutcome, FileSaved, MAX_UPLOAD, NodeReport, SystemReport,
};
