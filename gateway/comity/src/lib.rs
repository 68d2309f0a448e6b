//! The parts of Comity's one program that are also used by its tests and benchmarks.
//!
//! [`settings`] are what the programs are told, and [`deployment`] writes all that a whole deployment needs:
//! [`committees`] make their keys, and [`packs`] are the example rules. [`fleet`] runs the programs as
//! processes on this machine, and [`mod@ask`] asks them. [`load`] and [`nodes`] go from settings to what runs.
//! [`bounded`] and [`trust_file`] read what a user names, and [`typed`] says what to type.

pub mod ask;
pub mod authority;
pub mod bounded;
pub mod committees;
pub mod deployment;
pub mod fleet;
pub mod folder;
pub mod genesis;
pub mod load;
pub mod nodes;
pub mod packs;
pub mod plain;
pub mod process;
pub mod secret_file;
pub mod settings;
pub mod trust_file;
pub mod typed;
