//! Headers of a `CometBFT` chain: ours beside the stock verifier.

use crate::{
    chain::{self, Block},
    measure::Subject,
    results::{Case, Target},
};
use light_client::{HeaderError, TrustThreshold, Trusted};
use light_client_cometbft::{CometBft, LightBlock};
use std::{cell::RefCell, ops::Range, time::Duration};
use tendermint::Time;
use tendermint_light_client_verifier::{
    ProdVerifier, Verdict, Verifier,
    options::Options,
    types::{TrustThreshold as StockThreshold, TrustedBlockState, UntrustedBlockState},
};

/// Sizes of the sets.
pub const SIZES: [usize; 4] = [4, 20, 100, 150];

/// Headers in a row when catching up.
pub const CATCH_UP: usize = 16;

/// The most that ours may take of the stock verifier's time, with 100 validators.
const OF_STOCK: Target = Target::Ratio(0.40);

/// Blocks of one chain as our client reads them; the first is trusted.
#[derive(Debug)]
pub struct Ours {
    blocks: Vec<LightBlock>,
    /// One client for all calls, so that keys are decoded once, as in a process that follows a chain.
    client: RefCell<CometBft>,
}

impl Ours {
    /// Reads the blocks.
    ///
    /// # Errors
    ///
    /// If one of them is not a light block.
    pub fn read<'a>(blocks: impl Iterator<Item = &'a [u8]>) -> Result<Self, HeaderError> {
        let blocks = blocks.map(LightBlock::decode).collect::<Result<_, _>>()?;
        Ok(Self { blocks, client: RefCell::default() })
    }

    /// Verifies the second block.
    pub fn adjacent(&self) {
        self.verify(1..2, TrustThreshold::ONE_THIRD);
    }

    /// Verifies the last block alone.
    pub fn skipping(&self, threshold: TrustThreshold) {
        self.verify(self.blocks.len() - 1..self.blocks.len(), threshold);
    }

    /// Verifies all blocks but the first, in a row.
    pub fn catch_up(&self) {
        self.verify(1..self.blocks.len(), TrustThreshold::ONE_THIRD);
    }

    fn verify(&self, places: Range<usize>, threshold: TrustThreshold) {
        let trusted = Trusted { state: self.blocks[0].state(), next_set: None };
        let blocks = &self.blocks[places];
        let verified = self.client.borrow_mut().verify_blocks(trusted, blocks, threshold);
        verified.expect("a good block");
    }
}

/// Blocks of one chain, for ours and for stock.
#[derive(Debug)]
pub struct Chain {
    blocks: Vec<Block>,
    ours: Ours,
}

impl Chain {
    /// A chain whose set has this size; long enough to catch up with.
    ///
    /// # Panics
    ///
    /// If our own client does not read the blocks.
    #[must_use]
    pub fn new(validators: usize) -> Self {
        let blocks = chain::blocks(validators, CATCH_UP + 1);
        let ours = Ours::read(blocks.iter().map(|block| &*block.json)).expect("our own blocks");
        Self { blocks, ours }
    }

    fn stock_adjacent(&self) {
        self.stock(0, 1);
    }

    fn stock_skipping(&self) {
        self.stock(0, CATCH_UP);
    }

    fn stock_catch_up(&self) {
        (0..CATCH_UP).for_each(|trusted| self.stock(trusted, trusted + 1));
    }

    fn stock(&self, trusted: usize, untrusted: usize) {
        let (trusted, untrusted) = (&self.blocks[trusted], &self.blocks[untrusted]);
        let header = &trusted.signed.header;
        let verdict = ProdVerifier::default().verify_update_header(
            UntrustedBlockState {
                signed_header: &untrusted.signed,
                validators: &untrusted.set,
                next_validators: None,
            },
            TrustedBlockState {
                chain_id: &header.chain_id,
                header_time: header.time,
                height: header.height,
                next_validators: &trusted.set,
                next_validators_hash: header.next_validators_hash,
            },
            &options(),
            now(),
        );
        assert_eq!(verdict, Verdict::Success);
    }
}

fn options() -> Options {
    Options {
        trust_threshold: StockThreshold::ONE_THIRD,
        trusting_period: Duration::from_secs(14 * 24 * 3600),
        clock_drift: Duration::from_secs(10),
    }
}

fn now() -> Time {
    Time::from_unix_timestamp(chain::FIRST_TIME + 60, 0).expect("a time")
}

/// A chain of each size.
#[must_use]
pub fn chains() -> Vec<(usize, Chain)> {
    SIZES.into_iter().map(|size| (size, Chain::new(size))).collect()
}

/// What is measured of them.
#[must_use]
pub fn subjects(chains: &[(usize, Chain)]) -> Vec<Subject<'_>> {
    let each = chains.iter().flat_map(|(size, chain)| one_by_one(*size, chain));
    let mut subjects: Vec<Subject<'_>> = each.collect();
    if let Some((_, chain)) = chains.iter().find(|(size, _)| *size == 100) {
        subjects.push(Subject::new(CATCHING_UP, CATCH_UP, || chain.ours.catch_up()));
        subjects.push(Subject::new(stock(CATCHING_UP), CATCH_UP, || chain.stock_catch_up()));
    }
    subjects
}

fn one_by_one(size: usize, chain: &Chain) -> Vec<Subject<'_>> {
    let (adjacent, skipping) = (adjacent(size), skipping(size));
    vec![
        Subject::new(&adjacent, 1, || chain.ours.adjacent()),
        Subject::new(stock(&adjacent), 1, || chain.stock_adjacent()),
        Subject::new(&skipping, 1, || chain.ours.skipping(TrustThreshold::ONE_THIRD)),
        Subject::new(stock(&skipping), 1, || chain.stock_skipping()),
    ]
}

const CATCHING_UP: &str = "cometbft_catch_up_16_headers_100";

fn adjacent(size: usize) -> String {
    format!("cometbft_header_update_{size}")
}

fn skipping(size: usize) -> String {
    format!("cometbft_header_update_skipping_{size}")
}

fn stock(name: &str) -> String {
    format!("{name}: stock")
}

/// The rows.
#[must_use]
pub fn cases() -> Vec<Case> {
    let case = |name: String, target| Case {
        baseline: Some(("tendermint-light-client-verifier 0.41 ProdVerifier".into(), stock(&name))),
        name,
        unit: "us per header",
        target,
    };
    let target = |size| (size == 100).then_some(OF_STOCK);
    let adjacent = SIZES.map(|size| case(adjacent(size), target(size)));
    let skipping = SIZES.map(|size| case(skipping(size), target(size)));
    let catching_up = case(CATCHING_UP.into(), Some(OF_STOCK));
    adjacent.into_iter().chain(skipping).chain([catching_up]).collect()
}
