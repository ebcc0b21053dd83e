//! The draft on screen, or a folder, as every kind of code there is for it (`exported_code.rs`); and what was
//! left out of code that was pasted.
//!
//! ```text
//! curl  Python requests  .http  hurl      ◂ ▸ or Tab
//! curl 'http://…'                         scrolls; y copies, S saves it to a file, s shows secrets
//! ```
//! Secrets are read from the environment (`$API_TOKEN`) until their values are asked for.
//! Names nobody defined stay in it as they were written, so
//! there is code to see before everything is filled in.

use std::cell::RefCell;
use std::sync::Arc;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::copying;
use crate::app::cursor::{CursorStep, scroll};
use crate::app::exported_code::{CodeListing, CodeSubject, listings};
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::prompt::{self, Prompt, PromptPurpose};
use crate::app::shared::Shared;
use crate::codec::wrap_words::wrap;

/// Columns and rows it has at most.
const SIZE: (u16, u16) = (100, 30);
/// Rows that a wheel turn moves.
const WHEEL: usize = 3;

/// State of the overlay.
#[derive(Debug)]
pub struct Code {
    pub title: String,
    pub listings: Vec<CodeListing>,
    pub selected: usize,
    /// First line shown.
    pub scroll: usize,
    /// Whether credentials stand in the code.
    pub shows_secrets: bool,
    /// Asks for the file it is saved to.
    pub prompt: Option<Prompt>,
    /// What it is code of; `None` for remarks.
    subject: Option<CodeSubject>,
    laid_out: RefCell<Option<LaidOut>>,
}

/// The lines of a listing in so many columns, as they were needed last.
#[derive(Debug)]
struct LaidOut {
    width: u16,
    lines: Arc<[String]>,
}

impl Code {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> String {
        let secrets = if self.shows_secrets { "hide" } else { "show" };
        if self.prompt.is_some() {
            return "[choose] save · [back] do not".to_owned();
        }
        let others = format!("[next-tab] kind · [save] save · [show-secrets] {secrets} secrets · ");
        let others = if self.is_remarks() { "" } else { &others };
        format!("[copy] copy · {others}[back] close")
    }

    /// Whether it shows remarks, which come in one way and hold no secrets.
    pub(crate) fn is_remarks(&self) -> bool {
        self.subject.is_none()
    }

    /// Columns and rows it wants on a screen so wide.
    pub(super) fn size(&self, columns: u16) -> (u16, u16) {
        if !self.is_remarks() {
            return SIZE;
        }
        let width = SIZE.0.min(columns);
        let lines = self.lines(width.saturating_sub(3)).len();
        (width, u16::try_from(lines + 4).unwrap_or(u16::MAX).clamp(8, SIZE.1))
    }

    /// The lines of the listing on screen in so many columns: remarks go on in the next line, code does
    /// not.
    pub fn lines(&self, width: u16) -> Arc<[String]> {
        let mut laid_out = self.laid_out.borrow_mut();
        let known = laid_out.take().filter(|it| it.width == width);
        let new = || LaidOut { width, lines: self.lay_out(width) };
        Arc::clone(&laid_out.insert(known.unwrap_or_else(new)).lines)
    }

    fn lay_out(&self, width: u16) -> Arc<[String]> {
        let listing = self.listing();
        let lines = listing.into_iter().flat_map(|listing| listing.text.lines());
        if !self.is_remarks() {
            let remarks = listing.map(|listing| listing.remarks.as_slice()).unwrap_or_default();
            let remark = |remark: &String| wrap(&format!("· {remark}"), width);
            let gap = (!remarks.is_empty()).then(String::new);
            let remarks = gap.into_iter().chain(remarks.iter().flat_map(remark));
            return lines.map(str::to_owned).chain(remarks).collect();
        }
        let hanging = |(at, line): (usize, String)| {
            if at == 0 { format!("- {line}") } else { format!("  {line}") }
        };
        let width = width.saturating_sub(2);
        lines.flat_map(|line| wrap(line, width).into_iter().enumerate().map(hanging)).collect()
    }

    /// The listing on screen.
    pub fn listing(&self) -> Option<&CodeListing> {
        self.listings.get(self.selected)
    }

    /// Line of the tabs and area of the code.
    pub fn parts(inner: Rect) -> (Rect, Rect) {
        let tabs = Rect { height: inner.height.min(1), ..inner };
        let gap = u16::from(inner.height > 4);
        let y = tabs.bottom() + gap;
        (tabs, Rect { y, height: inner.height - tabs.height - gap, ..inner })
    }

