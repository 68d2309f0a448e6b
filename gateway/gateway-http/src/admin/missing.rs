//! What a program can lack: one table for all three.

use serde::Serialize;

/// What a program can lack. Each has a code that `comity help` explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// The log in its store is not the one that the committees signed (A115).
    SignedLog,
    /// Its clock is not to be relied on (A98).
    RightClock,
    /// What it keeps may be old: it is silent (A126).
    Voice,
    /// A gateway does not answer.
    Gateway,
    /// Too few sources of a chain answer.
    Sources,
    /// Two valid headers contradict each other: a light client is frozen.
    OneHistory,
    /// A light client was not fed for its trusting period.
    Trust,
    /// The disk has no room.
    Room,
    /// The store failed.
    Store,
    /// A light client has no beginning yet.
    Beginning,
    /// A task has ended that should not.
    Task,
    /// Fewer files may be open than its connections need.
    Files,
    /// No relayer is connected.
    Relayer,
    /// Too few members of a committee are heard.
    Quorum,
}

impl Lack {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SignedLog,
        Self::RightClock,
        Self::Voice,
        Self::Gateway,
        Self::Sources,
        Self::OneHistory,
        Self::Trust,
        Self::Room,
        Self::Store,
        Self::Beginning,
        Self::Task,
        Self::Files,
        Self::Relayer,
        Self::Quorum,
    ];

    /// The code for `comity help`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedLog => "C-201",
            Self::RightClock => "C-202",
            Self::Voice => "C-203",
            Self::Gateway => "C-204",
            Self::Sources => "C-205",
            Self::OneHistory => "C-206",
            Self::Trust => "C-207",
            Self::Room => "C-208",
            Self::Store => "C-209",
            Self::Beginning => "C-210",
            Self::Task => "C-211",
            Self::Files => "C-212",
            Self::Relayer => "C-213",
            Self::Quorum => "C-214",
        }
    }

    /// The lack of this code, if there is one.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lack| lack.code() == code)
    }

    /// What it means, for `comity help`.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::SignedLog => {
                "The log in the store is not the one that the committees signed. Every hour a gateway and a regulator read theirs again; this one was changed, cut or replaced while the program ran, by somebody who can write to the store, or by a disk that lies. A gateway then takes no question, a regulator signs nothing. A start on such a store is refused."
            }
            Self::RightClock => {
                "The clock is wrong: it stepped back, leapt ahead, or differs from all others by more than 5 s. A regulator signs nothing until it is right again, because what it signs says when."
            }
            Self::Voice => {
                "What a regulator keeps may be old: its journal is lost, or it was shown a word of its own that its journal does not know. It says nothing until two further batches are final, so that it never says two different things."
            }
            Self::Gateway => {
                "A gateway is not reached. A regulator needs one of each lane, a relayer each that it works for."
            }
            Self::Sources => {
                "Fewer than two sources of a chain answer, and as the others do. With one source alone a lie would not be found out."
            }
            Self::OneHistory => {
                "Two valid headers of one chain contradict each other. Validators signed two histories: the light client is frozen for good, and nothing is recognised from there until regulators of both regions agree on a new pin."
            }
            Self::Trust => {
                "A light client saw no header for its whole trusting period: whoever held the old validators' keys could show it anything. It proves nothing more."
            }
            Self::Room => {
                "The disk of the store is full. Nothing new is taken or said; what there is can be read. Nothing is lost."
            }
            Self::Store => {
                "The store failed, and what it holds of its last writes is not known. The program writes and reads nothing more."
            }
            Self::Beginning => {
                "A relayer's light client has no beginning: the gateway has not said where it stands, or no source gives the header of that height."
            }
            Self::Task => {
                "A part of the program has ended that should run as long as the program does."
            }
            Self::Files => {
                "The operating system lets the program hold fewer files and connections open than its settings need. It raises its own limit as far as it may (the hard limit); that was not enough."
            }
            Self::Relayer => {
                "No relayer is connected for a chain: no new header, no evidence. Questions wait, and are unknown after a minute."
            }
            Self::Quorum => {
                "Fewer members of a committee were heard in the last minute than must agree. Nothing is recognised until enough are back."
            }
        }
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub const fn to_do(self) -> &'static str {
        match self {
            Self::SignedLog => {
                "keep the store as evidence, find out who can write to it, and start with a store that the others fill again"
            }
            Self::RightClock => "set the clock by its time service; it goes on by itself",
            Self::Voice => {
                "wait: it speaks again when two further batches are final; never restore its store"
            }
            Self::Gateway => "see whether that gateway runs and can be reached from here",
            Self::Sources => "see to the nodes of those who do not answer, or name a further one",
            Self::OneHistory => {
                "keep everything and call the regulators: somebody signed two histories"
            }
            Self::Trust => "no header for too long: only regulators can agree on a new pin",
            Self::Room => "make room on the disk; it goes on by itself",
            Self::Store => "keep the log of this program, replace the disk, start again",
            Self::Beginning => "wait for the gateway to say where it stands, and see to the nodes",
            Self::Task => "start it again, and tell us: its log says why",
            Self::Relayer => "see whether a relayer runs that is to work for this gateway",
            Self::Quorum => "ring those that are missing: /metrics says when each was heard",
            Self::Files => "raise the limit of open files (LimitNOFILE, ulimit -n), start again",
        }
    }
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// For `comity help`.
    pub code: &'static str,
    /// Which lane, chain, gateway or source it is about; empty: the whole program.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// What is missing, in a sentence with its numbers.
    pub what: String,
    /// What to do about it.
    #[serde(rename = "do")]
    pub to_do: &'static str,
}

impl Missing {
    /// One thing that is missing, of a lane, a chain or the like.
    #[must_use]
    pub fn new(lack: Lack, of: &(impl ToString + ?Sized), what: impl Into<String>) -> Self {
        let (code, to_do) = (lack.code(), lack.to_do());
        Self { code, of: of.to_string(), what: what.into(), to_do }
    }
}
