//! What a relying party does with a certificate: from the file's bytes to an answer.

use crate::{
    measure::Subject,
    results::{Case, Target},
    yardstick,
};
use certificate::{Files, Outcome, Question, Trust, check, read::write, testing::TestLane};

const NAME: &str = "certificate_verify";

/// Batches before and after the one that recognises: the proofs are as long as in a log of some size.
const BATCHES: usize = 500;

/// A certificate of a lane with committees of four and four, and what its reader trusts.
#[derive(Debug)]
pub struct Reader {
    trust: Trust,
    file: String,
    question: Question,
}

impl Reader {
    /// Makes both.
    ///
    /// # Panics
    ///
    /// If the trust file is refused.
    #[must_use]
    pub fn new() -> Self {
        let mut lane = TestLane::example();
        (0..BATCHES).for_each(|_| _ = lane.batch(Vec::new()));
        let index = lane.recognise();
        (0..BATCHES).for_each(|_| _ = lane.batch(Vec::new()));
        let trust = Trust::read(write(&lane.trust()).as_bytes()).expect("a trust file");
        let file = write(&lane.certificate(index));
        // Within the hour in which a certificate counts without a newer status.
        let question = Question::now(lane.now());
        Self { trust, file, question }
    }

    fn check(&self) {
        let files = Files { certificate: self.file.as_bytes(), status: None, record: None };
        let report = check(&self.trust, &files, self.question.clone());
        assert_eq!(report.outcome(), Outcome::Good, "{:?}", report.answer.as_ref().err());
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

/// What is measured.
#[must_use]
pub fn subjects(reader: &Reader) -> Vec<Subject<'_>> {
    vec![Subject::new(NAME, 1, || reader.check())]
}

/// The row.
#[must_use]
pub fn case() -> Case {
    let target = Some(Target::Value(3000.0));
    Case { name: NAME.into(), unit: "us", baseline: yardstick::baseline(), target }
}
