//! Writes a plan as a Python script, in the terms people learn networking with: `requests` or
//! `urllib.request` for an HTTP client, `http.server` for an HTTP listener, `socket` (and `ssl`)
//! for TCP and UDP on both sides.
//!
//! The scripts run as they are with Python 3.8 or newer and send the same bytes as the plan
//! (headers a library adds on its own excepted); what they leave out, a comment in them says. Credentials stand in them as they stand in the
//! plan; see [`secrets`](crate::interop::secrets).

mod http_client;
mod http_server;
pub(super) mod literal;
mod relay;
mod sockets;
mod web_sockets;

use crate::model::plan::Plan;

pub use http_client::Library;

/// The script that does what the plan does.
#[must_use]
pub fn write(plan: &Plan, library: Library) -> String {
    let script = match plan {
        Plan::Http(plan) => http_client::write(plan, library),
        Plan::HttpListener(plan) => http_server::write(plan),
        Plan::HttpRelay(_) => relay::NO_HTTP.into(),
        Plan::Tcp(plan) => sockets::tcp_client(plan),
        Plan::TcpListener(plan) => sockets::tcp_listener(plan),
        Plan::TcpRelay(plan) => relay::write(plan),
        Plan::UdpRelay(plan) => relay::udp(plan),
        Plan::Udp(plan) => sockets::udp_client(plan),
        Plan::UdpListener(plan) => sockets::udp_listener(plan),
        Plan::Ws(plan) => web_sockets::client(plan),
        Plan::WsListener(_) => web_sockets::NO_LISTENER.into(),
    };
    // Where secrets are read from the environment, the script says so itself.
    let mut imports = String::new();
    if script.contains("os.environ[") {
        imports.push_str("import os\n");
    }
    if script.contains("quote(os.environ[") {
        imports.push_str("from urllib.parse import quote\n");
    }
    if script.contains("json.dumps(os.environ[") && !script.contains("import json\n") {
        imports.insert_str(0, "import json\n");
    }
    imports + &script
}
