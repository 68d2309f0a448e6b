//! A relayer that changes what it brings: a status, a proof, a header, a change.

use gateway_types::{
    Bounded, Bytes, SourceCode,
    link::{RelayEvidence, ShownValue},
    registry::RegistryRecord,
};

/// What it brings instead.
pub(super) fn forge(found: RelayEvidence) -> RelayEvidence {
    match found {
        RelayEvidence::Headers(chain, headers) => {
            let forged = headers.iter().map(flip_middle).collect();
            RelayEvidence::Headers(chain, Bounded::new(forged).unwrap())
        }
        RelayEvidence::Record(chain, key, shown) => {
            RelayEvidence::Record(chain, key, forge_record(shown))
        }
        RelayEvidence::Head(chain, shown) => RelayEvidence::Head(chain, forge_proof(shown)),
        RelayEvidence::Changes(chain, after, changes) => {
            let kept = changes.iter().skip(1).copied().collect();
            RelayEvidence::Changes(chain, after, Bounded::new(kept).unwrap())
        }
        other => other,
    }
}

/// Says that the licence is valid, whatever it is.
fn forge_record(shown: ShownValue) -> ShownValue {
    let record = shown.value.as_deref().and_then(RegistryRecord::from_bytes);
    let Some(record) = record.filter(|record| record.code != SourceCode::VALID) else {
        return forge_proof(shown);
    };
    let forged = RegistryRecord { code: SourceCode::VALID, ..record };
    ShownValue { value: Some(Bytes::new(forged.to_bytes()).unwrap()), ..shown }
}

fn forge_proof(shown: ShownValue) -> ShownValue {
    ShownValue { proof: flip_middle(&shown.proof), ..shown }
}

fn flip_middle<const N: usize>(bytes: &Bytes<N>) -> Bytes<N> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    Bytes::new(bytes).unwrap()
}
