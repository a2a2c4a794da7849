//! Reading ahead: while a page of batches is being counted, the next one is on its way.
//!
//! Counting is work for this machine's processor, fetching for the database. One after the other, each would wait for the
//! other half of the time.

use dermaga_ports::{StoreError, ledger::seal::SealedBatch};
use tokio::task::JoinSet;

use super::batches::Reader;
use crate::unit_of_work::SqlUnitOfWork;

/// Which page: after that batch, of so many lines.
type Place = (u64, usize);

type Page = Result<Vec<SealedBatch>, StoreError>;

/// A transaction that is asked for one page of batches after the other.
pub(super) struct Ahead {
    /// Away while a page is being fetched.
    reader: Option<Reader>,
    /// The task that fetches a page, if any; dropping it ends it.
    fetching: JoinSet<(Reader, Place, Page)>,
    /// A page that was fetched and not asked for yet.
    fetched: Option<(Place, Page)>,
}

impl Ahead {
    pub(super) fn of(unit: SqlUnitOfWork) -> Self {
        Self { reader: Some(Reader::of(unit)), fetching: JoinSet::new(), fetched: None }
    }

    /// The transaction, for any other question.
    pub(super) async fn unit(&mut self) -> Result<&mut SqlUnitOfWork, StoreError> {
        self.reader().await.map(|reader| &mut reader.unit)
    }

    async fn reader(&mut self) -> Result<&mut Reader, StoreError> {
        if let Some(done) = self.fetching.join_next().await {
            let failed = |error| StoreError::Unavailable(format!("reading ahead: {error}"));
            let (reader, place, page) = done.map_err(failed)?;
            self.reader = Some(reader);
            self.fetched = Some((place, page));
        }
        self.reader.as_mut().ok_or_else(|| StoreError::Unavailable("reading ahead has failed".to_owned()))
    }

    /// A page of batches; the one behind it is fetched meanwhile.
    pub(super) async fn batches(&mut self, after: u64, limit: usize) -> Page {
        self.reader().await?;
        let page = match self.fetched.take() {
            Some((place, page)) if place == (after, limit) => page?,
            _ => self.reader().await?.batches(after, limit).await?,
        };
        if let Some(last) = page.last()
            && let Some(mut reader) = self.reader.take()
        {
            let place = (last.head.number, limit);
            self.fetching.spawn(async move {
                let page = reader.batches(place.0, place.1).await;
                (reader, place, page)
            });
        }
        Ok(page)
    }
}
