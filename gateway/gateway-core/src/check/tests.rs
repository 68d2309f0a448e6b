use super::*;
use crate::{
    StoredRequest,
    fixture::{Holder, Moment, NOW, destination, later, lax_world, ledger, world},
    texts_of,
};
use gateway_types::{
    Bounded, Digest, LicenceKey, SourceCode,
    candidate::{Form, PackRef},
    facts::ConsentFacts,
};

/// A question, its evidence, and the candidate that an honest gateway made of them.
struct Case {
    request: StoredRequest,
    evidence: Evidence,
    candidate: Candidate,
}

fn case(holder: &Holder, code: u8) -> Case {
    let request = holder.request();
    let evidence = holder.registry(code).prove(Holder::key());
    let candidate = world().made(&request, &evidence).candidate;
    Case { request, evidence, candidate }
}

fn good() -> Case {
    case(&Holder::default(), 1)
}

impl Case {
    fn source(&self) -> Result<Judgement, NoVerdict> {
        check_candidate(&world().lane(), &View::Source, &self.candidate, &self.evidence, NOW)
    }

    fn destination(&self) -> Result<Judgement, NoVerdict> {
        let view = destination(&self.request);
        check_candidate(&world().lane(), &view, &self.candidate, &self.evidence, NOW)
    }

    fn both(&self, expected: Judgement) {
        assert_eq!(self.source(), Ok(expected), "source");
        assert_eq!(self.destination(), Ok(expected), "destination");
    }
}

fn mismatch() -> Judgement {
    Judgement::Refuse(Reason::CandidateMismatch)
}

#[test]
fn both_sides_accept_what_an_honest_gateway_made() {
    good().both(Judgement::Accept);
    let car = Holder { class: "driving-c2", ..Holder::default() };
    case(&car, 1).both(Judgement::Accept);
    let filing = case(&Holder { class: "engineer", ..Holder::default() }, 1);
    assert_eq!(filing.candidate.decision.form, Form::AcceptedByFiling);
    filing.both(Judgement::Accept);
}

#[test]
fn a_verdict_is_about_the_candidate_and_gives_a_reason_only_to_refuse() {
    let candidate = good().candidate;
    let digest = candidate.digest();
    let verdict = |judgement: Judgement| judgement.verdict(&candidate);
    let accept = Verdict { candidate: digest, word: Word::Accept, reason: None };
    assert_eq!(verdict(Judgement::Accept), accept);
    let reason = Some(Reason::LicenceNotValid);
    let refuse = Verdict { candidate: digest, word: Word::Refuse, reason };
    assert_eq!(verdict(Judgement::Refuse(Reason::LicenceNotValid)), refuse);
    assert_eq!(verdict(Judgement::Later).word, Word::Later);
}

#[test]
fn both_sides_refuse_with_the_reason_that_the_packs_give() {
    let holder = Holder::default();
    let refused =
        |holder: &Holder, code, reason| case(holder, code).both(Judgement::Refuse(reason));
    refused(&holder, 7, Reason::LicenceNotValid);
    refused(&holder, 2, Reason::LicenceNotValid);
    refused(&Holder { last_day: "2026-11-20", ..holder.clone() }, 1, Reason::LicenceExpired);
    refused(&Holder { first_day: "2026-11-22", ..holder.clone() }, 1, Reason::LicenceNotYet);
    let unlisted = Holder { issuer: "11440100EXAMPLE22D", ..holder.clone() };
    refused(&unlisted, 1, Reason::IssuerNotAccredited);
    refused(&Holder { consent: None, ..holder }, 1, Reason::ConsentMissing);
}

#[test]
fn a_pack_that_forgets_what_a_licence_must_be_lets_nothing_through() {
    let holder = Holder::default();
    let check = |holder: &Holder, code, expected| {
        let lane = lax_world().lane();
        let request = holder.request();
        let evidence = holder.registry(code).prove(Holder::key());
        let candidate = lax_world().made(&request, &evidence).candidate;
        assert_ne!(candidate.decision.form, Form::Denied, "the packs permit");
        for view in [View::Source, destination(&request)] {
            let judged = check_candidate(&lane, &view, &candidate, &evidence, NOW);
            assert_eq!(judged, Ok(expected), "{view:?}");
        }
    };
    check(&holder, 1, Judgement::Accept);
    check(&holder, 2, Judgement::Refuse(Reason::LicenceNotValid));
    check(&holder, 7, Judgement::Refuse(Reason::LicenceNotValid));
    let ended = Holder { last_day: "2026-11-20", ..holder.clone() };
    check(&ended, 1, Judgement::Refuse(Reason::LicenceExpired));
    let early = Holder { first_day: "2026-11-22", ..holder.clone() };
    check(&early, 1, Judgement::Refuse(Reason::LicenceNotYet));
    // Of such a record no signature was looked at.
    let unlisted = Holder { issuer: "11440100EXAMPLE22D", ..holder };
    check(&Holder { consent: None, ..unlisted }, 1, Judgement::Refuse(Reason::IssuerNotAccredited));
}

