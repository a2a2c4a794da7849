//! The end of each case: our books against the gateway's own.

use std::collections::BTreeMap;

use dermaga_ports::{
    auth::Principal,
    ledger::SystemAccount,
    payments::{Payment, PaymentClass},
};

use crate::house::House;

impl House {
    /// The end: the books are whole, and the gateway's own agree with them to the rupiah.
    pub async fn close(self) {
        self.close_with(0).await;
    }

    /// The same where the gateway took rupiah whose sum it did not say in words that anybody could book.
    pub async fn close_with(self, unseen: i64) {
        let report = self.app.books.verify(&Principal::Operator, |_, _| {}).await.expect("verifies");
        assert!(report.is_clean(), "{:?}", report.findings);
        let all = self.get("/assert/ledger").await;
        let mut theirs: BTreeMap<String, [i64; 3]> = BTreeMap::new();
        for provider in ["midtrans", "xendit"] {
            for one in all[provider]["references"].as_array().expect("a list") {
                let of = |name: &str| one[name].as_i64().expect("a number");
                let sums = [of("captured"), of("refunded"), of("charged_back")];
                let entry = theirs.entry(one["ref"].as_str().expect("a reference").to_owned()).or_default();
                (0..3).for_each(|n| entry[n] += sums[n]);
            }
        }
        theirs.retain(|_, sums| *sums != [0; 3]);
        let mut ours: BTreeMap<String, [i64; 3]> = BTreeMap::new();
        let (mut cash, mut held) = (0, 0);
        let remote = |payment: &&Payment| ["midtrans", "midtrans_snap", "xendit"].contains(&payment.gateway.as_str());
        let payments = self.payments().await;
        for payment in payments.iter().filter(remote) {
            let gone = payment.state.class() == PaymentClass::Unfunded;
            let captured = if gone { 0 } else { payment.sums.captured };
            let sums = [captured, payment.sums.refunded, payment.sums.charged_back];
            if sums != [0; 3] {
                ours.insert(payment.reference.clone(), sums);
            }
        }
        for gateway in ["midtrans", "midtrans_snap", "xendit"] {
            cash -= self.account(SystemAccount::GatewayCash { gateway: gateway.to_owned() }).await;
        }
        for [captured, refunded, charged_back] in theirs.values() {
            held += captured - refunded - charged_back;
        }
        assert_eq!(cash, held - unseen, "our cash at the gateways is what they hold for us");
        if unseen == 0 {
            assert_eq!(ours, theirs, "each payment's sums are the gateway's");
        }
        self.sandbox.stop().await;
        self.database.dispose().await;
    }
}
