// Which document this is.
// Called from `session/document.rs` as `describe` and `describeSoon`.

// The error that the browser's own error page shows, such as ERR_CONNECTION_REFUSED or connectionFailure.
const browserError = () => {
  if (location.protocol === "chrome-error:") return (document.body.innerText.match(/ERR_[A-Z_]+/) || [null])[0];
  const error = document.documentURI.match(/^about:(?:net|cert|http)error\?(?:.*&)?e=([^&]*)/);
  return error && error[1];
};

// The navigations that have begun and not ended, by their numbers: away from this document, and in its frames.
const departures = () => {
  const [page, ...frames] = reachableWindows().map((view) => sum(askWindow(view, "departure")));
  return { page, frames: sum(frames) };
};

// Whether a script of another window has written the document. Its URL is that window's, and nothing was asked for.
const isWritten = (navigation) => location.protocol.startsWith("http") && navigation.name === "about:blank";

const describe = () => {
  const [navigation] = performance.getEntriesByType("navigation");
  return {
    url: location.href,
    title: document.title,
    status: navigation && !isWritten(navigation) ? navigation.responseStatus : null,
    // The page's own clock does not reach this.
    load: performance.toJSON().timeOrigin,
    empty: !document.documentElement,
    trouble: browserError(),
    loading: document.readyState !== "complete",
    leaving: departures(),
  };
};

// A page that goes on to another one later than this, in seconds, is meant to be looked at.
const SOON_S = 10;

// Where the page goes on to by itself, and after how many seconds; null if it stays, or loads itself again.
// Called by `timeline.js`.
const goesOnTo = () => {
  for (const { httpEquiv, content } of document.querySelectorAll("meta[http-equiv]")) {
    const [, seconds, url] = content.match(/^\s*(\d+)[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?["']?([^"']*)/i) || [];
    if (!/^refresh$/i.test(httpEquiv) || !url || seconds > SOON_S || !URL.canParse(url, document.baseURI)) continue;
    const { href } = new URL(url.trim(), document.baseURI);
    if (href.split("#")[0] !== location.href.split("#")[0]) return { url: href, seconds: Number(seconds) };
  }
  return null;
};

// How many milliseconds ago the document was read to its end; null if the browser still loads it.
// Called from `act/mod.rs` as `sinceParsed`.
const sinceParsed = () => {
  const [navigation] = performance.getEntriesByType("navigation");
  const parsed = navigation && navigation.domContentLoadedEventEnd;
  return parsed && document.readyState === "complete" ? performance.now() - parsed : null;
};

// A navigation that a step started begins within the next frames.
const describeSoon = async () => {
  await nextFrames();
  return describe();
};
