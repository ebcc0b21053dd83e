//! One operation as a request.

use super::{Api, body, parameters, security, servers};
use crate::compose::template;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{FoundPreset, Gathered, first_line};
use crate::interop::import::names;
use crate::interop::import::tree::ImportFault;
use crate::model::http::HttpSpec;
use crate::model::spec::Spec;

/// An operation and what is around it.
pub(super) struct Operation<'a, 'd> {
    pub(super) api: &'a Api<'d>,
    pub(super) path: &'a str,
    pub(super) item: &'d DataNode,
    pub(super) method: &'a str,
    pub(super) written: &'d DataNode,
}

impl Operation<'_, '_> {
    /// Makes a preset of it.
    pub(super) fn read(&self, out: &mut Gathered) -> Result<(), ImportFault> {
        let (written, place) = (self.written, format!("{} {}", self.method, self.path));
        let server =
            [written, self.item].into_iter().find_map(|it| it.at("servers").items().first());
        let base =
            server.map(|server| template::quote(servers::url(server, out).trim_end_matches('/')));
        let base = base.unwrap_or_else(|| "{{".to_owned() + servers::BASE + "}}");
        let mut spec = HttpSpec {
            method: self.method.to_owned(),
            url: base + &path_of(self.path),
            ..HttpSpec::default()
        };
        parameters::parameters(self, &mut spec, out, &place);
        body::body(self, &mut spec, out, &place);
        security::security(self, &mut spec, out, &place);
        self.api.refs.tell_missed(&place, out);
        if !written.at("callbacks").is_null() {
            out.left_out("callbacks, which are called and do not call", place.as_str());
        }
        let text = |name: &str| written.at(name).str().trim();
        let mut notes = Vec::new();
        let described = text("description");
        let about = match text("summary") {
            "" => first_line(described, &mut notes),
            summary => {
                notes.extend(
                    Some(described.to_owned()).filter(|it| !it.is_empty() && it != summary),
                );
                first_line(summary, &mut notes)
            }
        };
        if written.at("deprecated").is_true() {
            notes.push("deprecated".to_owned());
        }
        let name = [text("operationId"), text("summary")].into_iter().find(|name| !name.is_empty());
        let name = name.unwrap_or(self.path).to_owned();
        let tag = written.at("tags").items().first().and_then(DataNode::text);
        let folder = tag.map_or_else(Vec::new, |tag| self.api.folder(tag));
        out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
    }
}

/// A path whose parameters are names, also those that the document does not describe.
fn path_of(path: &str) -> String {
    let (mut rest, mut made) = (path, String::new());
    while let Some((before, after)) = rest.split_once('{')
        && let Some((name, behind)) = after.split_once('}')
    {
        made.push_str(&template::quote(before));
        if name.trim().is_empty() || name.contains(['{', '/']) {
            made.push_str(&template::quote(&format!("{{{name}}}")));
        } else {
            made.push_str(&("{{".to_owned() + &names::variable(name) + "}}"));
        }
        rest = behind;
    }
    made + &template::quote(rest)
}
