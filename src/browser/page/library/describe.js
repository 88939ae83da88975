// Which document this is.
// Called from `session/document.rs` as `describe` and `describeSoon`.

// The error that the browser's own error page shows, such as ERR_CONNECTION_REFUSED or connectionFailure.
const browserError = () => {
  if (location.protocol === "chrome-error:") return (document.body.innerText.match(/ERR_[A-Z_]+/) || [null])[0];
  const error = document.documentURI.match(/^about:(?:net|cert|http)error\?(?:.*&)?e=([^&]*)/);
  return error && error[1];
};

const describe = () => {
  const [navigation] = performance.getEntriesByType("navigation");
  return {
    url: location.href,
    title: document.title,
    status: navigation ? navigation.responseStatus : null,
    load: performance.timeOrigin,
    empty: !document.documentElement,
    trouble: browserError(),
  };
};

// A navigation that a click started begins within the next frames.
const describeSoon = async () => {
  await nextFrames();
  return describe();
};
