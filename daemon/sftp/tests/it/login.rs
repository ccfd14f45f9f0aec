//! Who is let in, and who is not.

use crate::{
    house::{ALICE, ALL, House, PASSWORD, PATIENCE, Way, quick},
    raw::Raw,
};
use gantry_protocol::{MAX_SFTP_LEASE, SftpGrants};
use gantry_sftp::{Limits, limits};
use gantry_types::permission::Permission;
use russh::{
    MethodKind,
    client::AuthResult,
    keys::{PrivateKey, PrivateKeyWithHashAlg, ssh_key::private::Ed25519Keypair},
};
use std::{sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpStream};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_another_s_server_and_nobody_are_refused_alike() {
    let house = House::new().await;
    for (name, password) in [
        (ALICE, "wrong"),
        ("alice.other", PASSWORD),
        ("alice", PASSWORD),
        ("bob.survival", PASSWORD),
        ("nobody.survival", PASSWORD),
        (".survival", PASSWORD),
        ("alice.survival.", PASSWORD),
    ] {
        let (text, well) = house.sftp(name, Way::Password(Box::leak(password.into())), "ls\n").await;
        assert!(!well && text.contains("Permission denied"), "{name}: {text}");
    }
    let (text, well) = house.sftp(ALICE, Way::Password(PASSWORD), "ls\n").await;
    assert!(well, "{text}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_keys_and_passwords_are_offered() {
    let house = House::new().await;
    let mut ssh = Raw::knock(&house).await;
    let AuthResult::Failure { remaining_methods, .. } = ssh.authenticate_none(ALICE).await.unwrap() else {
        panic!("nobody came in");
    };
    assert_eq!(&remaining_methods[..], [MethodKind::PublicKey, MethodKind::Password]);
    let asked = ssh.authenticate_keyboard_interactive_start(ALICE, None).await.unwrap();
    assert!(matches!(asked, russh::client::KeyboardInteractiveAuthResponse::Failure { .. }), "{asked:?}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_hers_is_refused_and_hers_is_taken() {
    let house = House::new().await;
    let mut ssh = Raw::knock(&house).await;
    let foreign = PrivateKey::from(Ed25519Keypair::from_seed(&[10; 32]));
    for (key, comes_in) in [(foreign, false), (house.key.clone(), true)] {
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
        assert_eq!(ssh.authenticate_publickey(ALICE, key).await.unwrap().success(), comes_in);
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_guess_of_a_connection_ends_it_even_if_it_is_right() {
    let house = House::new().await;
    let mut ssh = Raw::knock(&house).await;
    for _ in 0..limits::ATTEMPTS {
        assert!(!ssh.authenticate_password(ALICE, "wrong").await.unwrap().success());
    }
    assert!(!ssh.authenticate_password(ALICE, PASSWORD).await.is_ok_and(|result| result.success()));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_is_shut_out_even_with_the_right_password() {
    let house = House::new().await;
    let mut guesses = 0;
    while guesses <= limits::GUESSES {
        let mut ssh = Raw::knock(&house).await;
        for _ in 0..limits::ATTEMPTS {
            assert!(!ssh.authenticate_password(ALICE, "wrong").await.unwrap().success());
            guesses += 1;
        }
    }
    let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let mut greeting = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut greeting)).await.unwrap();
    assert!(greeting.is_empty(), "{read:?}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_say_in_time_who_they_are_is_shown_out() {
    let house = House::with(Limits { grace: Duration::from_millis(400), ..quick() }).await;
    // One says nothing at all, one greets and then says nothing.
    let mut silent = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let mut stranger = Raw::knock(&house).await;
    let mut heard = Vec::new();
    tokio::time::timeout(Duration::from_secs(3), silent.read_to_end(&mut heard)).await.unwrap().ok();
    assert_eq!(heard, b"SSH-2.0-Gantry\r\n");
    let ended = tokio::time::timeout(Duration::from_secs(3), &mut stranger).await;
    assert!(ended.is_ok(), "a stranger is still there");
    // Who is known stays.
    let mut known = Raw::enter(&house).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(known.ask(16, &[b"."]).await.kind, 104);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_nothing_for_long_is_shown_out() {
    let house = House::with(Limits { idle: Duration::from_millis(300), ..quick() }).await;
    let mut raw = Raw::enter(&house).await;
    assert_eq!(raw.ask(16, &[b"."]).await.kind, 104);
    raw.ends_within(Duration::from_secs(3)).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_connections_and_no_more() {
    let house = House::new().await;
    let mut streams = Vec::new();
    for _ in 0..limits::CONNECTIONS_PER_ADDRESS {
        let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
        let mut greeting = [0; 16];
        stream.read_exact(&mut greeting).await.unwrap();
        streams.push(stream);
    }
    let mut late = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let mut heard = Vec::new();
    late.read_to_end(&mut heard).await.ok();
    assert!(heard.is_empty());
    // A place that becomes free is given to the next.
    streams.pop();
    let again = async {
        loop {
            let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
            let mut greeting = [0; 16];
            if stream.read_exact(&mut greeting).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_beyond_their_bounds_are_refused_and_those_before_hold() {
    let house = House::new().await;
    let good = house.grants(&ALL);
    let broken = |break_it: &dyn Fn(&mut SftpGrants)| {
        let mut grants = good.clone();
        break_it(&mut grants);
        house.sftp.replace(&grants)
    };
    let breaks: [&dyn Fn(&mut SftpGrants); 12] = [
        &|grants| grants.lease_seconds = 0,
        &|grants| grants.lease_seconds = MAX_SFTP_LEASE + 1,
        &|grants| grants.people[0].handle = "Al.ice".to_owned(),
        &|grants| grants.people[1].handle = "alice".to_owned(),
        &|grants| grants.people[1].user = grants.people[0].user,
        &|grants| grants.people[0].servers[0].handle = String::new(),
        &|grants| grants.people[0].servers[0].permissions.push(Permission::ServerDelete),
        &|grants| grants.people[0].passwords[0].digest.truncate(63),
        &|grants| grants.people[0].passwords[0].digest.make_ascii_uppercase(),
        &|grants| grants.people[0].keys[0].public_key.push_str(" comment"),
        &|grants| grants.people[0].keys[0].public_key = "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA".to_owned(),
        &|grants| grants.people[0].passwords = vec![grants.people[0].passwords[0].clone(); 21],
    ];
    for (number, break_it) in breaks.into_iter().enumerate() {
        assert!(broken(break_it).is_err(), "{number}");
    }
    let many = (0..=10_000).map(|number| gantry_protocol::SftpPerson {
        handle: format!("p{number}"),
        user: gantry_types::UserId::new(uuid::Uuid::now_v7()),
        keys: Vec::new(),
        passwords: Vec::new(),
        servers: Vec::new(),
    });
    let many: Vec<_> = many.collect();
    assert!(broken(&|grants| grants.people.clone_from(&many)).is_err());
    let mut raw = Raw::enter(&house).await;
    assert_eq!(raw.ask(16, &[b"."]).await.kind, 104);
    house.stop().await;
}
