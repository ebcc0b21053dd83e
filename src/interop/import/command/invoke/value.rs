//! What a variable of PowerShell holds, as far as a request needs it.

/// A value of PowerShell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PsValue {
    /// Text of a template.
    Text(String),
    /// A number, or what JSON says by a word.
    Word(String),
    Table(Vec<(String, PsValue)>),
    List(Vec<PsValue>),
    /// What is in a file of this path.
    File(String),
}

impl PsValue {
    pub(super) const NONE: PsValue = PsValue::Text(String::new());

    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        const OWN: usize = 64;
        OWN + match self {
            PsValue::Text(text) | PsValue::Word(text) | PsValue::File(text) => text.len(),
            PsValue::List(values) => values.iter().map(PsValue::size).sum(),
            PsValue::Table(rows) => {
                rows.iter().map(|(name, value)| name.len() + value.size()).sum()
            }
        }
    }

    /// As it is sent.
    pub(super) fn text(&self) -> String {
        match self {
            PsValue::Text(text) | PsValue::Word(text) | PsValue::File(text) => text.clone(),
            PsValue::Table(_) | PsValue::List(_) => self.json(),
        }
    }

    /// Names and values of a table.
    pub(super) fn rows(&self) -> Vec<(String, String)> {
        match self {
            PsValue::Table(rows) => {
                rows.iter().map(|(name, value)| (name.clone(), value.text())).collect()
            }
            PsValue::Text(_) | PsValue::Word(_) | PsValue::List(_) | PsValue::File(_) => Vec::new(),
        }
    }

    /// The files that are in it.
    pub(super) fn files(&self) -> Vec<&str> {
        match self {
            PsValue::File(path) => vec![path],
            PsValue::List(values) => values.iter().flat_map(PsValue::files).collect(),
            PsValue::Table(rows) => rows.iter().flat_map(|(_, value)| value.files()).collect(),
            PsValue::Text(_) | PsValue::Word(_) => Vec::new(),
        }
    }

    /// What `ConvertTo-Json` makes of it, without its blanks.
    pub(super) fn json(&self) -> String {
        let string = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            PsValue::Text(text) | PsValue::File(text) => string(text),
            PsValue::Word(word) => word.clone(),
            PsValue::List(values) => {
                let values: Vec<String> = values.iter().map(PsValue::json).collect();
                format!("[{}]", values.join(","))
            }
            PsValue::Table(rows) => {
                let row = |(name, value): &(String, PsValue)| {
                    format!("{}:{}", string(name), value.json())
                };
                format!("{{{}}}", rows.iter().map(row).collect::<Vec<_>>().join(","))
            }
        }
    }
}
