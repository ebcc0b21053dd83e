//! What came of expectations and captures: data that both shells draw.

use crate::model::secrets::{
    Disclosure, Secrets, is_looked_for, is_secret_field, masked_field, masked_name, secret_values,
};

/// What came of all of them, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    pub results: Vec<CheckResult>,
    pub captured: Vec<Captured>,
}

/// What came of one expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// What it is about, as written.
    pub about: String,
    /// What it shall be, as written.
    pub wanted: String,
    /// What it is, on one line.
    pub got: String,
    /// What differs, a line each, where more is to be said.
    pub differences: Vec<String>,
    pub is_met: bool,
}

/// What came of one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Of the variable.
    pub name: String,
    /// What of the answer it is, as written.
    pub of: String,
    /// The value, or why there is none.
    pub value: Result<String, String>,
}

impl CheckReport {
    /// Whether all was as it shall be and all was found that was to be taken.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.unmet() == 0
    }

    /// How many are not.
    #[must_use]
    pub fn unmet(&self) -> usize {
        let missing = self.captured.iter().filter(|captured| captured.value.is_err());
        self.results.iter().filter(|result| !result.is_met).count() + missing.count()
    }

    /// Of what was captured the values that nobody shall read, by their names.
    #[must_use]
    pub fn captured_secrets(&self) -> Secrets {
        let values = || self.captured.iter().filter_map(|it| Some((it, it.value.as_ref().ok()?)));
        let named = secret_values(values().map(|(it, value)| (&it.name, value)));
        let taken = values().filter(|(it, value)| it.is_veiled() && is_looked_for(value));
        Secrets::new(named.chain(taken.map(|(_, value)| value.as_str())))
    }

    /// As it may be told: without secrets, and without what a cookie, a header of credentials or a value that
    /// is called like a secret holds.
    #[must_use]
    pub fn disclosed(mut self, told: &Disclosure) -> CheckReport {
        for result in &mut self.results {
            if let Some(masked) = masked_field(&result.about, &result.got, told) {
                result.got = masked;
                result.differences.clear();
            }
            for text in [&mut result.about, &mut result.wanted, &mut result.got] {
                *text = told.words(text);
            }
            for line in &mut result.differences {
                *line = told.words(line);
            }
        }
        for captured in &mut self.captured {
            captured.value = match &captured.value {
                Ok(value) => Ok(masked_field(&captured.of, &format!("'{value}'"), told)
                    .unwrap_or_else(|| told.words(&masked_name(&captured.name, value, told)))),
                Err(why) => Err(told.words(why)),
            };
        }
        self
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.results.len() + self.captured.len()
    }

    /// What is not met, a line each, differences indented below: for a terminal and for logs.
    #[must_use]
    pub fn unmet_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for result in self.results.iter().filter(|result| !result.is_met) {
            lines.push(result.line());
            lines.extend(result.differences.iter().map(|line| format!("  {line}")));
        }
        for captured in &self.captured {
            if let Err(why) = &captured.value {
                lines.push(format!(
                    "{} was not captured from {}: {why}",
                    captured.name, captured.of
                ));
            }
        }
        lines
    }
}

impl Captured {
    /// Whether nobody shall read it for where it is from, whatever it is called: a cookie, a header of credentials, a
    /// member that is called like a secret.
    #[must_use]
    pub(crate) fn is_veiled(&self) -> bool {
        is_secret_field(&self.of)
    }
}

impl CheckResult {
    /// What was expected and what came.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}: expected {}, got {}", self.about, self.wanted, self.got)
    }
}
