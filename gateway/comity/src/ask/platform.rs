//! A platform's calls to a gateway.

use super::{
    MAX_WAIT, Question,
    received::{Received, RefusedBy},
};
use gateway_http::{Bytes, Client, ClientError, HeaderMap, HeaderName, HeaderValue, Method, Peer};
use gateway_types::Platform;
use serde_json::json;
use std::time::Duration;

/// Calls one gateway in a platform's name.
#[derive(Clone, Debug)]
pub struct PlatformClient {
    client: Client,
    gateway: Peer,
    me: Platform,
}

/// Why a gateway gave no answer at all.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or something else than it answered.
    #[error("{gateway} gives no answer")]
    Unreachable {
        /// Whom.
        gateway: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// It does not take the question.
    #[error("{}: {}", .0.code, .0.detail)]
    Refused(Box<RefusedBy>),
    /// What it answered is not what the API says.
    #[error("the gateway's answer ({status}) is none of this API: is it a Comity gateway?")]
    Strange {
        /// The HTTP status.
        status: u16,
    },
}

impl PlatformClient {
    /// Calls `gateway` by `client`, whose certificate says that it is `me`.
    #[must_use]
    pub fn new(client: Client, gateway: Peer, me: Platform) -> Self {
        Self { client, gateway, me }
    }

    /// In whose name it calls.
    #[must_use]
    pub fn me(&self) -> &Platform {
        &self.me
    }

    /// Asks, and waits at the gateway for at most `wait`. The same question under the same key may be asked again
    /// at any time: it is one question.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn ask(&self, question: &Question, wait: Duration) -> Result<Received, AskError> {
        let body = json!({
            "licence": question.licence.as_str(),
            "from": question.from,
            "to": question.to,
            "purpose": question.purpose,
            "record": question.record,
            "consent": question.consent,
        });
        let mut headers = waiting(wait);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        if let Ok(key) = HeaderValue::from_str(question.key.as_str()) {
            headers.insert("idempotency-key", key);
        }
        let body = Bytes::from(body.to_string());
        self.call(Method::POST, "/v1/recognitions", headers, body).await
    }

    /// Looks at a question asked before, and waits at the gateway for at most `wait`.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn look(&self, id: &str, wait: Duration) -> Result<Received, AskError> {
        let path = format!("/v1/recognitions/{id}");
        self.call(Method::GET, &path, waiting(wait), Bytes::new()).await
    }

    /// A file of the gateway: a certificate, a status.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn file(&self, path: &str) -> Result<Vec<u8>, AskError> {
        let answer = self.client.get(&self.gateway, path).await.map_err(|e| self.unreachable(e))?;
        if answer.status.is_success() {
            return Ok(answer.body.to_vec());
        }
        Err(refused(answer.status.as_u16(), &answer.body))
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Received, AskError> {
        let sent = self.client.send(&self.gateway, method, path, headers, body).await;
        let answer = sent.map_err(|error| self.unreachable(error))?;
        let status = answer.status.as_u16();
        if !answer.status.is_success() {
            return Err(refused(status, &answer.body));
        }
        serde_json::from_slice(&answer.body).map_err(|_| AskError::Strange { status })
    }

    fn unreachable(&self, source: ClientError) -> AskError {
        let Peer { who, host, port } = &self.gateway;
        AskError::Unreachable { gateway: format!("{who} at {host}:{port}"), source }
    }
}

fn waiting(wait: Duration) -> HeaderMap {
    let seconds = wait.min(MAX_WAIT).as_secs();
    let prefer = HeaderValue::from_str(&format!("wait={seconds}"));
    let name = HeaderName::from_static("prefer");
    prefer.map(|prefer| HeaderMap::from_iter([(name, prefer)])).unwrap_or_default()
}

fn refused(status: u16, body: &[u8]) -> AskError {
    match serde_json::from_slice(body) {
        Ok(problem) => AskError::Refused(Box::new(problem)),
        Err(_) => AskError::Strange { status },
    }
}
