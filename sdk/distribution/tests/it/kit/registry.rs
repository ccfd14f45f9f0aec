//! A real registry on loopback, with a folder of its own, for one test.

use gantry_distribution::{Credentials, Limits, Network, Registry, RegistryHost, Repository};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
};
use tempfile::TempDir;

pub(crate) const USER: &str = "acme";
pub(crate) const PASSWORD: &str = "let me in";
/// bcrypt of [`PASSWORD`], of the least cost.
const PASSWORD_HASH: &str = "$2b$04$4Zz3H4OM/JaANQ2ZtBlWheMl4.sO6Vw9JJ8TgWNgQ7p00hWwVYV5S";

/// Ends with the test.
pub(crate) struct TestRegistry {
    child: Child,
    host: String,
    pub(crate) folder: TempDir,
}

impl TestRegistry {
    /// One that everybody may write.
    pub(crate) fn open() -> Self {
        Self::start("")
    }

    /// One that wants [`USER`] and [`PASSWORD`].
    pub(crate) fn guarded() -> Self {
        Self::start("auth: {htpasswd: {realm: tests, path: FOLDER/htpasswd}}\n")
    }

    /// One that speaks https, with a certificate that nobody signed: `certificate.pem` in its folder.
    pub(crate) fn encrypted() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ])
            .args(["-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args([
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-keyout",
                "key.pem",
                "-out",
                "certificate.pem",
            ])
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .status()
            .expect("these tests want openssl");
        assert!(made.success());
        Self::start_in(folder, "", ", tls: {certificate: FOLDER/certificate.pem, key: FOLDER/key.pem}")
    }

    fn start(auth: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), auth, "")
    }

    fn start_in(folder: TempDir, auth: &str, tls: &str) -> Self {
        let path = folder.path().to_str().unwrap();
        let settings = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\nhttp: {{addr: '127.0.0.1:0'{tls}}}\n\
             storage: {{filesystem: {{rootdirectory: FOLDER/data}}}}\n{auth}"
        );
        let settings = settings.replace("FOLDER", path);
        fs::write(folder.path().join("htpasswd"), format!("{USER}:{PASSWORD_HASH}\n")).unwrap();
        fs::write(folder.path().join("settings.yml"), settings).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(folder.path().join("settings.yml"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("these tests want Debian's docker-registry: type `apt-get install docker-registry`");
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let host = log.by_ref().map_while(Result::ok).find_map(|line| {
            let host = line.split_once("listening on ").map(|(_, rest)| rest);
            let host = host.and_then(|rest| rest.split(['"', ',']).next()).map(str::to_owned);
            said.push(line);
            host
        });
        // What nobody reads would stop it once the pipe is full.
        thread::spawn(move || log.for_each(drop));
        let host = host.unwrap_or_else(|| panic!("docker-registry did not start: {said:?}"));
        Self { child, host, folder }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> RegistryHost {
        self.host.parse().unwrap()
    }

    pub(crate) fn repository(&self, path: &str) -> Repository {
        format!("{}/{path}", self.host).parse().unwrap()
    }

    pub(crate) fn client(&self) -> Registry {
        self.client_with(Credentials::Anonymous)
    }

    pub(crate) fn client_with(&self, credentials: Credentials) -> Registry {
        Registry::open(&self.host(), Network::Loopback, credentials, Limits::default()).unwrap()
    }

    /// Where the bytes of a blob lie on the registry's disk.
    pub(crate) fn blob_file(&self, digest: &gantry_distribution::Digest) -> std::path::PathBuf {
        let hex = digest.hex();
        let blobs = self.folder.path().join("data/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
