//! The gateway as a service: takes questions, leads lanes, answers.
