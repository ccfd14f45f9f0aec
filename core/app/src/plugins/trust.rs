//! The trust policy that administrators write: whose plugins may come in.
//!
//! Until somebody writes one, nothing comes from a network, and files are taken as whoever administers brings them. It is kept
//! whole, and whoever replaces it says which writing of it they read.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{KeyInput, TrustInput},
    views::{KeyView, TrustView},
};
use gantry_distribution::{
    KeyError, PublicKey, TrustPolicy,
    policy::{ComponentRule, OfflineRules, PackageRule, PolicyError, Rules},
};
use gantry_domain::{audit::AuditEntry, plugins::ReleaseOrigin, problem};
use gantry_store::SystemTx;
use gantry_types::problem::Code;
use serde_json::{Value, json};

impl App {
    /// Whose plugins may come in.
    pub async fn trust_policy(&self, ctx: &OpCtx) -> Answer<TrustView> {
        ctx.actor.administrator()?;
        let stored = self.db().as_user(&ctx.actor).await?.trust_rules().await?;
        let (policy, version, updated_at) = match stored {
            Some(stored) => (readable(stored.rules)?, stored.version, Some(stored.updated_at)),
            None => (unwritten()?, 0, None),
        };
        let keys = policy.rules().keys.iter().map(|key| shown(&key.public_key)).collect();
        Ok(TrustView { rules: written(&policy)?, version, updated_at, keys })
    }

    /// Replaces the policy, whole. What is installed stays.
    pub async fn set_trust_policy(&self, ctx: &OpCtx, input: TrustInput) -> Answer<TrustView> {
        let grant = ctx.actor.administrator()?;
        let policy = TrustPolicy::from_json(input.rules.to_string().as_bytes()).map_err(fault)?;
        let rules = written(&policy)?;
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.lock_trust_rules().await?;
        let before = tx.trust_rules().await?;
        let present = before.as_ref().map_or(0, |stored| stored.version);
        if input.version.is_some_and(|read| read != present) {
            let detail = "Somebody else changed the trust policy after you read it, and nothing of yours was saved. Look at what \
                          it says, and save again if your change still makes sense.";
            return Err(AppError::refused(Code::Conflict, detail));
        }
        let entry = AuditEntry::new("trust.update", "trust", "policy", ctx.origin.clone())
            .before(json!({ "rules": before.map(|stored| stored.rules) }))
            .after(json!({ "rules": rules }));
        tx.set_trust_rules(&grant, &rules, entry).await?;
        tx.commit().await?;
        self.trust_policy(ctx).await
    }

    /// What a public key is, before somebody trusts it. Nothing is stored.
    pub fn read_key(&self, ctx: &OpCtx, input: &KeyInput) -> Answer<KeyView> {
        ctx.actor.administrator()?;
        let key = PublicKey::from_pem(&input.public_key).map_err(|error| {
            let remedy = match error {
                KeyError::PrivateGiven => {
                    "Whoever has it can sign: remove it here, and paste what stands in the file with the ending .pub."
                }
                KeyError::Weak => "Ask its owner for another one.",
                _ => "Paste all of it, from -----BEGIN PUBLIC KEY----- to the end; `gantry plugin key show` prints it.",
            };
            AppError::from(problem("publicKey", sentence(&error), remedy))
        })?;
        Ok(shown(&key))
    }

    /// The policy, and which writing of it that is.
    pub(super) async fn present_policy(&self) -> Answer<(TrustPolicy, i64)> {
        match self.db().as_system().await?.trust_rules().await? {
            Some(stored) => Ok((readable(stored.rules)?, stored.version)),
            None => Ok((unwritten()?, 0)),
        }
    }
}

/// Whether what was let in by a policy may still take its place: only while that policy stands. Nobody writes one meanwhile.
pub(super) async fn still_trusted(tx: &mut SystemTx, origin: Option<&ReleaseOrigin>) -> Answer<()> {
    // What comes with Gantry has none, and is in nobody's policy.
    let Some(origin) = origin else { return Ok(()) };
    tx.lock_trust_rules().await?;
    let present = tx.trust_rules().await?.map_or(0, |stored| stored.version);
    if origin.policy == Some(present) {
        return Ok(());
    }
    let detail = "The trust policy was changed since this release came in, and what it says now was not asked. Decline the release \
                  if it waits, and bring it again.";
    Err(AppError::refused(Code::Conflict, detail))
}

fn shown(key: &PublicKey) -> KeyView {
    KeyView { id: key.id().to_string(), fingerprint: key.id().short(), public_key: key.to_pem() }
}

/// The rule that is wrong, by its place in the body.
fn fault(error: PolicyError) -> AppError {
    let key = match error.at() {
        "" => "rules".to_owned(),
        at => format!("rules.{at}"),
    };
    let (PolicyError::Unreadable { why, .. } | PolicyError::Senseless { why, .. }) = error;
    problem(&key, sentence(&why), "Correct it; nothing was changed.").into()
}

fn sentence(text: &impl ToString) -> String {
    let text = text.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Nobody has written a policy: what an administrator brings is taken as it is, and nothing else comes in.
fn unwritten() -> Answer<TrustPolicy> {
    let offline = OfflineRules { components: ComponentRule::Any, packages: PackageRule::Any };
    let rules = Rules { offline, ..Rules::default() };
    rules.try_into().map_err(|_| AppError::Broken("the first trust policy contradicts itself"))
}

fn readable(rules: Value) -> Answer<TrustPolicy> {
    serde_json::from_value(rules).map_err(|_| AppError::Broken("the stored trust policy cannot be read"))
}

fn written(policy: &TrustPolicy) -> Answer<Value> {
    serde_json::to_value(policy).map_err(|_| AppError::Broken("a trust policy cannot be written"))
}
