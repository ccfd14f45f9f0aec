//! The application: one value that everything is asked of.

use crate::{
    components::Components,
    console::Consoles,
    doorbell::Doorbells,
    error::AppError,
    lend::{Denials, Internet},
    live::Live,
    lookups::Lookups,
    nodes::StoredKeys,
    rights::Rights,
    samples::{MachineBook, SampleBook},
    servers::WrittenRows,
    sessions::SessionCache,
    tabs::Renderings,
    tickets::Tickets,
    transfers::Transfers,
    turns::Turns,
    workshop::Workshop,
};
use gantry_auth::{PasswordHasher, Purpose, Token};
use gantry_host::Host;
use gantry_nodes::Links;
use gantry_store::Db;
use gantry_types::problem::Code;
use std::sync::Arc;
use tokio::sync::Notify;

/// What the application stands on.
pub struct AppOptions {
    pub db: Db,
    pub host: Host,
    /// What plugins that look something up are lent.
    pub internet: Internet,
    /// The address under which browsers and daemons reach the control plane, without a slash at its end.
    pub public_url: String,
    /// Passwords that are hashed at once.
    pub hashing_threads: usize,
}

/// All use cases. Clones are handles to the same application.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    links: Links,
    components: Components,
    internet: Internet,
    denials: Denials,
    lookups: Lookups,
    workshop: Workshop,
    hasher: PasswordHasher,
    public_url: String,
    setup_token: Token,
    sessions: SessionCache,
    tickets: Tickets,
    turns: Turns,
    transfers: Transfers,
    waiting_actions: Transfers,
    renderings: Renderings,
    rights: Rights,
    doorbells: Doorbells,
    grant_bells: Doorbells,
    hook_bell: Notify,
    samples: SampleBook,
    machines: MachineBook,
    written: WrittenRows,
    live: Live,
    consoles: Arc<Consoles>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("public_url", &self.inner.public_url).finish_non_exhaustive()
    }
}

impl App {
    /// Puts the application together. Nothing runs until [`App::run`].
    pub fn new(options: AppOptions) -> Result<Self, AppError> {
        let inner = Inner {
            links: Links::new(Arc::new(StoredKeys::new(options.db.clone()))),
            components: Components::new(options.host),
            internet: options.internet,
            denials: Denials::default(),
            lookups: Lookups::default(),
            workshop: Workshop::default(),
            db: options.db,
            hasher: PasswordHasher::new(options.hashing_threads)?,
            public_url: options.public_url.trim_end_matches('/').to_owned(),
            setup_token: Token::generate(Purpose::Setup)?,
            sessions: SessionCache::default(),
            tickets: Tickets::default(),
            turns: Turns::default(),
            transfers: Transfers::of_files(),
            waiting_actions: Transfers::of_actions(),
            renderings: Renderings::default(),
            rights: Rights::default(),
            doorbells: Doorbells::default(),
            grant_bells: Doorbells::default(),
            hook_bell: Notify::new(),
            samples: SampleBook::default(),
            machines: MachineBook::default(),
            written: WrittenRows::default(),
            live: Live::default(),
            consoles: Arc::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }
    pub(crate) fn links(&self) -> &Links {
        &self.inner.links
    }
    pub(crate) fn components(&self) -> &Components {
        &self.inner.components
    }
    pub(crate) fn internet(&self) -> &Internet {
        &self.inner.internet
    }
    /// What plugins looked up of late.
    pub(crate) fn lookups(&self) -> &Lookups {
        &self.inner.lookups
    }
    /// What plugins asked for and were refused.
    pub(crate) fn denials(&self) -> &Denials {
        &self.inner.denials
    }
    pub(crate) fn workshop(&self) -> &Workshop {
        &self.inner.workshop
    }
    pub(crate) fn hasher(&self) -> &PasswordHasher {
        &self.inner.hasher
    }
    pub(crate) fn public_url(&self) -> &str {
        &self.inner.public_url
    }
    pub(crate) fn one_time_setup_token(&self) -> &Token {
        &self.inner.setup_token
    }
    pub(crate) fn session_cache(&self) -> &SessionCache {
        &self.inner.sessions
    }
    pub(crate) fn tickets(&self) -> &Tickets {
        &self.inner.tickets
    }
    pub(crate) fn turns(&self) -> &Turns {
        &self.inner.turns
    }
    pub(crate) fn transfers(&self) -> &Transfers {
        &self.inner.transfers
    }
    /// Actions that wait for their games.
    pub(crate) fn waiting_actions(&self) -> &Transfers {
        &self.inner.waiting_actions
    }
    /// What pages of plugins say.
    pub(crate) fn renderings(&self) -> &Renderings {
        &self.inner.renderings
    }
    pub(crate) fn rights(&self) -> &Rights {
        &self.inner.rights
    }
    pub(crate) fn doorbells(&self) -> &Doorbells {
        &self.inner.doorbells
    }
    /// One bell per node, rung whenever it may have to hear anew who may come in by SFTP.
    pub(crate) fn grant_bells(&self) -> &Doorbells {
        &self.inner.grant_bells
    }
    /// Rung whenever plugins may have something to be told.
    pub(crate) fn hook_bell(&self) -> &Notify {
        &self.inner.hook_bell
    }
    /// Somebody's rights or credentials changed, on whatever node.
    pub(crate) fn grants_changed(&self) {
        self.links().connected().into_iter().for_each(|node| self.grant_bells().ring(node));
    }
    pub(crate) fn samples(&self) -> &SampleBook {
        &self.inner.samples
    }
    pub(crate) fn machines(&self) -> &MachineBook {
        &self.inner.machines
    }
    pub(crate) fn written(&self) -> &WrittenRows {
        &self.inner.written
    }
    pub(crate) fn live_hub(&self) -> &Live {
        &self.inner.live
    }
    pub(crate) fn consoles(&self) -> &Arc<Consoles> {
        &self.inner.consoles
    }

    /// Whether requests can be answered, and what they change is heard by watchers. That takes [`App::run`].
    pub async fn ready(&self) -> Result<(), AppError> {
        self.db().ping().await?;
        if self.live_hub().is_listening() {
            return Ok(());
        }
        Err(AppError::refused(Code::Unavailable, "Gantry does not hear of changes yet."))
    }
}
