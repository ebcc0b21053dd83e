//! The engine against real peers on loopback, well-behaved and misbehaving.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, and what they share outside test functions"
)]

#[path = "engine_accept.rs"]
mod accept;
#[path = "engine_bench.rs"]
mod bench;
#[path = "engine_fault_filters.rs"]
mod fault_filters;
#[path = "engine_faults.rs"]
mod faults;
#[path = "engine_holds.rs"]
mod holds;
#[path = "engine_http_faults.rs"]
mod http_faults;
#[path = "engine_http_gone.rs"]
mod http_gone;
#[path = "engine_http_holds.rs"]
mod http_holds;
#[path = "engine_http_relay.rs"]
mod http_relay;
#[path = "engine_life.rs"]
mod life;
#[path = "engine_relay.rs"]
mod relay;
#[path = "engine_relay_resets.rs"]
mod relay_resets;
#[path = "engine_rewrites.rs"]
mod rewrites;
#[path = "engine_tcp.rs"]
mod tcp;
#[path = "engine_tls.rs"]
mod tls;
#[path = "engine_udp.rs"]
mod udp;
#[path = "engine_udp_holds.rs"]
mod udp_holds;
#[path = "engine_udp_relay.rs"]
mod udp_relay;
