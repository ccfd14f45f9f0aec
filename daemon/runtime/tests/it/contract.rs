//! What every runtime does.

use crate::fixtures::{Console, Fixture, INSTALLER, SERVER, Told, settings, soon};
use futures_util::StreamExt;
use gantry_runtime::{ContainerId, Phase, Purpose, Runtime, RuntimeError};
use gantry_types::plan::{Image, RecipeFile};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Makes one test for each behaviour, with a fixture from `$fixture()`.
macro_rules! contract {
    ($fixture:path) => {
        $crate::contract::contract!(
            $fixture,
            output_from_the_first_byte_is_seen_and_commands_are_answered,
            a_console_resumes_without_gap_and_without_repetition,
            a_process_that_ends_by_itself_tells_its_code,
            signals_reach_the_process,
            a_process_that_ignores_signals_can_be_killed,
            whoever_comes_back_finds_containers_by_their_labels,
            a_second_container_of_the_same_purpose_is_refused,
            what_has_ended_takes_no_signal_and_what_is_gone_is_not_found,
            removal_is_idempotent,
            a_flood_arrives_whole_and_in_order,
            statistics_come_each_second_and_end_with_the_process,
            installers_run_to_their_end_and_are_gone,
            an_installer_that_takes_too_long_is_ended,
            a_cancelled_installer_is_ended,
            a_leftover_installer_is_replaced,
            root_is_refused,
            images_that_make_no_sense_are_refused,
            a_recipe_is_built_once_for_all_who_want_it,
            a_failed_build_says_what_it_printed,
        );
    };
    ($fixture:path, $($behaviour:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $behaviour() {
            let fixture = $fixture().await;
            $crate::contract::$behaviour(&fixture).await;
            fixture.clear().await;
        }
    )*};
}
pub(crate) use contract;

pub(crate) async fn output_from_the_first_byte_is_seen_and_commands_are_answered<R: Runtime + Clone>(
    fixture: &Fixture<R>,
) {
    let (_, mut console) = fixture.start().await;
    assert_eq!(console.line().await.unwrap().text, "Simulated server");
    console.until("Ready for players").await;
    console.say("hello there").await;
    console.until("hello there").await;
}

pub(crate) async fn a_console_resumes_without_gap_and_without_repetition<R: Runtime + Clone>(
    fixture: &Fixture<R>,
) {
    let (id, mut console) = fixture.start().await;
    console.until("Ready for players").await;
    console.say("flood 50").await;
    let last = console.until("flood 20").await;
    drop(console);
    let mut again = Console::wrap(fixture.runtime.attach(&id, Some(last.at)).await.unwrap());
    assert_eq!(again.line().await.unwrap().text, "flood 21");
    again.until("flood 50").await;
    again.say("stop").await;
    assert_eq!(again.rest().await, ["stop", "Stopping"]);
    let mut after_the_end = Console::wrap(fixture.runtime.attach(&id, Some(last.at)).await.unwrap());
    assert_eq!(after_the_end.rest().await.len(), 32);
}

pub(crate) async fn a_process_that_ends_by_itself_tells_its_code<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let (id, mut console) = fixture.start().await;
    let waiting = fixture.runtime.wait(&id);
    console.say("crash").await;
    let exit = soon(waiting).await.unwrap();
    assert_eq!((exit.code, exit.oom_killed), (1, false));
    assert!((chrono::Utc::now() - exit.finished_at).num_seconds().abs() < 30);
    assert_eq!(soon(fixture.runtime.wait(&id)).await.unwrap(), exit);
}

pub(crate) async fn signals_reach_the_process<R: Runtime + Clone>(fixture: &Fixture<R>) {
    for signal in ["SIGINT", "SIGTERM"] {
        let (id, mut console) = fixture.start().await;
        console.until("Ready for players").await;
        fixture.runtime.signal(&id, signal).await.unwrap();
        assert_eq!(soon(fixture.runtime.wait(&id)).await.unwrap().code, 0, "{signal}");
        assert_eq!(console.rest().await.last().unwrap(), "Stopping");
        fixture.runtime.remove(&id).await.unwrap();
    }
}

pub(crate) async fn a_process_that_ignores_signals_can_be_killed<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let (id, mut console) = fixture.start().await;
    console.say("hang").await;
    console.until("hang").await;
    fixture.runtime.signal(&id, "SIGINT").await.unwrap();
    fixture.runtime.kill(&id).await.unwrap();
    assert_eq!(soon(fixture.runtime.wait(&id)).await.unwrap().code, 137);
    fixture.runtime.kill(&id).await.unwrap();
}

