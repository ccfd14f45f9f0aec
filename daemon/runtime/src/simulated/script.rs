//! What a simulated process prints and how long it takes for things.

use std::{fmt, sync::Arc, time::Duration};

/// Something that takes as long as the script says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// One of the three steps of getting an image.
    ImageStep,
    /// From the request to the running process.
    Start,
    /// From the banner to the line that says that it is ready.
    Ready,
    /// From a command to its echo.
    Answer,
    /// From the wish to stop to the end.
    Stop,
}

/// What processes do. The default takes no time for anything.
#[derive(Clone)]
pub struct Script {
    pub banner: Vec<String>,
    pub ready: String,
    delay: Arc<dyn Fn(Moment) -> Duration + Send + Sync>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            banner: vec!["Simulated server".to_owned(), "Loading world".to_owned()],
            ready: "Ready for players".to_owned(),
            delay: Arc::new(|_| Duration::ZERO),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("banner", &self.banner)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}

impl Script {
    /// The same script with delays.
    #[must_use]
    pub fn delayed(self, delay: impl Fn(Moment) -> Duration + Send + Sync + 'static) -> Self {
        Self { delay: Arc::new(delay), ..self }
    }

    pub(super) async fn pause(&self, moment: Moment) {
        let delay = (self.delay)(moment);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }
}
