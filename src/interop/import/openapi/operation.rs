//! One operation as a request.

use super::{Api, body, parameters, security, servers};
use crate::compose::template;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{FoundPreset, Gathered, first_line};
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
            url: base + &template::quote(self.path),
            ..HttpSpec::default()
        };
        parameters::parameters(self, &mut spec, out, &place);
        body::body(self, &mut spec, out, &place);
        security::security(self, &mut spec, out, &place);
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
        let name = name.unwrap_or(&place).to_owned();
        let tag = written.at("tags").items().first().and_then(DataNode::text);
        let folder = tag.map_or_else(Vec::new, |tag| self.api.folder(tag));
        out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
    }
}
