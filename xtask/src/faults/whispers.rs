//! Secrets on their ways: typed, mistyped, handed to games, shown once, used at every door, while both programs log all that
//! they can and things break in between. That none is left anywhere is what the watch looks for.

use super::{
    client::{Client, text},
    secrets::invented,
    wait::{check, until},
    watch::Watch,
    world::{ADMIN, Parts, SOON, World},
};
use crate::{environment, shell::Result};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    thread,
};

const ALL: &str = "trace";

/// S1.
pub fn told(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    world.log(Some(ALL))?;
    let token = world.secrets.keep("a secret variable", invented()?);
    let server = world.admin.create(&world.form("keeps a secret", true, &json!({ "token": token })), None)?;
    world.wait_for_state(&server, "running", SOON)?;
    world.another_token(&server)?;
    world.refused(&server)?;
    world.of_a_plugin()?;
    world.another_password()?;
    world.by_sftp(&server)?;
    world.by_registry()?;

    // What a program says of its last moments, and of what it finds at its first.
    let restart = world.admin.act(&server, "restart")?;
    world.crash_daemon()?;
    world.crash_control_plane()?;
    world.wait_until_ready()?;
    world.cluster.crash()?;
    world.another_token(&server).err().ok_or("a change was taken without a database")?;
    world.cluster.start()?;
    world.wait_until_ready()?;
    world.wait_until_connected(SOON)?;
    world.wait_for_end(&restart, SOON)?;
    world.another_token(&server)?;
    world.tells_no_secret()?;
    world.log(None)
}

impl World {
    /// Both programs, started again with a filter for their logs.
    fn log(&mut self, filter: Option<&'static str>) -> Result<()> {
        let surroundings: Vec<_> =
            filter.map(|filter| ("GANTRY_LOG", filter.to_owned())).into_iter().collect();
        self.control_plane.restart_with(surroundings.clone())?;
        self.wait_until_ready()?;
        self.daemon.restart_with(surroundings)?;
        self.wait_until_connected(SOON)
    }

    fn another_token(&mut self, server: &str) -> Result<()> {
        let token = self.secrets.keep("a secret variable", invented()?);
        let change = json!({ "values": { "token": token } });
        self.admin.must("PATCH", &format!("/api/servers/{server}/variables"), Some(&change)).map(drop)
    }

    fn mistyped(&mut self) -> Result<String> {
        Ok(self.secrets.keep("a mistyped secret", invented()?))
    }

    /// Secrets in forms that are not as they should be.
    fn refused(&mut self, server: &str) -> Result<()> {
        let variables = format!("/api/servers/{server}/variables");
        let too_long = self.mistyped()?.repeat(3);
        let (one, bare) = (self.mistyped()?, self.mistyped()?);
        let (guess, nested, current) = (self.mistyped()?, self.mistyped()?, self.mistyped()?);
        let sign_in = "/api/auth/sign-in/email";
        let ways: [(&str, &str, Value); 7] = [
            ("PATCH", &variables, json!({ "values": { "token": too_long } })),
            ("PATCH", &variables, json!({ "values": { "token": [one] } })),
            ("PATCH", &variables, json!({ "values": bare })),
            ("POST", sign_in, json!({ "email": ADMIN, "password": guess })),
            ("POST", sign_in, json!({ "email": ADMIN, "password": { "it": nested } })),
            ("PATCH", "/api/account", json!({ "currentPassword": current, "newPassword": too_long })),
            ("POST", "/api/servers", self.form("refused", false, &json!({ "token": too_long }))),
        ];
        for (method, path, body) in ways {
            let (status, said) = self.admin.ask(method, path, Some(&body), None)?;
            check((400..500).contains(&status), || format!("{method} {path} was answered {status}: {said}"))?;
        }
        Ok(())
    }

    /// A plugin's own: stored, put in the place of another, and refused.
    fn of_a_plugin(&mut self) -> Result<()> {
        let plugins = self.admin.get("/api/plugins")?;
        let counter = plugins["items"].as_array().into_iter().flatten();
        let counter = counter.into_iter().find(|plugin| plugin["manifestId"] == "counter");
        let id = text(counter.ok_or("there is no counter")?, "/id")?;
        let path = format!("/api/plugins/{id}/secrets/deploy");
        for _ in 0..2 {
            let secret = self.secrets.keep("a plugin's secret", invented()?);
            self.admin.must("PUT", &path, Some(&json!({ "value": secret })))?;
        }
        let (too_long, unasked) = (self.mistyped()?.repeat(1_000), self.mistyped()?);
        let ways = [
            (path.clone(), json!({ "value": too_long })),
            (path.replace("deploy", "other"), json!({ "value": unasked })),
        ];
        for (path, body) in ways {
            let (status, said) = self.admin.ask("PUT", &path, Some(&body), None)?;
            check((400..500).contains(&status), || format!("PUT {path} was answered {status}: {said}"))?;
        }
        Ok(())
    }

