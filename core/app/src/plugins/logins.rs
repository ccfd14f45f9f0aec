//! User names and passwords for private registries: stored, replaced and taken away by administrators, shown to nobody, and used
//! for a pull from the registry that they are for.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::RegistryLoginInput,
    views::{Page, RegistryLoginView},
};
use gantry_distribution::{BadReference, Credentials, Prefix, RegistryHost, Repository};
use gantry_domain::{audit::AuditEntry, problem};
use gantry_store::plugins::{NewLogin, RegistryLogin};
use gantry_types::{RegistryLoginId, blueprint::FieldProblem, names, problem::Code};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// Registries with a login.
const MOST: usize = 256;
const USERNAME_CHARACTERS: usize = 255;
/// Longest password, in bytes: some registries take a whole key file for one.
const PASSWORD_BYTES: usize = 16 * 1024;

impl App {
    /// For which registries there is a login.
    pub async fn registry_logins(&self, ctx: &OpCtx) -> Answer<Page<RegistryLoginView>> {
        ctx.actor.administrator()?;
        let logins = self.db().as_user(&ctx.actor).await?.registry_logins().await?;
        Ok(Page::whole(logins.into_iter().map(view).collect()))
    }

    /// Stores a login for a registry, in place of any that is there for the same.
    pub async fn set_registry_login(
        &self,
        ctx: &OpCtx,
        input: RegistryLoginInput,
    ) -> Answer<RegistryLoginView> {
        let grant = ctx.actor.administrator()?;
        let RegistryLoginInput { registry, username, password, token_service } = input;
        let service = token_service.filter(|host| !host.is_empty());
        let checked = [
            registry.parse::<Prefix>().err().map(|error| unnamed("registry", &error)),
            check_username(&username).err(),
            check_password(&password).err(),
            service.as_deref().and_then(|host| {
                host.parse::<RegistryHost>().err().map(|error| unnamed("tokenService", &error))
            }),
        ];
        let wrong: Vec<FieldProblem> = checked.into_iter().flatten().collect();
        if !wrong.is_empty() {
            return Err(AppError::fields_of(wrong));
        }
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.lock_trust_rules().await?;
        let present = tx.registry_logins().await?;
        let before = present.iter().find(|login| login.prefix == registry);
        if before.is_none() && present.len() >= MOST {
            let detail = format!("There are logins for {MOST} registries, which is as many as there may be.");
            return Err(AppError::refused(Code::Conflict, detail));
        }
        let told = json!({ "username": username, "tokenService": service });
        let entry = AuditEntry::new("registry.login.set", "registry", &registry, ctx.origin.clone())
            .before(before.map_or(Value::Null, told_of))
            .after(told);
        let login = NewLogin {
            prefix: &registry,
            username: &username,
            token_service: service.as_deref(),
            password: &password,
        };
        let id = tx.set_registry_login(&grant, login, entry).await?;
        tx.commit().await?;
        let logins = self.db().as_user(&ctx.actor).await?.registry_logins().await?;
        let kept = logins.into_iter().find(|login| login.id == id);
        kept.map(view).ok_or_else(|| AppError::not_found("login"))
    }

    /// Takes a login away.
    pub async fn remove_registry_login(&self, ctx: &OpCtx, id: RegistryLoginId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        let login = tx.registry_logins().await?.into_iter().find(|login| login.id == id);
        let login = login.ok_or_else(|| AppError::not_found("login"))?;
        let entry = AuditEntry::new("registry.login.remove", "registry", &login.prefix, ctx.origin.clone())
            .before(told_of(&login));
        tx.remove_registry_login(&grant, id, entry).await?;
        Ok(tx.commit().await?)
    }

    /// With which words a repository is asked for: those of the login that is for most of its name.
    pub(super) async fn login_for(&self, repository: &Repository) -> Answer<Credentials> {
        let mut tx = self.db().as_system().await?;
        let logins = tx.registry_logins().await?.into_iter();
        let covering = logins.filter_map(|login| {
            let prefix: Prefix = login.prefix.parse().ok()?;
            prefix.covers(repository).then(|| (prefix.segments(), login))
        });
        let Some((_, login)) = covering.max_by_key(|(segments, _)| *segments) else {
            return Ok(Credentials::Anonymous);
        };
        let password = tx.registry_password(&login).await?;
        let service = login.token_service.as_deref().map(str::parse).transpose();
        let token_service =
            service.map_err(|_: BadReference| AppError::Broken("a stored login names no token service"))?;
        Ok(Credentials::Basic { username: login.username, password, token_service })
    }
}

fn view(login: RegistryLogin) -> RegistryLoginView {
    let RegistryLogin { id, prefix, username, token_service, updated_at } = login;
    RegistryLoginView { id, registry: prefix, username, token_service, updated_at }
}

fn told_of(login: &RegistryLogin) -> Value {
    json!({ "username": login.username, "tokenService": login.token_service })
}

fn unnamed(key: &str, error: &BadReference) -> FieldProblem {
    let remedy = match key {
        "registry" => "Write it as it stands in references, without https://, as in ghcr.io or ghcr.io/acme.",
        _ => "Write the host alone, without https://, as in auth.docker.io.",
    };
    problem(key, format!("{error}."), remedy)
}

fn check_username(name: &str) -> Result<(), FieldProblem> {
    let odd = || names::oddity(name).is_some() || name.trim().is_empty();
    let remedy = match name {
        "" => "Type the user name; many registries take any where the password is an access token.",
        name if name.contains(':') || name.chars().any(char::is_control) => {
            "A user name has no colon and no control characters."
        }
        name if name.chars().count() > USERNAME_CHARACTERS => "A user name has 255 characters at most.",
        // It stands in a list, and in the log.
        _ if odd() => "It has characters that cannot be seen, or that reorder text. Type it without them.",
        _ => return Ok(()),
    };
    Err(problem("username", "No registry could be told this user name.", remedy))
}

fn check_password(password: &SecretString) -> Result<(), FieldProblem> {
    let password = password.expose_secret();
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    let (message, remedy) = match password.len() {
        0 => ("It is empty.", "Type or paste the password or the access token."),
        length if length > PASSWORD_BYTES => ("It is longer than 16 KiB.", "Paste the password alone."),
        _ if password.contains(odd) => ("It has control characters.", "Copy it again, as text."),
        _ => return Ok(()),
    };
    Err(problem("password", message, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_seen_as_it_is_written() {
        for name in
            ["", "a:b", "a\nb", "a\u{202E}b", "a\u{2066}b", "a\u{2028}b", "a\u{200B}b", " ", "a\u{AD}"]
        {
            assert_eq!(check_username(name).unwrap_err().key, "username", "{name:?}");
        }
        for name in ["acme", "robot$acme+ci", "_json_key", "Zoë Müller", "acme@example.org", "天空"] {
            assert!(check_username(name).is_ok(), "{name}");
        }
    }
}
