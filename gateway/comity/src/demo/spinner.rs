//! What is being done, on a terminal only: it is on stderr, and gone when the step is done.

use super::clock::Since;
use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::mpsc::{self, RecvTimeoutError, SyncSender},
    thread::JoinHandle,
    time::Duration,
};

/// What turns.
const SIGNS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// How long each is shown.
const TURN: Duration = Duration::from_millis(100);

/// Back to the line's begin, and nothing on it.
const CLEAR: &str = "\r\u{1b}[2K";

/// Turns until it is dropped.
#[derive(Debug)]
pub(super) struct Spinner(Option<(SyncSender<()>, JoinHandle<()>)>);

impl Spinner {
    /// Shows `text` and how long it takes; nothing where nobody watches.
    pub(super) fn start(text: &str, wanted: bool) -> Self {
        let watched = wanted
            && io::stderr().is_terminal()
            && io::stdout().is_terminal()
            && std::env::var_os("TERM").is_some_and(|it| it != "dumb");
        Self(watched.then(|| turn(text.to_owned())))
    }
}

fn turn(text: String) -> (SyncSender<()>, JoinHandle<()>) {
    let (stop, stopped) = mpsc::sync_channel(1);
    let since = Since::now();
    let turning = std::thread::spawn(move || {
        for sign in SIGNS.iter().cycle() {
            let _gone =
                write!(io::stderr(), "{CLEAR}{sign} {text}   {} s", since.elapsed().as_secs());
            if stopped.recv_timeout(TURN) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        let _gone = write!(io::stderr(), "{CLEAR}");
    });
    (stop, turning)
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some((stop, turning)) = self.0.take() {
            drop(stop);
            // It cannot panic: all that it does is to write.
            let _ended = turning.join();
        }
    }
}
