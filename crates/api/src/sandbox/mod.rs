//! An embedded Stripe: stateful, on its own port, on its own SQLite file, reached only over HTTP.
//!
//! [`start`] serves three things on one address:
//! - `/v1/…`, Stripe's API. Any `sk_test_…` or `rk_test_…` key opens it.
//! - the hosted pages: Checkout `/pay/{secret}`, challenges `/challenge/{id}`, the portal `/portal/{secret}`,
//!   invoices `/invoice/{secret}`.
//! - `/_sandbox/…`, its own controls: see [`control`].
//!
//! Everything that happens makes an Event in the same commit and is delivered, signed, to webhook endpoints.
//!
//! Time is the wall's plus an offset that only grows; the HTTP `Date` header shows it too. A request is one
//! transaction of the [`store`]: objects, events and queued deliveries are on disk before it is answered.

mod api;
mod billing;
mod cards;
mod checkout;
pub mod cli;
mod clock;
mod control;
mod error;
mod events;
mod faults;
mod form;
mod invoice_page;
mod listen;
mod log;
mod mailbox;
mod object;
mod pages;
mod params;
mod payment;
mod portal;
mod protocol;
mod record;
mod schedule;
mod server;
mod store;
mod test_clocks;
mod ticker;
mod versions;
mod webhooks;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
};

use self::store::Store;
pub use self::{
    faults::{FaultPlan, InvalidPlan},
    protocol::ProtocolSettings,
    server::{Running, StartError, start},
    store::StoreError,
    webhooks::SenderError,
};

/// How to start a sandbox.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Port 0 takes a free one.
    pub addr: SocketAddr,
    /// Base of the URLs it gives to browsers; `http://` and the address when not set.
    pub public_url: Option<String>,
    /// Whose Stripe it plays: the name on the hosted pages.
    pub business: String,
    /// The SQLite file, made when missing together with its folder.
    pub database: PathBuf,
    /// A webhook endpoint that exists besides those made by the API.
    pub webhook: Option<Webhook>,
    /// Seconds the sandbox's clock is ahead of the wall. Restored from the file at start and moved by the
    /// sandbox alone; share it with whoever must agree on the time.
    pub clock_offset: Arc<AtomicI64>,
    /// What goes wrong from the start; more by `POST /_sandbox/faults`.
    pub faults: FaultPlan,
    /// The account's default version and rate limit from the start; others by `POST /_sandbox/protocol`.
    pub protocol: ProtocolSettings,
    /// A file that every request of the API and its answer is added to, one JSON object a line.
    pub record: Option<PathBuf>,
}

/// A webhook endpoint given by the configuration.
#[derive(Debug, Clone, Default)]
pub struct Webhook {
    /// Where to deliver. None yet: see [`Running::set_webhook`].
    pub url: Option<String>,
    /// Signing secret, `whsec_…`. One is made, and kept in the file, when not set.
    pub secret: Option<String>,
}

/// The running sandbox, as its HTTP handlers see it (`web::Data<Sandbox>`).
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) store: Store,
    /// `acct_…`: stable for one file.
    pub(crate) account: String,
    pub(crate) faults: faults::Faults,
    pub(crate) in_flight: api::InFlight,
    pub(crate) listeners: listen::Listeners,
    pub(crate) log: log::RequestLog,
    pub(crate) protocol: protocol::Protocol,
    pub(crate) recorder: Option<record::Recorder>,
    pub(crate) turn: ticker::Turn,
}
