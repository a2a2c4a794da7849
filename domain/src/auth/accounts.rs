//! Accounts after registration: profiles, roles, and their end.

use dermaga_ports::{
    auth::{Language, Login, Principal, Role, User, UserFilter, UserStatus},
    ids::{AccountId, UserId},
    paging::{Page, PageRequest},
    store::UnitOfWork,
    time::Timestamp,
};
use serde_json::json;

use super::{
    Auth, Permission,
    register::{no_guest, taken},
    throttle,
};
use crate::{
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
    orders::orders_open,
};

/// New values of a profile; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub email: Option<String>,
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub phone: Option<String>,
    pub language: Option<Language>,
    /// A new password; the owner proves the present one.
    pub password: Option<String>,
    pub current_password: Option<String>,
}

/// The state of an account as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    pub user: User,
    /// Failed logins in a row, under the e-mail address or the username.
    pub failed_attempts: u32,
    /// No login counts before this moment.
    pub blocked_until: Option<Timestamp>,
}

fn not_found(id: UserId) -> Error {
    Error::new(Code::UserNotFound, format!("There is no user {id}."))
}

impl Auth {
    /// The caller's own account.
    ///
    /// # Errors
    /// [`Code::TokenInvalid`] when the account has been closed since the token was made.
    pub async fn me(&self, principal: &Principal) -> Result<User> {
        let Principal::User { id, .. } = principal else {
            return Err(Error::new(Code::PermissionDenied, "A service has no profile."));
        };
        let user = self.0.ports.store.users().user(*id).await?.filter(User::is_active);
        user.ok_or_else(|| Error::new(Code::TokenInvalid, "The account of this token is closed."))
    }

    /// A profile: one's own, or any for staff.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`] for somebody else's, whether or not it exists; [`Code::UserNotFound`] for staff.
    pub async fn profile(&self, by: &Principal, id: UserId) -> Result<User> {
        self.0.authorise_owner(by, id, Permission::OwnProfile, Permission::ReadProfiles).await?;
        self.0.ports.store.users().user(id).await?.ok_or_else(|| not_found(id))
    }

