//! The extension that packs messages (permessage-deflate, RFC 7692): what is offered and what was agreed.

use std::fmt::Write as _;

/// What goes out where messages may be packed. No smaller window is offered: nothing of ours could keep to it.
pub(crate) const OFFER: &str = "permessage-deflate";

/// How messages are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PackedMessages {
    /// Each message of the client stands by itself.
    pub(crate) client_anew: bool,
    /// The same of the server.
    pub(crate) server_anew: bool,
    /// Bits of the client's window; `None` = 15.
    pub(crate) client_bits: Option<u8>,
    /// The same of the server.
    pub(crate) server_bits: Option<u8>,
}

/// An extension as it stands in a header: its name and its parameters, in small letters.
struct Extension {
    name: String,
    parameters: Vec<(String, Option<String>)>,
}

impl PackedMessages {
    /// What the server of these headers agreed to; `None` = messages are not packed.
    ///
    /// # Errors
    /// It agreed to what was not offered, or to what makes no sense.
    pub(crate) fn agreed(headers: &[String], offered: bool) -> Result<Option<Self>, String> {
        let mut found = None;
        for extension in extensions(headers) {
            if extension.name != OFFER || !offered {
                return Err(format!(
                    "the server agreed to the extension '{}', which was not offered",
                    extension.name
                ));
            }
            if found.is_some() {
                return Err("the server agreed to permessage-deflate twice".to_owned());
            }
            let agreed = PackedMessages::read(&extension, false)?;
            if agreed.client_bits.is_some() {
                return Err(
                    "the server limits the window of the client, which was not offered".to_owned()
                );
            }
            found = Some(agreed);
        }
        Ok(found)
    }

    /// The first of what a client offers that can be kept to, and the answer that agrees to it; `None` = none of it.
    pub(crate) fn chosen(headers: &[String]) -> Option<(Self, String)> {
        let offers = extensions(headers).into_iter().filter(|it| it.name == OFFER);
        offers.into_iter().find_map(|extension| {
            let mut agreed = PackedMessages::read(&extension, true).ok()?;
            // Ours always has 15 bits; what the client would keep to need not be asked.
            if agreed.server_bits.is_some_and(|bits| bits < 15) {
                return None;
            }
            agreed.client_bits = None;
            let mut answer = OFFER.to_owned();
            if agreed.server_anew {
                answer.push_str("; server_no_context_takeover");
            }
            if agreed.client_anew {
                answer.push_str("; client_no_context_takeover");
            }
            Some((agreed, answer))
        })
    }

    fn read(extension: &Extension, is_offer: bool) -> Result<Self, String> {
        let mut read = PackedMessages::default();
        let mut seen = Vec::new();
        for (name, value) in &extension.parameters {
            let wrong = |why: &str| Err(format!("permessage-deflate: '{name}' {why}"));
            if seen.contains(&name) {
                return wrong("stands there twice");
            }
            seen.push(name);
            match (name.as_str(), value) {
                ("server_no_context_takeover", None) => read.server_anew = true,
                ("client_no_context_takeover", None) => read.client_anew = true,
                // An offer may leave the number to the server.
                ("client_max_window_bits", None) if is_offer => read.client_bits = Some(15),
                ("client_max_window_bits" | "server_max_window_bits", Some(value)) => {
                    let bits = value.parse().ok().filter(|it| (8..=15).contains(it));
                    let Some(bits) = bits.filter(|_| !value.starts_with(['0', '+'])) else {
                        return wrong("is no number from 8 to 15");
                    };
                    let side = if name.starts_with('c') {
                        &mut read.client_bits
                    } else {
                        &mut read.server_bits
                    };
                    *side = Some(bits);
                }
                _ => return wrong("is no parameter it has"),
            }
        }
        Ok(read)
    }

    /// In words: `permessage-deflate, each message by itself`.
    pub(crate) fn words(self) -> String {
        let mut words = OFFER.to_owned();
        match (self.client_anew, self.server_anew) {
            (true, true) => words.push_str(", each message by itself"),
            (true, false) => words.push_str(", each message of the client by itself"),
            (false, true) => words.push_str(", each message of the server by itself"),
            (false, false) => {}
        }
        if let Some(bits) = self.server_bits {
            // Writing to a string cannot fail.
            let _ = write!(words, ", window of the server {bits} bits");
        }
        words
    }
}

/// Extensions of all headers, in order. Quoted values stand for what is in the quotes.
fn extensions(headers: &[String]) -> Vec<Extension> {
    let all = headers.iter().flat_map(|header| header.split(','));
    let read = |text: &str| {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().filter(|name| !name.is_empty())?;
        let parameter = |part: String| match part.split_once('=') {
            Some((name, value)) => {
                let value = value.trim().trim_matches('"').to_owned();
                (name.trim().to_owned(), Some(value))
            }
            None => (part, None),
        };
        Some(Extension { name, parameters: parts.map(parameter).collect() })
    };
    all.filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn what_a_server_agrees_to_is_what_was_offered() {
        let agreed = |text: &str| PackedMessages::agreed(&headers(text), true);
        assert_eq!(PackedMessages::agreed(&[], true), Ok(None));
        assert_eq!(agreed("permessage-deflate"), Ok(Some(PackedMessages::default())));
        let both = "Permessage-Deflate; server_no_context_takeover;client_no_context_takeover ; server_max_window_bits=\"10\"";
        let all = agreed(both).unwrap().unwrap();
        assert_eq!((all.client_anew, all.server_anew, all.server_bits), (true, true, Some(10)));
        assert_eq!(
            all.words(),
            "permessage-deflate, each message by itself, window of the server 10 bits"
        );
        for (text, why) in [
            ("x-webkit-deflate-frame", "'x-webkit-deflate-frame', which was not offered"),
            ("permessage-deflate, permessage-deflate", "twice"),
            ("permessage-deflate; client_max_window_bits=10", "which was not offered"),
            ("permessage-deflate; server_max_window_bits=7", "from 8 to 15"),
            ("permessage-deflate; server_max_window_bits=09", "from 8 to 15"),
            ("permessage-deflate; server_no_context_takeover=1", "no parameter"),
            ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", "twice"),
        ] {
            let told = agreed(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
        assert!(PackedMessages::agreed(&headers(OFFER), false).is_err());
    }

    #[test]
    fn of_offers_the_first_that_can_be_kept_to_is_chosen() {
        let answer = |text: &str| PackedMessages::chosen(&headers(text)).map(|(_, answer)| answer);
        assert_eq!(answer("permessage-deflate; client_max_window_bits").as_deref(), Some(OFFER));
        assert_eq!(
            answer("permessage-deflate; server_max_window_bits=10, permessage-deflate; server_no_context_takeover")
                .as_deref(),
            Some("permessage-deflate; server_no_context_takeover")
        );
        assert_eq!(answer("permessage-deflate; x=1"), None);
        assert_eq!(answer("other"), None);
    }
}
