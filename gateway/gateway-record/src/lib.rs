//! Licence records as SD-JWTs, their holder's proof, and consent.
//!
//! A record is what an issuer signed about a licence; the registry on chain holds only its digest. The
//! holder shows it, with as few fields as the destination's pack names, bound to one request, and agrees
//! to one purpose and one recipient. Here these three are read and checked; [`issue`] makes them.
//!
//! The order of the checks is in the types: [`Record`] (read), [`IssuedRecord`] (its issuer signed it),
//! [`VerifiedRecord`] (the registry holds it); [`VerifiedBinding`] and [`VerifiedConsent`] are about an
//! [`IssuedRecord`].
//!
//! **Invariant:** a text is read once, and what the rules see is what was under the signature: no key
//! twice, no algorithm but `EdDSA`, no header member that could bring a key along, no member that we do not
//! know. No error and no `Debug` holds a field of a record. Whether an issuer may issue a class, and
//! whether a licence is valid, is not decided here: status is the registry's, never the record's.
//!
//! Source: RFC 9901 (compact form, flat), RFC 7515, RFC 7800, RFC 8037; `formats` section 3.

mod base64url;
pub mod binding;
mod claims;
mod code;
pub mod consent;
pub mod date;
pub mod disclosure;
pub mod evidence;
#[cfg(test)]
mod fixture;
pub mod issue;
pub mod json;
mod jws;
pub mod record;

pub use binding::{BindingError, VerifiedBinding, verify_binding};
pub use claims::ClaimError;
pub use consent::{ConsentError, VerifiedConsent, verify_consent};
pub use date::Date;
pub use disclosure::DisclosureError;
pub use evidence::{IssuedRecord, RecordMismatch, VerifiedRecord, verify_issuer, verify_record};
pub use jws::{JwsError, MAX_HEADER, MAX_KID};
pub use record::{Claims, Record, RecordError, Validity};
