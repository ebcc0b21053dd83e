//! The options of curl: which take a value, and what each means for a request.

/// What an option does to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Method,
    Header,
    /// `-d`, `--data-ascii`: `@` names a file, whose line breaks are dropped.
    Data,
    DataBinary,
    DataRaw,
    DataUrlencode,
    Json,
    Form,
    FormString,
    Get,
    Head,
    Url,
    UrlQuery,
    Upload,
    User,
    Bearer,
    /// Basic authentication, which is the default.
    Basic,
    /// Another way to authenticate than Basic.
    OtherAuth,
    UserAgent,
    Referer,
    Cookie,
    Range,
    Insecure,
    Location,
    MaxRedirects,
    MaxTime,
    Compressed,
    Globoff,
    PathAsIs,
    Next,
    /// Concerns what curl prints or keeps; nothing for a request.
    Quiet,
    /// Changes what is sent or how; not supported here.
    Unsupported,
}

use Meaning as M;

/// Name, short form, whether a value follows, meaning.
pub(super) struct CurlOption {
    pub(super) long: &'static str,
    short: Option<char>,
    pub(super) takes_value: bool,
    pub(super) meaning: Meaning,
}

const fn flag(long: &'static str, short: Option<char>, meaning: Meaning) -> CurlOption {
    CurlOption { long, short, takes_value: false, meaning }
}

const fn value(long: &'static str, short: Option<char>, meaning: Meaning) -> CurlOption {
    CurlOption { long, short, takes_value: true, meaning }
}

/// Options with a meaning of their own, and those with a short form.
const OPTIONS: &[CurlOption] = &[
    value("request", Some('X'), M::Method),
    value("header", Some('H'), M::Header),
    value("data", Some('d'), M::Data),
    value("data-ascii", None, M::Data),
    value("data-binary", None, M::DataBinary),
    value("data-raw", None, M::DataRaw),
    value("data-urlencode", None, M::DataUrlencode),
    value("json", None, M::Json),
    value("form", Some('F'), M::Form),
    value("form-string", None, M::FormString),
    flag("get", Some('G'), M::Get),
    flag("head", Some('I'), M::Head),
    value("url", None, M::Url),
    value("url-query", None, M::UrlQuery),
    value("upload-file", Some('T'), M::Upload),
    value("user", Some('u'), M::User),
    value("oauth2-bearer", None, M::Bearer),
    flag("basic", None, M::Basic),
    flag("digest", None, M::OtherAuth),
    flag("ntlm", None, M::OtherAuth),
    flag("ntlm-wb", None, M::OtherAuth),
    flag("negotiate", None, M::OtherAuth),
    flag("anyauth", None, M::OtherAuth),
    value("aws-sigv4", None, M::OtherAuth),
    value("user-agent", Some('A'), M::UserAgent),
    value("referer", Some('e'), M::Referer),
    value("cookie", Some('b'), M::Cookie),
    value("range", Some('r'), M::Range),
    flag("insecure", Some('k'), M::Insecure),
    flag("location", Some('L'), M::Location),
    flag("location-trusted", None, M::Location),
    value("max-redirs", None, M::MaxRedirects),
    value("max-time", Some('m'), M::MaxTime),
    flag("compressed", None, M::Compressed),
    flag("globoff", Some('g'), M::Globoff),
    flag("path-as-is", None, M::PathAsIs),
    flag("next", Some(':'), M::Next),
    value("cookie-jar", Some('c'), M::Quiet),
    value("dump-header", Some('D'), M::Quiet),
    flag("fail", Some('f'), M::Quiet),
    value("help", Some('h'), M::Quiet),
    flag("include", Some('i'), M::Quiet),
    flag("junk-session-cookies", Some('j'), M::Quiet),
    flag("no-buffer", Some('N'), M::Quiet),
    value("output", Some('o'), M::Quiet),
    flag("parallel", Some('Z'), M::Quiet),
    flag("progress-bar", Some('#'), M::Quiet),
    flag("disable", Some('q'), M::Quiet),
    flag("remote-header-name", Some('J'), M::Quiet),
    flag("remote-name", Some('O'), M::Quiet),
    flag("remote-time", Some('R'), M::Quiet),
    flag("show-error", Some('S'), M::Quiet),
    flag("silent", Some('s'), M::Quiet),
    flag("verbose", Some('v'), M::Quiet),
    flag("version", Some('V'), M::Quiet),
    value("write-out", Some('w'), M::Quiet),
    value("speed-limit", Some('Y'), M::Quiet),
    value("speed-time", Some('y'), M::Quiet),
    flag("http1.0", Some('0'), M::Unsupported),
    flag("tlsv1", Some('1'), M::Unsupported),
    flag("sslv2", Some('2'), M::Unsupported),
    flag("sslv3", Some('3'), M::Unsupported),
    flag("ipv4", Some('4'), M::Unsupported),
    flag("ipv6", Some('6'), M::Unsupported),
    flag("append", Some('a'), M::Unsupported),
    flag("use-ascii", Some('B'), M::Unsupported),
    value("cert", Some('E'), M::Unsupported),
    value("config", Some('K'), M::Unsupported),
    value("continue-at", Some('C'), M::Unsupported),
    value("ftp-port", Some('P'), M::Unsupported),
    flag("list-only", Some('l'), M::Unsupported),
    flag("manual", Some('M'), M::Quiet),
    flag("netrc", Some('n'), M::Unsupported),
    value("proxy", Some('x'), M::Unsupported),
    flag("proxytunnel", Some('p'), M::Unsupported),
    value("proxy-user", Some('U'), M::Unsupported),
    value("quote", Some('Q'), M::Unsupported),
    value("telnet-option", Some('t'), M::Unsupported),
    value("time-cond", Some('z'), M::Unsupported),
];

