//! How a client of streams gets to its peer, as options of curl, and as remarks where another tool has no word for it.

use std::net::IpAddr;
use std::time::Duration;

use super::socket_options::bracketed;
use crate::model::network::{NameRules, NetworkOptions, NetworkSpec};
use crate::model::plan::HttpPlan;
use crate::model::proxy::AskedProxy;
use crate::model::timing::LONGEST;
use crate::model::tls::{TlsChoices, TlsVersions};
use crate::model::transfer::{RetryOptions, TransferOptions, TransferSpec};
use crate::model::url_text::UrlText;

/// The options of curl that ask for the same, each with its value. What the environment says curl reads itself.
pub(super) fn curl_options(network: &NetworkOptions) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    match &network.proxies.asked {
        AskedProxy::Unsaid => {}
        AskedProxy::Direct => options.push(("noproxy", "*".to_owned())),
        AskedProxy::Through(proxy) => options.push(("proxy", proxy.with_login())),
    }
    if network.proxies.asked != AskedProxy::Direct {
        options.extend(network.proxies.exceptions.clone().map(|targets| ("noproxy", targets)));
    }
    let NameRules { resolve, connect_to } = &network.names;
    options.extend(resolve.iter().map(|rule| {
        let address = |ip: &IpAddr| if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        let addresses: Vec<String> = rule.addresses.iter().map(address).collect();
        ("resolve", format!("{}:{}:{}", rule.host, rule.port, addresses.join(",")))
    }));
    options.extend(connect_to.iter().map(|rule| {
        let port = |port: Option<u16>| port.map_or_else(String::new, |port| port.to_string());
        let [host, to] = [&rule.host, &rule.to_host].map(|host| bracketed(host));
        ("connect-to", format!("{host}:{}:{to}:{}", port(rule.port), port(rule.to_port)))
    }));
    options
}

/// The options of curl for the TLS of a request, each with its value; without one it is a switch.
pub(super) fn curl_tls(choices: &TlsChoices) -> Vec<(&'static str, &str)> {
    let files = [("cacert", &choices.ca), ("cert", &choices.certificate), ("key", &choices.key)];
    let mut options: Vec<_> = files.into_iter().map(|(name, file)| (name, file.as_str())).collect();
    options.retain(|(_, file)| !file.is_empty());
    match choices.versions {
        TlsVersions::Any => {}
        TlsVersions::Only12 => options.push(("tls-max", "1.2")),
        TlsVersions::Only13 => options.push(("tlsv1.3", "")),
    }
    options
}

/// The options of curl for how a request is carried; its range is a header.
pub(super) fn curl_transfer(transfer: &TransferOptions) -> Vec<(&'static str, String)> {
    let rate = transfer.limit_rate.map(|rate| ("limit-rate", rate.to_string()));
    let file = transfer.netrc.as_ref().map(|file| ("netrc-file", file.display().to_string()));
    let seconds = |time: Duration| time.as_secs().to_string();
    let RetryOptions { times, delay, max_time } = &transfer.retry;
    let times = (*times > 0).then(|| ("retry", times.to_string()));
    let delay = delay.map(|delay| ("retry-delay", seconds(delay)));
    let max_time = max_time.map(|time| ("retry-max-time", seconds(time)));
    rate.into_iter().chain(file).chain(times).chain(delay).chain(max_time).collect()
}

/// What of the TLS of a request is asked for, and of how it is carried, in words; for tools that have none for it.
pub(super) fn asked_of_request(plan: &HttpPlan) -> Vec<&'static str> {
    let TlsChoices { ca, certificate, key: _, versions } = &plan.tls;
    let parts = [
        (!ca.is_empty(), "a file of authorities"),
        (!certificate.is_empty(), "a certificate of ours"),
        (*versions != TlsVersions::Any, "the version of TLS that is asked for"),
        (!plan.sni.is_empty(), "a server name of its own in TLS"),
        (plan.transfer.limit_rate.is_some(), "a rate that it keeps to"),
        (plan.transfer.netrc.is_some(), "a login of a file (netrc)"),
        (plan.transfer.retry.times > 0, "that it is tried again (retry)"),
    ];
    parts.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, what)| what).collect()
}

/// What of it is asked for, in words; for tools that have none for it.
pub(super) fn asked(network: &NetworkOptions) -> Vec<&'static str> {
    let parts = [
        (network.proxies.named().is_some(), "the proxy it goes through"),
        (!network.names.resolve.is_empty(), "addresses of names (resolve)"),
        (!network.names.connect_to.is_empty(), "where it connects instead (connect-to)"),
    ];
    parts.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, what)| what).collect()
}

/// What a script does not do, a comment a line.
pub(super) fn left_out(network: &NetworkOptions) -> String {
    let proxy = network.proxies.named().map(|proxy| format!("the proxy {proxy}"));
    // The first of them is the proxy.
    let more = asked(network).into_iter().skip(usize::from(proxy.is_some())).map(str::to_owned);
    let lines = proxy.into_iter().chain(more);
    lines.map(|what| remark(&what)).collect::<Vec<_>>().concat()
}

fn remark(what: &str) -> String {
    format!("# has in wirebench, not here: {what}\n")
}

