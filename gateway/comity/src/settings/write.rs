//! Writing a settings file as a person would: every setting under a sentence that says what it is for.

use super::schema::{Key, Program, Shape};
use serde::Serialize;
use std::fmt::Write as _;
use toml::{Table, Value};

/// The text of a settings file.
///
/// # Errors
///
/// If a setting cannot be written in TOML: a number above 2^63.
pub fn write<T: Serialize>(program: Program, settings: &T) -> Result<String, toml::ser::Error> {
    let table = Table::try_from(settings)?;
    let mut out = format!(
        "# Settings of `comity {0}`. Check them before use: comity config check {0}.toml\n",
        program.as_str()
    );
    write_table(&mut out, "", program.keys(), &table);
    Ok(out)
}

/// The values of a table first, then what has a heading of its own: so TOML wants it.
fn write_table(out: &mut String, path: &str, keys: &[Key], table: &Table) {
    for key in keys.iter().filter(|key| is_value(key)) {
        if let Some(value) = table.get(key.name) {
            push(out, format_args!("# {}\n{} = {value}\n", key.about, key.name));
        }
    }
    for key in keys.iter().filter(|key| !is_value(key)) {
        if let Some(value) = table.get(key.name) {
            write_section(out, &joined(path, key.name), key, value);
        }
    }
}

fn is_value(key: &Key) -> bool {
    matches!(key.shape, Shape::Value(..))
}

fn write_section(out: &mut String, path: &str, key: &Key, value: &Value) {
    match (&key.shape, value) {
        (Shape::Table(keys), Value::Table(table)) if !table.is_empty() => {
            push(out, format_args!("\n# {}\n[{path}]\n", key.about));
            write_table(out, path, keys, table);
        }
        (Shape::Regions(..), Value::Table(regions)) => {
            push(out, format_args!("\n# {}\n[{path}]\n", key.about));
            for (region, value) in regions {
                push(out, format_args!("{region} = {value}\n"));
            }
        }
        (Shape::RegionTables(keys), Value::Table(regions)) => {
            for (region, value) in regions {
                let path = joined(path, region);
                push(out, format_args!("\n# {}\n[{path}]\n", key.about));
                if let Value::Table(table) = value {
                    write_table(out, &path, keys, table);
                }
            }
        }
        (Shape::List(keys), Value::Array(items)) => {
            for item in items.iter().filter_map(Value::as_table) {
                push(out, format_args!("\n# {}\n[[{path}]]\n", key.about));
                write_table(out, path, keys, item);
            }
        }
        _ => {}
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into memory cannot fail.
    let _written = out.write_fmt(text);
}
