//! What the demonstration plays with: the recorded chain, the lane, the gateway's own light client.

use super::stage::day;
use anyhow::Context as _;
use certificate::{
    Trust,
    assemble::{Assembler, Opened, Placed, SignedSize},
};
use comity::local::{
    follower::Follower,
    found::{Founded, Founding, found},
    gateway::FinalBatch,
    holder::{Request, hand_over},
    question::{Handed, Shown},
    recorded::{Licence, Recorded},
};
use gateway_core::{Answer, Question, StoredRequest};
use gateway_log::Log;
use gateway_types::{
    Bytes, ChainTime, Origin, Timestamp,
    body::BodyEntry,
    certificate::{Certificate, StatusFile, TrustFile},
    entry::{ClientPin, Entry, ShortText},
};
use light_client::LightClient as _;
use light_client_cometbft::CometBft;
use std::time::Duration;

/// The lane of the demonstration.
const ORIGIN: &str = "comity.demo/CN-GD.CN-HK.standard";

/// Place of the lane's first `committee` entry.
const COMMITTEE_INDEX: u64 = 1;

/// How long a holder's consent lasts here.
const CONSENT: Duration = Duration::from_secs(24 * 60 * 60);

/// All of it.
#[derive(Debug)]
pub(super) struct World {
    pub recorded: Recorded,
    pub founded: Founded,
    pub origin: Origin,
    pub gateway: Follower,
    /// Questions answered yes, and no.
    pub answers: [u32; 2],
    /// Place of the batch with the first answer.
    pub first_answer: usize,
    /// Questions asked.
    pub asked: u32,
}

/// What following the chain came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    /// Headers that were new to the gateway.
    pub headers: usize,
    /// Regulators that verified them too.
    pub regulators: usize,
}

/// A question, and the holder's part of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub request: StoredRequest,
    pub handed: Handed,
}

impl World {
    /// Founds the lane at a moment when `header` was the chain's newest block.
    pub(super) fn found(recorded: Recorded, header: u64, seed: [u8; 32]) -> anyhow::Result<Self> {
        let origin: Origin = ORIGIN.parse()?;
        let created = recorded.chain.heights.created;
        let pin = pin(&recorded, created)?;
        let pinned_header = recorded.header(created)?.into_inner();
        let now = block_time(&recorded, header)?.saturating_add(Duration::from_millis(200));
        let gateway = Follower::new(&pin, &pinned_header)?;
        let founding = Founding { origin: origin.clone(), pin, pinned_header, now, seed };
        Ok(Self {
            recorded,
            founded: found(&founding)?,
            origin,
            gateway,
            answers: [0; 2],
            first_answer: 0,
            asked: 0,
        })
    }

    /// What time it is in the lane.
    pub(super) fn now(&self) -> Timestamp {
        self.founded.lane.now()
    }

    /// Everybody follows the chain up to `header`, each by its own light client.
    pub(super) fn follow(&mut self, header: u64) -> anyhow::Result<Followed> {
        let arrives =
            block_time(&self.recorded, header)?.saturating_add(Duration::from_millis(400));
        let lane = &mut self.founded.lane;
        lane.pass(arrives.since(lane.now()));
        let now = lane.now();
        let headers = self.recorded.headers(self.gateway.height(), header)?;
        let new = self.gateway.follow(&headers, now)?;
        let mut regulators = 0usize;
        for node in lane.nodes().filter(|node| !node.off) {
            node.follower().follow(&headers, now)?;
            node.watch_head(&self.recorded, header, now)?;
            regulators = regulators.saturating_add(1);
        }
        Ok(Followed { headers: new, regulators })
    }

    /// Blocks that a new validator set signed first, as the gateway's light client has verified them.
    pub(super) fn set_changes(&self) -> Vec<u64> {
        let states: Vec<_> = self.gateway.client().states().collect();
        let changed = states
            .iter()
            .zip(states.iter().skip(1))
            .filter(|(before, after)| before.next_validators_hash != after.next_validators_hash);
        changed.map(|(_, after)| after.height.get().saturating_add(1)).collect()
    }

    /// Both gateways can show the registry's head at `header`.
    pub(super) fn offer(&mut self, header: u64) -> anyhow::Result<()> {
        let now = self.now();
        for leader in 0..2 {
            let gateway = self.founded.lane.gateway(leader).context("two gateways")?;
            let offer = self.gateway.offer(&self.recorded, gateway.lane(), header, now)?;
            gateway.offer(offer);
        }
        Ok(())
    }

    /// A platform's question about a licence, with what its holder hands over.
    pub(super) fn ask(&mut self, licence: &Licence) -> anyhow::Result<Asked> {
        self.asked = self.asked.saturating_add(1);
        let now = self.now();
        let platform = "comity://CN-HK/platform/transport-counter".parse()?;
        let key = format!("demo-question-{:04}", self.asked).parse()?;
        let purpose = "licence-exchange".parse()?;
        let digest = gateway_types::candidate::request_digest(&platform, &key);
        let until = now.saturating_add(CONSENT);
        let asked = Request {
            origin: &self.origin,
            digest: &digest,
            platform: &platform,
            purpose: &purpose,
            at: now,
            until,
        };
        let handed = hand_over(licence, &asked)?;
        let question = Question {
            licence: handed.licence.clone(),
            from: self.origin.lane.source.clone(),
            to: self.origin.lane.destination.clone(),
            purpose,
            record: handed.record.clone(),
            consent: handed.consent.clone(),
            answer_by: None,
        };
        let id = format!("rec_DEMO{:04}", self.asked).parse()?;
        let request = StoredRequest { id, platform, key, question, stored_at: now };
        Ok(Asked { request, handed })
    }

