//! A disk in memory that is cut off at a chosen write or sync.
//!
//! What was synced stays. What was written since the last sync waits in a cache: a cut loses it, keeps it, or tears
//! it at sectors of 512 or 4096 bytes, each piece on its own. After the cut every call fails, that of a store
//! which is dropped included, until the power is back.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use redb::StorageBackend;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Largest disk, in bytes: a store that asks for more is told that the disk is full.
pub const MAX_DISK: usize = 1 << 30;

/// What the disk is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The power goes at the n-th write, sync or change of length from now, the next being 1.
    CutAt(u64),
    /// The n-th sync from now fails, and drops what it should have kept, as disks do.
    SyncFailsAt(u64),
    /// The n-th write from now fails as a broken disk does.
    WriteFailsAt(u64),
    /// The n-th read from now has one bit flipped.
    ReadFlipsAt(u64),
    /// No write past this length in bytes finds room.
    Full(u64),
}

/// A simulated disk. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Mutex<Inside>>);

#[derive(Debug)]
struct Inside {
    rng: ChaCha20Rng,
    /// What survives a cut.
    synced: Vec<u8>,
    /// What is read: all that was written.
    seen: Vec<u8>,
    /// What was written since the last sync.
    pending: Vec<Pending>,
    troubles: Vec<Trouble>,
    dead: bool,
    /// How many changes were made, ever.
    steps: u64,
    syncs: u64,
    writes: u64,
    reads: u64,
}

