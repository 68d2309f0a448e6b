//! Tests over whole committees.

mod committee;
mod equivocation;
mod fixture;
mod note;
mod replay;
mod threshold;
mod votes;
