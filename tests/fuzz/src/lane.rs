//! A lane with committees whose keys are known here and are in no input: everything in it that is signed.

use certificate::testing::TestLane;
use gateway_cosign::{EpochKeys, ProtocolKey};
use gateway_types::{MemberRef, frame::sha256};
use std::sync::LazyLock;

/// Batch 0, a recognition, a change of code, a refusal, a second epoch, a recognition in it.
pub struct Example {
    /// The lane as its first epoch left it, with its last checkpoint.
    pub first: TestLane,
    /// The lane with its second epoch.
    pub second: TestLane,
    /// Place of the recognised entry.
    pub recognised: u64,
    /// Place of the status entry.
    pub changed: u64,
    /// Place of the declined entry.
    pub declined: u64,
}

/// The example, made once.
pub static EXAMPLE: LazyLock<Example> = LazyLock::new(Example::new);

impl Example {
    fn new() -> Self {
        let (first, ..) = first();
        let (mut second, recognised, changed, declined) = self::first();
        let keys_end = second.epochs[0].0.entry.committees[0].keys_end;
        second.next_epoch("second", keys_end);
        second.batch(Vec::new());
        Self { first, second, recognised, changed, declined }
    }

    /// The keys of the first epoch.
    pub fn keys(&self) -> EpochKeys {
        let (committees, _) = &self.first.epochs[0];
        let possession = committees.possession(&self.first.origin);
        EpochKeys::with_possession(&self.first.origin, &committees.bytes(), &possession)
            .expect("honest committees")
    }

    /// The protocol key of a member of the first epoch.
    pub fn protocol_key(&self, member: MemberRef) -> ProtocolKey {
        let region = &self.first.epochs[0].0.entry.committees[usize::from(member.committee)].region;
        let seed = format!(" 1 {region} {} protocol", member.member);
        ProtocolKey::from_seed(&sha256(seed.as_bytes()).0)
    }
}

fn first() -> (TestLane, u64, u64, u64) {
    let mut lane = TestLane::example();
    let recognised = lane.recognise();
    let changed = lane.change(7);
    let declined = lane.decline();
    (lane, recognised, changed, declined)
}
