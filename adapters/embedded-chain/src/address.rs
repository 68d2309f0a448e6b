//! Addresses as text: bech32 with the prefix `wasm`.
//!
//! Source: BIP 173; Cosmos SDK addresses.

const PREFIX: &str = "wasm";
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// The text of an account's 20 or a contract's 32 bytes.
pub(crate) fn text(bytes: &[u8]) -> String {
    let data = fives(bytes);
    let digits = data.iter().copied().chain(checksum(&data));
    let digit = |five: u8| ALPHABET.get(usize::from(five)).copied().map_or('q', char::from);
    format!("{PREFIX}1{}", digits.map(digit).collect::<String>())
}

/// Eight bits a byte to five, the last filled up with zeros.
fn fives(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1)).collect();
    let five =
        |bits: &[u8]| (0..5).fold(0u8, |five, i| five << 1 | bits.get(i).copied().unwrap_or(0));
    bits.chunks(5).map(five).collect()
}

fn checksum(data: &[u8]) -> Vec<u8> {
    let prefix = PREFIX.bytes();
    let values = prefix.clone().map(|c| c >> 5).chain([0]).chain(prefix.map(|c| c & 31));
    let sum = values.chain(data.iter().copied()).chain([0; 6]).fold(1, polymod) ^ 1;
    (0..6u32).rev().map(|i| (sum >> i.saturating_mul(5) & 31) as u8).collect()
}

fn polymod(sum: u32, value: u8) -> u32 {
    let top = sum >> 25;
    let next = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
    let terms = GENERATOR.iter().enumerate().filter(|(i, _)| top >> i & 1 == 1);
    terms.fold(next, |next, (_, term)| next ^ term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_has_the_text_that_wasmd_gives_it() {
        // `tests/vectors/wasmd/recorded/chain.json`.
        let hex = "ade4a5f5803a439835c636395a8d648dee57b2fc90d98dc17fa887159b69638b";
        let expected = "wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d";
        assert_eq!(text(&hex::decode(hex).unwrap()), expected);
    }
}
