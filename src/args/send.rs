//! The arguments of `wirebench send`. Called by `args`, which parses them with the others; what they
//! mean is `cli::send`'s to say.
//!
//! Options that compose a request and print it have the names of `HTTPie`, those of the transport
//! curl's.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::Common;
use crate::model::timing::{parse_bound, parse_duration};

pub(super) const SEND_EXAMPLES: &str = "\
Examples:
  wirebench send :8080/users                         GET http://localhost:8080/users
  wirebench send post :8080/users name=Ann age:=42   a JSON object
  wirebench send https://example.com q==rust Accept:application/json
  wirebench send -v -a ann:@password https://example.com
  wirebench send --jq '.items[] | .name' https://example.com/items
  wirebench send --download https://example.com/big.iso
  wirebench send --offline PUT :8080/x a=b           the request, unsent
  wirebench send tcp://127.0.0.1:9000 --data 'PING\\r\\n' --wait 1s
  echo hello | wirebench send udp://127.0.0.1:9000
  wirebench send tutorial/http-client                a preset

Standard input: a bare address, GET and HEAD leave it alone; POST, PUT and PATCH by name without a
body read it from a pipe, and '--data @-' or '@-' read it in any case. TCP and UDP send what is piped
in. (HTTPie reads it whenever it is a pipe.) What is piped in asks for no reply unless --wait or
--timeout is given. Into a pipe goes the body, or the bytes received; --json prints JSON Lines.

Redirects are followed, 10 at most. A secret on a command line is seen by others on this machine:
@FILE and '{{env.NAME}}' are not.

Exit status: 0 what was asked for happened, 1 not as expected (a step, [expect], [capture], --check-status, --download), 2 usage,
3 network, 4 TLS, 5 timeout, 6 interrupted, or not all printed or filtered (--jq), 141 the reader of the output left.";

/// `wirebench send`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(
    after_help = SEND_EXAMPLES,
    override_usage = "wirebench send [OPTIONS] [METHOD] TARGET|PRESET [ITEM]..."
)]
pub struct Send {
    /// A method if wanted, the target or preset, then items: name=value and name:=json (body), name==value
    /// (query), Name:value (header; Name: takes it away, Name; sends it empty), name@file (a file in a
    /// form, ;type=TYPE behind it), name=@file and name:=@file (a value from a file), @file (the whole body).
    /// In JSON a name may be a path: `a[b]=1`, `a[]=1` (behind the last), `a[0]=1`, `[]=1`; `a\[b=1` is none.
    #[arg(required = true, value_name = "TARGET|PRESET", value_hint = ValueHint::AnyPath)]
    pub words: Vec<String>,
    /// HTTP method, exactly as it is written; else GET, or POST when there is a body.
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,
    /// Body or bytes to send, with escapes (\r \n \xNN) for TCP and UDP; @FILE reads a file, @-
    /// standard input. Once per message.
    #[arg(short, long, value_name = "DATA")]
    pub data: Vec<String>,
    /// The data is hex (also a pasted xxd or hexdump dump).
    #[arg(long)]
    pub hex: bool,
    /// Send name=value items as a form instead of JSON.
    #[arg(short, long, conflicts_with_all = ["data", "hex"])]
    pub form: bool,
    #[command(flatten)]
    pub request: RequestOptions,
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Do not read a body or bytes to send from a pipe on standard input, which is read for POST, PUT
    /// and PATCH and for conversations where nothing else is to be sent, presets included.
    #[arg(short = 'I', long)]
    pub ignore_stdin: bool,
    #[command(flatten)]
    pub printing: PrintOptions,
    #[command(flatten)]
    pub saving: SaveOptions,
    /// HTTP: end with status 1 when the response's status is 400 or above.
    #[arg(long)]
    pub check_status: bool,
    /// HTTP: print the request as it would go and open no socket. Credentials in its head are masked
    /// unless --with-secrets is given.
    #[arg(long, conflicts_with_all = ["json", "download", "quiet", "check_status", "jq"])]
    pub offline: bool,
    /// Longest wait for the answer (`30s`, `0.5`, `500ms`); 0 = no bound, which is a day.
    #[arg(long, value_name = "TIME", value_parser = parse_bound)]
    pub timeout: Option<Duration>,
    /// TCP and UDP: stop when nothing came for this long after the last reply; 0 waits for none. How
    /// long sending may take is --timeout's to say.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// UDP: take what anybody sends for a reply, not only what comes from the target.
    #[arg(long)]
    pub any_peer: bool,
    /// Leave this one out of the history.
    #[arg(long)]
    pub no_history: bool,
    #[command(flatten)]
    pub common: Common,
}

