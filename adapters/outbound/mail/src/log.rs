//! A sender for development: it says in the log that a message left, and no message leaves.

use async_trait::async_trait;
use dermaga_ports::notifications::{Channel, Message, Receipt, Recipient, SendError, Sender};

/// Logs instead of sending. The words stay out of the log, whoever wants to read them asks the API.
#[derive(Debug, Clone, Copy)]
pub struct LogSender(pub Channel);

#[async_trait]
impl Sender for LogSender {
    fn channel(&self) -> Channel {
        self.0
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        tracing::info!(
            notification = %message.id,
            channel = self.0.as_str(),
            to = masked(&message.to),
            subject = message.subject,
            characters = message.text.chars().count(),
            "a message is logged instead of sent"
        );
        Ok(Receipt { reference: Some("log".to_owned()) })
    }
}

/// Enough of an address to recognise it, too little to use it.
fn masked(to: &Recipient) -> String {
    match to {
        Recipient::Email { address, .. } => {
            let (name, domain) = address.as_str().split_once('@').unwrap_or(("", ""));
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        Recipient::Phone(phone) => {
            let digits: Vec<char> = phone.as_str().chars().collect();
            let last: String = digits[digits.len().saturating_sub(3)..].iter().collect();
            format!("***{last}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_the_log_is_recognised_and_not_usable() {
        let address = "john@example.com".parse().expect("an address");
        assert_eq!(masked(&Recipient::Email { address, name: None }), "j***@example.com");
        assert_eq!(masked(&Recipient::Phone("+628123456".parse().expect("a number"))), "***456");
    }
}