/// Long options without a value that do not change a request.
const QUIET_FLAGS: &[&str] = &[
    "compressed-ssh",
    "create-dirs",
    "disable-eprt",
    "disable-epsv",
    "eprt",
    "epsv",
    "fail-early",
    "fail-with-body",
    "form-escape",
    "ftp-create-dirs",
    "ftp-pasv",
    "ftp-pret",
    "ftp-skip-pasv-ip",
    "ftp-ssl-ccc",
    "ftp-ssl-control",
    "keepalive",
    "mail-rcpt-allowfails",
    "metalink",
    "clobber",
    "parallel-immediate",
    "progress-meter",
    "remote-name-all",
    "remove-on-error",
    "retry-all-errors",
    "retry-connrefused",
    "sessionid",
    "styled-output",
    "suppress-connect-headers",
    "tcp-nodelay",
    "trace-ids",
    "trace-time",
    "xattr",
    "http1.1",
    "http0.9",
    "ignore-content-length",
    "skip-existing",
    "buffer",
];

/// Long options with a value that do not change a request.
const QUIET_VALUES: &[&str] = &[
    "create-file-mode",
    "etag-save",
    "expect100-timeout",
    "keepalive-time",
    "keepalive-cnt",
    "libcurl",
    "limit-rate",
    "max-filesize",
    "output-dir",
    "parallel-max",
    "rate",
    "retry",
    "retry-delay",
    "retry-max-time",
    "stderr",
    "trace",
    "trace-ascii",
    "trace-config",
    "hsts",
    "alt-svc",
    "happy-eyeballs-timeout-ms",
    "proto-default",
];

/// Long options without a value that change what is sent, or to whom.
const UNSUPPORTED_FLAGS: &[&str] = &[
    "cert-status",
    "crlf",
    "disallow-username-in-url",
    "doh-cert-status",
    "doh-insecure",
    "false-start",
    "haproxy-protocol",
    "http2",
    "http2-prior-knowledge",
    "http3",
    "http3-only",
    "alpn",
    "npn",
    "netrc-optional",
    "post301",
    "post302",
    "post303",
    "proxy-anyauth",
    "proxy-basic",
    "proxy-digest",
    "proxy-insecure",
    "proxy-negotiate",
    "proxy-ntlm",
    "proxy-ssl-allow-beast",
    "proxy-ssl-auto-client-cert",
    "proxy-tlsv1",
    "raw",
    "sasl-ir",
    "socks5-basic",
    "socks5-gssapi",
    "socks5-gssapi-nec",
    "ssl",
    "ssl-allow-beast",
    "ssl-auto-client-cert",
    "ssl-no-revoke",
    "ssl-reqd",
    "ssl-revoke-best-effort",
    "tcp-fastopen",
    "tftp-no-options",
    "tlsv1.0",
    "tlsv1.1",
    "tlsv1.2",
    "tlsv1.3",
    "tr-encoding",
    "ca-native",
    "proxy-ca-native",
    "proxy-http2",
    "mptcp",
];