/// What is composed into an HTTP request.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct RequestOptions {
    /// HTTP: user and password (Basic). Without the colon the password is asked for; @FILE takes
    /// both from a file.
    #[arg(
        short,
        long,
        visible_short_alias = 'u',
        visible_alias = "user",
        value_name = "USER:PASSWORD"
    )]
    pub auth: Option<String>,
    /// HTTP: what --auth is.
    #[arg(short = 'A', long, value_name = "TYPE", requires = "auth")]
    pub auth_type: Option<AuthType>,
    /// HTTP: --auth answers the challenge of the server (RFC 7616); as -A digest.
    #[arg(long, requires = "auth", conflicts_with_all = ["auth_type", "aws_sigv4"])]
    pub digest: bool,
    /// HTTP: --auth is an access key and a secret key of AWS, which the request is signed with; of a host
    /// of amazonaws.com region and service need not be said.
    #[arg(
        long,
        value_name = "aws:amz[:REGION[:SERVICE]]",
        requires = "auth",
        conflicts_with = "auth_type"
    )]
    pub aws_sigv4: Option<String>,
    /// HTTP: a bearer token; @FILE takes it from a file.
    #[arg(long, value_name = "TOKEN", conflicts_with = "auth")]
    pub bearer: Option<String>,
    /// HTTP: a header, also one that looks like another item; as Name:value, once per header.
    #[arg(short = 'H', long, value_name = "NAME:VALUE")]
    pub header: Vec<String>,
    /// HTTP: follow redirects (the default; for a preset that does not).
    #[arg(short = 'F', long, visible_short_alias = 'L', visible_alias = "location")]
    pub follow: bool,
    /// HTTP: redirects followed at most; 0 follows none.
    #[arg(long, value_name = "N")]
    pub max_redirects: Option<u8>,
    /// HTTP: speak HTTP/1.0.
    #[arg(short = '0', long = "http1.0", conflicts_with_all = ["http1_1", "http2", "http2_prior_knowledge"])]
    pub http1_0: bool,
    /// HTTP: speak HTTP/1.1, under TLS too.
    #[arg(long = "http1.1", conflicts_with_all = ["http2", "http2_prior_knowledge"])]
    pub http1_1: bool,
    /// HTTP: under TLS speak HTTP/2 if the server does, else HTTP/1.1 (the default, as curl's; for a preset that says
    /// otherwise). --set version=2 insists.
    #[arg(long, conflicts_with = "http2_prior_knowledge")]
    pub http2: bool,
    /// HTTP: speak HTTP/2 at once, which is the only way without TLS.
    #[arg(long)]
    pub http2_prior_knowledge: bool,
    #[command(flatten)]
    pub cookies: CookieOptions,
    /// HTTP: connect to this Unix socket instead of the host of the URL: a path, or @name (Linux).
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub unix_socket: Option<String>,
}

