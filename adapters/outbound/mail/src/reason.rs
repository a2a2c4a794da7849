//! What of somebody else's words is passed on.

/// The longest text of a server that is passed on, in characters.
const MAX: usize = 200;

/// One line of bounded length without control characters; nothing if nothing is left.
pub(crate) fn line(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line: String = words.join(" ").chars().take(MAX).collect();
    (!line.is_empty()).then_some(line)
}

/// A sentence, with the server's own words behind it if it had any.
pub(crate) fn with(sentence: &str, words: Option<String>) -> String {
    match words {
        Some(words) => format!("{sentence}: {words}"),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_becomes_one_short_line() {
        assert_eq!(line("5.1.1 no\r\nsuch\tuser\0"), Some("5.1.1 no such user".to_owned()));
        assert_eq!(line(" \n"), None);
        assert_eq!(line(&"x".repeat(500)).map(|line| line.len()), Some(MAX));
        assert_eq!(with("refused", None), "refused");
    }
}
