//! Room in memory, which slow clients share and cannot exceed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

/// What room is counted in: 1 KiB.
const UNIT: usize = 1024;

/// So many bytes, and no more, held at once.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// A part of a room, until it is dropped.
pub(super) type Place = OwnedSemaphorePermit;

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    /// Takes room for so many bytes; `None` if there is not so much left.
    pub(super) fn take(&self, bytes: usize) -> Option<Place> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(units).ok()
    }

    /// Waits so long for room for so many bytes.
    pub(super) async fn wait(&self, bytes: usize, at_most: Duration) -> Option<Place> {
        if let Some(place) = self.take(bytes) {
            return Some(place);
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let place = Arc::clone(&self.0).acquire_many_owned(units);
        tokio::time::timeout(at_most, place).await.ok()?.ok()
    }
}

/// Bytes that take up room for as long as anything holds them, a connection's buffer too.
pub(super) fn holding(bytes: Vec<u8>, place: Place) -> Bytes {
    struct Held(
        Vec<u8>,
        #[expect(dead_code, reason = "dropped with the bytes")] Place,
    );
    impl AsRef<[u8]> for Held {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Held(bytes, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back_with_the_last_of_the_bytes() {
        let room = Room::new(10 * UNIT);
        let bytes = holding(vec![1; 9 * UNIT], room.take(9 * UNIT).unwrap());
        let rest = bytes.slice(5..);
        assert!(room.take(2 * UNIT).is_none());
        drop(bytes);
        assert!(room.take(2 * UNIT).is_none());
        assert_eq!(rest.len(), 9 * UNIT - 5);
        drop(rest);
        assert!(room.take(10 * UNIT).is_some());
        assert!(room.take(usize::MAX).is_none());
    }
}
