//! `comity keys authority` and `comity keys sign`: a region's authority for TLS, and what it signs.

use super::{Stopped, Unusable, bug, unusable};
use crate::output::{CYAN, GREEN, Output, styled};
use comity::{
    authority::Authority,
    bounded,
    folder::{NewFile, Target},
    secret_file,
};
use gateway_types::Jurisdiction;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longest request or certificate that is read, in bytes.
const MAX_REQUEST: u64 = 16 * 1024;

/// The arguments of `comity keys authority`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity keys authority --region CN-HK --folder hk-authority",
    after_help = "Exit status: 0 made · 64 wrong usage, nothing was made · 70 our bug"
)]
pub(crate) struct AuthorityArgs {
    /// The region that it speaks for.
    #[arg(long, value_name = "REGION")]
    region: Jurisdiction,
    /// Where it goes: a folder that does not exist yet.
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
}

/// Makes a region's authority.
pub(super) fn make(args: &AuthorityArgs, out: &mut Output) -> Result<(), Stopped> {
    let target = Target::check(&args.folder).map_err(Unusable::from)?;
    let (_, kept) = Authority::make(&args.region, crate::moment::now()).map_err(bug)?;
    let certificate: NewFile = ("certificate.pem".into(), kept.certificate.clone().into_bytes());
    let key = ("key.pem".into(), kept.key.as_bytes().to_vec());
    target.write(&[certificate, key]).map_err(Unusable::from)?;
    let folder = args.folder.display();
    out.line(format_args!(
        "{} authority of {} for TLS made in {folder}, for ten years",
        styled(GREEN, "✓"),
        args.region
    ));
    out.line("  certificate.pem is public: every program of the deployment names it. key.pem is not: keep it offline.");
    out.object(&json!({ "outcome": "made", "region": args.region, "folder": folder.to_string() }));
    Ok(())
}

/// The arguments of `comity keys sign`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity keys sign request.pem --authority hk-authority --region CN-HK --out certificate.pem",
    after_help = "Exit status: 0 signed · 64 wrong usage, nothing was signed · 70 our bug"
)]
pub(crate) struct SignArgs {
    /// The request, as `comity keys init` wrote it: tls/request.pem.
    #[arg(value_name = "FILE")]
    request: PathBuf,
    /// The folder of the region's authority, as `comity keys authority` made it.
    #[arg(long, value_name = "FOLDER")]
    authority: PathBuf,
    /// The region that the authority speaks for.
    #[arg(long, value_name = "REGION")]
    region: Jurisdiction,
    /// Where the certificate goes: a file that does not exist yet.
    #[arg(long, value_name = "FILE", default_value = "certificate.pem")]
    out: PathBuf,
}

/// Signs a request for a certificate, and says whose it is: that it is theirs to ask, the person who signs must know.
pub(super) fn sign(args: &SignArgs, out: &mut Output) -> Result<(), Stopped> {
    let authority = read(&args.authority, &args.region)?;
    let text = request(&args.request)?;
    let (who, certificate) = authority.sign(&text, crate::moment::now()).map_err(unusable)?;
    write(&args.out, &certificate)?;
    let file = args.out.display();
    out.line(format_args!(
        "{} certificate of {} signed: {file}, for 397 days",
        styled(GREEN, "✓"),
        styled(CYAN, &who)
    ));
    out.line("  Give it back to them as tls/certificate.pem. Whoever holds its key is that program to everybody.");
    out.object(
        &json!({ "outcome": "signed", "identity": who.to_string(), "file": file.to_string() }),
    );
    Ok(())
}

/// The authority of `region` that lies in `folder`.
pub(super) fn read(folder: &Path, region: &Jurisdiction) -> Result<Authority, Unusable> {
    let of = |name: &str, source| Unusable::Authority { path: folder.join(name), source };
    let certificate = bounded::read_text(&folder.join("certificate.pem"), MAX_REQUEST)
        .map_err(|source| of("certificate.pem", source))?;
    let key = secret_file::read(&folder.join("key.pem"))?;
    let key =
        std::str::from_utf8(&key).map_err(|_| of("key.pem", std::io::Error::other("no PEM")))?;
    Authority::read(region, &certificate, key).map_err(unusable)
}

fn request(path: &Path) -> Result<String, Unusable> {
    let of = |source| Unusable::Request { path: path.to_owned(), source };
    bounded::read_text(path, MAX_REQUEST).map_err(of)
}

/// Nothing is written over.
fn write(path: &Path, text: &str) -> Result<(), Unusable> {
    use std::io::Write as _;
    let of = |source| Unusable::Out { path: path.to_owned(), source };
    let mut file = fs::File::create_new(path).map_err(of)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(of)
}
