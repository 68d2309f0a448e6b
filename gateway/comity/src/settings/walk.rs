//! Comparing a file with the tables of settings: every unknown name, missing setting and wrong value.

use super::{
    finding::Finding,
    layers::Over,
    place::{Place, Places},
    schema::{Key, Need, Program, Shape},
    secret::{instead, is_secret_name, is_secret_value},
};
use gateway_types::Jurisdiction;
use toml::{Table, Value};

/// What a file is compared by.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) places: &'a Places<'a>,
    pub(super) over: &'a Over,
    pub(super) findings: Vec<Finding>,
}

impl Walk<'_> {
    /// Compares all of it. What comes back is the same without what was refused, so that the rest can be
    /// judged too.
    pub(super) fn walk(&mut self, program: Program, table: &Table) -> Table {
        self.secrets("", table);
        self.table("", program.keys(), table)
    }

    fn table(&mut self, path: &str, keys: &[Key], table: &Table) -> Table {
        let mut kept = Table::new();
        for (name, value) in table {
            let at = joined(path, name);
            if is_secret(name, value) {
                continue;
            }
            match keys.iter().find(|key| key.name == name) {
                Some(key) => {
                    if let Some(value) = self.value(&at, key, value) {
                        kept.insert(name.clone(), value);
                    }
                }
                None => self.unknown(path, &at, name, keys),
            }
        }
        for key in
            keys.iter().filter(|key| key.need == Need::Required && !table.contains_key(key.name))
        {
            self.missing(path, key);
        }
        kept
    }

    fn value(&mut self, path: &str, key: &Key, value: &Value) -> Option<Value> {
        match (&key.shape, value) {
            (Shape::Value(fits, expected), value) => {
                self.one(path, key.name, *fits, expected, value)
            }
            (Shape::Table(keys), Value::Table(table)) => Some(self.table(path, keys, table).into()),
            (Shape::Regions(fits, expected), Value::Table(regions)) => {
                let one = |(region, value): (&String, &Value)| {
                    let path = joined(path, region);
                    let kept = self.region(&path, region)
                        && self.one(&path, region, *fits, expected, value).is_some();
                    kept.then(|| (region.clone(), value.clone()))
                };
                Some(regions.iter().filter_map(one).collect::<Table>().into())
            }
            (Shape::RegionTables(keys), Value::Table(regions)) => {
                Some(self.region_tables(path, keys, regions).into())
            }
            (Shape::List(keys), Value::Array(items)) => self.list(path, key, keys, items),
            (shape, _) => {
                let expected = heading(shape, path);
                self.wrong(path, key.name, &expected);
                None
            }
        }
    }

    fn region_tables(&mut self, path: &str, keys: &[Key], regions: &Table) -> Table {
        let mut kept = Table::new();
        for (region, value) in regions {
            let path = joined(path, region);
            match value {
                Value::Table(table) if self.region(&path, region) => {
                    kept.insert(region.clone(), self.table(&path, keys, table).into());
                }
                Value::Table(_) => {}
                _ => self.wrong(&path, region, &format!("a table, [{path}]")),
            }
        }
        kept
    }

    fn list(&mut self, path: &str, key: &Key, keys: &[Key], items: &[Value]) -> Option<Value> {
        if items.is_empty() && key.need == Need::Required {
            self.wrong(path, key.name, &format!("at least one [[{path}]]"));
            return None;
        }
        let mut kept = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let path = format!("{path}[{number}]");
            match item {
                Value::Table(table) => kept.push(Value::Table(self.table(&path, keys, table))),
                _ => self.wrong(&path, key.name, &format!("a table, [[{}]]", heading_of(&path))),
            }
        }
        Some(kept.into())
    }

    fn one(
        &mut self,
        path: &str,
        name: &str,
        fits: fn(&Value) -> bool,
        expected: &str,
        value: &Value,
    ) -> Option<Value> {
        if fits(value) {
            return Some(value.clone());
        }
        self.wrong(path, name, expected);
        None
    }

    /// A region is a key here, and looks like one.
    fn region(&mut self, path: &str, region: &str) -> bool {
        let good = region.parse::<Jurisdiction>().is_ok();
        if !good {
            let says = format!("`{region}` is no region");
            let advice = "must be an ISO 3166-2 code such as CN-HK";
            self.findings.push(Finding::error("C-106", self.places.key(path), says).advise(advice));
        }
        good
    }

    /// Secrets, wherever they stand: known setting or not, in a table that is right or wrong.
    fn secrets(&mut self, path: &str, table: &Table) {
        for (name, value) in table {
            let at = joined(path, name);
            if is_secret(name, value) {
                self.secret(&at, name);
            } else {
                self.secrets_in(&at, value);
            }
        }
    }

    fn secrets_in(&mut self, path: &str, value: &Value) {
        match value {
            Value::Table(table) => self.secrets(path, table),
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.secrets_in(&format!("{path}[{number}]"), item);
                }
            }
            _ => {}
        }
    }

    fn secret(&mut self, path: &str, name: &str) {
        if self.over.origin(path).is_some() {
            // Told of with its variable.
            return;
        }
        let place = self.places.value(path).map(Place::hidden);
        let says = "a secret stands in the file (not repeated here)";
        let advice = if is_secret_name(name) {
            instead(name)
        } else {
            "name a file instead, and no user in an address".to_owned()
        };
        self.findings.push(Finding::error("C-140", place, says).advise(advice));
    }

    fn unknown(&mut self, table: &str, path: &str, name: &str, keys: &[Key]) {
        let of = match table {
            "" => "this file".to_owned(),
            table if table.ends_with(']') => format!("[[{}]]", heading_of(table)),
            table => format!("[{table}]"),
        };
        let says = format!("`{name}` is not a setting of {of}");
        let advice = nearest(name, keys).map_or_else(
            || {
                format!(
                    "known here: {}",
                    keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        self.findings.push(Finding::error("C-104", self.places.key(path), says).advise(advice));
    }

    fn missing(&mut self, table: &str, key: &Key) {
        let path = joined(table, key.name);
        let what = match key.shape {
            Shape::Value(_, expected) => format!("write {} = …: {expected}", key.name),
            _ => format!("write {}", heading(&key.shape, &path)),
        };
        let says = format!(
            "{} is missing: {}",
            heading_or_name(&key.shape, &path),
            key.about.trim_end_matches('.')
        );
        let place = self.places.key(table);
        self.findings.push(Finding::error("C-105", place, says).advise(what));
    }

    fn wrong(&mut self, path: &str, name: &str, expected: &str) {
        let from = self.over.origin(path);
        let place = if from.is_some() { None } else { self.places.value(path) };
        let by = from.map(|from| format!(" (from {from})")).unwrap_or_default();
        let says = format!("`{name}`{by} is not what it must be");
        let advice = format!("must be {expected}");
        self.findings.push(Finding::error("C-106", place, says).advise(advice));
    }
}

fn is_secret(name: &str, value: &Value) -> bool {
    !value.is_table() && (is_secret_name(name) || is_secret_value(value))
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn heading(shape: &Shape, path: &str) -> String {
    match shape {
        Shape::List(_) => format!("[[{path}]]"),
        Shape::RegionTables(_) => format!("[{path}.REGION]"),
        _ => format!("[{path}]"),
    }
}

fn heading_or_name(shape: &Shape, path: &str) -> String {
    match shape {
        Shape::Value(..) => format!("`{}`", path.rsplit('.').next().unwrap_or(path)),
        _ => heading(shape, path),
    }
}

/// `chain.CN-GD.source[0]` is under the heading `chain.CN-GD.source`.
fn heading_of(path: &str) -> &str {
    path.rsplit_once('[').map_or(path, |(heading, _)| heading)
}

/// The name that was probably meant.
fn nearest<'a>(name: &str, keys: &'a [Key]) -> Option<&'a str> {
    let far = (name.len() / 3).clamp(1, 3);
    let near = keys.iter().map(|key| (distance(name, key.name), key.name));
    near.filter(|(distance, _)| *distance <= far).min().map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i.saturating_add(1)];
        for (to, pair) in b.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or(0);
            let changed = diagonal.saturating_add(usize::from(from != *to));
            next.push(changed.min(above.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
