//! Numbers over time.

use super::fixtures::{World, now};
use chrono::Duration;
use gantry_auth::rights;
use gantry_domain::statistics::{
    self, Bucket, Measures, NodeBucket, NodeMeasures, PartKind, Resolution, Source, part_key,
};
use gantry_types::ServerId;

fn bucket(server_id: ServerId, ago: i64, players: f64) -> Bucket {
    let at = statistics::fine_bucket(now() - Duration::seconds(ago));
    Bucket { server_id, at, measures: Measures { players: Some(players), ..Measures::default() } }
}

#[tokio::test]
async fn a_chart_averages_what_was_sampled_and_a_gap_stays_a_gap() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let batch =
        [bucket(id, 3600, 4.0), bucket(id, 3610, 2.0), bucket(id, 60, 8.0), bucket(id, -3 * 86_400, 9.0)];
    assert_eq!(tx.record_statistics(&batch).await.unwrap(), 3, "a wrong clock's bucket is dropped");
    assert_eq!(tx.record_statistics(&batch[..1]).await.unwrap(), 1, "and a repeated one replaced");
    tx.roll_up_statistics(now() - Duration::hours(2), now() + Duration::hours(1)).await.unwrap();
    tx.commit().await.unwrap();

    let grant = world.grant::<rights::StatisticsRead>(&world.ada, id).await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    for source in [Source::Fine, Source::Coarse] {
        let (from, to) = (now() - Duration::hours(2), now() + Duration::hours(1));
        let wanted = Resolution { from, to, step: Duration::days(1), source };
        let points = tx.statistics(&grant, wanted).await.unwrap();
        let players: f64 = points.iter().filter_map(|point| point.measures.players).sum();
        assert!(!points.is_empty() && points.len() <= 2 && players >= 4.0, "{source:?} {points:?}");
    }
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    let all = Resolution {
        from: now() - Duration::hours(2),
        to: now(),
        step: Duration::seconds(10),
        source: Source::Fine,
    };
    assert!(tx.statistics(&grant, all).await.unwrap().is_empty(), "row security stands below the grant");
}

#[tokio::test]
async fn a_chart_of_a_node_averages_what_was_sampled_for_administrators_alone() {
    let world = World::new().await;
    let bucket = |ago: i64, cpu: f64, memory: i64| NodeBucket {
        node_id: world.node,
        at: statistics::fine_bucket(now() - Duration::seconds(ago)),
        measures: NodeMeasures {
            cpu_percent: Some(cpu),
            memory_bytes: Some(memory),
            memory_total_bytes: Some(memory * 2),
            ..NodeMeasures::default()
        },
        parts: [(part_key(PartKind::Disk, "read", "sda"), cpu), (part_key(PartKind::Core, "busy", "0"), 1.0)]
            .into(),
    };
    let mut tx = world.test.db.as_system().await.unwrap();
    let batch = [bucket(3600, 10.0, 100), bucket(3610, 30.0, 200), bucket(-3 * 86_400, 90.0, 1)];
    assert_eq!(tx.record_node_statistics(&batch).await.unwrap(), 2, "a wrong clock's bucket is dropped");
    assert_eq!(tx.record_node_statistics(&batch[..1]).await.unwrap(), 1, "and a repeated one replaced");
    tx.roll_up_node_statistics(now() - Duration::hours(2), now() + Duration::hours(1)).await.unwrap();
    assert_eq!(tx.record_node_parts(&batch).await.unwrap(), 2);
    assert_eq!(tx.record_node_parts(&batch[..1]).await.unwrap(), 1);
    tx.roll_up_node_parts(now() - Duration::hours(2), now() + Duration::hours(1)).await.unwrap();
    tx.commit().await.unwrap();

    let grant = world.admin.administrator().unwrap();
    for source in [Source::Fine, Source::Coarse] {
        let (from, to) = (now() - Duration::hours(2), now() + Duration::hours(1));
        let wanted = Resolution { from, to, step: Duration::days(1), source };
        let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
        let points = tx.node_statistics(&grant, world.node, wanted).await.unwrap();
        // At midnight the two may lie in two days, and at a full five minutes in two coarse buckets.
        assert!(!points.is_empty() && points.len() <= 2, "{points:?}");
        let measures = points[points.len() - 1].measures;
        assert!((10.0..=30.0).contains(&measures.cpu_percent.unwrap()), "{source:?} {measures:?}");
        assert_eq!((measures.swap_bytes, measures.temperature_celsius), (None, None));
        let parts = tx.node_parts(&grant, world.node, PartKind::Disk, wanted).await.unwrap();
        assert!(!parts.is_empty() && parts.len() <= 2, "{parts:?}");
        assert!(
            parts.iter().all(|one| (one.measure.as_str(), one.name.as_str()) == ("read", "sda")),
            "{parts:?}"
        );
        assert!((10.0..=30.0).contains(&parts[0].value), "{source:?} {parts:?}");
        let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
        let refused = tx.node_statistics(&grant, world.node, wanted).await;
        assert!(refused.is_err(), "row security stands below the grant");
        let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
        assert!(tx.node_parts(&grant, world.node, PartKind::Core, wanted).await.is_err());
    }
}

#[tokio::test]
async fn old_partitions_go_and_the_next_ones_are_there() {
    let world = World::new().await;
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.maintain_statistics(now() + Duration::days(30)).await.unwrap();
    tx.maintain_statistics(now() + Duration::days(30)).await.unwrap();
    for table in ["statistics_fine", "node_statistics_fine", "node_parts_fine"] {
        let fine: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = $1::regclass ORDER BY 1",
        )
        .bind(table)
        .fetch_all(tx.db())
        .await
        .unwrap();
        let day = |days| format!("{table}_d{}", (now() + Duration::days(days)).format("%Y%m%d"));
        assert_eq!((fine.first(), fine.last()), (Some(&day(28)), Some(&day(33))), "{fine:?}");
    }
}
