//! Where a setting stands in its file: line and column, found by its path.

use std::{collections::BTreeMap, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
    /// The line; nothing where it holds a secret.
    pub text: Option<String>,
}

impl Place {
    /// The same place, its text not shown.
    pub(super) fn hidden(mut self) -> Self {
        self.text = None;
        self
    }
}

/// Every setting's place, by its path: `chain.CN-GD.source[0].operator`.
#[derive(Debug)]
pub(super) struct Places<'a> {
    text: &'a str,
    spans: BTreeMap<String, (Range<usize>, Range<usize>)>,
}

impl<'a> Places<'a> {
    /// Reads a file's places; its mistakes in form, if it is no TOML.
    pub(super) fn read(text: &'a str) -> (Self, Vec<(Place, String)>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut places = Self { text, spans: BTreeMap::new() };
        places.take("", table.get_ref());
        let place = |span: Option<Range<usize>>| places.of(span.unwrap_or(0..0));
        let errors = errors
            .iter()
            .map(|error| (place(error.span()).hidden(), error.message().to_owned()))
            .collect();
        (places, errors)
    }

    fn take(&mut self, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = if path.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{path}.{}", key.get_ref())
            };
            self.spans.insert(path.clone(), (key.span(), value.span()));
            self.take_value(&path, value);
        }
    }

    fn take_value(&mut self, path: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.take(path, table),
            DeValue::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    let path = format!("{path}[{number}]");
                    self.spans.insert(path.clone(), (item.span(), item.span()));
                    self.take_value(&path, item);
                }
            }
            _ => {}
        }
    }

    /// Where a setting's name is.
    pub(super) fn key(&self, path: &str) -> Option<Place> {
        self.spans.get(path).map(|(key, _)| self.of(key.clone()))
    }

    /// Where its value is.
    pub(super) fn value(&self, path: &str) -> Option<Place> {
        self.spans.get(path).map(|(_, value)| self.of(value.clone()))
    }

    fn of(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        let start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let column = before.get(start..).unwrap_or_default().chars().count().saturating_add(1);
        let rest = self.text.get(start..).unwrap_or_default();
        let text = rest.lines().next().unwrap_or_default().to_owned();
        let meant = self.text.get(span).unwrap_or_default();
        let width = meant.lines().next().unwrap_or_default().chars().count().max(1);
        Place { line, column, width, text: Some(text) }
    }
}
