//! The embedded store: redb, one writer that groups commits.
