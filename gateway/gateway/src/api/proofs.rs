//! Certificates, statuses and lists: what proves itself.

use super::{Api, platform_of, problem_of_look, time};
use crate::questions::{CertificateId, ProofError, ServedLane};
use gateway_core::{Logged, Outcome};
use gateway_http::{Bytes, Code, Head, HeaderName, Problem, Response, StatusCode, header};
use gateway_lane::FRESH_SYNC;
use gateway_types::LaneId;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Most status files of a lane that are kept in memory. When there are as many, all go, and are made again.
const STATUS_FILES: usize = 64;

/// The newest status files of each lane: one for all whose licence has not changed, one for each licence that has.
#[derive(Debug, Default)]
pub(super) struct StatusFiles(Mutex<BTreeMap<LaneId, Newest>>);

/// Of one lane, as of its newest batch, by the place of the source's word in the log.
#[derive(Debug, Default)]
struct Newest {
    k: u64,
    files: BTreeMap<Option<u64>, Bytes>,
}

impl StatusFiles {
    /// The file for one answer as of the newest batch, made once a batch.
    fn of(&self, lane: &ServedLane, answer: &Logged) -> Result<Option<Bytes>, ProofError> {
        let Some(k) = lane.lane.log().next_k().checked_sub(1) else { return Ok(None) };
        let change = match answer.outcome() {
            Outcome::Recognised(_) => lane.change_of(answer, k)?,
            Outcome::Declined(_) => None,
        };
        if let Some(file) = self.find(lane.id(), k, change) {
            return Ok(Some(file));
        }
        let Some(file) = lane.status_file(k, change)?.map(Bytes::from) else { return Ok(None) };
        self.keep(lane.id(), k, change, file.clone());
        Ok(Some(file))
    }

    fn find(&self, lane: &LaneId, k: u64, change: Option<u64>) -> Option<Bytes> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(lane).filter(|newest| newest.k == k)?.files.get(&change).cloned()
    }

    fn keep(&self, lane: &LaneId, k: u64, change: Option<u64>, file: Bytes) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = held.entry(lane.clone()).or_default();
        if newest.k != k || newest.files.len() >= STATUS_FILES {
            *newest = Newest { k, files: BTreeMap::new() };
        }
        newest.files.insert(change, file);
    }
}

/// A Token Status List without a signature: its digest is in a `batch` entry of the log.
#[derive(Debug, Serialize)]
struct ListBody {
    bits: u8,
    count: u32,
    lst: String,
}

impl Api {
    /// The certificate of an own question, the same bytes for ever.
    pub(super) fn certificate(&self, head: &Head, id: &str) -> Result<Response, Problem> {
        let platform = platform_of(head)?;
        let id = certificate_id(id)?;
        let bytes = self.questions.certificate(&platform, id.question());
        let bytes = bytes.map_err(|error| problem_of_look(&error))?;
        Ok(Response::new(StatusCode::OK, "application/json", bytes)
            .with_header(header::CACHE_CONTROL, "private, max-age=31536000, immutable"))
    }

    /// How the recognition of a certificate stands, with the proof: the status file of its lane.
    ///
    /// The body is the file as `comity verify --status` reads it; how this certificate stands by it, and
    /// whether it is stale, is in `Comity-Status` and `Comity-Status-As-Of`.
    pub(super) fn status(&self, id: &str) -> Result<Response, Problem> {
        let id = certificate_id(id)?;
        let closed = self.questions.closed(id.question()).map_err(|e| problem_of_look(&e))?;
        let not_found = || Problem::new(Code::NotFound);
        let (logged, _) = closed.logged.as_ref().ok_or_else(not_found)?;
        let lane = self.questions.lanes().get(&closed.lane).ok_or_else(not_found)?;
        let file = self.status_files.of(lane, logged).map_err(|e| problem_of_look(&e.into()))?;
        let response =
            Response::new(StatusCode::OK, "application/json", file.ok_or_else(not_found)?)
                .with_header(header::CACHE_CONTROL, "max-age=60");
        Ok(match logged.outcome() {
            Outcome::Recognised(entry) => self.with_status(response, lane, entry.list_index),
            Outcome::Declined(_) => response,
        })
    }

    fn with_status(&self, response: Response, lane: &ServedLane, index: u32) -> Response {
        let Some(standing) = lane.standing(index) else { return response };
        let is_stale = self.clock.now().since(standing.as_of) > FRESH_SYNC;
        let stale = if is_stale { ", stale" } else { "" };
        let (status, as_of) = ("comity-status", "comity-status-as-of");
        response
            .with_header(HeaderName::from_static(status), &format!("{}{stale}", standing.status))
            .with_header(HeaderName::from_static(as_of), &time::text(standing.as_of))
    }

    /// The status list after batch `n` of a lane.
    pub(super) fn status_list(&self, lane: &str, n: &str) -> Result<Response, Problem> {
        let not_found = || Problem::new(Code::NotFound);
        let lane = self.served(lane)?;
        let n: u64 = n.parse().map_err(|_| not_found())?;
        let list = lane.lane.log().status_list(n);
        let list = list.map_err(|error| problem_of_look(&ProofError::from(error).into()))?;
        let list = list.ok_or_else(not_found)?;
        let lst = base64_url(&list.to_zlib());
        let body = ListBody { bits: 2, count: list.count(), lst };
        Ok(Response::json(StatusCode::OK, &body).with_header(header::CACHE_CONTROL, "max-age=60"))
    }

    /// A lane that is served here, by its name.
    pub(super) fn served(&self, lane: &str) -> Result<&Arc<ServedLane>, Problem> {
        let unknown = || Problem::new(Code::LaneUnknown);
        let lane: LaneId = lane.parse().map_err(|_| unknown())?;
        self.questions.lanes().get(&lane).ok_or_else(unknown)
    }
}

fn certificate_id(text: &str) -> Result<CertificateId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
