//! Threads with a connection to SQLite of their own, for what goes on all the time: `ledger/scribe.rs` writes batches,
//! `ledger/teller.rs` reads balances.
//!
//! The pool's driver hands every statement to another thread and gets its rows back one by one, so it pays to ask for much
//! in few statements; but what SQLite itself does best are small ones, compiled once. An order goes to its desk and back
//! once, however many statements it takes.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use dermaga_ports::StoreError;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use crate::error::from_file;

/// What a connection is for.
pub(crate) const WRITES: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
pub(crate) const READS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// A thread that works on orders, one after the other. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Desk<O>(Mutex<Option<Staffed<O>>>);

#[derive(Debug)]
struct Staffed<O> {
    orders: mpsc::Sender<O>,
    thread: JoinHandle<()>,
}

/// Where the answer to an order goes. Nobody is there any more if whoever ordered has given up waiting.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

impl<O: Send + 'static> Desk<O> {
    /// Starts the thread; `work` is what it does with each order.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(
        name: &str,
        mut connection: Connection,
        mut work: impl FnMut(&mut Connection, O) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (orders, taken) = mpsc::channel();
        let work = move || {
            for order in taken {
                // A panic drops the reply and rolls back; the next order finds the desk open.
                let _ = catch_unwind(AssertUnwindSafe(|| work(&mut connection, order)));
            }
        };
        let started = thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = started.map_err(|error| StoreError::Unavailable(format!("a thread called {name}: {error}")))?;
        Ok(Self(Mutex::new(Some(Staffed { orders, thread }))))
    }

    /// Hands an order over and waits for its answer. It is worked on even if nobody waits any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] after [`Desk::close`], or if the work panicked; and those of the order.
    pub(crate) async fn order<T>(&self, order: impl FnOnce(Reply<T>) -> O) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        let (reply, answer) = oneshot::channel();
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|desk| desk.orders.clone());
        orders.ok_or_else(closed)?.send(order(reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| StoreError::Unavailable("the database's thread has failed at this".to_owned()))?
    }

    /// Waits until everything that was ordered is done and the connection is closed.
    pub(crate) async fn close(&self) {
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Staffed { orders, thread }) = desk {
            drop(orders);
            // Its end is all that is waited for.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// A connection for a desk, to a file that is there.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn connect(
    path: &Path,
    mode: OpenFlags,
    patience: Duration,
    pragmas: &[(&str, &str)],
) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open_with_flags(path, mode)?;
        connection.busy_timeout(patience)?;
        for (name, value) in pragmas {
            connection.pragma_update(None, name, value)?;
        }
        Ok(connection)
    };
    open().map_err(from_file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::FILE_SETTINGS;

    fn connection(mode: OpenFlags) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("dermaga.db");
        std::fs::File::create(&path).expect("a file");
        let connection = connect(&path, mode, Duration::from_secs(5), FILE_SETTINGS).expect("opens");
        (folder, connection)
    }

    /// What no other test can see without pulling the plug.
    #[test]
    fn what_is_committed_is_on_the_disk() {
        let (_folder, connection) = connection(WRITES);
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).expect("answers");
        // 2 is FULL.
        assert_eq!([pragma("synchronous"), pragma("foreign_keys"), pragma("busy_timeout")], [2, 1, 5_000]);
    }

    #[test]
    fn who_reads_cannot_write() {
        let (_folder, connection) = connection(READS);
        let refused = connection.execute("CREATE TABLE t (n INTEGER)", []).map_err(from_file);
        assert_eq!(refused, Err(StoreError::Unavailable("the database is read-only".to_owned())));
    }

    #[tokio::test]
    async fn orders_are_answered_until_the_desk_is_closed() {
        let (_folder, connection) = connection(READS);
        let work = |_: &mut Connection, (number, reply): (u32, Reply<u32>)| {
            assert_ne!(number, 13, "a bad day");
            let _ = reply.send(Ok(number + 1));
        };
        let desk = Desk::start("test", connection, work).expect("starts");
        assert_eq!(desk.order(|reply| (1, reply)).await, Ok(2));
        let failed = "the database's thread has failed at this".to_owned();
        assert_eq!(desk.order(|reply| (13, reply)).await, Err(StoreError::Unavailable(failed)));
        assert_eq!(desk.order(|reply| (2, reply)).await, Ok(3), "one panic is not the end of the desk");
        desk.close().await;
        let closed = "the store is closed".to_owned();
        assert_eq!(desk.order(|reply| (1, reply)).await, Err(StoreError::Unavailable(closed)));
    }
}
