//! What a store says of itself: its format and its run id.

use crate::{OpenError, rows::ROWS};
use gateway_store::RunId;
use redb::{Database, Error, ReadTransaction, ReadableDatabase as _, TableDefinition, TableError};

/// The format that this program writes. It reads no other.
pub const VERSION: u32 = 1;

/// Kept under this name in every format, so that each program can tell which one it is.
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("comity/meta");
const FORMAT: &str = "format";
const RUN: &str = "run";

/// Makes an empty engine a store.
pub(crate) fn write_new(db: &Database, run: RunId, format: u32) -> Result<(), Error> {
    let mut writing = db.begin_write()?;
    writing.set_quick_repair(true);
    {
        let mut meta = writing.open_table(META)?;
        meta.insert(FORMAT, format.to_be_bytes().as_slice())?;
        meta.insert(RUN, run.0.as_slice())?;
        writing.open_table(ROWS)?;
    }
    Ok(writing.commit()?)
}

/// Reads what a store says of itself, and refuses what is not all there.
pub(crate) fn read(db: &Database) -> Result<RunId, OpenError> {
    let reading = db.begin_read().map_err(Error::from)?;
    let format = field(&reading, FORMAT)?.ok_or(OpenError::NotAStore { missing: "format" })?;
    let format = u32::from_be_bytes(
        format.try_into().map_err(|_| OpenError::NotAStore { missing: "format of four bytes" })?,
    );
    if format > VERSION {
        return Err(OpenError::Newer { found: format, known: VERSION });
    }
    if format < VERSION {
        return Err(OpenError::NotAStore { missing: "format of 1 or later" });
    }
    let run = field(&reading, RUN)?.ok_or(OpenError::NotAStore { missing: "run id" })?;
    match run.try_into() {
        Ok(run) => Ok(RunId(run)),
        Err(_) => Err(OpenError::NotAStore { missing: "run id of 16 bytes" }),
    }
}

fn field(reading: &ReadTransaction, name: &str) -> Result<Option<Vec<u8>>, OpenError> {
    let meta = match reading.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(Error::from(error).into()),
    };
    let held = meta.get(name).map_err(Error::from)?;
    Ok(held.map(|value| value.value().to_vec()))
}
