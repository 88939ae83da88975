//! A site that asks who is there: a form, a cookie that no script can read, and a token in the local storage.

use std::sync::Mutex;

use super::site::{Answer, Request};

/// Who has logged in. A password is right when it ends in `right`.
pub(super) struct Accounts {
    port: u16,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// How many logins there were, right or wrong.
    tried: usize,
    /// Cookies that hold, with the user.
    open: Vec<(String, String)>,
    /// No cookie holds for pages any more.
    is_closed: bool,
}

impl Accounts {
    pub(super) fn new(port: u16) -> Self {
        Self {
            port,
            known: Mutex::default(),
        }
    }

    pub(super) fn answer(&self, request: &Request) -> Answer {
        let mut known = self.known.lock().expect("no panic");
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", _) => self.log_in(&mut known, &request.body),
            (_, "/account/login") => Answer::html(FORM.to_owned()),
            (_, "/account/expire") => {
                if request.parameter("once").is_none() || known.tried == 1 {
                    known.open.clear();
                }
                known.is_closed = request.parameter("ever").is_some();
                Answer::html("<!doctype html><title>Over</title>Over".to_owned())
            }
            (_, path) => {
                let user = known.user(&request.cookie);
                let user = user.filter(|_| !known.is_closed || path == "/account/home");
                match user {
                    Some(user) => page(&user, request),
                    None if request.parameter("strict").is_some() => refuse(401, ""),
                    None => refuse(302, "Location: /account/login?next=1"),
                }
            }
        }
    }

    fn log_in(&self, known: &mut Known, form: &str) -> Answer {
        known.tried += 1;
        let user = form.strip_prefix("user=").unwrap_or_default();
        let (user, rest) = user.split_once('&').unwrap_or_default();
        if !rest.ends_with("right") {
            return Answer::html(format!("{FORM}<p class=wrong>Wrong password"));
        }
        let token = format!("token-{}-of-{user}-on-{}", known.tried, self.port);
        known.open.push((token.clone(), user.to_owned()));
        refuse(303, "Location: /account/home")
            .with(&format!(
                "Set-Cookie: session={token}; HttpOnly; Path=/account"
            ))
            .with("Set-Cookie: theme=dark; Max-Age=1000; SameSite=Strict")
    }
}

impl Known {
    fn user(&self, cookies: &str) -> Option<String> {
        let holds = |(token, _): &&(String, String)| {
            let wanted = format!("session={token}");
            cookies.split("; ").any(|cookie| cookie == wanted)
        };
        self.open.iter().find(holds).map(|(_, user)| user.clone())
    }
}

/// Shows who is there, what was sent and what is stored; `home` stores a token.
fn page(user: &str, request: &Request) -> Answer {
    let stores = match request.path.as_str() {
        "/account/home" => format!(
            "localStorage.token = 'stored-for-{user}-0123456789'; localStorage.setItem('__proto__', 'é\"<');"
        ),
        "/account/out" => "localStorage.clear();".to_owned(),
        _ => String::new(),
    };
    let token = request.cookie.split("session=").nth(1).unwrap_or_default();
    let number = token.split('-').nth(1).unwrap_or_default();
    let title = match request.parameter("tell") {
        Some(_) => token.split(';').next().unwrap_or_default(),
        None => "Account",
    };
    Answer::html(format!(
        "<!doctype html><meta charset=utf-8><title>{title}</title><link rel=icon href=data:,><p class=avatar>{user}</p><p>login {number}</p>\
         <p id=seen></p><p id=stored></p><script>{stores}\
         seen.textContent = `seen: ${{document.cookie}};`;\
         const names = [...Array(localStorage.length)].map((_, index) => localStorage.key(index)).sort();\
         stored.textContent = `stored: ${{names.map((name) => name + '=' + localStorage.getItem(name)).join()}};`</script>"
    ))
}

fn refuse(status: u16, header: &str) -> Answer {
    let mut answer = Answer::html("<!doctype html><title>No</title>No".to_owned());
    answer.status = status;
    if header.is_empty() {
        answer
    } else {
        answer.with(header)
    }
}

const FORM: &str = "<!doctype html><title>Log in</title><link rel=icon href=data:,>\
    <form method=post action=/account/login><input name=user><input name=password type=password>\
    <button>Log in</button></form>";
