//! What is so here: payments, webhooks, money, and what the outside was told.

use dermaga_domain::payments::PaymentView;
use dermaga_ports::{
    auth::Principal,
    ids::PaymentId,
    ledger::{SystemAccount, TransactionStatus},
    money::Currency,
    paging::PageRequest,
    payments::{Payment, PaymentFilter, Webhook},
    store::Store as _,
    system::Clock as _,
};

use crate::house::House;

impl House {
    pub async fn view(&self, id: PaymentId) -> PaymentView {
        self.app.payments.payment(&Principal::Operator, id).await.expect("is there")
    }

    pub async fn payment(&self, id: PaymentId) -> Payment {
        self.view(id).await.payment
    }

    pub async fn payments(&self) -> Vec<Payment> {
        let page = PageRequest::first(100);
        self.app.payments.payments(&Principal::Operator, PaymentFilter::default(), page).await.expect("lists").items
    }

    /// What gateways told, newest first.
    pub async fn webhooks(&self) -> Vec<Webhook> {
        let page = PageRequest::first(100);
        self.app.payments.webhooks(&Principal::Operator, None, page).await.expect("lists").items
    }

    /// How the purchase stands.
    pub async fn status(&self, payment: &Payment) -> TransactionStatus {
        let found = self.app.transactions.transaction(&Principal::Operator, payment.transaction).await;
        found.expect("is there").status
    }

    /// How often the outside was told so.
    pub async fn told(&self, topic: &str) -> usize {
        let all = self.database.texts(&format!("SELECT topic FROM outbox WHERE topic = '{topic}'")).await.len();
        all - self.begun.iter().filter(|begun| *begun == topic).count()
    }

    /// What is in an account of the system.
    pub async fn account(&self, account: SystemAccount) -> i64 {
        let id = account.id(Currency::Idr);
        let found = self.database.store.ledger().account(id, self.clock.now()).await.expect("answers");
        found.map_or(0, |account| account.counters.balance().posted)
    }

    /// What the merchant has.
    pub async fn merchant(&self) -> i64 {
        self.account(SystemAccount::Merchant { slug: "kopi".to_owned() }).await
    }

    /// What Ani's wallet holds.
    pub async fn ani_has(&self) -> i64 {
        self.app.wallets.balance(&self.ani, self.wallet.id, None).await.expect("answers").balance.posted
    }
}
