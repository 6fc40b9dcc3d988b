//! The way out: a mail server reached by SMTP.

use std::{fmt, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp,
};
use url::{Host, Url};

use crate::{loopback::is_loopback, secret::Secret};

/// For each answer of the mail server.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// For a whole mail, from the connection to the server's word that it took it.
const SEND_WITHIN: Duration = Duration::from_secs(90);

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// This mail is not going to be taken, by this address or at all.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// The server could not be reached, or asks to come again.
    #[error("the mail server is not available: {0}")]
    Unavailable(String),
    /// There is no way out.
    #[error("SMTP_URL is not set")]
    NotConfigured,
}

/// Who mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// Text that is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address, such as Inner Circle <noreply@example.com>")]
pub struct UnusableSender;

impl Sender {
    /// Reads `address` or `Name <address>`; without a name it has the product's.
    pub fn parse(text: &str) -> Result<Self, UnusableSender> {
        let mailbox: Mailbox = text.parse().map_err(|_| UnusableSender)?;
        let name = mailbox.name.unwrap_or_else(|| super::NAME.to_owned());
        Ok(Self(Mailbox::new(Some(name), mailbox.email)))
    }

    /// `noreply@` the host of `site`; an address of a host without a name cannot be answered anyway.
    pub fn of_site(site: &Url) -> Self {
        let named = site.domain().and_then(|host| Self::parse(&format!("noreply@{host}")).ok());
        named.unwrap_or_else(|| {
            let address = lettre::Address::new("noreply", "localhost").expect("is an address");
            Self(Mailbox::new(Some(super::NAME.to_owned()), address))
        })
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    pub(super) fn host(&self) -> &str {
        self.0.email.domain()
    }
}

/// How the mail server is reached, with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(Secret);

/// An address that is no mail server's, or that would give the password away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSmtpUrl {
    /// Not the address of a mail server.
    #[error("expected smtps://user:password@host or smtp://user:password@host?tls=required")]
    Unreadable,
    /// The password could be read on the way.
    #[error(
        "would send mail, and the password, where others can read it: use smtps://, or add ?tls=required"
    )]
    Unencrypted,
}

impl SmtpUrl {
    /// Reads `smtp://` and `smtps://`. Without TLS only this machine is spoken to.
    pub fn parse(secret: Secret) -> Result<Self, UnusableSmtpUrl> {
        let url = Url::parse(secret.expose()).map_err(|_| UnusableSmtpUrl::Unreadable)?;
        if !url.has_host() || smtp_of(secret.expose()).is_none() {
            return Err(UnusableSmtpUrl::Unreadable);
        }
        let requires_tls = url.scheme() == "smtps"
            || url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        if !requires_tls && !is_this_machine(&url) {
            return Err(UnusableSmtpUrl::Unencrypted);
        }
        Ok(Self(secret))
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpUrl(…)")
    }
}

fn is_this_machine(url: &Url) -> bool {
    // What is not http has no parsed host, only text.
    Host::parse(url.host_str().unwrap_or_default()).is_ok_and(|host| is_loopback(&host))
}

fn smtp_of(url: &str) -> Option<Smtp> {
    let builder = Smtp::from_url(url).ok()?;
    Some(builder.timeout(Some(ANSWER_WITHIN)).build())
}

/// Where mails go.
#[derive(Clone)]
pub struct Transport {
    smtp: Option<Smtp>,
}

impl Transport {
    /// By the mail server at `url`; without one nothing is sent and every mail waits.
    pub fn new(url: Option<&SmtpUrl>) -> Self {
        Self { smtp: url.and_then(|url| smtp_of(url.0.expose())) }
    }

    pub(super) async fn send(&self, message: Message) -> Result<(), SendError> {
        let smtp = self.smtp.as_ref().ok_or(SendError::NotConfigured)?;
        match tokio::time::timeout(SEND_WITHIN, smtp.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(SendError::Unavailable("it took too long".to_owned())),
        }
    }
}

/// A server that refuses the address or the mail does so the next time too. One that does not let us in at all is
/// the operator's to mend, and then takes it.
fn classify(error: &smtp::Error) -> SendError {
    let text = std::iter::successors(std::error::Error::source(error), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
    let code = error.status().map(u16::from);
    match code {
        Some(530 | 534 | 535 | 538) => SendError::Unavailable(text),
        _ if error.is_permanent() => SendError::Refused(text),
        _ => SendError::Unavailable(text),
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834).
#[derive(Clone)]
pub(super) struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_elsewhere_needs_tls() {
        let unencrypted = Err(UnusableSmtpUrl::Unencrypted);
        let unreadable = Err(UnusableSmtpUrl::Unreadable);
        for (url, expected) in [
            ("smtps://user:secret@mail.example.com", Ok(())),
            ("smtps://user:secret@mail.example.com:465", Ok(())),
            ("smtp://user:secret@mail.example.com:587?tls=required", Ok(())),
            ("smtp://127.0.0.1:2525", Ok(())),
            ("smtp://localhost", Ok(())),
            ("smtp://[::1]:2525", Ok(())),
            ("smtp://mail.example.com", unencrypted),
            ("smtp://user:secret@mail.example.com?tls=opportunistic", unencrypted),
            ("smtp://10.0.0.5:25", unencrypted),
            ("https://mail.example.com", unreadable),
            ("mail.example.com", unreadable),
            ("smtps://", unreadable),
            ("smtp://mail.example.com?tls=maybe", unreadable),
        ] {
            let parsed = SmtpUrl::parse(Secret::new(url).unwrap()).map(drop);
            assert_eq!(parsed, expected, "{url}");
        }
    }

    #[test]
    fn senders_have_a_name_and_an_address() {
        for (text, expected) in [
            ("noreply@example.com", "Inner Circle <noreply@example.com>"),
            ("The Show <hello@example.com>", "The Show <hello@example.com>"),
        ] {
            assert_eq!(Sender::parse(text).unwrap().mailbox().to_string(), expected);
        }
        assert_eq!(Sender::parse("nobody"), Err(UnusableSender));
        let of =
            |site: &str| Sender::of_site(&Url::parse(site).unwrap()).mailbox().email.to_string();
        assert_eq!(of("https://circle.example"), "noreply@circle.example");
        assert_eq!(of("http://127.0.0.1:3000"), "noreply@localhost");
    }
}
