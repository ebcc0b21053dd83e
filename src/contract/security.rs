//! Credentials that an operation demands: whether one of the ways that it names was taken. Whether they are right
//! is nobody's to say here.

use super::checking::{Checker, RefusedAs};
use super::document::{ContractOperation, Version};
use super::parameters::AskedValues;
use crate::codec::data_tree::DataNode;
use crate::model::exchange::Head;

/// Ways that are told.
const TOLD: usize = 4;

/// Of what is demanded what was sent.
enum Sent {
    Yes,
    /// What is missing, in words.
    No(String),
    /// Why it cannot be told.
    Unknown(String),
}

impl<'c> Checker<'c> {
    /// What is sent of credentials against what is demanded; `answer` is what came.
    pub(super) fn security(
        &mut self,
        operation: &ContractOperation<'c>,
        asked: &AskedValues<'_>,
        answer: Option<&Head>,
    ) {
        let root = self.document.root();
        let own = operation.written.has("security").then(|| operation.written.at("security"));
        let ways = own.unwrap_or(root.at("security")).items();
        let (mut missing, mut unknown) = (Vec::new(), Vec::new());
        for way in ways {
            let (mut lacks, mut cannot) = (Vec::new(), Vec::new());
            for (name, _) in way.pairs() {
                match self.sent(name, asked, answer) {
                    Sent::Yes => {}
                    Sent::No(words) => lacks.push(words),
                    Sent::Unknown(why) => cannot.push(why),
                }
            }
            if lacks.is_empty() {
                if cannot.is_empty() {
                    return;
                }
                unknown.extend(cannot);
            } else {
                missing.push(lacks.join(" and "));
            }
        }
        if unknown.is_empty() && !missing.is_empty() {
            missing.truncate(TOLD);
            let words = missing.join(", or ");
            self.refused(
                RefusedAs::Unauthorized,
                format!("request: credentials are missing: {words}"),
            );
        }
        for why in unknown {
            self.unchecked(format!("request: {why}"));
        }
    }

    fn sent(&self, name: &str, asked: &AskedValues<'_>, answer: Option<&Head>) -> Sent {
        let root = self.document.root();
        let all = if self.document.version == Version::Second {
            root.at("securityDefinitions")
        } else {
            root.path(&["components", "securitySchemes"])
        };
        let scheme = self.document.led(all.at(name));
        let kind = scheme.at("type").str();
        let of_name = |words: String| if words.is_empty() { Sent::Yes } else { Sent::No(words) };
        match kind {
            "apiKey" => {
                let (place, field) = (scheme.at("in").str(), scheme.at("name").str());
                let is_sent = asked.has(place, field);
                of_name(if is_sent { String::new() } else { format!("{place} {field} ({name})") })
            }
            "basic" => of_name(authorization(asked, "basic", name)),
            "http" => {
                let way = scheme.at("scheme").str();
                // What is asked for first is answered with what to begin from.
                let begins = answer.is_some_and(|head| head.status() == Some(401))
                    && way.eq_ignore_ascii_case("digest");
                of_name(if begins { String::new() } else { authorization(asked, way, name) })
            }
            "oauth2" | "openIdConnect" => of_name(authorization(asked, "bearer", name)),
            "mutualTLS" => {
                Sent::Unknown(format!("whether its certificate is that of {name} is not looked at"))
            }
            _ => Sent::Unknown(format!("how {name} is sent is not said in the document")),
        }
    }
}

/// What is missing of `Authorization`; empty = nothing.
fn authorization(asked: &AskedValues<'_>, way: &str, name: &str) -> String {
    let said = asked.first("header", "authorization").unwrap_or_default();
    let said = said.split(' ').next().unwrap_or_default();
    if said.eq_ignore_ascii_case(way) || (way.is_empty() && !said.is_empty()) {
        return String::new();
    }
    let way = match way.to_ascii_lowercase().as_str() {
        "basic" => "Basic",
        "bearer" => "Bearer",
        _ => way,
    };
    format!("header Authorization: {way} ({name})")
}

/// How a client shall say who it is, where an operation demands that in `Authorization`.
pub(super) fn challenge(schemes: &DataNode) -> &'static str {
    let first = schemes.pairs().iter().find_map(|(_, scheme)| {
        match (scheme.at("type").str(), scheme.at("scheme").str().to_ascii_lowercase().as_str()) {
            ("basic", _) | ("http", "basic") => Some("Basic realm=\"mock\""),
            ("http", "bearer") | ("oauth2" | "openIdConnect", _) => Some("Bearer"),
            _ => None,
        }
    });
    first.unwrap_or("ApiKey")
}
