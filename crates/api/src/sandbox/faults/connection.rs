//! Ending a connection in the middle of a request.

use std::{any::Any, os::fd::AsFd, sync::Mutex};

use actix_web::{HttpRequest, HttpResponse, dev::Extensions, rt::net::TcpStream, web::Bytes};
use futures_util::stream;

use super::ApiFault;

/// A second handle of a connection's socket, until the connection ends.
struct Hold(Mutex<Option<std::net::TcpStream>>);

/// For `HttpServer::on_connect`: keeps hold of the socket, which handlers have no other way to.
pub(crate) fn keep_hold(connection: &dyn Any, extensions: &mut Extensions) {
    let socket = connection.downcast_ref::<TcpStream>();
    if let Some(socket) = socket.and_then(|socket| socket.as_fd().try_clone_to_owned().ok()) {
        extensions.insert(Hold(Mutex::new(Some(socket.into()))));
    }
}

/// Ends the connection without an answer: with a reset, or after a long silence as if the server had gone.
pub(crate) async fn leave_unanswered(
    request: &HttpRequest,
    fault: Option<ApiFault>,
) -> HttpResponse {
    match fault {
        Some(ApiFault::Timeout(silence)) => tokio::time::sleep(silence).await,
        Some(ApiFault::Reset) => reset_on_close(request),
        Some(ApiFault::Error { .. }) | None => {}
    }
    // A body that fails at once ends the connection before any of the answer is sent.
    let broken = std::io::Error::other("broken off by a fault of the sandbox");
    HttpResponse::Ok().streaming(stream::iter([Err::<Bytes, _>(broken)]))
}

/// What is closed without lingering is reset. Our handle goes here: the server's is then the last one.
fn reset_on_close(request: &HttpRequest) {
    let hold = request.conn_data::<Hold>().and_then(|hold| hold.0.lock().ok()?.take());
    let Some(socket) = hold else { return };
    let reset = TcpStream::from_std(socket).and_then(|socket| socket.set_zero_linger());
    if let Err(error) = reset {
        tracing::warn!(%error, "a connection is closed where it should be reset");
    }
}
