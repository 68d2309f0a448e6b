//! Where the numbers come from.

use std::{fs, process::Command};

/// Processor, cores, load and compiler, as far as the system tells.
#[must_use]
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    format!("{}, {cores} cores, load {load}; {}; {}", processor(), rustc(), profile())
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or_else(
        || "unknown processor".into(),
        |name| name.trim_matches([' ', '\t', ':']).into(),
    )
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or_else(
        |_| "rustc unknown".into(),
        |o| String::from_utf8_lossy(&o.stdout).trim().into(),
    )
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) { "debug build: numbers mean nothing" } else { "optimised build" }
}