#[test]
fn a38_a_proven_absence_is_refused_as_not_registered() {
    let request = Holder::default().request();
    let nothing = ledger(LicenceKey(Digest([4; 32])), Digest([5; 32]), 1);
    let evidence = nothing.prove(Holder::key());
    let candidate = world().made(&request, &evidence).candidate;
    let absent = Case { request, evidence, candidate };
    absent.both(Judgement::Refuse(Reason::LicenceNotRegistered));
    // A gateway that says "valid" all the same.
    let mut lie = absent;
    lie.candidate.facts.code = Some(SourceCode::VALID);
    lie.candidate.evidence.sequence = Some(1);
    lie.both(mismatch());
}

#[test]
fn a38_evidence_that_is_too_old_or_of_another_height_brings_no_verdict() {
    let holder = Holder::default();
    let mut case = good();
    case.evidence = holder.registry(1).prove_at(Holder::key(), Moment { height: 8, age_ms: 800 });
    assert_eq!(case.source(), Err(NoVerdict::OtherEvidence));
    case.evidence =
        holder.registry(1).prove_at(Holder::key(), Moment { height: 9, age_ms: 61_000 });
    assert_eq!(case.destination(), Err(NoVerdict::EvidenceTooOld { age_s: 61 }));
    let other = LicenceKey(Digest([4; 32]));
    case.evidence = ledger(other, Digest([5; 32]), 1).prove(other);
    assert_eq!(case.source(), Err(NoVerdict::OtherEvidence));
}

#[test]
fn a55_a_candidate_without_packs_or_decision_is_not_a_success() {
    let mut case = good();
    case.candidate.packs = Bounded::default();
    case.both(mismatch());
    let mut case = case_with_status(7);
    case.candidate.decision = good().candidate.decision;
    case.both(Judgement::Refuse(Reason::LicenceNotValid));
}

fn case_with_status(code: u8) -> Case {
    case(&Holder::default(), code)
}

#[test]
fn a60_a_licence_revoked_since_is_refused_with_the_newer_evidence() {
    let before = good();
    before.both(Judgement::Accept);
    // The same question with evidence of the block after the revocation is another candidate.
    let holder = Holder::default();
    let evidence = holder.registry(7).prove_at(Holder::key(), Moment { height: 10, age_ms: 100 });
    let candidate = world().made(&before.request, &evidence).candidate;
    assert_ne!(candidate.digest(), before.candidate.digest());
    let after = Case { request: before.request, evidence, candidate };
    after.both(Judgement::Refuse(Reason::LicenceNotValid));
    // The old candidate beside the new evidence: nobody says anything on it.
    let mixed = Case { candidate: before.candidate, ..after };
    assert_eq!(mixed.source(), Err(NoVerdict::OtherEvidence));
}

#[test]
fn a111_a_pack_that_is_not_the_one_in_force_is_refused() {
    let mut case = good();
    let mut packs: Vec<PackRef> = case.candidate.packs.iter().cloned().collect();
    packs[1].digest = Digest([1; 32]);
    case.candidate.packs = Bounded::new(packs).unwrap();
    case.both(mismatch());
}

#[test]
fn a_candidate_that_this_member_cannot_judge_brings_no_verdict() {
    let mut case = good();
    let at = |now| {
        let case = good();
        check_candidate(&world().lane(), &View::Source, &case.candidate, &case.evidence, now)
    };
    for now in [later(5000), Timestamp(NOW.0 - 5000)] {
        assert_eq!(at(now), Ok(Judgement::Accept));
    }
    for now in [later(5001), Timestamp(NOW.0 - 5001)] {
        assert_eq!(at(now), Err(NoVerdict::Clock { time: NOW, now }));
    }
    case.candidate.version = 2;
    assert_eq!(case.source(), Err(NoVerdict::Version { got: 2 }));
    case.candidate = good().candidate;
    case.candidate.origin = "comity.test/CN-GD.CN-HK.standard".parse().unwrap();
    assert_eq!(case.destination(), Err(NoVerdict::OtherLane));
}

