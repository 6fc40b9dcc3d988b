//! The port, and who may call from a browser.

use std::net::{SocketAddr, TcpListener};

use actix_cors::Cors;
use actix_web::http::{Method, header};
use anyhow::anyhow;

/// Binds `addr`, which the setting `variable` named.
pub(super) fn bind(variable: &str, addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(addr).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!(
                "{variable}: port {} is in use; stop what uses it or set {variable} to another",
                addr.port()
            )
        }
        _ => anyhow!("{variable}: cannot listen on {addr}: {error}"),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Exactly the configured origins may call the API from their pages, with the refresh cookie.
pub(super) fn cors(origins: &[String]) -> Cors {
    origins.iter().fold(
        Cors::default()
            .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
            .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
            .supports_credentials()
            .max_age(3600),
        |cors, origin| cors.allowed_origin(origin),
    )
}