/// Which cookies go along with an HTTP request, and where those go that answers set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct CookieOptions {
    /// HTTP: cookies that go along as they are (NAME=VALUE; NAME=VALUE), or a file of curl's, which is only read: of it go along
    /// those that fit.
    #[arg(long, value_name = "NAME=VALUE|FILE")]
    pub cookie: Vec<String>,
    /// HTTP: cookies of this file go along where they fit, and those that answers set are kept in it, in the format of curl.
    /// Unlike curl's it is read, too; it need not be there.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cookie_jar: Option<PathBuf>,
    /// HTTP: the same with the cookies that the screen keeps of the environment (--env), or of none.
    #[arg(long, conflicts_with = "cookie_jar")]
    pub environment_cookies: bool,
}

/// How a request or conversation gets to its target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct NetworkArgs {
    /// HTTP and TCP: go through this proxy: http, https, socks5 (names are looked up here) or socks5h (by the proxy); none
    /// goes through none. Else a request goes by `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`.
    #[arg(short = 'x', long, value_name = "[SCHEME://][USER:PASSWORD@]HOST[:PORT]")]
    pub proxy: Option<String>,
    /// HTTP and TCP: targets that are reached without a proxy, with commas between: names with all below them, addresses,
    /// networks; '*' is every target.
    #[arg(long = "noproxy", value_name = "TARGETS")]
    pub no_proxy: Option<String>,
    /// HTTP and TCP: take these addresses for a host and a port and ask no name server; '*' is every host. Once per host.
    #[arg(long, value_name = "HOST:PORT:ADDRESS[,ADDRESS]")]
    pub resolve: Vec<String>,
    /// HTTP and TCP: connect to the second host and port in place of the first; each may be empty for any, or for the same.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub connect_to: Vec<String>,
    /// Send from this network interface or address of this machine.
    #[arg(long, value_name = "NAME|ADDRESS")]
    pub interface: Option<String>,
    /// HTTP: ask for these bytes of the answer: 0-499, 500- or -100.
    #[arg(short = 'r', long, value_name = "RANGE", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// HTTP: send and receive no more than this a second: 1000, 64k, 64KiB/s or 8Mbit/s.
    #[arg(long, value_name = "RATE")]
    pub limit_rate: Option<String>,
    /// HTTP: take user and password of the host from ~/.netrc.
    #[arg(short = 'n', long, conflicts_with_all = ["netrc_file", "auth", "bearer"])]
    pub netrc: bool,
    /// HTTP: the same from this file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["auth", "bearer"])]
    pub netrc_file: Option<String>,
    /// HTTP: try a request again so often that took too long or was answered with 408, 429, 500, 502, 503 or 504, first
    /// after a second, then after twice as long each time, or when the server asks for it (Retry-After).
    #[arg(long, value_name = "N")]
    pub retry: Option<u8>,
    /// HTTP: wait so long before each further try.
    #[arg(long, value_name = "TIME")]
    pub retry_delay: Option<String>,
    /// HTTP: begin no further try after this time.
    #[arg(long, value_name = "TIME")]
    pub retry_max_time: Option<String>,
    /// TLS: trust the authorities in this PEM file in place of the system's; a server's own certificate in it is trusted, too.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cacert: Option<String>,
    /// TLS: show this certificate (PEM file) to a server that asks for one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cert: Option<String>,
    /// TLS: the key of --cert (PEM file), if it is not in the same file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<String>,
    /// TLS: speak no newer version than this.
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    pub tls_max: Option<String>,
    /// TLS: speak 1.2 or newer (the default; for a preset that says otherwise).
    #[arg(long = "tlsv1.2", conflicts_with = "tlsv1_3")]
    pub tlsv1_2: bool,
    /// TLS: speak 1.3 or newer.
    #[arg(long = "tlsv1.3")]
    pub tlsv1_3: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOption {
    /// As it is written.
    pub option: &'static str,
    /// The field of presets that says the same.
    pub field: &'static str,
    pub value: String,
}

