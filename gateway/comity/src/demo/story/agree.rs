//! Verdicts, a batch that holds the outcome, and the certificate of it.

use super::{ask::Asking, open::ABSENT};
use crate::demo::{
    files::Folder,
    stage::{Stage, answer, clock, size},
    world::World,
};
use anyhow::{Context as _, ensure};
use gateway_core::{Answer, Leaf, verify_logged};
use gateway_cosign::Verified;
use gateway_types::{
    MemberRef,
    candidate::Candidate,
    entry::{Entry, SyncPoint},
    verdict::{VerdictList, Word},
};

/// What every member said: its list, checked, or nothing.
pub(super) type Said = Vec<(MemberRef, Option<Verified<VerdictList>>)>;

/// The members judge, the lane agrees, the gateway answers.
pub(super) fn agree(
    stage: &mut Stage<'_>,
    world: &mut World,
    asking: &mut Asking,
    candidate: &Candidate,
    folder: &Folder,
) -> anyhow::Result<()> {
    let said = judge(world, asking, candidate);
    say_verdicts(stage, world, &said);
    world.founded.lane.work();
    let index = logged_at(world, |entry| matches!(entry, Entry::Recognised(_)))?;
    world.first_answer = world.founded.lane.batches().len().saturating_sub(1);
    say_signed(stage, world, &format!("entry {index} recognised"))?;
    conclude(world, asking, index, Answer::Yes)?;
    let file = certificate::read::write(&world.certificate(index)?);
    let path = folder.write("certificate.json", &file)?;
    folder.write("trust.json", &certificate::read::write(&world.trust_file()?))?;
    stage.note(format!(
        "{}        recognised at {}   certificate: {} ({})",
        answer("yes"),
        clock(world.newest()?.body.body().time),
        path.display(),
        size(file.len())
    ));
    Ok(())
}

/// Every member judges the candidate, each by itself; the recognition hears all of them.
pub(super) fn judge(world: &mut World, asking: &mut Asking, candidate: &Candidate) -> Said {
    let said = world.founded.lane.ask_members(candidate, &asking.shown, &asking.asked.handed);
    for list in said.iter().filter_map(|(_, list)| list.as_ref()) {
        asking.recognition.handle_verdicts(list, world.now());
    }
    said
}

/// The entry of the newest batch that is as wanted: its place in the log.
pub(super) fn logged_at(world: &World, wanted: impl Fn(&Entry) -> bool) -> anyhow::Result<u64> {
    let entries = world.newest_entries()?;
    let found = entries.iter().find(|(_, entry)| wanted(entry)).map(|(index, _)| *index);
    found.with_context(|| {
        let kinds: Vec<&str> = entries.iter().map(|(_, entry)| entry.kind()).collect();
        let refused = world.founded.lane.refused().join("; ");
        format!("not agreed: the newest batch holds {}; refused: {refused}", kinds.join(", "))
    })
}

/// The sync point of the newest batch.
pub(super) fn sync_of(world: &World) -> anyhow::Result<SyncPoint> {
    let entries = world.newest_entries()?;
    let Some((_, Entry::Batch(batch))) = entries.first() else { anyhow::bail!("no batch entry") };
    batch.sync.clone().context("no sync point")
}

/// The answer is what is in the log, under the signed checkpoint: verified before it is given.
pub(super) fn conclude(
    world: &mut World,
    asking: &mut Asking,
    index: u64,
    expected: Answer,
) -> anyhow::Result<()> {
    let certificate = world.certificate(index)?;
    let signed = world.newest()?.checkpoint.clone();
    let (entry, batch) = (&certificate.entry, &certificate.batch);
    let proofs = [entry, batch].map(|it| it.proof.iter().map(|hash| hash.0).collect::<Vec<_>>());
    let [entry_proof, batch_proof] = &proofs;
    let entry =
        Leaf { salt: &entry.salt.0, bytes: &entry.bytes, index: entry.index, proof: entry_proof };
    let batch =
        Leaf { salt: &batch.salt.0, bytes: &batch.bytes, index: batch.index, proof: batch_proof };
    asking.recognition.handle_logged(&verify_logged(&signed, &entry, &batch)?);
    let got = asking.recognition.view(world.now(), None).answer;
    ensure!(got == expected, "the answer is {}, expected {}", got.as_str(), expected.as_str());
    world.count(got);
    Ok(())
}

/// A line a committee: who said what.
pub(super) fn say_verdicts(stage: &mut Stage<'_>, world: &World, said: &Said) {
    for (place, committee) in (0u8..).zip(world.founded.facts.keys.committees()) {
        let of_it = said.iter().filter(|(member, _)| member.committee == place);
        let words: Vec<&str> = of_it.clone().map(|(_, list)| word(list.as_ref())).collect();
        let silent: Vec<MemberRef> =
            of_it.filter(|(_, list)| list.is_none()).map(|(member, _)| *member).collect();
        let aside = match place {
            0 => "without ever seeing the record",
            _ if silent == [ABSENT] => "member 4 is switched off on purpose: nobody waits for it",
            _ => "",
        };
        let padded: Vec<String> = words.iter().map(|word| format!("{word:<6}")).collect();
        let line = format!(
            "{}     {}   {} of {}, {} needed   {aside}",
            committee.name().region,
            padded.join(" "),
            words.len().saturating_sub(silent.len()),
            words.len(),
            committee.size().t()
        );
        if words.contains(&"refuse") { stage.bad(line) } else { stage.good(line) }
    }
}

/// A member that said nothing.
const SILENT: &str = "–";

fn word(list: Option<&Verified<VerdictList>>) -> &'static str {
    let verdict = list.and_then(|list| list.verdicts.first().copied());
    match verdict.map(|verdict| verdict.word) {
        Some(Word::Accept) => "accept",
        Some(Word::Refuse) => "refuse",
        Some(Word::Later) => "later",
        None => SILENT,
    }
}

/// What the newest checkpoint holds, and who signed it.
pub(super) fn say_signed(stage: &mut Stage<'_>, world: &World, what: &str) -> anyhow::Result<()> {
    let batch = world.newest()?;
    let cosigners = batch.checkpoint.cosigners();
    let of = |place: u8| cosigners.iter().filter(|(member, _)| member.committee == place).count();
    let head = batch.body.body().head;
    stage.good(format!(
        "signed    {what} · checkpoint of size {}, root {} · by name {} and {}, and one threshold signature of each",
        head.size,
        head.root.short(),
        of(0),
        of(1)
    ));
    Ok(())
}
