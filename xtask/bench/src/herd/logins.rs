//! People who sign in during the storm, at an even rate whatever becomes of those before them, and each from an address of
//! their own. They have a thread to themselves: what pages wait for each other in this program is not what people wait.

use super::{Orders, SIGNING_IN, ask::Door, people::PASSWORD, people::People};
use crate::row::{Result, Timings};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    task::{JoinSet, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_millis(250);
/// With fewer the slowest of a hundred says nothing.
const LEAST: usize = 120;

/// One attempt.
struct Attempt {
    began: Instant,
    took: Duration,
    outcome: Outcome,
}

enum Outcome {
    /// With the session that began.
    In(Door),
    Refused {
        status: u16,
        says_when: bool,
    },
    /// Nobody was there.
    Unanswered,
}

pub(super) struct Logins {
    thread: JoinHandle<Result<Vec<Attempt>>>,
    enough: CancellationToken,
}

impl Logins {
    pub(super) fn begin(orders: &Orders, people: &People) -> Self {
        let emails: Vec<String> = people.0.iter().map(|person| person.email.clone()).collect();
        let (orders, enough) = (Arc::new(orders.clone()), CancellationToken::new());
        let attempts = sign_in_evenly(orders, emails, enough.clone());
        let thread = thread::spawn(|| Builder::new_current_thread().enable_all().build()?.block_on(attempts));
        Self { thread, enough }
    }

    /// Lets as many more sign in as are needed, looks whether each session that began is good, and tells how long those took
    /// that began after `up`.
    pub(super) async fn end(self, up: Instant) -> Result<Value> {
        self.enough.cancel();
        let attempts = spawn_blocking(|| self.thread.join()).await?.map_err(|_| "who signed in broke")??;
        let (mut timings, mut refused, mut mute, mut lost) = (Timings::default(), 0, 0, 0);
        let (mut sessions, mut unanswered) = (0, 0);
        for Attempt { began, took, outcome } in attempts {
            match outcome {
                Outcome::In(door) => {
                    sessions += 1;
                    lost += usize::from(door.ask("GET", "/api/auth/get-session", None).await?.status != 200);
                    if began > up {
                        timings.push(took);
                    }
                }
                Outcome::Refused { status, says_when } => {
                    refused += 1;
                    mute += usize::from(!says_when || !matches!(status, 429 | 503));
                }
                Outcome::Unanswered if began > up => unanswered += 1,
                Outcome::Unanswered => {}
            }
        }
        Ok(json!({
            "measured": timings.len(),
            "p50": timings.quantile(0.5),
            "p99": timings.quantile(0.99),
            "longest": timings.quantile(1.0),
            "sessions": sessions,
            "lost": lost,
            "refused": refused,
            "refusedWithoutSayingWhen": mute,
            "unanswered": unanswered,
        }))
    }
}

async fn sign_in_evenly(
    orders: Arc<Orders>,
    emails: Vec<String>,
    enough: CancellationToken,
) -> Result<Vec<Attempt>> {
    let mut under_way = JoinSet::new();
    let mut ticks = tokio::time::interval(EVERY);
    for (number, email) in emails.iter().cycle().enumerate() {
        if enough.is_cancelled() && number >= LEAST {
            break;
        }
        ticks.tick().await;
        under_way.spawn(attempt(orders.stranger(SIGNING_IN, number), email.clone()));
    }
    Ok(under_way.join_all().await)
}

async fn attempt(door: Door, email: String) -> Attempt {
    let began = Instant::now();
    let form = json!({ "email": email, "password": PASSWORD });
    let answer = door.ask("POST", "/api/auth/sign-in/email", Some(&form)).await;
    let outcome = match answer {
        Ok(answer) => match answer.cookie {
            Some(cookie) => Outcome::In(Door { cookie: Some(cookie), ..door }),
            None => Outcome::Refused { status: answer.status, says_when: answer.retry_after.is_some() },
        },
        Err(_) => Outcome::Unanswered,
    };
    Attempt { began, took: began.elapsed(), outcome }
}
