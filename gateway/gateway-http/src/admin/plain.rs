//! Plain HTTP for probes and metrics, on an address that only the operator's own machines reach.

use super::{Admin, Probed};
use crate::{Body, Handler as _, Head, Request, Response};
use bytes::Bytes;
use gateway_net::{BoxStream, Listener};
use http_body_util::{Empty, Full, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

/// Most connections at once. One more is closed: probes come again.
const CONNECTIONS: usize = 64;

/// How long a connection may live: a scrape takes milliseconds.
const LIFE: Duration = Duration::from_secs(30);

/// How long a request's head may take.
const HEAD: Duration = Duration::from_secs(5);

/// How long it waits when the operating system has no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves probes and metrics until told to stop, by `true` or by dropping the other end: `GET`s without bodies.
pub async fn serve_admin(
    mut listener: Box<dyn Listener>,
    probed: Arc<dyn Probed>,
    mut stopped: watch::Receiver<bool>,
) {
    let handler = Arc::new(Admin(probed));
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let next = tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            next = listener.accept() => next,
        };
        let Ok((stream, _)) = next else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let handler = Arc::clone(&handler);
        tokio::spawn(async move {
            // A connection that lives too long is closed; so is one that speaks no HTTP.
            let ended = timeout(LIFE, connection(stream, handler)).await;
            drop((ended, place));
        });
    }
}

async fn connection(stream: BoxStream, handler: Arc<Admin>) -> Result<(), hyper::Error> {
    let service = service_fn(|request| answer(Arc::clone(&handler), request));
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(32)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

async fn answer(
    handler: Arc<Admin>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let head = Head {
        caller: None,
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        id: String::new(),
    };
    let request = Request { head, body: Bytes::new() };
    let Response { status, headers, body } = handler.handle(request).await;
    let body = match body {
        Body::Whole(bytes) => BoxBody::new(Full::new(bytes)),
        // Nothing here answers at length.
        Body::Frames(_) => BoxBody::new(Empty::new()),
    };
    let mut response = hyper::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
