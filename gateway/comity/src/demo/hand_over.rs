//! `comity demo hand-over`: plays the holder of the example licence.

use super::{
    files::{HANDED, RUNNING},
    kept,
    play::ask::PURPOSE,
    regions::{DESTINATIONS, SOURCE, lane},
};
use crate::{exit::Exit, moment::now, output::Output};
use comity::typed;
use embedded_chain::example_licence;
use gateway_types::{
    Jurisdiction, Origin, Platform,
    id::{IdempotencyKey, PurposeCode},
};
use serde_json::json;
use std::{fs, path::PathBuf};

/// Plays the holder: writes record and consent for one question of the example platform.
#[derive(Debug, clap::Args)]
#[command(before_help = "Example:   comity demo hand-over --to CN-HK --key my-first-question-1")]
pub(crate) struct HandOverArgs {
    /// Where the licence is to count: CN-HK or CN-MO.
    #[arg(long, value_name = "REGION", default_value = "CN-HK")]
    to: Jurisdiction,
    /// The platform's key for its question: the holder's proof is for this one question.
    #[arg(long, value_name = "KEY")]
    key: IdempotencyKey,
    /// For what.
    #[arg(long = "for", value_name = "PURPOSE", default_value = PURPOSE)]
    purpose: PurposeCode,
    /// Which example licence: 1 was revoked at the end of the story, 2 was issued when it was kept.
    #[arg(long, value_name = "NUMBER", default_value_t = kept::NUMBER)]
    licence: u32,
    /// The folder of the demonstration that was kept: the two files go there.
    #[arg(long, value_name = "FOLDER", default_value = "comity-demo")]
    folder: PathBuf,
}

/// Writes the files, and says what to type next.
pub(super) fn run(args: &HandOverArgs, out: &mut Output) -> anyhow::Result<Exit> {
    if !DESTINATIONS.contains(&args.to.as_str()) {
        let [one, other] = DESTINATIONS;
        return Ok(out.refuse(&format_args!(
            "no lane of the demonstration leads from {SOURCE} to {}. Write --to {one} or --to {other}",
            args.to
        )));
    }
    let config = args.folder.join(RUNNING).join("deployment").join(args.to.as_str());
    let config = config.join("platform/platform.toml");
    if !config.is_file() {
        return Ok(out.refuse(&format_args!(
            "no demonstration is kept in {}. Start one: {} demo --keep",
            args.folder.display(),
            typed::program()
        )));
    }
    let licence = example_licence(&SOURCE.parse()?, args.licence)?;
    let me = Platform { region: args.to.clone(), name: "counter".parse()? };
    let origin = Origin { deployment: "comity.demo".parse()?, lane: lane(args.to.as_str())? };
    let handed = licence.hand_over(&origin, &me, &args.purpose, &args.key, now())?;
    let [record_file, consent_file] = HANDED.map(|name| args.folder.join(name));
    for (path, text) in [(&record_file, handed.record), (&consent_file, handed.consent)] {
        if let Err(error) = fs::write(path, text) {
            return Ok(out.refuse(&format_args!("{}: {error}", path.display())));
        }
    }
    let command = format!(
        "{} ask {} --from {SOURCE} --to {} --for {} --record {} --consent {} --key {} --config {}",
        typed::program(),
        licence.licence.as_str(),
        args.to,
        args.purpose,
        typed::path(&record_file),
        typed::path(&consent_file),
        args.key,
        typed::path(&config)
    );
    out.line(&command);
    out.object(&json!({
        "record": record_file.display().to_string(),
        "consent": consent_file.display().to_string(),
        "command": command,
    }));
    Ok(Exit::Yes)
}
