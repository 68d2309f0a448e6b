//! Who answers which path.

use crate::{api::Api, chain::ChainHandle, lane::LaneHandle, links::Links, questions::Questions};
use async_trait::async_trait;
use gateway_http::{DEFAULT_BODY_LIMIT, Handler, Head, Request, Response};
use gateway_net::Clock;
use gateway_types::Jurisdiction;
use std::sync::Arc;

/// `/v1/…` for platforms, `/lane/…`, `/relay/…` and `/peer/…` for those who keep the lanes going.
#[derive(Debug)]
pub(super) struct Router {
    api: Api,
    links: Links,
}

impl Router {
    pub(super) fn new(
        questions: Questions,
        (region, lanes, chains): (Jurisdiction, &[LaneHandle], &[ChainHandle]),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let links = Links::new(region, lanes.to_vec(), chains.to_vec());
        Self { api: Api::new(questions, clock), links }
    }
}

#[async_trait]
impl Handler for Router {
    fn body_limit(&self, head: &Head) -> usize {
        if Links::has(head) { Links::body_limit(head) } else { DEFAULT_BODY_LIMIT }
    }

    fn is_open(&self, head: &Head) -> bool {
        !Links::has(head) && Api::is_open(head)
    }

    async fn handle(&self, request: Request) -> Response {
        if Links::has(&request.head) {
            self.links.handle(request).await
        } else {
            self.api.handle(request).await
        }
    }
}
