//! `comity ask`: is this licence good there, for this? Verified before it is printed.

mod peer;
mod prepare;
mod show;

use crate::{exit::Exit, moment::now, output::Output};
use certificate::Trust;
use comity::ask::{Answer, AskError, PlatformClient, Question, believe};
use gateway_types::{
    Jurisdiction, LicenceId,
    id::{IdempotencyKey, PurposeCode},
};
use prepare::{Prepared, prepare};
use std::{fs, path::PathBuf, time::Duration};

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

/// Asks, verifies, prints, saves.
pub(crate) fn run(args: &AskArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let Prepared { client, trust, question } = match prepare(args, out) {
        Ok(prepared) => prepared,
        Err(unusable) => return Ok(out.refuse(&unusable)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answered =
        runtime.block_on(ask(&client, &trust, &question, Duration::from_secs(args.wait)));
    Ok(match answered {
        Ok(answer) => finish(args, &answer, out),
        Err(error) => show::failed(&error, out),
    })
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

fn finish(args: &AskArgs, answer: &Answer, out: &mut Output) -> Exit {
    let certificate = match answer {
        Answer::Yes(proof) | Answer::No(proof) => Some(&proof.certificate),
        Answer::Unknown(unknown) => unknown.certificate.as_ref(),
    };
    let written = certificate.map(|bytes| fs::write(&args.out, bytes));
    let saved = matches!(written, Some(Ok(()))).then_some(args.out.as_path());
    show::answer(answer, saved, out);
    match (written, answer) {
        (Some(Err(error)), _) => {
            out.hint(format_args!(
                "✗ {}: {error}. The certificate is not saved: ask again with the same --key, and another --out FILE",
                args.out.display()
            ));
            Exit::CannotSay
        }
        (_, Answer::Yes(_)) => Exit::Yes,
        (_, Answer::No(_)) => Exit::No,
        (_, Answer::Unknown(_)) => Exit::CannotSay,
    }
}
