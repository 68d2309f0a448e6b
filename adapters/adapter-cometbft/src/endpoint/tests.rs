use super::*;

fn public() -> Egress {
    Egress::default()
}

fn refused(text: &str, egress: &Egress) {
    let read = Endpoint::parse(text, egress);
    assert!(read.is_err(), "{text}: {read:?}");
}

/// None of these is a node's URL, whatever the settings allow.
const NEVER: [&str; 44] = [
    "",
    "https://",
    "https:///",
    "file:///etc/passwd",
    "ftp://rpc.example.org",
    "gopher://rpc.example.org",
    "rpc.example.org",
    "//rpc.example.org",
    "HTTPS://rpc.example.org",
    "https:/rpc.example.org",
    "https://user@rpc.example.org",
    "https://user:word@rpc.example.org",
    "https://rpc.example.org@169.254.169.254",
    "https://169.254.169.254",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166",
    "https://0xa9fea9fe",
    "https://0251.0376.0251.0376",
    "https://0xa9.0xfe.0xa9.0xfe",
    "https://2130706433",
    "https://017700000001",
    "https://0x7f000001",
    "https://127.1",
    "https://0",
    "https://127.0.0.01",
    "https://[::ffff:169.254.169.254]",
    "https://[fe80::1]",
    "https://[fe80::1%25eth0]",
    "https://[::ffff:a9fe:a9fe]",
    "https://[64:ff9b::a9fe:a9fe]",
    "https://[2002:a9fe:a9fe::]",
    "https://[fd00:ec2::254]",
    "https://[::]",
    "https://0.0.0.0",
    "https://rpc.example.org:0",
    "https://rpc.example.org:65536",
    "https://rpc.example.org:+443",
    "https://rpc.example.org:0443",
    "https://rpc.example.org/path",
    "https://rpc.example.org?query",
    "https://rpc.example.org#part",
    "https://rpc.example.org\\@127.0.0.1",
    "https://rpc.example.org\r\nHost: other",
    "https://ⓛocalhost",
];

/// Not without a network in the settings.
const NOT_PUBLIC: [&str; 12] = [
    "https://127.0.0.1",
    "https://127.255.255.254:26657",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://10.0.0.1",
    "https://172.31.255.255",
    "https://192.168.0.1",
    "https://100.64.0.1",
    "https://198.18.0.1",
    "https://[fd12::1]",
    "https://[2001:db8::1]",
    "http://rpc.example.org",
];

#[test]
fn a109_no_form_of_an_inner_address_is_a_nodes_url() {
    let wide = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap());
    let wide = Egress::new(wide.to_vec(), true);
    for text in NEVER {
        refused(text, &public());
        refused(text, &wide);
    }
    for text in NOT_PUBLIC {
        refused(text, &public());
    }
    refused(&format!("https://{}.org", "a".repeat(MAX_URL)), &public());
}

#[test]
fn a_bare_url_of_a_public_host_is_read() {
    let check = |text: &str, authority: &str| {
        let read = Endpoint::parse(text, &public()).unwrap();
        assert_eq!((read.is_tls, read.authority().as_str()), (true, authority), "{text}");
    };
    check("https://rpc.example.org", "rpc.example.org:443");
    check("https://RPC.Example.org:26657/", "rpc.example.org:26657");
    check("https://8.8.8.8:443", "8.8.8.8:443");
    check("https://[2606:4700::1111]:8443", "[2606:4700::1111]:8443");
    check("https://[2606:4700::1111]", "[2606:4700::1111]:443");
}

#[test]
fn plain_http_is_for_networks_that_the_settings_name() {
    let loopback = Egress::new(vec!["127.0.0.0/8".parse().unwrap()], true);
    let read = Endpoint::parse("http://127.0.0.1:26657", &loopback).unwrap();
    assert_eq!((read.is_tls, read.authority().as_str()), (false, "127.0.0.1:26657"));
    refused("http://8.8.8.8", &loopback);
    refused("http://10.0.0.1", &loopback);
    refused("http://169.254.169.254", &loopback);
    refused("http://127.0.0.1", &Egress::new(vec!["127.0.0.0/8".parse().unwrap()], false));
}
