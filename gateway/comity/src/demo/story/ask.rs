//! A question, the proof of what it asks about, and what both packs decide.

use crate::{
    demo::{
        stage::{Stage, size, tenths},
        world::{Asked, World},
    },
    output::{CYAN, styled},
};
use anyhow::ensure;
use comity::local::{question::Shown, recorded::Licence};
use gateway_core::{Effect, Evidence, PlatformStanding, Presented, Recognition, check_request};
use gateway_types::{candidate::Candidate, id::RuleId};
use policy_engine::Pack;

/// A field that nobody needs to see.
const HIDDEN: &str = "id_number";

/// A question on its way.
pub(super) struct Asking {
    pub(super) asked: Asked,
    pub(super) recognition: Recognition,
    pub(super) shown: Shown,
}

impl Asking {
    /// A platform asks about a licence when `header` is the chain's newest.
    pub(super) fn new(world: &mut World, licence: &Licence, header: u64) -> anyhow::Result<Self> {
        let asked = world.ask(licence)?;
        let presented = check(world, &asked)?;
        let shown = world.shown(licence, header)?;
        Ok(Self::checked(world, asked, presented, shown))
    }

    /// The gateway has looked at what it was handed, and takes the question.
    fn checked(world: &World, asked: Asked, presented: Presented, shown: Shown) -> Self {
        let recognition = Recognition::new(asked.request.clone(), presented, world.now());
        Self { asked, recognition, shown }
    }

    /// Gives the recognition its evidence, and takes the candidate that it makes of it.
    pub(super) fn candidate(
        &mut self,
        world: &World,
        evidence: &Evidence,
    ) -> anyhow::Result<Candidate> {
        let facts = &world.founded.facts;
        let pin = facts.pin.id();
        let lane = facts.packs.lane(&world.origin, &pin);
        let standing = PlatformStanding::default();
        self.recognition.handle_evidence(&lane, &facts.keys, evidence, standing, world.now())?;
        while let Some(effect) = self.recognition.poll_effect() {
            if let Effect::SendCandidate(candidate) = effect {
                return Ok(*candidate);
            }
        }
        anyhow::bail!("the gateway made no candidate")
    }

    /// Proves what a node of the chain showed, by the gateway's own light client.
    pub(super) fn evidence(&self, world: &World) -> anyhow::Result<Evidence> {
        let record = gateway_record::Record::parse(&self.asked.handed.record)?;
        let key = record.key_of(&self.asked.handed.licence);
        world.gateway.prove(key, &self.shown, world.now())
    }
}

fn check(world: &World, asked: &Asked) -> anyhow::Result<Presented> {
    let pin = world.founded.facts.pin.id();
    let lane = world.founded.facts.packs.lane(&world.origin, &pin);
    Ok(check_request(&lane, &world.origin.lane.destination, &asked.request, world.now())?)
}

/// The gateway looks at what it was handed before it takes the question.
pub(super) fn ask(
    stage: &mut Stage<'_>,
    world: &mut World,
    licence: &Licence,
    header: u64,
) -> anyhow::Result<Asking> {
    let asked = world.ask(licence)?;
    let presented = check(world, &asked)?;
    stage.good(format!(
        "{}: the number's check character, the issuer's signature, the holder's proof and the consent hold",
        styled(CYAN, &asked.request.id)
    ));
    let shown: Vec<&str> = presented.record().shown().collect();
    let issued = licence.disclosures.iter().any(|it| it.name == HIDDEN);
    ensure!(issued && !shown.contains(&HIDDEN), "{HIDDEN} is not hidden");
    stage.note(format!(
        "shown, to Hong Kong's side only: {} · hidden: {} fields, {HIDDEN} among them",
        shown.join(", "),
        presented.record().hidden()
    ));
    Ok(Asking::checked(world, asked, presented, world.shown(licence, header)?))
}

/// The header, the proof under it, and the record.
pub(super) fn prove(
    stage: &mut Stage<'_>,
    world: &World,
    asking: &Asking,
) -> anyhow::Result<Evidence> {
    let evidence = asking.evidence(world)?;
    let at = evidence.at();
    let age = world.now().since(at.block_time);
    stage.good(format!(
        "header    block {}, {} s old, verified from the block that was pinned",
        at.height.get(),
        tenths(age)
    ));
    let status = evidence.code().map(|code| format!("{} (code {code})", code.status()));
    stage.good(format!(
        "proof     the registry held this digest with status {} at block {}   ICS-23, {}",
        status.unwrap_or_else(|| "nothing".to_owned()),
        at.state_height,
        size(asking.shown.proof.len())
    ));
    let record = gateway_record::Record::parse(&asking.asked.handed.record)?;
    ensure!(evidence.digest() == Some(&record.digest()), "the record is not the registered one");
    stage.good("record    matches the digest");
    Ok(evidence)
}

/// What both packs say, rule by rule.
pub(super) fn decide(
    stage: &mut Stage<'_>,
    world: &World,
    asking: &mut Asking,
    evidence: &Evidence,
) -> anyhow::Result<Candidate> {
    let candidate = asking.candidate(world, evidence)?;
    let packs = &world.founded.facts.packs;
    let class = candidate.decision.local_class.as_ref();
    ensure!(class.is_some(), "the packs decline: {:?}", candidate.decision.reasons);
    for (pack, verb) in [(&packs.source, "disclosure"), (&packs.destination, "recognition")] {
        stage.good(format!(
            "{} pack {}   permits {verb:<11}   {}",
            pack.region(),
            pack.reference().version,
            rules(&candidate, pack)
        ));
    }
    let obligations: Vec<String> =
        candidate.decision.obligations.iter().map(ToString::to_string).collect();
    stage.note(format!(
        "{} counts as {} in Hong Kong · obligations: {}",
        candidate.facts.class,
        class.map(ToString::to_string).unwrap_or_default(),
        if obligations.is_empty() { "none".to_owned() } else { obligations.join(", ") }
    ));
    Ok(candidate)
}

/// The rules of that pack that spoke.
fn rules(candidate: &Candidate, pack: &Pack) -> String {
    let of_it = |rule: &&RuleId| rule.as_str().starts_with(pack.region().as_str());
    let rules: Vec<&str> =
        candidate.decision.reasons.iter().filter(of_it).map(|rule| rule.as_str()).collect();
    rules.join(" · ")
}
