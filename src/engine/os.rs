//! What the systems have each for themselves: who holds a port, what the kernel dropped, which
//! datagrams came back. The one place of the engine that knows Linux; elsewhere its figures and
//! words are left out, and nothing else is missing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::*;
