//! A regulator's node as a service: judges, agrees, co-signs.
