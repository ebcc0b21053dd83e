//! State of the exchange pane, and what follows from it: the exchange, the tab and the bytes shown.

use std::collections::BTreeMap;
use std::time::Duration;

use super::body_fetch::BodyFetch;
use super::body_view::{BodyView, BodyViews};
use super::cell_due::CellDue;
use super::check_lines;
use super::derived::DerivedBodies;
use super::json_value::ValueForm;
use super::pointer::LastPress;
use super::recipe_line::RecipeLine;
use super::shown_exchange::{ExchangeTab, ShownExchange, WindowSubject};
use super::tab_lines::TabLines;
use crate::app::cursor::Cursor;
use crate::app::format;
use crate::app::prompt::Prompt;
use crate::app::sessions::Session;
use crate::app::shared::{Shared, Shown};
use crate::codec::image::ImageFacts;
use crate::model::id::{BodyId, SessionId};
use crate::model::recipe::RecipeKind;
use crate::model::view::HitCount;

/// State of the pane.
#[derive(Debug)]
pub struct ExchangePane {
    /// The chosen tab; an exchange that has none such shows another one.
    pub(super) tab: ExchangeTab,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Lines have their numbers before them, where there is room.
    pub numbers: bool,
    pub views: BodyViews,
    pub search: BodySearch,
    pub prompt: Option<Prompt>,
    /// The value under the cursor is to be copied as soon as the cursor stands on it: a search goes
    /// on, or its line is on the way.
    pub(super) copy_due: Option<ValueForm>,
    /// A cell of a table on its way to the clipboard.
    pub(super) cell_due: Option<CellDue>,
    /// A body on its way into a draft.
    pub(super) fetch: Option<BodyFetch>,
    /// What was made of the bytes of a tab.
    pub(super) derived: DerivedBodies,
    /// The body that was made UTF-8 last without being asked for.
    pub(super) recoded: Option<BodyId>,
    /// The line a filter or command is typed in.
    pub line: Option<RecipeLine>,
    /// The same, taken and not answered yet.
    pub(super) taken: Option<RecipeLine>,
    /// Filters and commands typed before, the last one last.
    pub(super) typed: Vec<(RecipeKind, String)>,
    /// The image looked at last, and what is known of it.
    pub(super) image: Option<(BodyId, ImageFacts)>,
    pub(super) places: BTreeMap<SessionId, ExchangePlace>,
    pub(super) pressed: Option<LastPress>,
}

impl Default for ExchangePane {
    fn default() -> Self {
        ExchangePane {
            tab: ExchangeTab::default(),
            wrap: false,
            numbers: true,
            views: BodyViews::default(),
            search: BodySearch::default(),
            prompt: None,
            copy_due: None,
            cell_due: None,
            fetch: None,
            derived: DerivedBodies::default(),
            recoded: None,
            line: None,
            taken: None,
            typed: Vec::new(),
            image: None,
            places: BTreeMap::new(),
            pressed: None,
        }
    }
}

/// Where a search in bodies stands.
#[derive(Debug, Default)]
pub struct BodySearch {
    /// Byte of the last hit and the body it is in.
    pub hit: Option<(BodyId, u64)>,
    /// Its line.
    pub(super) line: u64,
    /// How many hits there are, told after the hit.
    pub count: Option<HitCount>,
    /// The answer is not here yet.
    pub is_running: bool,
}

/// Where the user is in a session.
#[derive(Debug, Default)]
pub struct ExchangePlace {
    /// The exchange looked at; `None` = the newest.
    pub(super) number: Option<u32>,
    /// Cursor and first row of a tab that is no body.
    pub cursor: Cursor,
    pub left: usize,
    /// The event that is opened, counted from the first of its stream.
    pub(super) opened_event: Option<u64>,
    /// The keys go to the exchange below the list of requests.
    pub inside: bool,
}

/// The session on screen, if it is one of exchanges.
pub(super) fn session(shared: &Shared) -> Option<&Session> {
    shared.session().filter(|_| shared.shown() == Shown::Exchange)
}

