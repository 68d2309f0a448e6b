//! A node that answers as a real one was recorded, or badly, on a network in memory.

use async_trait::async_trait;
use gateway_net::{BoxStream, Listener, Net};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

/// What was recorded, as a node would find it.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) chain: Value,
    blocks: BTreeMap<u64, Value>,
    /// By store key and height.
    answers: BTreeMap<(String, u64), Value>,
    /// Whole bodies by path, with their HTTP status.
    strange: BTreeMap<String, (u64, Value)>,
}

fn lines(name: &str) -> Vec<Value> {
    let text = String::from_utf8(vectors::own(&format!("wasmd/recorded/{name}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn param<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let query = path.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

impl Recording {
    pub(crate) fn load() -> Self {
        let height = |line: &Value| line["height"].as_u64().unwrap();
        let mut answers = BTreeMap::new();
        for line in ["heads", "records", "changes"].into_iter().flat_map(lines) {
            let key = param(line["path"].as_str().unwrap(), "data").unwrap().to_owned();
            answers.insert((key, height(&line)), line["response"].clone());
        }
        let strange = vectors::own_json("wasmd/recorded/strange.json");
        let strange = strange.as_object().unwrap().iter().map(|(path, said)| {
            (path.clone(), (said["http"].as_u64().unwrap(), said["body"].clone()))
        });
        Self {
            chain: vectors::own_json("wasmd/recorded/chain.json"),
            blocks: lines("light_blocks").into_iter().map(|line| (height(&line), line)).collect(),
            answers,
            strange: strange.collect(),
        }
    }

    pub(crate) fn height(&self, name: &str) -> u64 {
        self.chain["heights"][name].as_u64().unwrap()
    }

    pub(crate) fn block(&self, height: u64) -> &Value {
        &self.blocks[&height]
    }

    /// HTTP status and body.
    fn answer(&self, path: &str) -> (u64, Value) {
        if let Some(said) = self.strange.get(path) {
            return said.clone();
        }
        let height = || param(path, "height").unwrap().parse::<u64>().unwrap();
        let last = self.height("last");
        let result = match path.split('?').next().unwrap() {
            "/status" => Ok(self.status()),
            "/commit" => self.of_block(height(), |block| {
                json!({
                    "signed_header": block["signed_header"], "canonical": true,
                })
            }),
            // The set after the tip is that which the tip's block came with.
            "/validators" if height() == last + 1 => {
                self.of_block(last, |block| set(last + 1, &block["next_validators"]))
            }
            "/validators" => self.of_block(height(), |block| set(height(), &block["validators"])),
            "/abci_query" => Ok(json!({ "response": self.query(path, height()) })),
            _ => panic!("asked for {path}"),
        };
        match result {
            Ok(result) => (200, json!({ "jsonrpc": "2.0", "id": -1, "result": result })),
            Err(why) => {
                let error = json!({ "code": -32603, "message": "Internal error", "data": why });
                (500, json!({ "jsonrpc": "2.0", "id": -1, "error": error }))
            }
        }
    }

    fn status(&self) -> Value {
        let (first, last) = (self.height("first"), self.height("last"));
        json!({
            "node_info": { "network": self.chain["chain_id"] },
            "sync_info": {
                "latest_block_height": last.to_string(),
                "latest_block_time": self.blocks[&last]["signed_header"]["header"]["time"],
                "earliest_block_height": first.to_string(),
                "catching_up": false,
            },
        })
    }

    fn of_block(&self, height: u64, show: impl Fn(&Value) -> Value) -> Result<Value, String> {
        let (first, last) = (self.height("first"), self.height("last"));
        let behind = || {
            format!(
                "height {height} must be less than or equal to the current blockchain height {last}"
            )
        };
        if height > last {
            return Err(behind());
        }
        let pruned = || format!("height {height} is not available, lowest height is {first}");
        self.blocks.get(&height).map(show).ok_or_else(pruned)
    }

    fn query(&self, path: &str, height: u64) -> Value {
        let key = param(path, "data").unwrap().to_owned();
        let proven = param(path, "prove") == Some("true");
        // Unproven questions are about the newest state.
        let at = if proven { height } else { self.height("last_proof") };
        match self.answers.get(&(key.clone(), at)) {
            Some(answer) if proven => answer.clone(),
            Some(answer) => {
                let mut bare = answer.clone();
                bare["proofOps"] = Value::Null;
                bare
            }
            None if proven => json!({
                "code": 7, "log": "proof is unexpectedly empty; ensure height has not been pruned: invalid request",
                "info": "", "index": "0", "key": null, "value": null, "proofOps": null, "height": "0",
                "codespace": "store",
            }),
            None => json!({
                "code": 0, "log": "", "info": "", "index": "0", "value": null, "proofOps": null,
                "key": base64(&hex::decode(key.strip_prefix("0x").unwrap()).unwrap()),
                "height": at.to_string(), "codespace": "",
            }),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn set(height: u64, validators: &Value) -> Value {
    let count = validators.as_array().unwrap().len().to_string();
    json!({ "block_height": height.to_string(), "validators": validators, "count": count, "total": count })
}

/// Path and body in, body out.
pub(crate) type Change = Arc<dyn Fn(&str, Value) -> Value + Send + Sync>;

/// How a node behaves.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// As recorded.
    Honest,
    /// It takes connections and never answers.
    Silent,
    /// Nobody listens.
    Gone,
    /// It changes what was recorded.
    Changed(Change),
    /// It sends these bytes to whatever it is asked, and closes.
    Raw(Vec<u8>),
    /// It sends without end.
    Endless,
    /// It sends a byte a second.
    Drip,
    /// As recorded, each answer after so long.
    Slow(Duration),
}

/// A network in memory: names and addresses with a node each.
#[derive(Clone)]
pub(crate) struct Replay {
    pub(crate) recording: Arc<Recording>,
    nodes: Arc<Mutex<BTreeMap<SocketAddr, Behaviour>>>,
    names: Arc<Mutex<BTreeMap<String, Vec<SocketAddr>>>>,
    /// Who was dialled.
    pub(crate) dialled: Arc<Mutex<Vec<SocketAddr>>>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replay")
    }
}

impl Replay {
    pub(crate) fn new() -> Self {
        Self {
            recording: Arc::new(Recording::load()),
            nodes: Arc::default(),
            names: Arc::default(),
            dialled: Arc::default(),
        }
    }

    pub(crate) fn node(&self, address: &str, behaviour: Behaviour) {
        self.nodes.lock().unwrap().insert(address.parse().unwrap(), behaviour);
    }

    pub(crate) fn name(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.lock().unwrap().insert(name.to_owned(), addresses);
    }

    async fn serve(self, mut stream: DuplexStream, behaviour: Behaviour) {
        while let Some(path) = request(&mut stream).await {
            let (status, body) = match &behaviour {
                Behaviour::Silent | Behaviour::Gone => return std::future::pending().await,
                Behaviour::Honest => self.recording.answer(&path),
                Behaviour::Slow(time) => {
                    tokio::time::sleep(*time).await;
                    self.recording.answer(&path)
                }
                Behaviour::Changed(change) => {
                    let (status, body) = self.recording.answer(&path);
                    (status, change(&path, body))
                }
                Behaviour::Raw(bytes) => {
                    drop(stream.write_all(bytes).await);
                    return;
                }
                Behaviour::Endless => return endless(&mut stream).await,
                Behaviour::Drip => return drip(&mut stream).await,
            };
            let body = body.to_string();
            let head = format!(
                "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// The path of the next request; nothing at the end.
async fn request(stream: &mut DuplexStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("GET ") && head.to_ascii_lowercase().contains("\r\nhost: "), "{head}");
    Some(head.split(' ').nth(1).unwrap().to_owned())
}

async fn endless(stream: &mut DuplexStream) {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut next: Vec<u8> = head.to_vec();
    while stream.write_all(&next).await.is_ok() {
        next = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
    }
}

async fn drip(stream: &mut DuplexStream) {
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n".iter().chain([b' '; 900].iter()) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}

#[async_trait]
impl Net for Replay {
    async fn resolve(&self, host: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        let names = self.names.lock().unwrap();
        names.get(host).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<BoxStream> {
        self.dialled.lock().unwrap().push(to);
        let behaviour = self.nodes.lock().unwrap().get(&to).cloned();
        match behaviour {
            None | Some(Behaviour::Gone) => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(behaviour) => {
                let (here, there) = duplex(64 * 1024);
                tokio::spawn(self.clone().serve(there, behaviour));
                Ok(Box::new(here))
            }
        }
    }

    async fn listen(&self, _: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
