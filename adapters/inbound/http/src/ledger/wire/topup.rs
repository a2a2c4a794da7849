//! Top-ups: what is asked for, and what the payer has to do.

use dermaga_domain::{
    Error,
    ledger::{Movement, NewTransaction},
    payments::{MethodChoice, Topup},
};
use dermaga_ports::payments::{CardToken, Payment};
use poem_openapi::Object;

use super::transaction::{MovementBody, StatusName, TransactionBody};
use crate::{
    answer::{Once, Taken},
    edge::Json,
    payments::{PaymentBody, refuse_cards},
    wire::{CurrencyCode, currency_text},
};

/// Money to put into a wallet.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Topup", skip_serializing_if_is_none)]
pub struct TopupBody {
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: i64,
    /// The wallet's currency unless named
    pub currency: Option<CurrencyCode>,
    /// A method of the host's payment gateways; the first one's first unless named
    pub method: Option<String>,
    /// One of the host's payment gateways; the first that offers the method unless named
    pub gateway: Option<String>,
    /// For `bank_transfer`: bca, bni, bri, cimb, permata
    pub bank: Option<String>,
    /// For `cstore`: indomaret or alfamart
    pub store: Option<String>,
    /// For `credit_card`: what the gateway's script in the browser gave for the card. Never a card number
    #[oai(validator(max_length = 255))]
    pub token: Option<String>,
    #[oai(validator(max_length = 255))]
    pub description: Option<String>,
}

impl From<TopupBody> for Topup {
    fn from(body: TopupBody) -> Self {
        let TopupBody { amount, currency, method, gateway, bank, store, token, description } = body;
        let topup = NewTransaction { amount, currency: currency_text(currency), description, reference: None };
        let token = token.map(CardToken);
        Self { topup, choice: MethodChoice { method, gateway, bank, store, token, ..MethodChoice::default() } }
    }
}

impl TopupBody {
    /// # Errors
    /// Faults of texts that carry a card number.
    pub fn refuse_cards(&self) -> Result<(), Error> {
        let texts = [("/token", &self.token), ("/description", &self.description), ("/method", &self.method)];
        refuse_cards(texts.into_iter().filter_map(|(pointer, text)| Some((pointer, text.as_deref()?))))
    }
}

/// A top-up: the transaction, the wallet's balance, and the payment with what the payer has to do.
#[derive(Debug, Clone, Object)]
pub struct TopupAnswer {
    pub transaction: TransactionBody,
    /// The balance of the wallet, right after the top-up if it is COMPLETED; in the currency's smallest unit
    pub balance: i64,
    pub currency: CurrencyCode,
    pub payment: PaymentBody,
}

impl TopupAnswer {
    /// From the movement and its payment.
    pub fn of(movement: Movement, payment: Payment) -> Self {
        let MovementBody { transaction, balance, currency } = movement.into();
        Self { transaction, balance, currency, payment: payment.into() }
    }
}

impl From<Once<TopupAnswer>> for Taken<TopupAnswer> {
    fn from(once: Once<TopupAnswer>) -> Self {
        let settled = once.body.transaction.status == StatusName::Completed;
        let answer = if settled { Taken::Done } else { Taken::Accepted };
        answer(Json(once.body), once.replayed)
    }
}
