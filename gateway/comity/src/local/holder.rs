//! A licence's holder: shows no more than is needed, bound to one request, and agrees to one purpose.

use super::{question::Handed, recorded::Licence};
use gateway_record::issue::{ConsentTerms, Issued, Key, bind, consent};
use gateway_types::{Digest, Origin, Platform, Timestamp, id::PurposeCode};

/// The fields that every pack judges: all else stays hidden.
pub const SHOWN: [&str; 3] = ["licence_id", "not_before", "not_after"];

/// What the holder is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The lane.
    pub origin: &'a Origin,
    /// Which question.
    pub digest: &'a Digest,
    /// Who asks.
    pub platform: &'a Platform,
    /// For what.
    pub purpose: &'a PurposeCode,
    /// When.
    pub at: Timestamp,
    /// Until when the holder agrees.
    pub until: Timestamp,
}

/// Makes what the holder hands over: the record with its proof, and the consent.
///
/// # Errors
///
/// If the licence's record does not have the fields.
pub fn hand_over(licence: &Licence, request: &Request<'_>) -> anyhow::Result<Handed> {
    let holder = Key::from_seed(&licence.holder_seed.0);
    let pairs = licence.disclosures.iter().map(|d| (d.name.clone(), d.disclosure.clone()));
    let issued = Issued { jws: licence.jws.clone(), disclosures: pairs.collect() };
    let shown = issued.present(&SHOWN)?;
    let terms = ConsentTerms {
        record: licence.digest,
        purpose: request.purpose.clone(),
        recipient: request.platform.clone(),
        from: request.at,
        until: request.until,
    };
    Ok(Handed {
        licence: licence.licence_id.parse()?,
        record: bind(&shown, &holder, request.origin, request.digest, request.at)?,
        consent: Some(consent(&terms, &holder)?),
    })
}
