//! What people read: the lines of a report, and what is not proven.
//!
//! One wording everywhere, for the command line as for the page: texts are made here, times are written by
//! the caller's [`Calendar`].

mod causes;
mod numbers;

pub use numbers::{count, fours, span};

use crate::{
    genuine::{Decided, VerifiedCertificate},
    judge::{CLOCK_SKEW, ONLINE_LIMIT, Standing, pack_limit},
    outcome::Refusal,
    report::Report,
};
use gateway_types::{Timestamp, candidate::Candidate, entry::Required};

/// What no certificate proves, whole.
pub const NOT_PROVEN: [&str; 10] = [
    "that the issuer's statement is true",
    "that the bearer is the holder",
    "that the licence was still valid after the status time",
    "that consent was freely given",
    "that fields marked hidden have any particular value",
    "what the law concludes",
    "that fewer than the stated number of regulators acted together in bad faith",
    "exact time beyond the committees' clocks (± 5 s) unless a time stamp is included",
    "for a *single orderer* source, that its operator did not rewrite it",
    "that the trust file is the right one: compare it",
];

/// How moments are written: on screens in local time with its offset, for programs in UTC.
pub trait Calendar {
    /// To the second, `2026-11-21 10:35:00 +08:00`.
    fn moment(&self, time: Timestamp) -> String;
    /// To the millisecond.
    fn precise(&self, time: Timestamp) -> String;
    /// Without the day, `10:31:07 +08:00`.
    fn time_of_day(&self, time: Timestamp) -> String;
    /// The same a second time in one report, where no offset is needed: `10:31:07`.
    fn time_again(&self, time: Timestamp) -> String;
    /// The day alone, `2026-11-21`.
    fn day(&self, time: Timestamp) -> String;
    /// First moment after something, as its end: midnight is 24:00 of the day before.
    fn end(&self, time: Timestamp) -> String;
}

/// A labelled line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub label: &'static str,
    /// What it says.
    pub text: String,
}

impl Report {
    /// What comes beside the outcome: for *good* what it is good for, else the cause and what to do.
    #[must_use]
    pub fn headline(&self, calendar: &dyn Calendar) -> String {
        match (&self.answer, &self.found.certificate) {
            (Ok(_), Some(certificate)) => good(certificate, self.question.at, calendar),
            (Ok(_), None) => String::new(),
            (Err(refusal), certificate) => {
                causes::cause(refusal, certificate.as_ref(), self, calendar)
            }
        }
    }

    /// The lines below. Of files that are not genuine, only the digest of the one that is not.
    #[must_use]
    pub fn lines(&self, calendar: &dyn Calendar) -> Vec<Line> {
        let Some(certificate) = &self.found.certificate else {
            return vec![line("file", format!("the {}'s SHA-256 {}", self.about, self.file))];
        };
        let mut lines = vec![
            line("licence", self.licence(certificate.decided().candidate(), calendar)),
            line("decided", decided(certificate, calendar)),
            line("signed", self.signed(certificate)),
        ];
        let status = self.status(certificate.decided().candidate(), calendar);
        lines.extend(status.map(|text| line("status", text)));
        lines.push(line("not proven", self.not_proven(calendar)));
        lines
    }

    fn licence(&self, candidate: &Candidate, calendar: &dyn Calendar) -> String {
        let facts = &candidate.facts;
        let number = match &self.found.record {
            None => "salted (which number: --record FILE)".into(),
            Some(record) => record.licence.as_ref().map_or_else(
                || "the record matches, its number is hidden".into(),
                |licence| format!("the record matches, its number is {licence}"),
            ),
        };
        let local = candidate.decision.local_class.as_ref();
        let counts_as = local.map(|class| format!(" ≙ {class}")).unwrap_or_default();
        let last = Timestamp(facts.not_after.0.saturating_sub(1));
        let (key, class, until) = (candidate.licence.0.short(), &facts.class, calendar.day(last));
        format!("key {key}, {number} · {class}{counts_as} · to {until}")
    }

    fn signed(&self, certificate: &VerifiedCertificate) -> String {
        let signed = [signers(certificate), needed(certificate)].join("   ");
        let trust = format!("trust.json {} …", first_fours(&self.trust));
        [epoch(certificate), signed, members(certificate), trust].join(" · ")
    }

    /// How the licence stands; nothing where the headline says it.
    fn status(&self, candidate: &Candidate, calendar: &dyn Calendar) -> Option<String> {
        let standing = self.answer.as_ref().ok()?;
        let as_of = near(standing.as_of, self.question.at, calendar);
        let text = format!("valid as of {as_of}, {}; {}", age(standing), self.how_long(candidate));
        let notes = [
            (
                self.found.status_unused,
                "the status file is older than the certificate and was not used",
            ),
            (
                self.question.at > self.question.now.saturating_add(CLOCK_SKEW),
                "the moment asked about is still to come",
            ),
        ];
        let notes = notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note);
        Some(std::iter::once(text.as_str()).chain(notes).collect::<Vec<_>>().join(" · "))
    }

    fn how_long(&self, candidate: &Candidate) -> String {
        let (limit, pack) = (self.question.limit(candidate), pack_limit(candidate));
        let why = if limit < pack { "--fresh" } else { "the pack says so" };
        format!("offline it counts for {} ({why}), online for {}", span(limit), span(ONLINE_LIMIT))
    }

    fn not_proven(&self, calendar: &dyn Calendar) -> String {
        let anything_after = self.answer.as_ref().ok().map(|standing| {
            let (time, other) = (standing.as_of, self.question.at);
            let same_day = calendar.day(time) == calendar.day(other);
            let time = if same_day { calendar.time_again(time) } else { calendar.moment(time) };
            format!("anything after {time} · ")
        });
        format!(
            "that the bearer is the holder · that what the issuer wrote is true · {}the law's consequence",
            anything_after.unwrap_or_default()
        )
    }
}

