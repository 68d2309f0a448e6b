//! The stream between TLS and hyper.

use super::{
    IN_ITS_PLACE, MAX_HEAD, Refusal,
    head::{self, Framing},
};
use crate::Limits;
use bytes::{Buf as _, BytesMut};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How much is read at once, in bytes.
const READ: usize = 16 * 1024;

/// So many bytes must go out within [`Limits::stall`], or all that waits.
const PROGRESS: usize = 16 * 1024;

/// What the guard and whoever serves a connection know together.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    refusal: OnceLock<Refusal>,
    running: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

impl Watch {
    /// Why the request that came as `OPTIONS *` was refused.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }

    /// A request is answered: its last byte was given to hyper.
    pub(crate) fn answered(&self) {
        // One for each that was let pass, so it does not fall below zero.
        self.running.fetch_sub(1, Ordering::Relaxed);
        // Hyper does not ask again by itself where it was told to wait, and the idle time begins now.
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        reader.inspect(Waker::wake_by_ref);
    }

    /// Whether no request is being answered. If one is, the reader is woken when it is over.
    fn is_idle(&self, cx: &Context<'_>) -> bool {
        let idle = self.running.load(Ordering::Relaxed) == 0;
        if !idle {
            let waker = Some(cx.waker().clone());
            *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = waker;
        }
        idle
    }
}

/// What the next bytes that come belong to.
#[derive(Debug)]
enum Phase {
    /// A head, of which so many bytes were looked at.
    Head { seen: usize },
    /// A body.
    Body(Framing),
    /// The caller closed, or was idle for too long.
    Closed,
    /// A request was refused: nothing more is read, and hyper closes when it has answered. It must not see
    /// an end before that: it would drop the answer.
    Refused,
}

/// How long something may still take.
#[derive(Debug, Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Starts it, unless it runs.
    fn arm(&mut self, limit: Duration) {
        if self.0.is_none() {
            self.0 = Some(Box::pin(sleep(limit)));
        }
    }

    fn disarm(&mut self) {
        self.0 = None;
    }

    /// Ready when time is up.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// A stream of which hyper reads only checked requests, and which gives up on who is too slow.
#[derive(Debug)]
pub(crate) struct Guarded<S> {
    inner: S,
    watch: Arc<Watch>,
    /// Read, not yet given to hyper; the first `checked` bytes may be.
    buffer: BytesMut,
    checked: usize,
    phase: Phase,
    head: Timer,
    idle: Timer,
    stall: Timer,
    sent: usize,
    limits: Times,
}

/// The limits that matter here.
#[derive(Clone, Copy, Debug)]
struct Times {
    head: Duration,
    idle: Duration,
    stall: Duration,
}

impl<S> Guarded<S> {
    /// A stream just opened: the first head is due.
    pub(crate) fn new(inner: S, watch: Arc<Watch>, limits: &Limits) -> Self {
        let Limits { head, idle, stall, .. } = *limits;
        let mut guarded = Self {
            inner,
            watch,
            buffer: BytesMut::new(),
            checked: 0,
            phase: Phase::Head { seen: 0 },
            head: Timer::default(),
            idle: Timer::default(),
            stall: Timer::default(),
            sent: 0,
            limits: Times { head, idle, stall },
        };
        guarded.head.arm(head);
        guarded
    }

    /// Looks at what was read, and lets pass what it can.
    ///
    /// # Errors
    ///
    /// If the body's chunks do not fit. What is wrong with a head is not an error here: it is answered.
    fn check(&mut self) -> io::Result<()> {
        let fresh = self.buffer.get(self.checked..).unwrap_or_default();
        match &mut self.phase {
            Phase::Closed | Phase::Refused => {}
            Phase::Head { seen } => match look_at_head(fresh, *seen) {
                Ok(Some((length, framing))) => self.pass_head(length, framing),
                Ok(None) => *seen = fresh.len(),
                Err(refusal) => self.refuse(refusal),
            },
            Phase::Body(Framing::Length(left)) => {
                let fresh_length = u64::try_from(fresh.len()).unwrap_or(u64::MAX);
                let step = fresh_length.min(*left);
                *left = left.saturating_sub(step);
                let over = *left == 0;
                self.pass(usize::try_from(step).unwrap_or(usize::MAX), over);
            }
            Phase::Body(Framing::Chunked(chunks)) => {
                let step = chunks.advance(fresh).map_err(|_| invalid())?;
                let over = chunks.is_at_end();
                self.pass(step, over);
            }
        }
        Ok(())
    }

