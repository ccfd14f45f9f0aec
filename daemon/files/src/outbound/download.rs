//! A download into a jail: the file is there with the right digest, or it is not there.

use super::{OutboundClient, OutboundError, client::transport};
use crate::{
    TransferSink,
    error::FilesError,
    jail::Jail,
    path::JailPath,
    place::{Durability, Placing},
    quota::Reservation,
};
use gantry_types::plan::{Digest as Expected, DigestAlgorithm, Download};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// Permissions of a downloaded file; a plan changes them where it needs to.
const MODE: u32 = 0o644;

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    pub bytes: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// The digest that goes with every download, and the one that the plan expects.
struct Digests {
    sha256: Sha256,
    sha512: Option<Sha512>,
    sha1: Option<Sha1>,
}

impl Digests {
    fn new(expected: Option<&Expected>) -> Self {
        let wants = |algorithm| expected.is_some_and(|expected| expected.algorithm == algorithm);
        Self {
            sha256: Sha256::new(),
            sha512: wants(DigestAlgorithm::Sha512).then(Sha512::new),
            sha1: wants(DigestAlgorithm::Sha1).then(Sha1::new),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
    }

    /// SHA-256, and what is compared with the expected digest.
    fn finish(self) -> (String, String) {
        let sha256 = hex::encode(self.sha256.finalize());
        let other = self.sha512.map(|hash| hex::encode(hash.finalize()));
        let other = other.or_else(|| self.sha1.map(|hash| hex::encode(hash.finalize())));
        (sha256.clone(), other.unwrap_or(sha256))
    }
}

impl OutboundClient {
    /// Fetches a file, as far as there is room for it: what is announced is reserved before anything comes. On any error there
    /// is nothing at the path that was not there before.
    pub async fn download(
        &self,
        download: &Download,
        jail: &Jail,
        mut reservation: Reservation,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Downloaded, FilesError> {
        let path = JailPath::parse(&download.path)?;
        let placing = jail.run(move |jail| Placing::begin(jail, &path, MODE)).await?;
        let seconds = self.config.total_timeout.as_secs();
        let (downloaded, placing) = tokio::select! {
            fetched = self.fetch(download, placing, &mut reservation, progress) => fetched?,
            () = cancel.cancelled() => return Err(FilesError::Cancelled),
            () = tokio::time::sleep(self.config.total_timeout) => {
                return Err(OutboundError::TooSlow { url: download.url.clone(), seconds }.into());
            }
        };
        jail.run(move |_| placing.commit(Durability::Synced)).await?;
        reservation.settle();
        Ok(downloaded)
    }

    async fn fetch(
        &self,
        download: &Download,
        mut placing: Placing,
        reservation: &mut Reservation,
        progress: &dyn TransferSink,
    ) -> Result<(Downloaded, Placing), FilesError> {
        let url = &download.url;
        let too_large = || OutboundError::TooLarge { url: url.clone(), limit: download.max_bytes };
        let failed = |error| FilesError::io("write", &download.path, error);
        let mut answer = self.get(url, &download.hosts).await?;
        let total = answer.content_length();
        if total.is_some_and(|total| total > download.max_bytes) {
            return Err(too_large().into());
        }
        let mut reserved = total.unwrap_or(0);
        reservation.grow_by_entry(reserved)?;
        let mut file = tokio::fs::File::from_std(placing.file().try_clone().map_err(failed)?);
        let mut digests = Digests::new(download.expect.as_ref());
        let mut bytes = 0;
        while let Some(portion) = answer.chunk().await.map_err(|error| transport(url, &error))? {
            bytes += portion.len() as u64;
            if bytes > download.max_bytes {
                return Err(too_large().into());
            }
            if let Some(more) = bytes.checked_sub(reserved).filter(|more| *more > 0) {
                reservation.grow(more)?;
                reserved = bytes;
            }
            digests.update(&portion);
            file.write_all(&portion).await.map_err(failed)?;
            progress.moved(bytes, total);
        }
        file.flush().await.map_err(failed)?;
        let (sha256, actual) = digests.finish();
        if let Some(expected) = &download.expect
            && !expected.hex.eq_ignore_ascii_case(&actual)
        {
            let expected = expected.hex.clone();
            return Err(OutboundError::Digest { url: url.clone(), expected, actual }.into());
        }
        Ok((Downloaded { bytes, sha256 }, placing))
    }
}
