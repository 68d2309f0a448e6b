//! Whole ceremonies, honest and not.

mod at_rest;
mod cheats;
mod harness;
mod honest;
mod keys;
mod proposal;
mod revealed;
