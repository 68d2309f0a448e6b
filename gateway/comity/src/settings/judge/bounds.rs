//! Values that may be set and are hardly meant: each is a warning.

use super::{Finding, Judge};
use crate::settings::Span;
use std::{net::SocketAddr, time::Duration};

const HOUR: Span = Span(Duration::from_secs(3_600));

const THREE_WEEKS: Span = Span(Duration::from_secs(21 * 24 * 3_600));

/// The least and the longest that a header is sensibly trusted. Chains of this family let validators leave after
/// 21 days or so: whom one believes longer may have nothing to lose any more.
const TRUSTED: (Span, Span) = (HOUR, THREE_WEEKS);

/// The least and the most that a header is sensibly ahead of the clock.
const DRIFT: (Span, Span) = (Span(Duration::from_secs(1)), Span(Duration::from_secs(30)));

pub(super) fn check(judge: &mut Judge<'_>) {
    check_admin(judge);
    for region in judge.chains().keys() {
        let path = format!("chain.{region}.trusting_period");
        check_span(
            judge,
            &path,
            TRUSTED,
            [
                "after so short a silence of the source only regulators can go on, by agreeing on a new pin",
                "validators that have long left could sign another history",
            ],
        );
        let path = format!("chain.{region}.max_clock_drift");
        check_span(
            judge,
            &path,
            DRIFT,
            [
                "headers of honest nodes, whose clocks differ by so much, are refused",
                "headers from the future are believed",
            ],
        );
    }
}

/// Probes and metrics have no TLS and ask nobody who they are.
fn check_admin(judge: &mut Judge<'_>) {
    let path = "listen.admin";
    let address: Option<SocketAddr> = judge.value(path);
    let Some(address) = address.filter(|it| it.ip().is_unspecified()) else { return };
    let says =
        format!("probes and metrics are open to every network that this machine is on ({address})");
    let advice =
        "name one address: this machine's, 127.0.0.1, or its own in a network of your monitoring";
    judge.push(Finding::error("C-141", judge.at_said(path), says).advise(advice).warning());
}

/// What follows from a value below and above what is sensible.
fn check_span(judge: &mut Judge<'_>, path: &str, (least, most): (Span, Span), follows: [&str; 2]) {
    let Some(span) = judge.value::<Span>(path) else { return };
    let [below, above] = follows;
    let follows = if span < least {
        below
    } else if span > most {
        above
    } else {
        return;
    };
    let finding = Finding::error("C-135", judge.at(path), format!("{span}: {follows}"));
    judge.push(finding.advise(format!("sensible are {least} to {most}")).warning());
}
