//! Which fields stand in which lines of a tab: those of the spec's table, in its order.

use strum::VariantArray;

use super::form_line::{FieldKind, FormField, FormFieldId, FormLine};
use super::url_rows;
use crate::compose;
use crate::model::field::{FieldInfo, FieldWidth, FormTab, Options, Rows, Spelling, ValueKind};
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::http::AutomaticHeader;
use crate::model::spec::Spec;

/// Height of a text area that is not the last line.
const AREA: u16 = 5;
const FILL: FieldWidth = FieldWidth::Fill(1);
/// The heading of a line whose fields are columns, each with its own above it.
pub const COLUMNS: &str = "columns";
/// The heading of what belongs to the chosen row of a table.
pub const DETAILS: &str = "of the chosen answer";
/// Cells at the end of a row of a table: whether it is live, and how often it answered.
pub const ROW_END: u16 = 9;

/// The tabs a spec has.
pub fn tabs(spec: &Spec) -> Vec<FormTab> {
    let fields = spec.options().fields();
    let has = |tab: &&FormTab| fields.iter().any(|info| info.tab == Some(**tab));
    FormTab::VARIANTS.iter().filter(has).copied().collect()
}

/// All lines of the form: address line, tab strip, and the fields of the tab.
pub fn rows(spec: &Spec, tab: FormTab) -> Vec<FormLine> {
    walk(spec, tab, None, url_rows::count(spec))
}

/// The same as the screen shows it: where answers are a table, only the chosen one has more than its
/// row, below the table. So many rows stand in the URL.
pub(crate) fn rows_of(
    spec: &Spec,
    tab: FormTab,
    chosen: ChosenAnswer,
    url_rows: usize,
) -> Vec<FormLine> {
    let rules = fields::rows(spec.options(), &FieldId::new("rule")).map_or(0, Rows::count);
    let chosen = match chosen {
        ChosenAnswer::Rule(_) if rules == 0 => ChosenAnswer::Otherwise,
        ChosenAnswer::Rule(at) => ChosenAnswer::Rule(at.min(rules - 1)),
        ChosenAnswer::Otherwise => ChosenAnswer::Otherwise,
    };
    walk(spec, tab, (tab == FormTab::Answers).then_some(chosen), url_rows)
}

/// Which answer of a listener is looked at; by default the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenAnswer {
    Rule(usize),
    /// The one that is given when no rule matches.
    Otherwise,
}

impl Default for ChosenAnswer {
    fn default() -> Self {
        ChosenAnswer::Rule(0)
    }
}

impl ChosenAnswer {
    /// The answer a field belongs to; `None` = it is in none.
    #[must_use]
    pub fn of(spec: &Spec, id: FormFieldId) -> Option<Self> {
        let FormFieldId::Field(id) = id else { return None };
        let (first, row, _) = id.split_first()?;
        let options = spec.options();
        let of_page = |(_, info): &(usize, &FieldInfo)| info.tab == Some(FormTab::Answers);
        for (at, info) in options.fields().iter().enumerate().filter(of_page) {
            let inner = options.value(at).and_then(|value| value.options());
            let has = |inner: &dyn Options| inner.fields().iter().any(|info| info.key == first);
            match row {
                Some(at) if info.key == first => return Some(ChosenAnswer::Rule(at)),
                _ if info.is_inline() && inner.is_some_and(has) => {
                    return Some(ChosenAnswer::Otherwise);
                }
                _ => {}
            }
        }
        None
    }

    /// The field at the end of its row in the table, before what belongs to it.
    #[must_use]
    pub fn last_cell(self) -> FormFieldId {
        let table = match self {
            ChosenAnswer::Rule(at) => FieldId::new("rule").row(at),
            ChosenAnswer::Otherwise => FieldId::default(),
        };
        FormFieldId::Field(table.then("body"))
    }
}

fn walk(spec: &Spec, tab: FormTab, chosen: Option<ChosenAnswer>, url_rows: usize) -> Vec<FormLine> {
    let (lines, details) = (Vec::new(), Vec::new());
    let mut form = FormWalk { spec, url_rows, lines, open: false, chosen, details };
    form.page(None);
    form.push(FormFieldId::Tabs, FieldKind::Tabs, None, TableLabels::default());
    form.page(Some(tab));
    if let Some(first) = form.details.first_mut() {
        first.heading = DETAILS;
    }
    form.lines.append(&mut form.details);
    form.lines
}

