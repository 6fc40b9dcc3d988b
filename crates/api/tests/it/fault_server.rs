//! A server that answers each request with the next of a list of answers and faults, and keeps what it was sent.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// How one request is treated.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Answered with these header lines and this body.
    Answer { status: u16, headers: &'static str, body: String },
    /// The connection is reset instead of an answer.
    ResetBeforeAnswer,
    /// The connection is reset in the middle of the body.
    ResetInBody,
    /// A whole answer, and then the connection closes although it was to be kept.
    CloseAfterBody { body: String },
    /// Nothing comes until the client goes away.
    SilentHeaders,
    /// The head comes, and of the body nothing.
    SilentBody,
    /// The head comes byte by byte and has no end.
    SlowHeaders,
    /// The head comes, and the body byte by byte.
    SlowBody,
}

impl Fault {
    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Answer { status, headers: "", body: body.into() }
    }

    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }
}

/// A request as it came: its head, lower-cased, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    /// `POST /v1/customers HTTP/1.1`, lower-cased.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(crate) struct FaultServer {
    pub(crate) base: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    faults: Mutex<std::collections::VecDeque<Fault>>,
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    arrived: Notify,
    abandoned: Notify,
}

impl FaultServer {
    /// Starts it on a free port; requests beyond `faults` are reset.
    pub(crate) async fn start(faults: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            faults: Mutex::new(faults.into_iter().collect()),
            ..State::default()
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { base, state }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits for the next request.
    pub(crate) async fn arrived(&self) {
        self.state.arrived.notified().await;
    }

    /// Waits until a client went away without its answer.
    pub(crate) async fn abandoned(&self) {
        tokio::time::timeout(Duration::from_secs(5), self.state.abandoned.notified())
            .await
            .unwrap();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    while let Some(received) = read_request(&mut stream).await {
        state.received.lock().unwrap().push(received);
        state.arrived.notify_one();
        let fault = state.faults.lock().unwrap().pop_front().unwrap_or(Fault::ResetBeforeAnswer);
        match fault {
            Fault::Answer { status, headers, body } => {
                let _ = stream.write_all(answer(status, headers, &body).as_bytes()).await;
            }
            Fault::ResetBeforeAnswer => return reset(&stream),
            Fault::ResetInBody => {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"id\":")
                    .await;
                return reset(&stream);
            }
            Fault::CloseAfterBody { body } => {
                let _ = stream.write_all(answer(200, "", &body).as_bytes()).await;
                return;
            }
            Fault::SilentHeaders => return wait_for_close(&mut stream, &state).await,
            Fault::SlowHeaders => {
                return trickle(&mut stream, &state, b"HTTP/1.1 200 OK\r\nx: ").await;
            }
            Fault::SlowBody => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
                return trickle(&mut stream, &state, head).await;
            }
            Fault::SilentBody => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
                return wait_for_close(&mut stream, &state).await;
            }
        }
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

async fn wait_for_close(stream: &mut TcpStream, state: &State) {
    let mut byte = [0];
    let _ = stream.read(&mut byte).await;
    state.abandoned.notify_one();
}

/// Sends `head`, and then a byte now and again until the client goes away.
async fn trickle(stream: &mut TcpStream, state: &State, head: &[u8]) {
    let mut sent = stream.write_all(head).await;
    let mut byte = [0];
    while sent.is_ok() {
        tokio::select! {
            _ = stream.read(&mut byte) => break,
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        sent = stream.write_all(b" ").await;
    }
    state.abandoned.notify_one();
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |n| n.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received { head, body: String::from_utf8(body).unwrap() })
}
