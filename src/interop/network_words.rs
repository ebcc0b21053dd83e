//! How a client of streams gets to its peer, as options of curl, and as remarks where another tool has no word for it.

use crate::model::network::{NetworkOptions, NetworkSpec};
use crate::model::plan::HttpPlan;
use crate::model::proxy::AskedProxy;
use crate::model::tls::{TlsChoices, TlsVersions};

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

/// What of the TLS of a request is asked for, in words; for tools that have none for it.
pub(super) fn asked_tls(plan: &HttpPlan) -> Vec<&'static str> {
    let TlsChoices { ca, certificate, key: _, versions } = &plan.tls;
    let parts = [
        (!ca.is_empty(), "a file of authorities"),
        (!certificate.is_empty(), "a certificate of ours"),
        (*versions != TlsVersions::Any, "the version of TLS that is asked for"),
        (!plan.sni.is_empty(), "a server name of its own in TLS"),
    ];
    parts.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, what)| what).collect()
}

/// What of it is asked for, in words; for tools that have none for it.
pub(super) fn asked(network: &NetworkOptions) -> Vec<&'static str> {
    let is_proxied = network.proxies.named().is_some();
    is_proxied.then_some("the proxy it goes through").into_iter().collect()
}

/// What a script does not do, a comment a line.
pub(super) fn left_out(network: &NetworkOptions) -> String {
    let proxy = network.proxies.named();
    proxy.map_or_else(String::new, |proxy| {
        format!("# goes through the proxy {proxy} in wirebench, not here\n")
    })
}

/// The same of the TLS of a request.
pub(super) fn left_out_tls(plan: &HttpPlan) -> String {
    let asked = asked_tls(plan).into_iter();
    asked.map(|what| format!("# has in wirebench, not here: {what}\n")).collect()
}

/// What a curl command says of proxies, and of TLS.
#[derive(Debug, Default, Clone)]
pub(super) struct CurlNetwork {
    spec: NetworkSpec,
    login: Option<String>,
    pub(super) tls: TlsChoices,
}

impl CurlNetwork {
    /// The options it takes, as curl's manual writes them.
    pub(super) const OPTIONS: &str = "x/proxy= U/proxy-user= noproxy= socks5= socks5-hostname= cacert= \
                                    E/cert= key= tls-max= tlsv1.2 tlsv1.3";

    /// Takes the value of one of the options; whether it is one.
    pub(super) fn read(&mut self, name: &str, value: &str) -> bool {
        match name {
            "proxy" if value.is_empty() => "none".clone_into(&mut self.spec.proxy),
            "proxy" => value.clone_into(&mut self.spec.proxy),
            "socks5" => self.spec.proxy = format!("socks5://{value}"),
            "socks5-hostname" => self.spec.proxy = format!("socks5h://{value}"),
            "noproxy" => value.clone_into(&mut self.spec.no_proxy),
            "proxy-user" => self.login = Some(value.to_owned()),
            "cacert" => value.clone_into(&mut self.tls.ca),
            "cert" => {
                // A password may stand behind the file; none is used here.
                let file = value.split_once(':').map_or(value, |(file, _)| file);
                file.clone_into(&mut self.tls.certificate);
            }
            "key" => value.clone_into(&mut self.tls.key),
            "tls-max" if value == "1.2" => self.tls.versions = TlsVersions::Only12,
            "tls-max" => {}
            _ => return false,
        }
        true
    }

    /// Takes a switch.
    pub(super) fn switch(&mut self, name: &str) {
        if name == "tlsv1.3" {
            self.tls.versions = TlsVersions::Only13;
        }
    }

    /// The options of a spec that ask for the same.
    pub(super) fn spec(&self) -> NetworkSpec {
        let mut spec = self.spec.clone();
        let is_none = spec.proxy.is_empty() || spec.proxy == "none";
        if let Some(login) = self.login.as_ref().filter(|_| !is_none && !spec.proxy.contains('@')) {
            let (scheme, place) = spec.proxy.split_once("://").unwrap_or(("http", &spec.proxy));
            spec.proxy = format!("{scheme}://{}@{place}", encoded(login));
        }
        spec
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
