//! The pages on which a person plays the customer: an invoice's checkout and a request's redirection.

use super::{
    book::{self, Book},
    channel::{Channel, Refunds},
    invoice::{InvoiceAct, InvoiceStatus},
    request::{RequestAct, Standing},
};
use crate::{
    call::{Answer, Call},
    page::{self, Button, Checkout, DENY, EXPIRE, PAY, Row},
    world::World,
};

fn pressed(call: &Call, name: &str) -> Option<String> {
    let form = call.form();
    form.into_iter().find(|(key, _)| key == name).map(|(_, value)| value).filter(|_| call.method == "POST")
}

/// `/web/{invoice_id}`.
pub fn invoice(world: &mut World, call: &Call, id: &str) -> Answer {
    let offered = |world: &World, name: &str| {
        let invoice = world.xendit.invoices.get(id)?;
        invoice.methods.contains(&name).then(|| Channel::of_invoice(name)).flatten()
    };
    // Somebody may have been faster; the page shows how it stands.
    match pressed(call, "do").as_deref() {
        Some("pay") => {
            let channel = pressed(call, "method").and_then(|name| offered(world, &name));
            let _ = book::pay_invoice(world, id, None, channel, None);
        }
        Some("expire") => drop(book::invoice_act(world, id, InvoiceAct::Expire)),
        _ => {}
    }
    let Some(invoice) = world.xendit.invoices.get(id) else { return page::nothing("Invoice") };
    let open = invoice.status == InvoiceStatus::Pending;
    let (redirect, buttons): (_, &[Button]) =
        if open { (None, &[PAY, EXPIRE]) } else { (invoice.echo.get("success_redirect_url"), &[]) };
    page::rendered(&Checkout {
        title: "Invoice",
        reference: invoice.external_id.clone(),
        amount: page::rupiah(invoice.amount),
        status: invoice.status.wire().to_owned(),
        methods: if open { invoice.methods.iter().map(|name| (*name).to_owned()).collect() } else { Vec::new() },
        buttons: buttons.to_vec(),
        back: redirect.and_then(|url| url.as_str()).map(str::to_owned),
    })
}

/// `/pay/{payment_request_id}`.
pub fn request(world: &mut World, call: &Call, id: &str) -> Answer {
    // As above.
    let _ = match pressed(call, "do").as_deref() {
        Some("pay") => book::pay_request(world, id, None, None),
        Some("deny") => book::request_act(world, id, &RequestAct::Fail("USER_DECLINED_PAYMENT".to_owned())),
        Some("expire") => book::request_act(world, id, &RequestAct::Expire),
        _ => Ok(()),
    };
    let Some(request) = world.xendit.requests.get(id) else { return page::nothing("Payment") };
    let open = matches!(request.status, Standing::RequiresAction | Standing::AcceptingPayments);
    let buttons: &[Button] = if open { &[PAY, DENY, EXPIRE] } else { &[] };
    let back = request.properties["success_return_url"].as_str();
    page::rendered(&Checkout {
        title: "Payment",
        reference: request.reference.clone(),
        amount: page::rupiah(request.amount),
        status: request.status.wire().to_owned(),
        methods: Vec::new(),
        buttons: buttons.to_vec(),
        back: back.filter(|_| !open).map(str::to_owned),
    })
}

impl Book {
    /// What there is, for the page.
    pub fn rows(&self) -> Vec<Row> {
        let invoices = self.invoices.values().map(|one| Row {
            provider: "xendit",
            reference: one.external_id.clone(),
            path: page::in_path(&one.id),
            method: "invoice".to_owned(),
            amount: page::rupiah(one.amount),
            status: one.status.wire().to_owned(),
            created: one.created.utc(),
            actions: match &one.paid {
                None if one.status == InvoiceStatus::Pending => vec!["pay", "expire"],
                Some(paid) if paid.channel.refunds != Refunds::None => vec!["refund"],
                _ => Vec::new(),
            },
            checkout: Some(format!("/xendit/web/{}", one.id)),
        });
        let requests = self.requests.values().map(|one| Row {
            provider: "xendit",
            reference: one.reference.clone(),
            path: page::in_path(&one.id),
            method: one.channel.code.to_owned(),
            amount: page::rupiah(one.amount),
            status: one.status.wire().to_owned(),
            created: one.created.utc(),
            actions: match one.status {
                Standing::RequiresAction | Standing::AcceptingPayments => vec!["pay", "expire"],
                Standing::Succeeded if one.channel.refunds != Refunds::None => vec!["refund"],
                _ => Vec::new(),
            },
            checkout: Some(format!("/xendit/pay/{}", one.id)),
        });
        invoices.chain(requests).collect()
    }
}
