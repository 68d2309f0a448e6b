//! The program's own keys: they open, and they are those that the lanes name.

use super::{Finding, Judge};
use crate::{deployment::LEADER_LABEL, genesis::LaneStart, settings::Program};
use gateway_ceremony::at_rest::{
    OpenError, StoredKeys, StoredShare, open_keys, open_secret, open_share,
};
use gateway_cosign::ProtocolKey;
use gateway_types::{PublicKey, entry::Member};
use zeroize::Zeroizing;

pub(super) fn check(judge: &mut Judge<'_>, lanes: &[(String, LaneStart)]) {
    match judge.given.program {
        Program::Gateway => check_leader(judge, lanes),
        Program::Regulator => check_member(judge, lanes),
        Program::Relayer | Program::Platform => {}
    }
}

fn check_leader(judge: &mut Judge<'_>, lanes: &[(String, LaneStart)]) {
    let Some(file) = judge.read_secret("keys.leader_file") else { return };
    let Some(passphrase) = judge.read_passphrase("keys.passphrase_file") else { return };
    let opened = open_secret(LEADER_LABEL, passphrase.as_bytes(), &file);
    let what = ("keys.leader_file", Kind::Leader);
    let Some(seed) = opened_or_told(judge, what, opened, (&passphrase, &file)) else { return };
    let Ok(seed) = <[u8; 32]>::try_from(seed.as_slice()).map(Zeroizing::new) else { return };
    let own = ProtocolKey::from_seed(&seed).public();
    let (region, name) = (judge.region(), judge.name());
    for (path, start) in lanes {
        let leaders = &start.keys.entry().leaders;
        let named = leaders
            .iter()
            .find(|it| Some(&it.region) == region.as_ref() && Some(&it.name) == name.as_ref());
        if let Some(named) = named {
            check_same(judge, "keys.leader_file", path, &own, &named.key);
        }
    }
}

fn check_member(judge: &mut Judge<'_>, lanes: &[(String, LaneStart)]) {
    let files = (judge.read_secret("keys.keys_file"), judge.read_secret("keys.share_file"));
    let Some(passphrase) = judge.read_passphrase("keys.passphrase_file") else { return };
    let (Some(keys_file), Some(share_file)) = files else { return };
    let opened = open_keys(passphrase.as_bytes(), &keys_file);
    let sealed = (passphrase.as_str(), keys_file.as_slice());
    let keys = opened_or_told(judge, ("keys.keys_file", Kind::Keys), opened, sealed);
    let opened = open_share(passphrase.as_bytes(), &share_file);
    let sealed = (passphrase.as_str(), share_file.as_slice());
    let share = opened_or_told(judge, ("keys.share_file", Kind::Share), opened, sealed);
    let (Some(keys), Some(share)) = (keys, share) else { return };
    let (Some(region), Some(name)) = (judge.region(), judge.name()) else { return };
    for (path, start) in lanes {
        let committee =
            start.keys.entry().committees.iter().find(|committee| committee.region == region);
        match committee
            .and_then(|committee| committee.members.iter().find(|member| member.name == name))
        {
            Some(member) => check_named(judge, path, member, &keys, &share),
            None if !judge.is_itself() => {}
            None => {
                let says = format!("{name} is no member of {region}'s committee in this lane");
                let place = judge.at(&format!("{path}.name"));
                judge.push(
                    Finding::error("C-167", place, says)
                        .advise("name must be as in the lane's first entry"),
                );
            }
        }
    }
}

fn check_named(
    judge: &mut Judge<'_>,
    path: &str,
    named: &Member,
    keys: &StoredKeys,
    share: &StoredShare,
) {
    let own = keys.member_keys();
    check_same(judge, "keys.keys_file", path, &own.protocol.public(), &named.protocol_key);
    check_same(judge, "keys.keys_file", path, &own.cosigning.public(), &named.cosigning_key);
    if share.share.public() != named.verifying_share {
        let finding = other(judge, "keys.share_file", path);
        judge.push(finding.unless_dev(judge.given.dev));
    }
}

fn check_same(
    judge: &mut Judge<'_>,
    setting: &str,
    path: &str,
    own: &PublicKey,
    named: &PublicKey,
) {
    if own != named {
        let finding = other(judge, setting, path);
        judge.push(finding);
    }
}

fn other(judge: &Judge<'_>, setting: &str, lane: &str) -> Finding {
    let line = judge.at(&format!("{lane}.name")).map(|place| place.line).unwrap_or_default();
    let says =
        format!("these are not the keys that the lane in line {line} names for this program");
    let advice = "name the keys that the ceremony left for it";
    Finding::error("C-170", judge.at(setting), says).advise(advice)
}

/// What a sealed file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Leader,
    Keys,
    Share,
}

impl Kind {
    /// In words.
    fn what(self) -> &'static str {
        match self {
            Self::Leader => "a gateway's key",
            Self::Keys => "a member's own keys",
            Self::Share => "a share of a committee's key",
        }
    }

    /// What a sealed file holds, if the passphrase opens it at all.
    fn of(passphrase: &str, file: &[u8]) -> Option<Self> {
        let passphrase = passphrase.as_bytes();
        if open_secret(LEADER_LABEL, passphrase, file).is_ok() {
            return Some(Self::Leader);
        }
        if open_keys(passphrase, file).is_ok() {
            return Some(Self::Keys);
        }
        open_share(passphrase, file).is_ok().then_some(Self::Share)
    }
}

/// What was opened, or why not: no sealed file, one of another kind, or another passphrase.
fn opened_or_told<T>(
    judge: &mut Judge<'_>,
    (setting, wanted): (&str, Kind),
    opened: Result<T, OpenError>,
    (passphrase, file): (&str, &[u8]),
) -> Option<T> {
    let error = match opened {
        Ok(opened) => return Some(opened),
        Err(error) => error,
    };
    let place = judge.at(setting);
    let finding = match (&error, Kind::of(passphrase, file)) {
        (OpenError::Decode(_), _) => Finding::error("C-112", place, "this is no sealed file")
            .advise(format!("name the one that holds {}", wanted.what())),
        (_, Some(is)) if is != wanted => {
            Finding::error("C-112", place, format!("this file holds {}", is.what()))
                .advise(format!("name the one that holds {}", wanted.what()))
        }
        _ => Finding::error("C-171", place, format!("this file does not open: {error}"))
            .advise("see whether passphrase_file is the one it was sealed with"),
    };
    judge.push(finding);
    None
}
