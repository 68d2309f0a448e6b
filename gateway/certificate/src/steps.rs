//! The steps of a check, each with the standard that says how.

/// A step that was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The file was read.
    Read,
    /// The committees of every epoch up to the one that signed are known.
    Committees {
        /// The last epoch.
        epochs: u64,
    },
    /// The checkpoint carries what the lane requires.
    Signed {
        /// The epoch that signed it.
        epoch: u64,
    },
    /// Entry, `batch` entry and committees are under its root.
    Included {
        /// The log's size.
        size: u64,
    },
    /// They belong together.
    Together,
    /// The seal holds.
    Sealed {
        /// The certificate's epoch.
        epoch: u64,
        /// The epoch that sealed it.
        by: u64,
    },
    /// The epoch is not closed.
    Open,
    /// The record is the one that was recognised.
    Record,
    /// The status file is under a signed root, and its list is the one in the log.
    Status {
        /// The log's size.
        size: u64,
    },
    /// Purpose, region and times fit the question.
    Asked,
    /// The status is recent enough.
    Fresh,
}

impl Step {
    /// What was found, in words.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Read => "the file is JSON of version 1, every member there once, no other".into(),
            Self::Committees { epochs: 1 } => {
                "the committees are those of the trust file, which hold their keys".into()
            }
            Self::Committees { epochs } => format!(
                "the committees of the trust file named those of epoch 2, and so on to epoch {epochs}"
            ),
            Self::Signed { epoch } => format!(
                "t cosignatures by name of each committee of epoch {epoch}, and the threshold signatures required"
            ),
            Self::Included { size } => format!(
                "entry, batch entry and committees are under the root of the {size} entries signed"
            ),
            Self::Together => {
                "the entry is of this lane, in a batch of its time, with members enough behind it"
                    .into()
            }
            Self::Sealed { epoch, by } => {
                format!(
                    "entry and batch entry of epoch {epoch} are under a root that epoch {by} signed"
                )
            }
            Self::Open => "the epoch that signed last is not closed".into(),
            Self::Record => "the record has the digest that was recognised".into(),
            Self::Status { size } => format!(
                "the newer batch entry is under the root of the {size} entries signed, and the list has its digest"
            ),
            Self::Asked => "purpose, region and dates fit the question".into(),
            Self::Fresh => "the status is recent enough for the moment asked about".into(),
        }
    }

    /// Where it is laid down.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self {
            Self::Read => "RFC 8259; RFC 4648 section 4; Comity formats 5",
            Self::Committees { .. } => {
                "Comity design 2.4; BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
            }
            Self::Signed { .. } => {
                "C2SP signed-note, tlog-checkpoint, tlog-cosignature; RFC 8032 section 5.1.7; Comity design 5"
            }
            Self::Included { .. } => "RFC 6962 section 2.1.1; Comity formats 1",
            Self::Together => "RFC 8949 section 4.2.1; Comity design 2.1, 2.2",
            Self::Sealed { .. } | Self::Open => "Comity design 2.4",
            Self::Record => "RFC 9901 section 4; Comity formats 2, 3",
            Self::Status { .. } => "Token Status List section 4.1; RFC 1950; Comity design 2.3",
            Self::Asked => "Comity formats 3",
            Self::Fresh => "Comity design 2.3",
        }
    }
}

/// The steps that were passed, in order.
#[derive(Clone, Debug, Default)]
pub struct Trail(Vec<Step>);

impl Trail {
    /// No step yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn passed(&mut self, step: Step) {
        self.0.push(step);
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}