/// The same of the TLS of a request.
pub(super) fn left_out_of_request(plan: &HttpPlan) -> String {
    let asked = asked_of_request(plan).into_iter();
    asked.map(remark).collect::<Vec<_>>().concat()
}

/// What a curl command says of proxies, and of TLS.
#[derive(Debug, Default, Clone)]
pub(super) struct CurlNetwork {
    spec: NetworkSpec,
    login: Option<String>,
    pub(super) tls: TlsChoices,
    pub(super) transfer: TransferSpec,
}

impl CurlNetwork {
    /// The options it takes, as curl's manual writes them.
    pub(super) const OPTIONS: &str = "x/proxy= U/proxy-user= noproxy= socks5= socks5-hostname= resolve= connect-to= cacert= \
                                    E/cert= key= tls-max= tlsv1.2 tlsv1.3 limit-rate= n/netrc netrc-file= retry= retry-delay= \
                                    retry-max-time=";

    /// Takes the value of one of the options; whether it is one.
    pub(super) fn read(&mut self, name: &str, value: &str) -> bool {
        match name {
            "proxy" if value.is_empty() => "none".clone_into(&mut self.spec.proxy),
            "proxy" => value.clone_into(&mut self.spec.proxy),
            "socks5" => self.spec.proxy = format!("socks5://{value}"),
            "socks5-hostname" => self.spec.proxy = format!("socks5h://{value}"),
            "noproxy" => value.clone_into(&mut self.spec.no_proxy),
            "resolve" => self.spec.resolve.0.push(value.to_owned()),
            "connect-to" => self.spec.connect_to.0.push(value.to_owned()),
            "proxy-user" => self.login = Some(value.to_owned()),
            "cacert" => value.clone_into(&mut self.tls.ca),
            "cert" => {
                // A password may stand behind the file; none is used here.
                let file = value.split_once(':').map_or(value, |(file, _)| file);
                file.clone_into(&mut self.tls.certificate);
            }
            "key" => value.clone_into(&mut self.tls.key),
            "limit-rate" => self.transfer.limit_rate = rate(value),
            "retry" => self.transfer.retry = value.parse().unwrap_or(self.transfer.retry),
            "retry-delay" => self.transfer.retry_delay = seconds(value),
            "retry-max-time" => self.transfer.retry_max_time = seconds(value),
            "netrc-file" => value.clone_into(&mut self.transfer.netrc),
            "tls-max" if value == "1.2" => self.tls.versions = TlsVersions::Only12,
            "tls-max" => {}
            _ => return false,
        }
        true
    }

    /// Takes a switch.
    pub(super) fn switch(&mut self, name: &str) {
        match name {
            "tlsv1.3" => self.tls.versions = TlsVersions::Only13,
            "netrc" if self.transfer.netrc.is_empty() => {
                "~/.netrc".clone_into(&mut self.transfer.netrc);
            }
            _ => {}
        }
    }

    /// The options of a spec that ask for the same.
    pub(super) fn spec(&self) -> NetworkSpec {
        let mut spec = self.spec.clone();
        let url = UrlText::literal(&spec.proxy);
        let is_none = spec.proxy.is_empty() || spec.proxy == "none";
        if let Some(login) = self.login.as_ref().filter(|_| !is_none && url.userinfo.is_none()) {
            let scheme = if url.scheme.is_empty() { "http" } else { url.scheme };
            spec.proxy = format!("{scheme}://{}@{}", encoded(login), url.bare);
        }
        spec
    }
}

/// A time of curl, of which 0 is none.
fn seconds(value: &str) -> Option<Duration> {
    let time = value.parse().ok().and_then(|time| Duration::try_from_secs_f64(time).ok());
    time.filter(|time| !time.is_zero() && *time <= LONGEST)
}

/// A rate of curl, whose letters are powers of 1024.
fn rate(value: &str) -> String {
    let letter =
        value.trim_end_matches(['b', 'B']).chars().next_back().filter(char::is_ascii_alphabetic);
    match letter {
        Some(letter) => {
            let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            format!("{number}{}iB/s", letter.to_ascii_uppercase())
        }
        None => value.to_owned(),
    }
}

/// User and password as they stand in a URL; the marks of names that a shell fills in stay.
fn encoded(login: &str) -> String {
    let written = |c: char| match c {
        '@' | '/' | '%' | '?' | '#' | ' ' => format!("%{:02X}", u32::from(c)),
        c => c.to_string(),
    };
    login.chars().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_of_curl_stand_in_the_url_of_the_proxy() {
        let spec = |options: &[(&str, &str)]| {
            let mut network = CurlNetwork::default();
            for (name, value) in options {
                assert!(network.read(name, value), "{name}");
            }
            network.spec()
        };
        let proxy = |options| spec(options).proxy;
        assert_eq!(proxy(&[("proxy", "p:1"), ("proxy-user", "u:a@b")]), "http://u:a%40b@p:1");
        assert_eq!(proxy(&[("proxy-user", "u:p"), ("socks5-hostname", "p")]), "socks5h://u:p@p");
        assert_eq!(proxy(&[("proxy-user", "u:p"), ("proxy", "")]), "none");
        assert_eq!(proxy(&[("proxy-user", "u:p")]), "");
        assert_eq!(spec(&[("noproxy", "a,b")]).no_proxy, "a,b");
        assert!(!CurlNetwork::default().read("interface", "lo"));
    }
}
