//! How a lane agrees: prepare, lock, sign; the member's and the leader's state machines.
//!
//! - [`member::Member`]: a regulator node's side, the table of design section 2.2;
//! - [`leader::Leader`]: a gateway's side, which proposes and collects and decides nothing;
//! - [`check`]: what a batch must hold before it is prepared, form and freshness (2.2, 2.3);
//! - [`build`]: how a leader makes a new batch from what waits;
//! - [`Recheck`]: a stored log, read again and compared with what was signed.
//!
//! Both machines are driven alike: call a `handle_*` for each thing that happens, carry out what
//! `poll_effect` gives until it gives nothing, call `handle_time` at `poll_deadline`. A driver decides
//! nothing. Its loop at a member:
//!
//! ```
//! use gateway_agreement::member::{FromMember, Member, MemberConfig, MemberEffect, MemberState, To};
//! use gateway_agreement::Quorums;
//! use gateway_types::{CommitteeSize, MemberRef, Timestamp};
//!
//! let size = CommitteeSize::of(4).unwrap();
//! let config = MemberConfig {
//!     origin: "comity.test/CN-GD.CN-HK.standard".parse().unwrap(),
//!     epoch: 1,
//!     me: MemberRef { committee: 0, member: 1 },
//!     quorums: Quorums::new(vec![size, size]).unwrap(), // or `Quorums::of` the `committee` entry
//!     leaders: 2,
//!     keys_end: Timestamp(u64::MAX),
//! };
//! // What the store holds; `Member::lost` if it may be old.
//! let mut member = Member::new(config, MemberState::new(1), None, None, Timestamp(0)).unwrap();
//! (0..2).for_each(|leader| member.handle_connected(leader));
//!
//! // An idle lane is overdue at once: after two seconds it asks all leaders for the next view.
//! let deadline = member.poll_deadline().unwrap();
//! member.handle_time(deadline);
//! let mut sent = 0;
//! while let Some(effect) = member.poll_effect() {
//!     match effect {
//!         MemberEffect::Persist(state, body) => { /* one synced transaction, then go on */ }
//!         MemberEffect::PersistLater(state) => { /* with the next write at the latest */ }
//!         MemberEffect::CheckBody { body, evidence, form_only } => {
//!             // match check::check_body(&form, &mut fresh, &body, &evidence, form_only) {
//!             //     Ok(checked) => member.handle_body_checked(&checked, now),
//!             //     Err(refused) => member.handle_body_refused(&refused),
//!             // }
//!         }
//!         MemberEffect::Send(To::AllLeaders, FromMember::Timeout(timeout, certificate)) => {
//!             assert_eq!(timeout.view, 1); // sign with the protocol key, send as `TimeoutMessage`
//!             sent += 1;
//!         }
//!         MemberEffect::Send(to, message) => { /* likewise */ }
//!         MemberEffect::Publish(equivocation) => { /* keep it, publish it, alarm */ }
//!     }
//! }
//! assert_eq!(sent, 1);
//! ```
//!
//! What comes in is evidence: gateway-cosign checks signatures and makes [`evidence::Verified`] votes,
//! certificates and [`evidence::SignedCheckpoint`]. When a checkpoint is final, the driver gives it to the
//! member with the bodies that lead there ([`member::Member::handle_final`]), applies the same bodies to
//! the lane's state (`check_form` gives the batch to apply), and tells the leader
//! ([`leader::Leader::handle_final`]).
//!
//! **Invariant:** no clock, no network, no file, no randomness, no key; the same calls give the same
//! effects. What is persisted is persisted before anyone is told. A signature is given only to what a lock
//! certificate has decided.

pub mod build;
pub mod check;
mod digested;
pub mod evidence;
pub mod leader;
mod listed;
pub mod member;
mod overdue;
mod patience;
mod quorum;
mod recheck;
#[cfg(test)]
mod testing;

pub use digested::{DigestedBody, RootError, verify_root};
pub use overdue::{HEARTBEAT, Item, MAX_OVERDUE};
pub use patience::{FIRST_WAIT, LONGEST_WAIT};
pub use quorum::Quorums;
pub use recheck::{LOG_READ_EVERY, LogChanged, LogChecks, Recheck};
