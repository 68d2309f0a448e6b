//! A lane with its registry, one leader that makes batches and one member that checks them.

use super::{chain, chain::Ledger, *};
use crate::{
    build::{Made, MakeError, Material, SyncOffer, make_body, make_genesis},
    check::{
        Checked, FormContext, FormError, FreshContext, Genesis, OwnHeads, Refused, check_body,
        check_form,
    },
    leader::Limit,
};
use gateway_cosign::ThresholdText;
use gateway_lane::LaneState;
use gateway_types::{
    LicenceKey, SourceCode,
    body::{CATCH_UP, Evidence, MAX_HEADERS},
    bytes::BlsSignature,
    candidate::{Candidate, DecisionTerms, EvidenceRef, Form, PackRef},
    entry::{ClientEntry, PackEntry},
    facts::Facts,
    verdict::{Reason, SignedVerdicts, Verdict, VerdictList, Word},
};
use light_client::{ClientStore, Misbehaviour, SyncStart, verify_changes};

pub(crate) fn licence(n: u8) -> LicenceKey {
    LicenceKey(Digest([n; 32]))
}

fn pack(region: &str, digest: u8) -> PackEntry {
    let pack = PackRef {
        region: region.parse().unwrap(),
        version: "2026.11.0".parse().unwrap(),
        digest: Digest([digest; 32]),
    };
    PackEntry { pack, effective_from: Timestamp(0) }
}

fn packs() -> [PackEntry; 2] {
    [pack("CN-GD", 21), pack("CN-HK", 22)]
}

/// What the operators accepted.
pub(crate) fn genesis() -> Genesis {
    let [a, b] = packs();
    let entries = [
        Entry::Committee(committee_entry()),
        Entry::Pack(a),
        Entry::Pack(b),
        Entry::Client(ClientEntry::Pin(chain::pin())),
    ];
    Genesis::new(entries.iter().map(Entry::encode).collect())
}

/// Each committee's proof that it holds its key.
pub(crate) fn possession() -> Vec<BlsSignature> {
    let text = ThresholdText::committee(&origin(), &genesis().entries()[0]).unwrap();
    (0..2).map(|committee| share(committee, 0).sign(&text).unwrap()).collect()
}

/// One salt after the other.
pub(crate) fn salts() -> impl Iterator<Item = Salt> {
    (0u64..).map(|n| {
        let mut salt = [5; 16];
        salt[..8].copy_from_slice(&n.to_be_bytes());
        Salt(salt)
    })
}

/// A signed list of one member's word on these candidates.
pub(crate) fn list(member: MemberRef, word: Word, candidates: &[&Candidate]) -> SignedVerdicts {
    let reason = (word == Word::Refuse).then_some(Reason::LicenceNotValid);
    let mut verdicts: Vec<Verdict> = candidates
        .iter()
        .map(|candidate| Verdict { candidate: candidate.digest(), word, reason })
        .collect();
    verdicts.sort();
    let list = VerdictList { epoch: 1, member, verdicts: Bounded::new(verdicts).unwrap() };
    let signature = protocol_key(member.committee, member.member).sign(&origin(), &list);
    SignedVerdicts { list, signature }
}

/// The lists of members 1 to 3 of both committees.
pub(crate) fn accepting(candidates: &[&Candidate]) -> Vec<SignedVerdicts> {
    let three = (0..2).flat_map(|committee| (1..=3).map(move |member| m(committee, member)));
    three.map(|member| list(member, Word::Accept, candidates)).collect()
}

/// The lane at a member's tip, its clock and its light client.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) keys: Arc<EpochKeys>,
    pub(crate) lane: LaneState,
    pub(crate) frontier: Frontier,
    pub(crate) ledger: Ledger,
    /// Of the chain's last block, made at second `height`.
    pub(crate) height: u64,
    pub(crate) client: ClientStore,
    pub(crate) own: OwnHeads,
    /// What the leader cannot know of: how far apart the clocks are, in milliseconds.
    pub(crate) clock_ahead_ms: i64,
    asked: u8,
}

impl World {
    /// Before batch 0.
    pub(crate) fn empty() -> Self {
        Self {
            keys: keys(),
            lane: LaneState::new(origin()),
            frontier: Frontier::empty(),
            ledger: Ledger::default(),
            height: 10,
            client: chain::client(),
            own: OwnHeads::default(),
            clock_ahead_ms: 0,
            asked: 0,
        }
    }

    /// After batch 0.
    pub(crate) fn begun() -> Self {
        let mut world = Self::empty();
        let made = world.genesis();
        world.commit(&made);
        world
    }

    /// After a batch in which licences 1 and 2 were recognised.
    pub(crate) fn with_two_recognised() -> Self {
        let mut world = Self::begun();
        world.ledger.change(licence(1), 1);
        world.ledger.change(licence(2), 1);
        world.tick(1);
        let quiet = world.make(&[], &[]);
        world.commit(&quiet);
        world.tick(1);
        world.recognise(&[1, 2]);
        world
    }

