//! `comity verify CERT --trust trust.json`: does a certificate count, at the moment asked about?
//!
//! Exit status: 0 good · 1 not good, or not genuine · 2 cannot say · 64 if a file or an argument cannot be
//! used: then nothing was said about the certificate. It uses no network.

mod args;
mod calendar;
mod show;

use crate::{exit::Exit, output::Output};
use args::{Fresh, Moment};
use calendar::LocalCalendar;
use certificate::{
    FileKind, Files, NotGenuine, Outcome, Question, Refusal, Report, check, read::BadFile,
};
use comity::{
    bounded,
    trust_file::{self, BadTrust},
    typed::program,
};
use gateway_record::record::MAX_RECORD;
use gateway_types::{Jurisdiction, Timestamp, certificate::MAX_FILE, id::PurposeCode};
use jiff::tz::TimeZone;
use std::{
    io,
    path::{Path, PathBuf},
};

/// The arguments of `comity verify`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity verify comity-demo/certificate.json --trust comity-demo/trust.json",
    after_help = "\
What it answers:
  GOOD         it counts for its purpose, in its region, at the moment asked about
  NOT GOOD     genuine, and it does not count: declined, expired, revoked, for another purpose or region
  NOT GENUINE  a file is not what the committees signed: damaged, or forged
  CANNOT SAY   what was given does not suffice; the line says what to give

More examples:
  comity verify certificate.json --trust trust.json --status status.json        revoked since?
  comity verify certificate.json --trust trust.json --at 2026-11-21T10:35:00+08:00 --fresh 10m
  comity verify certificate.json --trust trust.json --record record.txt --explain

Exit status: 0 good · 1 not good, or not genuine · 2 cannot say · 64 wrong usage, or a file cannot be used
Uses no network."
)]
pub(crate) struct VerifyArgs {
    /// The certificate, a JSON file.
    certificate: PathBuf,
    /// Whom you trust: each lane's first committees, as both regions published them.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// A newer status than the certificate's own.
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// The licence's record (SD-JWT): is it the one that was recognised, and of which number?
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Another moment than now: 2026-11-21T10:35:00+08:00, or without offset in local time.
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
    /// The purpose it must be good for.
    #[arg(long = "for", value_name = "PURPOSE")]
    purpose: Option<PurposeCode>,
    /// The region it must be good in, such as CN-HK.
    #[arg(long = "in", value_name = "REGION")]
    region: Option<Jurisdiction>,
    /// The greatest age of a status, if what the pack says (24 h at most) is too much: 5m, 120s, 2h.
    #[arg(long, value_name = "AGE")]
    fresh: Option<Fresh>,
    /// Shows each step with its standard, who accepted, and all that is not proven.
    #[arg(long)]
    explain: bool,
}

/// Checks the certificate and prints what was found.
pub(crate) fn run(args: &VerifyArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let zone = TimeZone::system();
    match look(args, crate::moment::now(), &zone) {
        Ok(report) => {
            print(&report, args, zone, out);
            Ok(exit(report.outcome()))
        }
        Err(unusable) => Ok(out.refuse(&unusable)),
    }
}

/// What a report says, for a command that verified by itself: what comes beside the answer, and the lines below.
pub(crate) fn words(report: &Report) -> (String, Vec<String>) {
    let calendar = LocalCalendar::new(TimeZone::system());
    (report.headline(&calendar), show::below(report, &calendar))
}

fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Good => Exit::Yes,
        Outcome::NotGood | Outcome::NotGenuine => Exit::No,
        Outcome::CannotSay => Exit::CannotSay,
    }
}

fn print(report: &Report, args: &VerifyArgs, zone: TimeZone, out: &mut Output) {
    if out.json() {
        out.object(&show::json(report, &LocalCalendar::utc(), args.explain));
        return;
    }
    for line in show::lines(report, &LocalCalendar::new(zone), args.explain, args.at.is_some()) {
        out.line(line);
    }
}

fn look(args: &VerifyArgs, now: Timestamp, zone: &TimeZone) -> Result<Report, Unusable> {
    let trust = trust_file::read(&args.trust)?;
    let certificate = read(&args.certificate, MAX_FILE)?;
    let status = args.status.as_deref().map(|path| read(path, MAX_FILE)).transpose()?;
    let record = args.record.as_deref().map(|path| read(path, MAX_RECORD)).transpose()?;
    // A record is ASCII: what is not will not match, and says so.
    let record = record.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let files =
        Files { certificate: &certificate, status: status.as_deref(), record: record.as_deref() };
    let report = check(&trust, &files, question(args, now, zone)?);
    check_not_mixed_up(args, &report)?;
    Ok(report)
}

/// Refuses another of our files in a certificate's or a status file's place: that says nothing about either.
fn check_not_mixed_up(args: &VerifyArgs, report: &Report) -> Result<(), Unusable> {
    let Err(Refusal::NotGenuine(NotGenuine::File { file, source: BadFile::OtherKind { is } })) =
        &report.answer
    else {
        return Ok(());
    };
    let path = match file {
        FileKind::Status => args.status.as_ref().unwrap_or(&args.certificate),
        _ => &args.certificate,
    };
    Err(Unusable::MixedUp { path: path.clone(), is, wanted: *file })
}

fn question(args: &VerifyArgs, now: Timestamp, zone: &TimeZone) -> Result<Question, Unusable> {
    let at = args.at.as_ref().map(|at| at.in_zone(zone)).transpose();
    Ok(Question {
        at: at.map_err(|source| Unusable::Moment { source })?.unwrap_or(now),
        now,
        purpose: args.purpose.clone(),
        region: args.region.clone(),
        fresh: args.fresh.map(Fresh::duration),
    })
}

/// The file's bytes, at most `limit` of them.
fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Unusable> {
    let bytes = bounded::begin(path, u64::try_from(limit).unwrap_or(u64::MAX));
    let bytes = bytes.map_err(|source| Unusable::File { path: path.into(), source })?;
    if bytes.len() > limit {
        return Err(Unusable::TooLong { path: path.into(), limit });
    }
    Ok(bytes)
}

/// `4 MiB`, `64 KiB`.
fn size(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        mebibytes => format!("{mebibytes} MiB"),
    }
}

/// Why nothing can be said about the certificate.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A file that is longer than any of its kind.
    #[error("{}: longer than {}, so it is no such file. Was another one meant?", path.display(), size(*limit))]
    TooLong { path: PathBuf, limit: usize },
    /// Another of our files.
    #[error("{}: this is {is}, and stands where the {wanted} should. Type: {} verify CERTIFICATE --trust TRUST-FILE --status STATUS-FILE", path.display(), program())]
    MixedUp { path: PathBuf, is: &'static str, wanted: FileKind },
    /// A trust file that is none.
    #[error(transparent)]
    Trust(#[from] BadTrust),
    /// A local time that there is not.
    #[error("--at: {source}. Give it with its offset, as in 2026-11-21T10:35:00+08:00")]
    Moment { source: args::BadMoment },
}

#[cfg(test)]
mod tests;
