//! The whole product, started in-process and used through its public edges.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used)]

mod access;
mod auth;
mod catalog;
mod checkout;
mod command_line;
mod durable;
mod episodes;
mod events;
mod fault_server;
mod feed_import;
mod feeds;
mod happenings;
mod harness;
mod leaving;
mod life_cycle;
mod mail;
mod mail_server;
mod me;
mod media;
mod openapi;
mod owed;
mod pages;
mod portal;
mod portal_flows;
mod sandbox;
mod sessions;
mod site;
mod stripe_client;
mod stripe_faults;
mod stripe_requests;
mod stripe_shapes;
mod stripe_signatures;
mod upgrade;