/// Place of the exchange with this number; they are in order.
pub(super) fn position(session: &Session, number: u32) -> Option<usize> {
    session.exchanges.binary_search_by_key(&number, |exchange| exchange.number).ok()
}

impl ExchangePane {
    /// Where the user is in the session shown.
    pub fn place(&self, shared: &Shared) -> Option<&ExchangePlace> {
        self.places.get(&session(shared)?.id)
    }

    /// The same, to change it.
    pub(super) fn place_mut(&mut self, shared: &Shared) -> Option<&mut ExchangePlace> {
        Some(self.places.entry(session(shared)?.id).or_default())
    }

    /// Looks at the exchange of this number.
    pub(crate) fn show_number(&mut self, shared: &Shared, number: u32) {
        if let Some(place) = self.place_mut(shared) {
            place.number = Some(number);
        }
    }

    /// Whether the keys go to the exchange below the list of requests.
    pub(crate) fn is_inside(&self, shared: &Shared) -> bool {
        self.place(shared).is_some_and(|place| place.inside)
    }

    /// The exchange looked at.
    pub fn shown<'a>(&self, shared: &'a Shared) -> Option<ShownExchange<'a>> {
        let session = session(shared)?;
        let chosen = self.place(shared).and_then(|place| place.number);
        let exchange = chosen
            .and_then(|number| session.exchanges.get(position(session, number)?))
            .or_else(|| session.exchanges.back())?;
        let is_last = session.exchanges.back().is_some_and(|last| last.number == exchange.number);
        let report = session.checked.as_ref().filter(|_| is_last);
        let stream = session.streams.get(&exchange.number);
        let opened = self.place(shared).and_then(|place| place.opened_event);
        Some(ShownExchange { exchange, side: session.side(), report, stream, opened })
    }

    /// The tab shown.
    pub fn tab(&self, shared: &Shared) -> ExchangeTab {
        self.shown(shared).map_or(self.tab, |shown| shown.tab(self.tab))
    }

    /// The bytes the tab shows through a window; `None` for tabs of lines and for empty bodies.
    pub fn subject(&self, shared: &Shared) -> Option<WindowSubject> {
        let shown = self.shown(shared)?;
        Some(self.derived.subject(shown.subject(shown.tab(self.tab))?))
    }

    /// The window onto those bytes.
    pub fn view(&self, shared: &Shared) -> Option<&BodyView> {
        let subject = self.subject(shared)?;
        self.views.get(subject.body, subject.part)
    }

    /// The same, to change it.
    pub(super) fn view_mut(&mut self, shared: &Shared) -> Option<&mut BodyView> {
        let subject = self.subject(shared)?;
        self.views.get_mut(subject.body, subject.part)
    }

    /// How long what is shown stays true although nothing happens; `None` = for ever.
    pub(crate) fn lasts(&self, shared: &Shared) -> Option<Duration> {
        let shown = self.shown(shared).filter(|_| self.tab(shared) == ExchangeTab::Checks)?;
        check_lines::ages_last(shown.report?, shared, shown.exchange.conn.session)
    }

    /// The lines of the tab shown.
    pub fn lines<'a>(&self, shared: &'a Shared) -> Option<TabLines<'a>> {
        let shown = self.shown(shared)?;
        Some(TabLines { shown, tab: shown.tab(self.tab), shared })
    }
}

impl BodySearch {
    /// `2 of 12`, or `of 1,000+` behind the hits that were counted, when that is known of the hit.
    pub fn place(&self, shared: &Shared) -> Option<String> {
        let HitCount { query, hit, place, total, is_more } = self.count.as_ref()?;
        let is_of_hit = self.hit == Some((query.body, *hit)) && query.text == shared.search.text;
        let total = format!("of {}{}", format::count(*total), if *is_more { "+" } else { "" });
        is_of_hit.then(|| match place {
            Some(place) => format!("{} {total}", format::count(place + 1)),
            None => total,
        })
    }
}
