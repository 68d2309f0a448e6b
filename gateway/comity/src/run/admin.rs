//! `[listen] admin`: where a program tells its operator's own machines how it is.

use gateway_http::admin::{Exposed, Probed, serve_admin};
use gateway_net::{Listener, Net};
use gateway_store::{MeasuredStore, Store};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::watch;

/// A listener for the address that is set, if one is. Opened before anything else starts, so that a port that is taken
/// is found at once.
pub(super) async fn listen(
    net: &Arc<dyn Net>,
    at: Option<SocketAddr>,
) -> Result<Option<Box<dyn Listener>>, (SocketAddr, io::Error)> {
    let Some(at) = at else { return Ok(None) };
    let failed = |error| (at, error);
    let listener = net.listen(at).await.map_err(failed)?;
    tracing::info!("probes and metrics on {}", listener.local_addr().map_err(failed)?);
    Ok(Some(listener))
}

/// Serves until what it gives is dropped.
pub(super) fn serve(
    listener: Option<Box<dyn Listener>>,
    probed: impl Probed,
) -> Option<watch::Sender<bool>> {
    let listener = listener?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve_admin(listener, Arc::new(probed), stopped));
    Some(stop)
}

/// The same store, its durable writes timed.
pub(super) fn measured(store: Arc<dyn Store>, exposed: &Exposed) -> Arc<dyn Store> {
    let fsync = exposed.with_store();
    let told = Arc::new(move |took: Duration| fsync.observe(took.as_secs_f64()));
    Arc::new(MeasuredStore::new(store, told))
}