pub(crate) async fn whoever_comes_back_finds_containers_by_their_labels<R: Runtime + Clone>(
    fixture: &Fixture<R>,
) {
    let (id, mut console) = fixture.start().await;
    console.until("Ready for players").await;
    let find = || async {
        let mut listed = fixture.runtime.list().await.unwrap();
        listed.retain(|listed| listed.server == fixture.server);
        assert_eq!(listed.len(), 1);
        listed.remove(0)
    };
    let running = find().await;
    assert_eq!((&running.id, running.purpose, running.generation), (&id, Purpose::Server, 7));
    assert_eq!(running.digest, "digest");
    assert!(matches!(running.phase, Phase::Running { .. }));
    console.say("crash").await;
    let exit = soon(fixture.runtime.wait(&id)).await.unwrap();
    assert_eq!(find().await.phase, Phase::Ended(exit));
}

pub(crate) async fn a_second_container_of_the_same_purpose_is_refused<R: Runtime + Clone>(
    fixture: &Fixture<R>,
) {
    let (_, _console) = fixture.start().await;
    let spec = fixture.spec(Purpose::Server, SERVER).await;
    let refused = fixture.runtime.create_and_start(&spec).await;
    assert!(matches!(refused, Err(RuntimeError::AlreadyExists { .. })), "{refused:?}");
}

pub(crate) async fn what_has_ended_takes_no_signal_and_what_is_gone_is_not_found<R: Runtime + Clone>(
    fixture: &Fixture<R>,
) {
    let (id, mut console) = fixture.start().await;
    console.say("stop").await;
    soon(fixture.runtime.wait(&id)).await.unwrap();
    let refused = fixture.runtime.signal(&id, "SIGINT").await;
    assert!(matches!(refused, Err(RuntimeError::NotRunning { .. })), "{refused:?}");
    assert!(fixture.runtime.attach(&id, None).await.unwrap().input.is_none());
    let gone = ContainerId("gantry-that-never-was".to_owned());
    for refused in [
        fixture.runtime.signal(&gone, "SIGINT").await.err(),
        fixture.runtime.wait(&gone).await.err(),
        fixture.runtime.attach(&gone, None).await.err(),
        fixture.runtime.statistics(&gone).await.err(),
    ] {
        assert!(matches!(refused, Some(RuntimeError::NoSuchContainer { .. })), "{refused:?}");
    }
}

pub(crate) async fn removal_is_idempotent<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let (id, _console) = fixture.start().await;
    fixture.runtime.remove(&id).await.unwrap();
    fixture.runtime.remove(&id).await.unwrap();
    fixture.runtime.remove_server(fixture.server).await.unwrap();
    let listed = fixture.runtime.list().await.unwrap();
    assert!(listed.iter().all(|listed| listed.server != fixture.server));
}

pub(crate) async fn a_flood_arrives_whole_and_in_order<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let (_, mut console) = fixture.start().await;
    for command in ["flood 20000", "flood 20000", "stop"] {
        console.say(command).await;
    }
    let rest = console.rest().await;
    let numbers: Vec<u32> =
        rest.iter().filter_map(|line| line.strip_prefix("flood ")?.parse().ok()).collect();
    // The command's own echo, and what it printed; twice.
    let once = || std::iter::once(20_000_u32).chain(1..=20_000);
    assert!(numbers.iter().copied().eq(once().chain(once())), "{} lines", numbers.len());
}

pub(crate) async fn statistics_come_each_second_and_end_with_the_process<R: Runtime + Clone>(
    fixture: &Fixture<R>,
) {
    let (id, mut console) = fixture.start().await;
    let mut statistics = fixture.runtime.statistics(&id).await.unwrap();
    for _ in 0..2 {
        let one = soon(statistics.next()).await.unwrap().unwrap();
        assert_eq!(one.memory_limit_bytes, 256 << 20);
        assert!(one.memory_bytes > 0 && one.memory_bytes <= one.memory_limit_bytes, "{one:?}");
        assert!(one.pids > 0 && one.cpu_percent >= 0.0 && one.cpu_percent < 200.0, "{one:?}");
    }
    console.say("stop").await;
    soon(async { while statistics.next().await.is_some() {} }).await;
}

