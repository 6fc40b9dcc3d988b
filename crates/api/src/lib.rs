//! Inner Circle: a private podcast with paid plans.

pub mod access;
pub mod account;
pub mod app;
pub mod billing;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod doctor;
pub mod episodes;
pub mod http;
pub mod inbox;
pub mod jobs;
pub mod keys;
pub mod loopback;
pub mod mail;
pub mod sandbox;
pub mod secret;
pub mod status;
pub mod stripe;
pub mod telemetry;