impl NetworkArgs {
    /// Each that was given.
    #[must_use]
    pub fn given(&self) -> Vec<NetworkOption> {
        let version = match (self.tls_max.as_deref(), self.tlsv1_2, self.tlsv1_3) {
            (Some("1.2"), ..) => Some("1.2"),
            (_, _, true) => Some("1.3"),
            (Some(_), ..) | (_, true, _) => Some("any"),
            (None, false, false) => None,
        };
        let listed = |all: &[String]| (!all.is_empty()).then(|| all.join(", "));
        // curl's word for what kind of thing it is.
        let bare = |name: &String| {
            let kinds = ["if!", "host!"];
            let name = kinds.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
            name.to_owned()
        };
        let interface = self.interface.as_ref().map(bare);
        let all = [
            ("--proxy", "proxy", self.proxy.clone()),
            ("--noproxy", "no-proxy", self.no_proxy.clone()),
            ("--resolve", "resolve", listed(&self.resolve)),
            ("--connect-to", "connect-to", listed(&self.connect_to)),
            ("--interface", "source", interface),
            ("--range", "range", self.range.clone()),
            ("--limit-rate", "limit-rate", self.limit_rate.clone()),
            ("--retry", "retry", self.retry.map(|times| times.to_string())),
            ("--retry-delay", "retry-delay", self.retry_delay.clone()),
            ("--retry-max-time", "retry-max-time", self.retry_max_time.clone()),
            ("--netrc", "netrc", self.netrc.then(|| "~/.netrc".to_owned())),
            ("--netrc-file", "netrc", self.netrc_file.clone()),
            ("--cacert", "tls.ca", self.cacert.clone()),
            ("--cert", "tls.certificate", self.cert.clone()),
            ("--key", "tls.key", self.key.clone()),
            ("the version of TLS", "tls.version", version.map(str::to_owned)),
        ];
        let given = |(option, field, value): (&'static str, &'static str, Option<_>)| {
            Some(NetworkOption { option, field, value: value? })
        };
        all.into_iter().filter_map(given).collect()
    }
}

/// What `--auth` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthType {
    Basic,
    Bearer,
    Digest,
}

/// What is printed of an HTTP exchange, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct PrintOptions {
    /// Print what is sent, too. HTTP: requests and every redirect; twice: how long it took as well. TCP and UDP: what
    /// was sent and what came, in order and with its times.
    #[arg(short, long, action = ArgAction::Count, conflicts_with_all = ["headers", "body", "meta", "print", "json"])]
    pub verbose: u8,
    /// HTTP: print the head of the response alone.
    #[arg(long, overrides_with_all = ["body", "meta", "print"], conflicts_with = "json")]
    pub headers: bool,
    /// HTTP: print the body of the response alone.
    #[arg(short, long, overrides_with_all = ["headers", "meta", "print"], conflicts_with = "json")]
    pub body: bool,
    /// HTTP: print how long it took, and with whom.
    #[arg(short, long, overrides_with_all = ["headers", "body", "print"], conflicts_with = "json")]
    pub meta: bool,
    /// HTTP: what to print, of H (head of the request), B (its body), h, b (of the response) and m
    /// (--meta).
    #[arg(short, long, value_name = "WHAT", value_parser = Parts::parse, conflicts_with = "json")]
    pub print: Option<Parts>,
    /// HTTP: print redirects, too, not only what they lead to.
    #[arg(long)]
    pub all: bool,
    /// HTTP: print a row for each Server-Sent Event as it comes, the default on a terminal; a pipe gets the body otherwise. With
    /// --json each event has a line of its own in any case.
    #[arg(long, conflicts_with_all = ["json", "raw", "jq", "quiet"])]
    pub events: bool,
    /// HTTP: filter the JSON of the answer with jq and print each result on a line; strings without quotes
    /// with -r before the filter: --jq '-r .items[] | .name'. Heads only where they are asked for.
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true, conflicts_with_all = ["headers", "meta", "json"])]
    pub jq: Option<String>,
    /// Print nothing of the answer; the exit status tells.
    #[arg(short, long, conflicts_with_all = ["jq", "verbose", "headers", "body", "meta", "print", "all", "json", "text", "raw", "pretty"])]
    pub quiet: bool,
    /// Lay JSON out and colour it (all), either alone, or nothing; all is the default on a terminal.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["json", "raw"])]
    pub pretty: Option<Pretty>,
    /// Colours: auto is on a terminal unless `NO_COLOR` is set.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        visible_alias = "colour",
        conflicts_with = "json"
    )]
    pub color: ColorWhen,
}

