//! The options of how clients of streams get to their peer, of HTTP and TCP alike.

use crate::model::field::{Options, ValueKind, fields};
use crate::model::network::NetworkSpec;

impl Options for NetworkSpec {
    fields! {
        "proxy", ValueKind::Word(&[]), proxy, label: "Proxy (http, https, socks5, socks5h; none)",
            placeholder: "http://user:password@host:port",
            help: "Proxy to go through: http://, https://, socks5:// or socks5h://, then [user:password@]host:port. socks5 looks \
                   names up here, socks5h lets the proxy do it. none goes through none; when empty a request goes by the \
                   environment (http_proxy, https_proxy, all_proxy), a conversation through none.";
        "no-proxy", ValueKind::Text, no_proxy, label: "Without the proxy to",
            placeholder: "example.com, 10.0.0.0/8, [::1]:80; * = everywhere",
            help: "Targets that are connected to without a proxy, with commas between: names with all below them, addresses, networks, \
                   each also with a port; * is every target. When empty a request goes by the environment (no_proxy).";
        "resolve", ValueKind::Words, resolve, label: "Addresses of names (with commas)",
            placeholder: "example.com:443:127.0.0.1",
            help: "Addresses that are used in place of those a name server gives: host:port:address, further addresses behind \
                   it; * is every host.";
        "connect-to", ValueKind::Words, connect_to, label: "Connect elsewhere (with commas)",
            placeholder: "example.com:443:localhost:8443",
            help: "Where to connect to in place of a target, which is asked for all the same: host:port:other-host:other-port, \
                   of which each may be empty for any, or for the same.";
    }
}