    pub(crate) fn genesis(&self) -> Made {
        self.make_genesis_of(&genesis(), &mut salts()).unwrap()
    }

    pub(crate) fn make_genesis_of(
        &self,
        genesis: &Genesis,
        salts: &mut impl Iterator<Item = Salt>,
    ) -> Result<Made, MakeError> {
        make_genesis(&self.material(&[], &[], &[], None), genesis, &possession(), salts)
    }

    /// Time and chain go on.
    pub(crate) fn tick(&mut self, blocks: u64) {
        self.height += blocks;
    }

    pub(crate) fn now(&self) -> Timestamp {
        seconds(self.height)
    }

    /// The chain's head as a leader offers it.
    pub(crate) fn offer(&self) -> SyncOffer {
        self.offer_at(self.height, self.ledger.changes.len())
    }

    /// An honest offer of block `height`, in which the registry had `n` changes.
    pub(crate) fn offer_at(&self, height: u64, n: usize) -> SyncOffer {
        self.offer_of(height, n).unwrap()
    }

    /// The same, if there is one.
    pub(crate) fn offer_of(&self, height: u64, n: usize) -> Option<SyncOffer> {
        let head = self.ledger.head(n);
        let header = chain::header(height, seconds(height), &head);
        let mut client = self.client.clone();
        chain::advance(&mut client, vec![header.clone()], seconds(height));
        let proven = chain::prove(&client, height, &head);
        let (last, acc) = self.lane.last_change();
        let changes = verify_changes(
            SyncStart { n: last, acc },
            &self.ledger.changes[usize::try_from(last).unwrap()..n],
            &proven,
        )
        .unwrap();
        let proof = chain::head_proof(height, &head).proof;
        let headers = Bounded::<_, MAX_HEADERS>::new(vec![header]).unwrap();
        SyncOffer::new(&proven, &changes, proof, headers)
    }

    /// The next changes that a batch may catch up with, proven in block `height`, in which the registry had
    /// `shown`.
    pub(crate) fn catch_up_at(&self, height: u64, shown: usize) -> SyncOffer {
        let header = chain::header(height, seconds(height), &self.ledger.head(shown));
        let mut client = self.client.clone();
        chain::advance(&mut client, vec![header.clone()], seconds(height));
        let (last, acc) = self.lane.last_change();
        let first = usize::try_from(last).unwrap();
        let end = first + CATCH_UP;
        let proof = chain::change_proof(&self.ledger, height, shown, end);
        let change = chain::prove_change(&client, end as u64, &proof);
        let listed = &self.ledger.changes[first..end];
        let changes = verify_changes(SyncStart { n: last, acc }, listed, &change).unwrap();
        let headers = Bounded::<_, MAX_HEADERS>::new(vec![header]).unwrap();
        SyncOffer::catch_up(&self.lane, &change, &changes, proof.proof, headers).unwrap()
    }

    /// A candidate of a question never asked before, proven in the chain's last block.
    pub(crate) fn candidate(&mut self, n: u8) -> Candidate {
        self.asked += 1;
        let [a, b] = packs();
        Candidate {
            version: 1,
            origin: origin(),
            request: Digest([100 + self.asked; 32]),
            licence: licence(n),
            record: Digest([50 + n; 32]),
            consent: None,
            facts: self.facts(),
            packs: Bounded::new(vec![a.pack, b.pack]).unwrap(),
            evidence: EvidenceRef {
                chain: chain::pin().chain,
                height: self.height,
                block_time: self.now(),
                pin: chain::pin().id(),
                sequence: Some(1),
            },
            decision: DecisionTerms {
                form: Form::Accepted,
                local_class: Some("private-car".parse().unwrap()),
                obligations: Bounded::default(),
                reasons: Bounded::default(),
            },
            life_ms: 60_000,
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            now: self.now(),
            from: "CN-GD".parse().unwrap(),
            to: "CN-HK".parse().unwrap(),
            tier: "standard".parse().unwrap(),
            class: "driving-c1".parse().unwrap(),
            issuer: "11440000EXAMPLE11C".parse().unwrap(),
            issuer_accredited: true,
            code: Some(SourceCode::VALID),
            not_before: Timestamp(0),
            not_after: Timestamp(u64::MAX / 2),
            purpose: "licence-exchange".parse().unwrap(),
            platform: "comity://CN-HK/platform/counter".parse().unwrap(),
            platform_suspended: false,
            consent: None,
            evidence_age_s: 1,
            contract_filed: true,
            onward: false,
            review: false,
            obligations: Bounded::default(),
        }
    }

    /// Asks about these licences, all accept, and the batch is made, checked and applied.
    pub(crate) fn recognise(&mut self, licences: &[u8]) -> Made {
        let asked: Vec<Candidate> = licences.iter().map(|n| self.candidate(*n)).collect();
        let made = self.make(&asked, &accepting(&asked.iter().collect::<Vec<_>>()));
        self.check(&made).unwrap();
        self.commit(&made);
        made
    }

