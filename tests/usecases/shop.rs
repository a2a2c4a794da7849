//! A shop to test: products, buyers, staff, and what its counters say.

use dermaga_domain::{
    Result,
    inventory::{NewProduct, Offer},
    orders::{NewLine, NewOrder},
    payments::MethodChoice,
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{OrderId, ProductId},
    ledger::SystemAccount,
    orders::{Order, OrderStatus, Ware},
    payments::{GatewayState, Payment, PaymentState},
};
use dermaga_tests::played::{Charge, Played};
use uuid::Uuid;

use crate::desk::Desk;

/// The method of that name.
pub fn by(method: &str) -> MethodChoice {
    MethodChoice { method: Some(method.to_owned()), ..MethodChoice::default() }
}

/// A product at Rp 1.000 with so many on hand.
pub async fn product(desk: &Desk, stock: i64) -> ProductId {
    let id: ProductId = desk.id();
    let new = NewProduct { name: "Sepatu".to_owned(), price: 1_000, stock: Some(stock), ..NewProduct::default() };
    desk.app.inventory.create(&Principal::Operator, id, new).await.expect("offers");
    id
}

/// A line for so many of it.
pub fn line(product: ProductId, quantity: i64) -> NewLine {
    NewLine { ware: Ware::Product(product), quantity, unit_price: None, note: None }
}

/// Somebody orders so many, to be paid by that method if one is named.
pub async fn order(
    desk: &Desk,
    who: &Principal,
    product: ProductId,
    quantity: i64,
    method: Option<&str>,
) -> Result<(Order, Option<Payment>)> {
    let new = NewOrder { lines: vec![line(product, quantity)], draft: false, payment: method.map(by) };
    desk.app.orders.create(who, desk.id(), new).await
}

/// The same for an order that has to work, paid by QRIS.
pub async fn bought(desk: &Desk, who: &Principal, product: ProductId, quantity: i64) -> (Order, Payment) {
    let (order, payment) = order(desk, who, product, quantity, Some("qris")).await.expect("orders");
    (order, payment.expect("is being paid"))
}

/// On hand, allocated, held, available.
pub async fn counts(desk: &Desk, product: ProductId) -> (i64, i64, i64, i64) {
    let Offer { availability, .. } = desk.app.inventory.offer(product).await.expect("is there");
    (availability.stock.on_hand, availability.stock.allocated, availability.held, availability.available())
}

/// An order's status at this moment.
pub async fn status(desk: &Desk, id: OrderId) -> OrderStatus {
    use dermaga_ports::system::Clock as _;
    let order = desk.app.orders.order(&Principal::Operator, id).await.expect("is there");
    order.status_at(desk.clock.now())
}

/// An administrator.
pub async fn staff(desk: &Desk, name: &str) -> Principal {
    desk.person_of(name, Role::Admin).await.0
}

/// What the shop has earned.
pub async fn earned(desk: &Desk) -> i64 {
    desk.account(SystemAccount::Merchant { slug: "dermaga-shop".to_owned() }).await
}

/// Stock and books are whole.
pub async fn check(desk: &Desk) {
    desk.check().await;
    let (_, findings) = desk.app.inventory.verify(&Principal::Operator).await.expect("recounts");
    assert!(findings.is_empty(), "{findings:?}");
}

/// Two pairs of shoes of five, ordered by Ani and paid.
pub struct Sold {
    pub desk: Desk,
    pub gateway: Played,
    pub ani: Principal,
    pub admin: Principal,
    pub shoes: ProductId,
    pub order: OrderId,
    pub payment: Payment,
}

impl Sold {
    pub async fn by(method: &str) -> Self {
        let (desk, gateway) = Desk::played().await;
        let (ani, _) = desk.person("ani").await;
        let admin = staff(&desk, "budi").await;
        let shoes = product(&desk, 5).await;
        let (placed, payment) = order(&desk, &ani, shoes, 2, Some(method)).await.expect("orders");
        let payment = payment.expect("is being paid");
        gateway.pay(&payment.reference);
        let sold = Self { desk, gateway, ani, admin, shoes, order: placed.id, payment };
        sold.look().await;
        sold
    }

    /// The gateway is asked what it says by now.
    pub async fn look(&self) {
        self.desk.app.payments.confirm(&self.ani, self.payment.id).await.expect("asks");
    }

    /// The gateway says something else from now on, and is asked.
    pub async fn becomes(&self, change: impl FnOnce(&mut Charge)) {
        self.gateway.happen(&self.payment.reference, change);
        self.look().await;
    }

    /// Staff gives that much back, or all.
    pub async fn refund(&self, amount: Option<i64>) {
        let made = self.desk.app.payments.refund(&self.admin, self.desk.id(), self.payment.id, amount, "sorry").await;
        made.expect("refunds");
    }

    pub async fn counts(&self) -> (i64, i64, i64, i64) {
        counts(&self.desk, self.shoes).await
    }

    /// The bank takes the payment back: nothing is sold any more.
    pub async fn is_reversed(&self) {
        self.becomes(|charge| charge.state = GatewayState::Denied { reason: "reversed".to_owned() }).await;
        assert_eq!(self.desk.payment(self.payment.id).await.state, PaymentState::Reversed);
        assert_eq!((status(&self.desk, self.order).await, self.counts().await), (OrderStatus::Cancelled, (5, 0, 0, 5)));
        check(&self.desk).await;
    }
}

/// An id that nothing has.
pub fn nobody<T: From<Uuid>>() -> T {
    Uuid::from_u128(0xdead).into()
}