/// What `--pretty` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pretty {
    All,
    Colors,
    Format,
    None,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

/// Where the answer is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct SaveOptions {
    /// Write the bytes received, a body after content decoding, to this file instead of standard
    /// output (-). It appears whole or not at all and replaces what was there; what came before a
    /// failure is left in FILE.part. Heads that are asked for go to standard error.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["json", "text", "pretty", "jq"], value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// HTTP: save the body to a file, named by the answer or the URL where --output does not say; one
    /// of that name stays as it is. A status other than 2xx saves nothing and ends with 1.
    #[arg(long, conflicts_with_all = ["json", "text", "raw", "pretty", "jq"])]
    pub download: bool,
    /// With --download: go on with what is in FILE.part, or in FILE.
    #[arg(short = 'c', long = "continue", requires = "download")]
    pub resume: bool,
}

/// Parts of an exchange.
#[expect(clippy::struct_excessive_bools, reason = "each part stands for itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    pub request_head: bool,
    pub request_body: bool,
    pub head: bool,
    pub body: bool,
    /// Times and addresses.
    pub meta: bool,
}

impl Parts {
    /// Reads `HBhbm`.
    fn parse(text: &str) -> Result<Parts, String> {
        let mut parts = Parts::default();
        for letter in text.chars() {
            let part = match letter {
                'H' => &mut parts.request_head,
                'B' => &mut parts.request_body,
                'h' => &mut parts.head,
                'b' => &mut parts.body,
                'm' => &mut parts.meta,
                other => return Err(format!("'{other}' is none of H, B, h, b and m")),
            };
            *part = true;
        }
        Ok(parts)
    }
}

impl PrintOptions {
    /// The parts that were asked for; `None` = those of the style.
    #[must_use]
    pub fn parts(&self) -> Option<Parts> {
        let none = Parts::default();
        let (head, body) = (Parts { head: true, ..none }, Parts { body: true, ..none });
        let shown = [
            (self.quiet, none),
            (self.headers, head),
            (self.body, body),
            (self.meta, Parts { meta: true, ..none }),
        ];
        let whole =
            Parts { request_head: true, request_body: true, head: true, body: true, meta: false };
        let verbose = (self.verbose > 0).then_some(Parts { meta: self.verbose > 1, ..whole });
        let chosen = shown.into_iter().find(|(is_chosen, _)| *is_chosen).map(|(_, parts)| parts);
        chosen.or(self.print).or(verbose)
    }
}

