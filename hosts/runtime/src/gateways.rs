//! The payment gateways of a host: which there are, who they are told we are, and where they find us.

use std::sync::Arc;

use dermaga_domain::payments::Gateways;
use dermaga_gateways::{
    ConfigError, Environment, InstantSandbox, MidtransConfig, MidtransCore, MidtransSnap, WalletGateway, Xendit,
    XenditConfig,
};
use dermaga_ports::{ledger::Ledger, payments::PaymentGateway, store::Store, system::Clock};
use dermaga_sandbox::{
    Running,
    config::{MIDTRANS_SERVER_KEY, XENDIT_CALLBACK_TOKEN, XENDIT_SECRET_KEY},
};

use crate::{HostError, Settings};

/// What the demo's customers read when they choose a manual transfer.
const DEMO_ACCOUNT: &str = "Bank Contoh 000-123-456, Dermaga Demo";

/// What gateways are built on.
pub struct Base {
    pub store: Arc<dyn Store>,
    pub ledger: Arc<dyn Ledger>,
    pub clock: Arc<dyn Clock>,
}

/// Builds the gateways of a profile.
pub type Build<'s> = Box<dyn FnOnce(&Base) -> Result<Gateways, HostError> + 's>;

/// For commands that take no money.
pub fn none() -> Build<'static> {
    Box::new(|_| Ok(Gateways::default()))
}

/// The demo's: one that settles at once, and everything that the sandbox plays.
pub fn of_the_demo(sandbox: &Running) -> Build<'_> {
    Box::new(|base| {
        let midtrans = MidtransConfig {
            core_url: sandbox.midtrans_api(),
            snap_url: sandbox.midtrans_snap(),
            three_ds: false,
            ..MidtransConfig::new(Environment::Sandbox, MIDTRANS_SERVER_KEY)
        };
        let xendit = XenditConfig {
            url: sandbox.xendit(),
            ..XenditConfig::new(Environment::Sandbox, XENDIT_SECRET_KEY, XENDIT_CALLBACK_TOKEN)
        };
        let all: Vec<Arc<dyn PaymentGateway>> = vec![
            Arc::new(InstantSandbox::default()),
            Arc::new(MidtransCore::new(midtrans.clone(), base.clock.clone()).map_err(wrong)?),
            Arc::new(MidtransSnap::new(midtrans, base.clock.clone()).map_err(wrong)?),
            Arc::new(Xendit::new(xendit, base.clock.clone()).map_err(wrong)?),
            wallet(base),
        ];
        Ok(Gateways::new(all).with_manual_transfers(DEMO_ACCOUNT.to_owned()))
    })
}

/// Those that the settings name, in that order.
pub fn configured(settings: &Settings) -> Build<'_> {
    Box::new(|base| {
        let mut all: Vec<Arc<dyn PaymentGateway>> = Vec::new();
        for name in names(settings) {
            all.push(match name {
                "none" => continue,
                "sandbox" => Arc::new(InstantSandbox::default()),
                "midtrans" => Arc::new(MidtransCore::new(midtrans(settings)?, base.clock.clone()).map_err(wrong)?),
                "midtrans_snap" => Arc::new(MidtransSnap::new(midtrans(settings)?, base.clock.clone()).map_err(wrong)?),
                "xendit" => Arc::new(Xendit::new(xendit(settings)?, base.clock.clone()).map_err(wrong)?),
                "wallet" => wallet(base),
                other => {
                    let told = format!(
                        "PAYMENT_GATEWAY names {other}; there are midtrans, midtrans_snap, xendit, wallet, sandbox and none"
                    );
                    return Err(HostError::Settings(told));
                }
            });
        }
        let gateways = Gateways::new(all);
        Ok(match &settings.manual_transfer_account {
            Some(account) => gateways.with_manual_transfers(account.clone()),
            None => gateways,
        })
    })
}

/// Whether money is given away.
pub fn gives_money_away(settings: &Settings) -> bool {
    names(settings).any(|name| name == "sandbox")
}

fn names(settings: &Settings) -> impl Iterator<Item = &str> {
    settings.payment_gateway.as_deref().unwrap_or("none").split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn wallet(base: &Base) -> Arc<dyn PaymentGateway> {
    Arc::new(WalletGateway::new(base.store.clone(), base.ledger.clone(), base.clock.clone()))
}

fn midtrans(settings: &Settings) -> Result<MidtransConfig, HostError> {
    let key = settings.midtrans_server_key.as_ref().or(settings.payment_gateway_key.as_ref());
    let key = key.ok_or_else(|| needed("MIDTRANS_SERVER_KEY or PAYMENT_GATEWAY_KEY", "midtrans"))?;
    let in_earnest = key.starts_with("Mid-server-");
    let mut config = MidtransConfig::new(environment(in_earnest), key.clone());
    if let Some(url) = &settings.payment_gateway_url {
        let url = url.trim_end_matches('/');
        config.core_url = format!("{url}/midtrans/api");
        config.snap_url = format!("{url}/midtrans/app/snap/v1");
    }
    config.webhook_url = settings.public_url.as_ref().map(|home| webhooks(home, "midtrans"));
    Ok(config)
}

fn xendit(settings: &Settings) -> Result<XenditConfig, HostError> {
    let key = settings.xendit_secret_key.as_ref().or(settings.payment_gateway_key.as_ref());
    let key = key.ok_or_else(|| needed("XENDIT_SECRET_KEY or PAYMENT_GATEWAY_KEY", "xendit"))?;
    let token = settings.xendit_callback_token.as_ref().ok_or_else(|| needed("XENDIT_CALLBACK_TOKEN", "xendit"))?;
    let in_earnest = key.starts_with("xnd_production_");
    let mut config = XenditConfig::new(environment(in_earnest), key.clone(), token.clone());
    if let Some(url) = &settings.payment_gateway_url {
        config.url = format!("{}/xendit", url.trim_end_matches('/'));
    }
    Ok(config)
}

/// Keys say themselves what they are for.
fn environment(in_earnest: bool) -> Environment {
    if in_earnest { Environment::Production } else { Environment::Sandbox }
}

/// Where a gateway's webhooks go on a host.
pub fn webhooks(home: &str, gateway: &str) -> String {
    format!("{}/v1/webhooks/{gateway}", home.trim_end_matches('/'))
}

fn needed(what: &str, gateway: &str) -> HostError {
    HostError::Settings(format!("{what} is required, because PAYMENT_GATEWAY names {gateway}"))
}

fn wrong(error: ConfigError) -> HostError {
    HostError::Settings(error.to_string())
}
