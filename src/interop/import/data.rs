//! Documents of JSON and YAML for the importers: the trees of `codec`, their faults as those of an import.

use super::tree::ImportFault;
use crate::codec::data_tree::{self, DataFault};
use crate::codec::yaml_tree;

pub(super) use crate::codec::data_tree::DataNode;

impl From<DataFault> for ImportFault {
    fn from(fault: DataFault) -> Self {
        ImportFault::at_line(fault.line, fault.column, fault.cause)
    }
}

/// Reads JSON.
///
/// # Errors
/// With line and column.
pub(super) fn read_json(text: &str) -> Result<DataNode, ImportFault> {
    Ok(data_tree::read_json(text)?)
}

/// Reads the first document of YAML.
///
/// # Errors
/// With line and column.
pub(super) fn read_yaml(text: &str) -> Result<DataNode, ImportFault> {
    Ok(yaml_tree::read_yaml(text)?)
}
