//! What programs tell their operator's machines, and how many files they may hold open.

use super::{deployment, free, stop, until};
use rustix::process::Signal;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

/// A program, with probes and metrics at that port, after the shell has set its limits.
fn start(limits: &str, program: &str, config: &Path, admin: u16) -> Child {
    let line = format!("{limits} exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_comity"), program, "--config"]).arg(config);
    command.args(["--log", "json", "--set", &format!("listen.admin=127.0.0.1:{admin}")]);
    command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_relayer_says_which_gateway_it_does_not_reach_and_when_its_certificate_ends() {
    let scratch = tempfile::tempdir().unwrap();
    let (written, port) = (deployment(scratch.path()), free());
    let mut relayer = start("", "relayer", &written.regions[1].relayer, port);
    let log = until(&mut relayer, "\"running\"");
    assert!(get(port, "/healthz").starts_with("HTTP/1.1 200 "));
    let ready = get(port, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("C-204"), "{ready}");
    let metrics = get(port, "/metrics");
    for line in ["comity_ready 0", "comity_certificate_expiry_timestamp_seconds{use=\"tls\"} "] {
        assert!(metrics.contains(line), "{metrics}");
    }
    // Its port is taken: whoever starts another is told to wait.
    let mut again = start("", "relayer", &written.regions[1].relayer, port);
    assert_eq!(again.wait().unwrap().code(), Some(75));
    assert_eq!(stop(relayer, log, Signal::TERM), Some(0));
}