    /// Profiles, newest first.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn profiles(
        &self,
        by: &Principal,
        filter: &UserFilter,
        page: PageRequest<UserId>,
    ) -> Result<Page<User, UserId>> {
        self.0.authorise(by, Permission::ReadProfiles).await?;
        Ok(self.0.ports.store.users().users(filter, page).await?)
    }

    /// Accounts with their state, newest first.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn accounts(&self, by: &Principal, page: PageRequest<UserId>) -> Result<Page<Security, UserId>> {
        self.0.authorise(by, Permission::ManageRoles).await?;
        let users = self.0.ports.store.users().users(&UserFilter::default(), page).await?;
        Ok(Page { items: self.with_state(users.items).await?, next: users.next })
    }

    /// One account with its state.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::UserNotFound`].
    pub async fn account(&self, by: &Principal, id: UserId) -> Result<Security> {
        self.0.authorise(by, Permission::ManageRoles).await?;
        let user = self.0.ports.store.users().user(id).await?.ok_or_else(|| not_found(id))?;
        let mut states = self.with_state(vec![user]).await?;
        states.pop().ok_or_else(|| not_found(id))
    }

    async fn with_state(&self, users: Vec<User>) -> Result<Vec<Security>> {
        let keys: Vec<String> = users.iter().flat_map(throttle_keys).collect();
        let throttles = self.0.ports.store.users().throttles(&keys).await?;
        let state = |user: User| {
            let of_user = throttle_keys(&user).filter_map(|key| throttles.get(&key));
            let worst = of_user.max_by_key(|throttle| throttle.failures);
            Security {
                failed_attempts: worst.map_or(0, |throttle| throttle.failures),
                blocked_until: worst.map(|throttle| throttle.blocked_until),
                user,
            }
        };
        Ok(users.into_iter().map(state).collect())
    }

    /// Changes a profile.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::UserNotFound`], [`Code::Invalid`] with every fault, conflicts as at
    /// registration, [`Code::InvalidCredentials`] when the present password is wrong.
    pub async fn change_profile(&self, by: &Principal, id: UserId, change: ProfileChange) -> Result<User> {
        self.0.authorise_owner(by, id, Permission::OwnProfile, Permission::ManageProfiles).await?;
        let mut faults = Faults::default();
        let email = faults.parse("/email", change.email.as_deref());
        let username = faults.parse("/username", change.username.as_deref());
        let phone = faults.parse("/phone", change.phone.as_deref());
        let full_name = faults.text("/full_name", change.full_name.as_deref(), 100);
        if let Some(password) = &change.password {
            self.check_password("/password", password, &mut faults);
        }
        faults.check()?;
        let password = match &change.password {
            Some(password) => {
                self.prove_password(by, id, change.current_password.as_deref()).await?;
                Some(self.hash(password).await?)
            }
            None => None,
        };

        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut user = uow.users().find(id).await?.filter(User::is_active).ok_or_else(|| not_found(id))?;
        user.email = email.or(user.email);
        user.username = username.or(user.username);
        user.phone = phone.or(user.phone);
        user.full_name = full_name.or(user.full_name);
        user.language = change.language.unwrap_or(user.language);
        user.updated_at = now;
        uow.users().save(&user).await.map_err(taken)?;
        if let Some(password) = &password {
            uow.users().set_password(id, Some(password)).await?;
            uow.sessions().revoke_all(id, now).await?;
        }
        let detail = if password.is_some() { "with a new password" } else { "" }.to_owned();
        let note = Note { actor: Some(by), action: "auth.profile_changed", subject: format!("user:{id}"), detail };
        self.0.file(&mut *uow, note, json!({ "user_id": id }), now).await?;
        uow.commit().await?;
        Ok(user)
    }

    /// Only whoever knows the present password may set another; an administrator may for others.
    async fn prove_password(&self, by: &Principal, id: UserId, current: Option<&str>) -> Result<()> {
        if !matches!(by, Principal::User { id: own, .. } if *own == id) {
            return Ok(());
        }
        let current = current.ok_or_else(|| Error::fault("/current_password", "is required to set a new password"))?;
        let user = self.0.ports.store.users().user(id).await?.ok_or_else(|| not_found(id))?;
        let login = user.email.map(Login::Email).or(user.username.map(Login::Username));
        let known = match &login {
            Some(login) => self.0.ports.store.users().credentials(login).await?,
            None => None,
        };
        let hash = known.as_ref().map(|(_, hash)| hash);
        if self.0.ports.hasher.verify(current, hash).await.map_err(Error::internal)? {
            return Ok(());
        }
        Err(Error::new(Code::InvalidCredentials, "The present password is wrong.").at("/current_password"))
    }

    /// Changes a role and ends the account's logins, so that the new role counts at once.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::UserNotFound`], [`Code::LastAdmin`].
    pub async fn change_role(&self, by: &Principal, id: UserId, role: Role) -> Result<User> {
        self.0.authorise(by, Permission::ManageRoles).await?;
        no_guest(role)?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut user = uow.users().find(id).await?.filter(User::is_active).ok_or_else(|| not_found(id))?;
        if user.role == role {
            return Ok(user);
        }
        keep_an_admin(&mut *uow, &user).await?;
        let detail = format!("{} -> {role}", user.role);
        user.role = role;
        user.updated_at = now;
        uow.users().save(&user).await?;
        uow.sessions().revoke_all(id, now).await?;
        let note = Note { actor: Some(by), action: "auth.role_changed", subject: format!("user:{id}"), detail };
        self.0.file(&mut *uow, note, json!({ "user_id": id, "role": role }), now).await?;
        uow.commit().await?;
        Ok(user)
    }

    /// Closes an account: personal data is erased, the books stay. Closing it again changes nothing.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::UserNotFound`], [`Code::LastAdmin`], [`Code::AccountNotEmpty`] while money,
    /// a reservation or an unfinished transaction remains.
    pub async fn close_account(&self, by: &Principal, id: UserId) -> Result<()> {
        self.0.authorise_owner(by, id, Permission::OwnProfile, Permission::ManageProfiles).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut user = uow.users().find(id).await?.ok_or_else(|| not_found(id))?;
        if !user.is_active() {
            return Ok(());
        }
        keep_an_admin(&mut *uow, &user).await?;
        if uow.orders().has_open(id, now).await? {
            return Err(orders_open());
        }
        close_wallets(&mut *uow, id).await?;
        user = User {
            email: None,
            username: None,
            full_name: None,
            phone: None,
            status: UserStatus::Closed { at: now },
            updated_at: now,
            ..user
        };
        uow.users().save(&user).await?;
        uow.users().set_password(id, None).await?;
        uow.sessions().revoke_all(id, now).await?;
        uow.notifications().forget(id).await?;
        uow.tickets().forget_holder(id).await?;
        uow.bookings().forget(id).await?;
        let note = Note {
            actor: Some(by),
            action: "auth.account_closed",
            subject: format!("user:{id}"),
            detail: String::new(),
        };
        self.0.file(&mut *uow, note, json!({ "user_id": id }), now).await?;
        Ok(uow.commit().await?)
    }
}

/// Under which keys the failures of an account are counted.
fn throttle_keys(user: &User) -> impl Iterator<Item = String> {
    let email = user.email.clone().map(Login::Email);
    let username = user.username.clone().map(Login::Username);
    email.into_iter().chain(username).map(|login| throttle::key_of(&login))
}

/// A system without an administrator cannot be mended from inside.
async fn keep_an_admin(uow: &mut dyn UnitOfWork, leaving: &User) -> Result<()> {
    if leaving.role == Role::Admin && uow.users().count_admins().await? <= 1 {
        return Err(Error::new(Code::LastAdmin, "Make someone else an administrator first."));
    }
    Ok(())
}

async fn close_wallets(uow: &mut dyn UnitOfWork, owner: UserId) -> Result<()> {
    let accounts: Vec<AccountId> = uow.wallets().of_user(owner).await?.iter().map(|wallet| wallet.id.into()).collect();
    for account in uow.books().lock(&accounts).await? {
        let posted = account.counters.balance().posted;
        if posted != 0 {
            let told = format!("A wallet still holds {} {posted}. Spend or withdraw it first.", account.currency);
            return Err(Error::new(Code::AccountNotEmpty, told));
        }
        if uow.books().has_open_holds(account.id).await? {
            return Err(Error::new(Code::AccountNotEmpty, "A reservation is still open. Complete or cancel it first."));
        }
        uow.books().close(account.id).await?;
    }
    if uow.transactions().has_unfinished(owner).await? {
        return Err(Error::new(Code::AccountNotEmpty, "A transaction is still open. Complete or cancel it first."));
    }
    uow.wallets().close_all(owner).await?;
    Ok(())
}