/// Long options with a value that change what is sent, or to whom.
const UNSUPPORTED_VALUES: &[&str] = &[
    "abstract-unix-socket",
    "cacert",
    "capath",
    "cert-type",
    "ciphers",
    "connect-timeout",
    "connect-to",
    "crlfile",
    "curves",
    "delegation",
    "dns-interface",
    "dns-ipv4-addr",
    "dns-ipv6-addr",
    "dns-servers",
    "doh-url",
    "ech",
    "egd-file",
    "engine",
    "etag-compare",
    "ftp-account",
    "ftp-alternative-to-user",
    "ftp-method",
    "ftp-ssl-ccc-mode",
    "haproxy-clientip",
    "hostpubmd5",
    "hostpubsha256",
    "interface",
    "ip-tos",
    "key",
    "key-type",
    "krb",
    "local-port",
    "login-options",
    "mail-auth",
    "mail-from",
    "mail-rcpt",
    "netrc-file",
    "noproxy",
    "pass",
    "pinnedpubkey",
    "preproxy",
    "proto",
    "proto-redir",
    "proxy-cacert",
    "proxy-capath",
    "proxy-cert",
    "proxy-cert-type",
    "proxy-ciphers",
    "proxy-crlfile",
    "proxy-header",
    "proxy-key",
    "proxy-key-type",
    "proxy-pass",
    "proxy-pinnedpubkey",
    "proxy-service-name",
    "proxy-tls13-ciphers",
    "proxy-tlsauthtype",
    "proxy-tlspassword",
    "proxy-tlsuser",
    "proxy1.0",
    "pubkey",
    "random-file",
    "request-target",
    "resolve",
    "sasl-authzid",
    "service-name",
    "socks4",
    "socks4a",
    "socks5",
    "socks5-gssapi-service",
    "socks5-hostname",
    "tftp-blksize",
    "tls-max",
    "tls13-ciphers",
    "tlsauthtype",
    "tlspassword",
    "tlsuser",
    "unix-socket",
    "variable",
    "vlan-priority",
];

/// The option of one letter.
pub(super) fn short(letter: char) -> Option<CurlOption> {
    OPTIONS.iter().find(|option| option.short == Some(letter)).map(CurlOption::copy)
}

/// The option with this name or the only one that begins with it, as curl accepts it.
pub(super) fn long(name: &str) -> Option<CurlOption> {
    let exact = all().find(|option| option.long == name);
    exact.or_else(|| {
        let mut starting = all().filter(|option| option.long.starts_with(name));
        let first = starting.next()?;
        starting.next().is_none().then_some(first)
    })
}

fn all() -> impl Iterator<Item = CurlOption> {
    let named = |make: fn(&'static str, Option<char>, Meaning) -> CurlOption, meaning| {
        move |name: &&'static str| make(name, None, meaning)
    };
    OPTIONS
        .iter()
        .map(CurlOption::copy)
        .chain(QUIET_FLAGS.iter().map(named(flag, M::Quiet)))
        .chain(QUIET_VALUES.iter().map(named(value, M::Quiet)))
        .chain(UNSUPPORTED_FLAGS.iter().map(named(flag, M::Unsupported)))
        .chain(UNSUPPORTED_VALUES.iter().map(named(value, M::Unsupported)))
}

impl CurlOption {
    fn copy(&self) -> CurlOption {
        CurlOption { ..*self }
    }
}
