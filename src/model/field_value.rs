//! The plain values of fields as text: what is shown is taken back.

use std::borrow::Cow;
use std::time::Duration;

use super::awaited::AwaitedFormat;
use super::field::FieldValue;
use super::http::{ApiKeyPlace, VersionChoice};
use super::http_answer::DelayRange;
use super::http_relay::HostHeader;
use super::payload::{LineEnding, PayloadFormat};
use super::timing::{parse_duration, show_duration};
use super::tls::TlsVersions;
use super::trust::{TrustedCertificates, Verify};
use super::web_socket::MessageKind;

impl FieldValue for String {
    fn show(&self) -> Cow<'_, str> {
        self.into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        text.clone_into(self);
        Ok(())
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        Some(self)
    }
}

impl FieldValue for Duration {
    fn show(&self) -> Cow<'_, str> {
        show_duration(*self).into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = parse_duration(text).map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// `on` or `off`.
impl FieldValue for bool {
    fn show(&self) -> Cow<'_, str> {
        if *self { "on" } else { "off" }.into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = match text {
            "on" | "true" => true,
            "off" | "false" => false,
            _ => return Err(format!("'{text}' is neither on nor off")),
        };
        Ok(())
    }
}

/// No value is the empty text.
impl<T: FieldValue + Default> FieldValue for Option<T> {
    fn show(&self) -> Cow<'_, str> {
        self.as_ref().map_or(Cow::Borrowed(""), FieldValue::show)
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = if text.trim().is_empty() {
            None
        } else {
            let mut value = T::default();
            value.set(text)?;
            Some(value)
        };
        Ok(())
    }
}

impl FieldValue for TrustedCertificates {
    fn show(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = text.parse()?;
        Ok(())
    }
}

/// Values whose text is that of `Display` and `FromStr`; which ones, says the kind of the field.
macro_rules! from_text {
    ($($kind:ty, $refusal:literal;)+) => {$(
        impl FieldValue for $kind {
            fn show(&self) -> Cow<'_, str> {
                self.to_string().into()
            }

            fn set(&mut self, text: &str) -> Result<(), String> {
                *self = text.parse().map_err(|_| format!("'{text}' {}", $refusal))?;
                Ok(())
            }
        }
    )+};
}
impl FieldValue for DelayRange {
    fn show(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = text.parse()?;
        Ok(())
    }
}

from_text! {
    i32, "is not a number";
    u8, "is not a number";
    u16, "is not a number";
    u32, "is not a number";
    Verify, "is not known here";
    VersionChoice, "is no version; auto, 1.0, 1.1, 2 and 2-prior-knowledge are";
    LineEnding, "is not known here";
    PayloadFormat, "is not known here";
    MessageKind, "is not known here; auto, text and binary are";
    AwaitedFormat, "is not known here; text, hex, matches, length and json are";
    HostHeader, "is not known here";
    TlsVersions, "is no choice; any, 1.2 and 1.3 are";
    ApiKeyPlace, "is not known here; header, query and cookie are";
}
