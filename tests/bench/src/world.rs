//! The people whose money is moved: each with one funded wallet and an access token.
//!
//! They are made directly through the store. Registering them over HTTP would hash as many passwords, which takes longer
//! than the measurements. This file alone knows how Dermaga keeps its books; everything else speaks HTTP.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use dermaga_domain::ledger::Poster;
use dermaga_ports::{
    attendance::{Admission, Entry, Event},
    auth::{Language, PasswordHash, Role, TokenIssuer as _, User, UserStatus},
    ids::{AccountId, SessionId, TransferId, UserId, WalletId},
    ledger::{
        Account, AccountKind, Floor, Instruction, Ledger as _, NewTransfer, Posting, Purpose, SystemAccount, Voucher,
        Wallet, WalletName,
    },
    money::{Currency, Money},
    store::Store,
    system::{Clock as _, IdGenerator as _},
    time::{DAY, Timestamp},
};
use dermaga_security::{JwtIssuer, SystemClock, UuidV7Ids};
use dermaga_sql::{SqlOptions, SqlStore};
use uuid::Uuid;

use crate::host::{JWT_SECRET, PERSONAL_DATA_KEYS};

/// How many people there are.
pub const PEOPLE: usize = 10_000;
/// What each of them has: more than any load can spend.
const FUNDS: i64 = 1_000_000_000;
/// How many records go into one unit of work.
const CHUNK: usize = 1_000;
/// Counts the lines of the journal: one for each transfer that has happened.
pub const JOURNAL: &str = "SELECT count(*) FROM ledger_transfers";

/// What people come to.
pub const EVENT: &str = "bench";
/// Counts who has come.
pub const CAME: &str = "SELECT count(*) FROM checkins WHERE outcome = 'ok'";

/// Where the token of whoever stands at the door is written.
pub fn door_file(world: &Path) -> PathBuf {
    world.with_extension("door")
}

/// That token.
///
/// # Errors
/// The file cannot be read.
pub fn door(world: &Path) -> Result<String> {
    let file = door_file(world);
    fs::read_to_string(&file).with_context(|| file.display().to_string())
}

/// The people.
#[derive(Debug)]
pub struct World {
    people: Vec<Person>,
    /// Whoever stands at the door.
    committee: UserId,
    file: PathBuf,
    /// Who may read reports, with an access token.
    admin: (UserId, String),
}

#[derive(Debug)]
struct Person {
    user: UserId,
    wallet: WalletId,
}

