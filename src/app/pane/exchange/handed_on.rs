//! Bodies for other programs: opened outside, shown in the pager; and what is known of an image, which
//! is the kind of body that is best looked at elsewhere.

use super::body_fetch::{BodyFetch, FetchAim};
use super::exchange_state::ExchangePane;
use super::windows::file_name;
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::codec::image::{self, ImageFacts};
use crate::model::exchange::HttpMessage;
use crate::model::view::{View, ViewMode, ViewPart};

/// What a file is called by its declared type; what is not here is text or bytes of no kind. No ending
/// of a program is among them, whatever a peer proposes.
const ENDINGS: [(&str, &str); 16] = [
    ("json", "json"),
    ("html", "html"),
    ("svg", "svg"),
    ("xml", "xml"),
    ("text/csv", "csv"),
    ("tab-separated", "tsv"),
    ("application/pdf", "pdf"),
    ("image/avif", "avif"),
    ("image/tiff", "tiff"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("font/woff2", "woff2"),
    ("application/zip", "zip"),
    ("text/markdown", "md"),
];

impl ExchangePane {
    /// Opens the body on screen with the program for its kind.
    pub(super) fn open_outside(&self, shared: &Shared) -> Outcome {
        let (Some(shown), Some(subject)) = (self.shown(shared), self.whole(shared)) else {
            return Outcome::say("there is no body to open here");
        };
        let ending = self.ending(shared, shown.message());
        let name = file_name(shown, ViewPart::Decoded);
        let stem = name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("body");
        let name = format!("{stem}.{ending}");
        let (body, part) = (subject.body, subject.part);
        Intent::Perform(Effect::OpenOutside { body, part, name }).into()
    }

    /// The ending of a file that holds what is on screen.
    fn ending(&self, shared: &Shared, message: Option<&HttpMessage>) -> &'static str {
        let mode = self.view(shared).map_or(ViewMode::Hex, |view| view.mode);
        let of_mode = match mode {
            ViewMode::Pretty => "json",
            ViewMode::Text | ViewMode::Wide(_) => "txt",
            ViewMode::Hex => "bin",
        };
        if self.whole(shared) != self.base(shared) {
            return of_mode;
        }
        if let Some(image) = self.image(shared) {
            return image.extension;
        }
        if self.subject(shared).is_none_or(|subject| subject.part == ViewPart::Raw) {
            return "txt";
        }
        let declared = message.and_then(|message| message.head.field("content-type"));
        let declared = declared.map(|it| String::from_utf8_lossy(it).to_ascii_lowercase());
        let declared = declared.unwrap_or_default();
        let declared = declared.split(';').next().unwrap_or_default();
        let known = ENDINGS.iter().find(|(part, _)| declared.contains(part));
        known.map_or(of_mode, |(_, ending)| ending)
    }

    /// Shows the body on screen in the pager.
    pub(super) fn page(&self, shared: &Shared) -> Outcome {
        let Some(subject) = self.whole(shared).filter(|_| self.view(shared).is_some()) else {
            return Outcome::say("there is no body to show here");
        };
        let (body, part) = (subject.body, subject.part);
        let mode = self.views.get(body, part).map_or(subject.default, |view| view.mode);
        Intent::Perform(Effect::Page { body, part, mode }).into()
    }

    /// What is known of the image on screen.
    pub(crate) fn image(&self, shared: &Shared) -> Option<ImageFacts> {
        let subject = self.subject(shared).filter(|it| it.part == ViewPart::Decoded)?;
        self.image.filter(|(body, _)| *body == subject.body).map(|(_, facts)| facts)
    }

    /// Looks whether a window shows the beginning of an image; of one whose size is not in it more is
    /// asked for.
    pub(super) fn look_at_image(&mut self, shared: &Shared, view: &View) -> Option<Intent> {
        let query = &view.query;
        let is_known = self.image.is_some_and(|(body, facts)| {
            body == query.body && (facts.size.is_some() || !view.complete)
        });
        let is_begin = view.top == 0 && query.part == ViewPart::Decoded && !view.lines.is_empty();
        if is_known || !is_begin || !matches!(query.mode, ViewMode::Hex | ViewMode::Text) {
            return None;
        }
        let mut begin = Vec::new();
        for line in &view.lines {
            begin.extend_from_slice(&line.bytes);
            begin.extend_from_slice(if query.mode == ViewMode::Text { b"\n" } else { b"" });
        }
        let facts = image::facts(&begin)?;
        let was_asked = self.image.is_some_and(|(body, _)| body == query.body);
        self.image = Some((query.body, facts));
        let shown = self.shown(shared)?;
        if facts.size.is_some() || was_asked || self.fetch.is_some() {
            return None;
        }
        let of = (query.body, query.part);
        let fetch = BodyFetch::begin(shown.exchange, of, FetchAim::Image);
        Some(self.fetch.insert(fetch).ask())
    }
}
