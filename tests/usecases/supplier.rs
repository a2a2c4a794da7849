//! A supplier of credits that is played in memory: it keeps its own books, and it can be told to be unreliable.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        Bill, BillPayment, Found, Hint, Inquiry, NotAuthentic, Outcome, Personal, PlnCustomer, PpobSupplier, Product,
        ProductKind, Purchase, Refusal, RefusalKind, Sale, SaleRef, SaleState,
    },
    money::{Currency, Money},
};

/// What a token looks like.
pub const TOKEN: &str = "12345678901234567890";

/// How a purchase at the supplier goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// It is sold, and the answer is lost.
    LostAfter,
    /// The call never arrives.
    LostBefore,
    /// It is not sold yet.
    Pending,
    Refused(RefusalKind),
}

#[derive(Default)]
struct Books {
    /// Sales by reference, and how often each was really made.
    sales: BTreeMap<String, (SaleState, u32)>,
    /// Purchases and questions that were heard.
    heard: Vec<&'static str>,
    mishaps: Vec<Mishap>,
    /// What questions are answered, instead of the truth.
    deaf: bool,
    /// Whether everything costs us nothing.
    free: bool,
}

/// The supplier. Clones share everything.
#[derive(Clone, Default)]
pub struct Counter(Arc<Mutex<Books>>);

impl Counter {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().expect("no panic while it was held")
    }

    /// The next purchases go wrong like this, in this order.
    pub fn mishaps(&self, next: &[Mishap]) {
        self.books().mishaps = next.iter().rev().cloned().collect();
    }

    /// Whether questions stay without an answer.
    pub fn deaf(&self, deaf: bool) {
        self.books().deaf = deaf;
    }

    /// What everything costs from now on is nothing.
    pub fn free_of_charge(&self) {
        self.books().free = true;
    }

    /// What became of every sale changes.
    pub fn all_become(&self, state: &SaleState) {
        self.books().sales.values_mut().for_each(|sale| sale.0 = state.clone());
    }

    fn sell(&self, reference: &str) -> Outcome<Sale> {
        let mut books = self.books();
        books.heard.push("buy");
        let state = match books.mishaps.pop() {
            Some(Mishap::Refused(kind)) => return refused(kind),
            Some(Mishap::LostBefore) => return Outcome::Unknown("the call never arrived".to_owned()),
            Some(Mishap::LostAfter) => {
                // Two with one reference are two: nothing here guards against buying twice.
                books.sales.entry(reference.to_owned()).or_insert((SaleState::Succeeded, 0)).1 += 1;
                return Outcome::Unknown("the answer was lost".to_owned());
            }
            Some(Mishap::Pending) => SaleState::Pending,
            None => SaleState::Succeeded,
        };
        books.sales.entry(reference.to_owned()).or_insert((state.clone(), 0)).1 += 1;
        Outcome::Done(sale(reference, state))
    }

    /// How many were sold.
    pub fn sold(&self) -> u32 {
        let books = self.books();
        books.sales.values().filter(|(state, _)| *state == SaleState::Succeeded).map(|(_, times)| times).sum()
    }

    /// `buy` and `ask`, as they came.
    pub fn heard(&self) -> Vec<&'static str> {
        self.books().heard.clone()
    }
}

fn sale(reference: &str, state: SaleState) -> Sale {
    let done = state == SaleState::Succeeded;
    Sale {
        reference: reference.to_owned(),
        state,
        cost: Money::new(20_200, Currency::Idr).ok().filter(|_| done),
        serial: done.then(|| Personal::new(format!("{TOKEN}/BUDI"))),
        token: done.then(|| Personal::new(TOKEN)),
        message: "as it is".to_owned(),
        code: "00".to_owned(),
        raw: "{}".to_owned(),
    }
}

fn refused<T>(kind: RefusalKind) -> Outcome<T> {
    Outcome::Refused(Refusal { reason: kind.as_str().to_owned(), kind, code: None })
}

#[async_trait]
impl PpobSupplier for Counter {
    fn name(&self) -> &str {
        "counter"
    }

    async fn products(&self, kind: ProductKind) -> Outcome<Vec<Product>> {
        let (sku, name) = match kind {
            ProductKind::Prepaid => ("pln20", "PLN Token 20.000"),
            ProductKind::Postpaid => ("pln", "PLN Pascabayar"),
        };
        Outcome::Done(vec![Product {
            sku: sku.to_owned(),
            kind,
            name: name.to_owned(),
            category: "PLN".to_owned(),
            brand: "PLN".to_owned(),
            description: None,
            price: Money::new(if self.books().free { 0 } else { 20_200 }, Currency::Idr)
                .ok()
                .filter(|_| kind == ProductKind::Prepaid),
            admin: None,
            commission: None,
            active: true,
            repeatable: true,
            cut_off: None,
        }])
    }

    async fn inquire(&self, inquiry: &Inquiry) -> Outcome<Bill> {
        if inquiry.customer_no.reveal() != "530000000001" {
            return refused(RefusalKind::InvalidInput { field: "customer_no".to_owned() });
        }
        let rupiah = |amount| Money::new(amount, Currency::Idr).expect("in range");
        Outcome::Done(Bill {
            reference: inquiry.reference.clone(),
            sku: inquiry.sku.clone(),
            customer_no: inquiry.customer_no.clone(),
            customer_name: Some("BUDI".into()),
            bill: rupiah(150_000),
            cost: rupiah(if self.books().free { 0 } else { 148_500 }),
            admin: None,
            period: Some("202601".to_owned()),
            lines: vec![],
            // The day on which every test begins, in Jakarta.
            payable_on: "2026-01-01".parse().expect("a day"),
            details: "{}".into(),
        })
    }

    async fn pln_customer(&self, _: &Personal) -> Outcome<PlnCustomer> {
        refused(RefusalKind::NotFound)
    }

    async fn buy(&self, purchase: &Purchase) -> Outcome<Sale> {
        self.sell(&purchase.reference)
    }

    async fn pay_bill(&self, payment: &BillPayment) -> Outcome<Sale> {
        self.sell(&payment.reference)
    }

    async fn status(&self, asked: &SaleRef) -> Outcome<Found<Sale>> {
        let mut books = self.books();
        books.heard.push("ask");
        if books.deaf {
            return Outcome::Unknown("no answer".to_owned());
        }
        Outcome::Done(match books.sales.get(&asked.reference) {
            Some((state, _)) => Found::Record(Box::new(sale(&asked.reference, state.clone()))),
            None => Found::Nothing,
        })
    }

    async fn balance(&self) -> Outcome<Money> {
        refused(RefusalKind::NotFound)
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        if !headers.iter().any(|(name, value)| name == "x-counter" && value == "genuine") {
            return Err(NotAuthentic::Signature);
        }
        let reference = String::from_utf8_lossy(body).into_owned();
        Ok(Hint {
            reference: Some(reference.clone()),
            supplier_id: None,
            dedupe_key: reference,
            claims: "done".to_owned(),
        })
    }
}
