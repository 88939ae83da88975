//! Runs scripts, all of them in the page's own world, and adds what only the browser knows to the description of a
//! document.

use std::time::Duration;

use fantoccini::error::ErrorStatus;
use serde_json::{Value, json};

use super::WebKit;
use crate::browser::{
    document::BLANK_PAGE,
    engines::common::Patience,
    error::{BrowserError, DEPARTED},
    page,
    wire::inspector::{Arrival, PageNumber, PendingAnswer},
};

/// How long to wait for a page's next two frames, in milliseconds. After that the page counts as one that draws no
/// frames. WebKit takes pictures between two frames, so it must have drawn one; on a busy machine that takes long.
const FRAMES_MS: u32 = 2000;
/// How often to check whether a script can still finish.
const PAUSE: Duration = Duration::from_millis(200);
/// How long to wait for the end of an answer after the page was loaded.
const ARRIVAL_WAIT: Duration = Duration::from_millis(300);

/// SVG images have their own clocks, which no WebKit setting stops.
const STOP_DRAWINGS: &str = "for (const drawing of document.querySelectorAll('svg:not(svg svg)')) { \
     drawing.pauseAnimations(); drawing.setCurrentTime(0); } ";
const LET_DRAWINGS_GO: &str = "for (const drawing of document.querySelectorAll('svg:not(svg svg)')) \
     drawing.unpauseAnimations(); ";

/// A script to run before one of our functions, in addition to what every browser does.
fn before(function: &str, argument: &Value) -> &'static str {
    match function {
        "settle" if argument["parts"]["animations"] == json!(true) => STOP_DRAWINGS,
        "letGo" => LET_DRAWINGS_GO,
        _ => "",
    }
}

impl WebKit {
    /// Runs one of our functions in the top document.
    pub(in crate::browser::engines) async fn run(
        &self,
        limit: Duration,
        function: &str,
        argument: &Value,
    ) -> Result<Value, BrowserError> {
        let ours = page::library(&self.base.name, FRAMES_MS);
        let before = before(function, argument);
        let body = format!("{before}{ours} return ours.{function}({argument});");
        let patience = Patience::of(limit);
        loop {
            let answer = self.run_once(limit, &body).await;
            if !patience.should_retry(&answer).await {
                return answer;
            }
        }
    }

    /// Runs one of our functions once in the top document and returns its result. A dialog stops the page's scripts and
    /// ours. That is reported at once, as the driver does.
    async fn run_once(&self, limit: Duration, body: &str) -> Result<Value, BrowserError> {
        self.wire().check_dialog().await?;
        let page = self.page().await?;
        let answer = self.await_script(page, body);
        let mut answer = self
            .wire()
            .within("Runtime.evaluate", limit, answer)
            .await?;
        self.inspector.wait_for_arrival(page, ARRIVAL_WAIT).await;
        complete(&mut answer, page, &self.inspector.arrival(page));
        Ok(answer)
    }

    async fn await_script(&self, page: PageNumber, body: &str) -> Result<Value, BrowserError> {
        let document = self.inspector.arrival(page).documents;
        let is_gone = || self.inspector.arrival(page).documents != document;
        let evaluation = json!({ "expression": format!("(async () => {{ {body} }})()") });
        let sent = self
            .inspector
            .send(page, "Runtime.evaluate", &evaluation)
            .await?;
        let promise = returned(self.answer(sent, &is_gone).await?)?;
        let awaited = json!({ "promiseObjectId": promise["objectId"], "returnByValue": true });
        let sent = self
            .inspector
            .send(page, "Runtime.awaitPromise", &awaited)
            .await?;
        let mut answer = returned(self.answer(sent, &is_gone).await?)?;
        Ok(answer["value"].take())
    }

    async fn answer(
        &self,
        mut sent: PendingAnswer,
        is_gone: &impl Fn() -> bool,
    ) -> Result<Value, BrowserError> {
        loop {
            match tokio::time::timeout(PAUSE, sent.answer()).await {
                Ok(answer) => return answer,
                Err(_) if is_gone() => {
                    let status = ErrorStatus::JavascriptError;
                    return Err(BrowserError::refused(status, DEPARTED));
                }
                Err(_) => self.wire().check_dialog().await?,
            }
        }
    }

    /// Runs the source as a script of the page: its declarations are global.
    pub(in crate::browser::engines) async fn inject(
        &self,
        source: &str,
    ) -> Result<(), BrowserError> {
        let evaluation = json!({ "expression": source });
        let answer = self
            .inspect(self.wire().page_limit(), "Runtime.evaluate", evaluation)
            .await?;
        returned(answer).map(drop)
    }
}

/// Adds what only the browser knows to a page's description of its document: the status, the load ID, and why the page
/// that was asked for last is not in front. The page's own load ID cannot be used: WebKit reports the start time again
/// each time, and not always the same.
fn complete(answer: &mut Value, page: PageNumber, arrival: &Arrival) {
    let document = match answer["document"].is_object() {
        true => &mut answer["document"],
        false => answer,
    };
    if document["load"].is_null() {
        return;
    }
    document["load"] = json!(format!("{page:?} {}", arrival.documents));
    document["status"] = json!(arrival.status);
    let next = arrival.documents + 1;
    document["leaving"]["page"] = json!(if arrival.is_pending { next } else { 0 });
    let is_left_empty = document["url"] == BLANK_PAGE && arrival.documents > 0;
    document["standsIn"] = json!(is_left_empty);
    document["trouble"] = match &arrival.trouble {
        Some(trouble) if trouble.contains("certificate") => json!(format!(
            "{trouble}; to accept a self-signed certificate, set `ignore_certificate_errors`"
        )),
        Some(trouble) => json!(trouble),
        None => Value::Null,
    };
}

/// The script's result, or the error that it threw.
fn returned(mut answer: Value) -> Result<Value, BrowserError> {
    if answer["wasThrown"] != json!(true) {
        return Ok(answer["result"].take());
    }
    let text = answer["result"]["description"].as_str();
    let text = text.unwrap_or("the script failed");
    Err(BrowserError::refused(ErrorStatus::JavascriptError, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::wire::inspector::FIRST_PAGE;

    /// WebKit reports the start time again each time, from a clock that is adjusted and rounded.
    #[test]
    fn a_load_is_the_same_whenever_it_is_said_to_have_begun() {
        let load = |moment: f64, documents: u64| {
            let mut said = json!({ "document": { "load": moment, "url": "http://staging.test/" } });
            let arrival = Arrival {
                documents,
                ..Arrival::default()
            };
            complete(&mut said, FIRST_PAGE, &arrival);
            said["document"]["load"].take()
        };
        assert_eq!(load(1000.0, 1), load(1001.0, 1));
        assert_ne!(load(1000.0, 1), load(1000.0, 2));
    }
}