fn line(label: &'static str, text: String) -> Line {
    Line { label, text }
}

fn good(certificate: &VerifiedCertificate, at: Timestamp, calendar: &dyn Calendar) -> String {
    let facts = &certificate.decided().candidate().facts;
    format!("for {} in {}, checked for {}", facts.purpose, facts.to, calendar.moment(at))
}

fn decided(certificate: &VerifiedCertificate, calendar: &dyn Calendar) -> String {
    let candidate = certificate.decided().candidate();
    let word = match certificate.decided() {
        Decided::Recognised(_) => "recognised",
        Decided::Declined(_) => "declined",
    };
    let packs: Vec<String> =
        candidate.packs.iter().map(|pack| format!("{} {}", pack.region, pack.version)).collect();
    let (time, index) = (calendar.precise(certificate.batch().time), count(certificate.index()));
    let lane = &certificate.origin().lane;
    format!("{word} {time} · entry {index} of {lane} · under pack {}", packs.join(" and "))
}

/// `epoch 1 (no later one known)`, or which later one sealed it.
fn epoch(certificate: &VerifiedCertificate) -> String {
    let epoch = certificate.signed().epoch();
    match certificate.seal() {
        None => format!("epoch {epoch} (no later one known)"),
        Some(seal) => format!("epoch {epoch}, sealed by epoch {}", seal.epoch()),
    }
}

/// `CN-GD by 4 names and threshold ✓   CN-HK by 3 names and threshold ✓`.
fn signers(certificate: &VerifiedCertificate) -> String {
    let signed = certificate.signed();
    let Some(epoch) = certificate.epochs().get(signed.epoch()) else { return String::new() };
    let threshold = match epoch.entry().required {
        Required::CosignaturesAndThreshold => " and threshold",
        Required::Cosignatures => "",
    };
    let of = |place| signed.cosigners().iter().filter(|(m, _)| m.committee == place).count();
    let committees = (0..).zip(&epoch.entry().committees);
    let each: Vec<String> = committees
        .map(|(place, committee)| {
            format!("{} by {} names{threshold} ✓", committee.region, of(place))
        })
        .collect();
    each.join("   ")
}

/// `3 of 4 needed`, or the committees' different numbers.
fn needed(certificate: &VerifiedCertificate) -> String {
    let epoch = certificate.epochs().get(certificate.signed().epoch());
    let committees = epoch.iter().flat_map(|epoch| &epoch.entry().committees);
    let mut sizes: Vec<String> = committees.map(|committee| committee.size.to_string()).collect();
    sizes.dedup();
    format!("{} needed", sizes.join(" and "))
}

/// `accepted by 4 and 3, named`.
fn members(certificate: &VerifiedCertificate) -> String {
    let word = match certificate.decided() {
        Decided::Recognised(_) => "accepted",
        Decided::Declined(_) => "refused",
    };
    let bits = certificate.decided().members().iter();
    let counts: Vec<String> = bits.map(|bits| bits.count_ones().to_string()).collect();
    format!("{word} by {}, named", counts.join(" and "))
}

/// The names behind the counts, for those who ask: who accepted (or refused), committee by committee.
#[must_use]
pub fn names(certificate: &VerifiedCertificate) -> Vec<String> {
    let epoch = certificate.epochs().get(certificate.batch().epoch);
    let committees = epoch.iter().flat_map(|epoch| &epoch.entry().committees);
    let each = committees.zip(certificate.decided().members()).flat_map(|(committee, bits)| {
        let members = (0..).zip(&committee.members);
        let named =
            members.filter(move |(place, _)| bits.checked_shr(*place).unwrap_or(0) & 1 == 1);
        named.map(|(_, m)| format!("{} {} ({})", committee.region, m.name, m.organisation.as_str()))
    });
    each.collect()
}

fn age(standing: &Standing) -> String {
    let word = if standing.is_later { "after the moment asked" } else { "old" };
    format!("{} {word}", span(standing.age))
}

/// A moment of the same day without the day.
fn near(time: Timestamp, other: Timestamp, calendar: &dyn Calendar) -> String {
    if calendar.day(time) == calendar.day(other) {
        calendar.time_of_day(time)
    } else {
        calendar.moment(time)
    }
}

fn first_fours(digest: &gateway_types::Digest) -> String {
    fours(digest).chars().take(9).collect()
}

/// Whether the reader can do something about it: a refusal that is not final.
#[must_use]
pub fn can_be_mended(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::CannotSay(_))
}

#[cfg(test)]
mod tests;
