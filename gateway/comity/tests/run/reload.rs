//! SIGHUP: certificates, keys and revocation lists are taken anew, and what is wrong is not.

use super::{deployment, now, read_on, start, stop, until};
use bytes::Bytes;
use comity::{
    authority::{Authority, Hosts},
    deployment::{Written, WrittenRegion},
};
use gateway_http::{Caller, Role};
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    version::TLS13,
};
use std::{
    fs,
    io::BufReader,
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway that runs, and its log.
struct Gateway {
    child: Child,
    log: BufReader<ChildStderr>,
    at: SocketAddr,
}

/// A connection to it, and the certificate that it showed.
struct Line {
    sender: SendRequest<Empty<Bytes>>,
    shown: CertificateDer<'static>,
}

impl Gateway {
    fn start(config: &Path) -> Self {
        let text = fs::read_to_string(config).unwrap();
        let (_, at) = text.split_once("address = \"").unwrap();
        let at = at.split('"').next().unwrap().parse().unwrap();
        let mut child = start("gateway", config);
        let log = until(&mut child, "listening on");
        Self { child, log, at }
    }

    /// Sends SIGHUP, and reads its log up to what it says of it.
    fn reload(&mut self, says: &str) -> String {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
        read_on(&mut self.child, &mut self.log, says)
    }

    /// A connection with that region's certificate and key.
    async fn connect(&self, region: &WrittenRegion, identity: (&Path, &Path)) -> Line {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&region.authority).unwrap()).unwrap();
        let (certificate, key) = identity;
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&TLS13])
                .unwrap()
                .with_root_certificates(roots)
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_file(certificate).unwrap()],
                    PrivateKeyDer::from_pem_file(key).unwrap(),
                )
                .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let stream = TcpStream::connect(self.at).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(ServerName::from(self.at.ip()), stream).await.unwrap();
        let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Line { sender, shown }
    }

    async fn connect_as_platform(&self, region: &WrittenRegion) -> Line {
        self.connect(region, (&region.platform.certificate, &region.platform.key)).await
    }
}

impl Line {
    /// Whether a question on it is answered.
    /// Ends when it is answered no more: it is closed by a task of its own, just after the files are taken.
    async fn is_closed_soon(&mut self) {
        let closed = async {
            while self.is_answered().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, closed).await.unwrap();
    }

    async fn is_answered(&mut self) -> bool {
        let asked = async {
            self.sender.ready().await.ok()?;
            let request = Request::get("/v1/whoami").header("host", "gateway");
            let request = request.body(Empty::new()).unwrap();
            let answer = self.sender.send_request(request).await.ok()?;
            let is_good = answer.status().is_success();
            answer.into_body().collect().await.ok()?;
            Some(is_good)
        };
        timeout(PATIENCE, asked).await.unwrap() == Some(true)
    }
}

fn authority(region: &WrittenRegion) -> Authority {
    let key = region.authority.with_file_name("key.pem");
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    Authority::read(&region.region, &read(&region.authority), &read(&key)).unwrap()
}

/// A new certificate and key of the gateway, under its own name or another.
fn renew(region: &WrittenRegion, name: &str) {
    let name = name.parse().unwrap();
    let who = Caller { region: region.region.clone(), role: Role::Gateway, name };
    let hosts = Hosts { names: Vec::new(), addresses: vec![[127, 0, 0, 1].into()] };
    let issued = authority(region).issue(&who, &hosts, now()).unwrap();
    let tls = region.gateway.with_file_name("tls");
    fs::write(tls.join("certificate.pem"), issued.certificate).unwrap();
    fs::write(tls.join("key.pem"), issued.key.as_bytes()).unwrap();
}

fn begin(scratch: &Path) -> (Written, Gateway, tokio::runtime::Runtime) {
    let written = deployment(scratch);
    let gateway = Gateway::start(&written.regions[1].gateway);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    (written, gateway, runtime.worker_threads(1).enable_all().build().unwrap())
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let scratch = tempfile::tempdir().unwrap();
    let (written, mut gateway, runtime) = begin(scratch.path());
    let region = &written.regions[1];
    let tls = region.gateway.with_file_name("tls");
    runtime.block_on(async {
        let mut old = gateway.connect_as_platform(region).await;
        assert!(old.is_answered().await);
        renew(region, "gateway");
        gateway.reload("taken anew");
        let mut new = gateway.connect_as_platform(region).await;
        assert_ne!(new.shown, old.shown, "the renewed one");
        assert!(new.is_answered().await && old.is_answered().await);
        // Half of the next renewal: the key is another's.
        fs::write(tls.join("key.pem"), fs::read(&region.platform.key).unwrap()).unwrap();
        let said = gateway.reload("the old stays in force");
        assert!(said.contains("C-153") && !said.contains("PRIVATE"), "{said}");
        // Another program's certificate is refused too, though the right authority made it.
        renew(region, "gateway-2");
        assert!(gateway.reload("the old stays in force").contains("C-150"));
        let mut later = gateway.connect_as_platform(region).await;
        assert_eq!(later.shown, new.shown, "the one before stays in force");
        assert!(later.is_answered().await && new.is_answered().await && old.is_answered().await);
    });
    assert_eq!(stop(gateway.child, gateway.log, Signal::TERM), Some(0));
}

#[test]
fn a105_a_platform_on_the_revocation_list_is_let_in_no_more_and_others_are() {
    let scratch = tempfile::tempdir().unwrap();
    let (written, mut gateway, runtime) = begin(scratch.path());
    let region = &written.regions[1];
    let text = fs::read_to_string(&region.gateway).unwrap();
    let with_list = format!("{text}\n[tls.revocation_lists]\nCN-HK = \"hk.crl\"\n");
    let revoked = fs::read_to_string(&region.platform.certificate).unwrap();
    let list = |revoked: &[&str]| {
        let list = authority(region).list(revoked, now(), 30).unwrap();
        fs::write(region.gateway.with_file_name("hk.crl"), list).unwrap();
    };
    let office = region.regulators[0].with_file_name("tls");
    let office = (office.join("certificate.pem"), office.join("key.pem"));
    runtime.block_on(async {
        list(&[]);
        fs::write(&region.gateway, &with_list).unwrap();
        gateway.reload("taken anew");
        let mut platform = gateway.connect_as_platform(region).await;
        assert!(platform.is_answered().await, "nobody is on the list");
        list(&[&revoked]);
        gateway.reload("taken anew");
        platform.is_closed_soon().await;
        assert!(!gateway.connect_as_platform(region).await.is_answered().await);
        let mut other = gateway.connect(region, (&office.0, &office.1)).await;
        assert!(other.is_answered().await, "another of the region");
        // A list that cannot be read changes nothing: who was revoked stays so.
        fs::write(region.gateway.with_file_name("hk.crl"), "rubbish").unwrap();
        let said = gateway.reload("the old stays in force");
        assert!(said.contains("C-112"), "{said}");
        assert!(!gateway.connect_as_platform(region).await.is_answered().await);
        assert!(other.is_answered().await);
    });
    // A list that stands in the settings counts from the start on.
    assert_eq!(stop(gateway.child, gateway.log, Signal::TERM), Some(0));
    list(&[&revoked]);
    let again = Gateway::start(&region.gateway);
    runtime.block_on(async {
        assert!(!again.connect_as_platform(region).await.is_answered().await);
        assert!(again.connect(region, (&office.0, &office.1)).await.is_answered().await);
    });
    assert_eq!(stop(again.child, again.log, Signal::TERM), Some(0));
}