    /// Column each tab begins at in so many columns; those that are past stand to the left of them.
    pub fn tabs(&self, width: u16) -> impl Iterator<Item = (usize, &'static str, u16)> {
        let ends = self.listings.iter().scan(0, |x, listing| {
            *x += listing.name.len() as u16 + 2;
            Some(*x)
        });
        let ends: Vec<u16> = ends.collect();
        let end = ends.get(self.selected).map_or(0, |end| end.saturating_sub(2));
        // The first that is shown, so that the selected one is.
        let past = ends.iter().copied().map(|end| (end, end));
        let past = std::iter::once((0, 0)).chain(past);
        let from = past.map(|(from, _)| from).find(|from| end.saturating_sub(*from) <= width);
        let from = from.unwrap_or(0);
        let starts = std::iter::once(0).chain(ends).zip(&self.listings).enumerate();
        starts.filter_map(move |(at, (start, listing))| {
            Some((at, listing.name, start.checked_sub(from)?))
        })
    }

    /// The code of the draft on screen, or why there is none yet.
    pub(crate) fn new(shared: &Shared) -> Result<Self, Intent> {
        let draft = shared.drafts.current();
        let (title, spec) = (draft.title(), draft.spec.to_spec());
        Code::of(&title, CodeSubject::one(&title, &spec, &shared.scope()))
    }

    /// The same of all presets of a folder, as they are saved.
    pub(crate) fn folder(shared: &Shared, folder: &str) -> Result<Self, Intent> {
        let subject = CodeSubject::folder(shared, folder).map_err(Intent::Warn)?;
        Code::of(&format!("{folder}/"), subject)
    }

    fn of(title: &str, subject: CodeSubject) -> Result<Self, Intent> {
        let listings = listings(&subject, false)
            .map_err(|why| Intent::Warn(format!("no code of {title} yet: {why}")))?;
        Ok(Code::showing(format!("{title} as code"), listings, Some(subject)))
    }

    /// Remarks on code that was pasted, each in full.
    pub(crate) fn remarks(title: &str, remarks: &[String]) -> Self {
        let text = remarks.iter().map(|remark| remark.replace('\n', " ") + "\n").collect();
        let (file, remarks) = (String::new(), Vec::new());
        let listings = vec![CodeListing { name: "remarks", text, file, remarks }];
        Code::showing(title.to_owned(), listings, None)
    }

