//! `admin create`: the only way to the first administrator.

use std::{
    io::{BufRead, IsTerminal},
    process::ExitCode,
};

use dermaga_domain::auth::Registration;
use dermaga_ports::auth::{Principal, Role};

use crate::{HostError, Settings, cli::NewAdmin, profile};

pub async fn create_admin(settings: &Settings, new: NewAdmin) -> Result<ExitCode, HostError> {
    let (store, app) = profile::operate(settings).await?;
    let registration = Registration {
        email: new.email,
        username: new.username,
        password: password(new.password_stdin)?,
        role: Some(Role::Admin),
        ..Registration::default()
    };
    let id = app.idempotency.fresh().into();
    let user = app.auth.create_account(&Principal::Operator, id, registration).await?;
    println!("{} is an administrator now. Log in at POST /v1/auth/login.", user.display_name());
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn password(from_stdin: bool) -> Result<String, HostError> {
    let unreadable = |error: std::io::Error| HostError::Refused(format!("The password cannot be read: {error}"));
    if from_stdin || !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("Password: ").map_err(unreadable)?;
    let second = rpassword::prompt_password("Once more: ").map_err(unreadable)?;
    if first != second {
        return Err(HostError::Refused("The two passwords differ.".to_owned()));
    }
    Ok(first)
}
