//! Identity when things happen at once or in an unlucky order.

use dermaga_domain::{
    Code,
    auth::{LoginAttempt, Registration},
};
use dermaga_ports::{
    auth::{Principal, Role, UserFilter},
    paging::PageRequest,
};

use crate::desk::{Desk, settling, user};

fn attempt(username: &str, password: &str) -> LoginAttempt {
    LoginAttempt {
        email: None,
        username: Some(username.to_owned()),
        password: password.to_owned(),
        address: Some("192.0.2.1".to_owned()),
    }
}

#[tokio::test]
async fn a_token_outlives_its_role_but_does_not_run_the_system() {
    let desk = Desk::with(settling()).await;
    let (first, _) = desk.person_of("first", Role::Admin).await;
    let (second, _) = desk.person_of("second", Role::Admin).await;
    let list = || desk.app.auth.profiles(&second, &UserFilter { text: None, role: None }, PageRequest::first(1));
    list().await.expect("an administrator may");
    desk.app.auth.change_role(&first, user(&second), Role::User).await.expect("demoted");
    assert_eq!(list().await.expect_err("no longer").code(), Code::PermissionDenied);
}

#[tokio::test]
async fn two_administrators_cannot_demote_each_other_at_once() {
    let desk = std::sync::Arc::new(Desk::with(settling()).await);
    let (first, _) = desk.person_of("first", Role::Admin).await;
    let (second, _) = desk.person_of("second", Role::Admin).await;
    let demote = |by: &Principal, whom: &Principal| {
        let (desk, by, whom) = (desk.clone(), by.clone(), user(whom));
        tokio::spawn(async move { desk.app.auth.change_role(&by, whom, Role::User).await })
    };
    let (one, other) = (demote(&first, &second), demote(&second, &first));
    let results = [one.await.expect("no panic"), other.await.expect("no panic")];
    assert!(results.iter().filter(|result| result.is_ok()).count() <= 1, "{results:?}");
    let admins = UserFilter { text: None, role: Some(Role::Admin) };
    let left = desk.app.auth.profiles(&Principal::Operator, &admins, PageRequest::first(5)).await.expect("lists");
    assert!(!left.items.is_empty(), "somebody is left");
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_not_a_hundred_chances() {
    let desk = std::sync::Arc::new(Desk::with(settling()).await);
    desk.person("ani").await;
    let guesses = (0..40).map(|n| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.app.auth.login(attempt("ani", &format!("guess {n}"))).await })
    });
    let answers = futures::future::join_all(guesses).await;
    let codes: Vec<_> = answers.into_iter().map(|a| a.expect("no panic").expect_err("wrong").code()).collect();
    let checked = codes.iter().filter(|code| **code == Code::InvalidCredentials).count();
    // Five are free, the sixth starts the wait.
    assert_eq!(checked, 6, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Code::InvalidCredentials | Code::Throttled)));
    // The right password has to wait as well, or the wait would tell which guess was right.
    assert_eq!(desk.app.auth.login(attempt("ani", "correct horse")).await.expect_err("waits").code(), Code::Throttled);
    desk.clock.advance(std::time::Duration::from_secs(2));
    desk.app.auth.login(attempt("ani", "correct horse")).await.expect("the wait is over");
}

#[tokio::test]
async fn one_address_is_registered_once_however_it_is_spelled() {
    let desk = std::sync::Arc::new(Desk::with(settling()).await);
    let spellings = ["ani@example.com", "Ani@Example.com", "ANI@EXAMPLE.COM", "ani@example.COM"];
    let attempts = spellings.map(|email| {
        let desk = desk.clone();
        tokio::spawn(async move {
            let registration = Registration {
                email: Some(email.to_owned()),
                password: "correct horse".to_owned(),
                ..Registration::default()
            };
            desk.app.auth.register(desk.id(), registration).await
        })
    });
    let answers = futures::future::join_all(attempts).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("no panic")).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().filter_map(|a| a.as_ref().err()).all(|error| error.code() == Code::EmailTaken));
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_login_for_thief_and_owner() {
    let desk = Desk::with(settling()).await;
    desk.person("ani").await;
    let login = desk.app.auth.login(attempt("ani", "correct horse")).await.expect("logs in");
    let next = desk.app.auth.refresh(&login.refresh_token).await.expect("rotates");
    let stolen = desk.app.auth.refresh(&login.refresh_token).await.expect_err("was used");
    assert_eq!(stolen.code(), Code::RefreshTokenReused);
    let owner = desk.app.auth.refresh(&next.refresh_token).await.expect_err("ended for safety");
    assert_eq!(owner.code(), Code::RefreshTokenInvalid);
}

#[tokio::test]
async fn a_closed_account_keeps_its_books_and_loses_its_name() {
    let desk = Desk::with(settling()).await;
    let (ani, wallet) = desk.person("ani").await;
    let login = desk.app.auth.login(attempt("ani", "correct horse")).await.expect("logs in");
    desk.topup(&ani, desk.id(), &wallet, 5).await.expect("settles");
    let full = desk.app.auth.close_account(&ani, user(&ani)).await.expect_err("money is left");
    assert_eq!(full.code(), Code::AccountNotEmpty);
    let spend =
        dermaga_domain::payments::MerchantPayment { merchant: "Kopi".to_owned(), payment: crate::desk::rupiah(5) };
    desk.app.payments.pay(&ani, desk.id(), wallet.id, spend).await.expect("pays");
    desk.app.auth.close_account(&ani, user(&ani)).await.expect("closes");
    desk.app.auth.close_account(&ani, user(&ani)).await.expect("and again changes nothing");

    let left = desk.app.auth.profile(&Principal::Operator, user(&ani)).await.expect("the record stays");
    assert!(left.username.is_none() && !left.is_active());
    let late = desk.topup(&ani, desk.id(), &wallet, 5).await.expect_err("closed");
    assert_eq!(late.code(), Code::AccountClosed);
    let relogin = desk.app.auth.login(attempt("ani", "correct horse")).await.expect_err("gone");
    assert_eq!(relogin.code(), Code::InvalidCredentials);
    let refresh = desk.app.auth.refresh(&login.refresh_token).await.expect_err("gone");
    assert_eq!(refresh.code(), Code::RefreshTokenInvalid);
    desk.person("ani").await;
    desk.check().await;
}
