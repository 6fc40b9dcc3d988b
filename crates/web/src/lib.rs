//! The Inner Circle single-page app: everything a listener sees outside Stripe's own pages.
//!
//! It is built twice. `visitor` holds what people without a session come for first (what this is, the plans, the way
//! in) and is small; `web` holds everything. The index starts the one that fits the address and the browser's session;
//! a link from the small one to a page it lacks loads the large one.
//!
//! - `route` knows the addresses, `navigation` moves between them.
//! - `session` holds the access token and who is signed in; `live` keeps that account up to date.
//! - `api` has one function an endpoint, `wire` understands its answers; `resource` is the only way a page fetches what it shows.
//! - `membership`, `checkout` and `offer` decide (pure functions); `pages` and `ui` show.
//!
//! Accessible names that tests and assistive technology rely on:
//! links "Episodes", "Pricing", "Log in", "Join", "Account", "Start listening";
//! "Choose <plan>" (a link to register for visitors, a button for listeners);
//! buttons "Monthly", "Yearly…", "Create account" ("Continue to payment" with a plan chosen),
//! "Log in", "Log out", "Manage billing", "Change plan", "Cancel plan", "Resume plan",
//! "Update card", "Copy", "New address", "Play <title>", "Pause <title>";
//! labels "E-mail", "Password", "Feed address"; the region "Player" with "Play", "Pause" and the
//! slider "Position". On the account page `data-testid` marks `plan` and `status`.

mod api;
mod app;
mod browser;
mod checkout;
mod format;
mod forms;
mod json;
mod live;
mod membership;
mod navigation;
mod offer;
mod pages;
mod plan_list;
mod player;
mod resource;
mod route;
mod session;
mod tabs;
mod ui;
mod wire;

pub use app::{start_for_listeners, start_for_visitors};
