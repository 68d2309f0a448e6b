//! Orders to the example chain, and questions to its nodes: plain HTTP on the loopback.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// A loopback answer comes within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// `GET`s text; the status must be a success.
pub(crate) async fn get(at: SocketAddr, path: &str) -> Result<String> {
    call(at, &format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n")).await
}

/// `POST`s JSON.
pub(crate) async fn post(at: SocketAddr, path: &str, body: &Value) -> Result<Value> {
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Ok(serde_json::from_str(&call(at, &format!("{head}{body}")).await?)?)
}

async fn call(at: SocketAddr, request: &str) -> Result<String> {
    let answered = timeout(PATIENCE, async {
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    });
    let answer = answered.await.context("no answer in time")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer with a head")?;
    ensure!(
        head.starts_with("HTTP/1.1 200"),
        "{}: {body}",
        head.lines().next().unwrap_or_default()
    );
    Ok(body.to_owned())
}
