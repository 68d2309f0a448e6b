use super::*;
use proptest::prelude::*;

fn read(head: &str) -> Result<Framing, Refusal> {
    assert_eq!(find_end(head.as_bytes(), 0), Ok(Some(head.len())), "{head:?}");
    check_head(head.as_bytes())
}

fn get(headers: &str) -> Result<Framing, Refusal> {
    read(&format!("GET /v1/lanes HTTP/1.1\r\n{headers}\r\n"))
}

fn post(headers: &str) -> Result<Framing, Refusal> {
    read(&format!("POST /v1/recognitions HTTP/1.1\r\nHost: gw.example\r\n{headers}\r\n"))
}

#[test]
fn plain_requests_pass() {
    assert_eq!(get("Host: gw.example:8443\r\n"), Ok(Framing::Length(0)));
    assert_eq!(get("host:[::1]:8443\r\nAccept: */*\r\nX: \"\u{e4}\"\r\n"), Ok(Framing::Length(0)));
    assert_eq!(post("Content-Length:  42 \r\n"), Ok(Framing::Length(42)));
    assert_eq!(post("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked(Chunks::new())));
    let absolute = "GET https://gw.example/v1?a=b HTTP/1.1\r\nHost: GW.example\r\n\r\n";
    assert_eq!(read(absolute), Ok(Framing::Length(0)));
}

#[test]
fn a99_two_lengths_of_a_body_are_refused() {
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content_Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer_Encoding: chunked\r\n",
    ] {
        assert!(post(headers).is_err(), "{headers:?}");
    }
    assert!(get("Host: a\r\nContent-Length: 5\r\n").is_err(), "a GET with a body");
}

#[test]
fn a99_a_request_for_no_or_two_hosts_is_refused() {
    for headers in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nhost: b\r\n",
        "Host:\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: a@b\r\n",
        "Host: a,b\r\n",
    ] {
        assert!(get(headers).is_err(), "{headers:?}");
    }
    for target in
        ["https://other.example/v1", "http://gw.example/v1", "https://gw.example", "*", "gw:1"]
    {
        let head = format!("GET {target} HTTP/1.1\r\nHost: gw.example\r\n\r\n");
        assert!(read(&head).is_err(), "{target}");
    }
}

#[test]
fn a99_headers_that_readers_split_differently_are_refused() {
    for headers in [
        "Host : a\r\n",
        "Host: a\r\n folded\r\n",
        "Host: a\r\n\tfolded\r\n",
        " Host: a\r\n",
        "Host: a\r\nNo colon\r\n",
        "Host: a\r\n: empty\r\n",
        "Host: a\r\nX: a\0b\r\n",
        "Host: a\r\nX: \x0b\r\n",
        "Host: a\r\nX: \x7f\r\n",
        "Host: a\r\nX(y): 1\r\n",
        "Host: a\r\nX\u{e4}: 1\r\n",
    ] {
        assert!(get(headers).is_err(), "{headers:?}");
    }
    let many = format!("Host: a\r\n{}", "X: 1\r\n".repeat(MAX_HEADERS));
    assert!(get(&many).is_err());
}

#[test]
fn a99_request_lines_that_are_not_http_1_1_are_refused() {
    for line in [
        "GET / HTTP/1.0",
        "GET / HTTP/0.9",
        "GET / HTTP/1.2",
        "GET / HTTP/2.0",
        "GET / http/1.1",
        "GET /",
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET\t/\tHTTP/1.1",
        "get / HTTP/1.1",
        " / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /a#b HTTP/1.1",
        "GET /a\\b HTTP/1.1",
        "GET /\u{e4} HTTP/1.1",
        "GET a HTTP/1.1",
        "CONNECT gw:443 HTTP/1.1",
        "CONNECT / HTTP/1.1",
        "TRACE / HTTP/1.1",
        "PRI * HTTP/2.0",
        "OPTIONS * HTTP/1.1",
    ] {
        assert!(read(&format!("{line}\r\nHost: a\r\n\r\n")).is_err(), "{line:?}");
    }
}

#[test]
fn a99_line_ends_other_than_cr_lf_are_refused_at_once() {
    for text in [
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\nHost: a\n",
        "G\rET",
        "\r\r\n",
        "\n",
        "\n\r\n\r\n",
        "\r\n\n",
    ] {
        assert!(find_end(text.as_bytes(), 0).is_err(), "{text:?}");
    }
    for first in [b'\r', b'\n', b' ', 0x16, b'g', 0] {
        assert!(check_first(first).is_err());
    }
}

proptest! {
    /// However a head arrives, it ends at the same place.
    #[test]
    fn the_end_does_not_depend_on_the_pieces(text in "[A\r\n]{0,24}", cut in 0_usize..24) {
        let bytes = text.as_bytes();
        let cut = cut.min(bytes.len());
        let first = find_end(bytes.get(..cut).unwrap(), 0);
        let in_two = match first {
            Ok(None) => find_end(bytes, cut),
            known => known,
        };
        prop_assert_eq!(in_two.ok(), find_end(bytes, 0).ok());
    }

    /// A line fuzzed out of the pieces that smuggling is made of: what passes has one host and one length.
    #[test]
    fn what_passes_has_one_reading(lines in proptest::collection::vec(
        "(Host|host|Content-Length|content-length|Transfer-Encoding|X)[ _]?:[ \t]?(a|5|05|chunked|5,5)?[ ]?", 0..5,
    )) {
        let head = format!("POST / HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"));
        if check_head(head.as_bytes()).is_ok() {
            let named = |name: &str| {
                lines.iter().filter(|l| l.to_lowercase().starts_with(&format!("{name}:"))).count()
            };
            prop_assert_eq!(named("host"), 1);
            prop_assert!(named("content-length").saturating_add(named("transfer-encoding")) <= 1);
        }
    }

    #[test]
    fn a_head_that_passes_is_whole(bytes in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        "P(OST)? /[a /]{0,3} HTTP/1.1(\r\n(Host: a|X:[\0-\x7f]?)?){0,4}".prop_map(String::into_bytes),
    ]) {
        if let Ok(Some(end)) = find_end(&bytes, 0) {
            prop_assert!(bytes.get(..end).unwrap().ends_with(b"\r\n\r\n"));
        }
        if check_head(&bytes).is_ok() {
            prop_assert!(bytes.starts_with(b"P") && bytes.ends_with(b"\r\n\r\n"));
        }
    }
}