type Change = fn(&mut Candidate);

/// One change to each field that is recomputed from proven bytes, and what each side says of it.
/// The source takes class, issuer, dates, platform's standing and the consent as stated: it gets no record.
const FORGED: &[(&str, Change, Judgement, Judgement)] = {
    const OK: Judgement = Judgement::Accept;
    const BAD: Judgement = Judgement::Refuse(Reason::CandidateMismatch);
    const OTHER: Judgement = Judgement::Refuse(Reason::RecordMismatch);
    const BIND: Judgement = Judgement::Refuse(Reason::BindingInvalid);
    const CONSENT: Judgement = Judgement::Refuse(Reason::ConsentInvalid);
    &[
        ("record", |c| c.record = Digest([1; 32]), OTHER, OTHER),
        ("request", |c| c.request = Digest([1; 32]), OK, BIND),
        ("consent digest", |c| c.consent = Some(Digest([1; 32])), OK, BAD),
        ("no consent digest", |c| c.consent = None, BAD, BAD),
        ("chain", |c| c.evidence.chain = "hk-main".parse().unwrap(), BAD, BAD),
        ("block time", |c| c.evidence.block_time = NOW, BAD, BAD),
        ("pin", |c| c.evidence.pin = Digest([1; 32]), BAD, BAD),
        ("sequence", |c| c.evidence.sequence = Some(2), BAD, BAD),
        ("no sequence", |c| c.evidence.sequence = None, BAD, BAD),
        ("life", |c| c.life_ms = 61_000, BAD, BAD),
        ("from", |c| c.facts.from = "CN-MO".parse().unwrap(), BAD, BAD),
        ("to", |c| c.facts.to = "CN-MO".parse().unwrap(), BAD, BAD),
        ("tier", |c| c.facts.tier = "strict".parse().unwrap(), BAD, BAD),
        ("status", |c| c.facts.code = SourceCode::new(2), BAD, BAD),
        ("no status", |c| c.facts.code = None, BAD, BAD),
        ("age", |c| c.facts.evidence_age_s = 0, BAD, BAD),
        ("accredited", |c| c.facts.issuer_accredited = false, BAD, BAD),
        ("review", |c| c.facts.review = true, BAD, BAD),
        ("not before", |c| c.facts.not_before = Timestamp(0), OK, BAD),
        ("not after", |c| c.facts.not_after = later(1), OK, BAD),
        ("platform", |c| c.facts.platform.name = "bank".parse().unwrap(), CONSENT, CONSENT),
        ("region", |c| c.facts.platform.region = "CN-GD".parse().unwrap(), BAD, BAD),
        ("purpose", |c| c.facts.purpose = "audit".parse().unwrap(), CONSENT, CONSENT),
        ("suspended", |c| c.facts.platform_suspended = true, POLICY, BAD),
        ("onward", |c| c.facts.onward = true, POLICY, BAD),
        ("contract", |c| c.facts.contract_filed = true, BAD, BAD),
        ("obligations", |c| c.facts.obligations = Bounded::default(), POLICY, POLICY),
        ("local class", |c| c.decision.local_class = None, BAD, BAD),
        ("form", |c| c.decision.form = Form::AcceptedByFiling, BAD, BAD),
        ("reasons", |c| c.decision.reasons = Bounded::default(), BAD, BAD),
        ("terms", |c| c.decision.obligations = Bounded::default(), BAD, BAD),
    ]
};
const POLICY: Judgement = Judgement::Refuse(Reason::PolicyDenied);

#[test]
fn a45_every_field_of_a_candidate_is_recomputed_from_proven_bytes() {
    for (name, change, source, destination) in FORGED {
        let mut case = good();
        change(&mut case.candidate);
        assert_eq!(case.source(), Ok(*source), "{name}, source");
        assert_eq!(case.destination(), Ok(*destination), "{name}, destination");
    }
}

