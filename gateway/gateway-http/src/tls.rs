//! Mutual TLS: settings, and what both sides take from them.
//!
//! TLS 1.3 only, ALPN `http/1.1` only. No session is resumed, on either side: each connection shows its
//! certificate and has it checked against today's lists (A104). A listener has one identity and one set of
//! CAs whatever name is asked for, so a server name that differs from `Host` leads nowhere else.

mod authority;
mod settings;
mod verifier;

use crate::Caller;
pub use authority::PeerRefused;
use authority::Trust;
pub(crate) use authority::Usage;
use gateway_net::Clock;
use gateway_types::Timestamp;
use rustls::{
    ClientConfig, ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, UnixTime},
    server::NoServerSessionStorage,
    time_provider::TimeProvider,
    version::TLS13,
};
use settings::Loaded;
pub use settings::{Authority, Identity, TlsError, TlsSettings};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::watch;
use verifier::{ClientVerifier, ServerVerifier};

/// The one protocol that is spoken.
const ALPN: &[u8] = b"http/1.1";

/// Who we are, whom we believe, and at what time. Exchanged while running by [`Tls::reload`].
#[derive(Debug)]
pub struct Tls {
    current: RwLock<Arc<Current>>,
    clock: Arc<dyn Clock>,
    generation: watch::Sender<u64>,
}

/// One state of it, as long as a connection is set up with it.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) trust: Arc<Trust>,
    pub(crate) server: Option<Arc<ServerConfig>>,
    pub(crate) generation: u64,
    client: ClientConfig,
    me: Option<Caller>,
    expires_at: Option<Timestamp>,
    lists_expire_at: Option<Timestamp>,
}

impl Tls {
    /// Reads the settings. `clock` says what is expired.
    ///
    /// # Errors
    ///
    /// [`TlsError`], saying which text is wrong: the operator corrects it.
    pub fn new(settings: &TlsSettings, clock: Arc<dyn Clock>) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(Current::new(settings, &clock, 0)?));
        Ok(Arc::new(Self { current, clock, generation: watch::Sender::new(0) }))
    }

    /// Takes new settings for connections to come. Those that stand are checked anew, and closed if their
    /// peer is no longer believed.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: the old settings stay.
    pub fn reload(&self, settings: &TlsSettings) -> Result<(), TlsError> {
        let generation = self.generation.borrow().saturating_add(1);
        let new = Arc::new(Current::new(settings, &self.clock, generation)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        self.generation.send_replace(generation);
        Ok(())
    }

    /// Who we are, if we have an identity.
    #[must_use]
    pub fn me(&self) -> Option<Caller> {
        self.current().me.clone()
    }

    /// When our certificate ends, if we have one.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.current().expires_at
    }

    /// When the first of the revocation lists ends: from then on its region is refused.
    #[must_use]
    pub fn lists_expire_at(&self) -> Option<Timestamp> {
        self.current().lists_expire_at
    }

    /// Checks a peer's certificates, the peer's own first, as of now.
    pub(crate) fn check_peer(
        &self,
        chain: &[CertificateDer<'_>],
        usage: Usage,
    ) -> Result<Caller, PeerRefused> {
        let (own, rest) = chain.split_first().ok_or(PeerRefused::NoIdentity)?;
        self.current().trust.check_peer(own, rest, usage, unix_time(self.clock.now()))
    }

    /// What connections are set up with from now on.
    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells of each reload.
    pub(crate) fn reloads(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }
}

impl Current {
    fn new(
        settings: &TlsSettings,
        clock: &Arc<dyn Clock>,
        generation: u64,
    ) -> Result<Self, TlsError> {
        let loaded = Loaded::new(settings)?;
        let parts = Parts {
            provider: Arc::new(aws_lc_rs::default_provider()),
            time: Arc::new(ClockTime(Arc::clone(clock))),
            trust: Arc::new(loaded.trust),
        };
        let server = loaded.identity.as_ref().map(|own| parts.server(own)).transpose()?;
        Ok(Self {
            server: server.map(Arc::new),
            client: parts.client(loaded.identity.as_ref())?,
            trust: parts.trust,
            generation,
            expires_at: loaded.identity.as_ref().map(|own| own.expires_at),
            me: loaded.identity.map(|own| own.caller),
            lists_expire_at: loaded.lists_expire_at,
        })
    }

    /// For one connection: to nobody but `who`.
    pub(crate) fn client_for(&self, who: &Caller) -> Arc<ClientConfig> {
        let mut config = self.client.clone();
        let verifier = ServerVerifier::new(Arc::clone(&self.trust), Some(who.clone()));
        config.dangerous().set_certificate_verifier(Arc::new(verifier));
        Arc::new(config)
    }
}

/// What both configurations are made of.
struct Parts {
    provider: Arc<CryptoProvider>,
    time: Arc<ClockTime>,
    trust: Arc<Trust>,
}

impl Parts {
    fn server(&self, own: &settings::LoadedIdentity) -> Result<ServerConfig, TlsError> {
        let verifier = Arc::new(ClientVerifier::new(Arc::clone(&self.trust)));
        let mut config =
            ServerConfig::builder_with_details(Arc::clone(&self.provider), self.time())
                .with_protocol_versions(&[&TLS13])
                .map_err(TlsError::Unusable)?
                .with_client_cert_verifier(verifier)
                .with_single_cert(own.chain.clone(), own.key.clone_key())
                .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    /// It believes nobody until [`Current::client_for`] says whom.
    fn client(&self, own: Option<&settings::LoadedIdentity>) -> Result<ClientConfig, TlsError> {
        let nobody = Arc::new(ServerVerifier::new(Arc::clone(&self.trust), None));
        let builder = ClientConfig::builder_with_details(Arc::clone(&self.provider), self.time())
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsError::Unusable)?
            .dangerous()
            .with_custom_certificate_verifier(nobody);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => builder
                .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
                .map_err(TlsError::Unusable)?,
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    fn time(&self) -> Arc<dyn TimeProvider> {
        Arc::<ClockTime>::clone(&self.time)
    }
}

/// Our clock as rustls reads it.
#[derive(Debug)]
struct ClockTime(Arc<dyn Clock>);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0.now()))
    }
}

fn unix_time(now: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(now.0))
}
