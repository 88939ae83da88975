//! What the browser keeps for its pages: resources that are loading, cookies, storage, and everything that a flow
//! leaves behind.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use serde_json::{Value, json};

use super::Chromium;
use crate::{
    browser::{
        engines::common::{CookieChanges, refused_cookie},
        error::BrowserError,
        page,
        random::random_name,
    },
    spec::{Cookie, Text},
};

/// Resets what a page may have left in its window and in the clipboard.
const FORGET: &str = "
    window.name = '';
    const empty = (event) => { event.clipboardData.setData('text/plain', ''); event.preventDefault(); };
    document.addEventListener('copy', empty, { once: true });
    document.execCommand('copy');";
/// The same on a desktop, whose clipboard belongs to the user.
const FORGET_NAME: &str = "window.name = '';";
/// Describes the page in front after that, in the form that our page function uses. The page's own clock does not reach
/// this time.
const DESCRIBE: &str = "({ url: location.href, load: performance.toJSON().timeOrigin })";

/// What a flow left in a browser and what of that may stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leftovers {
    /// The flow did more than view pages.
    pub(crate) is_touched: bool,
    /// Its pages copied to a clipboard that no person uses.
    pub(crate) has_own_clipboard: bool,
    /// The next flow may use the cache.
    pub(crate) keeps_cache: bool,
}

impl Chromium {
    /// The resources of the page in front and of its frames, in the protocol's form.
    pub(in crate::browser::engines) async fn resource_tree(&self) -> Result<Value, BrowserError> {
        self.command("Page.getResourceTree", json!({})).await
    }

    pub(in crate::browser::engines) async fn change_cookies(
        &self,
        changes: CookieChanges<'_>,
        url: &str,
    ) -> Result<(), BrowserError> {
        if changes.clear {
            self.command("Network.clearBrowserCookies", json!({}))
                .await?;
        }
        for name in changes.delete {
            let cookie = json!({ "name": name.value(), "url": url });
            self.command("Network.deleteCookies", cookie).await?;
        }
        for cookie in changes.set {
            let params = cookie_params(cookie, url);
            let answer = self.command("Network.setCookie", params).await?;
            if answer["success"] == json!(false) {
                return Err(refused_cookie(cookie));
            }
        }
        Ok(())
    }

    /// Clears cookies, storage, history, permissions and everything else that a flow left, and describes the page in
    /// front. `*` stands for every origin, including those of frames and of frames inside of other sites.
    pub(in crate::browser::engines) async fn forget(
        &mut self,
        leftovers: Leftovers,
    ) -> Result<Value, BrowserError> {
        if let Some(script) = self.storage_script.take() {
            self.remove_preload(script).await?;
        }
        let everywhere = json!({ "origin": "*", "storageTypes": "all" });
        for (command, params) in [
            ("Page.resetNavigationHistory", json!({})),
            ("Storage.clearDataForOrigin", everywhere),
            ("Network.clearBrowserCookies", json!({})),
            ("Browser.resetPermissions", json!({})),
        ] {
            self.command(command, params).await?;
        }
        let forget = match leftovers.has_own_clipboard {
            true => FORGET,
            false => FORGET_NAME,
        };
        let forget = json!({
            "expression": format!("{forget} {DESCRIBE}"),
            "userGesture": true,
            "returnByValue": true,
        });
        let mut described = self.command("Runtime.evaluate", forget).await?;
        if leftovers.is_touched {
            self.move_pointer_away().await?;
            self.is_pointer_parked.store(false, Ordering::Relaxed);
        }
        if !leftovers.keeps_cache {
            self.command("Network.clearBrowserCache", json!({})).await?;
        }
        Ok(described["result"]["value"].take())
    }

    pub(in crate::browser::engines) async fn local_storage(
        &self,
        origin: &str,
    ) -> Result<Option<BTreeMap<String, String>>, BrowserError> {
        let id = json!({ "securityOrigin": origin, "isLocalStorage": true });
        let items = self
            .command("DOMStorage.getDOMStorageItems", json!({ "storageId": id }))
            .await;
        let items = match items {
            // The page has navigated meanwhile, or may not store anything.
            Err(BrowserError::Refused { .. }) => return Ok(None),
            items => items?,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let entries = items["entries"].as_array().into_iter().flatten();
        let entries = entries.filter_map(|entry| Some((text(&entry[0])?, text(&entry[1])?)));
        Ok(Some(entries.collect()))
    }

    pub(in crate::browser::engines) async fn all_cookies(
        &self,
    ) -> Result<Vec<Value>, BrowserError> {
        const COMMAND: &str = "Network.getAllCookies";
        let mut answer = self.command(COMMAND, json!({})).await?;
        match answer["cookies"].take() {
            Value::Array(cookies) => Ok(cookies),
            _ => Err(BrowserError::nonsense(
                COMMAND,
                "there are no cookies in it",
            )),
        }
    }

    pub(in crate::browser::engines) async fn restore(
        &mut self,
        cookies: &[Value],
        storage: &BTreeMap<&String, &BTreeMap<String, String>>,
    ) -> Result<(), BrowserError> {
        const COMMAND: &str = "Page.addScriptToEvaluateOnNewDocument";
        if !cookies.is_empty() {
            self.command("Network.setCookies", json!({ "cookies": cookies }))
                .await?;
        }
        if storage.is_empty() {
            return Ok(());
        }
        let source = page::login_state(&format!("twinshot-{}", random_name()), storage);
        let script = json!({ "source": source, "worldName": "twinshot" });
        let mut answer = self.command(COMMAND, script).await?;
        if !answer["identifier"].is_string() {
            let reason = "there is no identifier in it";
            return Err(BrowserError::nonsense(COMMAND, reason));
        }
        self.storage_script = Some(answer["identifier"].take());
        Ok(())
    }
}

fn cookie_params(cookie: &Cookie, url: &str) -> Value {
    let mut params = json!({
        "name": cookie.name.value(),
        "value": cookie.value.value(),
        "url": url,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    });
    params["path"] = cookie.path.as_ref().map_or("/", Text::value).into();
    if let Some(domain) = &cookie.domain {
        params["domain"] = domain.value().into();
    }
    params
}
