//! The sandbox's mailbox: an SMTP server of its own that delivers nowhere and keeps what it is given to look at.
//!
//! Whoever runs against the sandbox sends mail to it as to any other server; [`Running::smtp_addr`] says where. What
//! came is shown by the pages under `/_sandbox/mailbox`, and as JSON to programs.
//!
//! [`Running::smtp_addr`]: super::Running::smtp_addr

mod message;
mod smtp;

pub(super) use smtp::{bind, serve};
