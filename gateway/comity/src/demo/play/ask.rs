//! A platform asks; what comes back is verified before a line of it is printed.

use super::Tally;
use crate::{
    demo::{
        clock::Since,
        files::Folder,
        regions::{SOURCE, lane},
        running::Running,
        stage::{Stage, clock, duration, size, tenths},
    },
    moment::now,
    output::{CYAN, GREEN, styled},
};
use anyhow::{Context as _, bail, ensure};
use certificate::{Decided, VerifiedCertificate};
use comity::ask::{Answer, PlatformClient, Proof, Question, Received, believe};
use embedded_chain::{ExampleLicence, SHOWN};
use gateway_types::{Origin, candidate::Candidate, id::IdempotencyKey};
use serde_json::Value;
use std::time::Duration;

/// What it is asked for.
pub(in crate::demo) const PURPOSE: &str = "licence-exchange";

/// A field that the holder hides: the record has it.
const HIDDEN: &str = "id_number";

/// How long an answer is waited for: a question that is still open then lapses soon, 60 s after it was asked.
const WAIT: Duration = Duration::from_secs(58);

/// One question, from asking to its proof.
#[derive(Debug)]
pub(in crate::demo) struct Asking {
    pub(in crate::demo) to: &'static str,
    pub(in crate::demo) client: PlatformClient,
    pub(in crate::demo) question: Question,
    pub(in crate::demo) id: String,
    asked: Since,
    took: Duration,
    hidden: usize,
    pub(in crate::demo) proof: Option<Box<Proof>>,
}

/// Asks, and shows that the question was stored.
pub(in crate::demo) fn ask(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
    to: &'static str,
    tally: &mut Tally,
) -> anyhow::Result<Asking> {
    let asking = ask_quietly(running, licence, to, tally)?;
    stage.good(format!(
        "stored as {}, cannot get lost now   {}",
        styled(CYAN, &asking.id),
        duration(asking.took)
    ));
    Ok(asking)
}

/// Asks without a word.
pub(in crate::demo) fn ask_quietly(
    running: &mut Running,
    licence: &ExampleLicence,
    to: &'static str,
    tally: &mut Tally,
) -> anyhow::Result<Asking> {
    let client = running.client(to)?;
    let (question, hidden) = question(&client, licence, to)?;
    let asked = Since::now();
    let received = running.runtime.block_on(client.ask(&question, Duration::ZERO))?;
    let took = asked.elapsed();
    tally.questions = tally.questions.saturating_add(1);
    let id = received.id;
    Ok(Asking { to, client, question, id, asked, took, hidden, proof: None })
}

/// The holder's part: no more than is needed, bound to this one request, for one purpose and a limited time.
fn question(
    client: &PlatformClient,
    licence: &ExampleLicence,
    to: &str,
) -> anyhow::Result<(Question, usize)> {
    let origin = Origin { deployment: "comity.demo".parse()?, lane: lane(to)? };
    let (key, purpose) = (fresh_key()?, PURPOSE.parse()?);
    let handed = licence.hand_over(&origin, client.me(), &purpose, &key, now())?;
    let question = Question {
        licence: licence.licence.clone(),
        from: SOURCE.parse()?,
        to: to.parse()?,
        purpose,
        record: handed.record,
        consent: Some(handed.consent),
        key,
    };
    let fields = &licence.issued.disclosures;
    ensure!(fields.iter().any(|(name, _)| name == HIDDEN), "{HIDDEN} is not in the record");
    Ok((question, fields.len().saturating_sub(SHOWN.len())))
}

fn fresh_key() -> anyhow::Result<IdempotencyKey> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hex::encode(random).parse()?)
}

/// Waits for the answer and verifies it.
fn answer(running: &mut Running, asking: &Asking) -> anyhow::Result<Answer> {
    let (client, question) = (&asking.client, &asking.question);
    let trust = &running.trust;
    running.runtime.block_on(async {
        let mut received: Received = client.look(&asking.id, WAIT).await?;
        while received.is_open() && asking.asked.elapsed() < WAIT {
            received = client.look(&asking.id, WAIT).await?;
        }
        Ok(believe(client, trust, question, received, now()).await)
    })
}

/// Waits until it is a yes; anything else is a bug here.
pub(in crate::demo) fn wait_for_yes(
    running: &mut Running,
    asking: &mut Asking,
) -> anyhow::Result<()> {
    match answer(running, asking)? {
        Answer::Yes(proof) => asking.proof = Some(proof),
        other => bail!("the answer should be yes, and is {}", other.summary()),
    }
    asking.took = asking.asked.elapsed();
    Ok(())
}

/// Waits until it is a no; anything else is a bug here.
pub(in crate::demo) fn wait_for_no(
    running: &mut Running,
    asking: &mut Asking,
) -> anyhow::Result<()> {
    match answer(running, asking)? {
        Answer::No(proof) => asking.proof = Some(proof),
        other => bail!("the answer should be no, and is {}", other.summary()),
    }
    asking.took = asking.asked.elapsed();
    Ok(())
}

impl Asking {
    pub(in crate::demo) fn proof(&self) -> anyhow::Result<&Proof> {
        self.proof.as_deref().context("an answer")
    }

    /// What the certificate says, verified.
    pub(in crate::demo) fn certificate(&self) -> anyhow::Result<&VerifiedCertificate> {
        self.proof()?.report.found.certificate.as_ref().context("a certificate")
    }

    fn candidate(&self) -> anyhow::Result<&Candidate> {
        Ok(self.certificate()?.decided().candidate())
    }
}

