//! Questions about wallets: their titles are remembered, their balances are asked for together.
//!
//! # Why
//! A balance that is asked for must be the one of now, so it cannot be remembered. But a question to the database costs
//! about the same for one wallet as for thirty, and under load thirty are waiting. Each is answered by a question that
//! began after it was asked, so nobody sees a balance of before their own last payment.
//!
//! A title (whose wallet it is, and in which currency) never changes and may be remembered for ever.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{UserId, WalletId},
    ledger::{Account, Balance, Title, Wallet, WalletQueries},
    store::Store,
    time::Timestamp,
};
use futures::future::join_all;

use crate::gather::Gatherer;

/// Titles that are remembered: a few megabytes.
const REMEMBERED: usize = 100_000;

type Found = Result<Option<(Wallet, Account)>, StoreError>;

pub struct GatheredWallets {
    store: Arc<dyn Store>,
    balances: Gatherer<(WalletId, Timestamp), Option<Balance>>,
    titles: Gatherer<WalletId, Option<Title>>,
    remembered: RwLock<HashMap<WalletId, Title>>,
}

impl GatheredWallets {
    pub fn start(store: Arc<dyn Store>) -> Self {
        let balances = Gatherer::start(store.clone(), |store, asked| Box::pin(balances(store, asked)));
        let titles = Gatherer::start(store.clone(), |store, asked| Box::pin(titles(store, asked)));
        Self { store, balances, titles, remembered: RwLock::default() }
    }
}

async fn balances(
    store: Arc<dyn Store>,
    asked: Vec<(WalletId, Timestamp)>,
) -> Result<Vec<Option<Balance>>, StoreError> {
    let ids: Vec<WalletId> = asked.iter().map(|(id, _)| *id).collect();
    // The latest moment that was asked for: a deadline that has passed for one has passed.
    let now = asked.iter().map(|(_, now)| *now).max().unwrap_or(Timestamp::from_micros(0));
    let found: HashMap<WalletId, Balance> = store.wallets().balances(&ids, now).await?.into_iter().collect();
    Ok(ids.iter().map(|id| found.get(id).copied()).collect())
}

async fn titles(store: Arc<dyn Store>, asked: Vec<WalletId>) -> Result<Vec<Option<Title>>, StoreError> {
    let found: HashMap<WalletId, Title> = store.wallets().titles(&asked).await?.into_iter().collect();
    Ok(asked.iter().map(|id| found.get(id).copied()).collect())
}

#[async_trait]
impl WalletQueries for GatheredWallets {
    async fn wallet(&self, wallet: WalletId, now: Timestamp) -> Found {
        self.store.wallets().wallet(wallet, now).await
    }

    async fn balances(&self, ids: &[WalletId], now: Timestamp) -> Result<Vec<(WalletId, Balance)>, StoreError> {
        match ids {
            [id] => Ok(self.balances.ask((*id, now)).await?.map(|balance| (*id, balance)).into_iter().collect()),
            ids => self.store.wallets().balances(ids, now).await,
        }
    }

