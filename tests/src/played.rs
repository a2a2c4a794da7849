//! A payment gateway that is played in memory: it keeps its own books, and it can be told to be unreliable.
//!
//! What it keeps is the independent side of a test: what was captured, refunded and taken back according to the gateway.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use dermaga_ports::{
    money::Money,
    payments::{
        Capabilities, ChargeRef, DisputeProgress, Found, GatewayState, Hint, MethodKind, NewCharge, NewRefund,
        NotAuthentic, Outcome, PaymentGateway, RefundProgress, Refundable, Refusal, RefusalKind, SeenAmount,
        SeenDispute, SeenRefund, Snapshot,
    },
    system::{Clock, ManualClock},
    time::Timestamp,
};

/// How long a hold on a card lasts.
const HOLD: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How a call to the gateway goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// The call never arrives.
    LostBefore,
    /// It is done, and the answer is lost.
    LostAfter,
    /// Refused for now.
    TryLater,
}

/// A charge as the gateway knows it.
#[derive(Debug, Clone)]
pub struct Charge {
    pub amount: Money,
    /// What the payer really paid.
    pub paid: Money,
    pub kind: MethodKind,
    pub state: GatewayState,
    pub settled: bool,
    pub refunds: Vec<SeenRefund>,
    /// What the gateway gives as their sum, if it gives one.
    pub told: Option<i64>,
    pub disputes: Vec<SeenDispute>,
    pub expires_at: Timestamp,
    /// How often it was created; more than once is the adapter's or the host's fault.
    pub created: u32,
}

impl Charge {
    /// Whether the payer's money is or was here.
    pub fn was_paid(&self) -> bool {
        self.state == GatewayState::Paid
    }

    /// What went back to the payer by refunds that are made.
    pub fn refunded(&self) -> i64 {
        let made = self.refunds.iter().filter(|refund| refund.state == RefundProgress::Succeeded);
        made.map(|refund| refund.amount).sum()
    }

    /// What the payer's bank took back.
    pub fn lost(&self) -> i64 {
        self.disputes
            .iter()
            .filter(|dispute| dispute.state == DisputeProgress::Lost)
            .map(|dispute| dispute.amount)
            .sum()
    }
}

#[derive(Default)]
struct Books {
    charges: BTreeMap<String, Charge>,
    trouble: Vec<Trouble>,
    /// What the next refunds come to; succeeded when there is nothing here.
    refund_ends: Vec<RefundProgress>,
}

/// The gateway. Clones share everything.
#[derive(Clone)]
pub struct Played {
    name: &'static str,
    capabilities: Arc<Capabilities>,
    clock: ManualClock,
    books: Arc<Mutex<Books>>,
}

