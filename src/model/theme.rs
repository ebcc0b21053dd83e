//! Themes: which colour each role of the screen has.
//!
//! The table of roles is here alone: theme files, docs/themes.md and the styles of the screen are loops over
//! it. `codec::theme_file` reads a sheet from a file, `app::themes` chooses one, `ui::theme` makes
//! styles of it. What a colour is, and how two of them contrast, stands in `theme/color.rs`.

mod color;

pub use color::{ColorDepth, ThemeColor, contrast};

use std::collections::BTreeMap;

/// What stands where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleKind {
    /// Behind text.
    Surface,
    /// Lines, which nobody reads.
    Line,
    /// Text on any surface.
    Ink,
    /// Text on any surface, and the ground of a block with [`ThemeRole::BlockText`] on it.
    Block,
    /// Text on blocks.
    OnBlock,
    /// Text on the row under the cursor, where it does not keep its own colour.
    OnSelection,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct RoleInfo {
    pub role: ThemeRole,
    /// Key in theme files.
    pub key: &'static str,
    pub kind: RoleKind,
    /// What has this colour.
    pub about: &'static str,
}

macro_rules! roles {
    ($($role:ident $key:literal $kind:ident $about:literal;)*) => {
        /// What a colour is for; each has one meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ThemeRole { $(#[doc = $about] $role,)* }

        /// Every role with its key.
        pub const ROLES: &[RoleInfo] = &[$(RoleInfo {
            role: ThemeRole::$role,
            key: $key,
            kind: RoleKind::$kind,
            about: $about,
        },)*];
    };
}

roles! {
    Ground "ground" Surface "behind everything";
    Raised "raised" Surface "behind windows above the panes, and behind remarks";
    Field "field" Surface "behind what can be typed into";
    Selection "selection" Surface "the row under the cursor";
    SelectionIdle "selection-idle" Surface "the row under the cursor of a pane without the keys";
    SelectionText "selection-text" OnSelection "text of the row under the cursor; \"default\": each keeps its own";
    Border "border" Line "frames";
    Focus "focus" Line "the frame of the pane that has the keys";
    Text "text" Ink "what is read";
    Label "label" Ink "names of fields and columns";
    Hint "hint" Ink "hints, times, what nobody has to read";
    Placeholder "placeholder" Ink "what an empty field is for";
    Automatic "automatic" Ink "what is sent by itself";
    Off "off" Ink "what is switched off";
    Inactive "inactive" Ink "tabs and modes that are not open";
    Accent "accent" Block "keys, the open tab and mode, prompts";
    Error "error" Ink "what went wrong";
    Warning "warning" Ink "what may go wrong";
    Success "success" Ink "what went well, what is live";
    Sent "sent" Ink "what was sent";
    Received "received" Ink "what was received";
    Control "control" Ink "what stands for a byte that cannot be shown";
    MethodGet "method-get" Block "GET";
    MethodPost "method-post" Block "POST";
    MethodPut "method-put" Block "PUT and PATCH";
    MethodDelete "method-delete" Block "DELETE";
    MethodOther "method-other" Block "other methods";
    Tcp "tcp" Block "TCP";
    Udp "udp" Block "UDP";
    Listener "listener" Block "listeners";
    UrlScheme "url-scheme" Ink "scheme of an address";
    UrlHost "url-host" Ink "host of an address";
    UrlPort "url-port" Ink "port of an address";
    UrlPath "url-path" Ink "path of an address";
    UrlQueryName "url-query-name" Ink "names in the query of an address";
    UrlQueryValue "url-query-value" Ink "values in the query of an address";
    UrlFragment "url-fragment" Ink "fragment of an address, which is not sent";
    VariableKnown "variable-known" Ink "{{names}} that have a value";
    VariableUnknown "variable-unknown" Ink "{{names}} that have none";
    JsonKey "json-key" Ink "keys in JSON, names of headers";
    JsonString "json-string" Ink "strings in JSON";
    JsonNumber "json-number" Ink "numbers in JSON";
    JsonLiteral "json-literal" Ink "true, false and null in JSON";
    JsonPunctuation "json-punctuation" Ink "brackets, commas and colons in JSON";
    BlockText "block-text" OnBlock "text on blocks";
    Status2xx "status-2xx" Block "status 2xx; connected, listening";
    Status3xx "status-3xx" Block "status 3xx and 1xx";
    Status4xx "status-4xx" Block "status 4xx";
    Status5xx "status-5xx" Block "status 5xx and beyond";
    Failed "failed" Block "no answer, or one that is broken";
    Running "running" Block "what is under way";
    Ended "ended" Block "what is over";
    Hit "hit" Block "what was searched for";
    HitHere "hit-here" Block "the hit the search stands on";
}