    async fn titles(&self, ids: &[WalletId]) -> Result<Vec<(WalletId, Title)>, StoreError> {
        let (mut known, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
        {
            let titles = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                match titles.get(id) {
                    Some(title) => known.push((*id, *title)),
                    None => unknown.push(*id),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(known);
        }
        let found: Vec<(WalletId, Title)> = match unknown.as_slice() {
            few @ ([_] | [_, _]) => {
                // What a single transfer asks: together with other transfers.
                let answers = join_all(few.iter().map(|id| self.titles.ask(*id))).await;
                let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
                few.iter().zip(answers).filter_map(|(id, title)| Some((*id, title?))).collect()
            }
            many => self.store.wallets().titles(many).await?,
        };
        let mut titles = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if titles.len() + found.len() > REMEMBERED {
            titles.clear();
        }
        titles.extend(found.iter().copied());
        known.extend(found);
        Ok(known)
    }

    async fn default_wallet(&self, owner: UserId, now: Timestamp) -> Found {
        self.store.wallets().default_wallet(owner, now).await
    }

    async fn wallets(&self, owner: UserId, now: Timestamp) -> Result<Vec<(Wallet, Account)>, StoreError> {
        self.store.wallets().wallets(owner, now).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use dermaga_ports::{money::Currency, payments::PaymentQueries};
    use futures::future::join_all;
    use uuid::Uuid;

    use super::*;

    /// Wallets with even numbers exist; every question is counted, and answered when there is a permit.
    struct Counted {
        asked: AtomicUsize,
        permits: tokio::sync::Semaphore,
        failing: bool,
    }

    struct Asked(Arc<Counted>);

    /// Whoever asks for this wallet makes the database panic.
    const UNLUCKY: WalletId = WalletId(Uuid::from_u128(13_000));

    fn balance(number: u128) -> Balance {
        Balance { posted: number as i64, available: 0 }
    }

    #[async_trait]
    impl WalletQueries for Asked {
        async fn wallet(&self, _: WalletId, _: Timestamp) -> Found {
            unreachable!("not asked for here")
        }

        async fn balances(&self, ids: &[WalletId], _: Timestamp) -> Result<Vec<(WalletId, Balance)>, StoreError> {
            self.0.asked.fetch_add(1, Ordering::SeqCst);
            self.0.permits.acquire().await.expect("open").forget();
            assert!(!ids.contains(&UNLUCKY), "the database panics");
            if self.0.failing {
                return Err(StoreError::Busy);
            }
            let known = ids.iter().filter(|id| id.0.as_u128().is_multiple_of(2));
            Ok(known.map(|id| (*id, balance(id.0.as_u128()))).collect())
        }

        async fn titles(&self, ids: &[WalletId]) -> Result<Vec<(WalletId, Title)>, StoreError> {
            self.0.asked.fetch_add(1, Ordering::SeqCst);
            assert!(!ids.contains(&UNLUCKY), "the database panics");
            let title = |id: &WalletId| (*id, Title { owner: UserId(id.0), currency: Currency::Idr });
            Ok(ids.iter().filter(|id| id.0.as_u128().is_multiple_of(2)).map(title).collect())
        }

        async fn default_wallet(&self, _: UserId, _: Timestamp) -> Found {
            unreachable!("not asked for here")
        }

        async fn wallets(&self, _: UserId, _: Timestamp) -> Result<Vec<(Wallet, Account)>, StoreError> {
            unreachable!("not asked for here")
        }
    }

    struct Shelf(Asked);

    #[async_trait]
    impl Store for Shelf {
        async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
            unreachable!("nothing is written")
        }

        async fn ping(&self) -> Result<(), StoreError> {
            Ok(())
        }

        async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
            unreachable!("nothing is counted")
        }

        fn users(&self) -> &dyn UserQueries {
            unreachable!("nobody is looked up")
        }

        fn ledger(&self) -> &dyn LedgerQueries {
            unreachable!("no account is looked up")
        }

        fn journal(&self) -> &dyn Journal {
            unreachable!("nothing is journalled")
        }

        fn wallets(&self) -> &dyn WalletQueries {
            &self.0
        }

        fn transactions(&self) -> &dyn TransactionQueries {
            unreachable!("no transaction is looked up")
        }

        fn payments(&self) -> &dyn PaymentQueries {
            unreachable!("no payment is looked up")
        }

        fn audit(&self) -> &dyn AuditQueries {
            unreachable!("no entry is looked up")
        }

        fn notifications(&self) -> &dyn NotificationQueries {
            unreachable!("no notification is looked up")
        }

        fn events(&self) -> &dyn EventQueries {
            unreachable!("nothing is told")
        }

        fn webhooks(&self) -> &dyn WebhookQueries {
            unreachable!("nothing is sent")
        }

        fn inventory(&self) -> &dyn InventoryQueries {
            unreachable!("nothing is sold")
        }

        fn orders(&self) -> &dyn OrderQueries {
            unreachable!("nothing is ordered")
        }

        fn bookings(&self) -> &dyn dermaga_ports::booking::BookingQueries {
            unreachable!("nothing is ordered")
        }

        fn reports(&self) -> &dyn ReportQueries {
            unreachable!("nothing is added up")
        }

        fn attendance(&self) -> &dyn AttendanceQueries {
            unreachable!("nobody comes")
        }
    }

    use dermaga_ports::{
        attendance::AttendanceQueries,
        audit::AuditQueries,
        auth::UserQueries,
        events::EventQueries,
        inventory::InventoryQueries,
        ledger::{Journal, LedgerQueries, Snapshot, TransactionQueries},
        notifications::NotificationQueries,
        orders::OrderQueries,
        reports::ReportQueries,
        store::UnitOfWork,
        webhooks::WebhookQueries,
    };

    fn over(permits: usize, failing: bool) -> (Arc<Counted>, GatheredWallets) {
        let permits = tokio::sync::Semaphore::new(permits);
        let counted = Arc::new(Counted { asked: AtomicUsize::new(0), permits, failing });
        let store = Arc::new(Shelf(Asked(counted.clone())));
        (counted, GatheredWallets::start(store))
    }

    #[tokio::test]
    async fn questions_that_gather_share_one_and_each_gets_its_own_answer() {
        let (counted, wallets) = over(0, false);
        let now = Timestamp::from_micros(0);
        let ids: Vec<_> = (0..40).map(|number| [WalletId(Uuid::from_u128(number))]).collect();
        let ask = join_all(ids.iter().map(|id| wallets.balances(id, now)));
        let permit = async { counted.permits.add_permits(2) };
        let (answers, ()) = futures::join!(ask, permit);
        for (number, answer) in (0..).zip(answers) {
            let expected =
                u128::is_multiple_of(number, 2).then(|| (WalletId(Uuid::from_u128(number)), balance(number)));
            assert_eq!(answer, Ok(expected.into_iter().collect()));
        }
        assert!(counted.asked.load(Ordering::SeqCst) <= 2);
    }

    /// The second asks a moment after the first, as somebody does whose request has arrived and is read next.
    #[tokio::test]
    async fn a_question_takes_along_whoever_is_ready() {
        let (counted, wallets) = over(2, false);
        let now = Timestamp::from_micros(0);
        let [first, second] = [[WalletId(Uuid::from_u128(2))], [WalletId(Uuid::from_u128(4))]];
        let later = async {
            tokio::task::yield_now().await;
            wallets.balances(&second, now).await
        };
        let answers = futures::join!(wallets.balances(&first, now), later);
        assert_eq!(answers, (Ok(vec![(first[0], balance(2))]), Ok(vec![(second[0], balance(4))])));
        assert_eq!(counted.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_everybody_who_asked() {
        let (_, wallets) = over(10, true);
        let now = Timestamp::from_micros(0);
        let ids: Vec<_> = (0..5).map(|number| [WalletId(Uuid::from_u128(number))]).collect();
        let answers = join_all(ids.iter().map(|id| wallets.balances(id, now))).await;
        assert!(answers.iter().all(|answer| *answer == Err(StoreError::Busy)));
    }

    #[tokio::test]
    async fn a_panic_below_is_an_error_and_the_next_question_is_answered() {
        let (_, wallets) = over(10, false);
        let now = Timestamp::from_micros(0);
        let failed = Err(StoreError::Unavailable("the store failed".to_owned()));
        assert_eq!(wallets.balances(&[UNLUCKY], now).await, failed);
        let second = WalletId(Uuid::from_u128(2));
        assert_eq!(wallets.balances(&[second], now).await, Ok(vec![(second, balance(2))]));
        assert!(wallets.titles(&[UNLUCKY]).await.is_err());
        assert_eq!(wallets.titles(&[WalletId(Uuid::from_u128(2))]).await.expect("answers").len(), 1);
    }

    #[tokio::test]
    async fn a_title_is_asked_for_once_and_a_missing_one_every_time() {
        let (counted, wallets) = over(0, false);
        let ids = [2, 3, 4].map(|number| WalletId(Uuid::from_u128(number)));
        for times in 1..=3 {
            let titles = wallets.titles(&ids).await.expect("answers");
            assert_eq!(titles.len(), 2);
            assert_eq!(counted.asked.load(Ordering::SeqCst), times, "the third may have been made meanwhile");
        }
        wallets.titles(&ids[..1]).await.expect("remembers");
        assert_eq!(counted.asked.load(Ordering::SeqCst), 3);
    }
}
