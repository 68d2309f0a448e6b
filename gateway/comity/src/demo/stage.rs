//! How the demonstration is printed: each line when it is true.

use super::{clock::Since, spinner::Spinner};
use crate::{
    interrupt::Interrupt,
    moment::instant,
    output::{BOLD, CYAN, DIM, GREEN, Output, RED, styled},
};
use gateway_types::{Jurisdiction, Timestamp};
use serde_json::json;
use std::time::Duration;

/// Where a line of a step begins.
const INDENT: &str = "    ";

/// Column in which the time of a step ends.
const WIDTH: usize = 104;

/// The stage: prints steps and lines, as text or as one JSON object a line.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    out: &'a mut Output,
    interrupt: Interrupt,
    steps: u8,
    pace: Duration,
    opened: Since,
    step: u8,
    title: String,
    lines: Vec<(&'static str, String)>,
    begun: Since,
}

/// The user stopped it, after a step that was done.
#[derive(Debug, thiserror::Error)]
#[error("after step {step} of {steps}, {title}")]
pub(super) struct Stopped {
    /// The step's number.
    pub(super) step: u8,
    steps: u8,
    title: String,
}

impl<'a> Stage<'a> {
    /// A stage for so many steps, with a pause of `pace` after each.
    pub(super) fn new(
        out: &'a mut Output,
        interrupt: Interrupt,
        steps: u8,
        pace: Duration,
    ) -> Self {
        let (title, lines) = (String::new(), Vec::new());
        let opened = Since::now();
        Self { out, interrupt, steps, pace, opened, step: 0, title, lines, begun: opened }
    }

    /// How long it is since the first step.
    pub(super) fn elapsed(&self) -> String {
        duration(self.opened.elapsed())
    }

    /// The first line.
    pub(super) fn open(&mut self, text: &str) {
        self.out.line(styled(BOLD, text));
    }

    /// Does a step: what it says is printed when the step has ended, with the time that it took.
    ///
    /// # Errors
    ///
    /// Those of the step, and [`Stopped`] if the user asked to stop meanwhile.
    pub(super) fn step<T>(
        &mut self,
        title: &str,
        act: impl FnOnce(&mut Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.step = self.step.saturating_add(1);
        title.clone_into(&mut self.title);
        self.lines.clear();
        self.begun = Since::now();
        let spinner = Spinner::start(&self.heading(), !self.out.json());
        let done = act(self);
        drop(spinner);
        // What was true before a failure is printed too: it says how far it came.
        self.print(self.begun.elapsed());
        let done = done?;
        if self.interrupt.was_asked() {
            let (step, steps) = (self.step, self.steps);
            return Err(Stopped { step, steps, title: self.title.clone() }.into());
        }
        #[expect(clippy::disallowed_methods, reason = "a pause for the audience")]
        std::thread::sleep(self.pace);
        Ok(done)
    }

    /// Something that was checked and holds.
    pub(super) fn good(&mut self, text: impl Into<String>) {
        self.lines.push(("✓", text.into()));
    }

    /// Something that was refused, as it should be, or an answer that is no.
    pub(super) fn bad(&mut self, text: impl Into<String>) {
        self.lines.push(("✗", text.into()));
    }

    /// Something to know.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.lines.push(("", text.into()));
    }

    /// The last lines, which belong to no step.
    pub(super) fn close(&mut self, text: &str) {
        self.out.line(text);
    }

    /// The result for programs.
    pub(super) fn result(&mut self, result: &serde_json::Value) {
        self.out.object(result);
    }

    fn heading(&self) -> String {
        format!("{}/{} {}", self.step, self.steps, self.title)
    }

    fn print(&mut self, took: Duration) {
        let title = self.heading();
        let took_text = duration(took);
        let gap =
            WIDTH.saturating_sub(title.chars().count()).saturating_sub(took_text.chars().count());
        let gap = " ".repeat(gap.max(2));
        self.out.line(format!("{}{gap}{}", styled(BOLD, &title), styled(DIM, &took_text)));
        for (sign, text) in &self.lines {
            let line = match *sign {
                "" => format!("{INDENT}{text}"),
                "✓" => format!("{INDENT}{} {text}", styled(GREEN, sign)),
                _ => format!("{INDENT}{} {text}", styled(RED, sign)),
            };
            self.out.line(line);
        }
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|(sign, text)| json!({"sign": sign, "text": plain(text)}))
            .collect();
        self.out.object(&json!({
            "step": self.step,
            "of": self.steps,
            "title": self.title,
            "took_us": u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "lines": lines,
        }));
    }
}

/// Text without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Seconds with one digit behind the point.
pub(super) fn tenths(span: Duration) -> String {
    let tenths = span.as_millis() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `84 ms`, `2.1 s`: with its unit, to the needed digit.
pub(super) fn duration(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        millis @ 1..1000 => format!("{millis} ms"),
        millis => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}

/// A moment of the day.
pub(super) fn clock(time: Timestamp) -> String {
    moment(time, "%H:%M:%S%.3f +08:00")
}

/// A moment for machines, RFC 3339 in UTC.
pub(super) fn rfc3339(time: Timestamp) -> String {
    instant(time).to_string()
}

fn moment(time: Timestamp, format: &str) -> String {
    // The regions of this demonstration are all eight hours ahead of UTC.
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    instant(time).to_zoned(zone).strftime(format).to_string()
}

/// `1.9 KiB`.
pub(super) fn size(bytes: usize) -> String {
    let tenths = bytes.saturating_mul(10) / 1024;
    format!("{}.{} KiB", tenths / 10, tenths % 10)
}

/// A region with its name.
pub(super) fn region(region: &Jurisdiction) -> String {
    let name = match region.as_str() {
        "CN-GD" => "Guangdong",
        "CN-HK" => "Hong Kong",
        "CN-MO" => "Macao",
        _ => "",
    };
    format!("{} {name}", styled(CYAN, region))
}
