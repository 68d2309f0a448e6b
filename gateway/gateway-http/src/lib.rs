//! HTTP over mutual TLS: who calls, what is refused before anybody reads it, problems.