#[derive(Debug)]
enum Pending {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

impl SimulatedDisk {
    /// An empty disk. What a cut leaves follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inside {
            rng: ChaCha20Rng::seed_from_u64(seed),
            synced: Vec::new(),
            seen: Vec::new(),
            pending: Vec::new(),
            troubles: Vec::new(),
            dead: false,
            steps: 0,
            syncs: 0,
            writes: 0,
            reads: 0,
        })))
    }

    /// Something will go wrong.
    pub fn plan(&self, trouble: Trouble) {
        let mut inside = self.inside();
        let planned = match trouble {
            Trouble::CutAt(n) => Trouble::CutAt(inside.steps.saturating_add(n)),
            Trouble::SyncFailsAt(n) => Trouble::SyncFailsAt(inside.syncs.saturating_add(n)),
            Trouble::WriteFailsAt(n) => Trouble::WriteFailsAt(inside.writes.saturating_add(n)),
            Trouble::ReadFlipsAt(n) => Trouble::ReadFlipsAt(inside.reads.saturating_add(n)),
            Trouble::Full(_) => trouble,
        };
        inside.troubles.push(planned);
    }

    /// Nothing more goes wrong.
    pub fn clear(&self) {
        self.inside().troubles.clear();
    }

    /// Cuts the power now, unless it is cut already.
    pub fn cut(&self) {
        self.inside().cut();
    }

    /// Whether the power is cut.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inside().dead
    }

    /// The power is back: the disk holds what the cut left, and nothing more goes wrong. Stores that were open on it
    /// must be gone.
    pub fn restore_power(&self) {
        let mut inside = self.inside();
        inside.dead = false;
        inside.troubles.clear();
    }

    /// What a power cut now would surely leave: a backup, taken while the store is open.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        self.inside().synced.clone()
    }

    /// The disk holds this from now on, an earlier [`Self::image`] for instance. The power must be cut, and stores
    /// that were open on it gone.
    pub fn put_back(&self, image: &[u8]) {
        let mut inside = self.inside();
        inside.pending.clear();
        inside.synced = image.to_vec();
        inside.seen = image.to_vec();
    }

    /// How many writes, syncs and changes of length there were.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.inside().steps
    }

    /// Flips one bit of what is on the disk. Gives whether there is such a byte.
    #[must_use]
    pub fn flip(&self, byte: usize, bit: u8) -> bool {
        let mut inside = self.inside();
        let mask = 1_u8.rotate_left(u32::from(bit));
        let Inside { synced, seen, .. } = &mut *inside;
        match (synced.get_mut(byte), seen.get_mut(byte)) {
            (Some(synced), Some(seen)) => {
                *synced ^= mask;
                *seen ^= mask;
                true
            }
            _ => false,
        }
    }

    /// Length of what is on the disk, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inside().seen.len()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn check_power(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("the power is cut")) } else { Ok(()) }
    }

    fn is_planned(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    /// Counts a change, and cuts the power if it is the one; the change itself may be on its way by then.
    fn step(&mut self, pending: Option<Pending>) -> io::Result<()> {
        self.check_power()?;
        self.steps = self.steps.saturating_add(1);
        self.pending.extend(pending);
        if self.is_planned(Trouble::CutAt(self.steps)) {
            self.cut();
        }
        self.check_power()
    }

    /// Each pending change is lost, kept, or torn. Later ones may be kept where earlier ones are lost: a disk writes
    /// in any order.
    fn cut(&mut self) {
        if self.dead {
            return;
        }
        self.dead = true;
        for change in std::mem::take(&mut self.pending) {
            match (self.rng.next_u32() % 4, change) {
                (0, _) => {}
                (_, Pending::Length(length)) => self.synced.resize(length, 0),
                (1, Pending::Write { offset, data }) => put(&mut self.synced, offset, &data),
                (2, Pending::Write { offset, data }) => self.tear(offset, &data, 512),
                (_, Pending::Write { offset, data }) => self.tear(offset, &data, 4096),
            }
        }
        self.seen = self.synced.clone();
    }

    /// Keeps each sector of `data`, or not.
    fn tear(&mut self, offset: usize, data: &[u8], sector: usize) {
        let mut at = offset;
        for piece in data.chunks(sector) {
            if self.rng.next_u32().is_multiple_of(2) {
                put(&mut self.synced, at, piece);
            }
            at = at.saturating_add(piece.len());
        }
    }

    fn check_room(&self, end: usize) -> io::Result<()> {
        let full = self
            .troubles
            .iter()
            .any(|trouble| matches!(trouble, Trouble::Full(at) if end as u64 > *at));
        if full || end > MAX_DISK {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.check_power()?;
        self.check_room(offset.saturating_add(data.len()))?;
        self.writes = self.writes.saturating_add(1);
        if self.is_planned(Trouble::WriteFailsAt(self.writes)) {
            return Err(io::Error::other("input/output error"));
        }
        self.step(Some(Pending::Write { offset, data: data.to_vec() }))?;
        put(&mut self.seen, offset, data);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.step(None)?;
        self.syncs = self.syncs.saturating_add(1);
        if self.is_planned(Trouble::SyncFailsAt(self.syncs)) {
            // What was to be kept is lost, and the next sync would say that all is well.
            self.pending.clear();
            return Err(io::Error::other("input/output error"));
        }
        for change in std::mem::take(&mut self.pending) {
            match change {
                Pending::Write { offset, data } => put(&mut self.synced, offset, &data),
                Pending::Length(length) => self.synced.resize(length, 0),
            }
        }
        Ok(())
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.check_power()?;
        if length > self.seen.len() {
            self.check_room(length)?;
        }
        self.step(Some(Pending::Length(length)))?;
        self.seen.resize(length, 0);
        Ok(())
    }

    fn read(&mut self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check_power()?;
        self.reads = self.reads.saturating_add(1);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let held = self.seen.get(offset..offset.saturating_add(out.len()));
        out.copy_from_slice(held.ok_or(io::ErrorKind::UnexpectedEof)?);
        if self.is_planned(Trouble::ReadFlipsAt(self.reads)) {
            let place = usize::try_from(self.rng.next_u32()).unwrap_or(0);
            let place = place.checked_rem(out.len()).unwrap_or(0);
            if let Some(byte) = out.get_mut(place) {
                *byte ^= 1;
            }
        }
        Ok(())
    }
}

/// Writes over what is there; the disk grows if it must.
fn put(disk: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset.saturating_add(data.len());
    if disk.len() < end {
        disk.resize(end, 0);
    }
    if let Some(place) = disk.get_mut(offset..end) {
        place.copy_from_slice(data);
    }
}

impl StorageBackend for SimulatedDisk {
    fn len(&self) -> io::Result<u64> {
        let inside = self.inside();
        inside.check_power()?;
        Ok(inside.seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inside().read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inside().set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.inside().sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.inside().write(offset, data)
    }
}
