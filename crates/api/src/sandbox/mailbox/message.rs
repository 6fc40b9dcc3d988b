//! From the bytes of a mail to what is kept of it.

use mail_parser::{Address, HeaderValue, MessageParser};

use crate::sandbox::store::NewMail;

/// Reads a mail (RFC 5322, MIME). What does not read as one is kept as plain text.
pub(super) fn read(raw: &[u8], recipients: &[String]) -> NewMail {
    let Some(message) = MessageParser::default().parse(raw) else {
        return NewMail {
            recipient: recipients.join(", "),
            text: String::from_utf8_lossy(raw).into_owned(),
            ..NewMail::default()
        };
    };
    let is_html = message
        .html_body
        .iter()
        .any(|part| message.parts.get(*part as usize).is_some_and(|part| part.is_text_html()));
    NewMail {
        message_id: message.message_id().unwrap_or_default().to_owned(),
        sender: message.from().map(addresses).unwrap_or_default(),
        recipient: recipients.join(", "),
        subject: message.subject().unwrap_or_default().to_owned(),
        reply_to: match message.header("Reply-To") {
            Some(HeaderValue::Address(address)) => addresses(address),
            _ => String::new(),
        },
        text: message.body_text(0).map(|text| text.replace("\r\n", "\n")).unwrap_or_default(),
        html: message.body_html(0).filter(|_| is_html).map(|html| html.into_owned()),
    }
}

/// `Name <address>`, comma-separated.
fn addresses(addresses: &Address<'_>) -> String {
    let shown = addresses.iter().map(|one| {
        let address = one.address().unwrap_or_default();
        match one.name() {
            Some(name) => format!("{name} <{address}>"),
            None => address.to_owned(),
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: Inner Circle <noreply@circle.example>\r\n\
        To: ada@example.com\r\n\
        Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n\
        Message-ID: <1@circle.example>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\
        \r\n\
        --b\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\
        \r\n\
        Open https://circle.example/?token=3Dabc=\r\n\
        def\r\n\
        --b\r\n\
        Content-Type: text/html; charset=utf-8\r\n\
        \r\n\
        <p>Open</p>\r\n\
        --b--\r\n";

    #[test]
    fn both_parts_are_read_and_decoded() {
        let mail = read(MAIL.as_bytes(), &["ada@example.com".to_owned()]);
        assert_eq!(mail.sender, "Inner Circle <noreply@circle.example>");
        assert_eq!(mail.recipient, "ada@example.com");
        assert_eq!(mail.subject, "Grüße");
        assert_eq!(mail.message_id, "1@circle.example");
        assert_eq!(mail.text.trim(), "Open https://circle.example/?token=abcdef");
        assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>Open</p>"));
    }

    #[test]
    fn a_plain_mail_has_no_html() {
        let mail = read(b"Subject: Hello\r\n\r\nWorld\r\n", &[]);
        assert_eq!((mail.subject.as_str(), mail.text.trim(), mail.html), ("Hello", "World", None));
    }
}
