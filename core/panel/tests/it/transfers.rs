//! Files on their way that nobody takes or brings: what they leave to others, and how they end.

use crate::{
    files::World,
    kit::{Answer, Client},
};
use futures_util::{StreamExt, stream};
use reqwest::{Body, Method, Response};
use serde_json::json;
use std::{fs, future::Future, time::Duration};
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

/// What an upload is answered with of which one piece came and no more will, once `end` was done in its middle.
async fn half_an_upload(world: &World, writer: &Client, path: &str, end: impl Future<Output = ()>) -> Answer {
    let pieces = stream::iter([Ok::<_, std::io::Error>(vec![b'x'; 300_000])]).chain(stream::pending());
    let request = writer.request(Method::PUT, &world.url(&format!("/upload?path={path}")));
    let request = request.header("content-type", "application/octet-stream").body(Body::wrap_stream(pieces));
    let ending = async {
        // It stands in the log once it is let through.
        let activity = format!("/api/servers/{}/activity", world.id);
        let patience = Instant::now() + Duration::from_secs(20);
        while !world.admin.get(&activity).await.expect(200).to_string().contains(path) {
            assert!(Instant::now() < patience, "the upload never began");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        end.await;
    };
    tokio::join!(writer.send(request), ending).0
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_right_goes_away_is_told_so_as_every_request_would_be() {
    let world = World::new().await;
    let before = world.names("").await;
    for (name, code) in [("grace", "not_found"), ("edsger", "forbidden"), ("barbara", "not_signed_in")] {
        let writer = world.app.person(&world.admin, name, "limited").await;
        let members = format!("/api/servers/{}/members", world.id);
        let some = json!(["server.read", "files.list", "files.write"]);
        let form = json!({ "email": format!("{name}@example.com"), "permissions": some });
        let member = world.admin.post(&members, form).await.expect(201);
        let member = format!("{members}/{}", member["userId"].as_str().unwrap());
        let end = async {
            match code {
                "not_found" => drop(world.admin.delete(&member).await.expect(204)),
                "forbidden" => {
                    let fewer = json!({ "permissions": ["server.read", "files.list"] });
                    drop(world.admin.patch(&member, fewer).await.expect(200));
                }
                _ => drop(writer.post("/api/auth/sign-out", json!({})).await.expect(204)),
            }
        };
        half_an_upload(&world, &writer, &format!("of-{name}"), end).await.problem(code);
    }
    assert_eq!(world.names("").await, before);
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
