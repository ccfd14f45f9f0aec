//! What the same plugin costs in each language that has an SDK: the collector of `examples/teeworlds-*`, which asks twice and
//! reads a list of players, each call in a fresh instance.

use super::{open, server};
use crate::row::{Result, Timings, Unit, row};
use async_trait::async_trait;
use gantry_host::{
    CallContext, Grants, Host, IMAGE_BUILD, LARGE_COMPONENT, LentFailure, Plugin, QUERY, Query, Reply,
};
use gantry_types::server::Endpoint;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// With how many calls each is measured: about as long as another.
const LANGUAGES: [(&str, usize); 3] = [("rust", 10_000), ("js", 5_000), ("python", 1_000)];
const WARM: usize = 50;
/// The languages take turns, so that whatever else the machine does hits all of them.
const ROUNDS: usize = 10;

/// What a Teeworlds server with two players answers, but for the tokens.
const TOKEN: &[u8] = b"\x04\0\0Gtry\x05tokn";
const ANSWER: &[u8] = b"!Gtrytokn\xff\xff\xff\xffinf3\x010.7.5\0Arena\0\0dm1\0DM\0\0\x01\x02\x08\x02\x08\
    Ada\0\0\0\x05\0Grace\0CLAN\0\x40\x8a\x01\0";

/// Prints the rows of each language.
pub(super) async fn measure(examples: &Path) -> Result<()> {
    let cache = tempfile::tempdir()?;
    let host = open(cache.path(), super::runner()?)?;
    let mut plugins = Vec::new();
    for (language, calls) in LANGUAGES {
        let bytes = std::fs::metadata(file(examples, language))?.len();
        #[expect(clippy::cast_precision_loss, reason = "a number of bytes")]
        row(&format!("guest_{language}_component"), bytes as f64 / 1024.0, "KiB");
        let plugin = load(&host, examples, language).await?;
        row(&format!("guest_{language}_compile"), plugin.load_report().took.as_secs_f64() * 1e3, "ms");
        run(&plugin, WARM, &mut Timings::default()).await?;
        plugins.push((language, calls, plugin, Timings::default()));
    }
    for _ in 0..ROUNDS {
        for (_, calls, plugin, timings) in &mut plugins {
            run(plugin, *calls / ROUNDS, timings).await?;
        }
    }
    for (language, _, _, mut timings) in plugins {
        timings.rows(&format!("guest_{language}_call"), Unit::Microseconds);
    }
    Ok(())
}

fn file(examples: &Path, language: &str) -> PathBuf {
    examples.join(format!("teeworlds-{language}.wasm"))
}

/// The example in this language.
pub(super) async fn load(host: &Host, examples: &Path, language: &str) -> Result<Plugin> {
    let wasm = std::fs::read(file(examples, language))?;
    Ok(host.load(wasm.into(), &Grants::from_iter([QUERY, IMAGE_BUILD, LARGE_COMPONENT])).await?)
}

/// Calls it so often.
pub(super) async fn run(plugin: &Plugin, count: usize, timings: &mut Timings) -> Result<()> {
    let (context, query) = (CallContext::traced(Grants::from_iter([QUERY])), Arc::new(Recorded));
    let server = server();
    for _ in 0..count {
        let began = Instant::now();
        let sample = plugin.collect(&context.querying(query.clone()), &server).await?;
        timings.push(began.elapsed());
        let scores: Vec<_> = sample.player_list.iter().map(|player| player.score).collect();
        if sample.players != Some(2) || scores != [Some(5), Some(74)] {
            return Err(format!("the collector answered {sample:?}").into());
        }
    }
    Ok(())
}

/// Answers at once, as a game on the same machine nearly does.
struct Recorded;

#[async_trait]
impl Query for Recorded {
    async fn datagram(
        &self,
        _: &Endpoint,
        payload: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> std::result::Result<Vec<Reply>, LentFailure> {
        let is_first = payload.first() == TOKEN.first();
        let payload = if is_first { TOKEN } else { ANSWER }.to_vec();
        Ok(vec![Reply { payload, after: Duration::from_millis(1) }])
    }

    async fn exchange(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> std::result::Result<Reply, LentFailure> {
        Err(LentFailure::new("refused", "the game has no TCP"))
    }
}
