//! What the port promises, of every gateway and each of its methods.

use async_trait::async_trait;
use dermaga_ports::payments::{
    ChargeRef, Found, GatewayState, MethodKind, NewCharge, Outcome, PaymentGateway, RefundProgress, Refundable,
    RefusalKind, SeenAmount, Snapshot,
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::{
    bank::{self, Bank},
    kit::{done, later, refund, refused, rupiah, seen},
    stage::{GOOD_CARD, Stage},
};

/// A gateway, one of its methods, and the other side's part in it.
#[async_trait]
trait Counter {
    fn gateway(&self) -> &dyn PaymentGateway;

    /// A charge that waits when it is created: for the payer, or for a capture.
    async fn charge(&self, reference: &str) -> NewCharge;

    /// The payer pays, or we capture.
    async fn pay(&self, known: &ChargeRef);

    async fn wait(&self, seconds: u64);

    /// The gateway does not know of it before the payer has chosen.
    fn is_hidden_at_first(&self) -> bool {
        false
    }
}

/// A remote gateway.
struct Remote {
    stage: Stage,
    which: fn(&Stage) -> &dyn PaymentGateway,
    kind: MethodKind,
}

#[async_trait]
impl Counter for Remote {
    fn gateway(&self) -> &dyn PaymentGateway {
        (self.which)(&self.stage)
    }

    async fn charge(&self, reference: &str) -> NewCharge {
        let mut charge = self.stage.card(reference, GOOD_CARD).await;
        if self.kind == MethodKind::CreditCard {
            charge.method.authorize_only = true;
            return charge;
        }
        charge = self.stage.charge(reference, self.kind);
        charge
    }

    async fn pay(&self, known: &ChargeRef) {
        if self.kind == MethodKind::CreditCard {
            // Xendit's cards ask for their owner first.
            if seen(self.gateway().query(known).await).state == GatewayState::Pending {
                self.stage.play(&known.reference, "pay", json!({})).await;
            }
            done(self.gateway().capture(known, known.amount).await);
            // Until the bank has settled it, a card is cancelled and not refunded.
            self.stage.wait(2 * 86_400).await;
            return;
        }
        let method =
            if self.kind == MethodKind::Page { json!({"method": "gopay", "payment_type": "DANA"}) } else { json!({}) };
        if self.is_hidden_at_first() {
            self.stage.play(&known.reference, "choose", method).await;
            self.stage.play(&known.reference, "pay", json!({})).await;
        } else {
            self.stage.play(&known.reference, "pay", method).await;
        }
    }

    async fn wait(&self, seconds: u64) {
        self.stage.wait(seconds).await;
    }

    fn is_hidden_at_first(&self) -> bool {
        self.gateway().name() == "midtrans_snap"
    }
}

/// A wallet.
struct Inside {
    bank: Bank,
    payer: dermaga_ports::ids::WalletId,
}

#[async_trait]
impl Counter for Inside {
    fn gateway(&self) -> &dyn PaymentGateway {
        &self.bank.gateway
    }

    async fn charge(&self, reference: &str) -> NewCharge {
        bank::charge(reference, self.payer)
    }

    async fn pay(&self, known: &ChargeRef) {
        done(self.gateway().capture(known, known.amount).await);
    }

    async fn wait(&self, seconds: u64) {
        self.bank.clock.advance(std::time::Duration::from_secs(seconds));
    }
}

/// Every gateway with each of its methods.
async fn counters() -> Vec<Box<dyn Counter>> {
    let bank = Bank::on(Engine::Sqlite).await;
    let payer = bank.payer("sari").await.id;
    let mut all: Vec<Box<dyn Counter>> = vec![Box::new(Inside { bank, payer })];
    let gateways: [fn(&Stage) -> &dyn PaymentGateway; 3] =
        [|stage| &stage.core, |stage| &stage.snap, |stage| &stage.xendit];
    for which in gateways {
        let probe = Stage::start().await;
        for kind in which(&probe).capabilities().methods.clone() {
            all.push(Box::new(Remote { stage: Stage::start().await, which, kind }));
        }
    }
    assert_eq!(all.len(), 1 + 7 + 1 + 7, "every method is tried");
    all
}

fn about(counter: &dyn Counter, charge: &NewCharge) -> String {
    format!("{} by {}", counter.gateway().name(), charge.method.kind)
}

/// A charge that waits, and how it is asked about.
async fn open(counter: &dyn Counter, reference: &str) -> (NewCharge, ChargeRef, Snapshot) {
    let charge = counter.charge(reference).await;
    let snapshot = done(counter.gateway().create(&charge).await);
    let known = later(&charge, snapshot.provider_id.as_deref());
    (charge, known, snapshot)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_01_a_charge_waits_and_then_is_paid() {
    for counter in counters().await {
        let counter = &*counter;
        let (charge, known, snapshot) = open(counter, "DCF-1").await;
        let about = about(counter, &charge);
        assert!(matches!(snapshot.state, GatewayState::Pending | GatewayState::Authorized), "{about}: {snapshot:?}");
        assert!(snapshot.provider_id.is_some(), "{about} has a name there");
        assert_eq!(snapshot.action.is_some(), snapshot.state == GatewayState::Pending, "{about} says what to do");
        if !counter.is_hidden_at_first() {
            assert_eq!(snapshot.amount, SeenAmount::Exact(charge.amount), "{about}");
            let read = seen(counter.gateway().query(&known).await);
            assert_eq!((read.state, read.provider_id), (snapshot.state, snapshot.provider_id), "{about}");
        }
        counter.pay(&known).await;
        let read = seen(counter.gateway().query(&known).await);
        assert_eq!(read.state, GatewayState::Paid, "{about}");
        assert_eq!(read.amount, SeenAmount::Exact(charge.amount), "{about}");
        assert_eq!((read.captured, read.action), (None, None), "{about}: nothing is left to do");
        assert!(read.refunds.is_empty() && read.disputes.is_empty(), "{about}");
        assert!(read.refunded.is_none_or(|sum| sum == 0), "{about}");
        assert!(read.raw.starts_with('{') && !read.raw.contains("sari@example.com"), "{about}: {}", read.raw);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cancelled_cannot_be_paid_and_what_was_paid_cannot_be_cancelled() {
    for counter in counters().await {
        let counter = &*counter;
        let (charge, known, _) = open(counter, "DCF-1").await;
        let about = about(counter, &charge);
        done(counter.gateway().cancel(&known).await);
        match done(counter.gateway().query(&known).await) {
            Found::Nothing => assert!(counter.is_hidden_at_first(), "{about}"),
            Found::Snapshot(read) => {
                assert!(matches!(read.state, GatewayState::Cancelled | GatewayState::Expired), "{about}: {read:?}");
            }
        }
        let (_, known, _) = open(counter, "DCF-2").await;
        counter.pay(&known).await;
        assert_eq!(refused(counter.gateway().cancel(&known).await), RefusalKind::WrongState, "{about}");
        assert_eq!(refused(counter.gateway().expire(&known).await), RefusalKind::WrongState, "{about}");
        assert_eq!(seen(counter.gateway().query(&known).await).state, GatewayState::Paid, "{about}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_19_a_charge_expires_when_it_is_told_or_by_itself() {
    for counter in counters().await {
        let counter = &*counter;
        let (charge, known, _) = open(counter, "DCF-1").await;
        let about = about(counter, &charge);
        if charge.method.kind != MethodKind::CreditCard && !counter.is_hidden_at_first() {
            done(counter.gateway().expire(&known).await);
            let state = seen(counter.gateway().query(&known).await).state;
            assert!(matches!(state, GatewayState::Expired | GatewayState::Cancelled), "{about}: {state:?}");
        }
        let (_, known, _) = open(counter, "DCF-2").await;
        // A hold on a card lasts longer than the payer's hour.
        counter.wait(if charge.method.kind == MethodKind::CreditCard { 9 * 86_400 } else { 3_700 }).await;
        match done(counter.gateway().query(&known).await) {
            Found::Nothing => assert!(counter.is_hidden_at_first(), "{about}"),
            Found::Snapshot(read) => assert_eq!(read.state, GatewayState::Expired, "{about}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_14_a_repeated_creation_makes_no_second_charge() {
    for counter in counters().await {
        let counter = &*counter;
        let (charge, known, first) = open(counter, "DCF-1").await;
        let about = about(counter, &charge);
        if !counter.gateway().capabilities().finds_by_reference(charge.method.kind) {
            continue;
        }
        match counter.gateway().create(&charge).await {
            Outcome::Done(again) if !counter.is_hidden_at_first() => {
                assert_eq!(again.provider_id, first.provider_id, "{about}");
            }
            // A new page takes the place of the old one.
            Outcome::Done(_) => {}
            Outcome::Refused(refusal) => assert_eq!(refusal.kind, RefusalKind::Duplicate, "{about}"),
            Outcome::Unknown(told) => panic!("{about}: {told}"),
        }
        counter.pay(&known).await;
        let read = seen(counter.gateway().query(&known).await);
        assert_eq!((read.state, read.amount), (GatewayState::Paid, SeenAmount::Exact(charge.amount)), "{about}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_20_what_was_never_asked_for_is_not_there() {
    for counter in counters().await {
        let counter = &*counter;
        let charge = counter.charge("DCF-NEVER").await;
        let about = about(counter, &charge);
        let known = later(&charge, None);
        assert_eq!(counter.gateway().query(&known).await, Outcome::Done(Found::Nothing), "{about}");
        assert_eq!(refused(counter.gateway().cancel(&known).await), RefusalKind::NotFound, "{about}");
        assert_eq!(refused(counter.gateway().expire(&known).await), RefusalKind::NotFound, "{about}");
        assert_eq!(counter.gateway().query_refund(&known, "R-1").await, Outcome::Done(None), "{about}");
        let kind = refused(counter.gateway().refund(&known, &refund("R-1", 1_000)).await);
        let plausible = [RefusalKind::NotFound, RefusalKind::NotSupported, RefusalKind::WrongState];
        assert!(plausible.contains(&kind), "{about}: {kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_28_parts_are_refunded_until_nothing_is_left() {
    for counter in counters().await {
        let counter = &*counter;
        let (charge, known, _) = open(counter, "DCF-1").await;
        let about = about(counter, &charge);
        let gateway = counter.gateway();
        if gateway.refundable(charge.method.kind) != Refundable::Partly {
            continue;
        }
        counter.pay(&known).await;
        for (key, amount) in [("R-1", 50_000), ("R-2", 40_000), ("R-3", 60_000)] {
            let first = done(gateway.refund(&known, &refund(key, amount)).await);
            assert!(matches!(first, RefundProgress::Pending | RefundProgress::Succeeded), "{about}: {first:?}");
            // Asked for again, even with another amount, the first is the answer.
            done(gateway.refund(&known, &refund(key, amount)).await);
            done(gateway.refund(&known, &refund(key, 1)).await);
            counter.wait(60).await;
            let now = done(gateway.query_refund(&known, key).await);
            assert_eq!(now, Some(RefundProgress::Succeeded), "{about} {key}");
        }
        let too_much = refused(gateway.refund(&known, &refund("R-4", 1)).await);
        assert!(matches!(too_much, RefusalKind::AmountTooLarge | RefusalKind::WrongState), "{about}: {too_much:?}");
        let read = seen(gateway.query(&known).await);
        assert_eq!(read.state, GatewayState::Paid, "{about}: a refund does not undo the payment");
        let listed: i64 = read.refunds.iter().map(|refund| refund.amount).sum();
        assert!(listed == 150_000 || read.refunds.is_empty(), "{about}: {:?}", read.refunds);
        assert!(read.refunded == Some(150_000) || listed == 150_000, "{about}: {read:?}");
        assert_eq!(done(gateway.query_refund(&known, "R-5").await), None, "{about}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_29_c10_34_what_cannot_be_refunded_is_refused_by_name() {
    for counter in counters().await {
        let counter = &*counter;
        let (charge, known, _) = open(counter, "DCF-1").await;
        let about = about(counter, &charge);
        let gateway = counter.gateway();
        let early = refused(gateway.refund(&known, &refund("R-0", 150_000)).await);
        let can = gateway.refundable(charge.method.kind);
        let expected = if can == Refundable::No { RefusalKind::NotSupported } else { RefusalKind::WrongState };
        assert_eq!(early, expected, "{about}: it is not paid");
        counter.pay(&known).await;
        match can {
            Refundable::No => {
                let told = refused(gateway.refund(&known, &refund("R-1", 150_000)).await);
                assert_eq!(told, RefusalKind::NotSupported, "{about}");
            }
            Refundable::WhollyOnly => {
                let part = refused(gateway.refund(&known, &refund("R-1", 1_000)).await);
                assert_eq!(part, RefusalKind::NotSupported, "{about}");
                done(gateway.refund(&known, &refund("R-2", 150_000)).await);
            }
            Refundable::Partly => {
                let told = refused(gateway.refund(&known, &refund("R-1", 150_001)).await);
                assert_eq!(told, RefusalKind::AmountTooLarge, "{about}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_anybody_sends_is_taken_for_a_webhook() {
    for counter in counters().await {
        for body in [&b""[..], b"{}", b"[]", b"null", b"\xff", b"{\"order_id\":\"A\",\"external_id\":\"A\"}"] {
            assert!(counter.gateway().read_webhook(&[], body).is_err(), "{}", counter.gateway().name());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_says_what_it_can() {
    let mut names = std::collections::BTreeSet::new();
    for counter in counters().await {
        let gateway = counter.gateway();
        names.insert(gateway.name().to_owned());
        for kind in MethodKind::ALL {
            let offered = gateway.capabilities().methods.contains(&kind);
            if !offered {
                assert_eq!(gateway.refundable(kind), Refundable::No, "{} {kind}", gateway.name());
                let charge = NewCharge {
                    method: dermaga_ports::payments::Method::plain(kind),
                    amount: rupiah(10_000),
                    ..counter.charge("DCF-1").await
                };
                assert_eq!(
                    refused(gateway.create(&charge).await),
                    RefusalKind::NotSupported,
                    "{} {kind}",
                    gateway.name()
                );
            }
        }
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["midtrans", "midtrans_snap", "wallet", "xendit"]);
}
