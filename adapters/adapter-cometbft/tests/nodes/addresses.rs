//! Who is dialled, and who is not.

use crate::{replay::Behaviour, setup::Setup};
use adapter_cometbft::SettingsError;
use chain_adapter::FetchError;
use std::net::SocketAddr;

fn dialled(setup: &Setup) -> Vec<SocketAddr> {
    std::mem::take(&mut *setup.net.dialled.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a109_what_a_name_resolves_to_is_checked_before_it_is_dialled() {
    let setup = Setup::new();
    let inner = [
        "169.254.169.254:1",
        "10.0.0.7:1",
        "192.168.1.1:1",
        "0.0.0.0:1",
        "[::1]:1",
        "[::ffff:169.254.169.254]:1",
        "[fe80::1]:1",
        "[fd00:ec2::254]:1",
        "[::]:1",
        "100.100.100.200:1",
        // Public, but the URL is plain.
        "8.8.8.8:1",
    ];
    for address in inner {
        setup.net.node(address, Behaviour::Honest);
        setup.net.name("node.example", &[address]);
        let source = setup.adapter(&setup.settings("one", &["http://node.example:1"])).unwrap();
        let refused = source.fetch_tip().await;
        assert!(matches!(refused, Err(FetchError::Unavailable { .. })), "{address}: {refused:?}");
        assert_eq!(dialled(&setup), [], "{address}");
    }
    setup.net.node("127.0.0.1:1", Behaviour::Honest);
    setup.net.name("node.example", &["169.254.169.254:1", "127.0.0.1:99"]);
    let source = setup.adapter(&setup.settings("one", &["http://node.example:1"])).unwrap();
    assert_eq!(source.fetch_tip().await.unwrap().height, setup.last());
    // The port is the URL's, whatever the resolver says.
    assert_eq!(dialled(&setup), ["127.0.0.1:1".parse().unwrap()]);
}

#[tokio::test(start_paused = true)]
async fn a109_redirects_are_not_followed() {
    let setup = Setup::new();
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        );
        let source = setup.node(Behaviour::Raw(answer.into_bytes()));
        dialled(&setup);
        assert!(matches!(source.fetch_tip().await, Err(FetchError::Unavailable { .. })));
        assert_eq!(dialled(&setup), ["127.0.0.1:9".parse().unwrap()]);
    }
}

#[test]
fn settings_are_refused_before_anything_is_dialled() {
    let setup = Setup::new();
    let good = setup.settings("one", &["http://127.0.0.1:1"]);
    assert!(setup.adapter(&good).is_ok());
    let refused = |change: &dyn Fn(&mut chain_adapter::SourceSettings)| {
        let mut settings = good.clone();
        change(&mut settings);
        setup.adapter(&settings).unwrap_err()
    };
    let none = refused(&|settings| settings.nodes.clear());
    assert!(matches!(none, SettingsError::Nodes { got: 0 }));
    let many = refused(&|settings| {
        settings.nodes = (1..=9).map(|port| format!("http://127.0.0.1:{port}")).collect();
    });
    assert!(matches!(many, SettingsError::Nodes { got: 9 }));
    let twice = refused(&|settings| settings.nodes.push("http://127.0.0.1:1/".to_owned()));
    assert!(matches!(twice, SettingsError::Twice { place: 1 }));
    let networks = refused(&|settings| settings.networks = vec!["10.0.0.0/33".to_owned()]);
    assert!(matches!(networks, SettingsError::Network(_)));
    let networks = refused(&|settings| settings.networks = vec!["10.0.0.0/8".to_owned(); 33]);
    assert!(matches!(networks, SettingsError::TooManyNetworks { got: 33 }));
    let plain = refused(&|settings| settings.plain = false);
    assert!(matches!(plain, SettingsError::Endpoint { place: 0, .. }));
    let roots = refused(&|settings| settings.nodes = vec!["https://node.example".to_owned()]);
    assert!(matches!(roots, SettingsError::NoRoots));
    assert_eq!(dialled(&setup), []);
}