/// Names that every theme knows besides those of its own: what files say instead of numbers.
pub const HUES: [&str; 8] = ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];

impl ThemeRole {
    /// The role's row.
    #[must_use]
    pub fn row(self) -> &'static RoleInfo {
        &ROLES[self as usize]
    }

    /// The role of a method of HTTP (RFC 9110, section 9); those of protocols are with these.
    #[must_use]
    pub fn of_method(method: &str) -> Self {
        match method {
            "GET" => ThemeRole::MethodGet,
            "POST" => ThemeRole::MethodPost,
            "PUT" | "PATCH" => ThemeRole::MethodPut,
            "DELETE" => ThemeRole::MethodDelete,
            _ => ThemeRole::MethodOther,
        }
    }

    /// The role of an HTTP status.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => ThemeRole::Status2xx,
            100..=199 | 300..=399 => ThemeRole::Status3xx,
            400..=499 => ThemeRole::Status4xx,
            _ => ThemeRole::Status5xx,
        }
    }
}

/// A theme as it is applied: a colour for each role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThemeSheet {
    /// What it looks like, in a few words.
    pub about: String,
    colors: BTreeMap<ThemeRole, ThemeColor>,
    named: BTreeMap<String, ThemeColor>,
}

/// A theme file as it was found, readable or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTheme {
    pub name: String,
    pub content: Result<ThemeSheet, super::failure::Failure>,
}

impl ThemeSheet {
    /// A sheet of these colours; `named` are the words other files may use for colours.
    #[must_use]
    pub fn new(
        about: String,
        colors: BTreeMap<ThemeRole, ThemeColor>,
        named: BTreeMap<String, ThemeColor>,
    ) -> Self {
        ThemeSheet { about, colors, named }
    }

    /// The colour of a role.
    #[must_use]
    pub fn color(&self, role: ThemeRole) -> ThemeColor {
        self.colors.get(&role).copied().unwrap_or_default()
    }

    /// What a word for a colour means in this theme.
    #[must_use]
    pub fn named(&self, word: &str) -> Option<ThemeColor> {
        self.named.get(word).copied().or_else(|| ThemeColor::read(word))
    }

    /// Whether a terminal with 16 colours shows it as it is.
    #[must_use]
    pub fn is_of_sixteen(&self) -> bool {
        self.colors.values().all(|color| color.is_of_terminal())
    }

    /// The same in the 256 colours of `xterm-256color`: text keeps its contrast, then comes the
    /// nearest colour.
    #[must_use]
    pub fn in_256(&self) -> ThemeSheet {
        let near = |of: ThemeColor| of.near(&[], 0.0);
        let colors_of = |kind| ROLES.iter().filter(move |row| row.kind == kind);
        let surfaces: Vec<ThemeColor> =
            colors_of(RoleKind::Surface).map(|row| near(self.color(row.role))).collect();
        let on_block = near(self.color(ThemeRole::BlockText));
        let mut sheet = self.clone();
        for (role, color) in &mut sheet.colors {
            *color = match role.row().kind {
                RoleKind::Surface | RoleKind::Line | RoleKind::OnBlock => near(*color),
                RoleKind::Ink | RoleKind::OnSelection => color.near(&surfaces, LEAST_CONTRAST),
                RoleKind::Block => {
                    color.near(&[surfaces.as_slice(), &[on_block]].concat(), LEAST_CONTRAST)
                }
            };
        }
        for color in sheet.named.values_mut() {
            *color = near(*color);
        }
        sheet
    }
}

/// Contrast of text that everybody can read (WCAG 2.2, 1.4.3).
pub const LEAST_CONTRAST: f64 = 4.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_role_and_has_a_key_of_its_own() {
        for (at, row) in ROLES.iter().enumerate() {
            assert_eq!(row.role as usize, at);
            let others = ROLES.iter().filter(|other| other.key == row.key);
            assert_eq!(others.count(), 1, "{}", row.key);
        }
    }
}
