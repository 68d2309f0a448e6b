//! `comity gateway`, `comity relayer` and `comity regulator`: the programs, from their settings files.
//!
//! Exit status: 0 when it was asked to stop and has drained; 64 if its settings are wrong: nothing started; 70 if
//! it cannot go on; 75 if it may start later: a port is taken, a store is open; 130 after Ctrl-C.

mod admin;
mod fault;
mod gateway;
mod ground;
mod logging;
mod regulator;
mod relayer;
mod reload;
mod sources;

use crate::{
    config::{How, check_file, colored, folder_of, read},
    exit::Exit,
    output::Output,
};
use comity::{
    fleet::{STAY, TIED},
    settings::{Checked, Program, count, show},
};
use reload::Reload;
use std::{
    io::{ErrorKind, Read as _},
    net::SocketAddr,
    path::PathBuf,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The arguments of a program.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Its settings.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How it writes its log, on stderr.
    #[arg(long, value_name = "FORM", default_value = "human")]
    log: logging::LogForm,
    /// What it logs: info, debug, or target=level,… ; `COMITY_LOG` says the same.
    #[arg(long, value_name = "FILTER")]
    log_level: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Runs a program until it is asked to stop, or cannot go on.
pub(crate) fn run(program: Program, args: &RunArgs, out: &mut Output) -> anyhow::Result<Exit> {
    ground::harden()?;
    let filter = match logging::filter(args.log_level.as_deref()) {
        Ok(filter) => filter,
        Err(bad) => return Ok(out.refuse(&bad)),
    };
    let text = match read(&args.config) {
        Ok(text) => text,
        Err(error) => return Ok(out.refuse(&format_args!("{}: {error}", args.config.display()))),
    };
    let checked = check_file(program, &args.config, &text, &args.how);
    let file = args.config.display().to_string();
    for line in show(&file, &checked.findings) {
        out.hint(colored(&line));
    }
    if checked.has_errors() {
        return Ok(out.refuse(&format_args!("{} Nothing was started.", count(&checked.findings))));
    }
    logging::start(args.log, filter)?;
    ground::raise_open_files(program)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(program, args, &text, &checked))
}

async fn serve(
    program: Program,
    args: &RunArgs,
    text: &str,
    checked: &Checked,
) -> anyhow::Result<Exit> {
    let folder = folder_of(&args.config);
    let signals = Signals::listen()?;
    let reload = Reload::listen(program, args, text, checked)?;
    match program {
        Program::Gateway => Box::pin(gateway::serve(checked, &folder, signals, reload)).await,
        Program::Regulator => {
            Box::pin(regulator::serve(checked, &folder, args.how.dev, (signals, reload))).await
        }
        Program::Relayer => Box::pin(relayer::serve(checked, &folder, signals, reload)).await,
        Program::Platform => anyhow::bail!("a platform asks: {} ask", comity::typed::program()),
    }
}

/// Its port is taken, or is not one that this program may listen at.
fn not_listening(at: SocketAddr, error: std::io::Error) -> anyhow::Result<Exit> {
    let says = match error.kind() {
        ErrorKind::AddrInUse => {
            tracing::error!("{at} is taken: try again later");
            return Ok(Exit::TryAgain);
        }
        ErrorKind::AddrNotAvailable => "it is no address of this machine",
        ErrorKind::PermissionDenied => "the system does not let this user listen there",
        _ => return Err(anyhow::Error::new(error).context(format!("cannot listen at {at}"))),
    };
    tracing::error!("cannot listen at {at}: {says}. Write another under [listen]");
    Ok(Exit::WrongUsage)
}

/// The signals that ask a program to stop, heard from before it starts anything.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits until somebody asks the program to stop. A second signal ends it at once.
    pub(crate) async fn asked_to_stop(mut self) -> Exit {
        let (exit, may_follow) = tokio::select! {
            exit = self.next() => (exit, false),
            // Who goes may have sent a signal first, and it is on its way: that asks for nothing new.
            () = ground_is_gone() => (Exit::Yes, true),
        };
        tracing::info!("draining (again: at once)");
        tokio::spawn(async move {
            if may_follow {
                self.next().await;
            }
            self.next().await;
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
        exit
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Yes,
        }
    }
}

/// Returns when whoever we are tied to has gone; never where nobody is, or where we were told to stay.
async fn ground_is_gone() {
    if std::env::var_os(TIED).is_none() {
        return std::future::pending().await;
    }
    let (gone, heard) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let (mut said, most) = (Vec::new(), u64::try_from(STAY.len()).unwrap_or(u64::MAX));
        let mut input = std::io::stdin();
        let _read = input.by_ref().take(most).read_to_end(&mut said);
        let _end = std::io::copy(&mut input, &mut std::io::sink());
        let _nobody = gone.send(said == STAY.as_bytes());
    });
    // A thread that could not send has ended too.
    if heard.await == Ok(true) {
        std::future::pending().await
    }
}
