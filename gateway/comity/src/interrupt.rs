//! Ctrl-C, and whatever else asks a program to end (SIGTERM, SIGHUP): once stops after the step at hand, twice stops
//! at once.

use crate::{exit::Exit, output::Output};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Whether the user has asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. `left` is what lies on the disk if it must stop at once.
    ///
    /// # Errors
    ///
    /// If the system does not let us listen: then Ctrl-C ends the program as it ends any.
    pub(crate) fn listen(left: &Path) -> Result<Self, ctrlc::Error> {
        let asked = Arc::new(AtomicBool::new(false));
        let (heard, left) = (Arc::clone(&asked), left.to_owned());
        ctrlc::set_handler(move || {
            let mut out = Output::new(false);
            if heard.swap(true, Ordering::SeqCst) {
                let left =
                    if left.exists() { left.display().to_string() } else { "nothing".into() };
                out.hint(format_args!("Stopped at once. Left behind: {left}"));
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            out.hint("Stopping after this step (again: at once)…");
        })?;
        Ok(Self(asked))
    }

    /// Whether the user has asked to stop.
    pub(crate) fn was_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
