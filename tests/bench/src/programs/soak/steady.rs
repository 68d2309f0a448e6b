//! A platform that asks evenly and never gives a question up: the same key again, until there is an answer.

use crate::programs::{
    load::{Asker, is_open},
    questions::{Prepared, prepare},
};
use anyhow::{Context as _, Result};
use comity::ask::Received;
use embedded_chain::ExampleLicence;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

/// Questions that are open at most. When there are as many the next one waits, and the load is no longer steady.
const OPEN: usize = 400;

/// A question must end within this: it lapses a minute after it was stored, and a gateway may be away meanwhile.
const PATIENCE: Duration = Duration::from_secs(150);

/// How long it waits before it asks again after a failure.
const AGAIN: Duration = Duration::from_millis(300);

/// Asks, and counts.
pub struct Steady {
    asker: Asker,
    licences: Vec<ExampleLicence>,
    asked: AtomicU64,
    yes: AtomicU64,
    unknown: AtomicU64,
    again: AtomicU64,
}

/// How many questions there were so far.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Begun.
    pub asked: u64,
    /// Answered *yes*.
    pub yes: u64,
    /// Ended without an answer.
    pub unknown: u64,
    /// Calls that had to be made again.
    pub again: u64,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, yes, unknown, again } = self;
        write!(f, "{asked} asked, {yes} yes, {unknown} ended unknown, {again} calls made again")
    }
}

/// What became of a question, as it was told last.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Its name; nothing if it was never acknowledged.
    pub id: Option<String>,
    /// The last answer.
    pub answer: String,
    /// The last state.
    pub state: String,
    /// Where its certificate is.
    pub certificate: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    has_ended: bool,
}

impl Ended {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.has_ended
    }

    fn take(&mut self, got: Received) {
        self.has_ended = !got.is_open();
        self.id = Some(got.id);
        (self.answer, self.state) = (got.answer, got.state);
        self.certificate = got.certificate.map(|it| it.url);
    }
}

impl Steady {
    /// Asks about these licences in turn.
    #[must_use]
    pub fn new(asker: Asker, licences: Vec<ExampleLicence>) -> Self {
        let zero = AtomicU64::default;
        Self { asker, licences, asked: zero(), yes: zero(), unknown: zero(), again: zero() }
    }

    /// How many there were so far.
    #[must_use]
    pub fn count(&self) -> Count {
        let of = |number: &AtomicU64| number.load(Relaxed);
        let (asked, yes) = (of(&self.asked), of(&self.yes));
        Count { asked, yes, unknown: of(&self.unknown), again: of(&self.again) }
    }

    /// Asks one every `every` for so long, then waits for all.
    ///
    /// # Errors
    ///
    /// If a question cannot be made.
    pub async fn ask(self: Arc<Self>, every: Duration, time: Duration) -> Result<Vec<Ended>> {
        let (began, room) = (Instant::now(), Arc::new(Semaphore::new(OPEN)));
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut tasks, mut ended) = (JoinSet::new(), Vec::new());
        while began.elapsed() < time {
            ticks.tick().await;
            let turn = Arc::clone(&room).acquire_owned().await?;
            let number = self.asked.fetch_add(1, Relaxed);
            let place = usize::try_from(number)? % self.licences.len();
            let licence = self.licences.get(place).context("a licence")?;
            let question = prepare(licence, &self.asker.me, number)?;
            let this = Arc::clone(&self);
            tasks.spawn(async move {
                let ended = this.until_it_ends(&question).await;
                drop(turn);
                ended
            });
            while let Some(done) = tasks.try_join_next() {
                ended.push(done?);
            }
        }
        while let Some(done) = tasks.join_next().await {
            ended.push(done?);
        }
        Ok(ended)
    }

    async fn until_it_ends(&self, question: &Prepared) -> Ended {
        let (began, mut ended) = (Instant::now(), Ended::default());
        while ended.is_open() && began.elapsed() < PATIENCE {
            let told = match &ended.id {
                None => self.asker.post(question, true).await,
                Some(id) => self.asker.look(id).await,
            };
            match told {
                Ok(got) => ended.take(got),
                Err(error) => {
                    self.again.fetch_add(1, Relaxed);
                    ended.error = Some(format!("{error:#}"));
                    sleep(AGAIN).await;
                }
            }
        }
        match ended.answer.as_str() {
            "yes" => self.yes.fetch_add(1, Relaxed),
            _ => self.unknown.fetch_add(1, Relaxed),
        };
        ended
    }
}

/// Looks a question up again: what differs from what was told, if anything does.
pub async fn look_again(asker: Asker, told: Ended) -> Option<String> {
    let id = told.id.as_ref()?;
    let mut last = String::new();
    for _ in 0..20 {
        match asker.look(id).await {
            Ok(now) => {
                let certificate = now.certificate.as_ref().map(|it| it.url.clone());
                let same = now.answer == told.answer
                    && now.state == told.state
                    && certificate == told.certificate
                    && !is_open(&now);
                return (!same).then(|| format!("told {told:?}, now {now:?}"));
            }
            Err(error) => last = format!("{error:#}"),
        }
        sleep(AGAIN).await;
    }
    Some(format!("{id} was acknowledged and is lost: {last}"))
}
