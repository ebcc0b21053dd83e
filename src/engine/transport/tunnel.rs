//! The way through a proxy over a connection to it: what is said until it connects us on (CONNECT, RFC 9110, section
//! 9.3.6; SOCKS5). Its answer is read to the byte, since the target may speak first.
//!
//! Called by `dial`, which bounds it in time. User and password of the proxy are said here and nowhere else.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::explain;
use super::stream::Stream;
use crate::codec::http1::{Expected, HeadReader};
use crate::codec::printable::printable;
use crate::codec::socks5_client::{self, SocksMethod, SocksTarget};
use crate::engine::resolve::resolve;
use crate::model::endpoint::Endpoint;
use crate::model::exchange::{Head, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::network::NameRules;
use crate::model::plan::TcpPlan;
use crate::model::proxy::{Proxy, ProxyKind};
use crate::model::socket_options::ClientOptions;
use crate::model::tls::ClientTls;

/// Longest answer to CONNECT that is read.
const ANSWER: usize = 64 * 1024;
/// Bytes of a reason that are told.
const REASON: usize = 80;

/// A proxy on the way of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProxyHop {
    pub(crate) proxy: Proxy,
    /// It connects us on; else requests of HTTP are for it to pass on.
    pub(crate) is_tunnel: bool,
    /// A header for it that the user wrote, in place of one made of its user and password.
    pub(crate) authorization: Option<String>,
    /// How we are called to it; `None` = not at all.
    pub(crate) user_agent: Option<String>,
}

/// The proxy that a conversation goes through, if it does.
///
/// # Errors
/// Which one cannot be told.
pub(crate) fn of_conversation(plan: &TcpPlan) -> Result<Option<ProxyHop>, Failure> {
    let is_secure = plan.tls != ClientTls::Off;
    let proxy = way_to(&plan.client, &plan.endpoint, is_secure)?;
    Ok(proxy.map(|proxy| ProxyHop {
        proxy: proxy.clone(),
        is_tunnel: true,
        authorization: None,
        user_agent: None,
    }))
}

/// The proxy that leads there, if one does.
///
/// # Errors
/// The environment names something else.
pub(crate) fn way_to<'c>(
    client: &'c ClientOptions,
    target: &Endpoint,
    is_secure: bool,
) -> Result<Option<&'c Proxy>, Failure> {
    client.network.proxies.way_to(target, is_secure).map_err(|why| {
        Failure::new(Stage::Compose, target.to_string(), FailureKind::Usage, why)
            .hint("set the variable to http://host:port, or the proxy of the preset to none")
    })
}

impl ProxyHop {
    /// The value of `Proxy-Authorization`, if the proxy is told who we are.
    pub(crate) fn credentials(&self) -> Option<String> {
        if self.authorization.is_some() || self.proxy.is_socks() {
            return self.authorization.clone().filter(|_| !self.proxy.is_socks());
        }
        let (user, password) = self.proxy.user_and_password()?;
        Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    /// What keeps us from getting through.
    fn failure(&self, kind: FailureKind, cause: impl Into<String>) -> Failure {
        Failure::new(Stage::Proxy, self.proxy.to_string(), kind, cause)
    }

    /// Has the proxy connect on. Safe to drop, the connection with it.
    pub(crate) async fn open(
        &self,
        stream: &mut Stream,
        target: &Endpoint,
        names: &NameRules,
    ) -> Result<(), Failure> {
        match self.proxy.kind {
            ProxyKind::Http | ProxyKind::Https => self.by_connect(stream, target).await,
            ProxyKind::Socks5h => match target.host.parse() {
                Ok(ip) => {
                    let address = SocketAddr::new(ip, target.port);
                    self.by_socks(stream, SocksTarget::Address(address)).await
                }
                Err(_) => self.by_socks(stream, SocksTarget::Name(&target.host, target.port)).await,
            },
            ProxyKind::Socks5 => {
                let found = match names.addresses(target) {
                    Some(found) => found,
                    None => resolve(target).await?.addresses,
                };
                // Most of what such a proxy can reach is IPv4.
                let four = found.iter().find(|address| address.is_ipv4());
                let address = four.or(found.first()).copied();
                let address = address.ok_or_else(|| {
                    self.failure(FailureKind::NotFound, format!("{target} has no address"))
                })?;
                self.by_socks(stream, SocksTarget::Address(address)).await
            }
        }
    }

    async fn by_connect(&self, stream: &mut Stream, target: &Endpoint) -> Result<(), Failure> {
        let mut asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        let credentials = self.credentials().map(|value| ("Proxy-Authorization", value));
        let own = self.user_agent.clone().map(|value| ("User-Agent", value));
        for (name, value) in credentials.into_iter().chain(own) {
            // Writing to a string cannot fail.
            let _ = write!(asked, "{name}: {value}\r\n");
        }
        asked += "Proxy-Connection: Keep-Alive\r\n\r\n";
        self.say(stream, asked.as_bytes()).await?;
        loop {
            let head = self.head(stream, target).await?;
            match head.status() {
                // Before the answer may stand others.
                Some(100..=199) => {}
                Some(200..=299) => return Ok(()),
                _ => return Err(self.refused(&head, target)),
            }
        }
    }

    async fn head(&self, stream: &mut Stream, target: &Endpoint) -> Result<Head, Failure> {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") && !read.ends_with(b"\n\n") {
            if read.len() >= ANSWER {
                let cause = format!("its answer to CONNECT {target} has over {ANSWER} bytes");
                return Err(self.failure(FailureKind::TooLarge, cause));
            }
            let next = stream.read_u8().await;
            read.push(next.map_err(|error| self.broken(&error, "before it answered"))?);
        }
        match HeadReader::new(Expected::Response).push(&read) {
            Ok(Some((_, parsed))) if parsed.head.status().is_some() => Ok(parsed.head),
            _ => {
                let begins = printable(read.get(..REASON).unwrap_or(&read));
                let cause = format!("its answer to CONNECT {target} is no HTTP: {begins}");
                Err(self
                    .failure(FailureKind::Malformed, cause)
                    .hint("does the port speak another protocol?"))
            }
        }
    }

