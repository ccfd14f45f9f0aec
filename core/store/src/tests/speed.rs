//! How fast it is found out which servers a list has, beside the least that the same rows cost. Run by hand: it is a measurement.

use super::fixtures::{World, first_page};
use std::time::{Duration, Instant};

#[tokio::test]
#[ignore = "a measurement, not a check: run it alone with --ignored --nocapture"]
async fn list_of_fifty_servers_among_ten_thousand() {
    let world = World::new().await;
    let mut owner = world.test.owner().await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO users (id, name, email, role) SELECT gen_random_uuid(), 'u' || n, 'u' || n || '@x', 'user'
             FROM generate_series(1, 200) n;
         CREATE TEMP TABLE somebody AS SELECT id, row_number() OVER () AS n FROM users WHERE email LIKE 'u%@x';
         INSERT INTO servers (id, name, owner_id, node_id, plugin_id, digest, blueprint, blueprint_name, memory_mib,
                              swap_mib, cpu_percent, disk_mib, pids, desired)
             SELECT gen_random_uuid(), 'server ' || g,
                    CASE WHEN g <= 50 THEN (SELECT id FROM users WHERE email = 'ada@example.org')
                         ELSE (SELECT id FROM somebody s WHERE s.n = 1 + g % 200) END,
                    (SELECT id FROM nodes), (SELECT id FROM plugins), repeat('a', 64), 'arena', 'Arena', 1, 1, 1, 1, 1,
                    'running'
             FROM generate_series(1, 10000) g;
         UPDATE servers SET endpoints = '[{\"allocationId\": \"00000000-0000-0000-0000-000000000001\", \"name\": \"game\",
             \"protocol\": \"udp\", \"address\": \"203.0.113.7\", \"port\": 27960}]';
         ANALYZE",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let db = &world.test.db;
    let bare = measure(async || {
        let sql = "SELECT id, name, description, owner_id, node_id, endpoints, observed, generation FROM servers WHERE owner_id = $1";
        let rows = sqlx::query(sql).bind(world.ada.user_id.uuid()).fetch_all(db.system_pool()).await.unwrap();
        assert_eq!(rows.len(), 50);
    })
    .await;
    let list = measure(async || {
        let mut tx = db.as_user(&world.ada).await.unwrap();
        let page = tx.server_stamps(&first_page()).await.unwrap();
        drop(tx);
        assert_eq!(page.items.len(), 50);
    })
    .await;
    let administrator = measure(async || {
        let mut tx = db.as_user(&world.admin).await.unwrap();
        let page = tx.server_stamps(&first_page()).await.unwrap();
        drop(tx);
        assert_eq!(page.items.len(), 50);
    })
    .await;
    println!("bare {bare:.0}/s, list {list:.0}/s ({:.2}), administrator {administrator:.0}/s", list / bare);
}

/// How often `work` is done in a second by four at once.
async fn measure(work: impl AsyncFn()) -> f64 {
    for _ in 0..50 {
        work().await;
    }
    let (begin, enough) = (Instant::now(), Duration::from_secs(3));
    let worker = async || {
        let mut done = 0u32;
        while begin.elapsed() < enough {
            work().await;
            done += 1;
        }
        done
    };
    let counts = futures_util::future::join_all((0..4).map(|_| worker())).await;
    f64::from(counts.into_iter().sum::<u32>()) / begin.elapsed().as_secs_f64()
}
