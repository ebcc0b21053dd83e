//! `listen` in place of the server that an OpenAPI file describes.

use std::ffi::OsStr;
use std::path::Path;

use crate::args;
use crate::cli::target;
use crate::model::failure::Failure;
use crate::model::spec::Spec;

/// Where a file is answered for that stands in place of an address.
const ADDRESS: &str = "http://:8080";

/// What is meant by a file in place of an address: to answer by it.
pub(super) fn of_file(arguments: &args::Listen) -> Option<args::Listen> {
    let path = Path::new(&arguments.target);
    let ends = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    if !["yaml", "yml", "json"].contains(&ends) || !path.is_file() || arguments.mock.is_some() {
        return None;
    }
    let mock = Some(arguments.target.clone());
    Some(args::Listen { target: ADDRESS.to_owned(), mock, ..arguments.clone() })
}

/// Puts the file into the spec.
pub(super) fn set(spec: &mut Spec, arguments: &args::Listen) -> Result<(), Failure> {
    let Some(file) = &arguments.mock else { return Ok(()) };
    target::set(spec, &format!("contract={file}"))?;
    target::set(spec, "mock=on")
}
