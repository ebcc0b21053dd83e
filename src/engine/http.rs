//! What the HTTP client and the HTTP listener share: reading sockets for the timeline, taking
//! bodies into the store, and the exchange in the making.

pub(crate) mod case;
pub(crate) mod decoding;
pub(crate) mod failure;
pub(crate) mod intake;
pub(crate) mod source;
pub(crate) mod tap;