    /// The proxy does not let us through.
    fn refused(&self, head: &Head, target: &Endpoint) -> Failure {
        let status = head.status().unwrap_or_default();
        let reason = match &head.start {
            StartLine::Response { reason, .. } => printable(reason.get(..REASON).unwrap_or(reason)),
            StartLine::Request { .. } | StartLine::Unknown => String::new(),
        };
        let cause = format!("it answered CONNECT {target} with {status} {reason}");
        let hint = match status {
            407 if self.credentials().is_some() => "it does not take this user and password",
            407 => "it wants a user and a password: http://USER:PASSWORD@host:port",
            403 | 405 => "it does not allow this target or this port",
            502..=504 => "it cannot reach the target",
            _ => "",
        };
        self.failure(FailureKind::Refused, cause.trim_end()).hint(hint)
    }

    async fn by_socks(&self, stream: &mut Stream, to: SocksTarget<'_>) -> Result<(), Failure> {
        let login = self.proxy.user_and_password();
        let refused = |why| self.failure(FailureKind::Refused, why);
        self.say(stream, &socks5_client::greeting(login.is_some())).await?;
        let answer = self.read(stream).await?;
        let wanted = socks5_client::method(answer, login.is_some()).map_err(refused)?;
        if let (SocksMethod::Login, Some((user, password))) = (wanted, &login) {
            let said = socks5_client::login(user, password);
            let said = said.map_err(|why| self.failure(FailureKind::Usage, why))?;
            self.say(stream, &said).await?;
            if !socks5_client::is_let_in(self.read(stream).await?) {
                return Err(refused("it does not take this user and password".to_owned()));
            }
        }
        let said = socks5_client::connect(to);
        self.say(stream, &said.map_err(|why| self.failure(FailureKind::Usage, why))?).await?;
        let left = socks5_client::answered(self.read(stream).await?).map_err(refused)?;
        let mut room = vec![0; left];
        let read = stream.read_exact(&mut room).await;
        read.map(drop).map_err(|error| self.broken(&error, "inside its answer"))
    }

    async fn say(&self, stream: &mut Stream, said: &[u8]) -> Result<(), Failure> {
        let saying = async {
            stream.write_all(said).await?;
            stream.flush().await
        };
        saying.await.map_err(|error| self.broken(&error, "while it was asked"))
    }

    async fn read<const COUNT: usize>(&self, stream: &mut Stream) -> Result<[u8; COUNT], Failure> {
        let mut room = [0; COUNT];
        let read = stream.read_exact(&mut room).await;
        read.map(|_| room).map_err(|error| self.broken(&error, "before it answered"))
    }

    fn broken(&self, error: &io::Error, when: &str) -> Failure {
        let (kind, cause) = explain::socket_error(error);
        self.failure(kind, format!("{cause} {when}"))
    }
}
