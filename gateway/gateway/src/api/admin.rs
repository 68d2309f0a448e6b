//! For the operator's own machines: probes and metrics, on an address of their own.

use super::time;
use crate::{
    chain::ChainHandle,
    metrics::{self, Metrics, live_members},
    questions::Questions,
};
use async_trait::async_trait;
use gateway_http::{Code, Handler, Head, Method, Problem, Request, Response, StatusCode};
use gateway_net::Clock;
use gateway_types::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers `/healthz`, `/readyz` and `/metrics`.
///
/// Trust: whoever reaches the address may read it; nothing here is personal, and nothing can be changed.
#[derive(Debug)]
pub struct Admin {
    questions: Questions,
    chains: Vec<ChainHandle>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Admin {
    /// Over these.
    #[must_use]
    pub fn new(
        questions: Questions,
        chains: Vec<ChainHandle>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { questions, chains, metrics, clock }
    }

    /// Whether a question can be taken and stored. A silent chain or a short committee shows, and changes nothing.
    #[must_use]
    pub fn ready(&self) -> Response {
        let is_ready = self.questions.is_ready();
        let now = self.clock.now();
        let body = json!({
            "ready": is_ready,
            "open": self.questions.open_count(),
            "chains": self.chains.iter().map(chain).collect::<Vec<_>>(),
            "lanes": self.questions.lanes().values().map(|l| lane(l, now)).collect::<Vec<_>>(),
        });
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Response::json(status, &body)
    }
}

#[async_trait]
impl Handler for Admin {
    fn is_open(&self, _: &Head) -> bool {
        true
    }

    fn body_limit(&self, _: &Head) -> usize {
        0
    }

    async fn handle(&self, request: Request) -> Response {
        match (&request.head.method, request.head.path.as_str()) {
            (&Method::GET, "/healthz") => Response::new(StatusCode::OK, "text/plain", "ok\n"),
            (&Method::GET, "/readyz") => self.ready(),
            (&Method::GET, "/metrics") => {
                let text = self.metrics.text(&self.questions, &self.chains);
                Response::new(StatusCode::OK, metrics::MEDIA_TYPE, text)
            }
            _ => Problem::new(Code::NotFound).with_request_id(&request.head.id).into(),
        }
    }
}

fn chain(chain: &ChainHandle) -> Value {
    let view = chain.now();
    json!({
        "chain": view.chain.to_string(), "height": view.height,
        "block_time": time::text(view.block_time), "relayers": view.relayers,
        "client": format!("{:?}", view.status).to_lowercase(),
    })
}

fn lane(lane: &crate::questions::ServedLane, now: Timestamp) -> Value {
    let view = lane.lane.now();
    let committees = (0u8..).zip(view.keys.committees()).map(|(at, committee)| {
        let region = view.keys.entry().committees.get(usize::from(at));
        json!({
            "region": region.map(|keys| keys.region.to_string()),
            "seen": live_members(&view, at, now),
            "needed": committee.size().t(), "members": committee.size().n(),
        })
    });
    json!({
        "lane": lane.id().to_string(), "batches": view.k, "size": view.head.size,
        "checkpoint_time": view.time.map(time::text),
        "synced_to": view.sync.as_ref().map(|sync| time::text(sync.block_time)),
        "committees": committees.collect::<Vec<_>>(),
    })
}
