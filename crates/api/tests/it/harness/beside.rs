//! Small servers that tests stand up beside the product.

use std::time::Duration;

use actix_web::{App, HttpServer, web::ServiceConfig};

/// Serves until the test ends, at the `http://127.0.0.1:port` it gives.
pub fn serve(configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> String {
    let server = HttpServer::new(move || App::new().configure(configure.clone()))
        .workers(1)
        // On a busy machine a client may seem to keep silent.
        .keep_alive(Duration::from_secs(600))
        .client_request_timeout(Duration::ZERO)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let base = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    base
}
