use super::*;
use gateway_types::link::RelayWork;
use proptest::prelude::*;

fn work() -> Vec<RelayWork> {
    let chain: gateway_types::ChainId = "gd-main".parse().unwrap();
    vec![
        RelayWork::Alive,
        RelayWork::Follow(chain.clone(), 7, 300),
        RelayWork::FetchChange(chain, 70_000),
    ]
}

fn run() -> Vec<u8> {
    work().iter().flat_map(|frame| encode(frame).unwrap()).collect()
}

#[test]
fn frames_are_read_as_they_were_written() {
    assert_eq!(decode_all::<RelayWork>(&run(), 3).unwrap(), work());
    assert_eq!(decode_all::<RelayWork>(&run(), 2), Err(FrameError::TooMany { limit: 2 }));
    assert_eq!(encode(&RelayWork::Alive).unwrap(), [0, 0, 0, 3, 0x82, 0x00, 0x80].as_slice());
}

#[test]
fn a103_a_length_is_checked_before_anything_is_allocated() {
    let mut reader = FrameReader::new();
    reader.push(&u32::MAX.to_be_bytes());
    let before = reader.buffer.capacity();
    assert!(matches!(reader.next::<RelayWork>(), Err(FrameError::TooLong { .. })));
    assert_eq!(reader.buffer.capacity(), before);
}

#[test]
fn an_unfinished_or_second_form_of_a_frame_is_refused() {
    let whole = run();
    let cut = whole.get(..whole.len() - 1).unwrap();
    assert!(matches!(decode_all::<RelayWork>(cut, 9), Err(FrameError::Unfinished { .. })));
    let longer = [0, 0, 0, 4, 0x82, 0x18, 0x00, 0x80];
    assert!(matches!(decode_all::<RelayWork>(&longer, 9), Err(FrameError::Content(_))));
}

proptest! {
    #[test]
    fn pieces_make_the_same_frames(cuts in proptest::collection::vec(1_usize..9, 0..40)) {
        let all = run();
        let mut rest = all.as_slice();
        let mut reader = FrameReader::new();
        let mut got = Vec::new();
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            reader.push(piece);
            while let Some(frame) = reader.next::<RelayWork>().unwrap() {
                got.push(frame);
            }
        }
        prop_assert_eq!(got, work());
    }

    #[test]
    fn what_is_read_has_one_form(bytes in proptest::collection::vec(
        prop_oneof![Just(0_u8), Just(3), Just(0x82), Just(0x80), any::<u8>()], 0..30,
    )) {
        if let Ok(frames) = decode_all::<RelayWork>(&bytes, 100) {
            let again: Vec<u8> = frames.iter().flat_map(|frame| encode(frame).unwrap()).collect();
            prop_assert_eq!(again, bytes);
        }
    }
}