pub(crate) async fn installers_run_to_their_end_and_are_gone<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let (exit, output) = fixture.install(INSTALLER, &[]).await;
    assert_eq!((exit.code, output), (0, vec!["Installing".to_owned(), "Installed".to_owned()]));
    let (exit, _) = fixture.install(INSTALLER, &[("SIMULATED_EXIT", "3")]).await;
    assert_eq!(exit.code, 3);
    let listed = fixture.runtime.list().await.unwrap();
    assert!(listed.iter().all(|listed| listed.server != fixture.server));
}

async fn cut_off<R: Runtime + Clone>(
    fixture: &Fixture<R>,
    timeout: Duration,
    cancel: CancellationToken,
) -> RuntimeError {
    let mut spec = fixture.spec(Purpose::Install, INSTALLER).await;
    spec.environment = settings(&[("SIMULATED_MS", "600000")]);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
    let run = fixture.runtime.run_to_end(&spec, timeout, sender, cancel.clone());
    let began = async {
        receiver.recv().await.expect("output");
        cancel.cancel();
    };
    let (ended, ()) = soon(async { tokio::join!(run, began) }).await;
    let listed = fixture.runtime.list().await.unwrap();
    assert!(listed.iter().all(|listed| listed.server != fixture.server));
    ended.unwrap_err()
}

pub(crate) async fn an_installer_that_takes_too_long_is_ended<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let mut spec = fixture.spec(Purpose::Install, INSTALLER).await;
    spec.environment = settings(&[("SIMULATED_MS", "600000")]);
    let (sender, _receiver) = tokio::sync::mpsc::channel(8);
    let timeout = Duration::from_secs(1);
    let ended = soon(fixture.runtime.run_to_end(&spec, timeout, sender, CancellationToken::new())).await;
    assert!(matches!(ended, Err(RuntimeError::TimedOut { seconds: 1 })), "{ended:?}");
}

pub(crate) async fn a_cancelled_installer_is_ended<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let ended = cut_off(fixture, Duration::from_secs(600), CancellationToken::new()).await;
    assert!(matches!(ended, RuntimeError::Cancelled), "{ended:?}");
}

pub(crate) async fn a_leftover_installer_is_replaced<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let mut spec = fixture.spec(Purpose::Install, INSTALLER).await;
    spec.environment = settings(&[("SIMULATED_MS", "600000")]);
    fixture.runtime.create_and_start(&spec).await.unwrap();
    let (exit, _) = fixture.install(INSTALLER, &[]).await;
    assert_eq!(exit.code, 0);
}

pub(crate) async fn root_is_refused<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let mut spec = fixture.spec(Purpose::Server, SERVER).await;
    spec.owner.uid = 0;
    let refused = fixture.runtime.create_and_start(&spec).await;
    assert!(matches!(refused, Err(RuntimeError::InvalidSpec(_))), "{refused:?}");
}

pub(crate) async fn images_that_make_no_sense_are_refused<R: Runtime + Clone>(fixture: &Fixture<R>) {
    for reference in ["", "two words"] {
        let image = Image::Reference { reference: reference.to_owned() };
        let refused = fixture.runtime.ensure_image(&image, &Told::default()).await;
        assert!(matches!(refused, Err(RuntimeError::InvalidImage(_))), "{reference:?}: {refused:?}");
    }
}

/// A recipe that nobody has built.
pub(crate) fn recipe(step: &str) -> Image {
    let files =
        vec![RecipeFile { path: "note/unique".to_owned(), content: uuid::Uuid::now_v7().to_string() }];
    Image::Recipe {
        dockerfile: format!("FROM debian:bookworm-slim\nCOPY note/unique /note\n{step}\n"),
        files,
    }
}

pub(crate) async fn a_recipe_is_built_once_for_all_who_want_it<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let image = recipe("RUN true");
    let (first, second, third) = (Told::default(), Told::default(), Told::default());
    let ensure = |told| fixture.runtime.ensure_image(&image, told);
    let (one, two) = soon(async { tokio::join!(ensure(&first), ensure(&second)) }).await;
    assert_eq!(one.unwrap(), two.unwrap());
    assert!(!first.all().is_empty());
    ensure(&third).await.unwrap();
    assert!(third.all().is_empty(), "it was built before");
}

pub(crate) async fn a_failed_build_says_what_it_printed<R: Runtime + Clone>(fixture: &Fixture<R>) {
    let failed = soon(fixture.runtime.ensure_image(&recipe("RUN false"), &Told::default())).await;
    let Err(RuntimeError::Build { message, log_tail }) = failed else { panic!("{failed:?}") };
    assert!(message.contains("non-zero code: 1"), "{message}");
    assert!(log_tail.iter().any(|line| line.contains("RUN false")), "{log_tail:?}");
}