impl World {
    /// Draws people and writes down for the load generator who they are: a wallet and an access token in each line.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn draw(folder: &Path) -> Result<Self> {
        let ids = UuidV7Ids;
        let people = (0..PEOPLE).map(|_| Person { user: ids.next().into(), wallet: ids.next().into() });
        // Good for longer than the longest run.
        let issuer = JwtIssuer::new(JWT_SECRET.as_bytes(), 2 * DAY)?;
        let admin: UserId = ids.next().into();
        let token = issuer.issue(admin, Role::Admin, ids.next().into(), SystemClock.now()).token;
        let (committee, file) = (ids.next().into(), folder.join("world"));
        let world = Self { people: people.collect(), committee, file, admin: (admin, token) };
        let mut lines = String::new();
        for person in &world.people {
            let session: SessionId = ids.next().into();
            let token = issuer.issue(person.user, Role::User, session, SystemClock.now()).token;
            writeln!(lines, "{} {token}", person.wallet)?;
        }
        fs::write(&world.file, lines)?;
        let token = issuer.issue(world.committee, Role::Committee, ids.next().into(), SystemClock.now()).token;
        fs::write(door_file(&world.file), token)?;
        Ok(world)
    }

    /// The administrator's access token.
    pub fn admin_token(&self) -> &str {
        &self.admin.1
    }

    /// What the load generator reads.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Settles the people in a database that has a schema and nothing else.
    ///
    /// # Errors
    /// What the store says.
    pub async fn settle(&self, url: &str) -> Result<()> {
        let options = SqlOptions { connections: 2, readers: 1, patience: Duration::from_secs(30) };
        let keys = PERSONAL_DATA_KEYS.parse().map_err(anyhow::Error::msg)?;
        let store = SqlStore::connect(url, options, keys).await?;
        let now = SystemClock.now();
        for people in self.people.chunks(CHUNK) {
            self.open(&store, people, now).await?;
        }
        let admin = User { role: Role::Admin, ..record(self.admin.0, now)? };
        let mut unit = store.begin().await?;
        unit.users().add(&admin, Some(&PasswordHash(String::new()))).await?;
        unit.commit().await?;
        self.open_the_door(&store, now).await?;
        let clearing = SystemAccount::Clearing.open(Currency::Idr, now);
        let mut unit = store.begin().await?;
        unit.books().open(&clearing).await?;
        unit.commit().await?;
        let poster = Poster::new(Arc::new(store.clone()), Arc::new(SystemClock));
        for people in self.people.chunks(CHUNK) {
            let transfers = people.iter().map(|person| fund(clearing.id, person)).collect::<Result<Vec<_>>>()?;
            let posting = Posting::linked(transfers).context("a posting of a legal size")?;
            for outcome in poster.post(vec![Voucher::from(posting)]).await? {
                ensure!(outcome.is_ok(), "the wallets cannot be funded: {outcome:?}");
            }
        }
        store.close().await;
        Ok(())
    }

    async fn open_the_door(&self, store: &SqlStore, now: Timestamp) -> Result<()> {
        let event = Event {
            id: EVENT.parse().map_err(anyhow::Error::msg)?,
            name: "Bench".to_owned(),
            venue: None,
            starts_at: now,
            ends_at: now + 2 * DAY,
            doors_at: None,
            capacity: None,
            admission: Admission::Open,
            entry: Entry::Single,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let mut unit = store.begin().await?;
        let panitia = User {
            id: self.committee,
            email: None,
            username: Some("panitia".parse().map_err(anyhow::Error::msg)?),
            full_name: None,
            phone: None,
            role: Role::Committee,
            language: Language::default(),
            status: UserStatus::Active,
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        unit.users().add(&panitia, Some(&PasswordHash(String::new()))).await?;
        unit.attended_events().add(&event).await?;
        Ok(unit.commit().await?)
    }

    async fn open(&self, store: &SqlStore, people: &[Person], now: Timestamp) -> Result<()> {
        let nobody_logs_in = PasswordHash(String::new());
        let mut unit = store.begin().await?;
        for person in people {
            unit.users().add(&record(person.user, now)?, Some(&nobody_logs_in)).await?;
            unit.books().open(&person.account(now)).await?;
            unit.wallets().add(&person.purse(now)).await?;
        }
        Ok(unit.commit().await?)
    }
}

impl Person {
    fn account(&self, now: Timestamp) -> Account {
        let code = format!("wallet:{}", self.wallet);
        Account::open(self.wallet.into(), AccountKind::Wallet, code, Currency::Idr, Floor::AtLeast(0), now)
    }

    fn purse(&self, now: Timestamp) -> Wallet {
        Wallet {
            id: self.wallet,
            owner: self.user,
            name: WalletName::main(),
            currency: Currency::Idr,
            is_default: true,
            closed: false,
            created_at: now,
        }
    }
}

/// Somebody's account.
fn record(user: UserId, now: Timestamp) -> Result<User> {
    let name = format!("u{}", user.0.simple());
    Ok(User {
        id: user,
        email: Some(format!("{name}@example.com").parse().map_err(anyhow::Error::msg)?),
        username: None,
        full_name: Some("Somebody".to_owned()),
        phone: None,
        role: Role::User,
        language: Language::default(),
        status: UserStatus::Active,
        last_login_at: None,
        created_at: now,
        updated_at: now,
    })
}

/// The money that somebody begins with.
fn fund(clearing: AccountId, person: &Person) -> Result<NewTransfer> {
    let amount = Money::new(FUNDS, Currency::Idr).context("an amount in range")?;
    let instruction = Instruction::Post { debit: clearing, credit: person.wallet.into(), amount };
    let id: Uuid = UuidV7Ids.next();
    Ok(NewTransfer::new(TransferId(id), Purpose::Credit, instruction)?)
}
