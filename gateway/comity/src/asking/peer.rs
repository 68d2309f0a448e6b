//! Why a gateway gave no answer, in plain words.

use crate::exit::Exit;
use comity::ask::AskError;
use gateway_http::PeerRefused;
use gateway_types::Causes;
use rustls::{CertificateError, Error as TlsError, OtherError};
use std::{error::Error, io};

/// Where the gateway is named.
const COMPARE: &str =
    "Compare region, name and address under [gateway], and [tls.authorities], with its operator";

/// What is said of a gateway that gave no answer at all, and how the command ends: whoever is not the one that was
/// called will not be it the next time.
pub(super) fn plain(error: &AskError) -> (String, Exit) {
    let AskError::Unreachable { gateway, .. } = error else {
        return (error.to_string(), Exit::TryAgain);
    };
    if let Some(tls) = cause::<TlsError>(error) {
        return of_tls(gateway, tls);
    }
    let again = "Ask again with the same --key";
    let why = match cause::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "nobody listens there".to_owned(),
        _ => Causes(error).to_string(),
    };
    (format!("{gateway}: {why}. {again}"), Exit::TryAgain)
}

fn of_tls(gateway: &str, error: &TlsError) -> (String, Exit) {
    let says = match error {
        TlsError::InvalidCertificate(why) => {
            format!("{gateway}: {}. {COMPARE}", of_certificate(why))
        }
        TlsError::AlertReceived(_) => format!(
            "{gateway} does not take your certificate. It must be signed by your region's authority, count today, and be on no revocation list"
        ),
        TlsError::InvalidMessage(_) => {
            format!("{gateway}: whoever answers speaks no TLS 1.3. {COMPARE}")
        }
        other => format!("{gateway}: no TLS connection: {other}. {COMPARE}"),
    };
    (says, Exit::WrongUsage)
}

fn of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "the authority that you name for its region did not sign the certificate of whoever answers".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has ended".to_owned()
        }
        CertificateError::Revoked => "its certificate is on its region's revocation list".to_owned(),
        CertificateError::Other(OtherError(inner)) => match inner.downcast_ref::<PeerRefused>() {
            Some(refused) => refused.to_string(),
            None => "the certificate of whoever answers does not hold".to_owned(),
        },
        _ => "the certificate of whoever answers does not hold".to_owned(),
    }
}

/// The first cause of that type; what an I/O error wraps counts too.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<E>()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}
