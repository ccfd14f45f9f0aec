//! Files on their way that nobody takes or brings: what they leave to others, and how they end.

use crate::{files::World, kit::Client};
use reqwest::{Method, Response};
use serde_json::json;
use std::{fs, time::Duration};
use tokio::time::Instant;

impl World {
    /// Somebody who may see this server and read its files.
    async fn reader(&self, name: &str) -> Client {
        let reader = self.app.person(&self.admin, name, "limited").await;
        let permissions = ["server.read", "files.list", "files.read"];
        let form = json!({ "email": format!("{name}@example.com"), "permissions": permissions });
        self.admin.post(&format!("/api/servers/{}/members", self.id), form).await.expect(201);
        reader
    }

    /// A file that is larger than all buffers on its way.
    fn large(&self) {
        fs::File::create(self.root.join("large")).unwrap().set_len(256 << 20).unwrap();
    }

    /// Begins so many downloads and reads nothing of them.
    async fn leave_unread(&self, reader: &Client, count: usize) -> Vec<Response> {
        let mut unread = Vec::new();
        for _ in 0..count {
            let request = reader.request(Method::GET, &self.url("/download?path=large"));
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
            unread.push(response);
        }
        unread
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_has_so_many_files_under_way_and_is_told_when_there_are_more() {
    let world = World::new().await;
    world.large();
    let friend = world.reader("grace").await;
    let mut unread = world.leave_unread(&friend, 8).await;
    let refused = friend.get(&world.url("/download?path=large")).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "1"));
    let told = refused.problem("rate_limited");
    assert!(told["detail"].as_str().unwrap().contains("8 files of this node under way"), "{told}");
    unread.pop();
    // The control plane hears by and by that somebody hung up.
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let response = friend.request(Method::GET, &world.url("/download?path=large")).send().await.unwrap();
        if response.status() == 200 {
            break;
        }
        assert!(Instant::now() < patience, "{}", response.text().await.unwrap());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_of_many_files_leaves_the_server_s_desk_and_the_link_to_others() {
    let world = World::new().await;
    world.large();
    let mut readers = Vec::new();
    for name in ["grace", "edsger", "barbara", "alan"] {
        readers.push(world.reader(name).await);
    }
    let (last, mut unread) = (readers.pop().unwrap(), Vec::new());
    for reader in &readers {
        unread.extend(world.leave_unread(reader, 8).await);
    }
    unread.extend(world.leave_unread(&last, 1).await);
    let refused = last.get(&world.url("/download?path=large")).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    refused.problem("overloaded");

    assert!(world.names("").await.contains(&"large".to_owned()));
    world.put("/content?path=motd.txt", "one").await.expect(200);
    let read = world.admin.get(&world.url("/content?path=motd.txt")).await.expect(200);
    assert_eq!(read["text"], "one");
    world.post("/copy", json!({ "from": "motd.txt", "to": "motd.old" })).await.expect(200);
    let fetched = world.admin.get(&world.url("/download?path=motd.old")).await;
    assert_eq!((fetched.status.as_u16(), fetched.body), (200, json!("one")));
    world.put("/upload?path=maps.txt", "two").await.expect(200);
    world.node.stop().await;
}
