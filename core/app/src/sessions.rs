//! Signing in and out, and who a request comes from.
//!
//! A session that was looked up is remembered for a second at most, and forgotten at once when news says that it or its
//! person changed: a revoked session ends everywhere within that second, whatever happens to the news.

use crate::{
    App, OpCtx, Origin,
    error::{Answer, AppError},
    inputs::SignInInput,
    rights::RightsChange,
    tickets,
    views::{CurrentSession, SignedIn, TicketView},
};
use chrono::{DateTime, Utc};
use gantry_auth::{Actor, HashedToken, Purpose, Token, Verified};
use gantry_domain::{
    audit::AuditEntry,
    sessions::{LIFETIME, Session},
    users::Email,
};
use gantry_store::{SystemTx, sessions::SignedIn as StoredSession};
use gantry_types::{SessionId, UserId, problem::Code};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a looked-up session is believed.
const BELIEVED: Duration = Duration::from_secs(1);
/// Sessions that are remembered at once.
const REMEMBERED: usize = 10_000;
/// Longest user agent that is kept, in characters.
const USER_AGENT: usize = 256;

/// Sessions that were looked up a moment ago.
#[derive(Default)]
pub(crate) struct SessionCache(Mutex<HashMap<[u8; 32], (StoredSession, Instant)>>);

impl SessionCache {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], (StoredSession, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, token: &HashedToken, now: Instant) -> Option<StoredSession> {
        let sessions = self.lock();
        let (session, at) = sessions.get(token.bytes())?;
        (now.duration_since(*at) < BELIEVED).then(|| session.clone())
    }

    fn keep(&self, token: &HashedToken, session: StoredSession, now: Instant) {
        let mut sessions = self.lock();
        if sessions.len() >= REMEMBERED {
            sessions.retain(|_, (_, at)| now.duration_since(*at) < BELIEVED);
        }
        if sessions.len() < REMEMBERED {
            sessions.insert(*token.bytes(), (session, now));
        }
    }

    /// Forgets what the news is about.
    pub(crate) fn forget(&self, change: RightsChange) {
        match change {
            RightsChange::User(user) => self.lock().retain(|_, (held, _)| held.session.user_id != user),
            RightsChange::Session(session) => self.lock().retain(|_, (held, _)| held.session.id != session),
            RightsChange::Server(_) => {}
            RightsChange::Everything => self.lock().clear(),
        }
    }
}

/// Who a request comes from.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub ctx: OpCtx,
    pub current: CurrentSession,
    /// Whether the session was extended, so that the cookie must be sent again.
    pub refreshed: bool,
}

impl App {
    /// Begins a session for who knows the password.
    pub async fn sign_in(&self, origin: &Origin, input: SignInInput) -> Answer<SignedIn> {
        let wrong =
            || AppError::refused(Code::WrongCredentials, format!("{}.", Code::WrongCredentials.title()));
        // An address that cannot exist takes as long to refuse as one that does not.
        let email = Email::parse("email", &input.email).ok();
        let known = match &email {
            Some(email) => self.db().as_system().await?.credentials(email).await?,
            None => None,
        };
        let hash = known.as_ref().and_then(|known| known.password_hash.as_deref());
        let verified = self.hasher().verify(&input.password, hash).await?;
        let (Some(known), true) = (&known, verified.is_right()) else {
            metrics::counter!("gantry_sign_ins_total", "result" => "wrong").increment(1);
            return Err(wrong());
        };
        let mut tx = self.db().as_system().await?.on_behalf(known.user_id, &known.name);
        if let (Verified::RightRehashed(to), Some(from)) = (&verified, hash) {
            tx.rehash_password(known.user_id, from, to).await?;
        }
        let signed_in = self.begin_session(&mut tx, origin, known.user_id).await?;
        tx.commit().await?;
        metrics::counter!("gantry_sign_ins_total", "result" => "right").increment(1);
        Ok(signed_in)
    }

    /// Makes a session within a transaction.
    pub(crate) async fn begin_session(
        &self,
        tx: &mut SystemTx,
        origin: &Origin,
        user_id: UserId,
    ) -> Answer<SignedIn> {
        let token = Token::generate(Purpose::Session)?;
        let now = Utc::now();
        let session = Session {
            id: SessionId::new(gantry_store::new_uuid()),
            user_id,
            created_at: now,
            refreshed_at: now,
            expires_at: now + LIFETIME,
            address: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent.as_deref().map(|agent| agent.chars().take(USER_AGENT).collect()),
        };
        tx.create_session(&session, &token.hash()).await?;
        tx.audit(AuditEntry::new("session.create", "session", session.id, origin.clone()));
        let user = tx.user(user_id).await?;
        let current = CurrentSession::of(user.id, user.name, user.email.to_string(), user.role, &session);
        Ok(SignedIn { token: token.expose().to_owned().into(), current })
    }

