//! A decorator: a price list that is given once in some minutes is kept, and shown meanwhile.
//!
//! It may be older than the supplier's prices. That costs nothing: a purchase says what it may cost at the most.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        Bill, BillPayment, Found, Hint, Inquiry, NotAuthentic, Outcome, Personal, PlnCustomer, PpobSupplier, Product,
        ProductKind, Purchase, Sale, SaleRef,
    },
    money::Money,
    system::Clock,
    time::Timestamp,
};

/// How long a list is shown without asking for another.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How long it is shown while no other can be had.
const USABLE: Duration = Duration::from_secs(6 * 60 * 60);

type Kept = (Timestamp, Vec<Product>);

/// A supplier whose price list is kept in the process.
pub struct KeptPriceList<S> {
    inner: S,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<ProductKind, Kept>>,
}

impl<S: PpobSupplier> KeptPriceList<S> {
    pub fn new(inner: S, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, kept: Mutex::default() }
    }

    /// The list, if it is no older than that.
    fn kept(&self, kind: ProductKind, no_older: Duration) -> Option<Vec<Product>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, list) = kept.get(&kind)?;
        (self.clock.now().since(*at) < no_older).then(|| list.clone())
    }
}

#[async_trait]
impl<S: PpobSupplier> PpobSupplier for KeptPriceList<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn products(&self, kind: ProductKind) -> Outcome<Vec<Product>> {
        if let Some(list) = self.kept(kind, FRESH) {
            return Outcome::Done(list);
        }
        match self.inner.products(kind).await {
            Outcome::Done(list) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.insert(kind, (self.clock.now(), list.clone()));
                Outcome::Done(list)
            }
            other => self.kept(kind, USABLE).map_or(other, Outcome::Done),
        }
    }

    async fn inquire(&self, inquiry: &Inquiry) -> Outcome<Bill> {
        self.inner.inquire(inquiry).await
    }

    async fn pln_customer(&self, customer_no: &Personal) -> Outcome<PlnCustomer> {
        self.inner.pln_customer(customer_no).await
    }

    async fn buy(&self, purchase: &Purchase) -> Outcome<Sale> {
        self.inner.buy(purchase).await
    }

    async fn pay_bill(&self, payment: &BillPayment) -> Outcome<Sale> {
        self.inner.pay_bill(payment).await
    }

    async fn status(&self, sale: &SaleRef) -> Outcome<Found<Sale>> {
        self.inner.status(sale).await
    }

    async fn balance(&self) -> Outcome<Money> {
        self.inner.balance().await
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        self.inner.read_webhook(headers, body)
    }
}