    fn another_password(&mut self) -> Result<()> {
        let (old, new) = (invented()?, invented()?);
        let (old, new) = (self.secrets.keep("a password", old), self.secrets.keep("a password", new));
        let form =
            json!({ "name": "Whisperer", "email": "whisperer@example.com", "password": old, "role": "user" });
        self.admin.must("POST", "/api/users", Some(&form))?;
        let mut person = Client::new(self.admin.url());
        self.secrets.keep("a session", person.sign_in("whisperer@example.com", &old)?);
        let form = json!({ "currentPassword": old, "newPassword": new });
        person.must("PATCH", "/api/account", Some(&form))?;
        self.secrets.keep("a session", person.sign_in("whisperer@example.com", &new)?);
        let ticket = text(&person.get("/api/ws/token")?, "/token")?;
        self.secrets.keep("a ticket for a WebSocket", ticket);
        person.must("POST", "/api/auth/sign-out", None).map(drop)
    }

    /// An app password, right and then wrong, by OpenSSH's client.
    fn by_sftp(&mut self, server: &str) -> Result<()> {
        environment::sftp()?;
        let made = self.admin.must("POST", "/api/account/app-passwords", Some(&json!({ "name": "Here" })))?;
        let right = self.secrets.keep("an app password", text(&made, "/password")?);
        let wrong = self.secrets.keep("a mistyped app password", format!("gapp-{}", invented()?));
        let view = self.admin.get(&format!("/api/servers/{server}/sftp"))?;
        let person = format!("{}@127.0.0.1", text(&view, "/user")?);
        let ask = self.folder.join("ask");
        fs::write(&ask, "#!/bin/sh\necho \"$ANSWER\"\n")?;
        fs::set_permissions(&ask, PermissionsExt::from_mode(0o700))?;
        let knock = |password: &str| -> Result<std::process::Output> {
            let mut sftp = Command::new("sftp");
            sftp.env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force").env("ANSWER", password);
            sftp.args(["-F", "none", "-o", "BatchMode=no", "-o", "StrictHostKeyChecking=no"]);
            sftp.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1"]);
            sftp.args(["-o", "PreferredAuthentications=password", "-b", "/dev/null"]);
            sftp.args(["-P", &view["door"]["port"].to_string(), &person]);
            Ok(sftp.stdin(Stdio::null()).output()?)
        };
        // The node is told of a new password at once, but not before whoever made it has the answer.
        until("the node opens to an app password", SOON, || {
            let ended = knock(&right).map_err(|error| error.to_string())?;
            let said = || format!("{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
            if ended.status.success() { Ok(()) } else { Err(said()) }
        })?;
        check(!knock(&wrong)?.status.success(), || "a mistyped app password opened the door".into())?;
        Ok(())
    }
    /// The password for a registry, kept and then used at one that wants it and refuses it.
    fn by_registry(&mut self) -> Result<()> {
        let door = TcpListener::bind("127.0.0.1:0")?;
        let host = door.local_addr()?.to_string();
        let password = self.secrets.keep("a registry's password", invented()?);
        let mistyped = self.mistyped()?;
        let rules = json!({
            "registries": [{ "prefix": host, "network": "loopback" }], "offline": { "components": "any" },
        });
        self.admin.must("PUT", "/api/trust", Some(&json!({ "rules": rules })))?;
        let login = |password: Value| json!({ "registry": host, "username": "panel", "password": password });
        let (status, _) =
            self.admin.ask("PUT", "/api/trust/logins", Some(&login(json!([mistyped]))), None)?;
        check(status == 400, || format!("a password that is a list was answered {status}"))?;
        self.admin.must("PUT", "/api/trust/logins", Some(&login(json!(password))))?;
        // Once without the password, and once with it.
        let refusing = thread::spawn(move || [(); 2].map(|()| refuse(door.accept())));
        let wish = json!({ "reference": format!("{host}/acme/game:1") });
        let (status, said) = self.admin.ask("POST", "/api/plugins/install", Some(&wish), None)?;
        // Whoever did not come is not waited for.
        for _ in 0..2 {
            TcpStream::connect(&host).ok();
        }
        let [_, second] = refusing.join().map_err(|_| "the registry fell over")?;
        check(status == 502, || format!("the pull was answered {status}: {said}"))?;
        check(second?.contains("authorization: Basic "), || "the registry never saw the password".into())
    }
}

/// What a registry was asked, which it answered with a challenge.
fn refuse(came: std::io::Result<(TcpStream, std::net::SocketAddr)>) -> std::io::Result<String> {
    let (mut stream, _) = came?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            break;
        }
        head.push(byte[0]);
    }
    let refusal =
        "HTTP/1.1 401 x\r\nwww-authenticate: Basic realm=x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(refusal.as_bytes())?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}
