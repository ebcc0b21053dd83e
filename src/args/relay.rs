//! `wirebench relay` as data, with its help text.

use clap::{Args, ValueHint};

use super::{Common, WatchArgs};

pub(super) const RELAY_EXAMPLES: &str = "\
Examples:
  wirebench relay :9000 db:5432                      who connects to 9000 talks to the database
  wirebench relay tls://:9443 tcp://127.0.0.1:80     TLS towards the clients, none behind
  wirebench relay :9000 tls://example.com:443        the other way round
  wirebench relay udp://:9000 127.0.0.1:53           datagrams, with a socket for each client
  wirebench relay socks5://:1080                     each client says where to, as curl --socks5-hostname
  wirebench relay *:9000 127.0.0.1:80 --count 10     until ten reads were passed on
  wirebench relay :9000 db:5432 --json | jq .        records as JSON Lines
  wirebench relay http://:8080 http://127.0.0.1:9000 an HTTP reverse proxy: each request and answer
  wirebench relay https://:8443 https://example.com  the same with TLS on both sides
  wirebench relay http://:8080                       a forward proxy: curl -x http://127.0.0.1:8080 ...
  wirebench relay http://:8080 --open example.com    the same, with the TLS of one host opened
  wirebench relay unix:/tmp/front.sock unix:/run/docker.sock       between Unix sockets, or one and a port
  wirebench relay http://:8080 unix:/run/docker.sock               the same of HTTP
  wirebench relay :9000 db:5432 --fault 'delay=80ms jitter=40ms from=server'
  wirebench relay http://:8080 --fault 'delay=80ms when=path contains /api' --fault 'rate=64k when=status >= 500'
  wirebench relay http://:8080 --rewrite 'set-header=X-Env: test when=path contains /api'
  wirebench relay http://:8080 --rewrite 'set-status=503 when=path contains /api'
  wirebench relay http://:8080 --rewrite 'map-host=api.example.com to=127.0.0.1:3000'
  wirebench relay :9000 db:5432 --rewrite 'replace=foo with=bar from=server'
  wirebench relay udp://:9000 127.0.0.1:53 --fault drop=10 --fault 'duplicate=1 every=5' --set seed=7
  wirebench relay databases/through                  a preset

':port' is this machine only, '*:port' is everybody, unix:/path a Unix socket (mode 0600, --set socket-mode=0660).
Bytes, ends (FIN) and resets are passed on either way as they come; each byte is told once: 'in' is what
the client sent, 'out' what it got of the server. A target that cannot be reached resets the client.
An HTTP relay passes heads and bodies on as they were, streams both ways and says what it changed (Host,
headers of one connection); a request that a server might read as two is answered 400 and not passed on,
a target that is not there 502 or 504. CONNECT and upgrades are passed through as bytes and counted.
Of UDP every sender has a socket of its own towards the target; it is let go after two minutes of silence
(--set idle-timeout=30s), or for a newcomer when there are 1,024.
Faults: delay=TIME, jitter=TIME (alone or with it), rate=64k a second (KiB/s, Mbit/s; k = 1000), corrupt=BYTES, stall=BYTE; of TCP and HTTP also split=BYTES,
merge=TIME, reset=BYTE, half-close=BYTE; of UDP also drop=PERCENT, duplicate=COPIES, reorder=COUNT. With each
from=client|server, when=FILTER (as of rules below; or contains 'x', starts-with, equals, matches, of bytes alone), first=N,
every=N, chance=PERCENT, after=TIME, for=TIME. What they touched
is told with its record; --set seed=N repeats a run. Of HTTP they are done to the bytes of the client's connection, of
a tunnel whose TLS is opened to those inside, and first=, every= and chance= are of requests and answers.
Rules: set-header='NAME: VALUE', add-header=, remove-header=NAME, set-status=503, replace=TEXT with=TEXT (replace-hex=,
replace-regex= with groups as $1), replace-path=REGEX with=TEXT, map-host=HOST to=[https://]HOST:PORT (host=keep|target),
local-file=PATH (under=/PREFIX). With each from=client|server|both and when=FILTER, such as
when=method == POST and path contains /api; a value may stand in quotes. TCP and UDP have the three replace of bytes; of TCP a match
may lie across reads. A body is changed up to 1 MiB; what was changed is said with its record or exchange ('rewritten').
What a preset holds (hold = \"FILTER\") waits for somebody at the screen; here such a preset is refused, and
--set hold= leaves that off.
A first Ctrl+C, TERM or HUP prints what was taken in, for a second at most; a second one ends it at
once.
Exit status: 0 stopped as asked, 2 usage, 3 network, 6 not all was printed (how much is said),
141 the reader of the output left.";

/// `wirebench relay`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(
    after_help = RELAY_EXAMPLES,
    override_usage = "wirebench relay [OPTIONS] LISTEN [TARGET]\n       wirebench relay [OPTIONS] PRESET"
)]
pub struct Relay {
    /// Where to listen, :9000, tcp://:9000, tls://:9443, udp://:9000, http://:8080, https://:8443 or
    /// socks5://:1080 (each client says where to), or a preset.
    #[arg(value_name = "LISTEN|PRESET", value_hint = ValueHint::AnyPath)]
    pub listen: String,
    /// Where each client is connected on to: host:port, tcp://host:port, tls://host:port,
    /// udp://host:port, of HTTP http://host:port, or with https in place of http. Of a preset it takes
    /// the place of its own. Without one an HTTP relay is a forward proxy.
    #[arg(value_name = "TARGET", value_hint = ValueHint::Hostname)]
    pub target: Option<String>,
    /// Open the TLS of these hosts (host, *.domain, *), separated by commas, with an authority that is
    /// made for this run; a forward proxy lets others through as they are.
    #[arg(long, value_name = "HOST,...", value_delimiter = ',')]
    pub open: Vec<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
    /// A fault put into what is passed on, such as "delay=100ms jitter=50ms", "drop=10 from=server" or
    /// "reset=1000 when=contains 'COMMIT'" or "delay=1s when=path contains /api"; can be given again. --help says
    /// what there is.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<String>,
    /// A rule that changes what is passed on, such as "set-header='X-Env: test'", "replace=foo with=bar
    /// from=server" or "map-host=api.example.com to=127.0.0.1:3000"; can be given again, in order. --help
    /// says what there is.
    #[arg(long = "rewrite", value_name = "RULE")]
    pub rewrites: Vec<String>,
    #[command(flatten)]
    pub common: Common,
}
