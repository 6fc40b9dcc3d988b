//! Stopping: by a signal, or by whoever holds a [`Stop`].

use std::sync::Arc;

use actix_web::dev::ServerHandle;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Stops a product that runs.
#[derive(Clone)]
pub struct Stop {
    server: ServerHandle,
    closing: Arc<watch::Sender<bool>>,
}

impl Stop {
    pub(super) fn new(server: ServerHandle, closing: watch::Sender<bool>) -> Self {
        Self { server, closing: Arc::new(closing) }
    }

    /// Ends the event streams and the work in the background and stops serving; a graceful stop lets other requests
    /// finish first. Nobody needs to wait.
    pub fn stop(&self, graceful: bool) -> impl Future<Output = ()> + use<> {
        self.closing.send_replace(true);
        self.server.stop(graceful)
    }
}

/// Waits for Ctrl-C or SIGTERM.
///
/// # Errors
/// When signals cannot be listened for.
pub async fn told_to_stop() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