    fn pass_head(&mut self, length: usize, framing: Framing) {
        self.watch.running.fetch_add(1, Ordering::Relaxed);
        self.head.disarm();
        let over = framing == Framing::Length(0);
        self.phase = Phase::Body(framing);
        self.pass(length, over);
    }

    /// Lets `length` bytes more pass; `over` if they end the request.
    fn pass(&mut self, length: usize, over: bool) {
        self.checked = self.checked.saturating_add(length);
        if over {
            self.phase = Phase::Head { seen: 0 };
        }
    }

    /// Drops what was not let pass, and has the refusal answered in its turn.
    fn refuse(&mut self, refusal: Refusal) {
        // Nothing is read after the first one, so there is no second.
        self.watch.refusal.get_or_init(|| refusal);
        self.watch.running.fetch_add(1, Ordering::Relaxed);
        self.buffer.truncate(self.checked);
        self.buffer.extend_from_slice(IN_ITS_PLACE);
        self.checked = self.buffer.len();
        self.phase = Phase::Refused;
        self.head.disarm();
    }

    /// Gives hyper what passed; whether there was anything.
    fn hand_over(&mut self, out: &mut ReadBuf<'_>) -> bool {
        let length = self.checked.min(out.remaining());
        out.put_slice(self.buffer.get(..length).unwrap_or_default());
        self.buffer.advance(length);
        self.checked = self.checked.saturating_sub(length);
        length > 0
    }

    /// Starts and stops the clocks of whoever reads: ready if the connection was idle for too long.
    fn poll_reading_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Phase::Head { seen } = self.phase else { return Poll::Pending };
        if seen > 0 {
            self.head.arm(self.limits.head);
        }
        if self.head.poll(cx).is_ready() {
            if seen == 0 {
                return Poll::Ready(());
            }
            self.refuse(Refusal::TooSlow);
            return Poll::Pending;
        }
        if seen > 0 || self.head.0.is_some() || !self.watch.is_idle(cx) {
            self.idle.disarm();
            return Poll::Pending;
        }
        self.idle.arm(self.limits.idle);
        self.idle.poll(cx)
    }
}

/// A head's length and its body's framing, if all of it has come.
fn look_at_head(bytes: &[u8], seen: usize) -> Result<Option<(usize, Framing)>, Refusal> {
    let Some(first) = bytes.first() else { return Ok(None) };
    head::check_first(*first)?;
    let end = head::find_end(bytes, seen)?;
    if end.unwrap_or(bytes.len()) > MAX_HEAD {
        return Err(Refusal::Malformed("The headers are too long."));
    }
    let Some(head) = end.and_then(|end| bytes.get(..end)) else { return Ok(None) };
    head::check_head(head).map(|framing| Some((head.len(), framing)))
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the chunks of a body do not fit")
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.hand_over(out) {
                return Poll::Ready(Ok(()));
            }
            this.check()?;
            if this.checked > 0 {
                continue;
            }
            if matches!(this.phase, Phase::Closed) || this.poll_reading_time(cx).is_ready() {
                this.phase = Phase::Closed;
                return Poll::Ready(Ok(()));
            }
            if this.checked > 0 {
                continue;
            }
            if matches!(this.phase, Phase::Refused) {
                return Poll::Pending;
            }
            if ready!(this.poll_fill(cx))? == 0 {
                this.phase = Phase::Closed;
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> Guarded<S> {
    /// Reads more; how many bytes came, none at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; READ];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut piece))?;
        self.buffer.extend_from_slice(piece.filled());
        Poll::Ready(Ok(piece.filled().len()))
    }
}

impl<S: AsyncWrite + Unpin> Guarded<S> {
    /// Gives up when what is sent is stuck.
    fn watch_stall<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            return polled;
        }
        self.stall.arm(self.limits.stall);
        match self.stall.poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// So many bytes went out: enough of them, and the clock starts anew.
    fn went_out(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
        if self.sent >= PROGRESS {
            self.all_went_out();
        }
    }

    fn all_went_out(&mut self) {
        self.sent = 0;
        self.stall.disarm();
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &polled {
            this.went_out(*count);
        }
        this.watch_stall(cx, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_flush(cx);
        if polled.is_ready() {
            this.all_went_out();
        }
        this.watch_stall(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.watch_stall(cx, polled)
    }
}
