//! Cookies of the page in front, `httpOnly` ones too, which no script could set.

use serde_json::{Value, json};
use url::Url;

use super::Trouble;
use crate::{
    browser::{
        bidi::Bidi,
        engine::Engine,
        session::{COMMAND_LIMIT, Session},
        webkit::WebKit,
    },
    spec::{Cookie, Text},
};

impl Session {
    /// Cookies belong to the page in front, or to the environment while there is none yet.
    pub(in crate::browser) async fn cookies(
        &self,
        clear: bool,
        delete: &[Text],
        set: &[Cookie],
    ) -> Result<(), Trouble> {
        let page = self.page_info().await?.url;
        let url = if page.starts_with("http") {
            page
        } else {
            self.options.base.to_string()
        };
        match &self.engine {
            Engine::Chrome => self.chrome_cookies(clear, delete, set, &url).await,
            Engine::Firefox(bidi) => self.bidi_cookies(bidi, clear, delete, set, &url).await,
            Engine::WebKit(webkit) => self.webkit_cookies(webkit, clear, delete, set, &url).await,
        }
    }

    async fn chrome_cookies(
        &self,
        clear: bool,
        delete: &[Text],
        set: &[Cookie],
        url: &str,
    ) -> Result<(), Trouble> {
        if clear {
            self.cdp("Network.clearBrowserCookies", json!({})).await?;
        }
        for name in delete {
            let cookie = json!({ "name": name.value(), "url": url });
            self.cdp("Network.deleteCookies", cookie).await?;
        }
        for cookie in set {
            let answer = self
                .cdp("Network.setCookie", chrome_cookie(cookie, url))
                .await?;
            if answer["success"] == json!(false) {
                return Err(refused(cookie));
            }
        }
        Ok(())
    }

    async fn bidi_cookies(
        &self,
        bidi: &Bidi,
        clear: bool,
        delete: &[Text],
        set: &[Cookie],
        url: &str,
    ) -> Result<(), Trouble> {
        const DELETE: &str = "storage.deleteCookies";
        let host = host_of(url);
        if clear {
            self.bidi(bidi, COMMAND_LIMIT, DELETE, json!({})).await?;
        }
        for name in delete {
            // A cookie of the host alone, or one that it shares with its neighbours.
            for domain in [host.clone(), format!(".{host}")] {
                let filter = json!({ "filter": { "name": name.value(), "domain": domain } });
                self.bidi(bidi, COMMAND_LIMIT, DELETE, filter).await?;
            }
        }
        for cookie in set {
            let cookie = json!({ "cookie": bidi_cookie(cookie, &host) });
            self.bidi(bidi, COMMAND_LIMIT, "storage.setCookie", cookie)
                .await?;
        }
        Ok(())
    }

    /// WebKit's inspector deletes cookies one by one, of the page in front.
    async fn webkit_cookies(
        &self,
        webkit: &WebKit,
        clear: bool,
        delete: &[Text],
        set: &[Cookie],
        url: &str,
    ) -> Result<(), Trouble> {
        const DELETE: &str = "Page.deleteCookie";
        if clear {
            let of_page = self.client.delete_all_cookies();
            self.call("delete cookies", COMMAND_LIMIT, of_page).await?;
        }
        for name in delete {
            let cookie = json!({ "cookieName": name.value(), "url": url });
            self.inspect(webkit, COMMAND_LIMIT, DELETE, cookie).await?;
        }
        let host = host_of(url);
        for cookie in set {
            if !can_be_sent(cookie) {
                return Err(refused(cookie));
            }
            let cookie = json!({ "cookie": webkit_cookie(cookie, &host) });
            self.inspect(webkit, COMMAND_LIMIT, "Page.setCookie", cookie)
                .await?;
        }
        Ok(())
    }
}

fn refused(cookie: &Cookie) -> Trouble {
    let name = &cookie.name;
    Trouble::Step(format!("the browser refused the cookie `{name}`"))
}

/// WebKit's inspector takes whatever it is given, and sets nothing.
fn can_be_sent(cookie: &Cookie) -> bool {
    let (name, value) = (cookie.name.value(), cookie.value.value());
    let is_bad = |c: char| c.is_control() || c == ';';
    let is_bad_name = |c: char| is_bad(c) || c == '=' || c.is_whitespace();
    !name.is_empty() && !name.contains(is_bad_name) && !value.contains(is_bad)
}

fn webkit_cookie(cookie: &Cookie, host: &str) -> Value {
    json!({
        "name": cookie.name.value(),
        "value": cookie.value.value(),
        "domain": cookie.domain.as_ref().map_or(host, Text::value),
        "path": cookie.path.as_ref().map_or("/", Text::value),
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
        "session": true,
        "sameSite": "None",
    })
}

fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or_default().to_owned()
}

fn bidi_cookie(cookie: &Cookie, host: &str) -> Value {
    json!({
        "name": cookie.name.value(),
        "value": { "type": "string", "value": cookie.value.value() },
        "domain": cookie.domain.as_ref().map_or(host, Text::value),
        "path": cookie.path.as_ref().map_or("/", Text::value),
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    })
}

fn chrome_cookie(cookie: &Cookie, url: &str) -> Value {
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
