//! How clients of streams get to their peer: through whom.

use super::text::Composer;
use crate::compose::template::VariableName;
use crate::model::endpoint::Endpoint;
use crate::model::field_id::FieldId;
use crate::model::network::{self, NameRules, NetworkOptions, NetworkSpec};
use crate::model::proxy::{AskedProxy, EnvironmentProxies, Proxy, ProxyRules};
use crate::model::run_spec::WordList;

/// What a session says instead of a proxy, if it shall have none.
const NO_PROXY: &str = "none";

/// Of a request, for which the environment counts where it says nothing itself.
pub(super) fn of_request(spec: &NetworkSpec, composer: &mut Composer<'_>) -> NetworkOptions {
    let mut options = of_conversation(spec, composer);
    options.proxies.environment =
        EnvironmentProxies::read(|name| composer.environment(VariableName::Os(name)));
    options
}

/// Of a conversation, which only goes through what it names.
pub(super) fn of_conversation(spec: &NetworkSpec, composer: &mut Composer<'_>) -> NetworkOptions {
    let asked = proxy(&spec.proxy, composer);
    let exceptions = composer.line(FieldId::new("no-proxy"), &spec.no_proxy);
    let exceptions = Some(exceptions.trim().to_owned()).filter(|text| !text.is_empty());
    let proxies = ProxyRules { asked, exceptions, environment: EnvironmentProxies::default() };
    NetworkOptions { proxies, names: names(spec, composer) }
}

fn names(spec: &NetworkSpec, composer: &mut Composer<'_>) -> NameRules {
    let [resolve, connect_to] = [("resolve", &spec.resolve), ("connect-to", &spec.connect_to)];
    let resolve = rules(resolve, network::resolve_rules, composer);
    let connect_to = rules(connect_to, network::connect_to_rules, composer);
    NameRules { resolve, connect_to }
}

/// What the words of a field say; nothing after an issue.
fn rules<T>(
    (key, words): (&'static str, &WordList),
    read: fn(&[String]) -> Result<Vec<T>, String>,
    composer: &mut Composer<'_>,
) -> Vec<T> {
    let (field, count) = (FieldId::new(key), composer.issues.len());
    let words: Vec<String> = words.0.iter().map(|word| composer.line(field, word)).collect();
    read(&words).unwrap_or_else(|why| {
        if composer.issues.len() == count {
            composer.issue(field, why);
        }
        Vec::new()
    })
}

fn proxy(written: &str, composer: &mut Composer<'_>) -> AskedProxy {
    let field = FieldId::new("proxy");
    let count = composer.issues.len();
    let text = composer.line(field, written);
    if text.trim().is_empty() || composer.issues.len() > count {
        return AskedProxy::Unsaid;
    }
    if text.trim().eq_ignore_ascii_case(NO_PROXY) {
        return AskedProxy::Direct;
    }
    match Proxy::parse(&text) {
        Ok(proxy) => AskedProxy::Through(Box::new(proxy)),
        Err(why) => {
            composer.issue(field, format!("this is no proxy: {why}"));
            AskedProxy::Unsaid
        }
    }
}

/// Says where a Unix socket is connected to and a proxy is named.
pub(super) fn without_unix(
    endpoint: &Endpoint,
    network: &NetworkOptions,
    composer: &mut Composer<'_>,
) {
    if endpoint.socket.is_some() && network.proxies.named().is_some() {
        let why = "a Unix socket is connected to through no proxy; leave the proxy empty";
        composer.issue(FieldId::new("proxy"), why);
    }
}
