//! What every store promises, as tests that every implementation runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test may stop"
)]

use super::Lock;
use super::MAX_FILE;
use super::Objects;
use super::StoreError;

/// Checks an empty store of files.
pub fn objects(store: &impl Objects) {
    assert_eq!(store.read("tile/0/000").unwrap(), None);

    store.create("tile/0/000", b"one").unwrap();
    assert_eq!(store.read("tile/0/000").unwrap().unwrap(), b"one");
    store.create("tile/0/000", b"one").unwrap();
    let other = store.create("tile/0/000", b"two");
    assert!(matches!(other, Err(StoreError::Differs { .. })));
    assert_eq!(store.read("tile/0/000").unwrap().unwrap(), b"one");

    store.replace("checkpoint", b"one").unwrap();
    store.replace("checkpoint", b"of two").unwrap();
    assert_eq!(store.length("checkpoint").unwrap(), Some(6));
    assert_eq!(store.length("tile").unwrap(), None);
    store.replace("checkpoint", b"two").unwrap();
    assert_eq!(store.read("checkpoint").unwrap().unwrap(), b"two");

    // A partial tile lies below the name of the full one.
    store.replace("tile/0/001.p/1", b"a").unwrap();
    store.create("tile/0/001", b"full").unwrap();
    assert_eq!(store.read("tile/0/001.p/1").unwrap().unwrap(), b"a");
    assert_eq!(store.read("tile/0/001/x").unwrap(), None);

    let files = [
        ("many/1", b"a"),
        ("many/x001/2", b"b"),
        ("tile/0/001", b"f"),
    ];
    let mut files = files.map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
    let other = store.create_all(&files);
    assert!(matches!(other, Err(StoreError::Differs { .. })));
    files[2].1 = b"full".to_vec();
    store.create_all(&files).unwrap();
    store.create_all(&files).unwrap();
    store.create_all(&[]).unwrap();
    assert_eq!(store.read("many/x001/2").unwrap().unwrap(), b"b");

    // What was prepared is not there; it is used only for what it was prepared for.
    let prepared = [
        ("soon".to_owned(), b"soon".to_vec()),
        ("later".to_owned(), b"later".to_vec()),
    ];
    store.prepare(&prepared).unwrap().wait().unwrap();
    assert_eq!(store.read("soon").unwrap(), None);
    store.create_all(&prepared[..1]).unwrap();
    store.replace("later", b"other").unwrap();
    assert_eq!(store.read("soon").unwrap().unwrap(), b"soon");
    assert_eq!(store.read("later").unwrap().unwrap(), b"other");
    let begun = store.begin_overwrite("scratch", b"first").unwrap();
    begun
        .and(store.begin_overwrite("scratch", b"longer").unwrap())
        .wait()
        .unwrap();
    assert_eq!(store.read("scratch").unwrap().unwrap(), b"longer");

    store.overwrite("scratch", b"longer").unwrap();
    store.overwrite("scratch", b"short").unwrap();
    assert_eq!(store.read("scratch").unwrap().unwrap(), b"short");

    store.clear("scratch").unwrap();
    store.clear("not there").unwrap();
    assert_eq!(store.read("scratch").unwrap().unwrap_or_default(), b"");
    assert_eq!(store.read("not there").unwrap(), None);

    // Nothing is a file too.
    store.create("empty", b"").unwrap();
    assert_eq!(store.read("empty").unwrap().unwrap(), b"");
    let other = store.create("empty", b"x");
    assert!(matches!(other, Err(StoreError::Differs { .. })));

    let longest = vec![7; usize::try_from(MAX_FILE).unwrap()];
    store.replace("long", &longest).unwrap();
    assert!(store.read("long").unwrap().unwrap() == longest);
    store.replace("long", &[longest, vec![7]].concat()).unwrap();
    assert!(matches!(
        store.read("long"),
        Err(StoreError::TooLong { .. })
    ));
    store.remove("long").unwrap();

    store.remove("checkpoint").unwrap();
    store.remove("checkpoint").unwrap();
    assert_eq!(store.read("checkpoint").unwrap(), None);
}

/// Checks a lock that has no value; `open` opens it anew, as another process would.
pub fn lock<L: Lock>(open: impl Fn() -> L) {
    let store = open();
    assert_eq!(store.load().unwrap(), None);
    let early = store.swap(Some(b"none"), b"one");
    assert!(matches!(early, Err(StoreError::Swapped)));
    store.swap(None, b"one").unwrap();
    drop(store);

    let store = open();
    assert_eq!(store.load().unwrap().unwrap(), b"one");
    assert!(matches!(store.swap(None, b"two"), Err(StoreError::Swapped)));
    store.swap(Some(b"one"), b"two").unwrap();
    let again = store.swap(Some(b"one"), b"three");
    assert!(matches!(again, Err(StoreError::Swapped)));
    assert_eq!(store.load().unwrap().unwrap(), b"two");
    drop(store);
    assert_eq!(open().load().unwrap().unwrap(), b"two");
}
