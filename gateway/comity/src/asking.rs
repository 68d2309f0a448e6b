//! `comity ask`: is this licence good there, for this? Verified before it is printed.

mod show;

use crate::{exit::Exit, moment::now, output::Output};
use anyhow::Context as _;
use certificate::Trust;
use comity::{
    ask::{Answer, AskError, PlatformClient, Question, believe},
    settings::platform::{Platform, PlatformError},
};
use gateway_types::{
    Jurisdiction, LicenceId,
    id::{IdempotencyKey, PurposeCode},
};
use std::{fs, io, path::PathBuf, time::Duration};

/// Asks a gateway whether a licence is good in another region, for one purpose.
///
/// The answer is yes, no or unknown. A yes or no is printed only after its certificate was verified with your
/// own trust file; the certificate is saved. What does not verify is unknown: a gateway can delay an answer,
/// never make one.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity ask 1.2.156.…001.I --from CN-GD --to CN-HK --for licence-exchange --record record.txt --consent consent.txt --key 7b0c2f1e-31d2-4d1c --config platform.toml",
    after_help = "Exit status: 0 yes · 1 no · 2 unknown · 64 wrong usage · 70 our bug · 75 try again"
)]
pub(crate) struct AskArgs {
    /// The licence's number.
    licence: LicenceId,
    /// Where it was issued, such as CN-GD.
    #[arg(long, value_name = "REGION")]
    from: Jurisdiction,
    /// Where it is to count, such as CN-HK.
    #[arg(long, value_name = "REGION")]
    to: Jurisdiction,
    /// For what, such as licence-exchange.
    #[arg(long = "for", value_name = "PURPOSE")]
    purpose: PurposeCode,
    /// The record with the holder's proof for this very question, as the holder handed it over.
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// The holder's consent.
    #[arg(long, value_name = "FILE")]
    consent: Option<PathBuf>,
    /// Your own key for this question: 16 to 64 letters, digits or signs. The holder's proof is for it. Asking
    /// again under it asks the same question, and gets the same answer.
    #[arg(long, value_name = "KEY")]
    key: IdempotencyKey,
    /// Who you are, whom you ask, and your trust file.
    #[arg(long, value_name = "FILE", default_value = "platform.toml")]
    config: PathBuf,
    /// The trust file, if it is not the one that the configuration names.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    wait: u64,
    /// Where the certificate goes. An existing file is not replaced, but with --force.
    #[arg(long, value_name = "FILE", default_value = "certificate.json")]
    out: PathBuf,
    /// Replace the certificate's file if it exists.
    #[arg(long)]
    force: bool,
}

/// Longest record or consent that is read, in bytes.
const MAX_TEXT: u64 = 64 * 1024;

/// Why nothing was asked.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: longer than 64 KiB, so it is no record and no consent", .0.display())]
    TooLong(PathBuf),
    #[error("{} exists already. Give another file: --out FILE, or let it be replaced: --force", .0.display())]
    Exists(PathBuf),
    #[error("{}: {source}. Get the trust file that both regions published, and compare it: --trust FILE", path.display())]
    Trust { path: PathBuf, source: Box<certificate::TrustError> },
    #[error(transparent)]
    Config(#[from] PlatformError),
}

/// Asks, verifies, prints, saves.
pub(crate) fn run(args: &AskArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let (client, trust, question) = match prepare(args) {
        Ok(prepared) => prepared,
        Err(unusable) => return Ok(out.refuse(&unusable)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answered =
        runtime.block_on(ask(&client, &trust, &question, Duration::from_secs(args.wait)));
    match answered {
        Ok(answer) => finish(args, &answer, out),
        Err(error) => Ok(show::failed(&error, out)),
    }
}

fn prepare(args: &AskArgs) -> Result<(PlatformClient, Trust, Question), Unusable> {
    if args.out.exists() && !args.force {
        return Err(Unusable::Exists(args.out.clone()));
    }
    let platform = Platform::load(&args.config)?;
    let path = args.trust.clone().unwrap_or_else(|| platform.trust.clone());
    let bytes = fs::read(&path).map_err(|source| Unusable::File { path: path.clone(), source })?;
    let trust =
        Trust::read(&bytes).map_err(|source| Unusable::Trust { path, source: source.into() })?;
    let question = Question {
        licence: args.licence.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        purpose: args.purpose.clone(),
        record: text(&args.record)?,
        consent: args.consent.as_ref().map(text).transpose()?,
        key: args.key.clone(),
    };
    Ok((platform.client()?, trust, question))
}

fn text(path: &PathBuf) -> Result<String, Unusable> {
    let file = |source| Unusable::File { path: path.clone(), source };
    if fs::metadata(path).map_err(file)?.len() > MAX_TEXT {
        return Err(Unusable::TooLong(path.clone()));
    }
    Ok(fs::read_to_string(path).map_err(file)?.trim().to_owned())
}

/// Asks, looks again until it is decided or the time is over, and verifies.
async fn ask(
    client: &PlatformClient,
    trust: &Trust,
    question: &Question,
    wait: Duration,
) -> Result<Answer, AskError> {
    let begun = tokio::time::Instant::now();
    let mut received = client.ask(question, wait).await?;
    while received.is_open() && begun.elapsed() < wait {
        let left = wait.saturating_sub(begun.elapsed());
        received = client.look(&received.id, left.max(Duration::from_secs(1))).await?;
    }
    Ok(believe(client, trust, question, received, now()).await)
}

fn finish(args: &AskArgs, answer: &Answer, out: &mut Output) -> anyhow::Result<Exit> {
    let saved = match answer {
        Answer::Yes(proof) | Answer::No(proof) => Some(&proof.certificate),
        Answer::Unknown(unknown) => unknown.certificate.as_ref(),
    };
    if let Some(bytes) = saved {
        fs::write(&args.out, bytes).with_context(|| args.out.display().to_string())?;
    }
    show::answer(answer, saved.map(|_| args.out.as_path()), out);
    Ok(match answer {
        Answer::Yes(_) => Exit::Yes,
        Answer::No(_) => Exit::No,
        Answer::Unknown(_) => Exit::CannotSay,
    })
}
