//! Docker, against the contract and in what only a real engine can show.

use crate::{
    contract::{contract, recipe},
    fixtures::{Console, Fixture, OWNER, SERVER, Told, soon},
};
use futures_util::StreamExt;
use gantry_runtime::{
    ContainerSpec, DockerRuntime, ImageProgress, PublishedPort, Purpose, Runtime, RuntimeError,
    docker::DockerConfig,
};
use gantry_types::{NodeId, plan::Image, server::Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn fixture() -> Fixture<DockerRuntime> {
    let node = NodeId::new(uuid::Uuid::now_v7());
    let runtime = DockerRuntime::connect(DockerConfig::new(node)).await.expect("a Docker Engine answers");
    Fixture::new(runtime, node, Image::Reference { reference: "debian:bookworm-slim".to_owned() })
}

contract!(fixture);

impl Fixture<DockerRuntime> {
    /// What a script prints, as one text.
    async fn prints(&self, script: &str) -> String {
        let (exit, output) = self.install(script, &[]).await;
        assert_eq!(exit.code, 0, "{output:?}");
        output.join("\n")
    }

    async fn prints_with(&self, script: &str, change: impl FnOnce(&mut ContainerSpec)) -> String {
        let mut spec = self.spec(Purpose::Install, script).await;
        change(&mut spec);
        let (exit, output) = self.run(&spec).await;
        assert_eq!(exit.code, 0, "{output:?}");
        output.join("\n")
    }
}

#[tokio::test]
async fn the_engine_says_what_it_is() {
    let text = fixture().await.runtime.describe().await.unwrap().text;
    assert!(text.starts_with("Docker ") && text.contains("API 1.") && text.contains("cgroup v"), "{text}");
}

#[tokio::test]
async fn processes_have_no_privileges_and_cannot_gain_any() {
    let fixture = fixture().await;
    let status = fixture.prints("id -u; id -g; cat /proc/self/status; ulimit -c; ulimit -n").await;
    let expected = [
        OWNER.uid.to_string(),
        "CapEff:\t0000000000000000".to_owned(),
        "CapPrm:\t0000000000000000".to_owned(),
        "CapBnd:\t0000000000000000".to_owned(),
        "NoNewPrivs:\t1".to_owned(),
        "Seccomp:\t2".to_owned(),
        "0".to_owned(),
    ];
    for expected in expected {
        assert!(status.lines().any(|line| line == expected), "{expected:?} in {status}");
    }
    fixture.clear().await;
}

/// Asks for a system call and prints the error's number, 0 for success.
const CALL: &str = r#"
call() { perl -e 'my ($n, @a) = map { int } @ARGV; my $r = syscall($n, @a); print $r == -1 ? int($!) : 0, "\n"' "$@"; }"#;

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn socket_families_that_games_never_need_are_denied() {
    let fixture = fixture().await;
    // socket(family, type, 0): AF_KEY, AF_PACKET, AF_RXRPC, AF_ALG, AF_VSOCK, AF_XDP, and AF_ALG with high bits set.
    let families = "15 17 33 38 40 44 4294967334";
    let denied = fixture.prints(&format!("{CALL}\nfor f in {families}; do call 41 $f 3 0; done")).await;
    assert_eq!(denied, ["1"; 7].join("\n"));
    let allowed =
        fixture.prints(&format!("{CALL}\nfor f in 1 2 10; do call 41 $f 1 0; done; call 41 16 3 0")).await;
    assert_eq!(allowed, ["0"; 4].join("\n"));
    fixture.clear().await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn system_calls_that_reach_deep_into_the_kernel_are_denied() {
    let fixture = fixture().await;
    // unshare(CLONE_NEWUSER), keyctl, add_key, request_key, bpf, userfaultfd, io_uring_*, mount, open_by_handle_at,
    // perf_event_open, init_module, pivot_root, clone(CLONE_NEWUSER).
    let numbers = [
        "272 268435456",
        "250 0 0",
        "248 0 0 0 0 0",
        "249 0 0 0 0",
        "321 0 0 0",
        "323 0",
        "425 1 0",
        "426 0 0 0 0 0 0",
        "427 0 0 0 0",
        "165 0 0 0 0 0",
        "304 0 0 0",
        "298 0 0 0 0 0",
        "175 0 0 0",
        "155 0 0",
        "56 268435456 0 0 0 0",
    ];
    let script = numbers.map(|call| format!("call {call}")).join("\n");
    let denied = fixture.prints(&format!("{CALL}\n{script}")).await;
    assert_eq!(denied, ["1"; 15].join("\n"));
    // clone3 hides its flags, so it must look as if it did not exist.
    assert_eq!(fixture.prints(&format!("{CALL}\ncall 435 0 0")).await, "38");
    fixture.clear().await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn a_file_systems_own_parts_and_limits_are_out_of_a_games_reach() {
    let fixture = fixture().await;
    // BTRFS_IOC_SUBVOL_CREATE, BTRFS_IOC_SUBVOL_SETFLAGS, the first with high bits set, FS_IOC_FSSETXATTR.
    let denied = fixture
        .prints(&format!(
            "{CALL}\nfor c in 1342215182 1074304026 4295067298318 1075599392; do call 16 0 $c 0; done"
        ))
        .await;
    assert_eq!(denied, ["1"; 4].join("\n"));
    // TCGETS, FIONREAD, SIOCGIFCONF and FS_IOC_GETFLAGS get as far as the file, which is none for them; FICLONE wants another.
    let asked = fixture
        .prints(&format!("{CALL}\nfor c in 21505 21531 35090 2148034049 1074041865; do call 16 0 $c 0; done"))
        .await;
    assert!(!asked.lines().any(|line| line == "1"), "{asked}");
    assert_eq!(asked.lines().count(), 5);
    fixture.clear().await;
}

#[tokio::test]
async fn the_directory_is_writable_and_a_read_only_root_is_not() {
    let fixture = fixture().await;
    let script = "touch here && echo data; touch /tmp/x && echo tmp; touch /usr/x 2>/dev/null || echo sealed; \
                  grep ' /tmp ' /proc/mounts; pwd; echo $HOME";
    let printed = fixture.prints_with(script, |spec| spec.read_only_root = true).await;
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines[..3], ["data", "tmp", "sealed"]);
    assert!(lines[3].contains("nosuid,nodev") && lines[3].contains("size=262144k"), "{}", lines[3]);
    assert_eq!(lines[4..], ["/server", "/server"]);
    assert!(fixture.data.path().join("here").exists());
    fixture.clear().await;
}

#[tokio::test]
async fn a_process_that_eats_memory_is_ended_and_it_is_told_why() {
    let fixture = fixture().await;
    let (exit, _) =
        fixture.install("perl -e '$x = \"x\" x (600 << 20); print length $x'; exit $?", &[]).await;
    assert_eq!((exit.code, exit.oom_killed), (137, true));
    fixture.clear().await;
}

#[tokio::test]
async fn processes_are_counted_and_limited() {
    let fixture = fixture().await;
    let script =
        "perl -e 'while ($n < 100 and defined(my $p = fork)) { $n++; $p or exec qw(sleep 5) } print $n'";
    let forked: u32 = fixture.prints_with(script, |spec| spec.limits.pids = 20).await.parse().unwrap();
    assert!((10..20).contains(&forked), "{forked} processes");
    fixture.clear().await;
}

#[tokio::test]
async fn a_busy_process_gets_its_share_and_no_more() {
    let fixture = fixture().await;
    let mut spec = fixture.spec(Purpose::Server, "while :; do :; done").await;
    spec.limits.cpu_percent = 20;
    let id = fixture.runtime.create_and_start(&spec).await.unwrap();
    let statistics = fixture.runtime.statistics(&id).await.unwrap();
    let few: Vec<_> = soon(statistics.take(3).collect::<Vec<_>>()).await;
    let last = few.last().unwrap().as_ref().unwrap().cpu_percent;
    assert!(last > 1.0 && last < 30.0, "{last} hundredths of a core");
    fixture.clear().await;
}

#[tokio::test]
async fn without_network_there_is_loopback_alone() {
    let fixture = fixture().await;
    let without = fixture.prints("ls /sys/class/net").await;
    assert_eq!(without, "lo");
    let with = fixture.prints_with("ls /sys/class/net", |spec| spec.network = true).await;
    assert!(with.contains("eth0"), "{with}");
    fixture.clear().await;
}

#[tokio::test]
async fn each_server_has_a_network_of_its_own_and_it_goes_with_the_server() {
    let (one, other) = (fixture().await, fixture().await);
    let address = "perl -MSocket -e 'print inet_ntoa((gethostbyname $ENV{HOSTNAME})[4])'";
    let first = one.prints_with(address, |spec| spec.network = true).await;
    let second = other.prints_with(address, |spec| spec.network = true).await;
    let subnet = |address: &str| u32::from(address.parse::<std::net::Ipv4Addr>().unwrap()) >> 3;
    assert_ne!(subnet(&first), subnet(&second), "{first} and {second}");
    let again = one.prints_with(address, |spec| spec.network = true).await;
    assert_eq!(subnet(&first), subnet(&again), "a server keeps its network");
    one.clear().await;
    other.clear().await;
    let docker = bollard::Docker::connect_with_unix_defaults().unwrap().negotiate_version().await.unwrap();
    let networks =
        docker.list_networks(None::<bollard::query_parameters::ListNetworksOptions>).await.unwrap();
    let ours = [one.server.to_string(), other.server.to_string()];
    let left = networks.iter().filter_map(|network| network.name.as_deref());
    assert_eq!(left.filter(|name| ours.iter().any(|server| name.contains(server))).count(), 0);
}

fn port(protocol: Protocol, port: u16) -> PublishedPort {
    PublishedPort { protocol, address: "127.0.0.1".parse().unwrap(), port }
}

/// Prints a line once it listens, then greets whoever connects.
const GREETER: &str = r#"perl -MIO::Socket::INET -e '$| = 1;
  my $l = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 1, ReuseAddr => 1) or die;
  print "listening\n"; while (my $c = $l->accept) { print $c "hello"; close $c }' "#;

#[tokio::test]
async fn a_published_port_is_reached_and_cannot_be_published_twice() {
    let (one, other) = (fixture().await, fixture().await);
    let mut spec = one.spec(Purpose::Server, &format!("{GREETER} 41977")).await;
    (spec.network, spec.ports) = (true, vec![port(Protocol::Tcp, 41977), port(Protocol::Udp, 41977)]);
    let id = one.runtime.create_and_start(&spec).await.unwrap();
    Console::open(&one.runtime, &id).await.until("listening").await;
    let mut greeting = String::new();
    let mut connection = tokio::net::TcpStream::connect("127.0.0.1:41977").await.unwrap();
    soon(connection.read_to_string(&mut greeting)).await.unwrap();
    assert_eq!(greeting, "hello");
    (spec.server, spec.node) = (other.server, other.node);
    let refused = other.runtime.create_and_start(&spec).await;
    assert!(matches!(refused, Err(RuntimeError::PortTaken { .. })), "{refused:?}");
    assert!(other.runtime.list().await.unwrap().is_empty(), "nothing is left of it");
    one.clear().await;
    other.clear().await;
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told_apart_and_leaves_nothing() {
    let fixture = fixture().await;
    let mut spec = fixture.spec(Purpose::Server, SERVER).await;
    spec.command = vec!["/no/such/program".to_owned()];
    let refused = fixture.runtime.create_and_start(&spec).await;
    // With an init in front, the engine starts and the init fails.
    match refused {
        Err(RuntimeError::Command { .. }) => {}
        Ok(id) => assert_eq!(soon(fixture.runtime.wait(&id)).await.unwrap().code, 127),
        Err(other) => panic!("{other:?}"),
    }
    fixture.clear().await;
}

#[tokio::test]
async fn a_terminal_echoes_and_its_long_lines_arrive_whole() {
    let fixture = fixture().await;
    let script =
        "printf 'x%.0s' $(seq 50000); echo; read -r line; echo \"got $line\"; tput cols 2>/dev/null; exit 0";
    let mut spec = fixture.spec(Purpose::Server, script).await;
    spec.terminal = true;
    let id = fixture.runtime.create_and_start(&spec).await.unwrap();
    let mut console = Console::open(&fixture.runtime, &id).await;
    let long = console.line().await.unwrap().text;
    assert!(long.len() == 50_000 && long.bytes().all(|byte| byte == b'x'), "{} bytes", long.len());
    console.say("a command").await;
    console.until("a command").await;
    console.until("got a command").await;
    assert_eq!(soon(fixture.runtime.wait(&id)).await.unwrap().code, 0);
    fixture.clear().await;
}

#[tokio::test]
async fn a_terminal_has_a_size_and_enter_is_the_key_that_programs_wait_for() {
    let fixture = fixture().await;
    let script =
        "read -r go; stty size; stty -echo -icanon -icrnl min 1; echo raw; head -c 3 | od -An -c; exit 0";
    let mut spec = fixture.spec(Purpose::Server, script).await;
    spec.terminal = true;
    let id = fixture.runtime.create_and_start(&spec).await.unwrap();
    let mut console = Console::open(&fixture.runtime, &id).await;
    console.say("go").await;
    console.until("50 400").await;
    console.until("raw").await;
    console.say("ab").await;
    console.until("   a   b  \\r").await;
    assert_eq!(soon(fixture.runtime.wait(&id)).await.unwrap().code, 0);
    fixture.clear().await;
}

#[tokio::test]
async fn a_console_that_nobody_reads_does_not_slow_the_process() {
    let fixture = fixture().await;
    let script = "seq 400000; touch done; sleep 1000";
    let id = fixture.runtime.create_and_start(&fixture.spec(Purpose::Server, script).await).await.unwrap();
    let unread = fixture.runtime.attach(&id, None).await.unwrap();
    let done = fixture.data.path().join("done");
    soon(async {
        while !done.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    drop(unread);
    fixture.clear().await;
}

#[tokio::test]
async fn a_build_cannot_take_the_memory_that_games_live_on() {
    let limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max";
    let told = Told::default();
    let image = recipe(&format!("RUN echo \"limit: $({limit})\""));
    soon(fixture().await.runtime.ensure_image(&image, &told)).await.expect("it is built");
    let says = |told: &ImageProgress| matches!(told, ImageProgress::Line(line) if line.trim() == "limit: 2146435072");
    assert!(told.all().iter().any(says), "{:?}", told.all());
}

#[tokio::test]
async fn a_registry_inside_is_asked_only_where_it_is_allowed_and_not_quoted() {
    let inside = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = inside.local_addr().unwrap().port();
    let reference = format!("127.0.0.1:{port}/x/y:1");
    let image = Image::Reference { reference: reference.clone() };
    let node = NodeId::new(uuid::Uuid::now_v7());
    let strict = DockerRuntime::connect(DockerConfig::new(node)).await.unwrap();
    let refused = soon(strict.ensure_image(&image, &|_| {})).await;
    assert!(matches!(refused, Err(RuntimeError::Registry { .. })), "{refused:?}");
    let recipe = Image::Recipe { dockerfile: format!("FROM {reference}"), files: vec![] };
    let refused = soon(strict.ensure_image(&recipe, &|_| {})).await;
    assert!(matches!(refused, Err(RuntimeError::Registry { .. })), "{refused:?}");
    let asked = tokio::time::timeout(std::time::Duration::from_millis(200), inside.accept()).await;
    assert!(asked.is_err(), "the engine was sent there");

    let mut config = DockerConfig::new(node);
    config.registries.push(format!("127.0.0.1:{port}").parse().unwrap());
    let lenient = DockerRuntime::connect(config).await.unwrap();
    let answering = async {
        loop {
            let (mut asked, _) = inside.accept().await.unwrap();
            let mut request = [0; 4096];
            // Whatever it is that was asked; one that hangs up is not answered.
            if asked.read(&mut request).await.is_ok_and(|length| length == 0) {
                continue;
            }
            let body = r#"{"errors":[{"code":"DENIED","message":"INTERNAL-SECRET-BODY"}]}"#;
            let answer = format!(
                "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            asked.write_all(answer.as_bytes()).await.ok();
        }
    };
    let failed = tokio::select! {
        failed = soon(lenient.ensure_image(&image, &|_| {})) => failed,
        () = answering => panic!("it answers for ever"),
    };
    assert!(matches!(failed, Err(RuntimeError::Pull { .. })), "{failed:?}");
    assert!(!format!("{failed:?}").contains("SECRET"), "{failed:?}");
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_unreachable() {
    let mut config = DockerConfig::new(NodeId::new(uuid::Uuid::now_v7()));
    config.socket = "/nowhere/docker.sock".into();
    let failed = DockerRuntime::connect(config).await;
    assert!(matches!(failed, Err(RuntimeError::Unreachable { .. })), "{failed:?}");
}
