//! The RPC of CometBFT nodes with a CosmWasm registry.
