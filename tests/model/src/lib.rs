//! The agreement's real state machines, searched exhaustively.
//!
//! The search is over one batch. A state is what each honest member keeps durably, and the prepare
//! certificates that exist; one step is one view, in which a dishonest leader and f dishonest members of
//! each committee do whatever they can: show one body to some and another to others, with or without a
//! certificate, show a prepare certificate to whom they like, crash a member between any two effects.
//! What a member then does is asked of the real [`gateway_agreement::member::Member`], started from
//! that durable state ([`answers`]); answers are kept by (state, input).
//!
//! *Why view by view is enough.* A member's act in view v is enabled only by its own earlier acts and by
//! certificates of views up to v, and those never go away; it never acts in a lower view after a higher one.
//! So any execution can be put in order, acts of lower views first, and ends in the same facts. Views are
//! only ever compared, so they are kept as ranks, and the states are finitely many for any number of views.
//!
//! Safety is three `always` properties; progress is a fourth: from every state, the real leader, which
//! knows only what messages told it, and the real honest members come to a final checkpoint
//! ([`progress`]), whatever [`trouble`] there is: dishonest members silent or telling certificates whose
//! bodies are gone, a certificate shown late, members that have asked for different views.
//!
//! | members / quorum / dishonest | states | views in a row | search |
//! |---|---|---|---|
//! | 4/3/1 | 191 | 7 | exhaustive, in `cargo test` too |
//! | 5/4/1 | 519 | 9 | exhaustive |
//! | 7/5/2 | 2,133 | 10 | exhaustive |
//! | 4/3/1 + 4/3/1, one dishonest in each | 52,003 | 14 | exhaustive, one to two minutes on two cores; two views of it in `cargo test` |
//! | 4/3/1 with two dishonest | | | must break, and does |
//!
//! The states are as many as a search of the bare rules finds, written apart from this code. `tests/mutants`
//! breaks one rule at a time and demands that it is seen.
//!
//! *What is not searched.* One batch only: that logs follow from batches is in the proof. Messages between
//! honest ones arrive, in order, within a view's time; two bodies, since a third only repeats the second.

pub mod answers;
pub mod keys;
pub mod lane;
pub mod progress;
pub mod report;
pub mod trouble;
