//! Unix sockets of streams: connected, bound, and let go of; what the system says about them, in words.
//!
//! ```text
//! bind  no file there ─────────────────────────────► a socket, its file of the mode that was asked for
//!       a socket: connected to ─┬─ refused ─► left behind: removed, said, bound
//!                               └─ anything else ─► somebody has it: refused, and who
//!       another file ─► refused
//! ```
//! Called by `dial` and `listen`. The file of a listener goes when it does, unless another has taken its
//! place by then ([`SocketFile`]).

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, fchmod};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Instant, sleep};

use super::explain::socket_error;
use crate::codec::printable::printable;
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::unix_name::UnixName;
use crate::os;

/// Connections the kernel may hold for us; the system lowers it to its own bound.
const BACKLOG: i32 = 1024;
/// How long a name that is taken is waited for, as a port is.
const LETTING_GO: Duration = Duration::from_millis(500);
/// Pause between two tries.
const RETRY: Duration = Duration::from_millis(10);
/// `rwx` of owner, group and others.
const PERMISSIONS: u32 = 0o777;

/// A Unix socket that listens.
#[derive(Debug)]
pub(super) struct BoundUnix {
    pub(super) socket: UnixListener,
    pub(super) name: UnixName,
    /// What had to be done before it could be bound, in words.
    pub(super) remark: Option<String>,
    /// Goes with the socket.
    _file: Option<SocketFile>,
}

/// What stands for a socket of ours in the file system; removed when it is dropped.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Which file it is: its file system, and its number there.
    is: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path) == Some(self.is) {
            // What cannot be removed is found and replaced by the next listener.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Which file this is; `None` = there is none.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|facts| (facts.dev(), facts.ino()))
}

/// The name as the system takes it; one without a file begins with a zero.
fn system_address(name: &UnixName) -> io::Result<SockAddr> {
    match name {
        UnixName::Path(path) => SockAddr::unix(&**path),
        UnixName::Abstract(name) => SockAddr::unix(format!("\0{name}")),
    }
}

