//! Ports that somebody takes between the moment when they were free and the moment when a program listens.

use crate::exit::Exit;
use comity::fleet::Fallen;

/// How often all is started with other ports before the user is told.
const TRIES: u32 = 4;

/// Whatever ports were free, somebody took one of them each time.
#[derive(Debug, thiserror::Error)]
#[error(
    "{TRIES} times a port that was free was taken by another program before ours listened at it. Nothing is wrong, and nothing is left: try again"
)]
pub(super) struct Taken;

/// One that was taken, before all is started again.
#[derive(Debug, thiserror::Error)]
#[error("{name} found its port taken by another program: all are started again, with other ports")]
pub(super) struct Again {
    name: String,
}

/// Starts something that finds ports of its own, again with others if one was taken meanwhile; `clear` removes what was
/// left before.
///
/// # Errors
///
/// [`Taken`] if that happens each time; else what went wrong.
pub(super) fn with_others<T>(
    mut clear: impl FnMut(&Again) -> anyhow::Result<()>,
    mut start: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    for _ in 0..TRIES {
        match start() {
            Ok(started) => return Ok(started),
            Err(error) => clear(&taken(error)?)?,
        }
    }
    Err(Taken.into())
}

/// Whose port was taken; any other error is given back.
fn taken(error: anyhow::Error) -> anyhow::Result<Again> {
    let again = i32::from(Exit::TryAgain.code());
    match error.downcast_ref::<Fallen>() {
        Some(it) if it.status.code() == Some(again) && it.words.contains("is taken") => {
            Ok(Again { name: it.name.clone() })
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity::fleet::Fleet;

    /// A program that says this and ends so.
    fn fallen(script: &str) -> anyhow::Error {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = Fleet::new("/bin/sh".into(), folder.path().join("logs")).unwrap();
        fleet.start("CN-HK-gateway", ["-c", script]).unwrap();
        loop {
            if let Err(fallen) = fleet.check() {
                return fallen.into();
            }
        }
    }

    #[test]
    fn a_port_that_was_taken_is_no_bug_and_another_is_tried() {
        let (mut tries, mut cleared) = (0, Vec::new());
        let started = with_others(
            |again| {
                cleared.push(again.to_string());
                Ok(())
            },
            || {
                tries += 1;
                if tries < 3 {
                    Err(fallen("echo 127.0.0.1:1 is taken; exit 75"))
                } else {
                    Ok(tries)
                }
            },
        );
        assert_eq!((started.unwrap(), cleared.len()), (3, 2));
        assert!(cleared[0].starts_with("CN-HK-gateway found its port taken"), "{cleared:?}");
    }

    #[test]
    fn it_is_given_up_after_some_times_and_plainly_said() {
        let mut cleared = 0;
        let clear = |_: &Again| {
            cleared += 1;
            Ok(())
        };
        let given_up = with_others(clear, || Err::<(), _>(fallen("echo it is taken; exit 75")));
        assert!(given_up.unwrap_err().is::<Taken>());
        assert_eq!(cleared, 4);
    }

    #[test]
    fn what_else_goes_wrong_is_told_at_once() {
        for script in ["echo the store is open already; exit 75", "echo it is taken; exit 70"] {
            let told = with_others(|_| panic!("again"), || Err::<(), _>(fallen(script)));
            assert!(told.unwrap_err().is::<Fallen>(), "{script}");
        }
    }
}
