//! What the systems have each for themselves: who holds a port or the other end of a connection, what the kernel dropped, which
//! datagrams came back, which signals are ignored, who started whom. The one place that knows Linux,
//! below engine, shells and the end of the program; elsewhere its figures and words are left out,
//! and nothing else is missing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod sought_peer;
mod undelivered;

#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::*;
pub(crate) use sought_peer::{
    FoundPeer, FoundUser, PeerCache, SoughtPeer, SoughtProcess, SoughtSocket,
};
pub(crate) use undelivered::Undelivered;
