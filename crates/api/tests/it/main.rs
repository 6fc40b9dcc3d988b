//! The whole product, started in-process.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fault_server;
mod stripe_client;
