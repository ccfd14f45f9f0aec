//! One person's share of what the node has for all.

use crate::{
    house::{ALICE, ALL, House, PASSWORD, PATIENCE},
    raw::Raw,
};
use gantry_protocol::SftpPerson;
use gantry_sftp::limits;
use gantry_types::UserId;
use uuid::Uuid;

const READ: u32 = 1;
const FAILURE: u32 = 4;
/// Another who may do all that Alice may.
const CAROL: &str = "carol.survival";
/// From where she comes.
const ELSEWHERE: &str = "127.0.0.2";

async fn house_of_two() -> House {
    let house = House::new().await;
    std::fs::write(house.root.join("file"), "content").unwrap();
    let mut grants = house.grants(&ALL);
    let alice = grants.people[0].clone();
    grants.people.push(SftpPerson { user: UserId::new(Uuid::now_v7()), handle: "carol".to_owned(), ..alice });
    house.sftp.replace(&grants).unwrap();
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_all_that_one_may_leaves_handles_to_others() {
    let house = house_of_two().await;
    let mut channels = vec![Raw::enter(&house).await];
    while channels.len() < limits::CHANNELS {
        channels.push(channels[0].beside().await);
    }
    for raw in &mut channels {
        for _ in 0..limits::HANDLES {
            raw.open("file", READ).await.bytes();
        }
    }
    let mut again = Raw::enter(&house).await;
    for refused in [again.open("file", READ).await, again.ask(11, &[b"/"]).await] {
        assert_eq!((refused.code(), refused.sentence().as_str()), (FAILURE, "Too many files are open."));
    }
    let mut other = Raw::enter_as(&house, CAROL, ELSEWHERE).await;
    let handle = other.open("file", READ).await.bytes();
    assert_eq!(&other.read(&handle, 0, 9).await.bytes()[..], b"content");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_has_so_many_connections_from_all_addresses_and_no_more() {
    let house = house_of_two().await;
    let mut present = Vec::new();
    for _ in 0..limits::CONNECTIONS_PER_PERSON {
        present.push(Raw::enter(&house).await);
    }
    let mut late = Raw::knock_from(&house, ELSEWHERE).await;
    // They may be shown out before they have heard that the password is right.
    late.authenticate_password(ALICE, PASSWORD).await.ok();
    tokio::time::timeout(PATIENCE, late).await.expect("the connection is still there").ok();
    let mut other = Raw::enter_as(&house, CAROL, ELSEWHERE).await;
    assert_eq!(other.ask(16, &[b"."]).await.kind, 104);
    assert_eq!(present[0].ask(16, &[b"."]).await.kind, 104, "those before stay");
    house.stop().await;
}
