//! Paying a merchant from a wallet.

use dermaga_ports::{
    auth::Principal,
    ids::{TransactionId, WalletId},
    ledger::{Counterparty, SystemAccount, TransactionKind},
};

use super::Payments;
use crate::{
    error::{Error, Result},
    ledger::{Draft, Movement, NewTransaction, in_currency},
};

/// The longest merchant name.
const MAX_NAME: usize = 64;

/// What is paid to whom.
#[derive(Debug, Clone, Default)]
pub struct MerchantPayment {
    /// The merchant's name; spellings that differ in case and punctuation alone are one merchant.
    pub merchant: String,
    pub payment: NewTransaction,
}

impl Payments {
    /// Pays a merchant at once. Idempotent by `id`.
    ///
    /// # Errors
    /// [`crate::Code::WalletNotFound`] for a wallet that is not the caller's, [`crate::Code::InsufficientFunds`],
    /// [`crate::Code::CurrencyMismatch`], [`crate::Code::Invalid`].
    pub async fn pay(
        &self,
        by: &Principal,
        id: TransactionId,
        wallet: WalletId,
        payment: MerchantPayment,
    ) -> Result<Movement> {
        let wallet = self.0.own_wallet(by, wallet).await?;
        let name = payment.merchant.trim().to_owned();
        let slug = slug(&name).ok_or_else(no_merchant)?;
        let (amount, description, reference) = in_currency(wallet.currency, payment.payment)?.validate()?;
        let counterparty = Counterparty::Merchant { name };
        let kind = TransactionKind::Payment;
        let draft = Draft { id, kind, wallet: &wallet, counterparty, amount, description, reference };
        self.0.execute(by, draft, SystemAccount::Merchant { slug }).await
    }
}

pub(super) fn no_merchant() -> Error {
    Error::fault("/merchant", format!("must be a name of 1 to {MAX_NAME} characters with a letter or digit"))
}

/// A merchant's name as its account is called: small letters and digits, words joined by dashes.
pub(crate) fn slug(name: &str) -> Option<String> {
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return None;
    }
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_merchant_has_one_account_however_it_is_spelled() {
        assert_eq!(slug("Toko  Pedia!"), Some("toko-pedia".to_owned()));
        assert_eq!(slug("TOKO-PEDIA"), Some("toko-pedia".to_owned()));
        assert_eq!(slug("Kopi Nako"), Some("kopi-nako".to_owned()));
        assert_eq!(slug(" -- "), None);
        assert_eq!(slug(&"x".repeat(65)), None);
    }
}
