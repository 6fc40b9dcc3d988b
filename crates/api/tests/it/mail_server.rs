//! Mail servers as they are: away, busy, refusing. A server that speaks SMTP over TCP, by a script.

use std::collections::VecDeque;

use api::db::{
    DbError,
    schema::{alerts, outbox},
};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::harness::{PATIENCE, TestApp};

const ADA: &str = "ada@example.com";

/// What a server does with the next mail; once the script is over it takes every one.
#[derive(Clone, Copy)]
enum Does {
    /// Answers the recipient so.
    Answer(&'static str),
    /// Hangs up once it has the mail, without a word.
    HangUp,
}

struct MailServer {
    url: String,
    /// Every mail it was handed, whole.
    mails: watch::Receiver<Vec<String>>,
}

impl MailServer {
    async fn start(script: impl IntoIterator<Item = Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (taken, mails) = watch::channel(Vec::new());
        let mut script: VecDeque<Does> = script.into_iter().collect();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One at a time, so that the script is followed in order. A client that leaves is none of its business.
                let _ = converse(stream, &mut script, &taken).await;
            }
        });
        Self { url, mails }
    }

    async fn handed(&self, count: usize) -> Vec<String> {
        let mut mails = self.mails.clone();
        let handed = mails.wait_for(|mails| mails.len() >= count);
        let handed = tokio::time::timeout(PATIENCE, handed).await.expect("the mails came");
        handed.unwrap().clone()
    }
}

async fn converse(
    stream: TcpStream,
    script: &mut VecDeque<Does>,
    mails: &watch::Sender<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 test\r\n").await?;
    let mut line = String::new();
    let mut hangs_up = false;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let reply = match line.get(..4).map(str::to_ascii_uppercase).as_deref() {
            Some("EHLO") => "250-test\r\n250 8BITMIME\r\n",
            Some("RCPT") => match script.pop_front() {
                Some(Does::Answer(answer)) => answer,
                Some(Does::HangUp) => {
                    hangs_up = true;
                    "250 OK\r\n"
                }
                None => "250 OK\r\n",
            },
            Some("DATA") => {
                stream.get_mut().write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut mail).await?;
                }
                mails.send_modify(|mails| mails.push(mail));
                if hangs_up {
                    return Ok(());
                }
                "250 taken\r\n"
            }
            Some("QUIT") => return stream.get_mut().write_all(b"221 bye\r\n").await,
            _ => "250 OK\r\n",
        };
        stream.get_mut().write_all(reply.as_bytes()).await?;
    }
}

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let line = mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {mail}"))
}

#[tokio::test]
async fn mail_is_tried_again_until_the_server_takes_it() {
    let server = MailServer::start([Does::Answer("451 come again\r\n"), Does::HangUp]).await;
    let app = TestApp::start().await.restart_with_mail_server(&server.url).await;
    app.register(ADA).await;
    let mails = server.handed(2).await;
    assert_eq!(header(&mails[0], "To"), ADA);
    assert_eq!(header(&mails[0], "From"), "\"Inner Circle\" <noreply@localhost>");
    assert_eq!(header(&mails[0], "Subject"), "Confirm your e-mail address");
    assert_eq!(header(&mails[0], "Auto-Submitted"), "auto-generated");
    assert!(mails[0].contains("Content-Type: text/plain; charset=utf-8"), "{}", mails[0]);
    assert!(mails[0].contains("Content-Type: text/html; charset=utf-8"), "{}", mails[0]);
    let ids: Vec<_> = mails.iter().map(|mail| header(mail, "Message-ID")).collect();
    assert_eq!(ids[0], ids[1], "by which a reader knows it for the same mail");

    let db = app.db().await;
    let finished = async {
        loop {
            let (left, attempts): (i64, i64) = db
                .read(|conn| {
                    let left = outbox::table.filter(outbox::finished_at.is_null());
                    Ok::<_, DbError>((
                        left.count().get_result(conn)?,
                        outbox::table.select(outbox::attempts).get_result(conn)?,
                    ))
                })
                .await
                .unwrap();
            if left == 0 {
                return attempts;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, finished).await.unwrap(), 2);
    assert_eq!(server.mails.borrow().len(), 2, "and not once more after it was taken");
}

#[tokio::test]
async fn mail_that_nobody_takes_is_given_up_and_the_operator_is_told() {
    let server = MailServer::start([Does::Answer("550 no such user\r\n"); 99]).await;
    let app = TestApp::start().await.restart_with_mail_server(&server.url).await;
    app.register(ADA).await;
    let db = app.db().await;
    // An hour later.
    let aged = async {
        loop {
            let aged = db.write(|conn| {
                let failed = outbox::table.filter(outbox::attempts.gt(0));
                let past = (
                    outbox::created_at.eq(outbox::created_at - 3_600_i64),
                    outbox::next_try_at.eq(0),
                );
                diesel::update(failed).set(past).execute(conn).map_err(DbError::from)
            });
            if aged.await.unwrap() == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, aged).await.unwrap();
    let told = async {
        loop {
            let messages: Vec<String> = db
                .read(|conn| {
                    let mail = alerts::table.filter(alerts::kind.eq("mail"));
                    mail.select(alerts::message).load(conn).map_err(DbError::from)
                })
                .await
                .unwrap();
            if let Some(message) = messages.first() {
                return message.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let message = tokio::time::timeout(PATIENCE, told).await.unwrap();
    assert!(message.starts_with("A mail was given up: "), "{message}");
    let kept: Vec<(Option<String>, Option<String>)> = db
        .read(|conn| {
            let rows = outbox::table.select((outbox::recipient, outbox::data));
            rows.load(conn).map_err(DbError::from)
        })
        .await
        .unwrap();
    assert_eq!(kept, [(None, None)], "nothing personal is kept of it");
}
