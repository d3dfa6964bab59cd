//! Connections: how many at once, and how long each may stand still before anyone knows what it wants. What a request may do
//! is decided behind this (`http`).

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

/// Connections beyond those that have a seat: questions about health, and requests that are about to be refused. Whoever is
/// not let in waits in the system's queue.
pub(crate) const SPARE: usize = 128;
/// Bytes of a request's head.
const HEAD: usize = 64 * 1024;
/// What is done when the system has no more files or memory for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves at most `most` connections at a time until `stop` resolves, then lets those that are open finish, for `drain` at
/// most. A connection whose head does not arrive, or whose reader takes nothing, is closed after `patience`.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    most: usize,
    patience: Duration,
    drain: Duration,
    stop: impl Future<Output = ()> + Send,
) {
    let places = Arc::new(Semaphore::new(most));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("overskill-builder: no connection: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        // On a system that does not know it, a reader that takes nothing keeps its connection, and no seat.
        let _ = set_tcp_user_timeout(&stream, milliseconds);
        let service = TowerToHyperService::new(routes.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // That a connection breaks is its client's to know.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // Who has not finished by then is cut off.
    let _ = timeout(drain, graceful.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}
