//! The whole product, started in-process.

mod fault_server;
mod stripe_client;
