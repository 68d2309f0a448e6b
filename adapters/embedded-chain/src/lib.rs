//! A chain for demonstrations and tests that answers as a CometBFT node does.
