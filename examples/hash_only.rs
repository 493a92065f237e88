//! The ceiling of one entry a request: a server of the same library that hashes the body, counts,
//! and keeps nothing. `cargo run --release --example hash_only ADDRESS:PORT`.

#![allow(clippy::unwrap_used, reason = "an example may stop")]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use standstill::merkle::leaf_hash;

async fn add(State(count): State<Arc<AtomicU64>>, body: Bytes) -> String {
    // So that it is not left out.
    let zero = u64::from(leaf_hash(&body).as_bytes() == &[0; 32]);
    let index = count.fetch_add(1, Ordering::Relaxed);
    format!("{}\n", index.wrapping_add(zero))
}

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = Router::new().route("/add", post(add));
    axum::serve(listener, router.with_state(Arc::default()))
        .await
        .unwrap();
}
