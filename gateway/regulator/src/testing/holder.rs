//! A holder with an example driving licence, and what is asked for that holder.

use super::{NOW, chain, lane};
use gateway_core::{
    Evidence, Lane, PlatformStanding, Question, StoredRequest, Texts, check_request,
    make_candidate, texts_of,
};
use gateway_record::{
    issue::{ConsentTerms, Draft, Field, Issued, Key, bind, consent, issue},
    json::Json,
};
use gateway_types::{
    Bytes, LicenceId, LicenceKey, Salt, Timestamp,
    candidate::{Candidate, request_digest},
    frame::sha256,
    link::{CandidateFrame, Handed},
};
use light_client::{ClientStore, Height, ValueProof, verify_membership};

/// Number `n` of many holders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder(pub(crate) u8);

impl Holder {
    pub(crate) fn licence(self) -> LicenceId {
        let text = "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE";
        let with = |check: char| format!("{text}{:04}.001.{check}", self.0).parse::<LicenceId>();
        let all = ('0'..='9').chain('A'..='Z').filter_map(|check| with(check).ok());
        all.into_iter().find(|id| id.verify_check_character().is_ok()).unwrap()
    }

    pub(crate) fn key(self) -> LicenceKey {
        LicenceKey::of(&Salt([3; 16]), &self.licence())
    }

    pub(crate) fn issued(self) -> Issued {
        let field = |(name, value): (&str, &str)| Field {
            name: name.into(),
            value: Json::Text(value.into()),
            salt: Salt([u8::try_from(name.len()).unwrap(); 16]),
        };
        let licence = self.licence();
        let fields = [
            ("licence_id", licence.as_str()),
            ("not_before", "2025-06-01"),
            ("not_after", "2031-05-31"),
            ("holder_name", "示例甲"),
        ];
        let draft = Draft {
            issuer: "11440000EXAMPLE11C".parse().unwrap(),
            issued_at: Timestamp(1_780_243_200_000),
            holder_key: holder_key().public(),
            key_salt: Salt([3; 16]),
            class: "driving-c1".parse().unwrap(),
            fields: fields.map(field).to_vec(),
        };
        let seed = sha256(b"comity example issuer 11440000EXAMPLE11C");
        issue(&draft, &Key::from_seed(&seed.0)).unwrap()
    }

    /// A question about it, never asked before if `ask` is new.
    fn request(self, ask: u64, now: Timestamp) -> StoredRequest {
        let key = format!("7b0c2f1e-31d2-4d1c-{ask:08}").parse().unwrap();
        let platform = "comity://CN-HK/platform/counter".parse().unwrap();
        let digest = request_digest(&platform, &key);
        let text = self.issued().present(&["not_before", "not_after"]).unwrap();
        let terms = ConsentTerms {
            record: self.issued().digest(),
            purpose: "licence-exchange".parse().unwrap(),
            recipient: "comity://CN-HK/platform/counter".parse().unwrap(),
            from: Timestamp(NOW.0 - 60_000),
            until: Timestamp(NOW.0 + 86_400_000),
        };
        let question = Question {
            licence: self.licence(),
            from: "CN-GD".parse().unwrap(),
            to: "CN-HK".parse().unwrap(),
            purpose: "licence-exchange".parse().unwrap(),
            record: bind(&text, &holder_key(), &lane::origin(), &digest, now).unwrap(),
            consent: Some(consent(&terms, &holder_key()).unwrap()),
            answer_by: None,
        };
        let id = "rec_01M7XZ2WWM4Q7K".parse().unwrap();
        StoredRequest { id, platform, key, question, stored_at: now }
    }

    /// The candidate of a new question, proven by a gateway's client, with what goes along with it.
    pub(crate) fn ask(
        self,
        ask: u64,
        ledger: &chain::Ledger,
        client: &ClientStore,
        now: Timestamp,
    ) -> CandidateFrame {
        let request = self.request(ask, now);
        let candidate = candidate(&request, &self.prove(ledger, client, now), now);
        let Texts { licence, record, consent } = texts_of(&request);
        CandidateFrame {
            candidate,
            shown: ledger.show(&self.key()),
            header: Some(ledger.header()),
            handed: Some(Handed {
                licence: licence.clone(),
                record: Bytes::new(record.as_bytes().to_vec()).unwrap(),
                consent: consent.map(|text| Bytes::new(text.as_bytes().to_vec()).unwrap()),
            }),
        }
    }

    fn prove(self, ledger: &chain::Ledger, client: &ClientStore, now: Timestamp) -> Evidence {
        let shown = ledger.show(&self.key());
        let value = shown.value.unwrap();
        let proof = ValueProof { value: &value, proof: &shown.proof };
        let height = Height::new(shown.height).unwrap();
        let held = verify_membership(&chain::Chain, client, height, self.key(), proof, now);
        Evidence::Held(held.unwrap())
    }
}

fn holder_key() -> Key {
    Key::from_seed(&[2; 32])
}

fn candidate(request: &StoredRequest, evidence: &Evidence, now: Timestamp) -> Candidate {
    let (origin, pin) = (lane::origin(), chain::pin().id());
    let (source, destination) = (lane::source(), lane::destination());
    let lane = Lane { origin: &origin, source: &source, destination: &destination, pin: &pin };
    let presented = check_request(&lane, &"CN-HK".parse().unwrap(), request, now).unwrap();
    let digest = request.digest();
    let asked = gateway_core::Asked {
        request: &digest,
        platform: &request.platform,
        purpose: &request.question.purpose,
    };
    let standing = PlatformStanding::default();
    make_candidate(&lane, &asked, &presented, evidence, standing, now).unwrap().candidate
}