    /// What a node of the chain shows about a licence, to be proven under `header`.
    pub(super) fn shown(&self, licence: &Licence, header: u64) -> anyhow::Result<Shown> {
        let answer = self.recorded.record(&licence.key, header)?;
        let (value, proof) = (answer.value.clone(), answer.proof.clone());
        Ok(Shown { height: header, value, proof })
    }

    /// The newest final batch.
    pub(super) fn newest(&self) -> anyhow::Result<&FinalBatch> {
        self.founded.lane.batches().last().context("a final batch")
    }

    /// The log as it is now.
    pub(super) fn log(&mut self) -> anyhow::Result<Log> {
        Ok(self.founded.lane.gateway(0).context("a gateway")?.log().clone())
    }

    fn entry(&mut self, index: u64) -> anyhow::Result<BodyEntry> {
        let gateway = self.founded.lane.gateway(0).context("a gateway")?;
        gateway.entry(index).cloned().with_context(|| format!("no entry {index}"))
    }

    /// The certificate of an entry under the newest checkpoint.
    pub(super) fn certificate(&mut self, index: u64) -> anyhow::Result<Certificate> {
        let log = self.log()?;
        let batch = self.newest()?.clone();
        let (entry, first) = (self.entry(index)?, self.entry(batch.first)?);
        let committee = self.entry(COMMITTEE_INDEX)?;
        let note = batch.checkpoint.note().to_text();
        let opened = Opened {
            committee: Placed { index: COMMITTEE_INDEX, entry: &committee },
            closing: None,
        };
        let assembler = Assembler { origin: &self.origin, log: &log };
        let entry = Placed { index, entry: &entry };
        let first = Placed { index: batch.first, entry: &first };
        let checkpoint = SignedSize { size: log.head().size, note: &note };
        Ok(assembler.certificate(entry, first, checkpoint, &[opened])?)
    }

    /// The status of all recognitions as of the newest batch, with the `status` entry at `change`.
    pub(super) fn status(&mut self, change: Option<u64>) -> anyhow::Result<StatusFile> {
        let log = self.log()?;
        let batch = self.newest()?.clone();
        let first = self.entry(batch.first)?;
        let note = batch.checkpoint.note().to_text();
        let changed = match change {
            Some(index) => Some((index, self.entry(index)?)),
            None => None,
        };
        let assembler = Assembler { origin: &self.origin, log: &log };
        let placed = Placed { index: batch.first, entry: &first };
        let checkpoint = SignedSize { size: log.head().size, note: &note };
        let changed =
            changed.as_ref().map(|(index, entry)| (Placed { index: *index, entry }, placed));
        Ok(assembler.status(placed, &batch.list, checkpoint, changed)?)
    }

    /// The trust file, from what the ceremony left: never from a gateway.
    pub(super) fn trust_file(&self) -> anyhow::Result<TrustFile> {
        let lane = (self.origin.clone(), &*self.founded.committee, &*self.founded.possession);
        Ok(certificate::assemble::trust(&day(self.now()), &[lane])?)
    }

    /// Whom a relying party trusts.
    pub(super) fn trust(&self) -> anyhow::Result<Trust> {
        Ok(Trust::read(certificate::read::write(&self.trust_file()?).as_bytes())?)
    }

    /// An answer was given.
    pub(super) fn count(&mut self, answer: Answer) {
        let [yes, no] = &mut self.answers;
        match answer {
            Answer::Yes => *yes = yes.saturating_add(1),
            Answer::No => *no = no.saturating_add(1),
            Answer::Unknown => {}
        }
    }

    /// The entry of the newest batch at that place of the log.
    pub(super) fn read(&self, index: u64) -> anyhow::Result<Entry> {
        let entries = self.newest_entries()?;
        let found = entries.into_iter().find(|(at, _)| *at == index);
        found.map(|(_, entry)| entry).with_context(|| format!("no entry {index}"))
    }

    /// The newest batch's entries, read, with their places.
    pub(super) fn newest_entries(&self) -> anyhow::Result<Vec<(u64, Entry)>> {
        let batch = self.newest()?;
        let entries = batch.body.body().entries.iter();
        (batch.first..)
            .zip(entries)
            .map(|(index, it)| Ok((index, Entry::decode(&it.bytes)?)))
            .collect()
    }
}

/// Where the light clients begin: the block that made the registry.
fn pin(recorded: &Recorded, height: u64) -> anyhow::Result<ClientPin> {
    let header = CometBft::new().decode_header(&recorded.header(height)?)?;
    let registry = hex::decode(&recorded.chain.contract_hex).map_err(anyhow::Error::msg)?;
    Ok(ClientPin {
        kind: "cometbft".parse()?,
        chain: recorded.chain.chain_id.parse()?,
        height,
        header_hash: header.state.header_hash,
        validators_hash: header.state.next_validators_hash,
        registry: Bytes::new(registry)?,
        trusting_period_ms: 7 * 24 * 60 * 60 * 1000,
        max_clock_drift_ms: 5_000,
        trust_threshold: (2, 3),
        reason: ShortText::new("the block that made the registry").context("a reason")?,
    })
}

/// When a recorded block was made.
pub(super) fn block_time(recorded: &Recorded, height: u64) -> anyhow::Result<Timestamp> {
    let header = CometBft::new().decode_header(&recorded.header(height)?)?;
    let time: ChainTime = header.state.time;
    Ok(time.to_timestamp())
}
