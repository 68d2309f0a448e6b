//! One scale of exit statuses for all commands.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The answer is yes.
    Yes,
    /// The answer is no.
    No,
    /// The answer cannot be given.
    CannotSay,
    /// The command was not typed as it should be, or a file named in it cannot be read.
    WrongUsage,
    /// Something that cannot be has happened.
    OurBug,
    /// It cannot be done now: try again later.
    TryAgain,
    /// The user stopped it.
    Interrupted,
}

impl Exit {
    /// The status.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::CannotSay => 2,
            Self::WrongUsage => 64,
            Self::OurBug => 70,
            Self::TryAgain => 75,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
