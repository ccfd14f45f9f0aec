//! The link's way through the bench: a TCP proxy that can be cut, made slow, or made to swallow
//! everything, or what goes one way.

use crate::shell::Result;
use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// What becomes of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Open = 0,
    /// Connections are closed, and further ones as soon as they come.
    Cut = 1,
    /// Connections stand, and nothing passes: nobody is told anything.
    Swallowed = 2,
    /// The same for what the daemon says; it still hears.
    Mute = 3,
    /// The same for what the daemon hears; it still speaks.
    Deaf = 4,
    /// Everything comes, late.
    Slow = 5,
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    FromDaemon,
    ToDaemon,
}

/// How late, each way.
const DELAY: Duration = Duration::from_millis(2_500);

/// How often a pump looks at the way while nothing comes.
const LOOK: Duration = Duration::from_millis(50);

struct Shared {
    target: u16,
    way: AtomicU8,
    ending: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
    pumps: Mutex<Vec<JoinHandle<()>>>,
}

/// A proxy on a port of its own, ended when dropped.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Passes connections on to a port of the loopback address.
    pub fn to(target: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            target,
            way: AtomicU8::new(Way::Open as u8),
            ending: AtomicBool::new(false),
            streams: Mutex::default(),
            pumps: Mutex::default(),
        });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { port, shared, accepting: Some(accepting) })
    }

    /// From here on.
    pub fn make(&self, way: Way) {
        self.shared.way.store(way as u8, Ordering::SeqCst);
        if way == Way::Cut {
            self.shared.close_all();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.shared.close_all();
        self.accepting.take().map(JoinHandle::join);
        let pumps = std::mem::take(&mut *self.shared.pumps.lock().unwrap_or_else(PoisonError::into_inner));
        for pump in pumps {
            pump.join().ok();
        }
    }
}

impl Shared {
    fn is(&self, way: Way) -> bool {
        self.way.load(Ordering::SeqCst) == way as u8
    }

    fn swallows(&self, direction: Direction) -> bool {
        match direction {
            Direction::FromDaemon => self.is(Way::Swallowed) || self.is(Way::Mute),
            Direction::ToDaemon => self.is(Way::Swallowed) || self.is(Way::Deaf),
        }
    }

    fn ends(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    fn close_all(&self) {
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.ends() {
        match listener.accept() {
            Ok((near, _)) if !shared.is(Way::Cut) => {
                // Whoever finds nobody behind the proxy sees its connection end.
                join(near, shared).ok();
            }
            Ok(_) => {}
            Err(_) => thread::sleep(LOOK),
        }
    }
}

fn join(near: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    near.set_nonblocking(false)?;
    let far = TcpStream::connect(("127.0.0.1", shared.target))?;
    let mut streams = shared.streams.lock().unwrap_or_else(PoisonError::into_inner);
    let mut pumps = shared.pumps.lock().unwrap_or_else(PoisonError::into_inner);
    for (from, to, direction) in [(&near, &far, Direction::FromDaemon), (&far, &near, Direction::ToDaemon)] {
        from.set_nodelay(true)?;
        from.set_read_timeout(Some(LOOK))?;
        streams.push(from.try_clone()?);
        let (from, to, shared) = (from.try_clone()?, to.try_clone()?, Arc::clone(shared));
        pumps.push(thread::spawn(move || pump(from, to, direction, &shared)));
    }
    Ok(())
}

fn pump(mut from: TcpStream, mut to: TcpStream, direction: Direction, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    let mut waiting: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    while !shared.ends() {
        if shared.swallows(direction) {
            thread::sleep(LOOK);
            continue;
        }
        if pass_on(&mut waiting, &mut to).is_err() {
            break;
        }
        // With nothing to pass on soon, whatever comes next may take its time.
        let patience = if waiting.is_empty() { LOOK } else { Duration::from_millis(5) };
        from.set_read_timeout(Some(patience)).ok();
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                let late = if shared.is(Way::Slow) { DELAY } else { Duration::ZERO };
                waiting.push_back((Instant::now() + late, buffer[..read].to_vec()));
                while shared.swallows(direction) && !shared.ends() {
                    thread::sleep(LOOK);
                }
                if pass_on(&mut waiting, &mut to).is_err() {
                    break;
                }
            }
            Err(error) if is_pause(&error) => {}
            Err(_) => break,
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

/// What is due, in its order: nothing overtakes what came before it.
fn pass_on(waiting: &mut VecDeque<(Instant, Vec<u8>)>, to: &mut TcpStream) -> std::io::Result<()> {
    while let Some((due, _)) = waiting.front()
        && *due <= Instant::now()
    {
        if let Some((_, bytes)) = waiting.pop_front() {
            to.write_all(&bytes)?;
        }
    }
    Ok(())
}

fn is_pause(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
