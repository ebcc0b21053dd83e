//! `packets.ini`: sections named by `[NAMES]`, one for each packet, with values as Qt writes them.

use percent_encoding::percent_decode_str;

use crate::interop::import::data::DataNode;
use crate::interop::import::tree::ImportFault;

/// The line a section begins in, its name, and what is in it.
type Section = (usize, String, Vec<(Box<str>, DataNode)>);

/// The packets with the lines their sections begin in.
pub(super) fn packets(text: &str) -> Result<Vec<(usize, DataNode)>, ImportFault> {
    let mut found: Vec<Section> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            found.push((at + 1, decoded(name), Vec::new()));
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            let cause = "neither a section nor a name with a value";
            return Err(ImportFault::at_line(at + 1, 1, cause));
        };
        let Some((_, section, pairs)) = found.last_mut() else {
            return Err(ImportFault::at_line(at + 1, 1, "a value before the first section"));
        };
        // A name with a slash is parted: the rest of it stands before the key.
        let (rest, key) = key.rsplit_once('\\').unwrap_or(("", key));
        if !rest.is_empty() && section != "NAMES" {
            *section = format!("{section}/{}", decoded(&rest.replace('\\', "/")));
        }
        pairs.push((key.to_ascii_lowercase().into(), DataNode::Text(value_of(value).into())));
    }
    let packet = |(line, section, mut pairs): Section| {
        if !pairs.iter().any(|(name, _)| &**name == "name") {
            pairs.push(("name".into(), DataNode::Text(section.into())));
        }
        (line, DataNode::Map(pairs))
    };
    let is_packet = |(_, section, pairs): &Section| {
        section != "NAMES" && pairs.iter().any(|(name, _)| ["toip", "hexstring"].contains(&&**name))
    };
    Ok(found.into_iter().filter(is_packet).map(packet).collect())
}

fn decoded(name: &str) -> String {
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

/// A value without quotes and escapes; a number of Qt's own becomes one in digits.
fn value_of(written: &str) -> String {
    let bare = written.trim();
    let inner = bare.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(bare);
    let text = unescaped(inner);
    if let Some(variant) = text.strip_prefix("@Variant(").and_then(|it| it.strip_suffix(')')) {
        let bytes: Vec<u8> = variant.chars().map(|c| c as u8).collect();
        return match bytes.as_slice() {
            [0, 0, 0, 0x87, a, b, c, d] => f32::from_be_bytes([*a, *b, *c, *d]).to_string(),
            _ => "0".to_owned(),
        };
    }
    text.strip_prefix("@@").map_or(text.clone(), |rest| format!("@{rest}"))
}

fn unescaped(text: &str) -> String {
    let (mut made, mut chars) = (String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\\' {
            made.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => made.push('\n'),
            Some('r') => made.push('\r'),
            Some('t') => made.push('\t'),
            Some('0') => made.push('\0'),
            Some('x') => {
                let mut digits = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_hexdigit) {
                    digits.push(digit);
                }
                made.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some(other) => made.push(other),
            None => {}
        }
    }
    made
}
