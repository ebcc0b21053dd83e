//! The options of curl: their names, which take a value, and what becomes of those that say
//! nothing about a request.

use std::sync::LazyLock;

use crate::interop::network_words::CurlNetwork;
use crate::interop::socket_options::CurlSocket;

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Says something about the request, by its name.
    Request,
    /// Concerns what curl prints or keeps; nothing for a request.
    Quiet,
    /// Changes what is sent or how; not supported here.
    Unsupported,
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurlOption {
    pub(super) name: &'static str,
    letter: Option<char>,
    pub(super) takes_value: bool,
    pub(super) meaning: Meaning,
}

/// Names as curl's manual writes them: `X/` before a name is its letter, `=` behind it says that a
/// value follows.
const OPTIONS: [(Meaning, &str); 5] = [
    (Meaning::Request, CurlSocket::OPTIONS),
    (Meaning::Request, CurlNetwork::OPTIONS),
    (
        Meaning::Request,
        "X/request= H/header= d/data= data-ascii= data-binary= data-raw= data-urlencode= json= \
         F/form= form-string= G/get I/head url= url-query= T/upload-file= u/user= oauth2-bearer= \
         basic digest ntlm ntlm-wb negotiate anyauth aws-sigv4= A/user-agent= e/referer= \
         b/cookie= r/range= k/insecure L/location location-trusted max-redirs= m/max-time= \
         compressed g/globoff path-as-is 0/http1.0 http1.1 http2 http2-prior-knowledge :/next",
    ),
    (
        Meaning::Quiet,
        "c/cookie-jar= D/dump-header= f/fail h/help= i/include j/junk-session-cookies M/manual \
         N/no-buffer o/output= Z/parallel #/progress-bar q/disable J/remote-header-name \
         O/remote-name R/remote-time S/show-error s/silent v/verbose V/version w/write-out= \
         Y/speed-limit= y/speed-time= alt-svc= buffer clobber compressed-ssh create-dirs \
         create-file-mode= disable-eprt disable-epsv eprt epsv etag-save= expect100-timeout= \
         fail-early fail-with-body form-escape ftp-create-dirs ftp-pasv ftp-pret \
         ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control happy-eyeballs-timeout-ms= hsts= http0.9 \
         ignore-content-length keepalive keepalive-cnt= libcurl= \
         mail-rcpt-allowfails max-filesize= metalink output-dir= parallel-immediate \
         parallel-max= progress-meter proto-default= rate= remote-name-all remove-on-error \
         retry-all-errors retry-connrefused sessionid skip-existing \
         stderr= styled-output suppress-connect-headers tcp-nodelay trace= trace-ascii= \
         trace-config= trace-ids trace-time xattr",
    ),
    (
        Meaning::Unsupported,
        "1/tlsv1 2/sslv2 3/sslv3 4/ipv4 6/ipv6 a/append B/use-ascii K/config= \
         C/continue-at= P/ftp-port= l/list-only p/proxytunnel \
         Q/quote= t/telnet-option= z/time-cond= alpn ca-native \
         capath= cert-status cert-type= ciphers= connect-timeout= crlf crlfile= \
         curves= delegation= disallow-username-in-url dns-interface= dns-ipv4-addr= \
         dns-ipv6-addr= dns-servers= doh-cert-status doh-insecure doh-url= ech= egd-file= engine= \
         etag-compare= false-start ftp-account= ftp-alternative-to-user= ftp-method= \
         ftp-ssl-ccc-mode= haproxy-clientip= haproxy-protocol hostpubmd5= hostpubsha256= http3 http3-only ip-tos= key-type= krb= \
         login-options= mail-auth= mail-from= mail-rcpt= mptcp \
         netrc-optional npn pass= pinnedpubkey= post301 post302 post303 preproxy= proto= \
         proto-redir= proxy-anyauth proxy-basic proxy-ca-native proxy-cacert= proxy-capath= \
         proxy-cert= proxy-cert-type= proxy-ciphers= proxy-crlfile= proxy-digest proxy-header= \
         proxy-http2 proxy-insecure proxy-key= proxy-key-type= proxy-negotiate proxy-ntlm \
         proxy-pass= proxy-pinnedpubkey= proxy-service-name= proxy-ssl-allow-beast \
         proxy-ssl-auto-client-cert proxy-tls13-ciphers= proxy-tlsauthtype= proxy-tlspassword= \
         proxy-tlsuser= proxy-tlsv1 proxy1.0= pubkey= random-file= raw request-target= \
         sasl-authzid= sasl-ir service-name= socks4= socks4a= socks5-basic socks5-gssapi \
         socks5-gssapi-nec socks5-gssapi-service= ssl ssl-allow-beast \
         ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort tcp-fastopen \
         tftp-blksize= tftp-no-options tls13-ciphers= tlsauthtype= tlspassword= tlsuser= \
         tlsv1.0 tlsv1.1 tr-encoding variable= vlan-priority=",
    ),
];

fn all() -> impl Iterator<Item = CurlOption> {
    static ALL: LazyLock<Vec<CurlOption>> = LazyLock::new(|| read().collect());
    ALL.iter().copied()
}

/// Reads the words of the table.
fn read() -> impl Iterator<Item = CurlOption> {
    OPTIONS.into_iter().flat_map(|(meaning, words)| {
        words.split_whitespace().map(move |word| {
            let (letter, name) = word.split_once('/').unwrap_or(("", word));
            let takes_value = name.ends_with('=');
            let name = name.trim_end_matches('=');
            CurlOption { name, letter: letter.chars().next(), takes_value, meaning }
        })
    })
}

/// What happens instead of what an option asks for, where that is not obvious.
pub(super) fn instead(name: &str) -> &'static str {
    match name {
        "http3" | "http3-only" => ": HTTP/2 or HTTP/1.1 is spoken",
        "doh-url" => ": the request goes where its URL leads",
        "proxytunnel" => ": a proxy passes on what is asked for without TLS",
        "preproxy" | "socks4" | "socks4a" | "proxy1.0" => ": the request goes there directly",
        "config" => ": the options in it are not read",
        "netrc-optional" => ": no credentials are taken from it",
        "request-target" => ": the target is that of the URL",
        _ => "",
    }
}

/// The option of one letter.
pub(super) fn short(letter: char) -> Option<CurlOption> {
    all().find(|option| option.letter == Some(letter))
}

/// The option with this name or the only one that begins with it, as curl accepts it.
pub(super) fn long(name: &str) -> Option<CurlOption> {
    let exact = all().find(|option| option.name == name);
    exact.or_else(|| {
        let mut beginning = beginning(name);
        let first = beginning.next()?;
        beginning.next().is_none().then_some(first)
    })
}

/// The options whose names begin so.
pub(super) fn beginning(name: &str) -> impl Iterator<Item = CurlOption> {
    all().filter(move |option| option.name.starts_with(name))
}
