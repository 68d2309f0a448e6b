//! What can be asked, and the log.

use super::{Api, problem_of_look, time};
use crate::questions::{ProofError, ServedLane};
use gateway_http::{Code, Problem, Response, StatusCode, header};
use serde_json::{Value, json};

/// How long a full tile may be kept: it never changes.
const FOR_EVER: &str = "max-age=31536000, immutable";

impl Api {
    /// All lanes.
    pub(super) fn lanes(&self) -> Response {
        let lanes: Vec<Value> = self.questions.lanes().values().map(|lane| brief(lane)).collect();
        Response::json(StatusCode::OK, &json!({ "data": lanes, "next_cursor": null }))
    }

    /// One lane: what can be asked there, who signs, and how its log stands.
    pub(super) fn lane(&self, lane: &str) -> Result<Response, Problem> {
        let lane = self.served(lane)?;
        let mut body = brief(lane);
        if let Value::Object(members) = &mut body {
            members.insert("classes".into(), classes(lane));
            members.insert("committees".into(), committees(lane));
            members.insert("log".into(), log(lane));
        }
        Ok(Response::json(StatusCode::OK, &body))
    }

    /// The newest signed checkpoint, a C2SP note.
    pub(super) fn checkpoint(&self, lane: &str) -> Result<Response, Problem> {
        let log = self.served(lane)?.lane.log();
        let not_found = || Problem::new(Code::NotFound);
        let k = log.next_k().checked_sub(1).ok_or_else(not_found)?;
        let note = log.note_at(k).map_err(|e| problem_of_look(&ProofError::from(e).into()))?;
        let note = note.ok_or_else(not_found)?;
        Ok(Response::new(StatusCode::OK, "text/plain; charset=utf-8", note)
            .with_header(header::CACHE_CONTROL, "no-cache"))
    }

    /// A tile of the log's hashes. Source: C2SP tlog-tiles.
    pub(super) fn tile(&self, lane: &str, path: &[&str]) -> Result<Response, Problem> {
        let log = self.served(lane)?.lane.log();
        let not_found = || Problem::new(Code::NotFound);
        let (level, n, width) = read_tile_path(path).ok_or_else(not_found)?;
        let tile = log.tile(level, n, width).ok_or_else(not_found)?;
        Ok(Response::new(StatusCode::OK, "application/octet-stream", tile)
            .with_header(header::CACHE_CONTROL, FOR_EVER))
    }
}

fn brief(lane: &ServedLane) -> Value {
    let id = lane.id();
    let purposes: Vec<&str> = (lane.source.purposes())
        .intersection(lane.destination.purposes())
        .map(gateway_types::id::PurposeCode::as_str)
        .collect();
    json!({
        "lane": id.to_string(), "object": "lane", "origin": lane.origin.to_string(),
        "from": id.source.as_str(), "to": id.destination.as_str(), "tier": id.tier.as_str(),
        "purposes": purposes,
        "packs": [lane.source.reference(), lane.destination.reference()],
    })
}

/// The classes that the destination knows a counterpart of.
fn classes(lane: &ServedLane) -> Value {
    let of_source = |e: &&policy_engine::Equivalence| e.from == lane.id().source;
    let classes = lane.destination.equivalences().filter(of_source).map(|equivalence| {
        json!({
            "class": equivalence.class.as_str(), "name": equivalence.name.en,
            "local_class": equivalence.local.as_str(), "local_name": equivalence.local_name.en,
            "form": equivalence.form.as_str(),
        })
    });
    Value::Array(classes.collect())
}

fn committees(lane: &ServedLane) -> Value {
    let committees = lane.lane.log().keys().entry().committees.iter().map(|committee| {
        let members: Vec<&str> = committee.members.iter().map(|it| it.name.as_str()).collect();
        let (needed, keys_end) = (committee.size.t(), time::text(committee.keys_end));
        json!({
            "region": committee.region.as_str(), "needed": needed, "members": members,
            "keys_end": keys_end,
        })
    });
    Value::Array(committees.collect())
}

fn log(lane: &ServedLane) -> Value {
    let view = lane.lane.now();
    json!({
        "size": view.head.size, "root": hex::encode(view.head.root.0), "batches": view.k,
        "time": view.time.map(time::text),
        "frozen": view.frozen,
        "synced_to": view.sync.as_ref().map(|sync| time::text(sync.block_time)),
    })
}

/// Level, number and width of `0/x001/234.p/5`.
fn read_tile_path(path: &[&str]) -> Option<(u8, u64, u16)> {
    let (level, groups) = path.split_first()?;
    let level = plain(level, 1)?;
    let (groups, width) = match groups {
        [groups @ .., last, width] if last.ends_with(".p") => {
            let width = plain(width, 3).and_then(|w| u16::try_from(w).ok())?;
            let last = last.strip_suffix(".p")?;
            ([groups, &[last]].concat(), Some(width).filter(|width| (1..256).contains(width))?)
        }
        groups => (groups.to_vec(), 256),
    };
    let (last, first) = groups.split_last()?;
    let mut n = 0_u64;
    for group in first {
        n = n.checked_mul(1000)?.checked_add(group_of(group.strip_prefix('x')?)?)?;
    }
    let n = n.checked_mul(1000)?.checked_add(group_of(last)?)?;
    Some((u8::try_from(level).ok()?, n, width))
}

/// Three digits, no more, no less.
fn group_of(text: &str) -> Option<u64> {
    (text.len() == 3).then(|| plain(text, 3)).flatten()
}

/// Up to so many digits, and nothing else.
fn plain(text: &str, digits: usize) -> Option<u64> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_named_as_the_log_names_them() {
        for (path, expected) in [
            ("0/000", Some((0, 0, 256))),
            ("0/x001/234.p/5", Some((0, 1234, 5))),
            ("6/x001/x002/003", Some((6, 1_002_003, 256))),
            ("0/1234", None),
            ("0/001/002", None),
            ("0/000.p/256", None),
            ("0/000.p/0", None),
            ("0/%30", None),
            ("00/000", None),
            ("0", None),
        ] {
            assert_eq!(read_tile_path(&path.split('/').collect::<Vec<_>>()), expected, "{path}");
        }
    }
}
