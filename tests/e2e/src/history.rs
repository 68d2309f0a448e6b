//! What was acknowledged, and that it is still so.

use crate::{Asked, DESTINATION, Running, SOURCE, SeenLog};
use anyhow::{Context as _, Result, ensure};
use comity::ask::Proof;
use gateway_types::{Digest, checkpoint::TreeHead};
use std::collections::BTreeMap;

/// All answers that were believed, and all roots that were signed.
#[derive(Debug, Default)]
pub struct History {
    answers: Vec<Kept>,
    roots: BTreeMap<u64, Digest>,
}

#[derive(Debug)]
struct Kept {
    asked: Asked,
    url: String,
    certificate: Vec<u8>,
}

impl History {
    /// Keeps a believed yes.
    ///
    /// # Errors
    ///
    /// If its checkpoint's root is not the one that was signed for that size before.
    pub(crate) fn keep(&mut self, asked: &Asked, url: &str, proof: &Proof) -> Result<()> {
        let found = proof.report.found.certificate.as_ref().context("a verified certificate")?;
        self.see_root(found.signed().checkpoint().head)?;
        let certificate = proof.certificate.clone();
        self.answers.push(Kept { asked: asked.clone(), url: url.to_owned(), certificate });
        Ok(())
    }

    /// How many answers were believed.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.answers.len()
    }

    /// # Errors
    ///
    /// If another root of that size was signed.
    pub(crate) fn see_root(&mut self, head: TreeHead) -> Result<()> {
        let known = *self.roots.entry(head.size).or_insert(head.root);
        ensure!(
            known == head.root,
            "TWO ROOTS of size {}: {} and {}",
            head.size,
            known.to_hex(),
            head.root.to_hex()
        );
        Ok(())
    }
}

impl Running {
    /// Checks that nothing acknowledged is lost or changed, and that both gateways serve one log, in which every
    /// signed root is found again.
    ///
    /// # Errors
    ///
    /// What does not hold.
    pub fn check_history(&mut self) -> Result<()> {
        let client = self.client(DESTINATION)?;
        for kept in &self.history.answers {
            let id = &kept.asked.id;
            let again = self.post(&kept.asked.question).with_context(|| format!("{id}, again"))?;
            ensure!(again.id == *id, "the key of {id} now gives {}", again.id);
            ensure!(again.answer == "yes", "{id} was a yes, and is {}", again.answer);
            let bytes = self.runtime.block_on(client.file(&kept.url))?;
            ensure!(bytes == kept.certificate, "the certificate of {id} has changed");
        }
        let logs = self.wait_for_same_logs()?;
        for log in &logs {
            self.history.see_root(log.head)?;
        }
        for (size, root) in &self.history.roots {
            for log in &logs {
                let found = log.log.head_at(*size).with_context(|| format!("size {size}"))?;
                ensure!(found.root == *root, "a signed root of size {size} is not in the log");
            }
        }
        Ok(())
    }

    /// Both gateways' logs, once they are of one size: the follower is a moment behind.
    fn wait_for_same_logs(&mut self) -> Result<[SeenLog; 2]> {
        let mut last = String::new();
        let logs = self.wait("both gateways to have the whole log", crate::PATIENCE, |it| {
            match (it.read_log(SOURCE), it.read_log(DESTINATION)) {
                (Ok(a), Ok(b)) if a.head.size == b.head.size => Some([a, b]),
                (Ok(a), Ok(b)) => {
                    last = format!("sizes {} and {}", a.head.size, b.head.size);
                    None
                }
                (Err(error), _) | (_, Err(error)) => {
                    last = format!("{error:#}");
                    None
                }
            }
        });
        logs.with_context(|| last)
    }
}