    fn showing(title: String, listings: Vec<CodeListing>, subject: Option<CodeSubject>) -> Self {
        let (laid_out, prompt) = (RefCell::default(), None);
        let (selected, scroll, shows_secrets) = (0, 0, false);
        Code { title, listings, selected, scroll, shows_secrets, prompt, subject, laid_out }
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if let Some(outcome) = prompt::update(&mut self.prompt, shared, input) {
            return outcome;
        }
        let (tabs, area) = Self::parts(inner);
        let len = self.listings.len().max(1);
        match input {
            PaneInput::Act(Action::NextTab) => self.show((self.selected + 1) % len),
            PaneInput::Act(Action::PreviousTab) => self.show((self.selected + len - 1) % len),
            PaneInput::Act(Action::Copy) => return self.copy(),
            PaneInput::Act(Action::Save) if !self.is_remarks() => self.ask_for_file(),
            PaneInput::Act(Action::ShowSecrets) => self.toggle_secrets(),
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.step(step, area),
                None => return Outcome::no(),
            },
            PaneInput::Wheel(step) => (0..WHEEL).for_each(|_| self.step(step, area)),
            PaneInput::Press(_, mouse) => {
                if tabs.contains((mouse.column, mouse.row).into()) {
                    let column = mouse.column - tabs.x;
                    let hit = self.tabs(tabs.width).filter(|(_, _, start)| *start <= column).last();
                    self.show(hit.map_or(self.selected, |(at, ..)| at));
                }
            }
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => return Outcome::no(),
        }
        Outcome::yes()
    }

    fn show(&mut self, at: usize) {
        self.selected = at;
        self.scroll = 0;
        self.laid_out.take();
    }

    fn step(&mut self, step: CursorStep, area: Rect) {
        let lines = self.lines(area.width).len();
        self.scroll = scroll(self.scroll, step, lines, area.height.into());
    }

    fn copy(&self) -> Outcome {
        let Some(listing) = self.listing() else { return Outcome::yes() };
        let with = if self.shows_secrets { ", secrets included" } else { "" };
        copying::put(format!("{}{with}", listing.name), listing.text.clone()).into()
    }

    fn ask_for_file(&mut self) {
        let Some(listing) = self.listing() else { return };
        let bytes = listing.text.clone().into_bytes().into();
        self.prompt = Some(Prompt::new(PromptPurpose::SaveBytes(bytes), &listing.file));
    }

    fn toggle_secrets(&mut self) {
        let listed = |subject| listings(subject, !self.shows_secrets);
        if let Some(Ok(listings)) = self.subject.as_ref().map(listed) {
            self.listings = listings;
            self.laid_out.take();
            self.shows_secrets = !self.shows_secrets;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::{Auth, HttpSpec};
    use crate::model::preset::Scope;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::spec::Spec;

    fn listings(spec: &Spec, scope: &Scope, shows: bool) -> Result<Vec<CodeListing>, String> {
        super::listings(&CodeSubject::one("a", spec, scope), shows)
    }

    fn http(url: &str, token: &str) -> Spec {
        let auth = Auth::Bearer(token.into());
        Spec::Http(HttpSpec { url: url.into(), auth, ..HttpSpec::default() })
    }

    #[test]
    fn a_request_is_written_in_every_way_and_its_secrets_only_when_asked() {
        let mut scope = Scope::default();
        scope.secrets.insert("token".into(), "hunter2".into());
        let spec = http("http://127.0.0.1:1/?k={{secret.token}}", "{{secret.token}}");
        let masked = listings(&spec, &scope, false).unwrap();
        let names: Vec<_> = masked.iter().map(|listing| listing.name).collect();
        assert_eq!(names[..4], ["curl", "Python requests", "Python urllib", ".http"]);
        assert!(masked.iter().all(|listing| !listing.text.contains("hunter2")));
        assert!(
            masked[0].text.contains("'Authorization: Bearer '\"$TOKEN\""),
            "{}",
            masked[0].text
        );
        assert!(
            masked[1].text.contains(r#""Bearer " + os.environ["TOKEN"]"#),
            "{}",
            masked[1].text
        );
        let shown = listings(&spec, &scope, true).unwrap();
        // Variables of hurl stand in a file of their own.
        let mut shown = shown.iter().filter(|listing| listing.name != "hurl");
        assert!(shown.all(|listing| listing.text.contains("hunter2")));
    }

    #[test]
    fn remarks_are_whole_at_every_width() {
        let remark =
            "--resolve a:1:127.0.0.1 is not supported and was left out: the request goes where";
        let remarks = Code::remarks("t", &[remark.into(), "short".into()]);
        for columns in [40, 80, 200] {
            let (width, _) = remarks.size(columns);
            let lines = remarks.lines(width - 3);
            assert!(lines.iter().all(|line| line.len() <= usize::from(width - 3)), "{lines:?}");
            assert!(Arc::ptr_eq(&lines, &remarks.lines(width - 3)), "laid out once");
            let words: Vec<_> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            assert_eq!(words.join(" "), format!("- {remark} - short"));
        }
    }

    #[test]
    fn what_was_typed_in_place_is_hidden_too() {
        let mut scope = Scope::default();
        scope.secrets.insert("token".into(), "hunter2".into());
        for url in
            ["http://ann:pw-typed@127.0.0.1:1/", "http://h/?pw-typed=hunter2", "http://hunter2/"]
        {
            let told = listings(&http(url, "pw-typed"), &scope, false).unwrap();
            for listing in told {
                let hidden = !listing.text.contains("hunter2") && !listing.text.contains("ann:");
                assert!(hidden, "{}", listing.text);
            }
        }
    }

    #[test]
    fn names_nobody_defined_stay_as_written() {
        let code = listings(&http("http://{{base}}/x", ""), &Scope::default(), false);
        match code {
            Ok(code) => assert!(code[0].text.contains("\"$BASE\"")),
            Err(why) => assert!(!why.is_empty()),
        }
    }

    #[test]
    fn every_kind_of_draft_has_code() {
        for protocol in Protocol::ALL {
            for side in Side::ALL {
                let mut spec = Spec::empty(protocol, side);
                "127.0.0.1:9000".clone_into(spec.address_mut());
                if let Some(target) = spec.target_mut() {
                    "db:5432".clone_into(target);
                }
                let Ok(code) = listings(&spec, &Scope::default(), false) else {
                    assert_eq!((protocol, side), (Protocol::Http, Side::Relay));
                    continue;
                };
                assert!(code.iter().all(|listing| !listing.text.is_empty()), "{protocol} {side:?}");
            }
        }
    }
}
