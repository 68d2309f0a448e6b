//! Plain HTTP on the loopback, to nobody else: orders to example chains, and what programs tell their operator's machines.
//!
//! Trust: whoever else runs on this machine could answer. Nothing that counts goes this way.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, client::conn::http1::handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// A loopback answer comes within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// `GET`s JSON.
///
/// # Errors
///
/// If no success comes in time, or it is no JSON.
pub async fn get(at: SocketAddr, path: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&call(at, "GET", path, Bytes::new()).await?)?)
}

/// `GET`s text.
///
/// # Errors
///
/// If no success comes in time, or it is no text.
pub async fn text(at: SocketAddr, path: &str) -> anyhow::Result<String> {
    Ok(String::from_utf8(call(at, "GET", path, Bytes::new()).await?.to_vec())?)
}

/// `POST`s JSON.
///
/// # Errors
///
/// If no success comes in time, or it is no JSON.
pub async fn post(at: SocketAddr, path: &str, body: &Value) -> anyhow::Result<Value> {
    let answer = call(at, "POST", path, Bytes::from(body.to_string())).await?;
    Ok(serde_json::from_slice(&answer)?)
}

async fn call(at: SocketAddr, method: &str, path: &str, body: Bytes) -> anyhow::Result<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", at.to_string())
        .header("content-type", "application/json")
        .body(Full::new(body))?;
    let answered = timeout(PATIENCE, async {
        let stream = TcpStream::connect(at).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        driver.abort();
        let bytes = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
        ensure!(status.is_success(), "{path}: {status}: {}", String::from_utf8_lossy(&bytes));
        Ok(bytes)
    });
    answered.await.context("no answer in time")?
}
