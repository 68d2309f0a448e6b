//! The relayer as a service: observes a chain, brings what its gateway asks for.
