//! Who carries messages to people, as the settings say. What is half set is refused at start: nobody would notice until a
//! message is missed.

use std::{fs, sync::Arc};

use dermaga_mail::{LogSender, SmsSender, SmsSettings, SmtpSender, SmtpSettings, Tls};
use dermaga_ports::notifications::{Channel, Sender, Senders};

use crate::{HostError, Settings, settings::SmtpTls};

/// The port on which TLS begins with the first byte.
const IMPLICIT_TLS: u16 = 465;

/// What is configured, and a log in the place of what is not; for development.
pub fn or_logged(settings: &Settings) -> Result<Senders, HostError> {
    let logged = Channel::ALL.into_iter().map(|channel| Arc::new(LogSender(channel)) as Arc<dyn Sender>);
    Ok(Senders::new(known(settings)?.into_iter().chain(logged)))
}

/// What is configured, and what the operator should know of what is not.
pub fn configured(settings: &Settings) -> Result<(Senders, Vec<String>), HostError> {
    let senders = Senders::new(known(settings)?);
    let notes = match senders.of(Channel::Email) {
        Some(_) => Vec::new(),
        None => vec!["Mail           none is sent: set SMTP_SERVER".to_owned()],
    };
    Ok((senders, notes))
}

fn known(settings: &Settings) -> Result<Vec<Arc<dyn Sender>>, HostError> {
    let mut senders: Vec<Arc<dyn Sender>> = Vec::new();
    if let Some(smtp) = smtp(settings)? {
        senders.push(Arc::new(SmtpSender::new(smtp).map_err(HostError::Settings)?));
    }
    if let Some(sms) = sms(settings)? {
        senders.push(Arc::new(SmsSender::new(sms).map_err(HostError::Settings)?));
    }
    Ok(senders)
}

fn smtp(settings: &Settings) -> Result<Option<SmtpSettings>, HostError> {
    let Some(server) = settings.smtp_server.clone() else {
        let alone = [
            ("SMTP_USER", settings.smtp_user.is_some()),
            ("SMTP_PASSWORD", settings.smtp_password.is_some()),
            ("SMTP_TLS", settings.smtp_tls.is_some()),
            ("SMTP_CA", settings.smtp_ca.is_some()),
        ];
        return match alone.into_iter().find(|(_, set)| *set) {
            Some((name, _)) => Err(HostError::Settings(format!("{name} is set and SMTP_SERVER is not"))),
            None => Ok(None),
        };
    };
    let login = match (settings.smtp_user.clone(), settings.smtp_password.clone()) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => return Err(incomplete("SMTP_PASSWORD", "SMTP_USER")),
        (None, Some(_)) => return Err(incomplete("SMTP_USER", "SMTP_PASSWORD")),
    };
    let sender = settings.sender_email.clone().or_else(|| settings.smtp_user.clone());
    let sender = sender.ok_or_else(|| incomplete("SENDER_EMAIL", "SMTP_SERVER"))?;
    let authority = match &settings.smtp_ca {
        None => None,
        Some(path) => Some(fs::read(path).map_err(|source| HostError::File { path: path.clone(), source })?),
    };
    let tls = match settings.smtp_tls {
        Some(SmtpTls::Starttls) => Tls::StartTls,
        Some(SmtpTls::Tls) => Tls::Implicit,
        Some(SmtpTls::None) => Tls::None,
        None if settings.smtp_port == IMPLICIT_TLS => Tls::Implicit,
        None => Tls::StartTls,
    };
    Ok(Some(SmtpSettings { server, port: settings.smtp_port, login, sender, tls, authority }))
}

fn sms(settings: &Settings) -> Result<Option<SmsSettings>, HostError> {
    let (account, token, sender) = (&settings.sms_account, &settings.sms_token, &settings.sms_sender);
    match (account.clone(), token.clone(), sender.clone()) {
        (None, None, None) => Ok(None),
        (Some(account), Some(token), Some(sender)) => {
            let (url, country) = (settings.sms_url.clone(), settings.sms_country.clone());
            Ok(Some(SmsSettings { url, account, token, sender, country }))
        }
        (None, ..) => Err(HostError::Settings("SMS_TOKEN or SMS_SENDER is set and SMS_ACCOUNT is not".to_owned())),
        (_, None, _) => Err(incomplete("SMS_TOKEN", "SMS_ACCOUNT")),
        (_, _, None) => Err(incomplete("SMS_SENDER", "SMS_ACCOUNT")),
    }
}

fn incomplete(missing: &str, given: &str) -> HostError {
    HostError::Settings(format!("{missing} is required, because {given} is set"))
}
