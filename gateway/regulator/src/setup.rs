//! What one member of one lane is made of.

use gateway_agreement::{Quorums, check::Genesis, member::MemberConfig};
use gateway_core::KnownPlatforms;
use gateway_cosign::{EpochKeys, MemberKeys};
use gateway_types::{MemberRef, entry::ClientPin};
use light_client::{LightClient, Limits};
use policy_engine::Pack;
use std::sync::Arc;

/// Whether this is the member's very first start in its lane.
///
/// An empty store does not tell: a new member's store is empty, and so is a new disk after the old one was lost. A
/// new member may speak at once; one whose journal is lost must be silent until two further batches are final
/// (A126). So whoever starts it says which: `comity keys init` writes *new* beside the keys it has just made, and
/// the program takes it back once the store holds this member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It has never spoken. Where the store holds it already, the same as [`Start::Known`].
    New,
    /// It may have spoken before. Where the store does not hold it, its journal is lost.
    Known,
}

/// What one member of one lane is made of: from its configuration and its keys, never from a gateway.
#[derive(Debug)]
pub struct Setup {
    /// The epoch's keys.
    pub keys: Arc<EpochKeys>,
    /// What batch 0 must be.
    pub genesis: Genesis,
    /// Who it is.
    pub me: MemberRef,
    /// Its own keys, with its share of the committee's.
    pub secrets: MemberKeys,
    /// The source's pack.
    pub source: Pack,
    /// The destination's pack.
    pub destination: Pack,
    /// What its region knows of platforms; a member of the source has no use for it.
    pub platforms: KnownPlatforms,
    /// Where its light client begins, as in the genesis.
    pub pin: ClientPin,
    /// What it asks of its light client beyond the pin.
    pub limits: Limits,
    /// Makes the source chain's rules: one for the engine, one for whoever follows the chain.
    pub chain: fn() -> Box<dyn LightClient>,
}

impl Setup {
    /// Who it is, for the rules of the agreement.
    ///
    /// # Errors
    ///
    /// [`BadSetup`]: the parts do not fit each other.
    pub fn member_config(&self) -> Result<MemberConfig, BadSetup> {
        let entry = self.keys.entry();
        self.keys.member(self.me).ok_or(BadSetup::NoSuchMember { me: self.me })?;
        if self.secrets.share.is_none() {
            return Err(BadSetup::NoShare);
        }
        Ok(MemberConfig {
            origin: self.keys.origin().clone(),
            epoch: self.keys.epoch(),
            me: self.me,
            quorums: Quorums::of(entry).ok_or(BadSetup::Committees)?,
            leaders: u8::try_from(self.keys.leader_count()).map_err(|_| BadSetup::Committees)?,
            keys_end: entry.keys_end().ok_or(BadSetup::Committees)?,
        })
    }

    /// Whether it is of the destination's committee, which gets what the holder hands over.
    #[must_use]
    pub fn is_of_destination(&self) -> bool {
        let committee = self.keys.committees().get(usize::from(self.me.committee));
        let destination = &self.keys.origin().lane.destination;
        committee.is_some_and(|committee| committee.name().region == *destination)
    }
}

/// Why a member cannot be started from its configuration: correct it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSetup {
    /// No committee has that member.
    #[error("the lane has no member {me}")]
    NoSuchMember {
        /// Who it says it is.
        me: MemberRef,
    },
    /// It has no share of its committee's key.
    #[error("no share of the committee's key: hold the ceremony first")]
    NoShare,
    /// The `committee` entry names no committee, or too many leaders.
    #[error("the committee entry names no committee, or too many leaders")]
    Committees,
}
