//! One request head, checked as bytes.
//!
//! Source: RFC 9112, narrowed: what a recipient *may* repair is refused.

use super::{MAX_HEADERS, Refusal, chunked::Chunks};

/// How long a body is, as its head says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunks),
}

/// Most digits of a `Content-Length`: enough for a petabyte, too few to overflow.
const MAX_DIGITS: usize = 15;

/// Looks for the end of a head in `bytes`, of which the first `seen` were looked at before: the length of the
/// head with its empty line, once that is there.
///
/// # Errors
///
/// If a line ends other than by CR LF.
pub(super) fn find_end(bytes: &[u8], seen: usize) -> Result<Option<usize>, Refusal> {
    if bytes.first() == Some(&b'\n') {
        return Err(Refusal::Malformed("A line ends in LF without CR."));
    }
    // The three bytes before are looked at again: the end may lie across.
    let from = seen.saturating_sub(3);
    let fresh = bytes.get(from..).unwrap_or_default();
    for (i, pair) in fresh.windows(2).enumerate() {
        match pair {
            [b'\r', b'\n'] => {
                let end = from.saturating_add(i).saturating_add(2);
                if bytes.get(end..end.saturating_add(2)) == Some(b"\r\n") {
                    return Ok(Some(end.saturating_add(2)));
                }
            }
            [b'\r', _] => return Err(Refusal::Malformed("A CR stands without its LF.")),
            [_, b'\n'] => return Err(Refusal::Malformed("A line ends in LF without CR.")),
            _ => {}
        }
    }
    Ok(None)
}

/// Whether a head can begin with this byte: early, so that another protocol's hello is not waited out.
pub(super) fn check_first(byte: u8) -> Result<(), Refusal> {
    if byte.is_ascii_uppercase() {
        Ok(())
    } else {
        Err(Refusal::Malformed("This does not begin with a method."))
    }
}

/// Checks a whole head, its empty line included, and says how long the body is.
///
/// Trust: anybody may have sent it.
pub(super) fn check_head(head: &[u8]) -> Result<Framing, Refusal> {
    let text = head.strip_suffix(b"\r\n\r\n").ok_or(Refusal::Malformed("No head."))?;
    let mut lines = Lines(Some(text));
    let request = check_request_line(lines.next().unwrap_or_default())?;
    let mut found = Found::default();
    for (n, line) in lines.enumerate() {
        if n >= MAX_HEADERS {
            return Err(Refusal::Malformed("Too many headers."));
        }
        let (name, value) = check_line(line)?;
        found.apply(name, value)?;
    }
    check_host(request.authority, found.host)?;
    found.framing(request.method)
}

/// The lines between CR LFs.
struct Lines<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        let Some(end) = end else { return self.0.take() };
        let (line, after) = rest.split_at_checked(end)?;
        self.0 = after.get(2..);
        Some(line)
    }
}

/// What a request line says.
struct RequestLine<'a> {
    method: &'a [u8],
    /// Of a target in absolute form.
    authority: Option<&'a [u8]>,
}

/// `METHOD SP target SP HTTP/1.1`, the target in origin or absolute form (RFC 9112 section 3).
fn check_request_line(line: &[u8]) -> Result<RequestLine<'_>, Refusal> {
    let bad = Refusal::Malformed("The request line is not METHOD, path and HTTP/1.1.");
    let mut parts = line.split(|b| *b == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad);
    };
    let method_fits = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    if !method_fits || matches!(method, b"CONNECT" | b"TRACE") || version != b"HTTP/1.1" {
        return Err(bad);
    }
    if !target
        .iter()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\' | b'"' | b'<' | b'>'))
    {
        return Err(Refusal::Malformed("The path has characters that no path has."));
    }
    if target.starts_with(b"/") {
        return Ok(RequestLine { method, authority: None });
    }
    let rest = target.strip_prefix(b"https://").ok_or(bad)?;
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).ok_or(bad)?;
    Ok(RequestLine { method, authority: rest.get(..end) })
}

/// `name: value`, with no folding, no space before the colon, no control characters.
fn check_line(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let colon = line.iter().position(|b| *b == b':');
    let split = colon.and_then(|at| Some((line.get(..at)?, line.get(at.saturating_add(1)..)?)));
    let (name, value) = split.ok_or(Refusal::Malformed("A header has no colon."))?;
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        return Err(Refusal::Malformed("A header's name is not one."));
    }
    if !value.iter().all(|b| *b == b'\t' || *b == b' ' || b.is_ascii_graphic() || *b >= 0x80) {
        return Err(Refusal::Malformed("A header's value has control characters."));
    }
    Ok((name, trim(value)))
}

/// The headers that say where a request ends and whom it is for.
#[derive(Default)]
struct Found<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
}

impl<'a> Found<'a> {
    fn apply(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case(b"host") {
            if self.host.replace(value).is_some() {
                return Err(Refusal::Malformed("Two Host headers."));
            }
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.replace(length(value)?).is_some() {
                return Err(Refusal::Malformed("Two Content-Length headers."));
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::Malformed("A Transfer-Encoding that is not chunked."));
            }
            self.chunked = true;
        } else if is_framing_in_disguise(name) {
            return Err(Refusal::Malformed("A header that looks like one that frames."));
        }
        Ok(())
    }

    fn framing(self, method: &[u8]) -> Result<Framing, Refusal> {
        let has_body = self.chunked || self.length.is_some_and(|length| length > 0);
        if has_body && matches!(method, b"GET" | b"HEAD" | b"DELETE" | b"OPTIONS") {
            return Err(Refusal::Malformed("This method has no body."));
        }
        match (self.chunked, self.length) {
            (true, Some(_)) => {
                Err(Refusal::Malformed("Content-Length and Transfer-Encoding together."))
            }
            (true, None) => Ok(Framing::Chunked(Chunks::new())),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

/// `Content_Length` is `Content-Length` to programs behind that speak CGI.
fn is_framing_in_disguise(name: &[u8]) -> bool {
    let plain: Vec<u8> = name.iter().map(|b| if *b == b'_' { b'-' } else { *b }).collect();
    [b"content-length".as_slice(), b"transfer-encoding", b"host"]
        .iter()
        .any(|framing| plain.eq_ignore_ascii_case(framing))
}

/// Digits alone: no sign, no list, no space within.
fn length(value: &[u8]) -> Result<u64, Refusal> {
    let bad = Refusal::Malformed("Content-Length is not a plain number.");
    if !(1..=MAX_DIGITS).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad);
    }
    str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).ok_or(bad)
}

/// A host and perhaps a port, and the same one in the target if that names one.
fn check_host(authority: Option<&[u8]>, host: Option<&[u8]>) -> Result<(), Refusal> {
    let host = host.ok_or(Refusal::Malformed("No Host header."))?;
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if host.is_empty() || !host.iter().all(fits) {
        return Err(Refusal::Malformed("The Host header names no host."));
    }
    match authority {
        Some(other) if !other.eq_ignore_ascii_case(host) => {
            Err(Refusal::Malformed("The target is for another host than Host."))
        }
        _ => Ok(()),
    }
}

/// Without spaces and tabs at both ends.
const fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// RFC 9110 section 5.6.2.
const fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests;
