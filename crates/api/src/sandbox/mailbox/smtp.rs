//! Just enough of SMTP (RFC 5321) to be sent mail by any client on this machine: no relaying, no TLS, no log-in.

use std::{io, net::SocketAddr, time::Duration};

use actix_web::web;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::message;
use crate::sandbox::{Sandbox, store::Origin};

/// Bytes of a mail at the most.
const MAX_MAIL: usize = 10 * 1024 * 1024;

/// Bytes of a command at the most (RFC 5321, section 4.5.3.1.4, with room for extensions).
const MAX_LINE: usize = 4096;

/// How long a client may take in all.
const PATIENCE: Duration = Duration::from_secs(120);

/// A free port of this machine alone.
pub(in crate::sandbox) async fn bind() -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await
}

/// Takes mail until it is dropped.
pub(in crate::sandbox) async fn serve(listener: TcpListener, sandbox: web::Data<Sandbox>) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = conversations.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let sandbox = sandbox.clone();
                    conversations.spawn(async move {
                        let conversation = Conversation::new(stream, sandbox).run();
                        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, conversation).await {
                            tracing::debug!(%error, "a mail client left");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox's mailbox cannot take a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// One client, and the mail it is about to send.
struct Conversation {
    stream: BufReader<TcpStream>,
    sandbox: web::Data<Sandbox>,
    has_sender: bool,
    recipients: Vec<String>,
}

impl Conversation {
    fn new(stream: TcpStream, sandbox: web::Data<Sandbox>) -> Self {
        let stream = BufReader::new(stream);
        Self { stream, sandbox, has_sender: false, recipients: Vec::new() }
    }

    async fn run(mut self) -> io::Result<()> {
        self.say("220 sandbox ESMTP").await?;
        while let Some(line) = self.line(MAX_LINE).await? {
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    self.reset();
                    self.say("250-sandbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING")
                        .await?;
                }
                "HELO" => self.say("250 sandbox").await?,
                "MAIL" => {
                    self.reset();
                    self.has_sender = true;
                    self.say("250 OK").await?;
                }
                "RCPT" if !self.has_sender => self.say("503 MAIL first").await?,
                "RCPT" => match path(rest) {
                    Some(recipient) => {
                        self.recipients.push(recipient);
                        self.say("250 OK").await?;
                    }
                    None => self.say("501 RCPT TO:<address>").await?,
                },
                "DATA" if self.recipients.is_empty() => self.say("503 RCPT first").await?,
                "DATA" => self.take_mail().await?,
                "RSET" => {
                    self.reset();
                    self.say("250 OK").await?;
                }
                "NOOP" => self.say("250 OK").await?,
                "QUIT" => return self.say("221 Bye").await,
                _ => self.say("502 Not here").await?,
            }
        }
        Ok(())
    }

    async fn take_mail(&mut self) -> io::Result<()> {
        self.say("354 End with a dot on a line of its own").await?;
        let mut raw = Vec::new();
        loop {
            let Some(line) = self.line(MAX_MAIL).await? else { return Ok(()) };
            if line == b".\r\n" || line == b".\n" {
                break;
            }
            // A dot at the start of a line was doubled (RFC 5321, section 4.5.2).
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            if raw.len() > MAX_MAIL {
                return self.say("552 Too large").await;
            }
        }
        let mail = message::read(&raw, &self.recipients);
        self.reset();
        let kept =
            self.sandbox.store.write(Origin::default(), move |tx| tx.insert_mail(mail)).await;
        match kept {
            Ok(()) => self.say("250 Kept").await,
            Err(error) => {
                tracing::error!(%error, "the sandbox could not keep a mail");
                self.say("451 Could not be kept").await
            }
        }
    }

    fn reset(&mut self) {
        self.has_sender = false;
        self.recipients.clear();
    }

    /// A line with its end; `None` when the client is gone.
    async fn line(&mut self, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            let available = self.stream.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(available.len());
            line.extend_from_slice(&available[..taken]);
            self.stream.consume(taken);
            if end.is_some() {
                return Ok(Some(line));
            }
            if line.len() > limit {
                return Err(io::Error::other("a line that does not end"));
            }
        }
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await
    }
}

/// The address in `TO:<address> …`.
fn path(argument: &str) -> Option<String> {
    let (_, rest) = argument.split_once('<')?;
    let (address, _) = rest.split_once('>')?;
    (!address.is_empty()).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_stand_in_angle_brackets() {
        for (argument, expected) in [
            ("TO:<ada@example.com>", Some("ada@example.com")),
            ("TO: <ada@example.com> NOTIFY=NEVER", Some("ada@example.com")),
            ("TO:<>", None),
            ("TO:ada@example.com", None),
        ] {
            assert_eq!(path(argument).as_deref(), expected, "{argument}");
        }
    }
}
