//! `comity demo-chain`, started by the demonstration: one example chain, its four nodes, and its administration.

use crate::{exit::Exit, output::Output};
use anyhow::Context as _;
use embedded_chain::{Chain, ChainServer, Genesis};
use gateway_net::{SystemClock, SystemNet};
use gateway_types::{ChainId, Timestamp};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};

/// Runs an example chain. Its keys are known to everybody: for the demonstration only.
#[derive(Debug, clap::Args)]
pub(crate) struct ChainArgs {
    /// The chain's name.
    #[arg(long)]
    chain: ChainId,
    /// Time of its first block, in milliseconds since 1970.
    #[arg(long)]
    began: u64,
    /// Where a node listens; once a node.
    #[arg(long, required = true)]
    node: Vec<SocketAddr>,
    /// Where it takes orders: a loopback address.
    #[arg(long)]
    admin: SocketAddr,
    /// Milliseconds from block to block.
    #[arg(long, default_value_t = 1000)]
    interval: u64,
}

/// Whether somebody else listens there.
fn is_taken(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|it| it.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.into_iter().any(|kind| kind == io::ErrorKind::AddrInUse)
}

/// Runs it until it is asked to stop.
pub(crate) fn run(args: &ChainArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let signals = crate::run::Signals::listen()?;
        let genesis = Genesis::four(args.chain.clone(), Timestamp(args.began));
        let chain = Chain::new(genesis).context("a chain of four")?;
        let (net, clock) = (Arc::new(SystemNet), Arc::new(SystemClock));
        let interval = Duration::from_millis(args.interval);
        let served = async {
            let mut server = ChainServer::start(chain, net, &args.node, clock, interval).await?;
            server.start_admin(args.admin).await?;
            anyhow::Ok(server)
        };
        let _server = match served.await {
            Ok(server) => server,
            Err(error) if is_taken(&error) => {
                out.hint(format_args!("✗ a port of {} is taken: {error:#}", args.chain));
                return Ok(Exit::TryAgain);
            }
            Err(error) => return Err(error),
        };
        out.line(format_args!("ready: {} has {} nodes", args.chain, args.node.len()));
        Ok(signals.asked_to_stop().await)
    })
}
