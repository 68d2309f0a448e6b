//! Protobuf, the little that headers, votes and trees need: fields in ascending order, zero left out.

/// An unsigned varint.
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// A number that is never negative, as Go's `binary.PutVarint` writes it: zigzag.
pub(crate) fn zigzag(out: &mut Vec<u8>, value: u64) {
    varint(out, value << 1);
}

/// Bytes after their length.
pub(crate) fn counted(out: &mut Vec<u8>, bytes: &[u8]) {
    varint(out, len(bytes));
    out.extend_from_slice(bytes);
}

/// A message that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// A number, left out if zero.
    pub(crate) fn number(mut self, field: u8, value: u64) -> Self {
        if value > 0 {
            self.0.push(field << 3);
            varint(&mut self.0, value);
        }
        self
    }

    /// Eight bytes, little endian (`sfixed64`), left out if zero.
    pub(crate) fn fixed(mut self, field: u8, value: u64) -> Self {
        if value > 0 {
            self.0.push(field << 3 | 1);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
        self
    }

    /// Bytes or text, left out if empty.
    pub(crate) fn bytes(self, field: u8, bytes: &[u8]) -> Self {
        if bytes.is_empty() { self } else { self.put(field, bytes) }
    }

    /// A message that is always there, even if empty.
    pub(crate) fn message(self, field: u8, message: &Self) -> Self {
        self.put(field, &message.0)
    }

    fn put(mut self, field: u8, bytes: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        counted(&mut self.0, bytes);
        self
    }

    /// What was written.
    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }

    /// What was written, after its length.
    pub(crate) fn delimited(&self) -> Vec<u8> {
        let mut out = Vec::new();
        counted(&mut out, &self.0);
        out
    }
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_protobuf_does() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        zigzag(&mut out, 1);
        zigzag(&mut out, 64);
        assert_eq!(out, [0xac, 0x02, 0x02, 0x80, 0x01]);
    }

    #[test]
    fn zero_is_left_out_and_an_empty_message_is_not() {
        let message = Message::default().number(1, 0).bytes(2, b"").fixed(3, 0);
        assert_eq!(message.message(4, &Message::default()).done(), [0x22, 0x00]);
    }
}
