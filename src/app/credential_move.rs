//! Credentials on their way into a file of secrets; kept by the application, filled by its flow.

use std::collections::BTreeMap;

use super::intent::PendingSave;
use crate::store::job::Variable;

/// Credentials on their way into a file of secrets, and the save that waits for them.
#[derive(Debug)]
pub(crate) struct CredentialMove {
    pub(super) save: PendingSave,
    pub(super) environment: String,
    /// Not on the disk yet.
    pub(super) waiting: Vec<Variable>,
    /// What values are called from now on.
    pub(super) names: BTreeMap<String, String>,
}
