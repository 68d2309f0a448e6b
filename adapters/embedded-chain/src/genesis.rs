//! How a chain begins, and what its state holds beside the registry: neighbours for its keys, and a root that
//! changes with every block.

use crate::{iavl::Tree, stores::Stores};
use gateway_types::{ChainId, Digest, Timestamp};

/// What a chain is made from.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Its name.
    pub chain: ChainId,
    /// Time of its first block; the second is a millisecond later.
    pub time: Timestamp,
    /// What the validators' keys follow from. Not secret: whoever knows it can sign anything for this chain.
    pub seed: [u8; 32],
    /// Power of each validator, by number; zero for one that is not in the first set.
    pub powers: Vec<u64>,
}

impl Genesis {
    /// Four validators of power 100, keys from the chain's name.
    #[must_use]
    pub fn four(chain: ChainId, time: Timestamp) -> Self {
        let seed = crate::merkle::sha256(format!("comity embedded chain {chain}").as_bytes());
        Self { chain, time, seed, powers: vec![100; 4] }
    }
}

/// Entries as wasmd and the SDK have them around a contract. Source: wasmd `x/wasm/types/keys.go`.
pub(crate) fn fill(stores: &mut Stores, contract: &Digest) {
    let code = 1u64.to_be_bytes();
    let contract = contract.as_bytes();
    let wasm = &mut stores.wasm;
    wasm.set(&[b"\x01".as_slice(), &code].concat(), b"code");
    wasm.set(&[b"\x02".as_slice(), contract].concat(), b"contract");
    wasm.set(b"\x04lastCodeId", &2u64.to_be_bytes());
    wasm.set(b"\x04lastContractId", &2u64.to_be_bytes());
    wasm.set(&[b"\x05".as_slice(), contract, &code].concat(), b"history");
    wasm.set(&[b"\x07".as_slice(), &code].concat(), b"\x01");
    wasm.set(b"\x10", b"params");
    stores.staking.set(b"\x51", b"params");
    mint(stores, 0);
}

/// New coins with every block, so that no two blocks have the same app hash.
pub(crate) fn mint(stores: &mut Stores, height: u64) {
    set_number(&mut stores.bank, b"\x00stake", height);
}

/// A state that differs from that of the chain forked from.
pub(crate) fn mark_fork(stores: &mut Stores) {
    set_number(&mut stores.bank, b"\x00fork", 1);
}

fn set_number(store: &mut Tree, key: &[u8], number: u64) {
    store.set(key, number.to_string().as_bytes());
}