#[test]
fn a45_a_class_or_issuer_that_is_not_the_records_is_refused_where_the_record_is() {
    let mut case = good();
    case.candidate.facts.class = "engineer".parse().unwrap();
    // The source sees a class that would count as something else than the candidate says.
    case.both(mismatch());
    let mut case = good();
    case.candidate.facts.issuer = "11440100EXAMPLE22D".parse().unwrap();
    case.both(mismatch());
    // Even if the rest of the candidate is made to fit the other class.
    let engineer = Holder { class: "engineer", ..Holder::default() };
    let mut forged = good();
    forged.candidate.facts.class = "engineer".parse().unwrap();
    forged.candidate.decision = self::case(&engineer, 1).candidate.decision;
    assert_eq!(forged.source(), Ok(Judgement::Accept), "as stated");
    assert_eq!(forged.destination(), Ok(mismatch()));
}

#[test]
fn a45_another_licence_cannot_be_put_under_a_good_proof() {
    let mut case = good();
    case.candidate.licence = LicenceKey(Digest([4; 32]));
    assert_eq!(case.source(), Err(NoVerdict::OtherEvidence));
    // With a proof of that other licence, which holds this record's digest.
    let other = LicenceKey(Digest([4; 32]));
    case.evidence = ledger(other, case.candidate.record, 1).prove(other);
    assert_eq!(case.source(), Ok(Judgement::Accept), "it cannot know");
    assert_eq!(case.destination(), Ok(Judgement::Refuse(Reason::RecordMismatch)));
}

#[test]
fn consent_is_judged_as_stated_by_the_source_and_as_signed_by_the_destination() {
    let with = |change: fn(&mut ConsentFacts), reason| {
        let mut case = good();
        change(case.candidate.facts.consent.as_mut().unwrap());
        assert_eq!(case.source(), Ok(Judgement::Refuse(reason)));
        assert_eq!(case.destination(), Ok(Judgement::Refuse(reason)));
    };
    with(|c| c.withdrawn = true, Reason::ConsentWithdrawn);
    with(|c| c.expires = NOW, Reason::ConsentExpired);
    with(|c| c.purpose = "audit".parse().unwrap(), Reason::ConsentInvalid);
    with(|c| c.recipient.name = "bank".parse().unwrap(), Reason::ConsentInvalid);
    // A term that is stated longer than it was signed.
    let mut longer = good();
    longer.candidate.facts.consent.as_mut().unwrap().expires = later(999_999_999);
    assert_eq!(longer.source(), Ok(Judgement::Accept), "as stated");
    assert_eq!(longer.destination(), Ok(mismatch()));
}

#[test]
fn a94_the_destination_refuses_a_record_or_proof_that_is_not_the_holders() {
    let refused = |change: fn(&mut StoredRequest), reason| {
        let mut case = good();
        change(&mut case.request);
        assert_eq!(case.destination(), Ok(Judgement::Refuse(reason)));
        assert_eq!(case.source(), Ok(Judgement::Accept), "it never gets the record");
    };
    refused(|r| r.question.record.insert(60, 'A'), Reason::RecordInvalid);
    refused(|r| r.question.record.push('A'), Reason::BindingInvalid);
    refused(|r| r.question.consent = Some("a.b.c".into()), Reason::ConsentInvalid);
    let forged = Holder { signed_by: "11440100EXAMPLE22D", ..Holder::default() };
    let mut case = good();
    case.request = forged.request();
    assert_eq!(case.destination(), Ok(Judgement::Refuse(Reason::RecordInvalid)));
}

#[test]
fn a45_another_record_of_the_same_holder_is_not_the_candidates() {
    let mut case = good();
    case.request = Holder { last_day: "2041-05-31", ..Holder::default() }.request();
    assert_eq!(case.destination(), Ok(Judgement::Refuse(Reason::RecordMismatch)));
}

#[test]
fn the_destinations_own_knowledge_of_the_platform_counts() {
    let case = good();
    let standing = PlatformStanding { suspended: true, ..PlatformStanding::default() };
    let view = View::Destination { texts: texts_of(&case.request), standing };
    let judgement = check_candidate(&world().lane(), &view, &case.candidate, &case.evidence, NOW);
    assert_eq!(judgement, Ok(mismatch()));
}

#[test]
fn a_class_that_asks_for_a_person_waits() {
    // In the standard lane the class is denied before anybody looks.
    let medical = Holder {
        class: "medical",
        issuer: "11440100EXAMPLE22D",
        signed_by: "11440100EXAMPLE22D",
        ..Holder::default()
    };
    case(&medical, 1).both(POLICY);
}