    /// Who holds a session's token. Refuses with `not_signed_in`.
    pub async fn authenticate(&self, token: &SecretString, origin: &Origin) -> Answer<Authenticated> {
        let not_signed_in = || AppError::refused(Code::NotSignedIn, "The session has ended, or never was.");
        let token = Token::parse(Purpose::Session, token.expose_secret()).ok_or_else(not_signed_in)?.hash();
        let now = Utc::now();
        let found = match self.session_cache().get(&token, Instant::now()) {
            Some(session) => Some(session),
            None => self.look_up(&token, now).await?,
        };
        let mut found = found.filter(|found| found.session.is_alive(now)).ok_or_else(not_signed_in)?;
        let refreshed = self.refresh(&token, &mut found, now).await?;
        let current = current(&found);
        Ok(Authenticated { ctx: OpCtx::new(found.actor(), origin.clone()), current, refreshed })
    }

    /// Who asked for something that took long, with the role of this moment. Refuses with `not_signed_in` once the session has
    /// ended.
    pub(crate) async fn present_actor(&self, asked: &Actor) -> Answer<Actor> {
        let ended = || AppError::refused(Code::NotSignedIn, "The session has ended.");
        self.db().actor_of_session(asked.session_id, Utc::now()).await?.ok_or_else(ended)
    }

    /// Whether who asked for something that took long is still signed in, and still an administrator.
    pub(crate) async fn still_administrator(&self, ctx: &OpCtx) -> Answer<()> {
        self.present_actor(&ctx.actor).await?.administrator()?;
        Ok(())
    }

    /// Whether the session by which a request came still stands, and the role is the one that it came with.
    pub async fn confirm(&self, token: &SecretString, ctx: &OpCtx) -> Answer<()> {
        let present = self.authenticate(token, &ctx.origin).await?.ctx.actor;
        if present.role == ctx.actor.role {
            return Ok(());
        }
        let detail = "Your role was changed while the request came in, and nothing was done. Send it again.";
        Err(AppError::refused(Code::Forbidden, detail))
    }

    async fn look_up(&self, token: &HashedToken, now: DateTime<Utc>) -> Answer<Option<StoredSession>> {
        let turn = self.turns().of_request().await?;
        let found = self.db().session(token, now).await?;
        drop(turn);
        if let Some(session) = &found {
            self.session_cache().keep(token, session.clone(), Instant::now());
        }
        Ok(found)
    }

    async fn refresh(
        &self,
        token: &HashedToken,
        found: &mut StoredSession,
        now: DateTime<Utc>,
    ) -> Answer<bool> {
        let Some(until) = found.session.refreshed_until(now) else { return Ok(false) };
        let mut tx = self.db().as_system().await?;
        let refreshed = tx.refresh_session(found.session.id, found.session.refreshed_at, now, until).await?;
        tx.commit().await?;
        if refreshed {
            (found.session.refreshed_at, found.session.expires_at) = (now, until);
            self.session_cache().keep(token, found.clone(), Instant::now());
        }
        Ok(refreshed)
    }

    /// Ends the session that the request came by.
    pub async fn sign_out(&self, ctx: &OpCtx) -> Answer<()> {
        let session = ctx.actor.session_id;
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.end_session(session).await?;
        tx.audit(AuditEntry::new("session.delete", "session", session, ctx.origin.clone()));
        tx.commit().await?;
        self.rights_changed(RightsChange::Session(session));
        Ok(())
    }

    /// A ticket for one WebSocket.
    pub async fn issue_ticket(&self, ctx: &OpCtx) -> Answer<TicketView> {
        let token = Token::generate(Purpose::WebSocketTicket)?;
        if !self.tickets().open(&token.hash(), ctx.actor.clone(), Instant::now()) {
            return Err(AppError::refused(Code::Overloaded, "Too many sockets are being opened."));
        }
        let expires_at = Utc::now() + tickets::LIFETIME;
        Ok(TicketView { token: token.expose().to_owned(), expires_at })
    }

    /// Who shows a ticket. Good once; the session behind it must still stand.
    pub async fn redeem_ticket(&self, ticket: &str, origin: &Origin) -> Answer<OpCtx> {
        let refused = || AppError::refused(Code::NotSignedIn, "The ticket is not good, or was used.");
        let token = Token::parse(Purpose::WebSocketTicket, ticket).ok_or_else(refused)?;
        let actor = self.tickets().redeem(&token.hash(), Instant::now()).ok_or_else(refused)?;
        let turn = self.turns().of_socket().await?;
        let actor = self.db().actor_of_session(actor.session_id, Utc::now()).await?.ok_or_else(refused)?;
        drop(turn);
        Ok(OpCtx::new(actor, origin.clone()))
    }

    /// Spreads news of rights in this process at once; other instances hear it from the database.
    pub(crate) fn rights_changed(&self, change: RightsChange) {
        self.session_cache().forget(change);
        self.rights().announce(change);
        match change {
            RightsChange::User(_) | RightsChange::Server(_) | RightsChange::Everything => {
                self.grants_changed()
            }
            RightsChange::Session(_) => {}
        }
    }
}

fn current(found: &StoredSession) -> CurrentSession {
    let StoredSession { session, name, email, role } = found;
    CurrentSession::of(session.user_id, name.clone(), email.to_string(), *role, session)
}