fn is_list(info: &FieldInfo) -> bool {
    matches!(info.kind, ValueKind::List(_))
}

fn is_below(info: &FieldInfo) -> bool {
    info.kind == ValueKind::Table && info.width.is_some()
}

fn is_cell(info: &FieldInfo) -> bool {
    info.width.is_some()
}

fn is_own_line(info: &FieldInfo) -> bool {
    info.width.is_none() && !info.is_inline()
}

/// Of a rule, whose row goes on with that of its answer: the lists of its own, and the answer.
fn answer_inside(options: &dyn Options) -> Option<(Vec<usize>, &dyn Options)> {
    let fields = options.fields();
    let at = fields.iter().position(FieldInfo::is_inline)?;
    let inner = options.value(at)?.options()?;
    let lists = fields.iter().enumerate().filter(|(_, info)| is_list(info));
    inner.fields().iter().any(is_below).then(|| (lists.map(|(at, _)| at).collect(), inner))
}

/// What the table around gives the first of its fields.
#[derive(Clone, Copy, Default)]
struct TableLabels {
    label: &'static str,
    placeholder: &'static str,
}

struct FormWalk<'a> {
    spec: &'a Spec,
    /// Rows that stand in its URL.
    url_rows: usize,
    lines: Vec<FormLine>,
    /// Whether the next field may stand on the last line.
    open: bool,
    /// Of answers in a table, the one whose other lines stand below the table.
    chosen: Option<ChosenAnswer>,
    details: Vec<FormLine>,
}

