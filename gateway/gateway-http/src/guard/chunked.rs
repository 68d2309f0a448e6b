//! Walks along a body in chunks, to find its end.
//!
//! Source: RFC 9112 section 7.1, without extensions and trailers: nobody needs them, and readers differ.

use super::Refusal;

/// Most hexadecimal digits of a chunk's size: 4 GiB; bodies are bounded elsewhere.
const MAX_DIGITS: u8 = 8;

/// Where in the chunks the walk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the digits of a size.
    Size { size: u64, digits: u8 },
    /// After the CR that follows a size.
    SizeLf { size: u64 },
    /// In a chunk, so many bytes before its end.
    Data { left: u64 },
    /// After a chunk, or after the last size: a CR is expected.
    Cr { last: bool },
    /// After that CR.
    Lf { last: bool },
    /// Past the end.
    End,
}

/// A walk along one body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunks(Place);

impl Chunks {
    pub(super) const fn new() -> Self {
        Self(Place::Size { size: 0, digits: 0 })
    }

    /// Whether the end was reached.
    pub(super) const fn is_at_end(&self) -> bool {
        matches!(self.0, Place::End)
    }

    /// Goes on over `bytes`, and says how many of them belong to the body.
    ///
    /// # Errors
    ///
    /// If they are not chunks. How many were good before that does not matter: the body is spoilt.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            if let Place::Data { left } = self.0 {
                let step = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                let done = u64::try_from(step).unwrap_or(u64::MAX);
                rest = rest.get(step..).unwrap_or_default();
                self.0 = match left.saturating_sub(done) {
                    0 => Place::Cr { last: false },
                    left => Place::Data { left },
                };
                continue;
            }
            if self.is_at_end() {
                break;
            }
            self.0 = step(self.0, first)?;
            rest = after;
        }
        Ok(bytes.len().saturating_sub(rest.len()))
    }
}

/// One byte outside of a chunk's data.
fn step(place: Place, byte: u8) -> Result<Place, Refusal> {
    match (place, byte) {
        (Place::Size { digits: 1.., size }, b'\r') => Ok(Place::SizeLf { size }),
        (Place::Size { size, digits }, _) if digits < MAX_DIGITS => match hex(byte) {
            Some(digit) => Ok(Place::Size {
                size: size.saturating_mul(16).saturating_add(digit),
                digits: digits.saturating_add(1),
            }),
            None => Err(Refusal::Malformed("A chunk's size is not a plain number.")),
        },
        (Place::SizeLf { size: 0 }, b'\n') => Ok(Place::Cr { last: true }),
        (Place::SizeLf { size }, b'\n') => Ok(Place::Data { left: size }),
        (Place::Cr { last }, b'\r') => Ok(Place::Lf { last }),
        (Place::Lf { last: true }, b'\n') => Ok(Place::End),
        (Place::Lf { last: false }, b'\n') => Ok(Place::Size { size: 0, digits: 0 }),
        _ => Err(Refusal::Malformed("The chunks of the body do not fit.")),
    }
}

fn hex(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many bytes of `body` are the body, or nothing if it is not finished.
    fn walk(body: &[u8]) -> Result<Option<usize>, Refusal> {
        let mut chunks = Chunks::new();
        let used = chunks.advance(body)?;
        Ok(chunks.is_at_end().then_some(used))
    }

    #[test]
    fn the_end_is_found_and_what_follows_is_not_taken() {
        assert_eq!(walk(b"0\r\n\r\nGET /"), Ok(Some(5)));
        assert_eq!(walk(b"3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nGET"), Ok(Some(30)));
        assert_eq!(walk(b"3\r\nabc\r\n"), Ok(None));
    }

    #[test]
    fn a99_what_readers_of_chunks_differ_on_is_refused() {
        for body in [
            "3;ext=1\r\nabc\r\n0\r\n\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "0x3\r\nabc\r\n0\r\n\r\n",
            "+3\r\nabc\r\n0\r\n\r\n",
            " 3\r\nabc\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            "\r\nabc",
            "000000003\r\nabc\r\n0\r\n\r\n",
            "FFFFFFFFFFFFFFFFF\r\n",
            "0\r\nTrailer: 1\r\n\r\n",
            "0\r\n\n",
        ] {
            assert!(walk(body.as_bytes()).is_err(), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn cut_anywhere_the_walk_is_the_same(
            body in "(([1-4]\r\n)?[abc]{0,4}\r\n){0,3}0\r\n\r\nGET",
            cut in 0_usize..30,
        ) {
            let bytes = body.as_bytes();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut chunks = Chunks::new();
            let in_two = chunks.advance(first).and_then(|a| Ok(chunks.advance(second)?.saturating_add(a)));
            prop_assert_eq!(in_two.map(|used| chunks.is_at_end().then_some(used)), walk(bytes));
        }
    }
}
