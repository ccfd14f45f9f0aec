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