/// The header, the proof under it, and the record: as the certificate says.
pub(in crate::demo) fn prove(
    stage: &mut Stage<'_>,
    running: &mut Running,
    asking: &mut Asking,
) -> anyhow::Result<()> {
    wait_for_yes(running, asking)?;
    let candidate = asking.candidate()?;
    let height = candidate.evidence.height;
    let (signed, of) = signers(running, height)?;
    let age = candidate.time().since(candidate.evidence.block_time);
    stage.good(format!(
        "header   {SOURCE} block {height}, signed by {signed} of {of} validators (more than 2/3 needed), {} s old",
        tenths(age)
    ));
    let code = candidate.facts.code.context("a status")?;
    stage.good(format!(
        "proof    the registry held this digest with status {} at block {}   ICS-23",
        code.status(),
        height.saturating_sub(1)
    ));
    stage.good(format!(
        "record   matches the digest; shown: {}; hidden: {} fields, {HIDDEN} among them; only {}'s side gets it",
        SHOWN.join(", "),
        asking.hidden,
        asking.to
    ));
    Ok(())
}

/// How many validators signed the block, of how many.
fn signers(running: &Running, height: u64) -> anyhow::Result<(usize, usize)> {
    let commit = running.ask_node(0, &format!("/commit?height={height}"))?;
    let signatures = commit.pointer("/result/signed_header/commit/signatures");
    let signatures = signatures.and_then(Value::as_array).context("a commit")?;
    let for_it = |it: &&Value| it.get("block_id_flag").and_then(Value::as_u64) == Some(2);
    Ok((signatures.iter().filter(for_it).count(), signatures.len()))
}

/// What both packs said, rule by rule.
pub(in crate::demo) fn decide(stage: &mut Stage<'_>, asking: &Asking) -> anyhow::Result<()> {
    let candidate = asking.candidate()?;
    for (pack, verb) in candidate.packs.iter().zip(["disclosure", "recognition"]) {
        let region = pack.region.as_str();
        let of_it = candidate.decision.reasons.iter().map(|rule| rule.as_str());
        let rules: Vec<&str> = of_it.filter(|rule| rule.starts_with(region)).collect();
        stage.good(format!(
            "{region} pack {}   permits {verb:<11}   {}",
            pack.version,
            rules.join(" · ")
        ));
    }
    let class = candidate.decision.local_class.as_ref().context("a local class")?;
    let obligations: Vec<String> =
        candidate.decision.obligations.iter().map(ToString::to_string).collect();
    stage.note(format!(
        "{} counts as {class} in {} · obligations: {}",
        candidate.facts.class,
        asking.to,
        if obligations.is_empty() { "none".to_owned() } else { obligations.join(", ") }
    ));
    Ok(())
}

/// Who accepted, and what was signed.
pub(in crate::demo) fn signed(
    stage: &mut Stage<'_>,
    asking: &Asking,
    folder: &Folder,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    verdicts(stage, asking.certificate()?)?;
    say_signed(stage, asking, "recognised")?;
    let proof = asking.proof()?;
    let path = folder.write_bytes("certificate.json", &proof.certificate)?;
    let decided = asking.certificate()?.batch().time;
    stage.note(format!(
        "{}        recognised at {}, {} after the question   certificate: {} ({})",
        styled(GREEN, "YES"),
        clock(decided),
        duration(asking.took),
        path.display(),
        size(proof.certificate.len())
    ));
    tally.yes = tally.yes.saturating_add(1);
    Ok(())
}

/// The same licence in another region.
pub(in crate::demo) fn also(
    stage: &mut Stage<'_>,
    asking: &Asking,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let Decided::Recognised(entry) = asking.certificate()?.decided() else {
        bail!("not a recognised entry");
    };
    let class = entry.candidate.decision.local_class.as_ref().context("a local class")?;
    stage.note(format!(
        "{}        the same licence in {}, as {class}: entry {} of its own lane, {} after the question",
        styled(GREEN, "YES"),
        asking.to,
        asking.certificate()?.index(),
        duration(asking.took)
    ));
    tally.yes = tally.yes.saturating_add(1);
    Ok(())
}

fn verdicts(stage: &mut Stage<'_>, certificate: &VerifiedCertificate) -> anyhow::Result<()> {
    let epoch = certificate.epochs().get(certificate.batch().epoch).context("an epoch")?;
    let committees = epoch.entry().committees.iter().zip(certificate.decided().members());
    for (committee, bits) in committees {
        let has = |place: usize| {
            u32::try_from(place).is_ok_and(|p| bits.checked_shr(p).unwrap_or(0) & 1 == 1)
        };
        let words: Vec<&str> = (0..committee.members.len())
            .map(|place| if has(place) { "accept" } else { "–     " })
            .collect();
        let note = if committee.region.as_str() == SOURCE {
            "without ever seeing the record".to_owned()
        } else {
            "member 4 is switched off on purpose: nobody waits for it".to_owned()
        };
        stage.good(format!(
            "{}    {}   {} of {}, {} needed   {note}",
            committee.region,
            words.join(" "),
            bits.count_ones(),
            committee.members.len(),
            committee.size.t()
        ));
    }
    Ok(())
}

/// The entry, and the checkpoint under which it lies.
pub(in crate::demo) fn say_signed(
    stage: &mut Stage<'_>,
    asking: &Asking,
    what: &str,
) -> anyhow::Result<()> {
    let certificate = asking.certificate()?;
    let head = certificate.signed().checkpoint().head;
    let names = certificate.signed().cosigners().len();
    stage.good(format!(
        "signed   entry {} {what} · checkpoint of size {}, root {} · by {names} names, and one threshold signature of each committee",
        certificate.index(),
        head.size,
        head.root.short()
    ));
    Ok(())
}
