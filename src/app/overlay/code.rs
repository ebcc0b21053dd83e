//! The draft on screen as code: curl and Python, for client and listener.
//!
//! ```text
//! curl  requests  urllib      ◂ ▸ or Tab
//! curl 'http://…'             scrolls; y copies, s shows secrets
//! ```
//! Secrets are read from the environment (`$API_TOKEN`) until their values are asked for.
//! Names nobody defined stay in it as they were written, so
//! there is code to see before everything is filled in.

use ratatui::layout::Rect;

use super::{Flow, Overlay};
use crate::app::effect::Effect;
use crate::app::message::{Mouse, MouseKind};
use crate::app::state::App;
use crate::compose::{LiteralNames, plan, plan_literal};
use crate::interop::python::Library;
use crate::interop::secrets::NamedValues;
use crate::interop::{curl, python, secrets};
use crate::model::key::{Key, KeyCode};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::spec::Spec;

/// Rows that a wheel turn moves.
const WHEEL: usize = 3;

/// Whether credentials stand in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    Masked,
    Shown,
}

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
    pub secrets: Secrets,
    spec: Spec,
}

pub(super) fn open(app: &mut App) {
    let draft = app.shared.drafts.current();
    let (title, spec) = (draft.title(), draft.spec.clone());
    match listings(&spec, &app.scope(), Secrets::Masked) {
        Ok(listings) => app.overlays.push(Overlay::Code(Code {
            title,
            listings,
            selected: 0,
            scroll: 0,
            secrets: Secrets::Masked,
            spec,
        })),
        Err(why) => app.warn(format!("no code yet: {why}")),
    }
}

fn listings(spec: &Spec, scope: &Scope, shown: Secrets) -> Result<Vec<CodeListing>, String> {
    let named = |named| planned(spec, &secrets::named_scope(scope, named));
    let plan = match shown {
        // A variable of the system may be what a host or port comes from, and no name can.
        Secrets::Masked => secrets::masked(
            &named(NamedValues::SecretsAndOs).or_else(|_| named(NamedValues::Secrets))?,
        ),
        Secrets::Shown => planned(spec, scope)?,
    };
    let mut listings = Vec::new();
    if curl::can_write(&plan) {
        listings.push(CodeListing { name: "curl", text: curl::write(&plan) });
    }
    let python = |name, library| CodeListing { name, text: python::write(&plan, library) };
    if matches!(plan, Plan::Http(_)) {
        listings.push(python("Python requests", Library::Requests));
        listings.push(python("Python urllib", Library::Urllib));
    } else {
        listings.push(python("Python", Library::default()));
    }
    Ok(listings)
}

fn planned(spec: &Spec, scope: &Scope) -> Result<Plan, String> {
    let issues = match plan(spec, scope) {
        Ok(plan) => return Ok(plan),
        Err(issues) => issues,
    };
    let unknown: LiteralNames = issues.into_iter().filter_map(|issue| issue.unknown).collect();
    plan_literal(spec, scope, &unknown)
        .map_err(|issues| issues.first().map(ToString::to_string).unwrap_or_default())
}

impl Code {
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

    fn show(&mut self, at: usize) {
        self.selected = at;
        self.scroll = 0;
    }

    fn move_to(&mut self, line: usize, height: u16) {
        let lines = self.listing().map_or(0, |listing| listing.text.lines().count());
        self.scroll = line.min(lines.saturating_sub(usize::from(height)));
    }
}

pub(super) fn key(app: &mut App, code: &mut Code, key: Key) -> Flow {
    let inner = super::inner(super::placed(app.shared.size, super::CODE.0, super::CODE.1));
    let height = Code::parts(inner).1.height;
    let (page, len) = (usize::from(height.max(1)), code.listings.len().max(1));
    match key.code {
        KeyCode::Right | KeyCode::Tab | KeyCode::Char('l') => code.show((code.selected + 1) % len),
        KeyCode::Left | KeyCode::Char('h') => code.show((code.selected + len - 1) % len),
        KeyCode::Up | KeyCode::Char('k') => code.move_to(code.scroll.saturating_sub(1), height),
        KeyCode::Down | KeyCode::Char('j') => code.move_to(code.scroll + 1, height),
        KeyCode::PageUp => code.move_to(code.scroll.saturating_sub(page), height),
        KeyCode::PageDown | KeyCode::Char(' ') => code.move_to(code.scroll + page, height),
        KeyCode::Home | KeyCode::Char('g') => code.move_to(0, height),
        KeyCode::End | KeyCode::Char('G') => code.move_to(usize::MAX, height),
        KeyCode::Char('y') | KeyCode::Enter => copy(app, code),
        KeyCode::Char('s') => toggle_secrets(app, code),
        KeyCode::Char('q' | 'c') => return Flow::Close,
        _ => {}
    }
    Flow::Stay
}

fn copy(app: &mut App, code: &Code) {
    let Some(listing) = code.listing() else { return };
    app.effects.push(Effect::Copy(listing.text.clone()));
    let with = match code.secrets {
        Secrets::Masked => "",
        Secrets::Shown => ", secrets included",
    };
    app.say(format!("copied as {}{with}", listing.name));
}

fn toggle_secrets(app: &mut App, code: &mut Code) {
    let next = match code.secrets {
        Secrets::Masked => Secrets::Shown,
        Secrets::Shown => Secrets::Masked,
    };
    if let Ok(listings) = listings(&code.spec, &app.scope(), next) {
        code.listings = listings;
        code.secrets = next;
    }
}

pub(super) fn mouse(code: &mut Code, inner: Rect, mouse: Mouse) -> Flow {
    let (tabs, area) = Code::parts(inner);
    match mouse.kind {
        MouseKind::ScrollUp => code.move_to(code.scroll.saturating_sub(WHEEL), area.height),
        MouseKind::ScrollDown => code.move_to(code.scroll + WHEEL, area.height),
        MouseKind::Press if tabs.contains((mouse.column, mouse.row).into()) => {
            let column = mouse.column - tabs.x;
            let hit = code.tabs().filter(|(_, _, start)| *start <= column).last();
            if let Some((at, ..)) = hit {
                code.show(at);
            }
        }
        _ => {}
    }
    Flow::Stay
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
        let masked = listings(&spec, &scope, Secrets::Masked).unwrap();
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
        let shown = listings(&spec, &scope, Secrets::Shown).unwrap();
        assert!(shown.iter().all(|listing| listing.text.contains("hunter2")));
    }

    #[test]
    fn names_nobody_defined_stay_as_written() {
        let code = listings(&http("http://{{base}}/x", ""), &Scope::default(), Secrets::Masked);
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
                let code = listings(&spec, &Scope::default(), Secrets::Masked).unwrap();
                assert!(code.iter().all(|listing| !listing.text.is_empty()), "{protocol} {side:?}");
            }
        }
    }
}