    /// The leader's next body, synced to the chain's last block.
    pub(crate) fn make(&self, candidates: &[Candidate], lists: &[SignedVerdicts]) -> Made {
        self.make_with(candidates, lists, &[self.offer()], None)
    }

    pub(crate) fn make_with(
        &self,
        candidates: &[Candidate],
        lists: &[SignedVerdicts],
        offers: &[SyncOffer],
        freeze: Option<&Misbehaviour>,
    ) -> Made {
        let verified: Vec<_> =
            lists.iter().map(|list| self.keys.verify_verdicts(list.clone()).unwrap()).collect();
        make_body(&self.material(candidates, &verified, offers, freeze), &mut salts()).unwrap()
    }

    pub(crate) fn make_limited(
        &self,
        candidates: &[Candidate],
        lists: &[SignedVerdicts],
        offers: &[SyncOffer],
        limit: Limit,
    ) -> Made {
        let verified: Vec<_> =
            lists.iter().map(|list| self.keys.verify_verdicts(list.clone()).unwrap()).collect();
        let material = Material { limit, ..self.material(candidates, &verified, offers, None) };
        make_body(&material, &mut salts()).unwrap()
    }

    fn material<'a>(
        &'a self,
        candidates: &'a [Candidate],
        lists: &'a [Verified<VerdictList>],
        offers: &'a [SyncOffer],
        freeze: Option<&'a Misbehaviour>,
    ) -> Material<'a> {
        Material {
            keys: &self.keys,
            lane: &self.lane,
            frontier: &self.frontier,
            now: self.now(),
            limit: Limit::FULL,
            candidates,
            lists,
            offers,
            freeze,
        }
    }

    /// What a member says to a new body.
    pub(crate) fn check(&mut self, made: &Made) -> Result<Checked, Refused> {
        self.check_as(&made.body, &made.evidence, false)
    }

    pub(crate) fn check_as(
        &mut self,
        body: &DigestedBody,
        evidence: &Evidence,
        form_only: bool,
    ) -> Result<Checked, Refused> {
        let genesis = genesis();
        let now = self.now().0.checked_add_signed(self.clock_ahead_ms).unwrap();
        let form = FormContext {
            keys: &self.keys,
            lane: &self.lane,
            frontier: &self.frontier,
            genesis: &genesis,
        };
        let mut fresh = FreshContext {
            now: Timestamp(now),
            chain: &mut chain::Chain,
            client: &mut self.client,
            own: &mut self.own,
        };
        check_body(&form, &mut fresh, body, evidence, form_only)
    }

    /// What is wrong with a body's form, if anything.
    pub(crate) fn form_error(&self, body: &DigestedBody) -> Option<FormError> {
        let genesis = genesis();
        let form = FormContext {
            keys: &self.keys,
            lane: &self.lane,
            frontier: &self.frontier,
            genesis: &genesis,
        };
        check_form(&form, body).err()
    }

    /// The batch is final.
    pub(crate) fn commit(&mut self, made: &Made) {
        let genesis = genesis();
        let form = FormContext {
            keys: &self.keys,
            lane: &self.lane,
            frontier: &self.frontier,
            genesis: &genesis,
        };
        let checked = check_form(&form, &made.body).unwrap();
        let frontier = verify_root_of(&self.frontier, &made.body);
        self.lane.apply_batch(checked.into_batch());
        self.frontier = frontier;
    }

    /// The same body with its entries, lists or anything else edited, and sizes, root and list digest
    /// made to fit again: a liar's, not a blunderer's.
    pub(crate) fn edited(
        &self,
        body: &DigestedBody,
        entries: impl FnOnce(&mut Vec<Entry>),
        rest: impl FnOnce(&mut Body),
    ) -> DigestedBody {
        let mut body = body.body().clone();
        let mut decoded: Vec<Entry> =
            body.entries.iter().map(|entry| Entry::decode(&entry.bytes).unwrap()).collect();
        entries(&mut decoded);
        if let Ok(list) = self.lane.status_list_after(&decoded)
            && let Some(Entry::Batch(batch)) = decoded.first_mut()
        {
            batch.status_list = list.digest();
        }
        let salted = |(entry, salt): (&Entry, Salt)| BodyEntry {
            salt,
            bytes: Bytes::new(entry.encode()).unwrap(),
        };
        body.entries = Bounded::new(decoded.iter().zip(salts()).map(salted).collect()).unwrap();
        rest(&mut body);
        let leaves = body.entries.iter().map(|entry| LeafHash::of(&entry.salt, &entry.bytes));
        let after = self.frontier.with(leaves).unwrap();
        body.head = TreeHead { size: after.size(), root: after.root() };
        DigestedBody::new(body)
    }
}

fn verify_root_of(frontier: &Frontier, body: &DigestedBody) -> Frontier {
    crate::verify_root(frontier, body.body()).unwrap()
}
