//! HTTP/1.1 over any network.

use super::{MAX_CONNECTIONS, Shared, StartError, admin};
use crate::rpc::Reply;
use bytes::Bytes;
use gateway_net::{BoxStream, Listener, Net};
use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, net::SocketAddr, time::Duration};
use tokio::task::JoinSet;

/// Longest order to the administration, in bytes; a longer one is refused.
const MAX_ORDER: usize = 16 * 1024;

/// How long a connection may take to send the head of a request; then it is closed.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait after the operating system had no room for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What listens at an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Service {
    /// The node of this number.
    Node(usize),
    /// The administration.
    Admin,
}

/// Listens, and gives the address with the task that answers.
pub(super) async fn listen(
    net: &dyn Net,
    address: SocketAddr,
    shared: Shared,
    service: Service,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send + use<>), StartError> {
    let cannot = |source| StartError::Listen { address, source };
    let listener = net.listen(address).await.map_err(cannot)?;
    let at = listener.local_addr().map_err(cannot)?;
    Ok((at, accept(listener, shared, service)))
}

async fn accept(mut listener: Box<dyn Listener>, shared: Shared, service: Service) {
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, shared.clone(), service));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: BoxStream, shared: Shared, service: Service) {
    let answer = service_fn(|request| respond(request, shared.clone(), service));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    // A connection that breaks is the caller's loss: it asks again.
    drop(server.serve_connection(TokioIo::new(stream), answer).await);
}

async fn respond(
    request: Request<Incoming>,
    shared: Shared,
    service: Service,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let reply = match service {
        Service::Node(node) => node_reply(&request, &shared, node),
        Service::Admin => Some(admin_reply(request, &shared).await),
    };
    match reply {
        Some(reply) => Ok(response(reply)),
        None => std::future::pending().await,
    }
}

/// Nothing if the node keeps silent.
fn node_reply(request: &Request<Incoming>, shared: &Shared, node: usize) -> Option<Reply> {
    if request.method() != Method::GET {
        return Some(Reply { status: 405, body: String::new() });
    }
    let query = request.uri().query().unwrap_or_default();
    shared.world().answer(node, request.uri().path(), query)
}

async fn admin_reply(request: Request<Incoming>, shared: &Shared) -> Reply {
    if request.method() != Method::POST {
        return Reply { status: 405, body: String::new() };
    }
    let path = request.uri().path().to_owned();
    match Limited::new(request.into_body(), MAX_ORDER).collect().await {
        Ok(body) => admin::answer(shared, &path, &body.to_bytes()),
        Err(_) => Reply { status: 413, body: String::new() },
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
