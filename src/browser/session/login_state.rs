//! The login state of a browser, which is read from one session and restored in others: all cookies, and the local
//! storage of each origin whose page was in front after a step.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::Session;
use crate::browser::error::BrowserError;

/// From this length on, values of cookies that scripts cannot read are secret. Shorter values also occur in ordinary
/// text.
const SHORTEST_HIDDEN: usize = 8;
/// The same limit for values that scripts can read. These may be settings such as `dark`.
const SHORTEST_READABLE: usize = 16;

/// The cookies and the local storage of a login. None of the values is ever printed.
#[derive(Clone, Default)]
pub(crate) struct StoredLogin {
    /// As the browser describes them, including `HttpOnly` ones.
    cookies: Vec<Value>,
    storage: Storage,
}

/// Names and values by origin.
pub(crate) type Storage = BTreeMap<String, BTreeMap<String, String>>;

impl std::fmt::Debug for StoredLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (cookies, origins) = (self.cookies.len(), self.storage.len());
        write!(
            f,
            "StoredLogin({cookies} cookies, storage of {origins} origins)"
        )
    }
}

impl StoredLogin {
    /// The values that must not be printed: those long enough not to occur in a text by chance, and the strings inside
    /// of JSON values.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        for cookie in &self.cookies {
            let is_hidden = cookie["httpOnly"] == json!(true);
            let shortest = if is_hidden {
                SHORTEST_HIDDEN
            } else {
                SHORTEST_READABLE
            };
            let value = cookie["value"].as_str().unwrap_or_default();
            found.extend((value.len() >= shortest).then(|| value.to_owned()));
        }
        for value in self.storage.values().flat_map(BTreeMap::values) {
            if let Ok(json) = serde_json::from_str(value) {
                add_texts(&json, &mut found);
            }
            found.extend((value.len() >= SHORTEST_READABLE).then(|| value.clone()));
        }
        found
    }
}

fn add_texts(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::String(text) if text.len() >= SHORTEST_READABLE => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| add_texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| add_texts(item, found)),
        _ => {}
    }
}

impl Session {
    /// Adds the local storage of the page in front and replaces what `storage` held for that origin.
    pub(crate) async fn look_into_storage(
        &self,
        storage: &mut Storage,
    ) -> Result<(), BrowserError> {
        let page = match self.page_info().await {
            // A dialog is open, or the window is gone. The next step handles that.
            Err(BrowserError::Refused { .. }) => return Ok(()),
            page => page?,
        };
        let Some(origin) = origin_of(&page.url) else {
            return Ok(());
        };
        if let Some(items) = self.engine.local_storage(&origin).await? {
            storage.insert(origin, items);
        }
        Ok(())
    }

    /// Combines all cookies with the storages collected so far.
    pub(crate) async fn store_login(&self, storage: Storage) -> Result<StoredLogin, BrowserError> {
        let cookies = self.engine.all_cookies().await?;
        Ok(StoredLogin { cookies, storage })
    }

    /// Restores a login in a clean session.
    pub(crate) async fn restore(&mut self, login: &StoredLogin) -> Result<(), BrowserError> {
        let storage = login.storage.iter().filter(|(_, items)| !items.is_empty());
        let storage = storage.collect::<BTreeMap<_, _>>();
        let is_empty = login.cookies.is_empty() && storage.is_empty();
        self.life.set_login(!is_empty);
        self.engine.restore(&login.cookies, &storage).await
    }
}

fn origin_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_secret_and_settings_are_not() {
        let cookie = |value: &str, hidden: bool| json!({ "value": value, "httpOnly": hidden });
        let items = [
            ("theme", "dark"),
            (
                "user",
                r#"{"name":"Jane","token":"0123456789abcdef","more":["fedcba9876543210"]}"#,
            ),
        ];
        let items = items.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let kept = StoredLogin {
            cookies: vec![
                cookie("hidden-1", true),
                cookie("shown-12", false),
                cookie("en", true),
            ],
            storage: [("http://a".to_owned(), items.into())].into(),
        };
        let secrets = kept.secrets();
        for secret in ["hidden-1", "0123456789abcdef", "fedcba9876543210"] {
            assert!(secrets.contains(&secret.to_owned()), "{secret}");
        }
        for known in ["dark", "shown-12", "en", "Jane"] {
            assert!(!secrets.contains(&known.to_owned()), "{known}");
        }
        assert_eq!(
            format!("{kept:?}"),
            "StoredLogin(3 cookies, storage of 1 origins)"
        );
    }
}