impl FormWalk<'_> {
    fn page(&mut self, tab: Option<FormTab>) {
        let options = self.spec.options();
        for (at, info) in options.fields().iter().enumerate().filter(|(_, info)| info.tab == tab) {
            let first = self.lines.len();
            self.field(options, at, FieldId::default(), TableLabels::default());
            if tab.is_some() && info.is_inline() {
                self.keep_first(first, ChosenAnswer::Otherwise);
            }
        }
    }

    /// Of the lines of an answer from this one on only the first stays in the table.
    fn keep_first(&mut self, first: usize, which: ChosenAnswer) {
        if let Some(chosen) = self.chosen
            && first < self.lines.len()
        {
            let rest = self.lines.split_off(first + 1);
            if chosen == which {
                self.details = rest;
            }
            // The button that adds a rule stands below the table.
            let is_button =
                |line: &FormLine| line.fields.iter().any(|it| it.kind == FieldKind::Button);
            if which == ChosenAnswer::Otherwise && first > 0 && is_button(&self.lines[first - 1]) {
                self.lines.swap(first - 1, first);
            }
            let row = if is_button(&self.lines[first]) { first - 1 } else { first };
            let Some(line) = self.lines.get_mut(row) else { return };
            line.pad = ROW_END;
            if which == ChosenAnswer::Otherwise
                && let Some(first) = line.fields.first_mut()
            {
                first.width = FILL;
            }
            // What a cell is stands above its column.
            let is_first = |at: usize| at == 0 && which == ChosenAnswer::Otherwise;
            for (_, field) in line.fields.iter_mut().enumerate().filter(|(at, _)| !is_first(*at)) {
                if let FieldWidth::Cells(cells) = &mut field.width
                    && !field.label.is_empty()
                {
                    *cells = cells.saturating_sub(field.label.chars().count() as u16 + 1);
                    field.label = "";
                }
            }
        }
    }

    /// The rows of a table: first what stands side by side, then its lists. A table inside that
    /// has a width gives its alternative to the first line and comes after the lists.
    fn table(&mut self, options: &dyn Options, id: FieldId, lead: TableLabels) {
        let plain = TableLabels::default();
        if let Some((lists, inner)) = answer_inside(options) {
            self.cells(options, id, (lead, is_cell));
            self.cells(inner, id, (plain, is_cell));
            self.below(inner, id);
            self.cells(options, id, (plain, is_own_line));
            self.cells(inner, id, (plain, is_own_line));
            for at in lists {
                self.field(options, at, id, plain);
            }
        } else if options.fields().iter().any(is_below) {
            self.cells(options, id, (lead, is_cell));
            self.below(options, id);
            self.cells(options, id, (plain, is_own_line));
        } else {
            self.cells(options, id, (lead, |_| true));
            self.below(options, id);
        }
    }

    /// The rows of a table that are asked for, but for its lists and what comes after them.
    fn cells(
        &mut self,
        options: &dyn Options,
        id: FieldId,
        (mut lead, is_asked): (TableLabels, fn(&FieldInfo) -> bool),
    ) {
        let is_named = !lead.label.is_empty();
        let rows = options.fields().iter().enumerate();
        for (at, info) in rows.filter(|(_, info)| !is_list(info) && is_asked(info)) {
            if is_below(info) {
                let label = if is_named { info.label } else { "" };
                let lead = TableLabels { label, placeholder: "" };
                self.push(id.then(info.key).into(), FieldKind::Choice, info.width, lead);
            } else {
                self.field(options, at, id, lead);
            }
            lead.label = "";
        }
    }

    /// The lists of a table, and behind them what belongs to the alternative in its first line.
    fn below(&mut self, options: &dyn Options, id: FieldId) {
        let rows = || options.fields().iter().enumerate();
        for (at, _) in rows().filter(|(_, info)| is_list(info)) {
            self.field(options, at, id, TableLabels::default());
        }
        for (at, info) in rows().filter(|(_, info)| is_below(info)) {
            let inner = options.value(at).and_then(|value| value.options());
            let Some(inner) = inner else { continue };
            let plain = inner.fields().iter().enumerate().filter(|(_, info)| !info.is_variant());
            for (row, _) in plain {
                self.field(inner, row, id.then(info.key), TableLabels::default());
            }
        }
    }

    fn field(&mut self, options: &dyn Options, at: usize, id: FieldId, lead: TableLabels) {
        let info = &options.fields()[at];
        let id = id.then(info.key);
        let label = if lead.label.is_empty() { info.label } else { lead.label };
        let is_name = info.key == "name" && !lead.placeholder.is_empty();
        let placeholder = if is_name { lead.placeholder } else { info.placeholder };
        let lead = TableLabels { label, placeholder };
        let value = options.value(at);
        let inner = value.and_then(|value| value.options());
        match (info.kind, inner) {
            (ValueKind::Variant(_) | ValueKind::Switch(_), _) => self.value(info, id, lead),
            (ValueKind::List(spelling), _) => {
                if let Some(rows) = value.and_then(|value| value.rows()) {
                    let lead = TableLabels { label: info.label, ..lead };
                    self.list(rows, spelling, id, lead);
                }
            }
            (ValueKind::Payload, Some(inner)) => {
                self.value(info, id, lead);
                self.table(inner, id, TableLabels::default());
            }
            (_, Some(inner)) => self.table(inner, id, TableLabels { label, placeholder: "" }),
            (_, None) if value.is_some() => self.value(info, id, lead),
            (_, None) => {}
        }
    }

    fn value(&mut self, info: &FieldInfo, id: FieldId, lead: TableLabels) {
        let is_address = info.kind == ValueKind::Address;
        let id = if is_address { FormFieldId::Address } else { FormFieldId::Field(id) };
        self.open &= !info.wraps;
        self.push(id, info.kind.into(), info.width, lead);
    }

    fn push(
        &mut self,
        id: FormFieldId,
        kind: FieldKind,
        width: Option<FieldWidth>,
        lead: TableLabels,
    ) {
        let TableLabels { label, placeholder } = lead;
        let label_width = label.chars().count() as u16 + u16::from(!label.is_empty());
        let room = match width {
            Some(FieldWidth::Cells(cells)) => FieldWidth::Cells(cells + label_width),
            Some(share) => share,
            None => FILL,
        };
        let field = FormField { id, label, kind, width: room, placeholder };
        if let Some(line) = self.lines.last_mut().filter(|_| self.open && width.is_some()) {
            line.fields.push(field);
        } else {
            let height = if kind == FieldKind::Area { AREA } else { 1 };
            self.lines.push(FormLine { fields: vec![field], heading: "", pad: 0, height });
        }
        self.open = width.is_some();
    }

    fn list(&mut self, rows: &dyn Rows, spelling: Spelling, id: FieldId, lead: TableLabels) {
        let cell = TableLabels { label: "", ..lead };
        // An answer has lists of its own, whose rows are none of the table's.
        let is_rules = id == FieldId::new("rule");
        if id == url_rows::added() {
            self.rows_of_url(&*rows.fresh(), cell);
        }
        let mut starts = Vec::new();
        for at in 0..rows.count() {
            self.open = false;
            starts.push(self.lines.len());
            if let Some(row) = rows.row(at).filter(|_| !self.switches_automatic(id, at)) {
                self.table(row, id.row(at), cell);
            }
            if is_rules {
                self.keep_first(starts[at], ChosenAnswer::Rule(at));
            }
        }
        if is_rules
            && self.chosen.is_some()
            && let Some(first) = starts.first().and_then(|at| self.lines.get_mut(*at))
        {
            first.heading = COLUMNS;
        }
        self.open = false;
        if spelling == Spelling::Table {
            self.align(&starts);
        }
        let is_counted = is_rules && self.chosen.is_none() && self.spec.side().listens();
        if is_counted || id == FieldId::new("rewrite") {
            for at in &starts {
                if let Some(line) = self.lines.get_mut(*at) {
                    line.pad += ROW_END;
                }
            }
        }
        match spelling {
            // One row more than there are: typing into it makes it real.
            Spelling::Header | Spelling::Pair | Spelling::Entries => {
                self.table(&*rows.fresh(), id.row(rows.count()), cell);
            }
            Spelling::Table | Spelling::Headed => {
                let lead = TableLabels { placeholder: "", ..lead };
                self.push(FormFieldId::Add(id.last_key()), FieldKind::Button, None, lead);
            }
        }
        self.open = false;
        self.automatic(id);
    }

    /// The URL's own rows, before those that are added to it.
    fn rows_of_url(&mut self, row: &dyn Options, cell: TableLabels) {
        for at in 0..self.url_rows {
            self.open = false;
            self.table(row, url_rows::list().row(at), cell);
        }
        self.open = false;
    }

    /// Lets the last field that fills end in one column in the first lines of all rows.
    fn align(&mut self, starts: &[usize]) {
        let behind = |line: &FormLine| {
            let behind = line.fields.iter().rev().map_while(|field| match field.width {
                FieldWidth::Cells(cells) => Some(cells + 1),
                FieldWidth::Fill(_) => None,
            });
            behind.sum::<u16>()
        };
        let fills = |line: &FormLine| line.fields.iter().any(|f| f.width == FILL);
        let lines =
            || starts.iter().filter_map(|at| self.lines.get(*at)).filter(|line| fills(line));
        let widest = lines().map(behind).max().unwrap_or(0);
        for at in starts {
            if let Some(line) = self.lines.get_mut(*at).filter(|line| fills(line)) {
                line.pad = widest - behind(line);
            }
        }
    }

    /// The headers that are sent by themselves, each to be switched off.
    fn automatic(&mut self, list: FieldId) {
        let Some(http) = self.spec.as_http() else { return };
        if list == FieldId::new("headers") {
            let first = self.lines.len();
            for header in compose::automatic_headers(http) {
                let id = FormFieldId::Automatic(header);
                self.push(id, FieldKind::Check, None, TableLabels::default());
            }
            if let Some(line) = self.lines.get_mut(first) {
                line.heading = "sent by itself";
            }
        }
    }

    /// Whether a row only says that an automatic header is off, which is seen there.
    fn switches_automatic(&self, list: FieldId, at: usize) -> bool {
        let Some(http) = self.spec.as_http() else { return false };
        let row = http.headers.get(at).filter(|_| list == FieldId::new("headers"));
        row.and_then(AutomaticHeader::switched_off_by)
            .is_some_and(|header| compose::automatic_headers(http).contains(&header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field_access::assign;
    use crate::model::protocol::{Protocol, Side};

    #[test]
    fn steps_that_send_and_expect_line_up() {
        let mut spec = Spec::empty(Protocol::Tcp, Side::Client);
        for (path, value) in [("step.1.send", "a"), ("step.2.expect", "b")] {
            assign(spec.options_mut(), path, value).unwrap();
        }
        let lines = rows(&spec, FormTab::Steps);
        let ends = lines.iter().filter(|line| line.fields.len() > 2).map(|line| {
            let fixed = line.fields.iter().skip(2).map(|field| match field.width {
                FieldWidth::Cells(cells) => cells + 1,
                FieldWidth::Fill(_) => 0,
            });
            fixed.sum::<u16>() + line.pad
        });
        let ends: Vec<u16> = ends.collect();
        assert!(ends.len() == 2 && ends[0] == ends[1], "{ends:?}");
    }
}
