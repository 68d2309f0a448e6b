use super::*;
use proptest::prelude::*;

fn list(values: &[u8]) -> StatusList {
    let mut list = StatusList::new();
    values.iter().for_each(|value| list.push(*value).unwrap());
    list
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The draft's example of two bits, section 4.1: twelve statuses in three bytes.
#[test]
fn two_bits_stand_as_in_the_drafts_example() {
    let values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    let list = list(&values);
    assert_eq!(list.as_bytes(), [0xc9, 0x44, 0xf9]);
    assert_eq!(list.to_zlib(), hex::decode("78da3be9f2130003df0207").unwrap());
    let read: Vec<Option<u8>> = (0..12).map(|at| list.value(at)).collect();
    assert_eq!(read, values.map(Some));
    assert_eq!(
        StatusList::from_zlib(&hex::decode("78da3be9f2130003df0207").unwrap(), 12),
        Ok(list)
    );
}

/// The draft's example of one bit, as bytes: the same packing, the same order within a byte.
#[test]
fn packing_gives_the_drafts_bytes() {
    let example = hex::decode("78dadbb918000217015d").unwrap();
    let bits: Vec<u8> = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].to_vec();
    let two_by_two: Vec<u8> = bits.chunks(2).map(|pair| pair[0] | pair[1] << 1).collect();
    let list = list(&two_by_two);
    assert_eq!(list.as_bytes(), [0xb9, 0xa3]);
    assert_eq!(list.to_zlib(), example);
    assert_eq!(StatusList::from_zlib(&example, 8), Ok(list));
}

#[test]
fn the_digest_is_over_count_and_unpacked_bytes() {
    let empty = StatusList::new();
    assert_eq!(empty.digest(), frame("comity/status-list/v1", &[&[0; 8], &[]]));
    assert_ne!(empty.digest(), list(&[0]).digest());
    assert_ne!(list(&[0]).digest(), list(&[0, 0]).digest(), "as many bytes, another count");
    assert_ne!(list(&[0]).digest(), list(&[1]).digest());
    let pinned = "bdea2fe89c3bc221088456f3619cbc535600f65799d3a674d49c14481945eb44";
    assert_eq!(list(&[1, 2, 0, 3, 1]).digest().to_hex(), pinned);
}

#[test]
fn an_entry_that_is_not_there_is_unknown_and_not_valid() {
    let mut list = list(&[0, 0]);
    assert_eq!((list.value(1), list.value(2), list.value(u32::MAX)), (Some(0), None, None));
    assert_eq!(list.set(2, 1), Err(StatusListError::NoEntry { index: 2, count: 2 }));
    list.set(1, 2).unwrap();
    assert_eq!((list.value(0), list.value(1)), (Some(0), Some(2)));
    list.set(1, 0).unwrap();
    assert_eq!(list, self::list(&[0, 0]));
}

#[test]
fn a_full_list_takes_no_more() {
    let mut full = StatusList { count: MAX_STATUS_LIST, bytes: Vec::new() };
    assert_eq!(full.push(0), Err(StatusListError::Full));
    assert_eq!(full.count(), MAX_STATUS_LIST);
    assert_eq!(StatusList::from_zlib(&[], MAX_STATUS_LIST + 1), Err(StatusListError::Full));
}

#[test]
fn a135_a_list_whose_digest_is_not_in_the_log_proves_nothing() {
    let (good, other) = (list(&[0, 1, 2]), list(&[0, 0, 2]));
    let proven = ProvenStatusList::verify(&good.to_zlib(), 3, &good.digest()).unwrap();
    assert_eq!((proven.value(1), proven.list()), (Some(1), &good));
    let digest = good.digest();
    let swapped = ProvenStatusList::verify(&other.to_zlib(), 3, &digest);
    assert_eq!(swapped, Err(StatusListError::Digest { got: other.digest(), expected: digest }));
    // The same bytes under another count, and the list's end cut off.
    assert!(ProvenStatusList::verify(&good.to_zlib(), 2, &digest).is_err());
    assert!(ProvenStatusList::verify(&good.to_zlib(), 4, &digest).is_err());
    for nothing in [Digest([0; 32]), gateway_types::frame::sha256(b"")] {
        assert!(ProvenStatusList::verify(&good.to_zlib(), 3, &nothing).is_err());
        assert!(ProvenStatusList::verify(&StatusList::new().to_zlib(), 0, &nothing).is_err());
    }
}

#[test]
fn a_small_file_cannot_fill_the_memory() {
    let bomb = packed(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    for count in [0, 1, 4, 1_000] {
        let refused = Err(StatusListError::Length { expected: bytes_for(count) });
        assert_eq!(StatusList::from_zlib(&bomb, count), refused, "{count} entries");
    }
    let refused = Err(StatusListError::Length { expected: 64 << 20 });
    assert_eq!(StatusList::from_zlib(&packed(&[0]), MAX_STATUS_LIST), refused);
}

#[test]
fn only_one_whole_stream_of_the_right_length_is_read() {
    let good = list(&[1; 9]);
    let stream = good.to_zlib();
    for len in 0..stream.len() {
        let cut = StatusList::from_zlib(&stream[..len], 9);
        assert!(cut.is_err(), "cut to {len} bytes");
    }
    let trailing = [stream.as_slice(), &[0]].concat();
    assert_eq!(StatusList::from_zlib(&trailing, 9), Err(StatusListError::Zlib));
    let twice = [stream.as_slice(), &stream].concat();
    assert_eq!(StatusList::from_zlib(&twice, 9), Err(StatusListError::Zlib));
    for count in [0, 8, 13] {
        assert!(StatusList::from_zlib(&stream, count).is_err(), "{count} entries");
    }
    let unused = packed(&[0x55, 0x55, 0x05]);
    assert_eq!(StatusList::from_zlib(&unused, 9), Err(StatusListError::UnusedBits));
    assert!(StatusList::from_zlib(&unused, 10).is_ok());
}

proptest! {
    #[test]
    fn a_list_is_read_back(values in proptest::collection::vec(0u8..4, 0..500)) {
        let list = list(&values);
        prop_assert_eq!(list.as_bytes().len(), values.len().div_ceil(4));
        let back = StatusList::from_zlib(&list.to_zlib(), list.count()).unwrap();
        prop_assert_eq!(&back, &list);
        prop_assert_eq!(back.digest(), list.digest());
        for (at, value) in (0..).zip(&values) {
            prop_assert_eq!(back.value(at), Some(*value));
        }
    }

    #[test]
    fn setting_one_entry_changes_that_entry_alone(
        mut values in proptest::collection::vec(0u8..4, 1..100), at in any::<prop::sample::Index>(), to in 0u8..4
    ) {
        let mut changed = list(&values);
        let at = at.index(values.len());
        changed.set(u32::try_from(at).unwrap(), to).unwrap();
        values[at] = to;
        prop_assert_eq!(changed, list(&values));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), count in 0u32..2_000) {
        if let Ok(list) = StatusList::from_zlib(&bytes, count) {
            prop_assert_eq!(list.count(), count);
        }
    }
}
