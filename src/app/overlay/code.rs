//! The draft on screen as code: curl and Python, for client and listener; and what was left out of
//! code that was pasted.
//!
//! ```text
//! curl  requests  urllib      ◂ ▸ or Tab
//! curl 'http://…'             scrolls; y copies, s shows secrets
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
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::codec::wrap_words::wrap;
use crate::compose::{UnknownNames, plan_with};
use crate::interop::secrets::NamedValues;
use crate::interop::{curl, python, secrets};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::secrets::Disclosure;
use crate::model::spec::Spec;

/// Columns and rows it has at most.
const SIZE: (u16, u16) = (100, 30);
/// Rows that a wheel turn moves.
const WHEEL: usize = 3;

/// One way of writing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeListing {
    pub name: &'static str,
    pub text: String,
}

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
    /// What it is code of; `None` for remarks.
    spec: Option<Box<Spec>>,
    laid_out: RefCell<Option<LaidOut>>,
}

/// The lines of a listing in so many columns, as they were needed last.
#[derive(Debug)]
struct LaidOut {
    width: u16,
    lines: Arc<[String]>,
}

fn listings(spec: &Spec, scope: &Scope, shows_secrets: bool) -> Result<Vec<CodeListing>, String> {
    let named = |named| planned(spec, &secrets::named_scope(scope, named));
    let plan = if shows_secrets {
        planned(spec, scope)?
    } else {
        // A variable of the system may be what a host or port comes from, and no name can.
        let plan = named(NamedValues::SecretsAndOs).or_else(|_| named(NamedValues::Secrets))?;
        secrets::masked(&plan)
    };
    // What was typed in place of a name is no name's to stand for.
    let told =
        if shows_secrets { Disclosure::Everything } else { Disclosure::Hiding(scope.hidden()) };
    let mut listings = Vec::new();
    if curl::can_write(&plan) {
        listings.push(CodeListing { name: "curl", text: told.words(&curl::write(&plan)) });
    }
    let text = |library| told.words(&python::write(&plan, library));
    let python = |(name, library)| CodeListing { name, text: text(library) };
    listings.extend(python::libraries(&plan).iter().copied().map(python));
    Ok(listings)
}

fn planned(spec: &Spec, scope: &Scope) -> Result<Plan, String> {
    // What cannot be planned has an issue at least; the first says enough.
    plan_with(spec, scope, UnknownNames::Literal)
        .map_err(|issues| issues.first().map(ToString::to_string).unwrap_or_default())
}

impl Code {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> String {
        let secrets = if self.shows_secrets { "hide" } else { "show" };
        let others = format!("[next-tab] language · [show-secrets] {secrets} secrets · ");
        let others = if self.is_remarks() { "" } else { &others };
        format!("[copy] copy · {others}[back] close")
    }

    /// Whether it shows remarks, which come in one way and hold no secrets.
    pub(crate) fn is_remarks(&self) -> bool {
        self.spec.is_none()
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
        let lines = self.listing().into_iter().flat_map(|listing| listing.text.lines());
        if !self.is_remarks() {
            return lines.map(str::to_owned).collect();
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

    /// Column each tab begins at, counted from the first.
    pub fn tabs(&self) -> impl Iterator<Item = (usize, &'static str, u16)> {
        let mut x = 0;
        self.listings.iter().enumerate().map(move |(at, listing)| {
            let start = x;
            x += listing.name.len() as u16 + 2;
            (at, listing.name, start)
        })
    }

    /// The code of the draft on screen, or why there is none yet.
    pub(crate) fn new(shared: &Shared) -> Result<Self, Intent> {
        let draft = shared.drafts.current();
        let (title, spec) = (draft.title(), draft.spec.to_spec());
        let listings = listings(&spec, &shared.scope(), false)
            .map_err(|why| Intent::Warn(format!("no code of {title} yet: {why}")))?;
        let title = format!("{title} as code");
        Ok(Code::showing(title, listings, Some(Box::new(spec))))
    }

    /// Remarks on code that was pasted, each in full.
    pub(crate) fn remarks(title: &str, remarks: &[String]) -> Self {
        let text = remarks.iter().map(|remark| remark.replace('\n', " ") + "\n").collect();
        let listings = vec![CodeListing { name: "remarks", text }];
        Code::showing(title.to_owned(), listings, None)
    }

    fn showing(title: String, listings: Vec<CodeListing>, spec: Option<Box<Spec>>) -> Self {
        let laid_out = RefCell::default();
        Code { title, listings, selected: 0, scroll: 0, shows_secrets: false, spec, laid_out }
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let (tabs, area) = Self::parts(inner);
        let len = self.listings.len().max(1);
        match input {
            PaneInput::Act(Action::NextTab) => self.show((self.selected + 1) % len),
            PaneInput::Act(Action::PreviousTab) => self.show((self.selected + len - 1) % len),
            PaneInput::Act(Action::Copy) => return self.copy(),
            PaneInput::Act(Action::ShowSecrets) => self.toggle_secrets(shared),
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.step(step, area),
                None => return Outcome::no(),
            },
            PaneInput::Wheel(step) => (0..WHEEL).for_each(|_| self.step(step, area)),
            PaneInput::Press(_, mouse) => {
                if tabs.contains((mouse.column, mouse.row).into()) {
                    let column = mouse.column - tabs.x;
                    let hit = self.tabs().filter(|(_, _, start)| *start <= column).last();
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

    fn toggle_secrets(&mut self, shared: &Shared) {
        let listed = |spec| listings(spec, &shared.scope(), !self.shows_secrets);
        if let Some(Ok(listings)) = self.spec.as_deref().map(listed) {
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
    use crate::model::protocol::{Protocol, Side};

    fn http(url: &str, token: &str) -> Spec {
        let auth = Auth::Bearer(token.into());
        Spec::Http(HttpSpec { url: url.into(), auth, ..HttpSpec::default() })
    }

    #[test]
    fn a_request_is_written_in_three_ways_and_its_secrets_only_when_asked() {
        let mut scope = Scope::default();
        scope.secrets.insert("token".into(), "hunter2".into());
        let spec = http("http://127.0.0.1:1/?k={{secret.token}}", "{{secret.token}}");
        let masked = listings(&spec, &scope, false).unwrap();
        assert_eq!(masked.len(), 3);
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
        assert!(shown.iter().all(|listing| listing.text.contains("hunter2")));
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
                assert!(hidden && listing.text.contains("********"), "{}", listing.text);
            }
        }
    }

    #[test]
    fn names_nobody_defined_stay_as_written() {
        let code = listings(&http("http://{{base}}/x", ""), &Scope::default(), false);
        match code {
            Ok(code) => assert!(code[0].text.contains("base")),
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
                let code = listings(&spec, &Scope::default(), false).unwrap();
                assert!(code.iter().all(|listing| !listing.text.is_empty()), "{protocol} {side:?}");
            }
        }
    }
}
