//! Journeys: people start payments, and then anything happens, in any order.

use std::time::Duration;

use dermaga_domain::{
    ledger::{NewTransaction, Party},
    payments::{MerchantPayment, MethodChoice, Payable, Purchase, Step, Topup},
};
use dermaga_ports::{
    ids::{PaymentId, TransactionId},
    money::Money,
    payments::{CardToken, DisputeProgress, GatewayState, RefundProgress, SeenDispute, SeenRefund},
};
use dermaga_tests::played::{Played, Trouble};

use crate::world::World;

/// Starts so many payments in small groups, and lets things happen to those that are young.
pub async fn run(world: &World, journeys: usize) {
    let mut young: Vec<(PaymentId, String, usize)> = Vec::new();
    let mut started = 0;
    while started < journeys {
        for _ in 0..5 {
            if let Some(begun) = start(world, &young).await {
                young.push(begun);
            }
            started += 1;
        }
        for _ in 0..20 {
            let (id, reference, person) = young[world.pick(young.len())].clone();
            happen(world, id, &reference, person).await;
        }
        let wait = [1, 5, 30, 120, 400, 1_300][world.pick(6)];
        world.clock.advance(Duration::from_secs(wait));
        world.look_after().await;
        let old = young.len().saturating_sub(60);
        young.drain(..old);
    }
}

fn trouble(world: &World) {
    let next = match world.pick(8) {
        0 => Trouble::LostBefore,
        1 => Trouble::LostAfter,
        2 => Trouble::TryLater,
        _ => return,
    };
    world.gateway.trouble(&[next]);
}

fn choice(world: &World) -> MethodChoice {
    let method = ["qris", "bank_transfer", "credit_card", "page"][world.pick(4)];
    MethodChoice {
        method: Some(method.to_owned()),
        token: Some(CardToken("tok".to_owned())),
        authorize_only: world.once_in(2),
        ..MethodChoice::default()
    }
}

async fn start(world: &World, young: &[(PaymentId, String, usize)]) -> Option<(PaymentId, String, usize)> {
    trouble(world);
    let person = world.pick(world.people.len());
    let payer = &world.people[person];
    let terms = NewTransaction { amount: [10_000, 25_000, 99_999][world.pick(3)], ..NewTransaction::default() };
    let started = match world.pick(5) {
        0 | 1 => {
            let id: TransactionId = world.id();
            let topup = Topup { topup: terms, choice: choice(world) };
            let done = world.app.payments.topup(&payer.who, id, Party::Wallet(payer.wallet), topup).await;
            done.map(|(_, payment)| payment)
        }
        // Another attempt for something that somebody tries to pay already.
        2 if !young.is_empty() => {
            let (id, _, person) = &young[world.pick(young.len())];
            let first = world.app.payments.payment(&world.admin, *id).await.expect("is there").payment;
            let again = Payable::Transaction(first.transaction);
            return match world.app.payments.start(&world.people[*person].who, world.id(), again, choice(world)).await {
                Ok(payment) => Some((payment.id, payment.reference, *person)),
                Err(_) => None,
            };
        }
        _ => {
            let purchase = Payable::Purchase(Purchase { merchant: "Kopi".to_owned(), terms });
            world.app.payments.start(&payer.who, world.id(), purchase, choice(world)).await
        }
    };
    let payment = started.ok()?;
    Some((payment.id, payment.reference, person))
}

async fn happen(world: &World, id: PaymentId, reference: &str, person: usize) {
    let (app, gateway) = (&world.app, &world.gateway);
    let payer = &world.people[person];
    if world.once_in(4) {
        trouble(world);
    }
    match world.pick(14) {
        // The payer pays; now and then the wrong sum.
        0..=3 => gateway.happen(reference, |charge| {
            let payable = matches!(charge.state, GatewayState::Pending | GatewayState::Expired);
            if payable {
                if world.once_in(40) {
                    charge.paid = Money::new(charge.amount.amount() + 1, charge.amount.currency()).expect("in range");
                }
                charge.state = GatewayState::Paid;
                charge.settled = world.once_in(2) || charge.kind != dermaga_ports::payments::MethodKind::CreditCard;
            }
        }),
        4 => gateway.happen(reference, |charge| {
            if charge.state == GatewayState::Pending {
                charge.state = GatewayState::Denied { reason: "declined".to_owned() };
            }
        }),
        // The bank takes it back.
        5 if world.once_in(3) => gateway.happen(reference, |charge| {
            let whole = charge.refunds.is_empty() && charge.disputes.is_empty() && charge.paid == charge.amount;
            if charge.state == GatewayState::Paid && charge.settled && whole {
                charge.state = GatewayState::Denied { reason: "reversed".to_owned() };
            }
        }),
        6 => {
            let says = ["settlement", "pending", "expire"][world.pick(3)];
            let (headers, body) = Played::webhook(reference, says);
            let headers = if world.once_in(5) { vec![] } else { headers };
            for _ in 0..=world.pick(3) {
                drop(app.payments.take_webhook("played", &headers, &body).await);
            }
        }
        7 => drop(app.payments.confirm(&payer.who, id).await),
        8 => drop(app.payments.step(&payer.who, id, Step::Cancel).await),
        9 => {
            let step = [Step::Capture, Step::Approve, Step::Deny][world.pick(3)];
            drop(app.payments.step(&world.admin, id, step).await);
        }
        10 => {
            let end = match world.pick(4) {
                0 => RefundProgress::Pending,
                1 => RefundProgress::Failed { reason: "denied".to_owned() },
                _ => RefundProgress::Succeeded,
            };
            gateway.refunds_end(&[end]);
            let amount = [None, Some(1_000), Some(9_000)][world.pick(3)];
            drop(app.payments.refund(&world.admin, world.id(), id, amount, "by chance").await);
        }
        11 if world.once_in(4) => gateway.happen(reference, |charge| {
            if charge.state == GatewayState::Paid && charge.disputes.is_empty() && charge.refunds.is_empty() {
                let state = [DisputeProgress::Open, DisputeProgress::Lost, DisputeProgress::Won][world.pick(3)];
                charge.disputes = vec![SeenDispute { id: "d".to_owned(), amount: 2_000, state }];
            }
        }),
        12 if world.once_in(4) => gateway.happen(reference, |charge| {
            if charge.state == GatewayState::Paid && charge.refunds.is_empty() && charge.disputes.is_empty() {
                let state = RefundProgress::Succeeded;
                charge.refunds.push(SeenRefund { key: "outside".to_owned(), amount: 3_000, state });
            }
        }),
        _ => {
            let payment = NewTransaction { amount: 5_000, ..NewTransaction::default() };
            let payment = MerchantPayment { merchant: "Kopi".to_owned(), payment };
            drop(app.payments.pay(&payer.who, world.id(), payer.wallet, payment).await);
        }
    }
}
