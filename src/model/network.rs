//! How clients of streams get to where they want to go: through whom. What HTTP and TCP have in common.

use super::proxy::ProxyRules;

/// As composed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkSpec {
    /// URL of a proxy, or `none`; empty = what the environment says.
    pub proxy: String,
    /// Targets that are connected to without one; empty = what the environment says.
    pub no_proxy: String,
}

/// As the engine does it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkOptions {
    pub proxies: ProxyRules,
}
