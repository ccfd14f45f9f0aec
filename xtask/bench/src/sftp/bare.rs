//! The baseline of the SFTP figures: `russh` and `russh-sftp` as they come, over plain files of one folder, with nobody asked
//! who they are. It runs as a process of its own, as the daemon does.

use crate::row::Result;
use russh::{
    Channel, ChannelId,
    keys::{PrivateKey, ssh_key::private::Ed25519Keypair},
    server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Server as _, Session},
};
use russh_sftp::protocol::{
    Attrs, Data, File as Entry, FileAttributes, Handle, Name, OpenFlags, Status, StatusCode,
};
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io,
    net::SocketAddr,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Serves a folder on the loopback address, and prints the port.
pub(crate) fn serve(folder: PathBuf) -> Result<()> {
    crate::runtime()?.block_on(async {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
        let config = Arc::new(Config { keys: vec![key], ..Config::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        Ok(Server(folder).run_on_socket(config, &listener).await?)
    })
}

struct Server(PathBuf);

impl russh::server::Server for Server {
    type Handler = Connection;

    fn new_client(&mut self, _: Option<SocketAddr>) -> Connection {
        Connection { folder: self.0.clone(), channels: HashMap::new() }
    }
}

struct Connection {
    folder: PathBuf,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, _: &str) -> std::result::Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> std::result::Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_eof(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> std::result::Result<(), russh::Error> {
        session.close(channel)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> std::result::Result<(), russh::Error> {
        match self.channels.remove(&id).filter(|_| name == "sftp") {
            Some(channel) => {
                session.channel_success(id)?;
                let files = Files { folder: self.folder.clone(), next: 0, open: HashMap::new() };
                russh_sftp::server::run(channel.into_stream(), files).await;
                Ok(())
            }
            None => session.channel_failure(id),
        }
    }
}

enum Open {
    File(File),
    /// What was not told yet.
    Folder(Vec<Entry>),
}

struct Files {
    folder: PathBuf,
    next: u64,
    open: HashMap<String, Open>,
}

type Answer<T> = std::result::Result<T, StatusCode>;

#[expect(clippy::needless_pass_by_value, reason = "as an error is handed to it")]
fn code(error: io::Error) -> StatusCode {
    match error.kind() {
        io::ErrorKind::NotFound => StatusCode::NoSuchFile,
        io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    }
}

fn done(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() }
}

impl Files {
    fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path.trim_start_matches('/'))
    }

    fn keep(&mut self, id: u32, open: Open) -> Handle {
        self.next += 1;
        let handle = self.next.to_string();
        self.open.insert(handle.clone(), open);
        Handle { id, handle }
    }

    fn file(&self, handle: &str) -> Answer<&File> {
        match self.open.get(handle) {
            Some(Open::File(file)) => Ok(file),
            Some(Open::Folder(_)) | None => Err(StatusCode::Failure),
        }
    }

    fn look(&self, id: u32, path: &str) -> Answer<Attrs> {
        let found = fs::metadata(self.at(path)).map_err(code)?;
        Ok(Attrs { id, attrs: FileAttributes::from(&found) })
    }
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(Entry::new(entry.file_name().to_string_lossy(), FileAttributes::from(&entry.metadata()?)))
    };
    fs::read_dir(folder)?.map(entry).collect()
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn open(
        &mut self,
        id: u32,
        filename: String,
        pflags: OpenFlags,
        _: FileAttributes,
    ) -> Answer<Handle> {
        let options: OpenOptions = pflags.into();
        let file = options.open(self.at(&filename)).map_err(code)?;
        Ok(self.keep(id, Open::File(file)))
    }

    async fn close(&mut self, id: u32, handle: String) -> Answer<Status> {
        self.open.remove(&handle).map(|_| done(id)).ok_or(StatusCode::Failure)
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, len: u32) -> Answer<Data> {
        let mut data = vec![0; len as usize];
        match self.file(&handle)?.read_at(&mut data, offset).map_err(code)? {
            0 => Err(StatusCode::Eof),
            count => {
                data.truncate(count);
                Ok(Data { id, data })
            }
        }
    }

    async fn write(&mut self, id: u32, handle: String, offset: u64, data: Vec<u8>) -> Answer<Status> {
        self.file(&handle)?.write_all_at(&data, offset).map_err(code)?;
        Ok(done(id))
    }

    async fn stat(&mut self, id: u32, path: String) -> Answer<Attrs> {
        self.look(id, &path)
    }

    async fn lstat(&mut self, id: u32, path: String) -> Answer<Attrs> {
        self.look(id, &path)
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Answer<Attrs> {
        let found = self.file(&handle)?.metadata().map_err(code)?;
        Ok(Attrs { id, attrs: FileAttributes::from(&found) })
    }

    async fn setstat(&mut self, id: u32, _: String, _: FileAttributes) -> Answer<Status> {
        Ok(done(id))
    }

    async fn fsetstat(&mut self, id: u32, _: String, _: FileAttributes) -> Answer<Status> {
        Ok(done(id))
    }

    async fn mkdir(&mut self, id: u32, path: String, _: FileAttributes) -> Answer<Status> {
        fs::create_dir(self.at(&path)).map_err(code)?;
        Ok(done(id))
    }

    async fn remove(&mut self, id: u32, path: String) -> Answer<Status> {
        fs::remove_file(self.at(&path)).map_err(code)?;
        Ok(done(id))
    }

    async fn rmdir(&mut self, id: u32, path: String) -> Answer<Status> {
        fs::remove_dir(self.at(&path)).map_err(code)?;
        Ok(done(id))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Answer<Handle> {
        let entries = entries(&self.at(&path)).map_err(code)?;
        Ok(self.keep(id, Open::Folder(entries)))
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Answer<Name> {
        match self.open.get_mut(&handle) {
            Some(Open::Folder(entries)) if entries.is_empty() => Err(StatusCode::Eof),
            Some(Open::Folder(entries)) => {
                let files = entries.drain(..entries.len().min(100)).collect();
                Ok(Name { id, files })
            }
            Some(Open::File(_)) | None => Err(StatusCode::Failure),
        }
    }

    async fn realpath(&mut self, id: u32, path: String) -> Answer<Name> {
        let path = if path == "." { "/".to_owned() } else { path };
        Ok(Name { id, files: vec![Entry::dummy(path)] })
    }
}
