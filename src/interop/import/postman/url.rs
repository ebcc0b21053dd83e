//! URLs of Postman requests: as a text, or in parts.

use super::{DIALECT, pair};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::path_values::{as_browsers_send, with_path_values};
use crate::model::http::HttpSpec;
use crate::model::url_text::UrlText;

/// Puts the URL into the request; parameters that are switched off become rows.
pub(super) fn address(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let raw = written.text().or_else(|| written.at("raw").text());
    let raw = raw.map_or_else(|| of_parts(written), str::to_owned);
    let raw = with_variables(raw.trim(), written.at("variable"));
    let rows = written.at("query").items();
    let mut url = ours(&raw, DIALECT, out, place);
    let is_listed = !rows.is_empty();
    let is_split = rows.iter().any(|row| row.at("disabled").is_true());
    let has_query = UrlText::of(&url).query.is_some();
    if is_listed && (is_split || !has_query) {
        // The text holds them without their switches, or not at all.
        let parts = UrlText::of(&url);
        let fragment = parts.fragment.map_or_else(String::new, |text| format!("#{text}"));
        let bare = parts.place.to_owned() + &fragment;
        // One without a sign of a value cannot be a row: those before it stay with it in the URL.
        let bare_at = rows.iter().rposition(is_without_value).map_or(0, |at| at + 1);
        let (written, rows) = rows.split_at(bare_at);
        url = with_query(&bare, written, spec, out, place);
        for row in rows {
            spec.query.extend(pair(row, out, place));
        }
    }
    spec.url = as_browsers_send(&url);
}

/// Whether a parameter is a name alone.
fn is_without_value(row: &DataNode) -> bool {
    row.at("value").is_null() && !row.at("disabled").is_true() && !row.at("key").plain().is_empty()
}

/// A URL with parameters in its query; those that are switched off become rows.
fn with_query(
    url: &str,
    rows: &[DataNode],
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) -> String {
    let mut written = Vec::new();
    for row in rows {
        let Some(found) = pair(row, out, place) else { continue };
        if !found.enabled {
            spec.query.push(found);
        } else if is_without_value(row) {
            written.push(found.name);
        } else {
            written.push(format!("{}={}", found.name, found.value));
        }
    }
    if written.is_empty() {
        return url.to_owned();
    }
    let (bare, fragment) = url.split_at(UrlText::of(url).fragment_at);
    format!("{bare}?{}{fragment}", written.join("&"))
}

/// A URL put together.
fn of_parts(written: &DataNode) -> String {
    let joined = |part: &DataNode, joint: &str| {
        let items = part.items().iter().map(|item| item.text().unwrap_or(item.at("value").str()));
        part.text().map_or_else(|| items.collect::<Vec<_>>().join(joint), str::to_owned)
    };
    let host = joined(written.at("host"), ".");
    if host.is_empty() {
        return String::new();
    }
    let protocol = written.at("protocol").str().trim_end_matches("://");
    let mut url = if protocol.is_empty() { host } else { format!("{protocol}://{host}") };
    let port = written.at("port").plain();
    if !port.is_empty() {
        url = url + ":" + &port;
    }
    let path = joined(written.at("path"), "/");
    if !path.is_empty() {
        url = url + "/" + path.trim_start_matches('/');
    }
    url
}

/// Puts values in the place of `:name` in a path; one without a value is a variable then.
fn with_variables(url: &str, variables: &DataNode) -> String {
    let value = |variable: &DataNode| {
        let name = variable.at("key").text().or_else(|| variable.at("id").text())?;
        Some((name.to_owned(), variable.at("value").plain()))
    };
    with_path_values(url, variables.items().iter().filter_map(value))
}
