//! Time stamps and the phases of a connection.

use std::time::Duration;

/// Wall-clock time in nanoseconds since the Unix epoch. Only shells and the engine make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Stamp(pub u64);

/// How long each phase of an exchange took, by a monotonic clock. `None` = did not happen (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    pub lookup: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// Writing the request.
    pub send: Option<Duration>,
    /// From the request sent to the first byte of the response.
    pub first_byte: Option<Duration>,
    /// From the first byte to the last.
    pub transfer: Option<Duration>,
    pub total: Duration,
}

impl Stamp {
    #[must_use]
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Stamp {
    type Output = Stamp;

    fn add(self, rhs: Duration) -> Stamp {
        Stamp(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}
