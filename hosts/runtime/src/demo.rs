//! The data of the profile `demo`: three customers with money, two products, an administrator, a committee member and
//! an event.
//!
//! Everything has a fixed id and is made through the use cases, which are idempotent by id: a start that was interrupted
//! goes on where it stopped.

use dermaga_domain::{
    App, Result,
    attendance::{NewEvent, NewTicketType},
    auth::{ProfileChange, Registration},
    inventory::NewProduct,
    ledger::{NewTransaction, Party},
    payments::{MethodChoice, Topup},
};
use dermaga_ports::{
    attendance::{Admission, Entry},
    auth::{Principal, Role, UserFilter},
    ids::{SessionId, TicketTypeId, TransactionId, UserId},
    paging::PageRequest,
    store::Store,
    system::{Clock, Secrets},
    time::DAY,
};
use dermaga_security::{OsSecrets, SystemClock};
use dermaga_sql::SqlStore;
use uuid::Uuid;

use crate::Settings;

/// Customers: e-mail address, full name, balance in rupiah. The README names Jane's id.
const CUSTOMERS: [(u128, &str, &str, i64); 3] = [
    (1, "john@example.com", "John Doe", 1_000_000),
    (2, "jane@example.com", "Jane Doe", 500_000),
    (3, "bob@example.com", "Bob Smith", 750_000),
];
/// Products: name, price in rupiah, how many there are. The README names the first one's id.
const PRODUCTS: [(u128, &str, i64, i64); 2] = [(1, "Sepatu Sport", 250_000, 10), (2, "Tas Ransel", 150_000, 15)];
const CUSTOMER_PASSWORD: &str = "password123";
const ADMIN: u128 = 100;
const COMMITTEE: u128 = 101;
const EVENT: &str = "evt1";

/// Ids that are easy to recognise: the first moment of UUIDv7's calendar, and a number.
fn fixed(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128((0x7 << 76) | (0x2 << 62) | (kind << 32) | number)
}

fn user(number: u128) -> UserId {
    UserId(fixed(1, number))
}

/// Whether the demo may put its data here: into a database without accounts, or one that it has begun before.
pub async fn may_seed(store: &SqlStore) -> Result<bool> {
    let (first_customer, ..) = CUSTOMERS[0];
    let begun = store.users().user(user(first_customer)).await?.is_some();
    let empty = store.users().users(&UserFilter::default(), PageRequest::first(1)).await?.items.is_empty();
    Ok(begun || empty)
}

/// Makes what is missing; answers the lines that are shown once.
pub async fn seed(app: &App, settings: &Settings) -> Result<Vec<String>> {
    // The administrator comes last, so whoever finds them finds everything.
    if app.auth.profile(&Principal::Operator, user(ADMIN)).await.is_ok() {
        return Ok(Vec::new());
    }
    for (number, email, name, balance) in CUSTOMERS {
        customer(app, number, email, name, balance).await?;
    }
    for (number, name, price, stock) in PRODUCTS {
        let product = NewProduct { name: name.to_owned(), price, stock: Some(stock), ..NewProduct::default() };
        app.inventory.create(&Principal::Operator, fixed(4, number).into(), product).await?;
    }
    let committee = password(settings.committee_password.as_deref());
    let admin = password(settings.admin_password.as_deref());
    let panitia = Registration {
        username: Some("panitia1".to_owned()),
        password: committee.clone(),
        role: Some(Role::Committee),
        ..Registration::default()
    };
    app.auth.create_account(&Principal::Operator, user(COMMITTEE), panitia).await?;
    // A start that was interrupted has made the account with a password that nobody saw.
    let password = Some(committee.clone());
    let change = ProfileChange { password, ..ProfileChange::default() };
    app.auth.change_profile(&Principal::Operator, user(COMMITTEE), change).await?;
    event(app).await?;
    let administrator = Registration {
        email: Some("admin@example.com".to_owned()),
        password: admin.clone(),
        full_name: Some("Administrator".to_owned()),
        role: Some(Role::Admin),
        ..Registration::default()
    };
    app.auth.create_account(&Principal::Operator, user(ADMIN), administrator).await?;
    Ok(vec![
        format!("Customers      john, jane and bob @example.com, password {CUSTOMER_PASSWORD}"),
        format!("Administrator  admin@example.com, password {admin}"),
        format!("Committee      panitia1, password {committee}"),
        "               (these passwords are shown this once)".to_owned(),
    ])
}

async fn customer(app: &App, number: u128, email: &str, name: &str, balance: i64) -> Result<()> {
    let id = user(number);
    let registration = Registration {
        email: Some(email.to_owned()),
        password: CUSTOMER_PASSWORD.to_owned(),
        full_name: Some(name.to_owned()),
        ..Registration::default()
    };
    app.auth.create_account(&Principal::Operator, id, registration).await?;
    let own = Principal::User { id, role: Role::User, session: SessionId(fixed(2, number)) };
    let topup =
        NewTransaction { amount: balance, description: Some("Demo balance".to_owned()), ..NewTransaction::default() };
    let transaction = TransactionId(fixed(3, number));
    app.payments.topup(&own, transaction, Party::User(id), Topup { topup, choice: MethodChoice::default() }).await?;
    Ok(())
}

/// An event that lets in on any code, once: nothing has to be printed to try it.
async fn event(app: &App) -> Result<()> {
    let now = SystemClock.now();
    if app.attendance.event(&Principal::Operator, EVENT).await.is_err() {
        let new = NewEvent {
            id: EVENT.to_owned(),
            name: "Konser Dermaga".to_owned(),
            venue: Some("Pelabuhan Tanjung Priok".to_owned()),
            starts_at: now,
            ends_at: now + 365 * DAY,
            doors_at: None,
            capacity: None,
            admission: Admission::Open,
            entry: Entry::Single,
        };
        app.attendance.create(&Principal::Operator, new).await?;
    }
    let regular = NewTicketType {
        name: "Reguler".to_owned(),
        price: 100_000,
        currency: None,
        quota: 500,
        sale_from: None,
        sale_until: None,
        valid_from: None,
        valid_until: None,
    };
    app.attendance.create_type(&Principal::Operator, TicketTypeId(fixed(4, 1)), EVENT, regular).await?;
    Ok(())
}

fn password(given: Option<&str>) -> String {
    given.map_or_else(|| OsSecrets.token().chars().take(16).collect(), str::to_owned)
}
