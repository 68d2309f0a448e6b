//! `comity keys init`: the own keys of a program or a platform, and a certificate or a request for one.

use super::{Stopped, Unusable, authority, bug, passphrase, seeded, unusable};
use crate::output::{CYAN, GREEN, Output, styled};
use comity::{
    authority::{Hosts, Issued, request},
    deployment::LEADER_LABEL,
    folder::{NewFile, Target},
    settings::NEW_MEMBER,
};
use gateway_ceremony::at_rest::{StoredKeys, seal_keys, seal_secret};
use gateway_cosign::ProtocolKey;
use gateway_http::{Caller, Role};
use gateway_types::{Jurisdiction, Name, Salt, Timestamp, frame::sha256};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use serde_json::{Value, json};
use std::{net::IpAddr, path::PathBuf};
use zeroize::Zeroizing;

/// Who has keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Owner {
    Gateway,
    Relayer,
    Regulator,
    /// Who asks: it has a TLS key and no other.
    Platform,
}

/// The arguments of `comity keys init`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity keys init --program regulator --region CN-HK --name office-1 --folder hk-office-1",
    after_help = "Exit status: 0 made · 64 wrong usage, nothing was made · 70 our bug"
)]
pub(crate) struct InitArgs {
    /// Whose keys.
    #[arg(long, value_name = "PROGRAM")]
    program: Owner,
    /// Its region.
    #[arg(long, value_name = "REGION")]
    region: Jurisdiction,
    /// Its name there.
    #[arg(long, value_name = "NAME")]
    name: Name,
    /// Where the keys go: a folder that does not exist yet.
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// A file that holds the passphrase, one line; without it you are asked for one.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The folder of the region's authority, as `comity keys authority` made it. Without it, a request
    /// for a certificate is written, for the authority to sign.
    #[arg(long, value_name = "FOLDER")]
    authority: Option<PathBuf>,
    /// A name or an address by which a gateway is dialled; may be said more than once.
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
}

/// Makes a program's keys. All that can be refused is refused before anything is drawn.
pub(super) fn init(args: &InitArgs, out: &mut Output) -> Result<(), Stopped> {
    let target = Target::check(&args.folder).map_err(Unusable::from)?;
    let now = crate::moment::now();
    let issued = certificate(args, now)?;
    let mut rng = seeded()?;
    let (mut files, public) = own_keys(args, &mut rng, out)?;
    files.push(("tls/key.pem".into(), issued.key.as_bytes().to_vec()));
    let name = if args.authority.is_some() { "tls/certificate.pem" } else { "tls/request.pem" };
    files.push((name.into(), issued.certificate.into_bytes()));
    target.write(&files).map_err(Unusable::from)?;
    tell(args, name, &public, out);
    Ok(())
}

fn caller(args: &InitArgs) -> Caller {
    let role = match args.program {
        Owner::Gateway => Role::Gateway,
        Owner::Relayer => Role::Relayer,
        Owner::Regulator => Role::Regulator,
        Owner::Platform => Role::Platform,
    };
    Caller { region: args.region.clone(), role, name: args.name.clone() }
}

/// A certificate from the authority at hand, or a request to one that is not.
fn certificate(args: &InitArgs, now: Timestamp) -> Result<Issued, Stopped> {
    let mut hosts = Hosts::default();
    for host in &args.host {
        match host.parse::<IpAddr>() {
            Ok(address) => hosts.addresses.push(address),
            Err(_) => hosts.names.push(host.clone()),
        }
    }
    let Some(folder) = &args.authority else {
        return Ok(request(&caller(args), &hosts, now).map_err(unusable)?);
    };
    let authority = authority::read(folder, &args.region)?;
    Ok(authority.issue(&caller(args), &hosts, now).map_err(unusable)?)
}

/// The keys that its program signs with, sealed; and what is public of them.
fn own_keys(
    args: &InitArgs,
    rng: &mut ChaCha20Rng,
    out: &mut Output,
) -> Result<(Vec<NewFile>, Value), Stopped> {
    if matches!(args.program, Owner::Relayer | Owner::Platform) {
        return Ok((Vec::new(), json!({ "v": 1, "region": args.region, "name": args.name })));
    }
    let passphrase = passphrase::get(args.passphrase_file.as_deref()).map_err(Unusable::from)?;
    if let Some(warning) = passphrase.warning() {
        out.hint(format_args!("! {warning}"));
    }
    let (mut salt, mut nonce) = ([0; 16], [0; 12]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut nonce);
    let (salt, secret) = (Salt(salt), passphrase.as_bytes());
    if matches!(args.program, Owner::Gateway) {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        let sealed =
            seal_secret(LEADER_LABEL, secret, salt, nonce, seed.as_slice()).map_err(bug)?;
        let key = ProtocolKey::from_seed(&seed).public();
        let public = json!({ "v": 1, "region": args.region, "name": args.name, "leader_key": key });
        let files =
            vec![("keys/leader.sealed".into(), sealed), ("gateway.json".into(), text(&public))];
        return Ok((files, public));
    }
    let keys = StoredKeys::draw(rng);
    let sealed = seal_keys(secret, salt, nonce, &keys).map_err(bug)?;
    let public = member(args, &keys);
    let files = vec![
        ("keys/keys.sealed".into(), sealed),
        (NEW_MEMBER.into(), Vec::new()),
        ("member.json".into(), text(&public)),
    ];
    Ok((files, public))
}

fn member(args: &InitArgs, keys: &StoredKeys) -> Value {
    let keys = keys.member_keys();
    json!({
        "v": 1,
        "region": args.region,
        "name": args.name,
        "fingerprint": sha256(keys.cosigning.public().as_bytes()),
        "protocol_key": keys.protocol.public(),
        "cosigning_key": keys.cosigning.public(),
        "encryption_key": keys.encryption.public(),
    })
}

fn text(object: &Value) -> Vec<u8> {
    certificate::read::write(object).into_bytes()
}

fn tell(args: &InitArgs, certificate: &str, public: &Value, out: &mut Output) {
    let (who, folder) = (caller(args), args.folder.display());
    out.line(format_args!(
        "{} keys of {} made in {folder}",
        styled(GREEN, "✓"),
        styled(CYAN, &who)
    ));
    if let Some(fingerprint) = public.get("fingerprint").and_then(Value::as_str) {
        out.line(format_args!("  fingerprint  {}", in_fours(fingerprint)));
        out.line("  Read it to the other members over a channel you trust. member.json is public; a second init here refuses to overwrite.");
    }
    let next = if args.authority.is_some() {
        "the certificate counts for 397 days".to_owned()
    } else {
        format!(
            "have {}'s authority sign it ({} keys sign), and put what it gives beside it as certificate.pem",
            args.region,
            comity::typed::program()
        )
    };
    out.line(format_args!("  {certificate}: {next}"));
    out.object(&json!({ "outcome": "made", "identity": who.to_string(), "folder": folder.to_string(), "public": public }));
}

fn in_fours(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
