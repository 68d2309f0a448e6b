//! Nodes that real operators would not be proud of.

use std::net::Ipv4Addr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Longest request that is read.
const MAX_REQUEST: usize = 8 * 1024;

/// A node that takes connections and answers nothing, until it is dropped.
pub(crate) async fn silent(nodes: &mut JoinSet<()>) -> anyhow::Result<u16> {
    let (listener, port) = listen().await?;
    nodes.spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    Ok(port)
}

/// A node that says of everything that it is not there, for the height and the key asked, and shows no proof.
pub(crate) async fn denying(nodes: &mut JoinSet<()>) -> anyhow::Result<u16> {
    let (listener, port) = listen().await?;
    nodes.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A caller that went away is none of our business.
            let _gone = deny(stream).await;
        }
    });
    Ok(port)
}

/// A port where nobody listens.
pub(crate) async fn nobody() -> anyhow::Result<u16> {
    Ok(listen().await?.1)
}

async fn listen() -> anyhow::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

async fn deny(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && request.len() < MAX_REQUEST {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let body = nothing(&String::from_utf8_lossy(&request));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// What a real node answers for an absent key that nobody wants proven.
fn nothing(request: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let asked = |name: &str| {
        let rest = request.split_once(name).map_or("", |(_, rest)| rest);
        rest.split(['&', ' ']).next().unwrap_or_default()
    };
    let key = STANDARD.encode(hex::decode(asked("data=0x")).unwrap_or_default());
    let height = asked("height=");
    format!(
        r#"{{"jsonrpc":"2.0","id":-1,"result":{{"response":{{"code":0,"log":"","info":"","index":"0","key":"{key}","value":null,"proofOps":null,"height":"{height}","codespace":""}}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_denied_is_what_was_asked() {
        let uri = "GET /abci_query?path=%22/store/wasm/key%22&data=0x0102&height=7&prove=true HTTP/1.1\r\n";
        let answer: serde_json::Value = serde_json::from_str(&super::nothing(uri)).unwrap();
        assert_eq!(answer["result"]["response"]["key"], "AQI=");
        assert_eq!(answer["result"]["response"]["height"], "7");
    }
}
