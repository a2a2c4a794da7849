//! What somebody wants to pay, and how: the body of `POST /payments`.

use dermaga_domain::{
    Error,
    ledger::NewTransaction,
    payments::{MethodChoice, Payable, Purchase},
};
use dermaga_ports::payments::CardToken;
use poem_openapi::Object;
use uuid::Uuid;

use super::cards;
use crate::wire::{CurrencyCode, currency_text};

/// How somebody wants to pay.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PaymentChoice {
    /// As in `POST /payments`
    pub method: Option<String>,
    /// One of the host's gateways; the first that offers the method unless named
    pub gateway: Option<String>,
    /// For `bank_transfer`: bca, bni, bri, cimb, permata
    pub bank: Option<String>,
    /// For `cstore`: indomaret or alfamart
    pub store: Option<String>,
    /// For `credit_card`: what the gateway's script in the browser gave for the card. Never a card number
    #[oai(validator(max_length = 255))]
    pub token: Option<String>,
    /// For `credit_card`: reserve the money, and take it by a capture
    pub authorize_only: Option<bool>,
    /// For `wallet`: one's own wallet to pay from
    pub wallet_id: Option<Uuid>,
}

impl PaymentChoice {
    /// As the use cases read it.
    ///
    /// # Errors
    /// A fault for a text that carries a card number.
    pub fn read(self) -> Result<MethodChoice, Error> {
        let texts = [("/token", &self.token), ("/method", &self.method)];
        cards::refuse(texts.into_iter().filter_map(|(pointer, text)| Some((pointer, text.as_deref()?))))?;
        Ok(MethodChoice {
            method: self.method,
            gateway: self.gateway,
            bank: self.bank,
            store: self.store,
            token: self.token.map(CardToken),
            authorize_only: self.authorize_only.unwrap_or_default(),
            wallet: self.wallet_id.map(Into::into),
        })
    }
}

/// An attempt to pay: either of a purchase that waits, or of a new one.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Checkout {
    /// A purchase that is PENDING, to try again
    pub transaction_id: Option<Uuid>,
    /// An order that is CONFIRMED
    pub order_id: Option<Uuid>,
    /// Who shall be paid, for a new purchase
    pub merchant: Option<String>,
    /// For a new purchase; in the currency's smallest unit, more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: Option<i64>,
    /// IDR unless named
    pub currency: Option<CurrencyCode>,
    #[oai(validator(max_length = 255))]
    pub description: Option<String>,
    /// `bank_transfer`, `echannel`, `qris`, `gopay`, `shopeepay`, `credit_card`, `cstore`, `page`, `wallet`,
    /// `manual_transfer` or `instant`, as far as the host's gateways offer it; the first one's first method unless named
    pub method: Option<String>,
    /// One of the host's gateways; the first that offers the method unless named
    pub gateway: Option<String>,
    /// For `bank_transfer`: bca, bni, bri, cimb, permata
    pub bank: Option<String>,
    /// For `cstore`: indomaret or alfamart
    pub store: Option<String>,
    /// For `credit_card`: what the gateway's script in the browser gave for the card. Never a card number
    #[oai(validator(max_length = 255))]
    pub token: Option<String>,
    /// For `credit_card`: reserve the money, and take it by a capture
    pub authorize_only: Option<bool>,
    /// For `wallet`: one's own wallet to pay from
    pub wallet_id: Option<Uuid>,
}

impl Checkout {
    /// What is to be paid and how.
    pub fn read(self) -> Result<(Payable, MethodChoice), Error> {
        let texts = [("/description", &self.description), ("/merchant", &self.merchant)];
        cards::refuse(texts.into_iter().filter_map(|(pointer, text)| Some((pointer, text.as_deref()?))))?;
        let choice = PaymentChoice {
            method: self.method,
            gateway: self.gateway,
            bank: self.bank,
            store: self.store,
            token: self.token,
            authorize_only: self.authorize_only,
            wallet_id: self.wallet_id,
        };
        let choice = choice.read()?;
        if let Some(order) = self.order_id {
            let other = self.transaction_id.is_some() || self.merchant.is_some() || self.amount.is_some();
            if other {
                return Err(Error::fault("/order_id", "must not be given together with another thing to pay"));
            }
            return Ok((Payable::Order(order.into()), choice));
        }
        let payable = match (self.transaction_id, self.merchant, self.amount) {
            (Some(_), Some(_), _) => {
                return Err(Error::fault("/merchant", "must not be given together with transaction_id"));
            }
            (Some(_), None, Some(_)) => {
                return Err(Error::fault("/amount", "must not be given together with transaction_id"));
            }
            (Some(transaction), None, None) => Payable::Transaction(transaction.into()),
            (None, Some(merchant), Some(amount)) => {
                let terms = NewTransaction {
                    amount,
                    currency: currency_text(self.currency),
                    description: self.description,
                    reference: None,
                };
                Payable::Purchase(Purchase { merchant, terms })
            }
            (None, Some(_), None) => return Err(Error::fault("/amount", "is required")),
            (None, None, _) => {
                return Err(Error::fault("/transaction_id", "is required, unless order_id or merchant is given"));
            }
        };
        Ok((payable, choice))
    }
}