impl Played {
    pub fn new(name: &'static str, clock: ManualClock) -> Self {
        let capabilities = Capabilities {
            methods: vec![MethodKind::Qris, MethodKind::CreditCard, MethodKind::BankTransfer, MethodKind::Page],
            banks: vec!["bca", "permata"],
            unfindable: vec![],
            reviews: true,
        };
        Self { name, capabilities: Arc::new(capabilities), clock, books: Arc::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no panic while it was held")
    }

    /// The next calls that change something go wrong like this, in this order.
    pub fn trouble(&self, next: &[Trouble]) {
        self.books().trouble.extend(next.iter().rev());
    }

    /// Nothing goes wrong any more.
    pub fn calm(&self) {
        let mut books = self.books();
        books.trouble.clear();
        books.refund_ends.clear();
    }

    /// The next refunds come to this.
    pub fn refunds_end(&self, next: &[RefundProgress]) {
        self.books().refund_ends.extend(next.iter().rev().cloned());
    }

    /// Every charge by its reference.
    pub fn charges(&self) -> BTreeMap<String, Charge> {
        self.books().charges.clone()
    }

    /// Something happens to a charge at the gateway; nothing if it does not know it.
    pub fn happen(&self, reference: &str, change: impl FnOnce(&mut Charge)) {
        if let Some(charge) = self.books().charges.get_mut(reference) {
            change(charge);
        }
    }

    /// The payer pays what was asked for.
    pub fn pay(&self, reference: &str) {
        self.happen(reference, |charge| {
            charge.state = GatewayState::Paid;
            charge.settled = true;
        });
    }

    /// A webhook of this gateway, as it is signed.
    pub fn webhook(reference: &str, says: &str) -> (Vec<(String, String)>, Vec<u8>) {
        (vec![("x-played".to_owned(), "genuine".to_owned())], format!("{reference} {says}").into_bytes())
    }

    fn next_trouble(&self) -> Trouble {
        self.books().trouble.pop().unwrap_or(Trouble::None)
    }

    /// A call that changes something, with whatever goes wrong.
    fn call<T>(&self, work: impl FnOnce(&mut Books) -> Outcome<T>) -> Outcome<T> {
        match self.next_trouble() {
            Trouble::None => work(&mut self.books()),
            Trouble::LostBefore => Outcome::Unknown("the call never arrived".to_owned()),
            Trouble::LostAfter => {
                drop(work(&mut self.books()));
                Outcome::Unknown("the answer was lost".to_owned())
            }
            Trouble::TryLater => refused(RefusalKind::TryLater),
        }
    }

    fn step(&self, charge: &ChargeRef, from: &[GatewayState], to: GatewayState) -> Outcome<()> {
        self.call(|books| match books.charges.get_mut(&charge.reference) {
            None => refused(RefusalKind::NotFound),
            Some(found) if from.contains(&found.state) => {
                found.state = to;
                Outcome::Done(())
            }
            Some(_) => refused(RefusalKind::WrongState),
        })
    }
}

fn refused<T>(kind: RefusalKind) -> Outcome<T> {
    Outcome::Refused(Refusal { kind, reason: kind.as_str().to_owned() })
}

fn snapshot(reference: &str, charge: &Charge) -> Snapshot {
    Snapshot {
        state: charge.state.clone(),
        amount: SeenAmount::Exact(charge.paid),
        captured: None,
        settled: charge.settled,
        refunds: charge.refunds.clone(),
        refunded: charge.told,
        disputes: charge.disputes.clone(),
        provider_id: Some(format!("p-{reference}")),
        action: None,
        expires_at: Some(charge.expires_at),
        raw: "{}".to_owned(),
    }
}

#[async_trait]
impl PaymentGateway for Played {
    fn name(&self) -> &str {
        self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn refundable(&self, kind: MethodKind) -> Refundable {
        if kind == MethodKind::BankTransfer { Refundable::No } else { Refundable::Partly }
    }

    async fn create(&self, charge: &NewCharge) -> Outcome<Snapshot> {
        self.call(|books| {
            if let Some(known) = books.charges.get_mut(&charge.reference) {
                // Refused, as a real one does; the count shows that it was not taken twice.
                debug_assert_eq!(known.created, 1);
                return refused(RefusalKind::Duplicate);
            }
            let authorised = charge.method.authorize_only;
            let new = Charge {
                amount: charge.amount,
                paid: charge.amount,
                kind: charge.method.kind,
                state: if authorised { GatewayState::Authorized } else { GatewayState::Pending },
                settled: false,
                refunds: Vec::new(),
                told: None,
                disputes: Vec::new(),
                expires_at: charge.expires_at,
                created: 1,
            };
            let answer = snapshot(&charge.reference, &new);
            books.charges.insert(charge.reference.clone(), new);
            Outcome::Done(answer)
        })
    }

    async fn query(&self, charge: &ChargeRef) -> Outcome<Found> {
        if self.next_trouble() != Trouble::None {
            return Outcome::Unknown("no answer".to_owned());
        }
        let now = self.clock.now();
        let mut books = self.books();
        Outcome::Done(match books.charges.get_mut(&charge.reference) {
            None => Found::Nothing,
            Some(found) => {
                let lapses = match found.state {
                    GatewayState::Pending => Some(found.expires_at),
                    GatewayState::Authorized => Some(found.expires_at + HOLD),
                    _ => None,
                };
                if lapses.is_some_and(|at| at <= now) {
                    found.state = GatewayState::Expired;
                }
                Found::Snapshot(Box::new(snapshot(&charge.reference, found)))
            }
        })
    }

    async fn cancel(&self, charge: &ChargeRef) -> Outcome<()> {
        let open = [GatewayState::Pending, GatewayState::Review, GatewayState::Authorized];
        self.step(charge, &open, GatewayState::Cancelled)
    }

    async fn expire(&self, charge: &ChargeRef) -> Outcome<()> {
        self.step(charge, &[GatewayState::Pending], GatewayState::Expired)
    }

    async fn capture(&self, charge: &ChargeRef, _: Money) -> Outcome<()> {
        self.step(charge, &[GatewayState::Authorized], GatewayState::Paid)
    }

    async fn approve(&self, charge: &ChargeRef) -> Outcome<()> {
        self.step(charge, &[GatewayState::Review], GatewayState::Paid)
    }

    async fn deny(&self, charge: &ChargeRef) -> Outcome<()> {
        let denied = GatewayState::Denied { reason: "rejected".to_owned() };
        self.step(charge, &[GatewayState::Review], denied)
    }

    async fn refund(&self, charge: &ChargeRef, refund: &NewRefund) -> Outcome<RefundProgress> {
        self.call(|books| {
            let end = books.refund_ends.pop().unwrap_or(RefundProgress::Succeeded);
            let Some(found) = books.charges.get_mut(&charge.reference) else { return refused(RefusalKind::NotFound) };
            if let Some(known) = found.refunds.iter().find(|known| known.key == refund.key) {
                return Outcome::Done(known.state.clone());
            }
            if found.state != GatewayState::Paid {
                return refused(RefusalKind::WrongState);
            }
            let gone: i64 = found
                .refunds
                .iter()
                .filter(|known| !matches!(known.state, RefundProgress::Failed { .. }))
                .map(|known| known.amount)
                .sum();
            if gone + found.lost() + refund.amount.amount() > found.paid.amount() {
                return refused(RefusalKind::AmountTooLarge);
            }
            let (key, amount) = (refund.key.clone(), refund.amount.amount());
            found.refunds.push(SeenRefund { key, amount, state: end.clone() });
            Outcome::Done(end)
        })
    }

    async fn query_refund(&self, charge: &ChargeRef, key: &str) -> Outcome<Option<RefundProgress>> {
        if self.next_trouble() != Trouble::None {
            return Outcome::Unknown("no answer".to_owned());
        }
        let books = self.books();
        let refunds = books.charges.get(&charge.reference).map(|found| found.refunds.as_slice()).unwrap_or_default();
        Outcome::Done(refunds.iter().find(|refund| refund.key == key).map(|refund| refund.state.clone()))
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic> {
        if !headers.iter().any(|(name, value)| name == "x-played" && value == "genuine") {
            return Err(NotAuthentic::Signature);
        }
        let text = String::from_utf8_lossy(body).into_owned();
        let (reference, says) = text.split_once(' ').ok_or_else(|| NotAuthentic::Malformed("no words".to_owned()))?;
        Ok(Hint {
            reference: Some(reference.to_owned()),
            provider_id: None,
            dedupe_key: text.clone(),
            delivery_id: None,
            claims: says.to_owned(),
            suspicious: false,
        })
    }
}
