//! Tests over whole files, made by a lane with known keys.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

mod bytes;
mod epochs;
mod genuine;
mod hostile;
mod members;
mod moment;
mod status;

use crate::{Files, Outcome, Question, Report, Trust, check, read::write, testing::TestLane};
use gateway_types::{
    Timestamp,
    certificate::{Certificate, StatusFile},
};

/// What the relying party holds, and asks.
struct Reader {
    trust: Trust,
    now: Timestamp,
}

impl Reader {
    /// Of the lane's own trust file, right after its last batch.
    fn of(lane: &TestLane) -> Self {
        let trust = Trust::read(write(&lane.trust()).as_bytes()).unwrap();
        Self { trust, now: lane.now() }
    }

    fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    fn check(&self, certificate: &Certificate) -> Report {
        self.ask(certificate, None, Question::now(self.now))
    }

    fn check_with(&self, certificate: &Certificate, status: &StatusFile) -> Report {
        self.ask(certificate, Some(status), Question::now(self.now))
    }

    fn ask(
        &self,
        certificate: &Certificate,
        status: Option<&StatusFile>,
        question: Question,
    ) -> Report {
        let (certificate, status) = (write(certificate), status.map(write));
        let status = status.as_ref().map(String::as_bytes);
        let files = Files { certificate: certificate.as_bytes(), status, record: None };
        check(&self.trust, &files, question)
    }

    #[track_caller]
    fn expect(&self, certificate: &Certificate, expected: &str) {
        expect(&self.check(certificate), expected);
    }

    #[track_caller]
    fn expect_with(&self, certificate: &Certificate, status: &StatusFile, expected: &str) {
        expect(&self.check_with(certificate, status), expected);
    }
}

/// Compares outcome and code, `not_good revoked`.
#[track_caller]
fn expect(report: &Report, expected: &str) {
    let got = format!("{} {}", report.outcome().as_str(), report.code());
    assert_eq!(got, expected, "{:?}", report.answer.as_ref().err());
    let shown = report.found.certificate.is_some();
    assert!(!(shown && report.outcome() == Outcome::NotGenuine), "shows what is not genuine");
}

/// The lane of all examples with its licence recognised, and the certificate.
fn recognised() -> (TestLane, Certificate) {
    let mut lane = TestLane::example();
    let index = lane.recognise();
    let certificate = lane.certificate(index);
    (lane, certificate)
}
