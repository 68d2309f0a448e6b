//! The hashes needed to append to a log and to name its root, and no more.

use crate::hash::{EMPTY_ROOT, LeafHash, MAX_LOG_SIZE, node_hash};
use gateway_types::{Bounded, Digest, checkpoint::TreeHead};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Most hashes in a frontier: one for each bit of the greatest size.
const MAX_FRONTIER: usize = 49;

/// A log's size and the roots of the full subtrees that it consists of, the largest first.
///
/// One hash for each 1 in the size written in binary: at most 49, 1.6 KiB. A member keeps it
/// durably as part of its tip. CBOR: array of size and list of hashes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Digest>,
}

impl Frontier {
    /// That of the log without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// How many leaves the log has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The log's root; [`EMPTY_ROOT`] without leaves. Source: RFC 6962 section 2.1.
    #[must_use]
    pub fn root(&self) -> Digest {
        let from_the_right = self.hashes.iter().rev().copied();
        from_the_right.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }

    /// The log's size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }

    /// Appends one leaf.
    ///
    /// # Errors
    ///
    /// [`LogFull`] at [`MAX_LOG_SIZE`] leaves; nothing is changed then.
    pub fn append(&mut self, leaf: LeafHash) -> Result<(), LogFull> {
        let size = self.size.checked_add(1).filter(|s| *s <= MAX_LOG_SIZE).ok_or(LogFull)?;
        let mut hash = leaf.0;
        for _ in 0..self.size.trailing_ones() {
            // One full subtree of that size stands at the end for each of these bits.
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size = size;
        Ok(())
    }

    /// The frontier after these leaves, this one left as it is: what a member computes to check a
    /// proposed root.
    ///
    /// # Errors
    ///
    /// [`LogFull`] if there would be more than [`MAX_LOG_SIZE`] leaves.
    pub fn with(&self, leaves: impl IntoIterator<Item = LeafHash>) -> Result<Self, LogFull> {
        let mut longer = self.clone();
        leaves.into_iter().try_for_each(|leaf| longer.append(leaf))?;
        Ok(longer)
    }
}

/// The root of the tree that has exactly these leaves. Source: RFC 6962 section 2.1.
#[must_use]
pub fn root_of(leaves: &[LeafHash]) -> Digest {
    // A slice of 2^48 leaves does not fit in a machine's memory.
    Frontier::empty().with(leaves.iter().copied()).map_or(EMPTY_ROOT, |frontier| frontier.root())
}

/// The log has as many leaves as a log may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is full: it may have at most {MAX_LOG_SIZE} leaves")]
pub struct LogFull;

impl<C> Encode<C> for Frontier {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(2)?.u64(self.size)?;
        self.hashes.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for Frontier {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        let refused = |what| decode::Error::message(what).at(at);
        if d.array()? != Some(2) {
            return Err(refused("expected a log's size and its hashes"));
        }
        let size = d.u64()?;
        let hashes = Bounded::<Digest, MAX_FRONTIER>::decode(d, ctx)?.into_inner();
        if size > MAX_LOG_SIZE || u32::try_from(hashes.len()) != Ok(size.count_ones()) {
            return Err(refused("the hashes are not those of a log of that size"));
        }
        Ok(Self { size, hashes })
    }
}

#[cfg(test)]
mod tests;
