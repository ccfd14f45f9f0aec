//! Enrollment: a one-time token buys this node its identity.
//!
//! The place of `identity.json` is taken before the token is spent, and the private key never leaves this machine. The
//! token is in the request's body alone: not in an address, not in a log, not in an error.

use crate::link::{
    DialError, Identity, IdentityError,
    dial::{Dialer, Io, Target},
    identity::Place,
};
use bytes::Bytes;
use gantry_protocol::{
    EnrollRequest, EnrollResponse,
    tunnel::{KeyError, SigningKey, keys},
};
use gantry_types::problem::Problem;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::{path::PathBuf, time::Duration};
use url::Url;

/// The most bytes of the control plane's answer.
const MAX_ANSWER: usize = 64 * 1024;

/// From the sent request to the whole answer.
const DEADLINE: Duration = Duration::from_secs(15);

/// What somebody who enrolls a node gives.
pub struct Enrollment {
    /// The control plane's address, such as `https://panel.example.com`.
    pub url: Url,
    /// The one-time token that the panel showed.
    pub token: String,
    pub data_dir: PathBuf,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub extra_ca: Option<PathBuf>,
    pub agent_version: String,
}

/// The token is never printed.
impl std::fmt::Debug for Enrollment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrollment").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the control plane refused: {detail} {remedy}")]
    Refused { detail: String, remedy: String },
    #[error("the address leads to {to}: use that address")]
    Redirected { to: String },
    #[error("the address answers with status {status}, but not as a control plane does: check it")]
    NotAControlPlane { status: u16 },
    #[error("the control plane did not answer within {} seconds: try again", DEADLINE.as_secs())]
    Deadline,
    #[error("the connection broke: try again, with another token if this one is refused")]
    Broken(#[source] hyper::Error),
    #[error("the request could not be made")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "the control plane's answer cannot be understood: install the daemon's version that the panel offers"
    )]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no key can be made")]
    Key(#[source] KeyError),
}

/// Enrolls this node and writes its identity down.
pub async fn enroll(enrollment: Enrollment) -> Result<Identity, EnrollError> {
    let target = Target::of(&enrollment.url)?;
    let place = Place::take(&enrollment.data_dir).await?;
    let signing_key = keys::generate().map_err(EnrollError::Key)?;
    let io = Dialer::new(enrollment.extra_ca.clone()).connect(&target).await?;
    let request = request(&target, &enrollment, &signing_key)?;
    let (status, location, body) =
        tokio::time::timeout(DEADLINE, exchange(io, request)).await.map_err(|_| EnrollError::Deadline)??;
    let answer = understand(status, location, &body)?;
    let identity = Identity {
        node_id: answer.node_id,
        name: answer.name,
        url: enrollment.url,
        signing_key,
        control_plane_public_key: keys::decode_public(&answer.public_key)
            .map_err(|error| EnrollError::Answer(error.into()))?,
    };
    place.write(&identity, &answer.public_key).await?;
    Ok(identity)
}

fn request(
    target: &Target,
    enrollment: &Enrollment,
    signing_key: &SigningKey,
) -> Result<Request<Full<Bytes>>, EnrollError> {
    let body = EnrollRequest {
        token: enrollment.token.trim().to_owned(),
        public_key: keys::encode_public(signing_key),
        agent_version: enrollment.agent_version.clone(),
    };
    let body = serde_json::to_vec(&body).map_err(|error| EnrollError::Request(error.into()))?;
    Request::post(target.path("/api/daemon/enroll"))
        .header(header::HOST, target.authority())
        .header(header::USER_AGENT, format!("gantryd/{}", enrollment.agent_version))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| EnrollError::Request(error.into()))
}

type Answer = (StatusCode, Option<String>, Bytes);

/// One request on one connection, which ends with it.
async fn exchange(io: Box<dyn Io>, request: Request<Full<Bytes>>) -> Result<Answer, EnrollError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(EnrollError::Broken)?;
    let asking = async move {
        let answer = sender.send_request(request).await.map_err(EnrollError::Broken)?;
        let location =
            answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let status = answer.status();
        let body =
            Limited::new(answer.into_body(), MAX_ANSWER).collect().await.map_err(EnrollError::Answer)?;
        Ok((status, location, body.to_bytes()))
    };
    // The connection's own end says nothing that the answer does not.
    let (answer, _connection) = tokio::join!(asking, connection);
    answer
}

fn understand(
    status: StatusCode,
    location: Option<String>,
    body: &[u8],
) -> Result<EnrollResponse, EnrollError> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| EnrollError::Answer(error.into()));
    }
    if let Some(to) = location.filter(|_| status.is_redirection()) {
        return Err(EnrollError::Redirected { to });
    }
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Err(EnrollError::Refused { detail: problem.detail, remedy: problem.remedy }),
        Err(_) => Err(EnrollError::NotAControlPlane { status: status.as_u16() }),
    }
}
