//! Bytes on their way, for as long as whoever moves them may: a right or a session that ends, ends them.

use crate::{App, OpCtx, error::AppError, rights::RightsNews, standing::Standing, transfers::Transfer};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use gantry_nodes::{BodyError, BodyStream};
use gantry_types::{ServerId, permission::Permission};
use std::sync::{Arc, Mutex, PoisonError};

impl App {
    /// Watches whether the caller still may, from the moment in which `news` began.
    pub(crate) fn watch(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        right: Permission,
        news: RightsNews,
        place: Transfer,
    ) -> Watch {
        let standing = Standing::new(self, ctx, server, right, news);
        Watch { standing, ending: Ending::default(), _place: place }
    }
}

/// Who moves bytes, and whether they still may.
pub(crate) struct Watch {
    standing: Standing,
    ending: Ending,
    /// Given back when the bytes have ended.
    _place: Transfer,
}

/// Why bytes were ended from here, if they were.
#[derive(Clone, Default)]
pub(crate) struct Ending(Arc<Mutex<Option<AppError>>>);

impl Ending {
    fn note(&self, why: AppError) -> BodyError {
        let text = why.to_string();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        text.into()
    }

    pub(crate) fn why(&self) -> Option<AppError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Watch {
    /// Tells afterwards why they were ended, if it was from here.
    pub(crate) fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// The same bytes, until the session or the right is gone.
    pub(crate) fn guard(
        self,
        content: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
    ) -> BodyStream {
        stream::try_unfold((self, content.boxed()), |(mut watch, mut content)| async move {
            loop {
                tokio::select! {
                    biased;
                    () = watch.standing.doubt() => {
                        watch.standing.ask().await.map_err(|why| watch.ending.note(why))?;
                    }
                    piece = content.next() => {
                        return Ok(piece.transpose()?.map(|piece| (piece, (watch, content))));
                    }
                }
            }
        })
        .boxed()
    }
}
