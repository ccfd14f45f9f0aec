//! The first administrator: made by whoever reaches a control plane that nobody owns, and by nobody after that.
//!
//! From the machine itself that takes nothing more. From anywhere else it takes the one-time token that the control
//! plane printed when it started, so that a stranger who scans the internet does not own a fresh installation first.

use crate::{
    App, Origin,
    error::{Answer, AppError},
    inputs::SetupInput,
    views::{SetupStatus, SignedIn},
};
use gantry_auth::{Purpose, Token};
use gantry_domain::{Role, audit::AuditEntry, text, users};
use gantry_store::users::NewUser;
use gantry_types::{UserId, problem::Code};
use secrecy::{ExposeSecret, SecretString};

impl App {
    /// Whether anybody has to set Gantry up, and whether this caller needs the token.
    pub async fn setup_status(&self, origin: &Origin) -> Answer<SetupStatus> {
        let needed = !self.db().as_system().await?.any_user().await?;
        Ok(SetupStatus { needed, token_required: needed && !is_local(origin) })
    }

    /// The one-time token, while there is a use for it. For the operator's eyes alone.
    pub async fn setup_token_if_needed(&self) -> Answer<Option<SecretString>> {
        let needed = !self.db().as_system().await?.any_user().await?;
        Ok(needed.then(|| self.one_time_setup_token().expose().to_owned().into()))
    }

    /// Makes the first account and signs it in.
    pub async fn setup(&self, origin: &Origin, input: SetupInput) -> Answer<SignedIn> {
        if self.db().as_system().await?.any_user().await? {
            return Err(AppError::refused(Code::AlreadySetUp, format!("{}.", Code::AlreadySetUp.title())));
        }
        if !is_local(origin) && !self.is_setup_token(input.token.as_ref()) {
            let detail = "The token is missing or is not the one that was printed.";
            return Err(AppError::refused(Code::SetupTokenRequired, detail));
        }
        let (name, email) = person(&input.name, &input.email, Some(("password", &input.password)))?;
        let password_hash = self.hasher().hash(&input.password).await?;
        let user = NewUser {
            id: UserId::new(gantry_store::new_uuid()),
            name,
            email,
            role: Role::Admin,
            password_hash,
        };
        let entry = AuditEntry::new("setup", "user", user.id, origin.clone())
            .after(serde_json::json!({ "name": user.name, "email": user.email.as_str(), "role": user.role }));
        let mut tx = self.db().as_system().await?.on_behalf(user.id, &user.name);
        tx.create_first_user(&user, entry).await?;
        let signed_in = self.begin_session(&mut tx, origin, user.id).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    fn is_setup_token(&self, given: Option<&SecretString>) -> bool {
        let given = given.and_then(|text| Token::parse(Purpose::Setup, text.expose_secret().trim()));
        given.is_some_and(|given| given.hash() == self.one_time_setup_token().hash())
    }
}

fn is_local(origin: &Origin) -> bool {
    origin.ip.is_some_and(|ip| ip.to_canonical().is_loopback())
}

/// Checks who somebody wants to be, collecting what is wrong with each field.
pub(crate) fn person(
    name: &str,
    email: &str,
    password: Option<(&str, &SecretString)>,
) -> Answer<(String, users::Email)> {
    let (name, email) = (text::name("name", name), users::Email::parse("email", email));
    let password = match (&name, &email, password) {
        (Ok(name), Ok(email), Some((key, password))) => {
            users::check_password(key, password.expose_secret(), email, name)
        }
        _ => Ok(()),
    };
    match (name, email, password) {
        (Ok(name), Ok(email), Ok(())) => Ok((name, email)),
        (name, email, password) => Err(AppError::fields_of(
            [name.err(), email.err(), password.err()].into_iter().flatten().collect(),
        )),
    }
}
