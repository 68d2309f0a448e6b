//! What is asked of a verdict list again and again, made once.

use super::Material;
use crate::listed::list_digest;
use gateway_types::{
    Digest, cbor,
    entry::verdicts_digest,
    verdict::{ListDigest, SignedVerdicts},
};
use std::collections::BTreeMap;

/// The lists that came, each encoded and hashed at most once, when it is first asked about.
///
/// Trust: a dishonest member can send many lists, and so have other lists behind every entry; that must
/// not have the others' long lists hashed again.
pub(super) struct SignedLists<'a> {
    material: &'a Material<'a>,
    known: BTreeMap<usize, OfList>,
}

#[derive(Clone, Copy)]
struct OfList {
    len: usize,
    digest: ListDigest,
}

impl<'a> SignedLists<'a> {
    pub(super) fn of(material: &'a Material<'a>) -> Self {
        Self { material, known: BTreeMap::new() }
    }

    /// Length of its encoding in bytes; 0 if there is no such list.
    pub(super) fn len(&mut self, at: usize) -> usize {
        self.list(at).map_or(0, |list| list.len)
    }

    /// What an entry says of the lists behind it.
    pub(super) fn verdicts(&mut self, behind: impl Iterator<Item = usize>) -> Digest {
        verdicts_digest(behind.filter_map(|at| self.list(at)).map(|list| list.digest))
    }

    fn list(&mut self, at: usize) -> Option<OfList> {
        if let Some(known) = self.known.get(&at) {
            return Some(*known);
        }
        let signed = signed(self.material, at)?;
        let list = OfList { len: cbor::encode(&signed).len(), digest: list_digest(&signed) };
        self.known.insert(at, list);
        Some(list)
    }
}

/// The list with its signature, as a body holds it.
pub(super) fn signed(material: &Material<'_>, at: usize) -> Option<SignedVerdicts> {
    let list = material.lists.get(at)?;
    Some(SignedVerdicts { list: list.value().clone(), signature: *list.signature() })
}
