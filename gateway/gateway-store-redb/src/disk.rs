//! The disk as the engine sees it: checked on every read, and dead after the first failure.

use redb::{BackendError, StorageBackend};
use std::{
    fmt,
    hash::{DefaultHasher, Hasher as _},
    io,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes of a page.
const PAGE: usize = 4096;

/// What was tried when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Length,
    Read,
    /// The bytes read are not those that were written.
    Check,
    Write,
    Sync,
}

/// The first failure of a disk.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) operation: Operation,
    kind: io::ErrorKind,
    pub(crate) why: String,
}

impl Failure {
    /// Whether a write was refused for want of room. A sync that says so may have dropped what was written
    /// before: that is a failure like any other.
    pub(crate) fn is_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self.operation, Operation::Write | Operation::Length)
            && matches!(self.kind, StorageFull | QuotaExceeded | FileTooLarge)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.operation, self.why)
    }
}

/// A backend that remembers what every page held. After the first failure every call fails, that which a
/// closing engine makes included: nothing is written after a failed sync.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    inner: Arc<dyn StorageBackend>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    failure: Option<Failure>,
    /// A hash of each page, by its number; 0 where it is not known. Eight bytes for each page of the store.
    pages: Vec<u64>,
}

impl Disk {
    /// Takes whatever a page first holds; the engine verifies it by its own checksums when it opens.
    pub(crate) fn new(inner: Arc<dyn StorageBackend>) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// The first failure, if there was one.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.state().failure.clone()
    }

    /// The same disk, as if nothing had happened to it: for opening it again once there was no room.
    pub(crate) fn again(&self) -> Self {
        Self::new(Arc::clone(&self.inner))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out `action` unless something failed before, and remembers if it does.
    fn attempt<T>(
        &self,
        operation: Operation,
        action: impl FnOnce(&dyn StorageBackend) -> io::Result<T>,
    ) -> io::Result<T> {
        if let Some(failure) = self.failure() {
            return Err(io::Error::new(failure.kind, failure.to_string()));
        }
        action(&*self.inner).inspect_err(|error| self.fail(operation, error))
    }

    fn fail(&self, operation: Operation, error: &io::Error) {
        let failure = Failure { operation, kind: error.kind(), why: error.to_string() };
        self.state().failure.get_or_insert(failure);
    }
}

impl State {
    /// Remembers what was written. Pages written in part are not known any more.
    fn learn(&mut self, offset: u64, data: &[u8]) {
        for (page, part) in parts(offset, data) {
            if self.pages.len() <= page {
                self.pages.resize(page.saturating_add(1), 0);
            }
            if let Some(known) = self.pages.get_mut(page) {
                *known = if part.len() == PAGE { hash(part) } else { 0 };
            }
        }
    }

    /// Compares what was read; remembers pages that were not known.
    fn check(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        for (page, part) in parts(offset, data).filter(|(_, part)| part.len() == PAGE) {
            let known = self.pages.get(page).copied().unwrap_or(0);
            if known == 0 {
                self.learn(offset_of(page), part);
            } else if known != hash(part) {
                let why = format!("page {page} is not what was written");
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
        Ok(())
    }
}

/// The pieces of `data` by the page each lies in.
fn parts(offset: u64, data: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let size = PAGE as u64;
    let first = offset.checked_rem(size).unwrap_or(0);
    let head = usize::try_from(size.saturating_sub(first)).unwrap_or(PAGE).min(data.len());
    let (head, rest) = data.split_at_checked(head).unwrap_or((data, &[]));
    let number = usize::try_from(offset.checked_div(size).unwrap_or(0)).unwrap_or(usize::MAX);
    std::iter::once(head)
        .chain(rest.chunks(PAGE))
        .enumerate()
        .map(move |(at, part)| (number.saturating_add(at), part))
}

fn offset_of(page: usize) -> u64 {
    (page as u64).saturating_mul(PAGE as u64)
}

/// Against flipped bits, not against people: whoever can write to the disk can write whole stores.
fn hash(page: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(page);
    hasher.finish().max(1)
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.attempt(Operation::Read, StorageBackend::len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.attempt(Operation::Read, |inner| inner.read(offset, out))?;
        let checked = self.state().check(offset, out);
        checked.inspect_err(|error| self.fail(Operation::Check, error))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.attempt(Operation::Length, |inner| inner.set_len(len))?;
        let pages =
            usize::try_from(len.checked_div(PAGE as u64).unwrap_or(0)).unwrap_or(usize::MAX);
        self.state().pages.truncate(pages);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.attempt(Operation::Sync, StorageBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.state().learn(offset, data);
        self.attempt(Operation::Write, |inner| inner.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}