fn unbound() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Connects, from a socket of a name if there is to be one. Waits while the queue of the server is full;
/// nobody tells when it is not, so it is tried again. Safe to drop.
pub(super) async fn connect(
    name: &UnixName,
    own: Option<fn() -> UnixName>,
) -> io::Result<UnixStream> {
    let address = system_address(name)?;
    loop {
        let socket = unbound()?;
        if let Some(own) = own {
            // It is only for us to know it again, and not every system has names without a file.
            let _ = system_address(&own()).and_then(|own| socket.bind(&own));
        }
        match socket.connect(&address) {
            Ok(()) => return UnixStream::from_std(socket.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(RETRY).await,
            Err(error) => return Err(error),
        }
    }
}

/// Who the other end is; `None` = it was bound to no name.
pub(super) fn peer_name(socket: &UnixStream) -> Option<EndAddress> {
    name_in(&SockRef::from(socket).peer_addr().ok()?)
}

/// The same of our end.
pub(super) fn own_name(socket: &UnixStream) -> Option<EndAddress> {
    name_in(&SockRef::from(socket).local_addr().ok()?)
}

/// The name in an address, as it may be shown.
fn name_in(address: &SockAddr) -> Option<EndAddress> {
    let shown = |bytes: &[u8]| printable(bytes).into();
    let of_file = address.as_pathname().map(|path| shown(path.as_os_str().as_encoded_bytes()));
    let name = of_file.map(UnixName::Path);
    let name = name.or_else(|| Some(UnixName::Abstract(shown(address.as_abstract_namespace()?))));
    name.map(EndAddress::Unix)
}

/// Whether two names lead to one socket, whatever they are written like.
pub(super) fn is_same(one: &UnixName, other: &UnixName) -> bool {
    let file = |name: &UnixName| {
        let facts = fs::metadata(name.path()?).ok()?;
        Some((facts.dev(), facts.ino()))
    };
    one == other || file(one).is_some_and(|one| file(other) == Some(one))
}

/// Binds and listens; what stands for it in the file system has these permissions.
pub(super) async fn bind(name: &UnixName, mode: u32) -> Result<BoundUnix, Failure> {
    let until = Instant::now() + LETTING_GO;
    let (mut remark, mut ours) = (None, None);
    loop {
        match bind_once(name, mode) {
            Ok((socket, file)) => {
                return Ok(BoundUnix { socket, name: name.clone(), remark, _file: file });
            }
            // Who listens is asked once: each time it has to let us in.
            Err(error) if error.kind() == ErrorKind::AddrInUse && ours.is_none() => {
                match taken(name) {
                    Taken::LeftBehind(text) => remark = Some(text),
                    Taken::ByOthers(failure) => return Err(failure),
                    Taken::ByUs(failure) => ours = Some(failure),
                }
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                // A listener of ours that was told to close just now lets go of it in a moment.
                if let Some(failure) = ours.take_if(|_| Instant::now() > until) {
                    return Err(failure);
                }
                sleep(RETRY).await;
            }
            Err(error) => return Err(bind_failure(name, &error)),
        }
    }
}

fn bind_once(name: &UnixName, mode: u32) -> io::Result<(UnixListener, Option<SocketFile>)> {
    let socket = unbound()?;
    // Before there is a file, so that nobody else can connect before it has its mode. Not every system
    // takes it here.
    let _ = fchmod(&socket, Mode::from_raw_mode(mode));
    socket.bind(&system_address(name)?)?;
    let file = name.path().and_then(|path| {
        let is = identity(path)?;
        Some(SocketFile { path: path.to_owned(), is })
    });
    if let Some(file) = &file
        && fs::symlink_metadata(&file.path)?.permissions().mode() & PERMISSIONS != mode
    {
        fs::set_permissions(&file.path, fs::Permissions::from_mode(mode))?;
    }
    socket.listen(BACKLOG)?;
    Ok((UnixListener::from_std(socket.into())?, file))
}

/// Why a name cannot be bound that is taken.
enum Taken {
    /// It could be made free; how, in words.
    LeftBehind(String),
    ByOthers(Failure),
    /// Another session of this program has it.
    ByUs(Failure),
}

/// Who has a name; a file that nobody listens at is removed.
fn taken(name: &UnixName) -> Taken {
    let fail = |kind, cause: String| Failure::new(Stage::Bind, name.to_string(), kind, cause);
    let found = name.path().and_then(|path| Some((path, fs::symlink_metadata(path).ok()?)));
    if let Some((path, facts)) = &found
        && !facts.file_type().is_socket()
    {
        let what = if facts.is_dir() { "a folder" } else { "a file that is no socket" };
        let failure = fail(FailureKind::AddressInUse, format!("{} is {what}", path.display()));
        return Taken::ByOthers(
            failure.hint("choose another path; nothing but a socket is replaced"),
        );
    }
    let answered = unbound().and_then(|socket| {
        let address = system_address(name)?;
        socket.connect(&address).map(|()| socket)
    });
    let pid = match answered {
        Ok(socket) => UnixStream::from_std(socket.into()).ok().and_then(|socket| holder(&socket)),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            let Some((path, facts)) = found else {
                // It went away meanwhile, or is bound and does not listen.
                return Taken::ByOthers(fail(
                    FailureKind::AddressInUse,
                    "the name is taken".into(),
                ));
            };
            return remove(name, path, (facts.dev(), facts.ino()));
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let cause = "a socket is there that we may not connect to, so it is not known whether it is used";
            let failure = fail(FailureKind::Permission, cause.into());
            return Taken::ByOthers(failure.hint("remove it, or choose another path"));
        }
        // Its queue is full, or it is of datagrams: somebody has it.
        Err(_) => None,
    };
    let is_us = pid == Some(std::process::id());
    let holder = match pid {
        Some(_) if is_us => "another session of this program".to_owned(),
        Some(pid) => os::program_name(pid)
            .map_or_else(|| format!("process {pid}"), |name| format!("{name} (pid {pid})")),
        None => "another program".to_owned(),
    };
    let failure = fail(FailureKind::AddressInUse, format!("{holder} listens there"))
        .hint("stop that program, or choose another path");
    if is_us { Taken::ByUs(failure) } else { Taken::ByOthers(failure) }
}

/// Removes a socket that nobody listens at, if it is still the one that was asked.
fn remove(name: &UnixName, path: &Path, is: (u64, u64)) -> Taken {
    let removed = if identity(path) == Some(is) { fs::remove_file(path) } else { Ok(()) };
    match removed {
        Ok(()) => Taken::LeftBehind(format!(
            "nobody listened at {name} any more: the socket that was left there is replaced"
        )),
        Err(error) => {
            let (kind, words) = socket_error(&error);
            let cause = format!("nobody listens there any more, but it cannot be removed: {words}");
            Taken::ByOthers(Failure::new(Stage::Bind, name.to_string(), kind, cause))
        }
    }
}

/// The number of the process at the other end.
fn holder(socket: &UnixStream) -> Option<u32> {
    socket.peer_cred().ok()?.pid().and_then(|pid| u32::try_from(pid).ok())
}

/// A Unix socket could not be bound, and not because its name is taken.
fn bind_failure(name: &UnixName, error: &io::Error) -> Failure {
    let (kind, words) = socket_error(error);
    let folder = folder_of(name);
    let (kind, cause, hint) = match error.kind() {
        // A file system of the kernel's says so, too, where nobody can make anything.
        ErrorKind::NotFound if Path::new(&folder).is_dir() => {
            (kind, format!("no socket can be made in {folder}"), "choose another folder")
        }
        ErrorKind::NotFound => {
            (FailureKind::NotFound, format!("there is no folder {folder}"), "make it first")
        }
        ErrorKind::PermissionDenied => {
            (kind, format!("no permission to make a socket in {folder}"), "choose another folder")
        }
        ErrorKind::InvalidInput => (kind, words, "names without a file are of Linux alone"),
        _ => (kind, words, ""),
    };
    Failure::new(Stage::Bind, name.to_string(), kind, cause).hint(hint)
}

