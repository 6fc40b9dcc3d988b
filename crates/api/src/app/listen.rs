//! The port, and who may call from a browser.

use std::net::{SocketAddr, TcpListener};

use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    http::{Method, header},
    middleware::from_fn,
    web,
};
use anyhow::anyhow;

use crate::http::{self, Metrics};

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

/// Shows the metrics on an address of their own, for as long as the future is polled.
pub(super) fn serve_metrics(
    addr: SocketAddr,
    metrics: web::Data<Metrics>,
) -> anyhow::Result<impl Future<Output = ()>> {
    let listener = bind("METRICS_ADDR", addr)?;
    let show = move || {
        App::new()
            .wrap(from_fn(http::log_failures))
            .app_data(metrics.clone())
            .route("/metrics", web::get().to(http::show_metrics))
    };
    let server = HttpServer::new(show).workers(1).disable_signals().listen(listener)?.run();
    Ok(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "metrics are not shown any more");
        }
    })
}

/// Exactly the configured origins may call the API from their pages, with the refresh cookie.
pub(super) fn cors(origins: &[String]) -> Cors {
    origins.iter().fold(
        Cors::default()
            .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
            .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
            .expose_headers([header::RETRY_AFTER, http::REQUEST_ID])
            .supports_credentials()
            .max_age(3600),
        |cors, origin| cors.allowed_origin(origin),
    )
}
