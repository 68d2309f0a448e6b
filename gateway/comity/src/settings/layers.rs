//! One layer over another: file, then environment, then flags; and where each value came from.

use super::{
    finding::Finding,
    schema::{Key, Need, Program, Shape},
};
use config::{Config, ConfigError, Environment, File, FileFormat};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// How a variable that is a setting begins: `COMITY_LISTEN__ADDRESS` is `listen.address`.
const PREFIX: &str = "COMITY_";

/// Variables that are no settings: the log, the file, and whether a demonstration started this program.
const OTHERS: &[&str] = &[
    "COMITY_LOG",
    "COMITY_CONFIG",
    "COMITY_TIED",
    // Elsewhere refused: who expects a program to die at a point should hear that it cannot.
    #[cfg(feature = "fault-points")]
    "COMITY_FAULT_POINT",
];

/// What is laid over a file.
#[derive(Clone, Debug, Default)]
pub struct Over {
    /// Variables of the environment; those that do not begin with `COMITY_` are passed over.
    pub environment: BTreeMap<String, String>,
    /// `--set listen.address=127.0.0.1:8443`: path and value.
    pub flags: BTreeMap<String, String>,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The file.
    File,
    /// A variable, by its name.
    Environment(String),
    /// A flag.
    Flag,
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("--set"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Over {
    /// This process's environment, and these flags.
    #[must_use]
    pub fn here(flags: BTreeMap<String, String>) -> Self {
        Self { environment: std::env::vars().collect(), flags }
    }

    /// The variables that are settings, by the paths that they set.
    fn variables(&self) -> BTreeMap<String, &str> {
        let named = self
            .environment
            .keys()
            .filter(|name| name.starts_with(PREFIX) && !OTHERS.contains(&name.as_str()));
        named
            .filter_map(|name| {
                let path = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
                Some((path, name.as_str()))
            })
            .collect()
    }

    /// Where the value at `path` came from, if one was said.
    pub(super) fn origin(&self, path: &str) -> Option<From> {
        if self.flags.contains_key(path) {
            return Some(From::Flag);
        }
        self.variables().get(path).map(|name| From::Environment((*name).to_owned()))
    }

    /// Variables and flags that set nothing that there is, or a secret.
    pub(super) fn check(&self, program: Program) -> Vec<Finding> {
        let variables = self.variables();
        let variables =
            variables.iter().map(|(path, name)| (path.as_str(), format!("the variable {name}")));
        let flags = self.flags.keys().map(|path| (path.as_str(), format!("--set {path}")));
        variables.chain(flags).filter_map(|(path, what)| check_path(program, path, &what)).collect()
    }

    /// All layers in one.
    pub(super) fn lay(&self, file: &str) -> Result<Table, ConfigError> {
        let known = self
            .variables()
            .into_values()
            .map(|name| (name.to_owned(), self.environment.get(name).cloned().unwrap_or_default()));
        let environment = Environment::with_prefix("COMITY")
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            .source(Some(known.collect()));
        let mut layers = Config::builder()
            .add_source(File::from_str(file, FileFormat::Toml))
            .add_source(environment);
        for (path, value) in &self.flags {
            layers = match value.parse::<i64>() {
                Ok(number) => layers.set_override(path, number)?,
                Err(_) => layers.set_override(path, value.as_str())?,
            };
        }
        layers.build()?.try_deserialize()
    }
}

/// Whether `path` is one value of the file's head or of a table: regions and lists are said in the file only.
fn check_path(program: Program, path: &str, what: &str) -> Option<Finding> {
    if super::secret::is_secret_name(path.rsplit('.').next().unwrap_or(path)) {
        let says = format!("{what} would be a secret (not repeated here)");
        return Some(
            Finding::error("C-140", None, says).advise("name a file instead, in the settings"),
        );
    }
    if is_value(program.keys(), path) {
        return None;
    }
    let says = format!("{what} is no setting of the {}", program.as_str());
    let advice =
        "COMITY_LISTEN__ADDRESS sets listen.address; regions and lists stand in the file only";
    Some(Finding::error("C-107", None, says).advise(advice))
}

fn is_value(keys: &[Key], path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(key) = keys.iter().find(|key| key.name == name) else { return false };
    match (&key.shape, rest) {
        (Shape::Value(..), None) => true,
        (Shape::Table(keys), Some(rest)) => is_value(keys, rest),
        _ => false,
    }
}

/// A value that will be used, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// `listen.address`.
    pub path: String,
    /// As TOML writes it.
    pub value: String,
    /// Who said so.
    pub from: From,
}

/// Every value that will be used. There is no secret among them: secrets are files.
pub(super) fn effective(program: Program, table: &Table, over: &Over) -> Vec<Effective> {
    let mut all = Vec::new();
    list(program.keys(), "", table, over, &mut all);
    all
}

fn list(keys: &[Key], path: &str, table: &Table, over: &Over, all: &mut Vec<Effective>) {
    for key in keys {
        let path =
            if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        match (table.get(key.name), &key.shape) {
            (Some(value), Shape::Value(..)) => {
                let from = over.origin(&path).unwrap_or(From::File);
                all.push(Effective { path, value: value.to_string(), from });
            }
            (None, Shape::Value(..)) => {
                if let Need::Default(value) = key.need {
                    let value = value
                        .parse::<i64>()
                        .map_or_else(|_| format!("\"{value}\""), |n| n.to_string());
                    all.push(Effective { path, value, from: From::Default });
                }
            }
            (value, shape) => list_nested(shape, &path, value, over, all),
        }
    }
}

fn list_nested(
    shape: &Shape,
    path: &str,
    value: Option<&Value>,
    over: &Over,
    all: &mut Vec<Effective>,
) {
    let none = Table::new();
    match (shape, value) {
        (Shape::Table(keys), Some(Value::Table(table))) => list(keys, path, table, over, all),
        (Shape::Table(keys), None) => list(keys, path, &none, over, all),
        (Shape::Regions(..), Some(Value::Table(regions))) => {
            for (region, value) in regions {
                let path = format!("{path}.{region}");
                all.push(Effective { path, value: value.to_string(), from: From::File });
            }
        }
        (Shape::RegionTables(keys), Some(Value::Table(regions))) => {
            for (region, table) in regions {
                list(
                    keys,
                    &format!("{path}.{region}"),
                    table.as_table().unwrap_or(&none),
                    over,
                    all,
                );
            }
        }
        (Shape::List(keys), Some(Value::Array(items))) => {
            for (number, item) in items.iter().enumerate() {
                list(
                    keys,
                    &format!("{path}[{number}]"),
                    item.as_table().unwrap_or(&none),
                    over,
                    all,
                );
            }
        }
        _ => {}
    }
}
