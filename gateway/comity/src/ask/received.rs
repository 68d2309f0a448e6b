//! What a gateway says, as it says it: claims, until they are verified.

use serde::Deserialize;

/// A recognition as the API gives it. Members that are not needed here are not read.
#[derive(Clone, Debug, Deserialize)]
pub struct Received {
    /// `rec_…`.
    pub id: String,
    /// `yes`, `no` or `unknown`. Any other word is taken as the last.
    pub answer: String,
    /// Where it is.
    pub state: String,
    /// Where its certificate is.
    #[serde(default)]
    pub certificate: Option<CertificateAt>,
    /// Whom it waits for.
    #[serde(default)]
    pub waiting_on: Option<WaitingOn>,
    /// Why nothing was decided, or why it is a no.
    #[serde(default)]
    pub problem: Option<RefusedBy>,
    /// What was decided.
    #[serde(default)]
    pub decision: Option<serde_json::Value>,
    /// By which evidence.
    #[serde(default)]
    pub evidence: Option<serde_json::Value>,
    /// How each committee stands.
    #[serde(default)]
    pub verdicts: Option<serde_json::Value>,
}

impl Received {
    /// Whether it may still be decided.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state.as_str(), "recognised" | "declined" | "failed" | "cancelled")
    }
}

/// Where a certificate is.
#[derive(Clone, Debug, Deserialize)]
pub struct CertificateAt {
    /// `crt_…`.
    pub id: String,
    /// Its path at the gateway.
    pub url: String,
}

/// Whom a question waits for.
#[derive(Clone, Debug, Deserialize)]
pub struct WaitingOn {
    /// `source`, `regulator`, `batch`.
    pub who: String,
    /// Whose.
    #[serde(default)]
    pub region: Option<String>,
    /// How many have accepted.
    #[serde(default)]
    pub have: Option<u64>,
    /// How many must.
    #[serde(default)]
    pub need: Option<u64>,
}

/// A problem (RFC 9457) as the API gives it.
#[derive(Clone, Debug, Deserialize)]
pub struct RefusedBy {
    /// The stable code.
    pub code: String,
    /// The sentence.
    #[serde(default)]
    pub detail: String,
    /// Who acts next.
    #[serde(default)]
    pub next: Option<Next>,
    /// When to ask again, in seconds.
    #[serde(default)]
    pub retry_after_s: Option<u64>,
    /// The place in the question that it is about.
    #[serde(default)]
    pub pointer: Option<String>,
}

/// Who acts next, and what they do.
#[derive(Clone, Debug, Deserialize)]
pub struct Next {
    /// Who.
    pub who: String,
    /// What.
    #[serde(default)]
    pub r#do: String,
}
