//! The last words of a program on stderr. However much it says there, little of it is kept.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{io::AsyncReadExt, process::ChildStderr, task::JoinHandle};

/// How many bytes are kept, and how many characters of them an error quotes.
const MOST_BYTES: usize = 4 << 10;
const LONGEST_QUOTE: usize = 400;
/// How long to wait for the end of what a program says that has ended itself.
const END_LIMIT: Duration = Duration::from_millis(300);

/// What a program said last. Its stderr is read as long as it is open: some programs fail when nobody reads it.
pub(super) struct LastWords {
    said: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl LastWords {
    pub(super) fn of(mut stderr: ChildStderr) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        let reader = tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
                let mut said = kept.lock().unwrap_or_else(PoisonError::into_inner);
                said.extend_from_slice(&buffer[..length]);
                let surplus = said.len().saturating_sub(MOST_BYTES);
                said.drain(..surplus);
            }
        });
        Self { said, reader }
    }

    /// The reason why the program did not start, and its last words if it had any.
    pub(super) async fn after(self, reason: String) -> String {
        // A program that goes on, or has left its stderr to another one, has said what it had to say.
        let _ = tokio::time::timeout(END_LIMIT, self.reader).await;
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match quote(&String::from_utf8_lossy(&said)) {
            said if said.is_empty() => reason,
            said => format!("{reason}; its last words: {said}"),
        }
    }
}

/// The end of a text on one line.
fn quote(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let surplus = line.chars().count().saturating_sub(LONGEST_QUOTE);
    match surplus {
        0 => line,
        _ => format!("…{}", line.chars().skip(surplus).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_quoted() {
        assert_eq!(quote(" a\n b\t"), "a b");
        let long = format!("begin {}end", "x ".repeat(400));
        let quoted = quote(&long);
        assert!(
            quoted.starts_with('…') && quoted.ends_with("end"),
            "{quoted}"
        );
        assert_eq!(quoted.chars().count(), LONGEST_QUOTE + 1);
    }
}
