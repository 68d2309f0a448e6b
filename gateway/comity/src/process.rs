//! What the system says of a process, to everybody: of programs too that let nobody look into them.

use std::fs;

/// The fields of a process that has not ended, from its state on: the first is field 3 of the source.
///
/// Source: proc(5), `/proc/PID/stat`.
#[must_use]
pub fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, a parenthesis too.
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let fields: Vec<String> = fields.map(str::to_owned).collect();
    // One that nobody has buried yet has ended too.
    let ended = matches!(fields.first()?.as_str(), "Z" | "X");
    (!ended).then_some(fields)
}
