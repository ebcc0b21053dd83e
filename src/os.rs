//! What the systems have each for themselves: who holds a port, what the kernel dropped, which
//! datagrams came back, which signals are ignored, who started whom. The one place that knows Linux,
//! below engine, shells and the end of the program; elsewhere its figures and words are left out,
//! and nothing else is missing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod undelivered;

#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::*;
pub(crate) use undelivered::Undelivered;
