//! How accounts come to be.

use dermaga_ports::{
    StoreError, Unique,
    auth::{Email, Language, PasswordHash, Phone, Principal, Role, User, UserStatus, Username},
    ids::UserId,
    ledger::{Account, AccountKind, Floor, Wallet, WalletName},
    money::Currency,
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::json;

use super::{Auth, Permission};
use crate::{
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
    once::made_once,
};

/// The longest password that is accepted; beyond it, hashing would be a way to keep the server busy.
pub(super) const MAX_PASSWORD: usize = 200;

/// What someone registers with.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    pub email: Option<String>,
    pub username: Option<String>,
    pub password: String,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    pub role: Option<Role>,
}

/// A registration whose fields are all right.
struct Candidate {
    email: Option<Email>,
    username: Option<Username>,
    full_name: Option<String>,
    phone: Option<Phone>,
}

impl Auth {
    /// Anyone registers. The account gets a wallet in rupiah.
    ///
    /// Idempotent by `id`: the same id again answers the account it made.
    ///
    /// # Errors
    /// [`Code::RoleNotOpen`] for a role that the profile does not open, [`Code::Invalid`] for faults of the fields,
    /// [`Code::EmailTaken`] or [`Code::UsernameTaken`].
    pub async fn register(&self, id: UserId, registration: Registration) -> Result<User> {
        let role = registration.role.unwrap_or(Role::User);
        let open = role != Role::Admin && self.0.policy.open_roles.contains(&role);
        if !open {
            let told = format!("The role {role} cannot be chosen here; an administrator grants it.");
            return Err(Error::new(Code::RoleNotOpen, told).at("/role"));
        }
        let own = Principal::User { id, role, session: self.0.id() };
        self.create(id, &own, role, registration).await
    }

    /// An administrator or the operator makes an account, with any role.
    ///
    /// # Errors
    /// As [`Auth::register`], and [`Code::PermissionDenied`].
    pub async fn create_account(&self, by: &Principal, id: UserId, registration: Registration) -> Result<User> {
        self.0.authorise(by, Permission::ManageProfiles).await?;
        let role = registration.role.unwrap_or(Role::User);
        no_guest(role)?;
        if role != Role::User {
            self.0.authorise(by, Permission::ManageRoles).await?;
        }
        self.create(id, by, role, registration).await
    }

    async fn create(&self, id: UserId, by: &Principal, role: Role, registration: Registration) -> Result<User> {
        let candidate = self.validate(&registration)?;
        let find = async || Ok(self.0.ports.store.users().user(id).await?);
        made_once(find, self.make(id, by, role, candidate, &registration.password)).await
    }

    async fn make(&self, id: UserId, by: &Principal, role: Role, candidate: Candidate, password: &str) -> Result<User> {
        let password = self.hash(password).await?;
        let now = self.0.now();
        let user = User {
            id,
            email: candidate.email,
            username: candidate.username,
            full_name: candidate.full_name,
            phone: candidate.phone,
            role,
            language: Language::default(),
            status: UserStatus::Active,
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        let mut uow = self.0.begin().await?;
        uow.users().add(&user, Some(&password)).await.map_err(taken)?;
        self.open_default_wallet(&mut *uow, id, now).await?;
        let note = Note {
            actor: Some(by),
            action: "auth.registered",
            subject: format!("user:{id}"),
            detail: format!("role {role}"),
        };
        self.0.file(&mut *uow, note, json!({ "user_id": id, "role": role }), now).await?;
        uow.commit().await?;
        Ok(user)
    }

    fn validate(&self, registration: &Registration) -> Result<Candidate> {
        let mut faults = Faults::default();
        let candidate = Candidate {
            email: faults.parse("/email", registration.email.as_deref()),
            username: faults.parse("/username", registration.username.as_deref()),
            full_name: faults.text("/full_name", registration.full_name.as_deref(), 100),
            phone: faults.parse("/phone", registration.phone.as_deref()),
        };
        if registration.email.is_none() && registration.username.is_none() {
            faults.add("/email", "is required, unless a username is given");
        }
        self.check_password("/password", &registration.password, &mut faults);
        faults.check()?;
        Ok(candidate)
    }

    pub(super) fn check_password(&self, pointer: &str, password: &str, faults: &mut Faults) {
        let min = self.0.policy.min_password;
        if !(min..=MAX_PASSWORD).contains(&password.chars().count()) {
            faults.add(pointer, format!("must have {min} to {MAX_PASSWORD} characters"));
        }
    }

    pub(super) async fn hash(&self, password: &str) -> Result<PasswordHash> {
        self.0.ports.hasher.hash(password).await.map_err(Error::internal)
    }

    pub(super) async fn open_default_wallet(
        &self,
        uow: &mut dyn UnitOfWork,
        owner: UserId,
        now: Timestamp,
    ) -> Result<()> {
        let wallet = Wallet {
            id: self.0.id(),
            owner,
            name: WalletName::main(),
            currency: Currency::Idr,
            is_default: true,
            closed: false,
            created_at: now,
        };
        add_wallet(uow, &wallet).await.map_err(Error::from)
    }
}

/// Guests come to be without a password, and stay guests.
pub(super) fn no_guest(role: Role) -> Result<()> {
    if role == Role::Guest {
        return Err(Error::fault("/role", "must not be guest: guests are made by POST /users without a password"));
    }
    Ok(())
}

/// Adds a wallet together with the account that keeps its money.
pub(crate) async fn add_wallet(uow: &mut dyn UnitOfWork, wallet: &Wallet) -> std::result::Result<(), StoreError> {
    let account = Account::open(
        wallet.id.into(),
        AccountKind::Wallet,
        format!("wallet:{}", wallet.id),
        wallet.currency,
        Floor::AtLeast(0),
        wallet.created_at,
    );
    uow.books().open(&account).await?;
    uow.wallets().add(wallet).await
}

/// Gives the conflicts of an account the words that a person understands.
pub(super) fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Conflict(Unique::UserEmail) => {
            Error::new(Code::EmailTaken, "An account with this e-mail address exists. Log in instead.").at("/email")
        }
        StoreError::Conflict(Unique::UserUsername) => {
            Error::new(Code::UsernameTaken, "This username belongs to someone else. Choose another.").at("/username")
        }
        other => other.into(),
    }
}
