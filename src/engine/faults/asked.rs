//! Which of what is passed on a fault is about, and what is known of it when it is asked. Pure.

use std::sync::Arc;

use bytes::Bytes;

use crate::engine::rules::CompiledWhen;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::fault::FaultWhen;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::{Filter, RecordFacts};

/// The condition of a fault, ready to be asked.
#[derive(Debug)]
pub(super) enum FaultTest {
    Bytes(CompiledWhen),
    /// Boxed: most faults ask nothing.
    Filter(Box<Filter>),
}

impl FaultTest {
    /// Whoever made the plan has checked it; what cannot be read fits nothing.
    pub(super) fn new(when: &FaultWhen) -> Self {
        match when {
            FaultWhen::Bytes(when) => FaultTest::Bytes(CompiledWhen::new(when.clone())),
            FaultWhen::Filter(text) => match Filter::parse(text) {
                Ok(filter) => FaultTest::Filter(Box::new(filter)),
                Err(_) => FaultTest::Bytes(CompiledWhen::Never),
            },
        }
    }

    /// Whether it asks for more than bytes.
    pub(super) fn is_filter(&self) -> bool {
        matches!(self, FaultTest::Filter(_))
    }
}

/// What is known of what goes into a line, besides its bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct AskedAbout {
    /// The client's half, as filters see it.
    conn: Option<Arc<ConnInfo>>,
    exchange: Option<Arc<ExchangeFacts>>,
    /// What goes in next belongs to what went in before, and more is known of it than then.
    pub(super) is_anew: bool,
}

impl AskedAbout {
    /// Of a client, as it is known by now.
    pub(super) fn is_of(&mut self, conn: &ConnInfo) {
        self.conn = Some(Arc::new(conn.clone()));
    }

    /// What goes in next is of this exchange.
    pub(super) fn exchange(&mut self, exchange: Option<Arc<ExchangeFacts>>) {
        let status = |exchange: &Option<Arc<ExchangeFacts>>| exchange.as_ref()?.status;
        self.is_anew = status(&self.exchange) != status(&exchange);
        self.exchange = exchange;
    }

    /// Whether a fault is about these bytes, told as of `at`.
    pub(super) fn fits(
        &self,
        test: &FaultTest,
        data: &Bytes,
        (from_client, at): (bool, Stamp),
    ) -> bool {
        let filter = match test {
            FaultTest::Bytes(when) => return when.fits(data),
            FaultTest::Filter(filter) => filter,
        };
        let Some(conn) = self.conn.as_deref() else { return false };
        // As it is told of on the client's half.
        let direction = if from_client { Direction::Received } else { Direction::Sent };
        let record = Record::new(at, conn.id, direction, RecordKind::Data, Bytes::new());
        let exchange = self.exchange.as_deref();
        let facts =
            RecordFacts { len: data.len() as u64, data, exchange, ..RecordFacts::of(&record) };
        filter.about(conn.id, Some(conn)).matches(&facts)
    }
}
