//! `/api/ws/live`: changes as they happen, for the topics that a page shows.

use super::{Goodbye, Talk, bounded, farewell, seats::Seat};
use crate::{
    edge::Edge,
    extract::{self, Whence},
    observe::Counted,
    problem::EdgeError,
    wire::{LiveClientFrame, LiveNotice},
};
use axum::{
    Extension,
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use gantry_app::{LiveFeed, Network, Origin, TOPICS, Topic};

pub(crate) async fn live(
    State(edge): State<Edge>,
    Whence(origin): Whence,
    Extension(Counted(address)): Extension<Counted>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, EdgeError> {
    let mut seat = edge.sockets().take_as_stranger(Network::of(address))?;
    Ok(bounded(upgrade).on_upgrade(async move |socket| {
        let mut talk = Talk::new(socket);
        let goodbye = follow(&edge, &origin, &mut seat, &mut talk).await.err().unwrap_or(Goodbye::Closing);
        talk.close(goodbye).await;
        drop(seat);
    }))
}

async fn follow(edge: &Edge, origin: &Origin, seat: &mut Seat, talk: &mut Talk) -> Result<(), Goodbye> {
    let LiveClientFrame::Authenticate { token } = talk.first().await? else {
        return Err(Goodbye::NotSignedIn);
    };
    let ctx = edge.app().redeem_ticket(&token, origin).await.map_err(|error| farewell(&error))?;
    seat.is_of(ctx.actor.user_id)?;
    let mut feed = edge.app().live(&ctx).await.map_err(|error| farewell(&error))?;
    loop {
        tokio::select! {
            () = edge.closing().cancelled() => return Err(Goodbye::Closing),
            text = talk.hear() => {
                let topics = subscribe(&mut feed, &text?)?;
                talk.say(&LiveNotice::Subscribed { topics }).await?;
            }
            frame = feed.next() => match frame {
                Some(frame) => talk.say_all(frame, || feed.at_hand()).await?,
                None => {
                    talk.say(&LiveNotice::Ended).await?;
                    return Err(Goodbye::Again);
                }
            }
        }
    }
}

fn subscribe(feed: &mut LiveFeed, text: &str) -> Result<Vec<String>, Goodbye> {
    let Ok(LiveClientFrame::Subscribe { topics }) = extract::frame(text) else {
        return Err(Goodbye::Unreadable);
    };
    if topics.len() > TOPICS {
        return Err(Goodbye::Unreadable);
    }
    let parsed: Result<Vec<Topic>, _> = topics.iter().map(|topic| topic.parse()).collect();
    feed.subscribe(parsed.map_err(|_| Goodbye::Unreadable)?).map_err(|error| farewell(&error))?;
    Ok(topics)
}