impl Send {
    /// Two options that say opposite things by their values, in words.
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        let reads_stdin = self.data.iter().any(|data| data == "@-");
        let follows_none = self.request.max_redirects == Some(0);
        let is_coloured = self.printing.color == ColorWhen::Always;
        let found = [
            (self.ignore_stdin && reads_stdin, "--ignore-stdin", "--data @-"),
            (self.request.follow && follows_none, "--follow", "--max-redirects 0"),
            (is_coloured && self.common.format.raw, "--color always", "--raw"),
        ];
        let found = found.into_iter().find(|(is_given, ..)| *is_given);
        found.map(|(_, one, other)| format!("{one} cannot be used with {other}"))
    }

    /// Whether nothing but the bytes that come is to stand where they go: they are asked for, or go to a file.
    #[must_use]
    pub fn has_bytes_alone(&self) -> bool {
        self.common.format.raw || self.saving.output.is_some()
    }

    /// The first option given that only means something to HTTP; where it begins with a handshake, those of its request do, too.
    #[must_use]
    pub fn http_option(&self, has_handshake: bool) -> Option<&'static str> {
        let (request, printing) = (&self.request, &self.printing);
        let of_request = [
            (request.auth.is_some(), "--auth"),
            (request.digest, "--digest"),
            (request.aws_sigv4.is_some(), "--aws-sigv4"),
            (request.bearer.is_some(), "--bearer"),
            (!request.header.is_empty(), "--header"),
            (request.follow, "--follow"),
            (request.max_redirects.is_some(), "--max-redirects"),
            (!request.cookies.cookie.is_empty(), "--cookie"),
            (request.cookies.cookie_jar.is_some(), "--cookie-jar"),
            (request.cookies.environment_cookies, "--environment-cookies"),
        ];
        let of_request = of_request.into_iter().filter(|_| !has_handshake);
        let given = [
            (self.method.is_some(), "--method"),
            (self.form, "--form"),
            (printing.headers, "--headers"),
            (printing.body, "--body"),
            (printing.meta, "--meta"),
            (printing.print.is_some(), "--print"),
            (printing.all, "--all"),
            (printing.events, "--events"),
            (printing.pretty.is_some(), "--pretty"),
            (printing.jq.is_some(), "--jq"),
            (self.saving.download, "--download"),
            (self.check_status, "--check-status"),
            (self.offline, "--offline"),
        ];
        of_request.chain(given).find(|(is_given, _)| *is_given).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Task};

    fn parsed(words: &[&str]) -> Send {
        let words = [&["wirebench", "send", ":1"], words].concat();
        match Arguments::try_parse_from(words).unwrap().command {
            Some(Task::Send(send)) => *send,
            other => panic!("{other:?}"),
        }
    }

    fn parts(words: &[&str]) -> Option<String> {
        let parts = parsed(words).printing.parts()?;
        let Parts { request_head, request_body, head, body, meta } = parts;
        let letters =
            [(request_head, 'H'), (request_body, 'B'), (head, 'h'), (body, 'b'), (meta, 'm')];
        Some(letters.into_iter().filter_map(|(is_in, letter)| is_in.then_some(letter)).collect())
    }

    #[test]
    fn what_is_printed_is_told_as_in_httpie() {
        for (words, expected) in [
            (&[][..], None),
            (&["-v"], Some("HBhb")),
            (&["-vv"], Some("HBhbm")),
            (&["--headers"], Some("h")),
            (&["--headers", "-b"], Some("b")),
            (&["-p", "Hb"], Some("Hb")),
            (&["--print=m"], Some("m")),
            (&["-m"], Some("m")),
            (&["-q"], Some("")),
        ] {
            assert_eq!(parts(words).as_deref(), expected, "{words:?}");
        }
        let wrong = ["wirebench", "send", ":1", "-p", "x"];
        assert!(Arguments::try_parse_from(wrong).unwrap_err().to_string().contains("'x' is none"));
    }

    #[test]
    fn names_of_curl_are_aliases() {
        let send = parsed(&["-u", "a:b", "-L", "-H", "A: b"]);
        assert_eq!(send.request.auth.as_deref(), Some("a:b"));
        assert!(send.request.follow);
        assert_eq!(send.request.header, ["A: b"]);
        assert!(parsed(&["--location", "--user", "a:b"]).request.follow);
    }

    #[test]
    fn what_means_nothing_to_a_conversation_is_named() {
        assert_eq!(parsed(&["--timeout", "1", "-q"]).http_option(false), None);
        for (words, named) in [
            (&["--download"][..], "--download"),
            (&["-a", "x"], "--auth"),
            (&["--max-redirects", "0"], "--max-redirects"),
        ] {
            assert_eq!(parsed(words).http_option(false), Some(named));
        }
    }
}
