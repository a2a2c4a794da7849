//! What Ani does in the house: she buys, reserves, tries again, and has paid.

use dermaga_domain::{
    ledger::NewTransaction,
    payments::{MethodChoice, Payable, Purchase},
};
use dermaga_ports::{
    ids::TransactionId,
    payments::{Payment, PaymentState, Use},
};
use serde_json::json;

use crate::house::{House, INVOICE, PRICE, SECOND, SNAP, Way};

impl House {
    fn choice(&self, way: Way) -> MethodChoice {
        MethodChoice {
            gateway: Some(way.0.to_owned()),
            method: Some(way.1.to_owned()),
            token: self.card.lock().expect("no panic").take(),
            wallet: (way.1 == "wallet").then_some(self.wallet.id),
            ..MethodChoice::default()
        }
    }

    fn purchase(amount: i64) -> Payable {
        let terms = NewTransaction { amount, ..NewTransaction::default() };
        Payable::Purchase(Purchase { merchant: "Kopi".to_owned(), terms })
    }

    /// Ani buys at "Kopi", and what the script says happens to her payment.
    pub async fn buy(&self, way: Way, script: &str) -> Payment {
        if !script.is_empty() {
            self.plan(way, script).await;
        }
        if way.1 == "credit_card" && self.card.lock().expect("no panic").is_none() {
            self.show_card("4811111111111114").await;
        }
        let choice = self.choice(way);
        self.app.payments.start(&self.ani, self.id(), Self::purchase(PRICE), choice).await.expect("starts")
    }

    /// The same, and where a page asks for a method, one is chosen.
    pub async fn choose(&self, way: Way, script: &str) -> Payment {
        let payment = self.buy(way, script).await;
        if way == SNAP {
            self.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        payment
    }

    /// The same for another price.
    pub async fn buy_for(&self, way: Way, price: i64) -> Payment {
        let choice = self.choice(way);
        self.app.payments.start(&self.ani, self.id(), Self::purchase(price), choice).await.expect("starts")
    }

    /// The same, only that the money is reserved and not taken.
    pub async fn reserve(&self, way: Way, script: &str) -> Payment {
        self.plan(way, script).await;
        self.show_card("4811111111111114").await;
        let choice = MethodChoice { authorize_only: true, ..self.choice(way) };
        self.app.payments.start(&self.ani, self.id(), Self::purchase(PRICE), choice).await.expect("starts")
    }

    /// Another attempt to pay the same.
    pub async fn again(&self, way: Way, transaction: TransactionId, script: &str) -> Payment {
        self.plan(way, script).await;
        let again = Payable::Transaction(transaction);
        self.app.payments.start(&self.ani, self.id(), again, self.choice(way)).await.expect("starts")
    }

    /// A payment that is paid, and its money the merchant's.
    pub async fn paid(&self, way: Way) -> Payment {
        self.paid_with(way, "~pay1s").await
    }

    pub async fn paid_with(&self, way: Way, script: &str) -> Payment {
        // A page is paid in the first way that it offers, which may be one without a way back; a wallet has one.
        let page = matches!(way, SNAP | INVOICE);
        let script = if page { script.replace("~pay1s", "") } else { script.to_owned() };
        let payment = self.buy(way, &script).await;
        if way == SNAP {
            self.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        if page {
            self.play(&payment, "pay", json!({"payment_type": if way == SNAP { "gopay" } else { "DANA" }})).await;
        }
        self.pass(5 * SECOND).await;
        let payment = self.payment(payment.id).await;
        assert_eq!((payment.state, payment.used), (PaymentState::Paid, Use::Funding), "{way:?}: {payment:?}");
        payment
    }
}