fn folder_of(name: &UnixName) -> String {
    let folder = name.path().and_then(Path::parent).filter(|it| !it.as_os_str().is_empty());
    folder.map_or_else(|| "here".into(), |folder| folder.display().to_string())
}

/// A Unix socket could not be connected to.
pub(super) fn connect_failure(name: &UnixName, error: &io::Error) -> Failure {
    // `EPROTOTYPE`: the other kind of socket.
    let is_other_kind = error.raw_os_error() == Some(rustix::io::Errno::PROTOTYPE.raw_os_error());
    let (kind, words) = socket_error(error);
    let facts = name.path().map(fs::metadata);
    let is_no_socket =
        matches!(&facts, Some(Ok(facts)) if !facts.file_type().is_socket()) && !is_other_kind;
    let (kind, cause, hint) = match error.kind() {
        _ if is_no_socket => (
            FailureKind::Usage,
            "what is there is no socket".to_owned(),
            "check the path".to_owned(),
        ),
        ErrorKind::NotFound => {
            let folder = folder_of(name);
            let is_folder_there = name
                .path()
                .and_then(Path::parent)
                .is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir());
            let hint = if is_folder_there {
                "a server makes it when it listens; is the server running?".to_owned()
            } else {
                format!("there is not even the folder {folder}")
            };
            (FailureKind::NotFound, "there is no such socket".to_owned(), hint)
        }
        ErrorKind::ConnectionRefused if name.path().is_some() => (
            kind,
            "connection refused: nobody listens there any more".to_owned(),
            "the server that made it has ended; start it again".to_owned(),
        ),
        ErrorKind::ConnectionRefused => (
            kind,
            "connection refused: nobody listens at this name".to_owned(),
            "is the server running? it may be in another network namespace".to_owned(),
        ),
        ErrorKind::PermissionDenied => (kind, words, may_not(name, facts)),
        _ if is_other_kind => (
            FailureKind::Usage,
            "the socket is of datagrams or packets, and no stream".to_owned(),
            "Unix sockets are spoken to as streams".to_owned(),
        ),
        _ => (kind, words, String::new()),
    };
    Failure::new(Stage::Connect, name.to_string(), kind, cause).hint(hint)
}

/// Who may, where we may not.
fn may_not(name: &UnixName, facts: Option<io::Result<fs::Metadata>>) -> String {
    match facts {
        Some(Ok(facts)) => {
            let mode = facts.permissions().mode() & PERMISSIONS;
            let (uid, gid) = (facts.uid(), facts.gid());
            format!(
                "it is of user {uid} and group {gid} with mode {mode:04o}, and writing is what connecting \
                 needs; be one of them, or ask for another mode"
            )
        }
        _ => format!("we may not look into {}", folder_of(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path) -> UnixName {
        UnixName::parse(path.to_str().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_socket_has_its_mode_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o600, 0o666] {
            let path = folder.path().join(format!("{mode:o}"));
            let bound = bind(&at(&path), mode).await.unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & PERMISSIONS, mode);
            assert!(bound.remark.is_none() && connect(&at(&path), None).await.is_ok());
            drop(bound);
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn what_nobody_listens_at_is_replaced_and_what_is_of_others_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = bind(&at(&path), 0o600).await.unwrap();
        assert!(first.remark.as_ref().unwrap().contains("is replaced"));
        let failure = bind(&at(&path), 0o600).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::AddressInUse);
        assert!(failure.cause.contains("another session of this program"), "{failure}");
        // Somebody else puts one there: it is no longer ours to remove.
        fs::remove_file(&path).unwrap();
        let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
        let file = folder.path().join("text");
        fs::write(&file, "x").unwrap();
        let failure = bind(&at(&file), 0o600).await.unwrap_err();
        assert!(failure.cause.contains("is a file that is no socket"), "{failure}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "x");
        let failure = bind(&at(&folder.path().join("no/a")), 0o600).await.unwrap_err();
        assert!(failure.cause.contains("there is no folder"), "{failure}");
        if cfg!(target_os = "linux") {
            let failure = bind(&at(Path::new("/proc/a")), 0o600).await.unwrap_err();
            assert!(failure.cause.contains("no socket can be made in /proc"), "{failure}");
        }
    }

    #[tokio::test]
    async fn why_nobody_is_reached_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        drop(std::os::unix::net::UnixListener::bind(path("stale")).unwrap());
        fs::write(path("text"), "x").unwrap();
        let _datagrams = std::os::unix::net::UnixDatagram::bind(path("datagrams")).unwrap();
        for (name, kind, said) in [
            ("none", FailureKind::NotFound, "is the server running?"),
            ("no/none", FailureKind::NotFound, "not even the folder"),
            ("stale", FailureKind::Refused, "nobody listens there any more"),
            ("text", FailureKind::Usage, "is no socket"),
            ("datagrams", FailureKind::Usage, "of datagrams"),
        ] {
            let name = at(&path(name));
            let error = connect(&name, None).await.unwrap_err();
            let failure = connect_failure(&name, &error);
            assert_eq!(failure.kind, kind, "{failure}");
            assert!(failure.to_string().contains(said), "{failure}");
        }
    }
}
