//! The three calls of the contract.

use crate::RegistryError;
use crate::layout::{CODES, Head, Record};
use crate::msg::{
    ChangeItem, ChangesAnswer, ExecuteMsg, HeadAnswer, InstantiateMsg, QueryMsg, RecordAnswer,
    RecordItem, WritersAnswer,
};
use crate::store::{
    load_change, load_head, load_record, load_writers, save_change, save_head, save_record,
    save_writers,
};
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Env, MessageInfo, Response, Storage, to_json_binary,
};

/// Every change reads the whole list of writers, so it is kept short; a longer one is refused.
const MOST_WRITERS: usize = 64;
/// More changes than this are asked for in several queries; a larger limit is refused.
const MOST_CHANGES: u32 = 256;

/// Makes the registry: fixes who may write, and writes a head without changes, so that *empty* can be
/// proven and is never guessed from silence.
///
/// # Errors
/// A wrong number of writers, one named twice or not an address of this chain, coins. Mend and send again.
#[cfg_attr(target_arch = "wasm32", cosmwasm_std::entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, RegistryError> {
    no_coins(&info)?;
    let got = msg.writers.len();
    if got == 0 || got > MOST_WRITERS {
        return Err(RegistryError::WriterCount { got, most: MOST_WRITERS });
    }
    let mut writers = Vec::with_capacity(got);
    for writer in msg.writers {
        let address = deps.api.addr_validate(&writer)?;
        if writers.contains(&address) {
            return Err(RegistryError::WriterTwice { writer });
        }
        writers.push(address);
    }
    save_writers(deps.storage, &writers)?;
    save_head(deps.storage, &Head { n: 0, time: milliseconds(&env), acc: [0; 32] });
    Ok(Response::new())
}

/// Carries out one change.
///
/// # Errors
/// See [`RegistryError`]; a refused change leaves the store as it was.
#[cfg_attr(target_arch = "wasm32", cosmwasm_std::entry_point)]
pub fn execute(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, RegistryError> {
    no_coins(&info)?;
    let ExecuteMsg::Put { key, digest, code } = msg;
    if !load_writers(deps.storage)?.contains(&info.sender) {
        return Err(RegistryError::NotAWriter { sender: info.sender.into_string() });
    }
    let key = bytes32("key", &key)?;
    let digest = bytes32("digest", &digest)?;
    if !CODES.contains(&code) {
        return Err(RegistryError::UnknownCode { code });
    }
    put(deps.storage, milliseconds(&env), info.sender, key, digest, code)
}

fn put(
    store: &mut dyn Storage,
    time: u64,
    writer: Addr,
    key: [u8; 32],
    digest: [u8; 32],
    code: u8,
) -> Result<Response, RegistryError> {
    let sequence = match load_record(store, &key)? {
        None => 1,
        Some((_, owner)) if owner != writer.as_str() => {
            return Err(RegistryError::OthersRecord { writer: owner });
        }
        Some((old, _)) if old.digest == digest && old.code == code => {
            return Err(RegistryError::NothingChanged);
        }
        Some((old, _)) => old.sequence.checked_add(1).ok_or(RegistryError::NumbersUsedUp)?,
    };
    let record = Record { digest, code, sequence };
    let (head, change) =
        load_head(store)?.after(time, key, &record).ok_or(RegistryError::NumbersUsedUp)?;
    save_record(store, &key, &record, &writer);
    save_change(store, head.n, &change);
    save_head(store, &head);
    Ok(Response::new()
        .add_attribute("n", head.n.to_string())
        .add_attribute("key", Binary::new(key.to_vec()).to_base64())
        .add_attribute("code", code.to_string())
        .add_attribute("sequence", sequence.to_string()))
}

/// Answers one question.
///
/// # Errors
/// A key of a wrong length, or a limit above 256. Mend and ask again.
#[cfg_attr(target_arch = "wasm32", cosmwasm_std::entry_point)]
pub fn query(deps: Deps<'_>, _env: Env, msg: QueryMsg) -> Result<Binary, RegistryError> {
    let store = deps.storage;
    Ok(match msg {
        QueryMsg::Head {} => {
            let head = load_head(store)?;
            to_json_binary(&HeadAnswer {
                n: head.n,
                time: head.time,
                acc: Binary::new(head.acc.to_vec()),
            })
        }
        QueryMsg::Record { key } => to_json_binary(&record_answer(store, &bytes32("key", &key)?)?),
        QueryMsg::Changes { after, limit } => to_json_binary(&changes_answer(store, after, limit)?),
        QueryMsg::Writers {} => {
            let writers = load_writers(store)?.into_iter().map(Addr::into_string).collect();
            to_json_binary(&WritersAnswer { writers })
        }
    }?)
}

fn record_answer(store: &dyn Storage, key: &[u8; 32]) -> Result<RecordAnswer, RegistryError> {
    let record = load_record(store, key)?.map(|(record, writer)| RecordItem {
        digest: Binary::new(record.digest.to_vec()),
        code: record.code,
        sequence: record.sequence,
        writer,
    });
    Ok(RecordAnswer { record })
}

fn changes_answer(
    store: &dyn Storage,
    after: u64,
    limit: u32,
) -> Result<ChangesAnswer, RegistryError> {
    if limit > MOST_CHANGES {
        return Err(RegistryError::Limit { got: limit, most: MOST_CHANGES });
    }
    let last = load_head(store)?.n.min(after.saturating_add(u64::from(limit)));
    let changes = (after.saturating_add(1)..=last).map(|n| {
        let change = load_change(store, n)?;
        Ok(ChangeItem {
            n,
            key: Binary::new(change.key.to_vec()),
            code: change.code,
            sequence: change.sequence,
            acc: Binary::new(change.acc.to_vec()),
        })
    });
    Ok(ChangesAnswer { changes: changes.collect::<Result<_, RegistryError>>()? })
}

fn no_coins(info: &MessageInfo) -> Result<(), RegistryError> {
    if info.funds.is_empty() { Ok(()) } else { Err(RegistryError::Coins) }
}

fn bytes32(field: &'static str, bytes: &Binary) -> Result<[u8; 32], RegistryError> {
    bytes.as_slice().try_into().map_err(|_| RegistryError::Length { field, got: bytes.len() })
}

/// The block's time, rounded down.
fn milliseconds(env: &Env) -> u64 {
    env.block.time.nanos() / 1_000_000
}
