//! A disk in memory that is cut off at a chosen write or sync.
