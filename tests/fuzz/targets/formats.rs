//! Everything that is CBOR of ours, and the texts: what is read is written back the same.
#![no_main]

use gateway_types::{
    Origin, Platform,
    body::{Body, Evidence},
    candidate::Candidate,
    cbor,
    checkpoint::Checkpoint,
    entry::Entry,
    licence::LicenceId,
    message::{ToLeader, ToMember},
    verdict::SignedVerdicts,
};
use libfuzzer_sys::fuzz_target;
use minicbor::{Decode, Encode};

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 8 {
        0 => same::<Entry>(bytes),
        1 => same::<Candidate>(bytes),
        2 => same::<SignedVerdicts>(bytes),
        3 => same::<Body>(bytes),
        4 => same::<Evidence>(bytes),
        5 => same::<ToMember>(bytes),
        6 => same::<ToLeader>(bytes),
        _ => texts(bytes),
    }
});

fn same<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) {
    if let Ok(value) = cbor::decode::<T>(bytes, 1 << 20) {
        assert_eq!(cbor::encode(&value), bytes);
    }
}

fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert_eq!(origin.to_string(), text);
    }
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string(), text);
    }
    if let Ok(licence) = text.parse::<LicenceId>() {
        let _checked = licence.verify_check_character();
    }
}
