//! What the shares of production leave room for, by a clock that is given.

use gantry_types::conduct::PluginFigures;

use super::*;

/// What a collector costs that asks its game once: more than any of ours takes.
const COLLECTED: Spent =
    Spent { cpu: Duration::from_micros(300), host_calls: 4, memory_bytes: 4 << 20, log_bytes: 0 };
/// What a batch of console lines costs.
const READ: Spent =
    Spent { cpu: Duration::from_micros(300), host_calls: 1, memory_bytes: 4 << 20, log_bytes: 64 };

fn caller(server: &str, kind: Kind) -> Caller {
    Caller {
        digest: "digest".into(),
        plugin: "sample".into(),
        version: "1.0.0".to_owned(),
        server: Some(server.to_owned()),
        tenant: None,
        kind,
    }
}

/// Calls in so many seconds of a thousand servers that are each collected once a second, one of which also has its console
/// read so often a second; and those that were refused.
fn calls_of_a_thousand(batches: u32, seconds: u32) -> (u64, u64) {
    let (fair, began) = (Fair::new(Shares::default()), Instant::now());
    let ask = |caller: &Caller, spent: &Spent, now| {
        if fair.admit_at(caller, now).is_ok() {
            fair.charge_at(caller, spent, now);
            fair.ended(caller, Tries::default(), &Outcome::Answered);
        }
    };
    let collectors: Vec<Caller> =
        (0..1_000).map(|number| caller(&format!("server-{number}"), Kind::Collect)).collect();
    let console = caller("server-0", Kind::ConsoleEvents);
    for second in 0..seconds {
        // All in the first moment of the second: no phase is kinder than that.
        let now = began + Duration::from_secs(second.into());
        collectors.iter().for_each(|caller| ask(caller, &COLLECTED, now));
        for batch in 0..batches {
            ask(&console, &READ, now + Duration::from_secs(1) * batch / batches);
        }
    }
    let conduct = fair.conduct().remove(0);
    let figures = conduct.figures;
    let of_servers = |what: fn(&PluginFigures) -> u64| -> u64 {
        conduct.servers.iter().map(|server| what(&server.figures)).sum()
    };
    assert_eq!(conduct.servers.len(), 1_000);
    assert_eq!(conduct.servers[0].server_id, "server-0", "the busiest comes first");
    assert_eq!(of_servers(|figures| figures.calls), figures.calls);
    assert_eq!(of_servers(|figures| figures.refused), figures.refused);
    assert_eq!(figures.cpu_ms, figures.calls * 300 / 1_000, "calls of less than a millisecond add up");
    (figures.calls, figures.refused)
}

#[test]
fn a_thousand_collected_servers_and_a_chatty_console_are_within_the_shares() {
    assert_eq!(calls_of_a_thousand(9, 120), (120 * 1_009, 0));
}

#[test]
fn a_console_that_is_read_a_thousand_times_a_second_is_not() {
    let (calls, refused) = calls_of_a_thousand(1_000, 20);
    assert!(refused > 10 * 800, "{refused} refused of {}", calls + refused);
}

/// Whether another's server is still served, once so many servers of each of these people were held.
fn serves_others_once_held(people: &[(&str, usize)]) -> bool {
    let (fair, now) = (Fair::new(Shares::default()), Instant::now());
    let of = |tenant: &str, server: String| Caller {
        tenant: Some(tenant.into()),
        ..caller(&server, Kind::Collect)
    };
    let other = of("zoe", "zoes".to_owned());
    let ask = |caller: &Caller| fair.admit_at(caller, now);
    assert!(ask(&other).is_ok());
    for (tenant, servers) in people {
        for number in 0..*servers {
            let caller = of(tenant, format!("{tenant}-{number}"));
            while let Ok(tries) = ask(&caller) {
                fair.ended(&caller, tries, &Outcome::Stopped { reason: "trap", message: "it crashed" });
            }
        }
    }
    ask(&other).is_ok()
}

#[test]
fn one_persons_servers_do_not_take_a_plugin_from_others_and_most_peoples_do() {
    assert!(serves_others_once_held(&[("alice", 12)]));
    assert!(!serves_others_once_held(&[("alice", 2), ("bob", 2), ("carl", 2)]));
}
